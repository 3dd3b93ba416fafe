//! A Storefind server with the demo catalog, as its own process.
//!
//! Owns the process and its data directory; both are gone when a [`Shop`] is dropped.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long the shop may take until all its products are found: a debug build on a loaded machine needs a tenth of it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked.
const POLL: Duration = Duration::from_millis(50);

/// A running `storefind demo`.
#[derive(Debug)]
pub struct Shop {
    process: Child,
    url: String,
    // Behind the process: removed when nothing writes to it any more.
    _data: TempDir,
}

impl Shop {
    /// Starts a demo of `products` products on a free port and returns when a search finds all of them.
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
        let shop = Self { process, url, _data: data };
        shop.wait_until_filled(products);
        shop
    }

    fn wait_until_filled(&self, products: u32) {
        let deadline = Instant::now() + PATIENCE;
        let found = format!("\"total\":{products},");
        loop {
            let answer = ureq::get(&format!("{}/v1/demo/search?per_page=0", self.url)).call();
            let body = answer.and_then(|mut answer| answer.body_mut().read_to_string());
            if body.as_ref().is_ok_and(|body| body.contains(&found)) {
                return;
            }
            assert!(Instant::now() < deadline, "the demo was not filled in time, it last answered {body:?}");
            std::thread::sleep(POLL);
        }
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
