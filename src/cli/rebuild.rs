//! `storefind rebuild`: the index of a catalog built anew from its log.
//!
//! A running server does it beside the index in use, without a request that notices; of a stopped one the data folder
//! is opened as the server would.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};

use super::remote::Server;
use super::{ConfigArgument, Failure, Outcome};
use crate::app::{DataDirLock, LockError, Mode};
use crate::catalog::Catalog;
use crate::catalog::registry::catalog_dir;
use crate::telemetry;

/// Longest wait until a stopped server's catalog has caught up with its log; only a failing index takes so long.
const READY_WAIT_MAX: Duration = Duration::from_secs(3_600);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The catalog, as the configuration names it
    catalog: String,
    #[command(flatten)]
    config: ConfigArgument,
    /// A running server, such as http://127.0.0.1:7700 [default: the data folder of the configuration]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let began = Instant::now();
    let products = match &arguments.url {
        Some(url) => online(&arguments.catalog, url)?,
        None => at_rest(arguments)?,
    };
    println!("{}: {products} products indexed anew in {:.1} s", arguments.catalog, began.elapsed().as_secs_f64());
    Ok(())
}

fn online(catalog: &str, url: &str) -> Result<u64, Failure> {
    let body = json!({"catalog": catalog}).to_string();
    let answer = Server::new(url)?.post_patiently("/v1/admin/rebuild", "application/json", body.as_bytes())?;
    let answer: Value = serde_json::from_str(&answer).context("the server answered something else than a rebuild")?;
    Ok(answer["products"].as_u64().context("the server answered something else than a rebuild")?)
}

fn at_rest(arguments: &Arguments) -> Result<u64, Failure> {
    let config = arguments.config.load()?;
    let name = &arguments.catalog;
    let Some(catalog) = config.catalogs.get(name) else {
        return Err(Failure::usage(format!(
            "there is no catalog `{name}` in the configuration; add [catalogs.{name}] to it"
        )));
    };
    telemetry::logs::start(&config.logging);
    let _lock = DataDirLock::take(&config.data_dir, Mode::ReadWrite).map_err(|error| match error {
        LockError::InUse { .. } => anyhow!("{error}; rebuild with --url http://{}", config.listen),
        error @ LockError::Io { .. } => anyhow::Error::from(error),
    })?;
    let dir = catalog_dir(&config.data_dir, name);
    let open = Catalog::open(name, &dir, &catalog.settings, config.freshness_bound, false)
        .with_context(|| format!("catalog `{name}` cannot be opened"))?;
    let last = open.status().log_sequence;
    let rebuilt = open.wait_visible_blocking(last, READY_WAIT_MAX).and_then(|()| open.rebuild());
    let products = open.snapshot().product_count();
    open.close();
    rebuilt.map_err(anyhow::Error::from)?;
    Ok(products)
}
