//! The server under test: started for a scenario, filled, watched, stopped in between and ended.
//!
//! Owns its process, those beside it and its temporary folder. It refuses to touch a server that it did not start.
//!
//! A server can be stopped and started again: its folder and what stands beside it are kept, and the catalog is not
//! filled again.
//!
//! Invariant: when this value goes, the processes and the folder are gone, the server first.

pub(crate) mod beside;
pub(crate) mod places;
pub(crate) mod process;
pub(crate) mod usage;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::client::{Access, Client};
use crate::engine;
use crate::scenario::{Scenario, shape};
use beside::Beside;
use places::Places;
pub(crate) use places::root;
use process::Process;
pub(crate) use process::kill_now;

/// Time between two looks at whether it is ready.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// What it says goes here, in its folder.
const LOG_FILE: &str = "server.log";

#[derive(Debug)]
pub(crate) struct Server {
    /// None while it is stopped. Ends before what stands beside it.
    child: Option<Process>,
    pub(crate) beside: Vec<Rc<Beside>>,
    pub(crate) places: Rc<Places>,
    settings: shape::Server,
    catalog: String,
    /// Asks whether it is ready.
    client: Client,
    /// Removed after the processes have ended.
    folder: TempDir,
    /// The command as it was run, without keys.
    pub(crate) command: String,
}

/// The server's program: the given one, or the one built beside this program.
pub(crate) fn program(given: Option<PathBuf>) -> PathBuf {
    given.unwrap_or_else(|| {
        let beside = std::env::current_exe().ok().map(|own| own.with_file_name("storefind"));
        beside.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from("storefind"))
    })
}

impl Server {
    /// Starts the server of a scenario and fills its catalog.
    pub(crate) async fn start(scenario: &Scenario, settings: &shape::Server, program: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("storefind-loadtest-").tempdir()?;
        let places = Rc::new(Places {
            program: program.to_owned(),
            address: scenario.address.to_string(),
            data: folder.path().join("data"),
            keys: scenario.keys.clone(),
        });
        let (_, command) = places.command(&settings.command)?;
        free(scenario.address)?;
        let beside = settings.beside.iter().map(|arguments| Ok(Rc::new(Beside::start(arguments, &places)?)));
        let mut server = Self {
            child: None,
            beside: beside.collect::<anyhow::Result<_>>()?,
            places,
            settings: settings.clone(),
            catalog: scenario.catalog.clone(),
            client: Client::new(scenario.address, &scenario.client).with_keys(&scenario.keys),
            folder,
            command,
        };
        let deadline = server.deadline();
        server.spawn(deadline).await?;
        for load in &settings.load {
            server.run(load).await?;
        }
        server.wait_for_products(deadline).await?;
        Ok(server)
    }

    /// Stops the server and keeps its folder and what stands beside it.
    pub(crate) fn stop(&mut self) {
        self.child = None;
    }

    /// Starts a stopped server again, on what it left behind.
    pub(crate) async fn start_again(&mut self) -> anyhow::Result<()> {
        let deadline = self.deadline();
        free(self.places.address.parse()?)?;
        self.spawn(deadline).await?;
        self.wait_for_products(deadline).await
    }

    pub(crate) fn process(&self) -> Option<u32> {
        self.child.as_ref().map(Process::id)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + Duration::from_secs(self.settings.ready_seconds)
    }

    async fn spawn(&mut self, deadline: Instant) -> anyhow::Result<()> {
        let (mut command, text) = self.places.command(&self.settings.command)?;
        for (name, value) in &self.settings.environment {
            command.env(name, self.places.fill(value));
        }
        self.log_output_of(&mut command)?;
        self.child = Some(Process::start(command).with_context(|| format!("server.command: cannot start {text}"))?);
        self.wait(deadline, "to be ready", async |server| is_ready(&server.client).await).await
    }

    async fn wait_for_products(&mut self, deadline: Instant) -> anyhow::Result<()> {
        self.wait(deadline, "to have its products", async |server| {
            is_filled(&server.client, &server.catalog, server.settings.products).await
        })
        .await
    }

    /// Waits until a question is answered with yes.
    async fn wait(
        &mut self,
        deadline: Instant,
        what: &str,
        question: impl AsyncFn(&Self) -> bool,
    ) -> anyhow::Result<()> {
        while !question(self).await {
            if let Some(child) = &mut self.child
                && let Some(status) = child.ended()?
            {
                bail!("the server ended with {status}:\n{}", self.said());
            }
            self.beside.iter().try_for_each(|beside| beside.check())?;
            if engine::stopped() {
                bail!("stopped while waiting for the server");
            }
            if Instant::now() > deadline {
                bail!("server.ready_seconds: the server took too long {what}:\n{}", self.said());
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        Ok(())
    }

    /// Runs a command that fills the catalog.
    async fn run(&self, arguments: &[String]) -> anyhow::Result<()> {
        let (mut command, text) = self.places.command(arguments)?;
        self.log_output_of(&mut command)?;
        let mut load = Process::start(command).with_context(|| format!("server.load: cannot start {text}"))?;
        loop {
            if let Some(status) = load.ended()? {
                if !status.success() {
                    bail!("server.load: {text} ended with {status}:\n{}", self.said());
                }
                return Ok(());
            }
            if engine::stopped() {
                bail!("stopped while filling the catalog");
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    fn log_output_of(&self, command: &mut Command) -> anyhow::Result<()> {
        let path = self.folder.path().join(LOG_FILE);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        command.stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log));
        Ok(())
    }

    /// The end of what the server wrote.
    fn said(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join(LOG_FILE)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

fn free(address: std::net::SocketAddr) -> anyhow::Result<()> {
    if std::net::TcpListener::bind(address).is_err() {
        bail!("address: {address} is taken by another program");
    }
    Ok(())
}

async fn is_ready(client: &Client) -> bool {
    client.get(Access::Search, "/readyz").await.is_ok_and(|answer| answer.head.status == 200)
}

/// Whether the catalog shows enough products and nothing is still on its way.
async fn is_filled(client: &Client, catalog: &str, wanted: u64) -> bool {
    let Ok(answer) = client.get(Access::Admin, "/v1/stats").await else { return false };
    let Ok(stats) = serde_json::from_slice::<serde_json::Value>(&answer.body) else { return false };
    let catalog = &stats["catalogs"][catalog];
    catalog["products"].as_u64().is_some_and(|products| products >= wanted)
        && catalog["lag_events"].as_u64().unwrap_or(0) == 0
}
