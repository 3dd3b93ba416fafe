//! `storefind check-config [FILE]`: every problem of a configuration at once.

use std::path::PathBuf;

use super::{Failure, Outcome};
use crate::config::{Config, Sources};
use crate::http::tls::Tls;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Configuration file [default: storefind.toml in the working directory, if there is one]
    file: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let sources = Sources::of_process(arguments.file.as_deref()).map_err(Failure::from)?;
    let config = Config::load(&sources)?;
    if let Some(files) = &config.tls {
        Tls::load(files).map_err(|error| Failure::Usage(error.into()))?;
    }
    let file =
        sources.file.map_or_else(|| "defaults and environment".to_owned(), |(path, _)| path.display().to_string());
    let catalogs: Vec<&str> = config.catalogs.keys().map(String::as_str).collect();
    println!("{file}: no problem found; {} catalog(s): {}", catalogs.len(), catalogs.join(", "));
    Ok(())
}
