//! `storefind rebuild`: the index of a catalog built anew from its log.
//!
//! A running server does it beside the index in use, without a request that notices; of a stopped one the data folder
//! is opened as the server would.

use std::time::Instant;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::at_rest::AtRest;
use super::remote::{Server, ServerArguments};
use super::{ConfigArgument, Failure, Outcome};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The catalog, as the configuration names it
    catalog: String,
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let began = Instant::now();
    let products = match &arguments.server.url {
        Some(url) => online(arguments, url)?,
        None => at_rest(arguments)?,
    };
    println!("{}: {products} products indexed anew in {:.1} s", arguments.catalog, began.elapsed().as_secs_f64());
    Ok(())
}

fn online(arguments: &Arguments, url: &str) -> Result<u64, Failure> {
    let body = json!({"catalog": arguments.catalog}).to_string();
    let server = Server::new(url, &arguments.server)?;
    let answer = server.post_patiently("/v1/admin/rebuild", "application/json", body.as_bytes())?;
    let answer: Value = serde_json::from_str(&answer).context("the server answered something else than a rebuild")?;
    Ok(answer["products"].as_u64().context("the server answered something else than a rebuild")?)
}

fn at_rest(arguments: &Arguments) -> Result<u64, Failure> {
    let open = AtRest::open(&arguments.config, &arguments.catalog, "rebuild")?;
    let last = open.catalog.status().log_sequence;
    let rebuilt = open.wait_visible(last).and_then(|()| open.catalog.rebuild());
    let products = open.catalog.snapshot().product_count();
    open.close();
    rebuilt.map_err(anyhow::Error::from)?;
    Ok(products)
}
