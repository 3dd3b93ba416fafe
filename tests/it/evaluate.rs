//! `storefind evaluate` as a person runs it: over a stopped server's folder and over a running server.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use storefind::demo;
use tempfile::TempDir;

/// Enough for several laptops, teas and T-shirts to be among them.
const PRODUCTS: u64 = 400;
/// Query, and the beginning of the category whose products answer it.
const QUERIES: [(&str, &str); 4] = [
    ("laptop", "Electronics > Computers > Laptops"),
    ("cotton t-shirt", "Clothing & Shoes"),
    ("tea", "Grocery > Drinks > Tea"),
    ("flying carpet", "Carpets"),
];
/// The project's reference for the figures.
const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/tools/ndcg.py");

/// A folder with a configuration, a catalog imported from a file, and judgments.
struct Folder {
    dir: TempDir,
}

impl Folder {
    fn with_catalog() -> Self {
        let folder = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(folder.path("storefind.toml"), "[catalogs.shop]\nlanguage = \"english\"\n").unwrap();
        let mut feed = String::new();
        let mut judgments = "query,docid,rating\n".to_owned();
        for product in demo::products(PRODUCTS) {
            feed.push_str(&Value::Object(product.to_json()).to_string());
            feed.push('\n');
            for (query, category) in QUERIES {
                // Some stay unjudged, as in life.
                if !product.id.ends_with('7') {
                    let rating = if product.categories[0].starts_with(category) { 3 } else { 0 };
                    writeln!(judgments, "{query},{},{rating}", product.id).unwrap();
                }
            }
        }
        std::fs::write(folder.path("shop.jsonl"), feed).unwrap();
        std::fs::write(folder.path("judgments.csv"), judgments).unwrap();
        let imported = folder.run(&["import", "shop", "shop.jsonl"]);
        assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_storefind"));
        command.args(arguments).current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs an evaluation that must succeed: its report and its run.
    fn evaluate(&self, run_file: &str, more: &[&str]) -> (String, Value) {
        let arguments = [&["evaluate", "shop", "judgments.csv", "--run-file", run_file], more].concat();
        let output = self.run(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let run = serde_json::from_slice(&std::fs::read(self.path(run_file)).unwrap()).unwrap();
        (String::from_utf8(output.stdout).unwrap(), run)
    }
}

/// `storefind serve` on a free port.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(folder: &Folder) -> Self {
        let mut command = folder.command(&["serve"]);
        command.env("STOREFIND_LISTEN", "127.0.0.1:0").env("STOREFIND_LOGGING__FORMAT", "json").stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.by_ref().find_map(|line| {
            let (_, rest) = line.split_once("127.0.0.1:")?;
            Some(format!("127.0.0.1:{}", rest.chars().take_while(char::is_ascii_digit).collect::<String>()))
        });
        // Nobody reads on: without this a full pipe would stop the server.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.expect("the server says where it listens");
        Self { process, url: format!("http://{address}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn a_folder_and_a_server_give_the_same_figures_and_those_of_the_reference() {
    assert!(Path::new(REFERENCE).exists(), "{REFERENCE} is missing: this test compares with it");
    let folder = Folder::with_catalog();
    let (local_report, local_run) = folder.evaluate("local.json", &[]);
    let (remote_report, remote_run) = {
        let server = Server::start(&folder);
        folder.evaluate("remote.json", &["--url", &server.url])
    };
    assert_eq!(local_run, remote_run);
    assert_eq!(local_report, remote_report);
    assert!(local_run["tea"].as_array().is_some_and(|ids| !ids.is_empty()), "{local_run}");

    let output = Command::new("python3")
        .args([REFERENCE, "judgments.csv", "--", "local.json"])
        .current_dir(folder.dir.path())
        .output()
        .expect("python3 runs; install the package python3");
    let reference = String::from_utf8(output.stdout).unwrap();
    let figure = |after: &str| {
        let (_, rest) = reference.split_once(after).unwrap_or_else(|| panic!("no `{after}` in {reference}"));
        rest.split_whitespace().next().unwrap().to_owned()
    };
    for (line, value) in [("nDCG@10 strict", figure("ndcg@10")), ("nDCG@10 condensed", figure("condensed"))] {
        let shown = local_report.lines().find(|shown| shown.starts_with(line));
        assert!(shown.is_some_and(|shown| shown.contains(&value)), "{line} is not {value} in\n{local_report}");
    }
}

#[test]
fn bad_arguments_are_told_apart_from_failures() {
    let folder = Folder::with_catalog();
    let check = |arguments: &[&str], status: i32, says: &str| {
        let output = folder.run(&[&["evaluate"], arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    };
    check(&["shop", "nowhere.csv"], 2, "nowhere.csv");
    check(&["store", "judgments.csv"], 2, "catalog `store`");
    check(&["shop", "judgments.csv", "--url", "shop.example"], 2, "--url");
    // A port that nothing listens on: 1 is kept for a service that no longer exists.
    check(&["shop", "judgments.csv", "--url", "http://127.0.0.1:1"], 1, "search for `laptop` failed");
}
