//! A client of one server: kept connections, taken in turn.
//!
//! Owns the pool and the time limit of a request. It refuses to limit how many requests run at one time, to record
//! anything, and to follow redirects.
//!
//! It is made of a socket and a parser because the generator shares the machine with what it measures: hyper's client
//! passes every request through a second task and two channels.
//!
//! Invariant: a connection whose last answer was not read to its end is never used again.

pub(crate) mod answer;
pub(crate) mod connection;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) use answer::{Answer, Body, CacheStatus, Head, Tier};
use connection::Connection;

use crate::scenario::{Keys, Secret, shape};

/// Idle connections kept at most: those of a burst, without holding a server's connections forever.
const IDLE_MAX: usize = 1_024;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Failure {
    /// The cap of requests in flight was reached; nothing was sent.
    Dropped,
    /// The server did not accept a connection.
    Connect,
    /// The connection ended before the answer did.
    Closed,
    /// What came was not an HTTP answer.
    Malformed,
    TimedOut,
}

impl Failure {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Dropped => "dropped: over the cap of requests in flight",
            Self::Connect => "no connection",
            Self::Closed => "connection closed before the answer",
            Self::Malformed => "not an HTTP answer",
            Self::TimedOut => "no answer within the time limit",
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::error::Error for Failure {}

/// With which key a request is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    /// Searches and autocompletes.
    Search,
    /// Changes, and the export.
    Write,
    /// Statistics.
    Admin,
}

/// A request as bytes, ready to be written.
#[derive(Debug)]
pub(crate) struct Request(pub(crate) Vec<u8>);

#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    /// Header lines of every search.
    headers: String,
    /// The header line of the key of each access; empty without one.
    authorization: [String; 3],
    timeout: Duration,
    idle: RefCell<VecDeque<Connection>>,
    /// Connections opened so far.
    opened: Cell<u64>,
    /// Requests sent again on another connection so far.
    sent_again: Cell<u64>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, settings: &shape::Client) -> Self {
        let mut headers = format!("Host: {address}\r\nUser-Agent: storefind-loadtest\r\n");
        if !settings.accept_encoding.is_empty() {
            let _ = write!(headers, "Accept-Encoding: {}\r\n", settings.accept_encoding);
        }
        Self {
            address,
            headers,
            authorization: Default::default(),
            timeout: Duration::from_millis(settings.timeout_ms),
            idle: RefCell::default(),
            opened: Cell::default(),
            sent_again: Cell::default(),
        }
    }

    /// Sends these keys from now on.
    pub(crate) fn with_keys(mut self, keys: &Keys) -> Self {
        let line = |key: &Option<Secret>| key.as_ref().map_or_else(String::new, authorization);
        self.authorization = [line(&keys.search), line(&keys.write), line(&keys.admin)];
        let search = &self.authorization[Access::Search as usize];
        self.headers.push_str(search);
        self
    }

    /// Opens connections before they are needed; those that are open already are closed.
    pub(crate) async fn open(&self, connections: usize) -> Result<(), Failure> {
        self.idle.borrow_mut().clear();
        for _ in 0..connections {
            let connection = self.connect().await?;
            self.idle.borrow_mut().push_back(connection);
        }
        Ok(())
    }

    pub(crate) fn opened(&self) -> u64 {
        self.opened.get()
    }

    pub(crate) fn sent_again(&self) -> u64 {
        self.sent_again.get()
    }

    /// A `GET` of a path and query.
    pub(crate) fn request(&self, target: &str) -> Request {
        let mut bytes = Vec::with_capacity(target.len() + self.headers.len() + 20);
        for part in ["GET ", target, " HTTP/1.1\r\n", &self.headers, "\r\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
        Request(bytes)
    }

    /// A `GET` whose answer is meant to be read: not compressed.
    pub(crate) fn plain_request(&self, access: Access, target: &str) -> Request {
        let key = &self.authorization[access as usize];
        Request(format!("GET {target} HTTP/1.1\r\nHost: {}\r\n{key}\r\n", self.address).into_bytes())
    }

    /// A `POST` of NDJSON.
    pub(crate) fn post_request(&self, target: &str, lines: &[u8]) -> Request {
        let mut bytes = format!(
            "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n{}\r\n",
            self.address,
            lines.len(),
            self.authorization[Access::Write as usize]
        )
        .into_bytes();
        bytes.extend_from_slice(lines);
        Request(bytes)
    }

    pub(crate) async fn get(&self, access: Access, target: &str) -> Result<Answer, Failure> {
        self.send(&self.plain_request(access, target), Body::Kept).await
    }

    /// Sends a request and reads the whole answer. Dropping the future closes the connection.
    pub(crate) async fn send(&self, request: &Request, body: Body) -> Result<Answer, Failure> {
        match tokio::time::timeout(self.timeout, self.exchange(request, body)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::TimedOut),
        }
    }

    async fn exchange(&self, request: &Request, body: Body) -> Result<Answer, Failure> {
        loop {
            let kept = self.idle.borrow_mut().pop_front();
            let was_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            match connection.exchange(&request.0, body).await {
                Ok((answer, reusable)) => {
                    let mut idle = self.idle.borrow_mut();
                    if reusable && idle.len() < IDLE_MAX {
                        idle.push_back(connection);
                    }
                    return Ok(answer);
                }
                // The server had closed it while it was idle, as it may; nothing of an answer was lost.
                Err(Failure::Closed) if was_kept && connection.is_silent() => {
                    self.sent_again.set(self.sent_again.get() + 1);
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        self.opened.set(self.opened.get() + 1);
        Connection::open(self.address).await
    }
}

/// The header line of a key.
fn authorization(key: &Secret) -> String {
    format!("Authorization: Bearer {}\r\n", key.reveal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_has_the_key_of_its_access_and_no_other() {
        let key = |text: &str| Some(text.to_owned().into());
        let keys = Keys { search: key("s"), write: key("w"), admin: key("a") };
        let bare = Client::new(([127, 0, 0, 1], 1).into(), &shape::Client::default());
        assert!(!String::from_utf8(bare.request("/x").0).unwrap().contains("Authorization"));
        let client = bare.with_keys(&keys);
        for (request, key) in [
            (client.request("/x"), "s"),
            (client.plain_request(Access::Search, "/x"), "s"),
            (client.plain_request(Access::Write, "/x"), "w"),
            (client.plain_request(Access::Admin, "/x"), "a"),
            (client.post_request("/x", b""), "w"),
        ] {
            let text = String::from_utf8(request.0).unwrap();
            assert!(text.contains(&format!("\r\nAuthorization: Bearer {key}\r\n")), "{text}");
            assert_eq!(text.matches("Authorization").count(), 1);
            assert!(text.ends_with("\r\n\r\n"));
        }
    }
}
