//! `kill -9` in the middle of writing: every acknowledged event is there, once and in order.
//!
//! The test runs itself as a child process, which writes and says what was acknowledged until it is killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::*;

/// Set in the child: the folder to write to.
const CHILD_DIR: &str = "STOREFIND_TEST_CRASH_DIR";
const THIS_TEST: &str = "catalog::tests::crash::acknowledged_writes_survive_kill_9";
const ACKNOWLEDGED: &str = "acknowledged ";

/// Writes for ever: product `n` gets the title `n`, every third is deleted again.
fn write_until_killed(dir: &Path) {
    let catalog = open(dir);
    let mut out = std::io::stdout();
    for n in 0u64.. {
        let mut changes = vec![upsert(&n.to_string(), &n.to_string())];
        if n % 3 == 0 {
            changes.push(delete(&n.to_string()));
        }
        catalog.write(changes).expect("writes");
        writeln!(out, "{ACKNOWLEDGED}{n}").expect("the parent reads");
        out.flush().expect("the parent reads");
    }
}

/// Starts a child, kills it after it has acknowledged `count` writes, and returns the last that it told of.
fn kill_after(dir: &Path, count: usize) -> u64 {
    let mut child = Command::new(std::env::current_exe().expect("has a path"))
        .args([THIS_TEST, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("is piped")).lines();
    let mut acknowledged = lines.map_while(Result::ok).filter_map(|line| {
        let (_, n) = line.split_once(ACKNOWLEDGED)?;
        n.parse().ok()
    });
    let mut last: u64 = acknowledged.by_ref().nth(count - 1).expect("acknowledges");
    child.kill().expect("is killed");
    // What it said before it died counts, too.
    if let Some(later) = acknowledged.last() {
        last = later;
    }
    child.wait().expect("ends");
    last
}

#[test]
fn acknowledged_writes_survive_kill_9() {
    if let Some(dir) = std::env::var_os(CHILD_DIR) {
        write_until_killed(Path::new(&dir));
        return;
    }
    for count in [1, 7, 60] {
        let dir = tempfile::tempdir().expect("a folder");
        let last = kill_after(dir.path(), count);
        let catalog = open(dir.path());
        let found = acknowledged(&catalog);
        let in_log = (0..).take_while(|n| n % 3 == 0 || found.contains_key(&n.to_string())).count() as u64;
        assert!(in_log > last, "{last} was acknowledged, the log ends before {in_log}");
        assert!(in_log <= last + 4, "at most the write under way may be there besides");
        for n in 0..=last {
            let title = found.get(&n.to_string()).map(String::as_str);
            assert_eq!(title, (n % 3 != 0).then(|| n.to_string()).as_deref(), "product {n}");
        }
        let end = catalog.status().log_sequence;
        catalog.wait_visible_blocking(end, LONG).expect("catches up");
        assert_eq!(products(&catalog.snapshot()), found);
        assert_eq!(catalog.write(vec![upsert("next", "Cup")]).expect("writes").sequence, end + 1);
    }
}
