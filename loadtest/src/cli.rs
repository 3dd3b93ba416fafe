//! The command line: what is run, against which program, and where results go.
//!
//! Owns arguments and exit status. It refuses to measure.
//!
//! Invariant: a result is written before it is shown, so that nothing that was measured is lost on the way.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tokio::task::LocalSet;

use crate::engine::STOP;
use crate::pairs::measures::Figure;
use crate::report;
use crate::result::{Header, Outcome};
use crate::scenario::{self, Arrivals, Scenario, TrafficKind};
use crate::server;
use crate::setup::Setup;
use crate::{bare, calibrate, compare, connections, pairs, saturate};

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
    /// Find the highest rate of a scenario's traffic that meets its goal
    Sweep {
        scenario: PathBuf,
        #[command(flatten)]
        options: Options,
    },
    /// Run two scenarios in turns and tell the ratios of their latencies, A ÷ B, pair by pair
    Pairs {
        a: PathBuf,
        b: PathBuf,
        /// Pairs of runs
        #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        pairs: u16,
        /// What is compared, of all requests and of each kind
        #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "mean,p50,p99")]
        figures: Vec<Figure>,
        #[command(flatten)]
        options: Options,
    },
    /// Fill a table of answers a second by connections: bare axum, kept and computed searches and autocompletes
    Connections {
        scenario: PathBuf,
        /// Counted seconds of each row
        #[arg(long, value_name = "N", default_value_t = 5.0)]
        seconds: f64,
        #[command(flatten)]
        options: Options,
    },
    /// Find this generator's own limits, against a bare handler: at random, in bursts, and in those of a scenario
    Calibrate {
        /// A scenario whose arrivals are tried, too
        scenario: Option<PathBuf>,
        /// Size of the handler's answers: about that of a page of 20 products, compressed
        #[arg(long, value_name = "N", default_value_t = 4_096)]
        body_bytes: usize,
        /// Folder for results
        #[arg(long, value_name = "DIR", default_value = OUT)]
        out: PathBuf,
    },
    /// Put two results side by side
    Compare { a: PathBuf, b: PathBuf },
    /// Ask single URLs of a running server as fast as 1, 8, 64 and 512 connections go, beside a bare handler
    Saturate {
        /// The server's address
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7700")]
        address: SocketAddr,
        /// Counted seconds of each row
        #[arg(long, value_name = "N", default_value_t = 5.0)]
        seconds: f64,
        /// Folder for results
        #[arg(long, value_name = "DIR", default_value = OUT)]
        out: PathBuf,
        /// Paths with their parameters: /v1/demo/search?q=laptop
        #[arg(required = true)]
        targets: Vec<String>,
    },
    /// Draw the page of a result again
    Page { result: PathBuf },
    /// Serve the answer on standard input with bare axum: what `connections` compares with
    #[command(name = bare::axum::COMMAND, hide = true)]
    Bare,
}

/// Where results go unless another folder is named: what is worth keeping is copied to `loadtest/runs`.
const OUT: &str = "target/loadtest";

#[derive(Debug, clap::Args)]
struct Options {
    /// The server's program [default: the one built beside this program, or that of the PATH]
    #[arg(long, value_name = "FILE")]
    storefind: Option<PathBuf>,
    /// Folder for results
    #[arg(long, value_name = "DIR", default_value = OUT)]
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

/// Lets the process have as many connections as the system allows: a soft limit of 1,024 would end a run with
/// failures that are the generator's own.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        report::terminal::say(&format!("the limit of open files cannot be raised: {error}"));
    }
}

fn begin(arguments: Arguments) -> anyhow::Result<()> {
    // Signals end the bare server as they end any program: it has nothing to put in order.
    if !matches!(arguments.command, Command::Bare) {
        watch_signals()?;
    }
    raise_file_limit();
    match arguments.command {
        Command::Run { scenario, options } => {
            let scenario = scenario::load(&scenario)?;
            anyhow::ensure!(!scenario.phases.is_empty(), "phases: {} has none; it is for `sweep`", scenario.name);
            let name = scenario.name.clone();
            let outcome = on_one_thread(async {
                let (setup, header) = prepare(scenario, &options).await?;
                Ok(Outcome::Run(Box::new(crate::run::run(&setup, header).await?)))
            })?;
            keep(&outcome, &options.out.join(name))
        }
        Command::Sweep { scenario, options } => {
            let scenario = scenario::load(&scenario)?;
            let name = format!("{}-sweep", scenario.name);
            let outcome = on_one_thread(async {
                let (setup, header) = prepare(scenario, &options).await?;
                Ok(Outcome::Sweep(Box::new(crate::sweep::sweep(&setup, header).await?)))
            })?;
            keep(&outcome, &options.out.join(name))
        }
        Command::Pairs { a, b, pairs: wanted, figures, options } => {
            let scenarios = (scenario::load(&a)?, scenario::load(&b)?);
            let (a, b) = (&scenarios.0.name, &scenarios.1.name);
            anyhow::ensure!(a != b, "name: both scenarios are called {a}");
            let name = format!("pairs-{a}-{b}");
            let mut header = Header::new(&name, &format!("{a} (A) and {b} (B) in turns, and the ratios A ÷ B."));
            let limits = [&scenarios.0, &scenarios.1].map(|scenario| limit(&options, scenario));
            // The lower one holds for both.
            header.generator_limit = limits[0].zip(limits[1]).map(|(a, b)| a.min(b));
            let program = server::program(options.storefind.clone());
            let found = on_one_thread(pairs::pairs(scenarios, &program, header, usize::from(wanted), &figures))?;
            keep(&Outcome::Pairs(Box::new(found)), &options.out.join(name))
        }
        Command::Connections { scenario, seconds, options } => {
            let scenario = scenario::load(&scenario)?;
            let name = scenario.name.clone();
            let found = on_one_thread(async {
                let (setup, header) = prepare(scenario, &options).await?;
                connections::connections(&setup, header, seconds).await
            })?;
            keep(&Outcome::Saturation(Box::new(found)), &options.out.join(name))
        }
        Command::Calibrate { scenario, body_bytes, out } => {
            let arrivals = scenario.map(|path| scenario::load(&path)).transpose()?.map(|scenario| scenario.arrivals);
            let found = on_one_thread(calibrate::calibrate(body_bytes, arrivals))?;
            keep(&Outcome::Calibration(Box::new(found)), &out.join(calibrate::NAME))
        }
        Command::Compare { a, b } => {
            report::terminal::say(&compare::text(&Outcome::read(&a)?, &Outcome::read(&b)?));
            Ok(())
        }
        Command::Saturate { address, seconds, out, targets } => {
            anyhow::ensure!(address.ip().is_loopback(), "--address: {address} is not a loopback address");
            let found = on_one_thread(saturate::saturate(address, &targets, seconds))?;
            keep(&Outcome::Saturation(Box::new(found)), &out.join("saturate"))
        }
        Command::Bare => bare::axum::serve(),
        Command::Page { result } => {
            let page = result.with_extension("html");
            std::fs::write(&page, report::html::page(&Outcome::read(&result)?))?;
            report::terminal::say(&format!("written: {}", page.display()));
            Ok(())
        }
    }
}

/// What this generator can claim for a scenario. Sessions begin at random.
fn limit(options: &Options, scenario: &Scenario) -> Option<f64> {
    let arrivals = match scenario.traffic.kind {
        TrafficKind::Sessions => Arrivals::Poisson,
        TrafficKind::Queries => scenario.arrivals,
    };
    calibrate::limit(&options.out, arrivals)
}

/// The server and the queries of a scenario, and the head of its result.
async fn prepare(scenario: Scenario, options: &Options) -> anyhow::Result<(Setup, Header)> {
    let mut header = Header::new(&scenario.name, &scenario.about);
    header.generator_limit = limit(options, &scenario);
    let program = server::program(options.storefind.clone());
    report::terminal::say(&format!("{}: getting ready", scenario.name));
    let setup = Setup::prepare(scenario, &program).await?;
    Ok((setup, header))
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
                    server::kill_now();
                    std::process::exit(130);
                }
            }
        });
    });
    Ok(())
}

/// Writes a result as JSON and as a page, then shows it. The path lacks its ending.
fn keep(outcome: &Outcome, path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (json, page) = (path.with_extension("json"), path.with_extension("html"));
    outcome.write(&json)?;
    std::fs::write(&page, report::html::page(outcome)).with_context(|| format!("cannot write {}", page.display()))?;
    report::terminal::show(outcome);
    report::terminal::say(&format!("\nwritten: {} and {}", json.display(), page.display()));
    Ok(())
}
