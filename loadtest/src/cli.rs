//! The command line: what is run, against which program, and where results go.
//!
//! Owns arguments and exit status. It refuses to measure.
//!
//! Invariant: a result is written before it is shown, so that nothing that was measured is lost on the way.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tokio::task::LocalSet;

use crate::engine::STOP;
use crate::report;
use crate::result::{Header, Outcome};
use crate::scenario;
use crate::server;
use crate::setup::Setup;

/// How often the generator's thread looks at its sockets while it has other work: the usual 61 is made for servers
/// that have more threads.
const EVENT_INTERVAL: u32 = 16;

#[derive(Debug, Parser)]
#[command(name = "storefind-loadtest", about, version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the phases of a scenario
    Run {
        scenario: PathBuf,
        #[command(flatten)]
        options: Options,
    },
}

#[derive(Debug, clap::Args)]
struct Options {
    /// The server's program [default: the one built beside this program, or that of the PATH]
    #[arg(long, value_name = "FILE")]
    storefind: Option<PathBuf>,
    /// Folder for results
    #[arg(long, value_name = "DIR", default_value = "target/loadtest")]
    out: PathBuf,
}

pub(crate) fn main() -> ExitCode {
    match begin(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::terminal::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn begin(arguments: Arguments) -> anyhow::Result<()> {
    watch_signals()?;
    match arguments.command {
        Command::Run { scenario, options } => {
            let scenario = scenario::load(&scenario)?;
            let program = server::program(options.storefind);
            let name = scenario.name.clone();
            let outcome = on_one_thread(async {
                let header = Header::new(&scenario.name, &scenario.about);
                let setup = Setup::prepare(scenario, &program).await?;
                Ok(Outcome::Run(Box::new(crate::run::run(&setup, header).await?)))
            })?;
            keep(&outcome, &options.out, &name)
        }
    }
}

/// Runs on the thread of the generator.
fn on_one_thread<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(EVENT_INTERVAL)
        .build()
        .context("cannot start the generator's thread")?;
    LocalSet::new().block_on(&runtime, work)
}

/// The first Ctrl-C or SIGTERM ends the run in order, the second at once.
fn watch_signals() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
                return;
            };
            loop {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
                if STOP.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
            }
        });
    });
    Ok(())
}

/// Writes a result as JSON and as a page, then shows it.
fn keep(outcome: &Outcome, folder: &Path, name: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let json = folder.join(format!("{name}.json"));
    outcome.write(&json)?;
    report::terminal::show(outcome);
    report::terminal::say(&format!("\nwritten: {}", json.display()));
    Ok(())
}
