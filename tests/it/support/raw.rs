//! Redis and Memcached spoken to in their own words, over a connection that is kept.
//!
//! Owns as much of both protocols as it takes to read and write any bytes under a key, quickly enough to do so for every
//! byte of a value. It shares no code with the clients that the server uses.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use super::server::PATIENCE;
use super::servers::Process;

/// See the module.
pub struct Raw {
    stream: BufReader<TcpStream>,
    words: Words,
}

#[derive(Clone, Copy)]
enum Words {
    Redis,
    Memcached,
}

impl Raw {
    pub fn redis(server: &Process) -> Self {
        Self::connect(server, Words::Redis)
    }

    pub fn memcached(server: &Process) -> Self {
        Self::connect(server, Words::Memcached)
    }

    fn connect(server: &Process, words: Words) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_nodelay(true).expect("an option can be set");
        Self { stream: BufReader::new(stream), words }
    }

    /// Puts bytes under a key.
    pub fn set(&mut self, key: &str, value: &[u8]) {
        let said = match self.words {
            Words::Redis => {
                let head = format!("*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n${}\r\n", key.len(), value.len());
                self.say(&[head.as_bytes(), value, b"\r\n"]);
                self.line()
            }
            Words::Memcached => {
                self.say(&[format!("set {key} 0 0 {}\r\n", value.len()).as_bytes(), value, b"\r\n"]);
                self.line()
            }
        };
        assert!(matches!(&*said, "+OK" | "STORED"), "{said}");
    }

    /// The bytes under a key.
    pub fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        let length = match self.words {
            Words::Redis => {
                self.say(&[format!("*2\r\n$3\r\nGET\r\n${}\r\n{key}\r\n", key.len()).as_bytes()]);
                let said = self.line();
                match said.strip_prefix('$').map(str::parse) {
                    Some(Ok(length)) => length,
                    _ => {
                        assert_eq!(said, "$-1");
                        return None;
                    }
                }
            }
            Words::Memcached => {
                self.say(&[format!("get {key}\r\n").as_bytes()]);
                let said = self.line();
                let Some(found) = said.strip_prefix("VALUE ") else {
                    assert_eq!(said, "END");
                    return None;
                };
                found.rsplit(' ').next().and_then(|length| length.parse().ok()).expect("a length")
            }
        };
        let mut value: Vec<u8> = vec![0; length];
        self.stream.read_exact(&mut value).expect("it answers");
        assert_eq!(self.line(), "", "a value ends with its line");
        if let Words::Memcached = self.words {
            assert_eq!(self.line(), "END");
        }
        Some(value)
    }

    /// Sends a command of Redis that is one line, and returns the first line of what it says.
    pub fn command(&mut self, line: &str) -> String {
        self.say(&[line.as_bytes(), b"\r\n"]);
        self.line()
    }

    /// The next line.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.stream.read_line(&mut line).expect("it answers") > 0, "it closed the connection");
        line.trim_end_matches(['\r', '\n']).to_owned()
    }

    fn say(&mut self, parts: &[&[u8]]) {
        self.stream.get_mut().write_all(&parts.concat()).expect("it reads");
    }
}
