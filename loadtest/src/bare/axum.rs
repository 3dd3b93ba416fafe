//! A bare axum server in a process of its own: one handler that gives everybody the same answer.
//!
//! Owns what a memory hit is compared with: axum as it comes, with the same bytes and headers. It refuses to look at a
//! request.
//!
//! The answer is handed over on standard input, the address comes back on standard output.
//!
//! Invariant: the process has no other thread and no other work than axum's own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::server::process::Process;

/// The name of the command that serves.
pub(crate) const COMMAND: &str = "bare";
/// Headers that axum and hyper write themselves.
const OWN_HEADERS: [&str; 3] = ["content-length", "date", "connection"];

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct BareAxum {
    _process: Process,
    pub(crate) address: SocketAddr,
}

impl BareAxum {
    /// Starts this very program as a server of an answer.
    pub(crate) fn start(head: &[u8], body: &[u8]) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(command).context("cannot start a bare server")?;
        let mut input = process.input().context("the bare server reads nothing")?;
        input.write_all(&u32::try_from(head.len())?.to_le_bytes())?;
        input.write_all(head)?;
        input.write_all(body)?;
        // Its end is the end of the answer.
        drop(input);
        let mut line = String::new();
        BufReader::new(process.output().context("the bare server says nothing")?).read_line(&mut line)?;
        let address = line.trim().parse().context("the bare server told no address")?;
        Ok(Self { _process: process, address })
    }
}

/// Serves the answer on standard input until the process is ended.
pub(crate) fn serve() -> anyhow::Result<()> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let router = router(&input)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        crate::report::terminal::say(&listener.local_addr()?.to_string());
        axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), router).await?;
        Ok(())
    })
}

/// One answer for every path: its head's length, its head, its body.
fn router(input: &[u8]) -> anyhow::Result<Router> {
    let (length, rest) = input.split_first_chunk::<4>().context("no answer was handed over")?;
    let length = usize::try_from(u32::from_le_bytes(*length))?;
    ensure!(length <= rest.len(), "the answer that was handed over is cut off");
    let (head, body) = rest.split_at(length);
    let mut headers = HeaderMap::new();
    for line in std::str::from_utf8(head)?.lines().skip(1) {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if !OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            headers.append(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
        }
    }
    let body = Bytes::copy_from_slice(body);
    let answer = move || {
        let (headers, body) = (headers.clone(), body.clone());
        async move { (headers, body) }
    };
    Ok(Router::new().route("/v1/{catalog}/search", axum::routing::get(answer)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::connection::Connection;
    use crate::client::{Body, Client};
    use crate::scenario::shape;

    fn handed(head: &str, body: &[u8]) -> Vec<u8> {
        [&u32::try_from(head.len()).unwrap().to_le_bytes()[..], head.as_bytes(), body].concat()
    }

    #[tokio::test]
    async fn it_answers_the_same_bytes_with_the_same_headers() {
        let head =
            "HTTP/1.1 200 OK\r\nCache-Status: storefind; hit; detail=memory\r\nContent-Length: 3\r\nX-A: b\r\n\r\n";
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router(&handed(head, b"abc")).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut connection = Connection::open(address).await.unwrap();
        let request = Client::new(address, &shape::Client::default()).request("/v1/x/search?q=y");
        let (answer, reusable) = connection.exchange(&request.0, Body::Kept).await.unwrap();
        assert_eq!((answer.head.status, answer.body.as_slice(), reusable), (200, b"abc".as_slice(), true));
        let head = String::from_utf8(connection.last_head().to_vec()).unwrap();
        assert!(head.contains("x-a: b\r\n") && head.contains("cache-status: storefind; hit"), "{head}");
        assert_eq!(head.to_lowercase().matches("content-length").count(), 1);
    }

    #[test]
    fn half_an_answer_is_refused() {
        assert!(router(b"").is_err());
        assert!(router(&handed("HTTP/1.1 200 OK\r\n\r\n", b"")[..8]).is_err());
    }
}
