//! A real browser for tests: starts chromedriver on a port of its own choice and drives a headless Chromium.
//!
//! Owns both programs and their files: when a [`Browser`] is dropped, also by a failing test, the session is closed,
//! chromedriver is killed and the profile removed. It refuses to know the page under test.
//!
//! Invariant: a condition is waited for under [`PATIENCE`], never slept for; what a test waited for in vain is named
//! in the panic together with what the page showed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a condition may take. A debug build on a loaded machine indexes and answers within a fraction of this.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is asked for.
const POLL: Duration = Duration::from_millis(40);
/// What to install when a program is missing.
const PACKAGES: &str = "install the Debian packages `chromium` and `chromium-driver`";

/// Chromium with one window, and the chromedriver that steers it.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    session: String,
    driver: Driver,
    // Behind the others: removed when the programs that write to it are gone.
    _profile: TempDir,
}

/// Width and height of the page in CSS pixels.
#[derive(Debug, Clone, Copy)]
pub struct Viewport {
    pub width: u32,
    pub height: u32,
}

impl Browser {
    /// Starts chromedriver and Chromium with an empty profile.
    ///
    /// # Panics
    /// If a program is missing; the message names the packages.
    pub async fn start(viewport: Viewport) -> Self {
        let driver = Driver::start();
        let profile = tempfile::tempdir().expect("a temporary directory for the browser's profile");
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--disable-dev-shm-usage".into(),
            "--disable-quic".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            // What slides into place would be clicked where it no longer is.
            "--force-prefers-reduced-motion".into(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let capabilities = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": arguments },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object was written above") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url)
            .await
            .unwrap_or_else(|error| panic!("chromedriver could not start Chromium ({error}); {PACKAGES}"));
        let session = client.session_id().await.expect("chromedriver answers").expect("a session has an id");
        let browser = Self { client, session, driver, _profile: profile };
        browser.resize(viewport);
        browser
    }

    /// Makes the page this large. Headless windows have a least width, the emulated screen has none.
    pub fn resize(&self, viewport: Viewport) {
        let Viewport { width, height } = viewport;
        let parameters = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.post("goog/cdp/execute", &json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": parameters }));
    }

    /// Shows pages as this medium (`screen`, `print`) and to someone who prefers this scheme (`light`, `dark`).
    pub fn show_as(&self, medium: &str, scheme: &str) {
        let features = [json!({ "name": "prefers-color-scheme", "value": scheme })];
        let parameters = json!({ "media": medium, "features": features });
        self.post("goog/cdp/execute", &json!({ "cmd": "Emulation.setEmulatedMedia", "params": parameters }));
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("open {url}: {error}"));
    }

    /// The value of a JavaScript expression.
    pub async fn value(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.client.execute(&script, Vec::new()).await.unwrap_or_else(|error| panic!("`{expression}`: {error}"))
    }

    /// The value of a JavaScript expression as text.
    pub async fn text(&self, expression: &str) -> String {
        match self.value(expression).await {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// Waits until a JavaScript expression is true.
    ///
    /// # Panics
    /// If it is not within [`PATIENCE`]: `claim` says what was expected.
    pub async fn until(&self, claim: &str, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        let asked = format!("Boolean({expression})");
        while self.value(&asked).await != Value::Bool(true) {
            if Instant::now() > deadline {
                let address = self.text("location.href").await;
                let page = self.text("document.body.innerText.slice(0, 1500)").await;
                panic!("{claim}: `{expression}` never held at {address}; the page says:\n{page}");
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Types into the element that a selector finds; keys of `fantoccini::key` are characters too.
    pub async fn keys(&self, selector: &str, keys: &str) {
        let element = self.client.find(Locator::Css(selector)).await.unwrap_or_else(|e| panic!("{selector}: {e}"));
        element.send_keys(keys).await.unwrap_or_else(|error| panic!("type into {selector}: {error}"));
    }

    /// Clicks the element that a selector finds, as a person would: it must be visible and not covered.
    pub async fn click(&self, selector: &str) {
        let element = self.client.find(Locator::Css(selector)).await.unwrap_or_else(|e| panic!("{selector}: {e}"));
        element.click().await.unwrap_or_else(|error| panic!("click {selector}: {error}"));
    }

    /// Chooses an option of a `<select>`.
    pub async fn choose(&self, selector: &str, option: &str) {
        let element = self.client.find(Locator::Css(selector)).await.unwrap_or_else(|e| panic!("{selector}: {e}"));
        element.select_by_value(option).await.unwrap_or_else(|error| panic!("{option} in {selector}: {error}"));
    }

    /// The browser's back button.
    pub async fn back(&self) {
        self.client.back().await.expect("the browser goes back");
    }

    /// What has been written to the console since the last call: errors, refused requests, content-policy violations.
    pub fn console_errors(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().expect("the log is a list");
        let loud = entries.iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        loud.map(|entry| entry["message"].to_string()).collect()
    }

    /// Role and name of everything that assistive technology is told of, as Chromium computes them.
    pub fn accessible_nodes(&self) -> Vec<(String, String)> {
        let tree = self.post("goog/cdp/execute", &json!({ "cmd": "Accessibility.getFullAXTree", "params": {} }));
        let nodes = tree["nodes"].as_array().expect("the tree is a list of nodes");
        let told = nodes.iter().filter(|node| node["ignored"] == false);
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        told.map(|node| (text(&node["role"]), text(&node["name"]))).collect()
    }

    // The commands that fantoccini does not know. Blocking, which is fine on a machine-local socket in a test.
    fn post(&self, command: &str, body: &Value) -> Value {
        let url = format!("{}/session/{}/{command}", self.driver.url, self.session);
        let answer = ureq::post(&url).header("Content-Type", "application/json").send(body.to_string());
        let text = answer.and_then(|mut a| a.body_mut().read_to_string()).unwrap_or_else(|e| panic!("{command}: {e}"));
        let mut value: Value = serde_json::from_str(&text).expect("chromedriver answers JSON");
        value["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium is chromedriver's child, not ours: only closing the session ends it.
        let url = format!("{}/session/{}", self.driver.url, self.session);
        drop(ureq::delete(&url).config().timeout_global(Some(Duration::from_secs(10))).build().call());
    }
}

/// How often chromedriver is started before the test gives up.
const STARTS_MAX: usize = 10;

/// A running chromedriver.
#[derive(Debug)]
struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    /// Starts it on a free port. It chooses one of IPv4 and then wants the same of IPv6, which another may hold by
    /// then; so it is tried again.
    fn start() -> Self {
        (0..STARTS_MAX).find_map(|_| Self::try_start()).unwrap_or_else(|| {
            panic!("`chromedriver` did not say in {STARTS_MAX} starts on which port it listens; {PACKAGES}")
        })
    }

    /// Starts it and reads from its greeting on which port.
    fn try_start() -> Option<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `chromedriver` ({error}); {PACKAGES}"));
        let mut lines = BufReader::new(process.stdout.take().expect("the output is piped")).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("started successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned())
            })
            .and_then(|port| port.parse::<u16>().ok());
        // Nobody reads on: without this a full pipe would stop chromedriver.
        std::thread::spawn(move || lines.for_each(drop));
        let mut driver = Self { process, url: String::new() };
        driver.url = format!("http://127.0.0.1:{}", port?);
        Some(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
