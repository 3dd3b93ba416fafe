//! Real Redis and Memcached servers on ports of their own, for as long as a test needs them.
//!
//! Owns their processes, killed on drop, and as much of their protocols as it takes to look into them and to spoil what
//! is there. A missing program fails with the package to install.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

use super::server::{PATIENCE, until};

/// A server process that listens on a port of this machine.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pub port: u16,
    /// Where it may write.
    _dir: TempDir,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).expect("a free port").local_addr().expect("bound").port()
}

/// `redis-server` without persistence.
pub fn redis(port: u16, arguments: &[&str]) -> Process {
    let port_text = port.to_string();
    let own = ["--port", &port_text, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    start("redis-server", &[&own[..], arguments].concat(), port)
}

/// `redis-server` that speaks TLS only, under this certificate; clients need none.
pub fn redis_tls(port: u16, certificate: &Path, key: &Path) -> Process {
    let (port_text, certificate, key) =
        (port.to_string(), certificate.to_str().expect("text"), key.to_str().expect("text"));
    let tls = ["--tls-port", &port_text, "--tls-cert-file", certificate, "--tls-key-file", key];
    let own = ["--port", "0", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    let clients = ["--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"];
    start("redis-server", &[&own[..], &tls, &clients].concat(), port)
}

/// A Redis Cluster of one node that has every slot.
pub fn redis_cluster(port: u16) -> Process {
    let bus = free_port().to_string();
    let server = redis(port, &["--cluster-enabled", "yes", "--cluster-port", &bus]);
    server.talk("CLUSTER ADDSLOTSRANGE 0 16383\r\nPING\r\n", "+PONG");
    until("the cluster is well", || {
        server.talk("CLUSTER INFO\r\nPING\r\n", "+PONG").iter().any(|line| line == "cluster_state:ok")
    });
    server
}

/// A Sentinel that watches a primary under this name.
pub fn redis_sentinel(port: u16, primary: &Process, name: &str) -> Process {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("sentinel.conf");
    let text = format!("port {port}\nbind 127.0.0.1\nsentinel monitor {name} 127.0.0.1 {} 1\n", primary.port);
    std::fs::write(&file, text).expect("written");
    start_in(dir, "redis-server", &[file.to_str().expect("text"), "--sentinel"], port)
}

/// `memcached`.
pub fn memcached(port: u16, arguments: &[&str]) -> Process {
    let port_text = port.to_string();
    // Refuses to run as root unless it is told whom to run as.
    let own = ["-l", "127.0.0.1", "-p", &port_text, "-U", "0", "-u", "nobody"];
    start("memcached", &[&own[..], arguments].concat(), port)
}

fn start(program: &str, arguments: &[&str], port: u16) -> Process {
    start_in(tempfile::tempdir().expect("a folder"), program, arguments, port)
}

fn start_in(dir: TempDir, program: &str, arguments: &[&str], port: u16) -> Process {
    let quiet = || Stdio::null();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir.path()).stdin(quiet()).stdout(quiet()).stderr(quiet());
    let child = command.spawn();
    let child = child.unwrap_or_else(|error| panic!("{program}: {error}; install the Debian package `{program}`"));
    let process = Process { child, port, _dir: dir };
    until(&format!("{program} listens"), || TcpStream::connect(("127.0.0.1", port)).is_ok());
    process
}

impl Process {
    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Stops it in the middle of what it does: connections stay open, and nothing answers.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Has a frozen server go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        rustix::process::kill_process(id, signal).expect("it runs");
    }

    /// Sends lines of a text protocol and reads the answer until `end` is among its lines, which is left out.
    pub fn talk(&self, lines: &str, end: &str) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.write_all(lines.as_bytes()).expect("it reads");
        let answer = BufReader::new(stream).lines().map(|line| line.expect("it answers"));
        answer.take_while(|line| line != end).collect()
    }

    /// The keys that a Redis server has.
    pub fn redis_keys(&self) -> Vec<String> {
        let keys = self.talk("KEYS *\r\nPING\r\n", "+PONG");
        keys.into_iter().filter(|line| !line.starts_with(['*', '$'])).collect()
    }

    /// Puts a text under a key of a Redis server.
    pub fn redis_set(&self, key: &str, text: &str) {
        let said = self.talk(&format!("SET {key} {text}\r\nPING\r\n"), "+PONG");
        assert_eq!(said, ["+OK"]);
    }

    /// Puts a text under a key of a Memcached server.
    pub fn memcached_set(&self, key: &str, text: &str) {
        let said = self.talk(&format!("set {key} 0 0 {}\r\n{text}\r\nversion\r\nmn\r\n", text.len()), "MN");
        assert_eq!(said[0], "STORED", "{said:?}");
    }

    /// Whether a Memcached server has something under a key.
    pub fn memcached_has(&self, key: &str) -> bool {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.write_all(format!("mg {key} s\r\n").as_bytes()).expect("it reads");
        let mut first = [0; 2];
        stream.read_exact(&mut first).expect("it answers");
        &first == b"HD"
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
