//! Keys on the command line.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use storefind::config::{Config, KeyHash, Scope, Sources};
use tempfile::TempDir;

use super::key;
use crate::support::server::TestServer;

const EVERYTHING: &str = "scopes = [\"search\", \"write\", \"merchandise\", \"admin\"]\ncatalogs = [\"*\"]";

fn storefind(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_storefind"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env_remove("STOREFIND_KEY");
    command.envs(environment.iter().copied()).output().expect("storefind was built for this test")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_new_key_is_random_and_its_entry_can_be_pasted() {
    let folder = folder(&[]);
    let arguments =
        ["key", "back-end", "--scope", "write,search", "--catalog", "shop", "--filter", "brand:\"Air Max\""];
    let texts = [0, 1].map(|_| {
        let output = storefind(folder.path(), &arguments, &[]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    });
    let keys = texts.each_ref().map(|text| text.lines().next().unwrap());
    assert_ne!(keys[0], keys[1]);
    assert!(keys[0].starts_with("sf_") && keys[0].len() == 67, "{}", keys[0]);
    let entry = &texts[0][texts[0].find("[[keys]]").unwrap()..];
    assert!(!entry.contains(keys[0]));
    let file = Some(("pasted.toml".into(), format!("{entry}[catalogs.shop]\n")));
    let config = Config::load(&Sources { file, ..Sources::default() }).unwrap();
    let [held] = config.keys.as_slice() else { panic!("{entry}") };
    assert_eq!((held.name.as_str(), held.hash), ("back-end", KeyHash::of(keys[0].as_bytes())));
    assert!(held.scopes.contains(Scope::Write) && !held.scopes.contains(Scope::Admin));
    assert!(held.catalogs.contains("shop") && !held.catalogs.contains("other") && held.filter.is_some());
}

#[test]
fn an_entry_that_the_server_would_refuse_is_not_made() {
    let folder = folder(&[]);
    for (arguments, part) in [
        (&["key"][..], "NAME"),
        (&["key", "a b"], "letters, digits"),
        (&["key", "a", "--scope", "root"], "search, write"),
        (&["key", "a", "--filter", "brand:"], "expected a value"),
    ] {
        let output = storefind(folder.path(), arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(part) && !said(&output).contains("sf_"), "{}", said(&output));
    }
}

#[test]
fn an_open_address_without_keys_is_refused_at_the_start() {
    let folder = folder(&[("open.toml", "listen = \"0.0.0.0:0\"\n[catalogs.shop]\n")]);
    for arguments in [&["serve", "--config", "open.toml"][..], &["check-config", "open.toml"]] {
        let output = storefind(folder.path(), arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("open.toml:1: listen") && said(&output).contains("insecure = true"));
    }
    let output = storefind(folder.path(), &["check-config", "open.toml"], &[("STOREFIND_INSECURE", "true")]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn hashes_are_hidden_in_what_is_printed() {
    let file = format!("[catalogs.shop]\n{}", key("hidden", EVERYTHING));
    let folder = folder(&[("storefind.toml", &file)]);
    let output = storefind(folder.path(), &["serve", "--print-config"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let digits = &KeyHash::of(b"hidden").to_text()[7..20];
    assert!(said(&output).contains("name = \"hidden\"") && !said(&output).contains(digits), "{}", said(&output));
}

#[test]
fn commands_are_let_in_with_a_key_and_only_with_one() {
    let server = TestServer::with(&key("k", EVERYTHING));
    let folder = folder(&[
        ("products.jsonl", "{\"id\":\"1\",\"title\":\"Kettle\"}\n"),
        ("judgments.csv", "query,docid,rating\nkettle,1,1\n"),
    ]);
    let url = server.url();
    let backup = folder.path().join("backup");
    let backup = backup.to_str().unwrap();
    for arguments in [
        &["import", "shop", "products.jsonl", "--url", &url][..],
        &["evaluate", "shop", "judgments.csv", "--url", &url],
        &["rebuild", "shop", "--url", &url],
        &["backup", backup, "--url", &url],
    ] {
        let without = storefind(folder.path(), arguments, &[]);
        assert_eq!(without.status.code(), Some(1), "{arguments:?}: {}", said(&without));
        assert!(said(&without).contains("401") && said(&without).contains("needs a key"), "{}", said(&without));
        let wrong = storefind(folder.path(), arguments, &[("STOREFIND_KEY", "wrong-key")]);
        assert_eq!(wrong.status.code(), Some(1), "{arguments:?}: {}", said(&wrong));
        assert!(!said(&wrong).contains("wrong-key"), "{}", said(&wrong));
        // An argument comes before the variable.
        let given = [arguments, &["--key", "k"]].concat();
        let right = storefind(folder.path(), &given, &[("STOREFIND_KEY", "wrong-key")]);
        assert_eq!(right.status.code(), Some(0), "{arguments:?}: {}", said(&right));
    }
    let by_variable =
        storefind(folder.path(), &["import", "shop", "products.jsonl", "--url", &url], &[("STOREFIND_KEY", "k")]);
    assert_eq!(by_variable.status.code(), Some(0), "{}", said(&by_variable));
    let alone = storefind(folder.path(), &["rebuild", "shop", "--key", "k"], &[]);
    assert_eq!(alone.status.code(), Some(2), "a key is for a server: {}", said(&alone));
}
