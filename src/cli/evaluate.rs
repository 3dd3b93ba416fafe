//! `storefind evaluate`: how good the answers to judged queries are.
//!
//! Owns the command's arguments and opening what is searched: a running server, or the data folder of a stopped one.
//! The figures are those of [`crate::evaluate`].

use std::path::PathBuf;

use anyhow::anyhow;
use storefind_index::snapshot::Snapshot;

use super::at_rest::AtRest;
use super::remote::{ServerArguments, check_url};
use super::{ConfigArgument, Failure, Outcome};
use crate::evaluate::compare::Comparison;
use crate::evaluate::setting::Setting;
use crate::evaluate::source::Remote;
use crate::evaluate::{self, EvaluateError, Options, Report};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The catalog, as the configuration names it
    catalog: String,
    /// CSV with the columns `query`, `docid` and `rating` (0 is irrelevant)
    judgments: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    server: ServerArguments,
    /// Search by other settings than those in force: `plain` BM25, `text` (no ranking beside the words) or a JSON file
    #[arg(long, value_name = "SETTING", conflicts_with = "url")]
    setting: Option<String>,
    /// Compare with another setting, query by query
    #[arg(long, value_name = "SETTING", conflicts_with = "url")]
    against: Option<String>,
    /// Write the results of every query as JSON, {"query": ["id", …]}
    #[arg(long, value_name = "FILE")]
    run_file: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let options = Options { judgments: &arguments.judgments, run_file: arguments.run_file.as_deref() };
    match &arguments.server.url {
        Some(url) => print!("{}", remote(arguments, url, &options)?),
        None => {
            let (report, comparison) = local(arguments, &options)?;
            print!("{report}");
            comparison.into_iter().for_each(|comparison| print!("{comparison}"));
        }
    }
    Ok(())
}

fn remote(arguments: &Arguments, url: &str, options: &Options<'_>) -> Result<Report, Failure> {
    check_url(url)?;
    let server = Remote::new(url, &arguments.catalog, arguments.server.key().as_deref());
    Ok(evaluate::run(options, |query, limit| server.search(query, limit))?)
}

/// The report, and its comparison with another setting if one is asked for.
type Evaluated = (Report, Option<Comparison>);

fn local(arguments: &Arguments, options: &Options<'_>) -> Result<Evaluated, Failure> {
    let open = AtRest::open(&arguments.config, &arguments.catalog, "evaluate it")?;
    let evaluated = evaluate_open(&open, arguments, options);
    // Before any error is returned: what was indexed at the start is to be kept.
    open.close();
    evaluated
}

fn evaluate_open(open: &AtRest, arguments: &Arguments, options: &Options<'_>) -> Result<Evaluated, Failure> {
    let visible = open.wait_visible(open.catalog.status().log_sequence);
    visible.map_err(anyhow::Error::from)?;
    let snapshot = open.catalog.snapshot();
    if snapshot.product_count() == 0 {
        let name = &arguments.catalog;
        return Err(anyhow!("catalog `{name}` has no products; run `storefind import {name} FILE` first").into());
    }
    let setting = arguments.setting.as_deref().map_or(Setting::InForce, Setting::named);
    let report = by_setting(&setting, &snapshot, options)?;
    let Some(against) = &arguments.against else { return Ok((report, None)) };
    // The run file is that of what is evaluated, not of what it is compared with.
    let baseline = by_setting(&Setting::named(against), &snapshot, &Options { run_file: None, ..options.clone() })?;
    let comparison = Comparison::of(against, &baseline, &report);
    Ok((report, Some(comparison)))
}

fn by_setting(setting: &Setting, snapshot: &Snapshot, options: &Options<'_>) -> Result<Report, Failure> {
    let snapshot = setting.snapshot(snapshot).map_err(|error| Failure::Usage(error.into()))?;
    Ok(evaluate::run(options, |query, limit| setting.search(&snapshot, query, limit))?)
}

impl From<EvaluateError> for Failure {
    fn from(error: EvaluateError) -> Self {
        match error {
            // What was given on the command line is wrong.
            EvaluateError::Read { .. } | EvaluateError::Judgment { .. } | EvaluateError::Empty(_) => {
                Self::Usage(error.into())
            }
            EvaluateError::Search { .. } | EvaluateError::Write { .. } => Self::Running(error.into()),
        }
    }
}
