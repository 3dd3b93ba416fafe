//! `storefind evaluate`: how good the answers to judged queries are.
//!
//! Owns the command's arguments and opening what is searched: a running server, or the data folder of a stopped one.
//! The figures are those of [`crate::evaluate`].

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use super::{ConfigArgument, Failure, Outcome};
use crate::app::{DataDirLock, LockError, Mode};
use crate::catalog::registry::catalog_dir;
use crate::catalog::{Catalog, CatalogError};
use crate::config::Config;
use crate::evaluate::source::{Remote, search_snapshot};
use crate::evaluate::{self, EvaluateError, Options, Report};
use crate::telemetry;

/// Longest wait for what is in the log but not in the index yet; only a failing index takes so long.
const VISIBLE_WAIT_MAX: Duration = Duration::from_secs(3_600);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The catalog, as the configuration names it
    catalog: String,
    /// CSV with the columns `query`, `docid` and `rating` (0 is irrelevant)
    judgments: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
    /// A running server, such as http://127.0.0.1:7700 [default: the data folder of the configuration]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Write the results of every query as JSON, {"query": ["id", …]}
    #[arg(long, value_name = "FILE")]
    run_file: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let options = Options { judgments: &arguments.judgments, run_file: arguments.run_file.as_deref() };
    let report = match &arguments.url {
        Some(url) => remote(arguments, url, &options)?,
        None => local(arguments, &options)?,
    };
    print!("{report}");
    Ok(())
}

fn remote(arguments: &Arguments, url: &str, options: &Options<'_>) -> Result<Report, Failure> {
    if !url.starts_with("http://") {
        return Err(Failure::usage(format!("--url is `{url}`, expected an address such as http://127.0.0.1:7700")));
    }
    let server = Remote::new(url, &arguments.catalog);
    Ok(evaluate::run(options, |query, limit| server.search(query, limit))?)
}

fn local(arguments: &Arguments, options: &Options<'_>) -> Result<Report, Failure> {
    let config = arguments.config.load()?;
    telemetry::logs::start(&config.logging);
    let _lock = DataDirLock::take(&config.data_dir, Mode::ReadWrite).map_err(|error| match error {
        LockError::InUse { .. } => anyhow!("{error}; evaluate it with --url http://{}", config.listen),
        error @ LockError::Io { .. } => anyhow::Error::from(error),
    })?;
    let catalog = open(&config, &arguments.catalog)?;
    let report = search(&catalog, &arguments.catalog, options);
    // Before any error is returned: what was indexed at the start is to be kept.
    catalog.close();
    report
}

fn open(config: &Config, name: &str) -> Result<std::sync::Arc<Catalog>, Failure> {
    let Some(catalog) = config.catalogs.get(name) else {
        let problem = format!("there is no catalog `{name}` in the configuration; add [catalogs.{name}] to it");
        return Err(Failure::usage(problem));
    };
    let dir = catalog_dir(&config.data_dir, name);
    let open = Catalog::open(name, &dir, &catalog.settings, config.freshness_bound, false);
    Ok(open.with_context(|| format!("catalog `{name}` cannot be opened"))?)
}

fn search(catalog: &Catalog, name: &str, options: &Options<'_>) -> Result<Report, Failure> {
    let visible = catalog.wait_visible_blocking(catalog.status().log_sequence, VISIBLE_WAIT_MAX);
    visible.map_err(|error: CatalogError| anyhow::Error::from(error))?;
    let snapshot = catalog.snapshot();
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
