//! Rules in the log: versions, those that can be had back, and those that go.

use storefind_index::rules::Rules;

use super::*;
use crate::catalog::event::FormerRules;
use crate::catalog::log::rules::{RULES_KEPT, RulesChange};

fn hiding(id: &str) -> Rules {
    serde_json::from_value(json!([{"id": "r", "then": {"hide": [id]}}])).expect("rules")
}

fn put(log: &Log, id: &str, expected: Option<u64>) -> Result<u64, String> {
    let change = RulesChange { rules: hiding(id), put_at: 7, expected };
    log.append_rules(change, None).expect("appends").map_err(|refusal| refusal.code)
}

fn former(log: &Log) -> Vec<u64> {
    let former: Vec<u64> = log.rules().put.former.iter().rev().map(|former| former.version).collect();
    for version in &former {
        assert!(log.rules_of(*version).expect("reads").is_some(), "{version} is named and not there");
    }
    former
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
    assert_eq!(put(&log, "b", Some(2)), Ok(3), "sent again, since no answer came");
    assert_eq!(log.rules().put.rules, hiding("b"));
    assert_eq!(log.rules().put.former, [FormerRules { version: 2, put_at: 7, rules: 1 }]);
    let before = log.rules_of(2).expect("reads").expect("is kept");
    assert_eq!((before.version, before.put.put_at, &before.put.rules), (2, 7, &hiding("a")));
    // No event of rules, and none at all.
    assert!(log.rules_of(1).expect("reads").is_none() && log.rules_of(4).expect("reads").is_none());
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
    assert!(log.rules_of(versions[1]).expect("reads").is_none(), "and what cannot is told");
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
