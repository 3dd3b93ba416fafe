//! `storefind backup` and `storefind restore`.
//!
//! Owns the arguments and what is said. A running server copies its own logs, since it holds their locks; the logs of
//! a stopped one are copied from its data folder. Restoring needs a stopped server. What a backup is, is in
//! [`crate::backup`].

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};

use super::at_rest::{ask_server, lock};
use super::remote::{Server, ServerArguments};
use super::{ConfigArgument, Failure, Outcome};
use crate::app::Mode;
use crate::backup::{self, Copied, Manifest};
use crate::catalog::registry::catalog_dir;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A folder that is absent or empty; with --url, on the server's machine
    dir: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArguments {
    /// What `storefind backup` made
    dir: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
    /// Refused: a running server cannot be restored
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let copied = match &arguments.server.url {
        Some(url) => online(arguments, url)?,
        None => at_rest(arguments)?.catalogs,
    };
    say("saved", &copied);
    Ok(())
}

fn online(arguments: &Arguments, url: &str) -> Result<Vec<Copied>, Failure> {
    let server = Server::new(url, &arguments.server)?;
    let dir = std::path::absolute(&arguments.dir).with_context(|| format!("{} is no path", arguments.dir.display()))?;
    let body = json!({"dir": dir}).to_string();
    let answer = server.post_patiently("/v1/admin/backup", "application/json", body.as_bytes())?;
    let answer: Value = serde_json::from_str(&answer).context("the server answered something else than a backup")?;
    let copied = serde_json::from_value(answer["catalogs"].clone());
    Ok(copied.context("the server answered something else than a backup")?)
}

fn at_rest(arguments: &Arguments) -> Result<Manifest, Failure> {
    let config = arguments.config.load()?;
    let _lock = lock(&config, Mode::ReadOnly, &ask_server(&config, "back it up"))?;
    // A catalog that was never opened has nothing to save.
    let names = config.catalogs.keys().filter(|name| catalog_dir(&config.data_dir, name).exists());
    let sources: Vec<_> = names.map(|name| backup::at_rest(&config.data_dir, name)).collect();
    if sources.is_empty() {
        let folder = config.data_dir.display();
        return Err(anyhow!("the data folder {folder} has no catalog of the configuration").into());
    }
    Ok(backup::backup(&arguments.dir, sources).map_err(anyhow::Error::from)?)
}

pub(super) fn run_restore(arguments: &RestoreArguments) -> Outcome {
    if arguments.server.url.is_some() {
        return Err(Failure::usage(
            "--url: a running server cannot be restored; stop it, restore into its data folder, and start it again",
        ));
    }
    let config = arguments.config.load()?;
    let _lock = lock(&config, Mode::ReadWrite, "stop it before a restore")?;
    let manifest = backup::restore(&arguments.dir, &config.data_dir).map_err(anyhow::Error::from)?;
    say("restored", &manifest.catalogs);
    for Copied { name, .. } in &manifest.catalogs {
        if !config.catalogs.contains_key(name) {
            println!("{name}: is not in the configuration; add [catalogs.{name}] to serve it");
        }
    }
    Ok(())
}

fn say(what: &str, copied: &[Copied]) {
    for Copied { name, sequence } in copied {
        println!("{name}: {what} through sequence {sequence}");
    }
}
