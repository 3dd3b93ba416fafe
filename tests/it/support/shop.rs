//! A Storefind server with the demo catalog, as its own process.
//!
//! Owns the process and its data directory; both are gone when a [`Shop`] is dropped.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running `storefind demo`.
#[derive(Debug)]
pub struct Shop {
    process: Child,
    url: String,
    // Behind the process: removed when nothing writes to it any more.
    _data: TempDir,
}

impl Shop {
    /// Starts a demo of `products` products on a free port and returns when it says where it serves.
    pub fn start(products: u32) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory for the data");
        let mut process = Command::new(env!("CARGO_BIN_EXE_storefind"))
            .args(["demo", "--products", &products.to_string(), "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("storefind was built for this test");
        let mut lines = BufReader::new(process.stdout.take().expect("the output is piped")).lines();
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| address(&line));
        // Nobody reads on: without this a full pipe would stop the server.
        std::thread::spawn(move || lines.for_each(drop));
        let Some(url) = url else {
            let status = process.wait();
            panic!("`storefind demo` ended ({status:?}) without saying where it serves");
        };
        Self { process, url, _data: data }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn address(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("http://")?;
    let authority: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || ".:[]-".contains(*c)).collect();
    Some(format!("http://{authority}"))
}
