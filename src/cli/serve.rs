//! `storefind serve`: the server, until it is told to stop.
//!
//! Also owns what `demo` shares: building the application on the runtime, the signals, and the order of the end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::{ConfigArgument, Failure, Outcome};
use crate::app::{App, BuildError, Mode};
use crate::config::Config;
use crate::http::accept::{Drained, Server};
use crate::http::edge::Edge;
use crate::telemetry;

/// Time that blocking work of the runtime gets at the end. What still writes then finds the catalog closed, and was
/// not acknowledged.
const RUNTIME_END: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Refuse writes, and build indexes in a temporary folder
    #[arg(long)]
    read_only: bool,
    /// Print the configuration in force, with the source of each value, and exit
    #[arg(long)]
    print_config: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let sources = arguments.config.sources()?;
    if arguments.print_config {
        print!("{}", Config::print(&sources)?);
        return Ok(());
    }
    let config = Config::load(&sources)?;
    if config.catalogs.is_empty() {
        return Err(Failure::usage(
            "the configuration names no catalog; add `[catalogs.NAME]` to the file, or try `storefind demo`",
        ));
    }
    telemetry::logs::start(&config.logging);
    let mode = if arguments.read_only { Mode::ReadOnly } else { Mode::ReadWrite };
    let runtime = runtime()?;
    // The address first: a second server must not touch the data folder only to find its port taken.
    let server = bind(&runtime, &config)?;
    let app = build(&runtime, config, mode)?;
    tracing::info!(
        address = %server.address(),
        catalogs = %app.open_catalogs().map(|(name, _)| name).collect::<Vec<_>>().join(","),
        read_only = arguments.read_only,
        "serving"
    );
    serve(runtime, server, &app)
}

/// Files that are open beside connections: logs, segments of the index, the runtime's own. A catalog of a hundred
/// segments has some thousand.
const FILES_BESIDE_CONNECTIONS: u64 = 4_096;

/// Lets the process have the files that its connections need, as far as the system allows. Most systems start a
/// process with 1,024, for the sake of programs that use `select`; there are none here.
fn raise_file_limit(connections_max: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let wanted = connections_max as u64 + FILES_BESIDE_CONNECTIONS;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let allowed = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    limit.current = Some(allowed);
    let outcome = setrlimit(Resource::Nofile, limit);
    if outcome.is_err() || allowed < wanted {
        tracing::warn!(
            limits.wanted = wanted,
            limits.allowed = allowed,
            "fewer files may be open than `http.max_connections` needs; raise the limit (`ulimit -n`, `LimitNOFILE`)"
        );
    }
}

/// The runtime of the server.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.enable_all().thread_name("storefind-http").build().context("cannot start the runtime")?)
}

/// Takes the address.
pub(super) fn bind(runtime: &Runtime, config: &Config) -> Result<Server, Failure> {
    raise_file_limit(config.http.connections_max);
    let _inside = runtime.enter();
    Ok(Server::bind(config.listen, config.http.listeners).map_err(anyhow::Error::from)?)
}

/// Builds the application with the runtime at hand, for parts that spawn tasks.
pub(super) fn build(runtime: &Runtime, config: Config, mode: Mode) -> Result<Arc<App>, Failure> {
    let _inside = runtime.enter();
    App::build(config, mode).map_err(|error| match error {
        // What the configuration names is not what it should be.
        BuildError::Tls(_) => Failure::Usage(error.into()),
        BuildError::DataDir(_) | BuildError::Catalog(_) | BuildError::Answers(_) => Failure::Running(error.into()),
    })
}

/// Serves until a signal, drains, closes. A second signal cuts what still runs; nothing acknowledged is lost by that.
pub(super) fn serve(runtime: Runtime, server: Server, app: &Arc<App>) -> Outcome {
    let edge = Arc::new(Edge::new(app.clone()));
    let drained = runtime.block_on(async {
        let mut stop = Stop::listen()?;
        let (begin, begun) = tokio::sync::oneshot::channel();
        let running = server.run(edge, async {
            // A sender that is gone means the same as a signal.
            let _ = begun.await;
        });
        let stopping = async {
            let signal = stop.signal().await;
            tracing::info!(signal, "draining");
            app.warm_up.stop();
            let _ = begin.send(());
            stop.signal().await
        };
        tokio::pin!(running);
        tokio::select! {
            drained = &mut running => Ok(drained),
            again = stopping => {
                tracing::warn!(signal = again, "stopping at once");
                Ok(Drained::Cut(0))
            }
        }
    });
    runtime.shutdown_timeout(RUNTIME_END);
    app.close();
    match drained {
        Err(error) => Err(Failure::Running(error)),
        Ok(Drained::All) => {
            tracing::info!("stopped");
            Ok(())
        }
        Ok(Drained::Cut(0)) => Ok(()),
        Ok(Drained::Cut(connections)) => {
            tracing::warn!(connections, "stopped with requests still running");
            Err(Failure::Running(anyhow!("{connections} connection(s) were cut because they did not end in time")))
        }
    }
}

/// The signals that ask for an end.
struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> Result<Self, anyhow::Error> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn signal(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}
