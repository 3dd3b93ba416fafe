//! A server inside the test process, on a port of its own, with an empty catalog named `shop`.
//!
//! Owns its runtime, data folder and shutdown. What tests see of it is the wire.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use storefind::app::{App, Mode};
use storefind::config::{Config, Sources};
use storefind::http::accept::{Drained, Server};
use storefind::http::edge::Edge;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long anything may take that is expected to happen. A debug build on a loaded machine needs a fraction of it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server that can be asked.
pub trait Ask {
    /// The answer to a request without a body.
    fn ask(&self, method: &str, path: &str) -> Answer;

    /// The answer to a `GET` of this path.
    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path)
    }
}

/// A running server; dropping it stops it.
pub struct TestServer {
    pub app: Arc<App>,
    pub address: SocketAddr,
    runtime: Option<Runtime>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<Drained>>,
    data: TempDir,
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl TestServer {
    /// Starts with the defaults.
    pub fn start() -> Self {
        Self::with("")
    }

    /// Starts with further configuration in TOML; keys of tables written with dots.
    pub fn with(toml: &str) -> Self {
        Self::in_mode(toml, Mode::ReadWrite)
    }

    pub fn in_mode(toml: &str, mode: Mode) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        if mode == Mode::ReadOnly {
            // A read-only node serves what another has made.
            let config = config(&data, "");
            let app = App::build(config, Mode::ReadWrite).expect("the catalog is made");
            app.close();
        }
        Self::over(data, toml, mode)
    }

    /// Starts over what lies in a data folder.
    pub fn over(data: TempDir, toml: &str, mode: Mode) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let inside = runtime.enter();
        let server = Server::bind(([127, 0, 0, 1], 0).into(), 2).expect("a free port");
        let address = server.address();
        let app = App::build(config(&data, toml), mode).expect("the application is built");
        let (stop, stopped) = oneshot::channel();
        let running = runtime.spawn(server.run(Arc::new(Edge::new(app.clone())), async {
            drop(stopped.await);
        }));
        drop(inside);
        Self { app, address, runtime: Some(runtime), stop: Some(stop), running: Some(running), data }
    }

    /// Stops it and hands over its data folder.
    pub fn into_data(mut self) -> TempDir {
        self.drained();
        self.app.close();
        std::mem::replace(&mut self.data, tempfile::tempdir().expect("a folder"))
    }

    /// The data folder.
    pub fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream
    }

    /// Sends bytes as they are and reads until the server closes.
    pub fn raw(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may have closed already, which is what some tests are about.
        drop(stream.write_all(request));
        read_to_end(&mut stream)
    }

    /// One request on a connection of its own.
    pub fn request(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n");
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut stream = self.connect();
        stream.write_all(text.as_bytes()).expect("the request is sent");
        drop(stream.write_all(body));
        let mut bytes = Vec::new();
        drop(stream.read_to_end(&mut bytes));
        Answer::of(&bytes)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    /// Sends products as NDJSON and waits until they can be found.
    pub fn upload(&self, lines: &str) -> Answer {
        let headers = ["Content-Type: application/x-ndjson"];
        self.request("POST", "/v1/shop/products?wait=searchable", &headers, lines.as_bytes())
    }

    /// Asks for the shutdown, without waiting for it.
    pub fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits for the shutdown.
    pub fn drained(&mut self) -> Drained {
        self.begin_stop();
        let running = self.running.take().expect("is waited for once");
        self.runtime.as_ref().expect("runs").block_on(running).expect("the server does not panic")
    }
}

impl Ask for TestServer {
    fn ask(&self, method: &str, path: &str) -> Answer {
        self.request(method, path, &[], b"")
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.begin_stop();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        self.app.close();
    }
}

impl Answer {
    /// Takes an answer apart; a chunked body is joined.
    pub fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| {
            panic!("no end of headers in {:?}", String::from_utf8_lossy(bytes));
        });
        let head = String::from_utf8(bytes[..end].to_vec()).expect("headers are text");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = bytes[end + 4..].to_vec();
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        Self { status, head, body: if chunked { join_chunks(&body) } else { body } }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }

    /// A header's value; several of one name joined by a comma.
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let values: Vec<_> =
            lines.filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Status and error code.
    pub fn error(&self) -> (u16, String) {
        (self.status, self.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
    }
}

/// A copy of a data folder that no server has open.
pub fn copy_of(folder: &std::path::Path) -> TempDir {
    fn copy(from: &std::path::Path, to: &std::path::Path) {
        for entry in std::fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("can be read");
            let to = to.join(entry.file_name());
            if entry.file_type().expect("is known").is_dir() {
                std::fs::create_dir(&to).expect("a new folder");
                copy(&entry.path(), &to);
            } else {
                std::fs::copy(entry.path(), &to).expect("a file");
            }
        }
    }
    let copied = tempfile::tempdir().expect("a folder");
    copy(folder, copied.path());
    copied
}

/// What comes until the server closes.
pub fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        // Closed with unread bytes: also an end.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the server did not close: {error}; so far {:?}", String::from_utf8_lossy(&bytes)),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads until the text holds `part`.
pub fn read_until(stream: &mut TcpStream, part: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0_u8; 4_096];
    while !text.contains(part) {
        let length = stream.read(&mut buffer).unwrap_or_else(|error| panic!("{error}; so far {text:?}"));
        assert!(length > 0, "closed before {part:?}; so far {text:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    text
}

/// Says that nothing more will be sent.
pub fn close_half(stream: &TcpStream) {
    stream.shutdown(Shutdown::Write).expect("the connection is open");
}

/// Asks until a condition holds.
pub fn until(claim: &str, mut holds: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "{claim}");
        std::thread::yield_now();
    }
}

fn config(data: &TempDir, toml: &str) -> Config {
    let sources = Sources { file: Some(("test.toml".into(), config_text(data.path(), toml))), ..Sources::default() };
    Config::load(&sources).unwrap_or_else(|error| panic!("{error}"))
}

/// The configuration of a server of tests, with these further keys.
pub fn config_text(data: &std::path::Path, toml: &str) -> String {
    // Long, so that nothing is seen by waiting that should be seen at once.
    let bound = if toml.contains("freshness_bound") { "" } else { "freshness_bound = \"20s\"\n" };
    format!("data_dir = {data:?}\n{bound}http.request_deadline = \"30s\"\ncatalogs.shop.language = \"english\"\n{toml}")
}

fn join_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16).expect("a chunk's size");
        if size == 0 {
            break;
        }
        joined.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    joined
}
