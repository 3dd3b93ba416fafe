//! The command line: one file per subcommand.
//!
//! Owns arguments and exit statuses. Exit status 0: done; 1: failed while running; 2: bad arguments or configuration.
//! Results go to standard output, everything else to standard error.

mod at_rest;
mod backup;
mod check_config;
mod demo;
mod evaluate;
mod import;
mod key;
mod progress;
mod rebuild;
mod remote;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError, Problem, Sources};

/// Fast, fresh product search and autocomplete for an online shop.
#[derive(Debug, Parser)]
#[command(name = "storefind", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the catalogs of the configuration
    Serve(serve::Arguments),
    /// Generate a shop's catalog and serve it, with a storefront page
    Demo(demo::Arguments),
    /// Import products from JSONL, JSON or CSV files
    Import(import::Arguments),
    /// Build a catalog's index anew from its log, beside the one in use
    Rebuild(rebuild::Arguments),
    /// Copy all catalogs, of a running server or a stopped one
    Backup(backup::Arguments),
    /// Make the catalogs of a backup anew, in the data folder of a stopped server
    Restore(backup::RestoreArguments),
    /// Measure how good the answers are, and whether other settings are better
    Evaluate(evaluate::Arguments),
    /// Make a new random key and its entry for the configuration
    Key(key::Arguments),
    /// Report every problem of a configuration at once
    CheckConfig(check_config::Arguments),
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
struct ConfigArgument {
    /// Configuration file [default: storefind.toml in the working directory, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Why a command did not succeed; decides the exit status.
#[derive(Debug)]
enum Failure {
    /// Bad arguments or configuration.
    Usage(anyhow::Error),
    /// Failed while running.
    Running(anyhow::Error),
}

type Outcome = Result<(), Failure>;

/// Parses the arguments of the process, runs the command and reports.
pub fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Rebuild(arguments) => rebuild::run(&arguments),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Restore(arguments) => backup::run_restore(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Key(arguments) => key::run(&arguments),
        Command::CheckConfig(arguments) => check_config::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Running(error)) => report(&error, ExitCode::FAILURE),
        // What clap itself uses for bad arguments.
        Err(Failure::Usage(error)) => report(&error, ExitCode::from(2)),
    }
}

fn report(error: &anyhow::Error, status: ExitCode) -> ExitCode {
    eprintln!("error: {error:#}");
    status
}

impl ConfigArgument {
    fn sources(&self) -> Result<Sources, Failure> {
        Sources::of_process(self.config.as_deref()).map_err(Failure::from)
    }

    fn load(&self) -> Result<Config, Failure> {
        Ok(Config::load(&self.sources()?)?)
    }
}

impl Failure {
    fn usage(message: impl Into<String>) -> Self {
        Self::Usage(anyhow::Error::msg(message.into()))
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Running(error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.into())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        ConfigError { problems: vec![problem] }.into()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn only_commands_that_work_are_listed() {
        let names: Vec<_> =
            Arguments::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        assert_eq!(
            names,
            ["serve", "demo", "import", "rebuild", "backup", "restore", "evaluate", "key", "check-config"]
        );
    }
}
