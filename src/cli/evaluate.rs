//! `storefind evaluate`: how good the answers to judged queries are.
//!
//! Owns the command's arguments and opening what is searched: a running server, or the data folder of a stopped one.
//! The figures are those of [`crate::evaluate`].

use std::path::PathBuf;

use anyhow::anyhow;

use super::at_rest::AtRest;
use super::remote::{ServerArguments, check_url};
use super::{ConfigArgument, Failure, Outcome};
use crate::evaluate::source::{Remote, search_snapshot};
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
    /// Write the results of every query as JSON, {"query": ["id", …]}
    #[arg(long, value_name = "FILE")]
    run_file: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let options = Options { judgments: &arguments.judgments, run_file: arguments.run_file.as_deref() };
    let report = match &arguments.server.url {
        Some(url) => remote(arguments, url, &options)?,
        None => local(arguments, &options)?,
    };
    print!("{report}");
    Ok(())
}

fn remote(arguments: &Arguments, url: &str, options: &Options<'_>) -> Result<Report, Failure> {
    check_url(url)?;
    let server = Remote::new(url, &arguments.catalog, arguments.server.key().as_deref());
    Ok(evaluate::run(options, |query, limit| server.search(query, limit))?)
}

fn local(arguments: &Arguments, options: &Options<'_>) -> Result<Report, Failure> {
    let open = AtRest::open(&arguments.config, &arguments.catalog, "evaluate it")?;
    let report = search(&open, &arguments.catalog, options);
    // Before any error is returned: what was indexed at the start is to be kept.
    open.close();
    report
}

fn search(open: &AtRest, name: &str, options: &Options<'_>) -> Result<Report, Failure> {
    let visible = open.wait_visible(open.catalog.status().log_sequence);
    visible.map_err(anyhow::Error::from)?;
    let snapshot = open.catalog.snapshot();
    if snapshot.product_count() == 0 {
        return Err(anyhow!("catalog `{name}` has no products; run `storefind import {name} FILE` first").into());
    }
    Ok(evaluate::run(options, |query, limit| search_snapshot(&snapshot, query, limit))?)
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
