//! `storefind evaluate` as a person runs it: over a stopped server's folder and over a running server.

pub mod folder;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use folder::Folder;
use serde_json::Value;

/// How long suggestions may take. A debug build on a loaded machine has them within a fraction of this.
const PATIENCE: Duration = Duration::from_secs(60);
/// The project's reference for the figures.
const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/tools/ndcg.py");

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

    /// Suggestions are built behind the start.
    fn until_it_suggests(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = ureq::get(format!("{}/v1/shop/autocomplete?q=l", self.url)).call().unwrap();
            let answer: Value = serde_json::from_reader(answer.into_body().into_reader()).unwrap();
            if answer["suggestions"].as_array().is_some_and(|list| !list.is_empty()) {
                return;
            }
            assert!(Instant::now() < deadline, "no suggestions: {answer}");
            std::thread::sleep(Duration::from_millis(20));
        }
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
    let run = |file: &str, more: &[&str]| {
        let report = folder.evaluate(&[&["judgments.csv", "--run-file", file], more].concat());
        (report, folder.json(file))
    };
    let (local_report, local_run) = run("local.json", &[]);
    let (remote_report, remote_run) = {
        let server = Server::start(&folder);
        run("remote.json", &["--url", &server.url])
    };
    assert_eq!(local_run, remote_run);
    assert_eq!(local_report, remote_report);
    assert!(local_run["tea"].as_array().is_some_and(|ids| !ids.is_empty()), "{local_run}");

    let output = Command::new("python3")
        .args([REFERENCE, "judgments.csv", "--", "local.json"])
        .current_dir(folder.dir())
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
    check(&["shop", "queries.jsonl", "--run-file", "run.json"], 2, "--run-file is for judgments");
    check(&["shop", "judgments.csv", "--setting", "nowhere.json"], 2, "`plain` and `text` are known by name");
    check(&["shop", "judgments.csv", "--pictures"], 2, "--html");
    let url = ["--url", "http://127.0.0.1:1"];
    // The settings of a running server are the shop's.
    check(&["shop", "judgments.csv", "--setting", "plain", url[0], url[1]], 2, "cannot be used with");
    check(&["shop", "judgments.csv", "--ablate", url[0], url[1]], 2, "cannot be used with");
    check(&["shop", "judgments.csv", "--against", "plain", url[0], url[1]], 2, "compared with another one only");
    std::fs::write(folder.path("german.json"), "{\"language\":\"german\"}").unwrap();
    check(&["shop", "judgments.csv", "--against", "german.json"], 2, "another language");
    std::fs::write(folder.path("bad.jsonl"), "{\"query\":\"tea\"}\n{}\n").unwrap();
    check(&["shop", "bad.jsonl"], 2, "line 2: missing field `query`");
    // A port that nothing listens on: 1 is kept for a service that no longer exists.
    check(&["shop", "judgments.csv", "--url", "http://127.0.0.1:1"], 1, "search for `laptop` failed");
}

#[test]
fn two_settings_stand_side_by_side() {
    let folder = Folder::with_catalog();
    let files = ["--html", "page.html", "--json", "all.json"];
    let said = folder.evaluate(&[&["judgments.csv", "--against", "plain", "--ablate"], files.as_slice()].concat());
    assert!(said.contains("compared with plain") && said.contains("nDCG@10 condensed by fold"), "{said}");
    assert!(said.contains("what each part gives"), "{said}");
    let all = folder.json("all.json");
    let [strict, condensed, ..] = all["comparison"]["figures"].as_array().unwrap().as_slice() else {
        panic!("figures: {all}")
    };
    assert_eq!(
        (strict["name"].as_str(), condensed["name"].as_str()),
        (Some("nDCG@10 strict"), Some("nDCG@10 condensed"))
    );
    assert_eq!(strict["after"], all["measured"]["report"]["summary"]["ndcg_strict"]);
    assert_eq!(strict["before"], all["measured"]["baseline"]["summary"]["ndcg_strict"]);
    let queries = all["measured"]["report"]["queries"].as_array().unwrap();
    assert_eq!(queries.len(), 4);
    assert!(queries.iter().any(|query| query["page"]["shown"][0]["verdict"]["rated"] == 3), "{all}");

    let page = std::fs::read_to_string(folder.path("page.html")).unwrap();
    assert!(page.contains("Before: plain") || page.contains("The same on both sides"), "{page}");

    // Settings of one's own: nothing but brands is searched heavily, so something moves or stays, but nothing fails.
    let settings = r#"{"searchable":{"title":1,"brand":9,"categories":1,"sku":1,"attributes":1,"description":1}}"#;
    std::fs::write(folder.path("mine.json"), settings).unwrap();
    let said = folder.evaluate(&["judgments.csv", "--setting", "mine.json", "--against", "text"]);
    assert!(said.contains("compared with text"), "{said}");
}

#[test]
fn a_set_of_queries_is_measured_alike_at_rest_and_over_http() {
    let folder = Folder::with_catalog();
    let more = ["queries.jsonl", "--typos", "7", "--completions"];
    let local = folder.evaluate(&[more.as_slice(), &["--json", "local.json"]].concat());
    let all = folder.json("local.json");
    for part in ["precision@10 ", "zero-result rate", "typing errors, seed 7", "suggested while it is typed"] {
        assert!(local.contains(part), "no `{part}` in\n{local}");
    }
    // Nothing here is a carpet or a tea, so those two are left out of the precision.
    let queries = all["measured"]["report"]["queries"].as_array().unwrap();
    let judged: Vec<_> = queries.iter().filter(|query| query["precision"].is_number()).collect();
    assert_eq!(judged.len(), 3, "{queries:#?}");
    assert!(all["completions"]["n_known"].as_u64() >= Some(1), "the name of a category is suggested: {local}");
    assert!(judged.iter().any(|query| query["precision"].as_f64() > Some(0.5)), "{judged:#?}");
    let (remote, itself) = {
        let server = Server::start(&folder);
        server.until_it_suggests();
        let url = ["--url", server.url.as_str()];
        let itself = [&["judgments.csv", "--against", &server.url, "--json", "itself.json"], url.as_slice()].concat();
        (folder.evaluate(&[more.as_slice(), &url].concat()), folder.evaluate(&itself))
    };
    assert_eq!(local, remote);
    assert!(itself.contains("compared with http://"), "{itself}");
    assert_eq!(folder.json("itself.json")["comparison"]["changed"], serde_json::json!([]));
}
