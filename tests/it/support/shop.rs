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
    products: u32,
    environment: Vec<(String, String)>,
    // Behind the process: removed when nothing writes to it any more.
    data: TempDir,
}

impl Shop {
    /// Starts a demo of `products` products on a free port and returns when a search finds all of them.
    pub fn start(products: u32) -> Self {
        Self::start_with(products, &[])
    }

    /// The same with further configuration, by variables of the environment.
    pub fn start_with(products: u32, environment: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory for the data");
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (process, url) = launch(products, "127.0.0.1:0", &data, &environment);
        let shop = Self { process, url, products, environment, data };
        shop.wait_until_filled(products);
        shop
    }

    /// Ends the process at once, as a crash would.
    pub fn stop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }

    /// Starts it again after [`Self::stop`], on the same port and over the same data.
    pub fn start_again(&mut self) {
        let address = self.url.strip_prefix("http://").expect("an address");
        (self.process, self.url) = launch(self.products, address, &self.data, &self.environment);
        self.wait_until_filled(self.products);
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
        self.stop();
    }
}

/// Starts the program and waits until it says where it serves.
fn launch(products: u32, listen: &str, data: &TempDir, environment: &[(String, String)]) -> (Child, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_storefind"))
        .args(["demo", "--products", &products.to_string(), "--listen", listen, "--data"])
        .arg(data.path())
        .envs(environment.iter().map(|(name, value)| (name, value)))
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
    (process, url)
}

fn address(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("http://")?;
    let authority: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || ".:[]-".contains(*c)).collect();
    Some(format!("http://{authority}"))
}
