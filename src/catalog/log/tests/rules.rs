//! Rules in the log: versions, those that can be had back, and those that go.

use storefind_index::rules::Rules;

use super::*;
use crate::catalog::log::rules::{RULES_KEPT, RulesChange};

fn hiding(id: &str) -> Rules {
    serde_json::from_value(json!([{"id": "r", "then": {"hide": [id]}}])).expect("rules")
}

fn put(log: &Log, id: &str, expected: Option<u64>) -> Result<u64, String> {
    let change = RulesChange { rules: hiding(id), put_at: 7, expected };
    log.append_rules(change, None).expect("appends").map_err(|refusal| refusal.code)
}

fn former(log: &Log) -> Vec<u64> {
    log.former_rules().expect("reads").iter().map(|version| version.version).collect()
}

#[test]
fn rules_have_versions_and_who_saw_another_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    assert_eq!((log.rules().version, former(&log)), (0, vec![]));
    assert_eq!(put(&log, "a", Some(1)), refused("version_changed"));
    assert_eq!(put(&log, "a", Some(0)), Ok(2));
    assert_eq!(put(&log, "a", None), Ok(2), "what changes nothing is no event");
    assert_eq!(put(&log, "b", Some(2)), Ok(3));
    assert_eq!(put(&log, "c", Some(2)), refused("version_changed"));
    assert_eq!(log.rules().put.rules, hiding("b"));
    let before = log.former_rules().expect("reads");
    assert_eq!((before[0].version, before[0].put.put_at, &before[0].put.rules), (2, 7, &hiding("a")));
    assert_eq!(read_after(&log, 0), ["1!", "2#", "3#"]);
    drop(log);
    let log = open(dir.path());
    assert_eq!((log.rules().version, former(&log)), (3, vec![2]));
}

#[test]
fn former_rules_are_kept_and_older_ones_go() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let versions: Vec<u64> = (0..RULES_KEPT + 3).map(|n| put(&log, &n.to_string(), None).expect("put")).collect();
    let last = *versions.last().expect("some");
    let mut kept: Vec<u64> = versions[2..versions.len() - 1].to_vec();
    kept.reverse();
    assert_eq!((former(&log), kept.len()), (kept.clone(), RULES_KEPT));
    prune(&log, last, last);
    assert_eq!(former(&log), kept, "what can be had back is still there");
    let there: Vec<String> = versions[2..].iter().map(|version| format!("{version}#")).collect();
    assert_eq!(events_after(&log, 1), there);
}

#[test]
fn a_copy_of_the_log_has_the_history_too() {
    let (dir, copies) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let log = open(dir.path());
    put(&log, "a", None).expect("put");
    put(&log, "b", None).expect("put");
    let (copy, restored) = (copies.path().join("copy"), copies.path().join("restored"));
    log.backup(&copy).expect("copies");
    restore(&copy, &restored).expect("restores");
    let other = open(&restored);
    assert_eq!((other.rules().put.rules.clone(), former(&other)), (hiding("b"), vec![2]));
}
