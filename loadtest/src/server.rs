//! The server under test: started for a scenario, filled, watched and ended.
//!
//! Owns its process and its temporary folder. It refuses to touch a server that it did not start.
//!
//! Invariant: when this value goes, the process and its folder are gone.

pub(crate) mod usage;

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::client::Client;
use crate::engine;
use crate::scenario::{Scenario, shape};

/// Time between two looks at whether it is ready.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How long it may take to stop when asked; then it is killed.
const STOP_WAIT_MAX: Duration = Duration::from_secs(10);
/// The processes that run for the scenario.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());
/// What it says goes here, in its folder.
const LOG_FILE: &str = "server.log";

#[derive(Debug)]
pub(crate) struct Server {
    child: Process,
    /// Ended after the server.
    beside: Vec<Process>,
    /// Removed after the process has ended.
    folder: TempDir,
    /// The command as it was run.
    pub(crate) command: String,
}

/// What the placeholders of commands stand for.
#[derive(Debug)]
struct Places<'a> {
    program: &'a Path,
    address: String,
    data: PathBuf,
}

impl Places<'_> {
    fn fill(&self, argument: &str) -> String {
        argument
            .replace("{storefind}", &self.program.display().to_string())
            .replace("{address}", &self.address)
            .replace("{data}", &self.data.display().to_string())
            .replace("{root}", &root().display().to_string())
    }

    fn command(&self, arguments: &[String]) -> anyhow::Result<(Command, String)> {
        let filled: Vec<String> = arguments.iter().map(|argument| self.fill(argument)).collect();
        let (program, rest) = filled.split_first().context("server.command: is empty")?;
        let mut command = Command::new(program);
        command.args(rest).stdin(Stdio::null());
        Ok((command, filled.join(" ")))
    }
}

/// The repository that this program was built from.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
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
        if std::net::TcpListener::bind(scenario.address).is_err() {
            bail!("address: {} is taken by another program", scenario.address);
        }
        let data = folder.path().join("data");
        let places = Places { program, address: scenario.address.to_string(), data };
        let (mut command, text) = places.command(&settings.command)?;
        for (name, value) in &settings.environment {
            command.env(name, places.fill(value));
        }
        let log = std::fs::File::create(folder.path().join(LOG_FILE))?;
        let mut beside = Vec::with_capacity(settings.beside.len());
        for arguments in &settings.beside {
            let (mut command, text) = places.command(arguments)?;
            // What they say would be mistaken for the server's.
            command.stdout(Stdio::null()).stderr(Stdio::null());
            beside.push(Process::start(command).with_context(|| format!("server.beside: cannot start {text}"))?);
        }
        command.stdout(log.try_clone()?).stderr(log);
        let child = Process::start(command).with_context(|| format!("server.command: cannot start {text}"))?;
        let mut server = Self { child, beside, folder, command: text };
        let deadline = Instant::now() + Duration::from_secs(settings.ready_seconds);
        let client = Client::new(scenario.address, &scenario.client);
        server.wait((deadline, &settings.beside), "to be ready", async || is_ready(&client).await).await?;
        for load in &settings.load {
            server.run(&places, load).await?;
        }
        let wanted = settings.products;
        let catalog = &scenario.catalog;
        server
            .wait((deadline, &settings.beside), "to have its products", async || {
                is_filled(&client, catalog, wanted).await
            })
            .await?;
        Ok(server)
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.0.id()
    }

    /// Waits until a question is answered with yes.
    async fn wait(
        &mut self,
        (deadline, beside): (Instant, &[Vec<String>]),
        what: &str,
        question: impl AsyncFn() -> bool,
    ) -> anyhow::Result<()> {
        while !question().await {
            if let Some(status) = self.child.0.try_wait()? {
                bail!("the server ended with {status}:\n{}", self.said());
            }
            for (process, arguments) in self.beside.iter_mut().zip(beside) {
                if let Some(status) = process.0.try_wait()? {
                    bail!("server.beside: {} ended with {status}", arguments.join(" "));
                }
            }
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
    async fn run(&self, places: &Places<'_>, arguments: &[String]) -> anyhow::Result<()> {
        let (mut command, text) = places.command(arguments)?;
        let log = std::fs::OpenOptions::new().append(true).open(self.folder.path().join(LOG_FILE))?;
        let mut child = command.stdout(log.try_clone()?).stderr(log).spawn();
        let child = child.as_mut().map_err(|error| anyhow::anyhow!("server.load: cannot start {text}: {error}"))?;
        loop {
            if let Some(status) = child.try_wait()? {
                if !status.success() {
                    bail!("server.load: {text} ended with {status}:\n{}", self.said());
                }
                return Ok(());
            }
            if engine::stopped() {
                child.kill()?;
                child.wait()?;
                bail!("stopped while filling the catalog");
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// The end of what the server wrote.
    fn said(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join(LOG_FILE)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

/// Ends what runs without waiting, when the program is about to end without cleaning up.
pub(crate) fn kill_now() {
    for process in running().iter() {
        signal(*process, rustix::process::Signal::KILL);
    }
}

/// A list of numbers is whole between any two statements.
fn running() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process that ends with this value, politely first.
#[derive(Debug)]
struct Process(Child);

impl Process {
    /// Ctrl-C on the terminal is for the generator, which ends its processes when it is done.
    fn start(mut command: Command) -> std::io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        running().push(child.id());
        Ok(Self(child))
    }
}

fn signal(process: u32, signal: rustix::process::Signal) {
    if let Some(process) = rustix::process::Pid::from_raw(process.cast_signed()) {
        let _ = rustix::process::kill_process(process, signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let id = self.0.id();
        signal(id, rustix::process::Signal::TERM);
        let deadline = Instant::now() + STOP_WAIT_MAX;
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(LOOK_INTERVAL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
        running().retain(|other| *other != id);
    }
}

async fn is_ready(client: &Client) -> bool {
    client.get("/readyz").await.is_ok_and(|answer| answer.head.status == 200)
}

/// Whether the catalog shows enough products and nothing is still on its way.
async fn is_filled(client: &Client, catalog: &str, wanted: u64) -> bool {
    let Ok(answer) = client.get("/v1/stats").await else { return false };
    let Ok(stats) = serde_json::from_slice::<serde_json::Value>(&answer.body) else { return false };
    let catalog = &stats["catalogs"][catalog];
    catalog["products"].as_u64().is_some_and(|products| products >= wanted)
        && catalog["lag_events"].as_u64().unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_wherever_they_stand() {
        let places =
            Places { program: Path::new("/bin/sf"), address: "127.0.0.1:1".into(), data: PathBuf::from("/tmp/d") };
        let arguments = ["{storefind}", "--url=http://{address}", "{data}/x"].map(str::to_owned);
        assert_eq!(places.command(&arguments).unwrap().1, "/bin/sf --url=http://127.0.0.1:1 /tmp/d/x");
    }
}
