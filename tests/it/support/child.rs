//! A read-only node in a process of its own: with an environment of its own, and mortal.
//!
//! Owns the process and the folder it works in. Tests that need neither use [`TestServer`](super::server::TestServer).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

use super::server::{Answer, Ask, PATIENCE, config_text};

/// A process that does not outlive a failing test.
pub struct Running(pub Child);

impl Running {
    /// Starts a server, and returns it with its address once it listens. Its log is read to the end, so that it never waits
    /// for a reader.
    pub fn serving(command: &mut Command) -> (Self, String) {
        let spawned = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut process = Self(spawned.expect("storefind was built for this test"));
        let mut log = BufReader::new(process.0.stderr.take().expect("is piped"));
        let (mut line, mut all) = (String::new(), String::new());
        let address = loop {
            line.clear();
            assert!(log.read_line(&mut line).expect("is text") > 0, "it does not serve: {all}");
            all.push_str(&line);
            if let Some(address) = line.split_whitespace().find_map(|word| word.strip_prefix("address=")) {
                break address.to_owned();
            }
        };
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        (process, address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// See the module.
pub struct ChildNode {
    process: Running,
    address: String,
    _folders: [TempDir; 2],
}

impl ChildNode {
    /// Starts one over a copy of a data folder, with further configuration and variables of its environment.
    pub fn start(data: TempDir, toml: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("storefind.toml");
        let text = format!("listen = \"127.0.0.1:0\"\n{}", config_text(data.path(), toml));
        std::fs::write(&file, text).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_storefind"));
        command.args(["serve", "--read-only", "--config"]).arg(&file).envs(variables.iter().copied());
        let (process, address) = Running::serving(&mut command);
        Self { process, address, _folders: [data, folder] }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream
    }

    /// Asks, and does not wait for the answer.
    pub fn send(&self, method: &str, path: &str) -> TcpStream {
        let mut stream = self.connect();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").expect("is sent");
        stream
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        drop(self.process.0.kill());
        drop(self.process.0.wait());
    }
}

impl Ask for ChildNode {
    fn ask(&self, method: &str, path: &str) -> Answer {
        let mut bytes = Vec::new();
        self.send(method, path).read_to_end(&mut bytes).expect("is answered");
        Answer::of(&bytes)
    }
}
