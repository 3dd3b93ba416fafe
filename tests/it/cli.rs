//! The commands as a user runs them: output, exit status, signals.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::support::child::Running;
use crate::support::server::{TestServer, until};

const CONFIG: &str = "listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\nfreshness_bound = \"100ms\"\n[catalogs.shop]\n";

/// A working folder with a configuration.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.write("storefind.toml", CONFIG);
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("a file");
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_storefind"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("storefind was built for this test")
    }
}

#[track_caller]
pub fn check(output: &Output, status: i32, parts: &[&str]) {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn bad_arguments_and_configurations_exit_with_2() {
    let folder = Folder::new();
    folder.write(
        "bad.toml",
        "lisen = \"127.0.0.1:1\"\nfreshness_bound = \"soon\"\n[cache.redis]\nurl = \"redis://:hunter2@a:0\"\n",
    );
    folder.write("empty.toml", "");
    check(&folder.run(&[]), 2, &["Usage"]);
    check(&folder.run(&["fly"]), 2, &["fly"]);
    check(&folder.run(&["rebuild"]), 2, &["CATALOG"]);
    check(
        &folder.run(&["check-config", "bad.toml"]),
        2,
        &[
            "3 problems",
            "bad.toml:1: lisen",
            "did you mean `listen`",
            "bad.toml:2: freshness_bound = \"soon\"",
            "bad.toml:4: cache.redis.url",
        ],
    );
    let output = folder.run(&["check-config", "bad.toml"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"));
    check(&folder.run(&["check-config", "missing.toml"]), 2, &["missing.toml"]);
    check(&folder.run(&["serve", "--config", "empty.toml"]), 2, &["names no catalog"]);
    check(&folder.run(&["import", "nothing", "x.jsonl"]), 2, &["no catalog `nothing`"]);
    check(&folder.run(&["import", "shop", "x.jsonl", "--replace=maybe"]), 2, &["--replace", "maybe"]);
    check(
        &folder.run(&["import", "shop", "-", "--replace", "--url", "http://127.0.0.1:9"]),
        2,
        &["cannot take standard input"],
    );
    check(&folder.run(&["restore", "x", "--url", "http://127.0.0.1:9"]), 2, &["--url", "stop it"]);
    check(&folder.run(&["backup", "x", "--url", "ftp://a"]), 2, &["ftp://a"]);
    check(&folder.run(&["import", "shop", "x.jsonl", "--url", "ftp://a"]), 2, &["ftp://a"]);
    check(&folder.run(&["demo", "--listen", "0.0.0.0:7700"]), 2, &["--listen: listen", "loopback"]);
    check(&folder.run(&["demo", "--products", "0"]), 2, &["--products"]);
    let mistyped = folder.command(&["check-config"]).env("STOREFIND_LISTN", "127.0.0.1:1").output().expect("runs");
    check(&mistyped, 2, &["did you mean STOREFIND_LISTEN"]);
}

#[test]
fn a_good_configuration_exits_with_0_and_can_be_printed() {
    let folder = Folder::new();
    check(&folder.run(&["check-config"]), 0, &["storefind.toml: no problem", "shop"]);
    let output =
        folder.command(&["serve", "--print-config"]).env("STOREFIND_DATA_DIR", "other").output().expect("runs");
    check(&output, 0, &["data_dir = \"other\"  # STOREFIND_DATA_DIR", "listen = \"127.0.0.1:0\"  # storefind.toml:1"]);
    folder.write("printed.toml", &String::from_utf8_lossy(&output.stdout));
    check(&folder.run(&["check-config", "printed.toml"]), 0, &[]);
}

#[test]
fn an_import_reports_what_was_rejected_and_strict_makes_it_a_failure() {
    let folder = Folder::new();
    folder.write("a.jsonl", "{\"id\":\"1\",\"title\":\"Kettle\"}\nnonsense\n{\"id\":\"2\"}\n");
    folder.write("b.csv", "id,title\n3,Pot\n");
    check(
        &folder.run(&["import", "shop", "a.jsonl", "b.csv"]),
        0,
        &[
            "shop: 2 accepted, 2 rejected, sequence 3",
            "a.jsonl:2: invalid_json",
            "a.jsonl:3 (id 2): missing_title",
            "all searchable",
        ],
    );
    check(&folder.run(&["import", "shop", "a.jsonl", "--strict"]), 1, &["1 accepted, 2 rejected", "--strict"]);
    check(&folder.run(&["import", "shop", "missing.jsonl"]), 1, &["missing.jsonl"]);
}

#[test]
fn an_import_reads_standard_input() {
    let folder = Folder::new();
    let mut process = folder
        .command(&["import", "shop", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    process.stdin.take().expect("is piped").write_all(b"[{\"id\":1,\"title\":\"Kettle\"}]").expect("is read");
    check(&process.wait_with_output().expect("ends"), 0, &["1 accepted, 0 rejected"]);
}

#[test]
fn an_import_into_a_running_server_names_the_lines_of_the_file() {
    let folder = Folder::new();
    let server = TestServer::with("catalogs.shop.feed = { title = \"name\", sku = \"part\" }");
    let rows: String = (1..=2_500).map(|id| format!("{id},\"Kettle\n{id}\",12E4\n")).collect();
    folder.write("a.csv", &format!("id,name,part\n{rows}2501,,x\n"));
    folder.write("b.json", "[{\"id\":\"j\",\"name\":\"Pot\",\"junk\":1}]");
    let output = folder.run(&["import", "shop", "a.csv", "b.json", "--url", &server.url()]);
    check(&output, 0, &["2501 accepted, 1 rejected", "a.csv:5002 (id 2501): missing_title", "ignored"]);
    assert_eq!(server.get("/v1/shop/search?per_page=0").json()["total"], 2_501);
    // Read as the mapping says: an article number is text, however much it looks like a number.
    assert_eq!(server.get("/v1/shop/products/7").json()["product"]["sku"], "12E4");
    folder.write("export.jsonl", &server.get("/v1/shop/products?limit=10").text());
    let output = folder.run(&["import", "shop", "export.jsonl", "--no-feed", "--url", &server.url(), "--strict"]);
    check(&output, 0, &["10 accepted, 0 rejected"]);
    check(&folder.run(&["import", "none", "b.json", "--url", &server.url()]), 1, &["404", "no catalog `none`"]);
}

#[test]
fn an_import_without_a_server_says_so() {
    let folder = Folder::new();
    folder.write("a.jsonl", "{\"id\":\"1\",\"title\":\"Kettle\"}\n");
    // Nothing listens on the discard port of a loopback address.
    check(
        &folder.run(&["import", "shop", "a.jsonl", "--url", "http://127.0.0.1:9"]),
        1,
        &["cannot reach http://127.0.0.1:9"],
    );
}

#[test]
fn a_server_serves_what_was_imported_holds_its_folder_and_ends_on_a_signal() {
    let folder = Folder::new();
    folder.write("a.jsonl", "{\"id\":\"1\",\"title\":\"Kettle\"}\n");
    check(&folder.run(&["import", "shop", "a.jsonl"]), 0, &["1 accepted"]);
    let mut process = Running(folder.command(&["serve"]).stderr(Stdio::piped()).spawn().expect("runs"));
    let mut log = BufReader::new(process.0.stderr.take().expect("is piped")).lines().map_while(Result::ok);
    let line = log.find(|line| line.contains("serving")).expect("the server says where it serves");
    let address =
        line.split_whitespace().find_map(|word| word.strip_prefix("address=")).expect("the address").to_owned();
    let search = format!("http://{address}/v1/shop/search?q=kettle");
    until("the product is found", || {
        let text = ureq::get(&search).call().ok().and_then(|mut answer| answer.body_mut().read_to_string().ok());
        text.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
            .is_some_and(|page| page["total"] == json!(1))
    });
    check(&folder.run(&["import", "shop", "a.jsonl"]), 1, &["in use by another storefind", "--url"]);
    let taken = folder.command(&["serve"]).env("STOREFIND_LISTEN", &address).output().expect("runs");
    check(&taken, 1, &["cannot listen on", &address]);
    let stopped = Command::new("kill").args(["-TERM", &process.0.id().to_string()]).status().expect("kill runs");
    assert!(stopped.success());
    assert_eq!(process.0.wait().expect("ends").code(), Some(0));
    let rest: Vec<String> = log.collect();
    assert!(rest.iter().any(|line| line.contains("stopped")), "{rest:?}");
    check(&folder.run(&["import", "shop", "a.jsonl"]), 0, &["1 accepted"]);
}

fn kettles(ids: std::ops::Range<u32>) -> String {
    ids.map(|id| format!("{{\"id\":\"{id}\",\"title\":\"Kettle {id}\"}}\n")).collect()
}

#[test]
fn a_replacing_import_removes_what_the_files_lack() {
    let folder = Folder::new();
    folder.write("all.jsonl", &kettles(0..10));
    folder.write("seven.jsonl", &kettles(0..7));
    folder.write("three.jsonl", &kettles(0..3));
    folder.write("bad.jsonl", &format!("{}nonsense\n", kettles(0..6)));
    folder.write("broken.json", "[{\"id\":\"1\",\"title\":\"Kettle\"},");
    check(
        &folder.run(&["import", "shop", "all.jsonl", "--replace"]),
        0,
        &["10 accepted", "0 product(s) that the files"],
    );
    check(
        &folder.run(&["import", "shop", "seven.jsonl", "--replace"]),
        0,
        &["7 accepted", "3 product(s) that the files"],
    );
    let refused = folder.run(&["import", "shop", "--replace", "three.jsonl"]);
    check(&refused, 1, &["3 accepted", "nothing was removed", "lack 4 of the 7", "--replace=force"]);
    let refused = folder.run(&["import", "shop", "bad.jsonl", "--replace"]);
    check(&refused, 1, &["6 accepted, 1 rejected", "nothing was removed", "1 line(s) were rejected"]);
    check(
        &folder.run(&["import", "shop", "broken.json", "--replace"]),
        1,
        &["in the middle of", "nothing was removed"],
    );
    let saved = folder.run(&["backup", "saved"]);
    check(&saved, 0, &["shop: saved through sequence"]);
    check(&folder.run(&["import", "shop", "three.jsonl", "--replace=force"]), 0, &["4 product(s) that the files"]);
    check(&folder.run(&["import", "shop", "bad.jsonl", "--replace=force"]), 0, &["0 product(s) that the files"]);
}

#[test]
fn a_replacing_import_into_a_running_server_does_the_same() {
    let folder = Folder::new();
    let server = TestServer::with("catalogs.shop.feed = { id = \"number\", title = \"name\" }");
    let rows = |ids: std::ops::Range<u32>| -> String { ids.map(|id| format!("{id},Kettle {id}\n")).collect() };
    folder.write("all.csv", &format!("number,name\n{}", rows(0..2_100)));
    folder.write("most.csv", &format!("number,name\n{}", rows(50..2_150)));
    folder.write("few.csv", &format!("number,name\n{}", rows(0..3)));
    folder.write("mapped.toml", "[catalogs.shop.feed]\nid = \"number\"\ntitle = \"name\"\n");
    let url = server.url();
    let import = |file: &str, more: &[&str]| {
        folder.run(&[&["import", "shop", file, "--url", &url, "--config", "mapped.toml"], more].concat())
    };
    check(&import("all.csv", &["--replace"]), 0, &["2100 accepted", "0 product(s) that the files"]);
    check(&import("few.csv", &["--replace"]), 1, &["3 accepted", "lack 2097 of the 2100", "nothing was removed"]);
    // The configuration here maps nothing, so it knows other ids than the server, or none.
    folder.write("few-named.csv", "id,number,title,name\nx,0,Kettle,Kettle 0\n");
    let blind = folder.run(&["import", "shop", "few-named.csv", "--url", &url, "--replace=force"]);
    check(&blind, 1, &["nothing was removed", "feed mapping", "--config"]);
    check(&import("most.csv", &["--replace"]), 0, &["2100 accepted", "50 product(s) that the files"]);
    assert_eq!(server.get("/v1/shop/search?per_page=0").json()["total"], 2_100);
    assert_eq!(server.get("/v1/shop/products/49").status, 404);
    assert_eq!(server.get("/v1/shop/products/50").status, 200);
}

#[test]
fn a_backup_is_restored_into_an_empty_data_folder_only() {
    let folder = Folder::new();
    folder.write("a.jsonl", &kettles(0..5));
    check(&folder.run(&["backup", "early"]), 1, &["no catalog"]);
    check(&folder.run(&["import", "shop", "a.jsonl"]), 0, &["5 accepted"]);
    check(&folder.run(&["backup", "saved"]), 0, &["shop: saved through sequence"]);
    check(&folder.run(&["backup", "saved"]), 1, &["saved exists already"]);
    check(&folder.run(&["restore", "saved"]), 1, &["catalogs/shop exists already"]);
    check(&folder.run(&["restore", "missing"]), 1, &["missing holds no backup"]);
    folder.write("new.toml", "listen = \"127.0.0.1:0\"\ndata_dir = \"other\"\n[catalogs.another]\n");
    let restored = folder.run(&["restore", "saved", "--config", "new.toml"]);
    check(&restored, 0, &["shop: restored through sequence", "shop: is not in the configuration"]);
    folder.write("new.toml", "listen = \"127.0.0.1:0\"\ndata_dir = \"other\"\n[catalogs.shop]\n");
    // Three of five are there already, so three are not events.
    folder.write("b.jsonl", &kettles(2..8));
    let import = folder.run(&["import", "shop", "b.jsonl", "--config", "new.toml", "--replace=force"]);
    check(&import, 0, &["6 accepted, 0 rejected", "2 product(s) that the files"]);
    check(&folder.run(&["import", "shop", "a.jsonl", "--replace"]), 0, &["0 product(s) that the files"]);
}

#[test]
fn a_running_server_is_backed_up_by_its_address_and_not_overwritten() {
    let folder = Folder::new();
    let server = TestServer::start();
    server.upload(&kettles(0..3));
    check(&folder.run(&["backup", "saved", "--url", &server.url()]), 0, &["shop: saved through sequence 4"]);
    check(&folder.run(&["restore", "saved"]), 0, &["shop: restored through sequence 4"]);
    folder.write("one.jsonl", &kettles(0..1));
    let import = folder.run(&["import", "shop", "one.jsonl", "--replace"]);
    check(&import, 1, &["lack 2 of the 3 products"]);
    let held = folder.command(&["backup", "again"]).env("STOREFIND_DATA_DIR", server.data()).output().expect("runs");
    check(&held, 1, &["in use by another storefind", "--url"]);
    let held = folder.command(&["restore", "saved"]).env("STOREFIND_DATA_DIR", server.data()).output().expect("runs");
    check(&held, 1, &["in use by another storefind", "stop it"]);
}
