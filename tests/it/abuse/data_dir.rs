//! A data folder that cannot be used, or not any more.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::cli::{Folder, check};
use crate::support::child::Running;
use crate::support::server::{Answer, until};

const LOG: &str = "data/catalogs/shop/log/log.db";
const INDEX: &str = "data/catalogs/shop/index/meta.json";
const NDJSON: &str = "Content-Type: application/x-ndjson";

/// A server in a process of its own.
struct Served {
    process: Running,
    address: String,
}

impl Served {
    /// Starts one.
    fn start(folder: &Folder) -> Self {
        // A write beyond a limit of the system is to fail, as on a full disk, and not to end the process.
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" serve", env!("CARGO_BIN_EXE_storefind")]);
        let (process, address) = Running::serving(shell.current_dir(folder.path()));
        Self { process, address }
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: shop\r\n{NDJSON}\r\nConnection: close\r\n");
        stream.write_all(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).expect("is sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("is answered");
        Answer::of(&bytes)
    }

    fn upload(&self, lines: &str) -> Answer {
        self.request("POST", "/v1/shop/products", lines)
    }

    fn ids(&self) -> Vec<String> {
        let export = self.request("GET", "/v1/shop/products?limit=10000", "").text();
        let products = export.lines().map(|line| serde_json::from_str::<Value>(line).expect("is JSON"));
        products.map(|product| product["id"].as_str().expect("is text").to_owned()).collect()
    }

    /// Lets no file become longer than this; `None` lifts it.
    fn limit_files(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(Pid::from_child(&self.process.0)), Resource::Fsize, limit).expect("a limit can be set");
    }
}

fn pots(ids: std::ops::Range<u32>) -> String {
    let text = "x".repeat(4_000);
    ids.map(|id| format!("{{\"id\":\"{id}\",\"title\":\"Pot\",\"description\":\"{text}\"}}\n")).collect()
}

/// A folder whose catalog holds one product.
fn shop() -> Folder {
    let folder = Folder::new();
    folder.write("kept.jsonl", "{\"id\":\"kept\",\"title\":\"Kettle\"}\n");
    check(&folder.run(&["import", "shop", "kept.jsonl"]), 0, &["1 accepted"]);
    folder
}

/// Every command refuses the folder with these words.
#[track_caller]
fn check_refused(folder: &Folder, parts: &[&str]) {
    for command in [&["serve"][..], &["import", "shop", "kept.jsonl"]] {
        check(&folder.run(command), 1, parts);
    }
}

#[test]
fn a_folder_that_cannot_be_had_is_named_with_the_reason() {
    let folder = Folder::new();
    folder.write("kept.jsonl", "");
    folder.write("file", "");
    std::os::unix::fs::symlink("circle", folder.path().join("circle")).unwrap();
    for (name, path, part) in [
        ("a file", "file", "exists"),
        ("a folder below a file", "file/data", "Not a directory"),
        ("links in a circle", "circle", "circle"),
        // Where even the superuser creates nothing.
        ("no permission", "/sys/storefind", "/sys/storefind cannot be used"),
    ] {
        for command in [&["serve"][..], &["import", "shop", "kept.jsonl"]] {
            let output = folder.command(command).env("STOREFIND_DATA_DIR", path).output().unwrap();
            check(&output, 1, &["the data folder", path, part]);
            assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{name}");
        }
    }
}

#[test]
fn a_log_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = shop();
    let set_format = |format: i64| {
        let log = rusqlite::Connection::open(folder.path().join(LOG)).unwrap();
        let changed = log.execute("UPDATE meta SET value = ? WHERE name = 'format'", [format]).unwrap();
        assert_eq!(changed, 1);
    };
    set_format(99);
    check_refused(&folder, &["catalog `shop` cannot be opened", "format 99", "this program reads 2"]);
    set_format(2);
    assert_eq!(Served::start(&folder).ids(), ["kept"]);
}

#[test]
fn an_index_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = shop();
    let path = folder.path().join(INDEX);
    let before = fs::read_to_string(&path).unwrap();
    let mut meta: Value = serde_json::from_str(&before).unwrap();
    let mut payload: Value = serde_json::from_str(meta["payload"].as_str().unwrap()).unwrap();
    payload["format"] = json!(9_999);
    meta["payload"] = json!(payload.to_string());
    let newer = meta.to_string();
    fs::write(&path, &newer).unwrap();
    check_refused(&folder, &["catalog `shop` cannot be opened", "format 9999"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
    fs::write(&path, before).unwrap();
    assert_eq!(Served::start(&folder).ids(), ["kept"]);
}

#[test]
fn a_log_that_is_none_is_refused_and_left_as_it_is() {
    for (name, bytes, part) in [
        ("noise", vec![7_u8; 1 << 16], "holds no log that this program can read"),
        ("nothing", Vec::new(), "damaged"),
        ("zeros", vec![0_u8; 1 << 16], "catalogs/shop/log"),
    ] {
        let folder = shop();
        let path = folder.path().join(LOG);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &bytes).unwrap();
        check_refused(&folder, &["catalog `shop` cannot be opened", "catalogs/shop/log", part]);
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
        fs::write(&path, whole).unwrap();
        assert_eq!(Served::start(&folder).ids(), ["kept"], "{name}");
    }
}

#[test]
fn a_full_disk_refuses_writes_goes_on_answering_and_loses_nothing() {
    let folder = shop();
    let server = Served::start(&folder);
    until("the product is found", || server.request("GET", "/v1/shop/search?q=kettle", "").json()["total"] == 1);
    server.limit_files(Some(8 << 10));
    let refused = server.upload(&pots(0..500));
    assert_eq!(refused.error(), (503, "write_failed".into()), "{}", refused.text());
    assert_eq!((&refused.json()["accepted"], refused.header("retry-after").is_some()), (&json!(0), true));
    assert!(!refused.text().contains("data"), "a 5xx tells no paths: {}", refused.text());
    assert_eq!(server.ids(), ["kept"]);
    assert_eq!(server.request("GET", "/v1/shop/search?q=kettle&per_page=3", "").json()["total"], 1);
    server.limit_files(None);
    let accepted = server.upload(&pots(0..500));
    assert_eq!((accepted.status, &accepted.json()["accepted"]), (202, &json!(500)), "{}", accepted.text());
    drop(server);
    assert_eq!(Served::start(&folder).ids().len(), 501);
}
