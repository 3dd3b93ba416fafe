//! Idempotency keys.

use super::*;
use crate::catalog::log::once::KEYS_MAX;

fn shown(written: Written) -> (u64, Vec<Result<u64, String>>) {
    let outcomes = written.outcomes.into_iter().map(|outcome| outcome.map_err(|refusal| refusal.message));
    (written.sequence, outcomes.collect())
}

#[test]
fn a_request_that_comes_again_gets_its_first_answer() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut log = open(dir.path());
    let request = || vec![upsert("a", "Kettle"), delete("b"), upsert("c", "Pot"), upsert("d", "Urn")];
    let first = shown(log.append_once("key", 7, request()).expect("appends"));
    assert_eq!(first.0, 4);
    log.append(vec![upsert("a", "Cup")]).expect("appends");
    for end in [5, 6] {
        assert_eq!(shown(log.append_once("key", 7, request()).expect("appends")), first);
        assert_eq!(log.last(), end, "nothing was changed");
        assert!(matches!(log.append_once("key", 8, request()), Err(LogError::KeyReused { key }) if key == "key"));
        assert_eq!(log.product("a").expect("reads").expect("is there").1.title, "Cup");
        drop(log);
        log = open(dir.path());
    }
    assert_eq!(log.append_once("other", 7, request()).expect("appends").sequence, 8, "an upsert, as `a` was changed");
}

#[test]
fn the_same_key_twice_at_the_same_time_is_one_request() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let answers: Vec<_> = std::thread::scope(|scope| {
        let send = || scope.spawn(|| shown(log.append_once("key", 1, vec![upsert("a", "Kettle")]).expect("appends")));
        let threads: Vec<_> = (0..8).map(|_| send()).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(answers.iter().all(|answer| *answer == (2, vec![Ok(2)])), "{answers:?}");
    assert_eq!(log.last(), 2);
}

#[test]
fn a_refused_key_does_not_touch_the_others_of_its_group() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append_once("key", 1, vec![upsert("a", "Kettle")]).expect("appends");
    std::thread::scope(|scope| {
        for n in 0..8 {
            let log = &log;
            scope.spawn(move || log.append(vec![upsert(&n.to_string(), "Pot")]).expect("appends"));
            scope.spawn(move || log.append_once("key", 2, vec![]).expect_err("is another request"));
        }
    });
    assert_eq!(log.last(), 10);
}

#[test]
fn keys_are_forgotten_after_a_day_and_when_there_are_too_many() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(open(dir.path()));
    let connection = Connection::open(dir.path().join(FILE_NAME)).expect("opens");
    // Keys 1 to 100,000 of now; the first ten of long ago.
    let fill = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
        INSERT INTO once SELECT n, 'key' || n, 0, IIF(n <= 10, 0, unixepoch() * 1000), 0, '[9,[]]' FROM n";
    connection.execute(&fill.replace("'[9,[]]'", "CAST('[9,[]]' AS BLOB)"), [KEYS_MAX]).expect("fills");
    drop(connection);
    let log = open(dir.path());
    let is_known = |n: i64| log.append_once(&format!("key{n}"), 0, vec![]).expect("appends").sequence == 9;
    let count = || -> i64 {
        let reader = log.store.reader().expect("reads");
        reader.query_row("SELECT COUNT(*) FROM once", [], |row| row.get(0)).expect("counts")
    };
    assert!(is_known(11) && is_known(KEYS_MAX));
    assert!(!is_known(1), "it is a day old");
    assert_eq!(count(), KEYS_MAX - 9, "the old ones went, and one came anew");
    for n in 0..20 {
        log.append_once(&format!("new{n}"), 0, vec![]).expect("appends");
    }
    assert!(count() <= KEYS_MAX);
    assert!(!is_known(12), "too many came after it");
    assert!(is_known(50));
}
