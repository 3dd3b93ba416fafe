//! The log by itself: order, durability over a reopen, resolution of changes, pruning, refusals to open.
//!
//! Each opening begins with a start event, so the first change of a new log has the sequence 2.

mod damage;
mod live;
mod model;
mod once;
mod rates;
mod rules;

use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;

use serde_json::json;
use storefind_index::product::Product;
use storefind_index::settings::{Language, Settings};

use super::store::{FILE_NAME, put_number};
use super::*;
use crate::catalog::Refusal;

const LONG: Duration = Duration::from_secs(60);
const ALL: ReadLimits = ReadLimits { events_max: usize::MAX, bytes_max: usize::MAX };

fn open(dir: &Path) -> Log {
    Log::open(dir, "test", Access::ReadWrite).expect("opens")
}

fn product(id: &str, title: &str) -> Product {
    Product { id: id.to_owned(), title: title.to_owned(), ..Product::default() }
}

fn upsert(id: &str, title: &str) -> Change {
    Change::Upsert(product(id, title))
}

fn delete(id: &str) -> Change {
    Change::Delete { id: id.to_owned() }
}

fn patch(id: &str, fields: serde_json::Value) -> Change {
    let serde_json::Value::Object(fields) = fields else { panic!("{fields} is no object") };
    Change::Patch { id: id.to_owned(), fields }
}

/// What became of the changes: a sequence, or a code.
fn outcomes(log: &Log, changes: Vec<Change>) -> Vec<Result<u64, String>> {
    let written = log.append(changes).expect("appends");
    written.outcomes.into_iter().map(|outcome| outcome.map_err(|refusal| refusal.code)).collect()
}

/// An event in short: `2+a=Kettle`, `3-a`, `4~a` (live), `5*` (settings), `6#` (rules), `1!` (start).
fn show((sequence, event): (u64, Result<Event, EventError>)) -> String {
    match event.expect("decodes") {
        Event::Upsert { product } => format!("{sequence}+{}={}", product.id, product.title),
        Event::Delete { id } => format!("{sequence}-{id}"),
        Event::Live { id, .. } => format!("{sequence}~{id}"),
        Event::Settings { .. } => format!("{sequence}*"),
        Event::Rules { .. } => format!("{sequence}#"),
        Event::Start { .. } => format!("{sequence}!"),
    }
}

/// The events after `sequence` that the disk holds.
fn events_after(log: &Log, sequence: u64) -> Vec<String> {
    let mut events = Vec::new();
    assert!(log.read_store(sequence, log.last(), ALL, &mut events).expect("reads"));
    events.into_iter().map(show).collect()
}

/// The events after `sequence` as a projector gets them.
fn read_after(log: &Log, sequence: u64) -> Vec<String> {
    log.read_after(sequence, ALL).expect("reads").events.into_iter().map(show).collect()
}

/// Lets every superseded event through `sequence` go, and waits for it.
fn prune(log: &Log, sequence: u64, expected: u64) {
    log.applied_durably(sequence);
    assert!(log.shared.pruned.wait_until(LONG, |pruned| pruned >= expected), "pruned through {expected}");
    // Announced before anything goes; the next answer comes after the first step, and the queue is empty again when
    // there is nothing more to do.
    let left = |log: &Log| {
        let reader = log.store.reader().expect("reads");
        log.store.number(&reader, META_WALKED).expect("reads").unwrap_or(0) < expected
    };
    let began = Instant::now();
    while left(log) {
        assert!(began.elapsed() < LONG, "pruned through {expected}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn refused(code: &str) -> Result<u64, String> {
    Err(code.to_owned())
}

#[test]
fn changes_get_consecutive_sequences_in_their_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    assert_eq!(log.last(), 1, "its start");
    assert_eq!(outcomes(&log, vec![upsert("a", "Kettle"), upsert("b", "Pot")]), [Ok(2), Ok(3)]);
    assert_eq!(outcomes(&log, vec![delete("a"), upsert("a", "Urn")]), [Ok(4), Ok(5)]);
    assert_eq!(log.last(), 5);
    for read in [events_after, read_after] {
        assert_eq!(read(&log, 0), ["1!", "2+a=Kettle", "3+b=Pot", "4-a", "5+a=Urn"]);
        assert_eq!(read(&log, 3), ["4-a", "5+a=Urn"]);
        assert_eq!(read(&log, 5), [""; 0]);
    }
}

#[test]
fn a_reading_within_limits_says_how_far_it_is_complete() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append((0..4).map(|n| upsert(&n.to_string(), "Kettle")).collect()).expect("appends");
    let check = |log: &Log| {
        for (limits, after, count, through) in [
            (ReadLimits { events_max: 2, ..ALL }, 0, 2, 2),
            (ReadLimits { events_max: 2, ..ALL }, 4, 1, 5),
            (ReadLimits { bytes_max: 1, ..ALL }, 1, 1, 2),
            (ALL, 0, 5, 5),
            (ALL, 5, 0, 5),
            (ALL, 9, 0, 9),
        ] {
            let batch = log.read_after(after, limits).expect("reads");
            assert_eq!((batch.events.len(), batch.through), (count, through), "{limits:?} after {after}");
        }
    };
    check(&log);
    drop(log);
    check(&Log::open(dir.path(), "test", Access::ReadOnly).expect("opens"));
}

#[test]
fn a_reader_behind_the_events_in_memory_gets_the_same_ones() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    for from in 0..20 {
        log.append((0..500).map(|n| upsert(&(from * 500 + n).to_string(), "Kettle")).collect()).expect("appends");
    }
    assert!(log.shared.tail().after(0, log.last(), ALL).is_none(), "the first events are no longer in memory");
    let (mut walked, mut cursor) = (Vec::new(), 0);
    while cursor < log.last() {
        let batch = log.read_after(cursor, ReadLimits { events_max: 300, ..ALL }).expect("reads");
        cursor = batch.through;
        walked.extend(batch.events.into_iter().map(show));
    }
    assert_eq!(walked.len(), 10_001);
    assert_eq!(walked, events_after(&log, 0));
}

#[test]
fn an_upsert_that_changes_nothing_makes_no_event() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let same = || upsert("a", "Kettle");
    assert_eq!(outcomes(&log, vec![same(), same(), upsert("b", "Pot"), same()]), [Ok(2), Ok(2), Ok(3), Ok(2)]);
    let written = log.append(vec![same()]).expect("appends");
    assert_eq!((written.sequence, log.last()), (2, 3));
    assert_eq!(outcomes(&log, vec![patch("a", json!({"title": "Kettle"}))]), [Ok(2)]);
    assert_eq!(outcomes(&log, vec![upsert("a", "Urn"), same()]), [Ok(4), Ok(5)]);
}

#[test]
fn a_patch_becomes_the_whole_product() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let changes = vec![
        upsert("a", "Kettle"),
        patch("a", json!({"price": 9.5, "brand": "Alessi"})),
        patch("a", json!({"brand": null, "stock": 3})),
    ];
    assert_eq!(outcomes(&log, changes), [Ok(2), Ok(3), Ok(4)]);
    let expected = Product { price: Some(9.5), stock: Some(3), ..product("a", "Kettle") };
    assert_eq!(log.product("a").expect("reads"), Some((4, expected.clone())));
    assert_eq!(outcomes(&log, vec![patch("a", json!({"stock": 2}))]), [Ok(5)]);
    assert_eq!(log.product("a").expect("reads"), Some((5, Product { stock: Some(2), ..expected })));
}

#[test]
fn a_refused_change_leaves_the_rest_of_its_batch_standing() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let changes = vec![
        delete("nobody"),
        upsert("a", "Kettle"),
        patch("nobody", json!({"price": 1})),
        patch("a", json!({"price": "dear"})),
        patch("a", json!({"title": null})),
        delete("a"),
        delete("a"),
        patch("a", json!({"price": 1})),
    ];
    let unknown = Refusal::UNKNOWN_PRODUCT;
    let expected = [
        refused(unknown),
        Ok(2),
        refused(unknown),
        refused("invalid_price"),
        refused("missing_title"),
        Ok(3),
        refused(unknown),
        refused(unknown),
    ];
    assert_eq!(outcomes(&log, changes), expected);
    let written = log.append(vec![delete("a")]).expect("appends");
    assert_eq!(written.sequence, 3, "the log's last sequence, as nothing was accepted");
}

#[test]
fn what_was_appended_is_there_after_a_reopen() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(vec![upsert("a", "Kettle"), upsert("b", "Pot"), delete("a")]).expect("appends");
    let german = Settings { language: Language::German, ..Settings::default() };
    assert_eq!(log.append_settings(german.clone()).expect("appends"), 5);
    let origin = log.origin();
    drop(log);
    let mut expected = ["1!", "2+a=Kettle", "3+b=Pot", "4-a", "5*"].map(str::to_owned).to_vec();
    for last in [6, 7] {
        let log = open(dir.path());
        expected.push(format!("{last}!"));
        assert_eq!(events_after(&log, 0), expected);
        assert_eq!(read_after(&log, 0), expected);
        assert_eq!((log.last(), log.origin()), (last, origin));
        assert_eq!(log.settings(), Some((5, Arc::new(german.clone()))));
        assert_eq!(log.product("a").expect("reads"), None);
        assert_eq!(log.product("b").expect("reads"), Some((3, product("b", "Pot"))));
        if last == 6 {
            log.close();
        }
    }
    assert_eq!(outcomes(&open(dir.path()), vec![upsert("c", "Urn")]), [Ok(9)]);
}

#[test]
fn each_opening_to_write_begins_a_history_of_its_own() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(vec![upsert("a", "Kettle")]).expect("appends");
    drop(log);
    let log = open(dir.path());
    let starts = log.starts();
    assert_eq!(starts.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), [1, 3]);
    assert_ne!(starts[0].1, starts[1].1);
    let (first, second) = (Some(starts[0].1), Some(starts[1].1));
    assert_eq!([0, 1, 2, 3, 4].map(|sequence| log.start_at(sequence)), [None, first, first, second, None]);
    drop(log);
    let log = Log::open(dir.path(), "test", Access::ReadOnly).expect("opens");
    assert_eq!(log.starts(), starts, "reading begins nothing");
}

#[test]
fn only_the_last_start_events_are_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(open(dir.path()));
    let (store, writer) = Store::open(dir.path(), true).expect("opens");
    let mut writer = writer.expect("may write");
    let more = u64::from(STARTS_MAX) + 4;
    writer
        .write(Durability::Later, |connection| {
            let mut resolver = Resolver::new(&store, connection, 1);
            (0..more).try_for_each(|id| resolver.start(id))?;
            resolver.finish()
        })
        .expect("writes");
    drop((store, writer));
    let log = open(dir.path());
    assert_eq!((log.last(), log.starts().len()), (more + 2, 1_000));
    assert_eq!((log.starts()[0], log.start_at(6), log.start_at(7)), ((7, 5), None, Some(5)));
    prune(&log, log.last(), log.last());
    assert_eq!(events_after(&log, 0).len(), 1_000);
}

#[test]
fn products_are_exported_by_id_page_by_page_without_the_deleted() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let ids = ["10", "9", "a", "é", "b"];
    log.append(ids.iter().map(|id| upsert(id, "Kettle")).collect()).expect("appends");
    log.append(vec![delete("9"), upsert("a", "Urn")]).expect("appends");
    let page = |after: Option<&str>, limit| -> Vec<String> {
        let products = log.export(after, limit).expect("exports");
        products.into_iter().map(|product| format!("{}={}", product.id, product.title)).collect()
    };
    assert_eq!(page(None, 100), ["10=Kettle", "a=Urn", "b=Kettle", "é=Kettle"]);
    assert_eq!(page(None, 2), ["10=Kettle", "a=Urn"]);
    assert_eq!(page(Some("a"), 2), ["b=Kettle", "é=Kettle"]);
    assert_eq!(page(Some("aa"), 1), ["b=Kettle"]);
    assert_eq!(page(Some("é"), 2), [""; 0]);
}

#[test]
fn settings_are_put_once_and_replaced() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    assert_eq!(log.settings(), None);
    let german = Settings { language: Language::German, ..Settings::default() };
    assert_eq!(log.append_settings(german.clone()).expect("appends"), 2);
    assert_eq!(log.append_settings(german.clone()).expect("appends"), 2);
    assert_eq!(log.append_settings(Settings::default()).expect("appends"), 3);
    assert_eq!(log.settings(), Some((3, Arc::new(Settings::default()))));
    let mut broken = Settings::default();
    broken.searchable.title = f32::NAN;
    assert!(matches!(log.append_settings(broken), Err(LogError::Encode { .. })));
    assert_eq!(log.last(), 3);
}

#[test]
fn superseded_events_stay_until_every_projection_is_past_them_and_then_go() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(vec![upsert("a", "1"), upsert("b", "2"), upsert("a", "3"), delete("b"), upsert("c", "5")])
        .expect("appends");
    let everything = ["1!", "2+a=1", "3+b=2", "4+a=3", "5-b", "6+c=5"];
    assert_eq!(events_after(&log, 0), everything);
    prune(&log, 3, 0);
    log.append(vec![]).expect("the appender has looked");
    assert_eq!(events_after(&log, 0), everything);
    prune(&log, 4, 4);
    assert_eq!(events_after(&log, 0), ["1!", "3+b=2", "4+a=3", "5-b", "6+c=5"]);
    prune(&log, 6, 5);
    assert_eq!(events_after(&log, 0), ["1!", "4+a=3", "6+c=5"], "a deletion leaves no trace in the end");
    assert_eq!((log.pruned_through(), log.last()), (5, 6));
    assert_eq!(log.read_after(0, ALL).expect("reads").through, 6);
    drop(log);
    let log = open(dir.path());
    assert_eq!((log.pruned_through(), log.last()), (5, 7));
    assert_eq!(read_after(&log, 0), ["1!", "4+a=3", "6+c=5", "7!"]);
    assert_eq!(outcomes(&log, vec![delete("b"), upsert("b", "6")]), [refused(Refusal::UNKNOWN_PRODUCT), Ok(8)]);
}

#[test]
fn a_product_that_came_back_survives_the_trace_of_its_deletion() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(vec![upsert("a", "1"), delete("a"), upsert("a", "3")]).expect("appends");
    prune(&log, 4, 3);
    assert_eq!(events_after(&log, 0), ["1!", "4+a=3"]);
    assert_eq!(log.product("a").expect("reads"), Some((4, product("a", "3"))));
}

#[test]
fn old_settings_go_and_the_last_ones_stay() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let with_stop_word = |word: &str| Settings { stop_words: vec![word.to_owned()], ..Settings::default() };
    for word in ["the", "a", "of"] {
        log.append_settings(with_stop_word(word)).expect("appends");
    }
    prune(&log, 4, 4);
    assert_eq!(events_after(&log, 0), ["1!", "4*"]);
    drop(log);
    assert_eq!(open(dir.path()).settings(), Some((4, Arc::new(with_stop_word("of")))));
}

#[test]
fn more_than_one_step_of_garbage_goes_without_further_asking() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let rounds = u64::try_from(prune::PRUNE_STEP_EVENTS).expect("fits") * 2 + 10;
    log.append((0..=rounds).map(|n| upsert("a", &n.to_string())).collect()).expect("appends");
    prune(&log, rounds + 2, rounds + 2);
    assert_eq!(events_after(&log, 0), ["1!".to_owned(), format!("{}+a={rounds}", rounds + 2)]);
}

#[test]
fn pruning_keeps_up_with_a_writer_who_never_pauses() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    for round in 0..200 {
        log.append((0..1_000).map(|n| upsert(&n.to_string(), &round.to_string())).collect()).expect("appends");
        log.applied_durably(log.last());
    }
    let stored = events_after(&log, 0).len();
    assert!(stored < 150_000, "{stored} events are kept of 1000 products");
}

#[test]
fn writers_at_the_same_time_share_one_total_order() {
    const THREADS: u64 = 8;
    const WRITES: u64 = 40;
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let start = Barrier::new(8);
    let mut given: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (log, start) = (&log, &start);
                scope.spawn(move || {
                    start.wait();
                    let mut given = Vec::new();
                    for write in 0..WRITES {
                        let id = format!("{thread}-{write}");
                        let written = log.append(vec![upsert(&id, "x"), upsert("shared", &id)]).expect("appends");
                        let sequences: Vec<u64> =
                            written.outcomes.into_iter().map(|outcome| outcome.expect("accepted")).collect();
                        assert_eq!(sequences[1], sequences[0] + 1, "a batch stays together");
                        assert!(log.last() >= sequences[1], "an acknowledged event is in the log");
                        assert_eq!(log.product(&id).expect("reads").expect("is there").0, sequences[0]);
                        given.extend(sequences);
                    }
                    assert!(given.is_sorted(), "one caller's writes keep their order");
                    given
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    given.sort_unstable();
    let all: Vec<u64> = (2..=THREADS * WRITES * 2 + 1).collect();
    assert_eq!(given, all, "each sequence once, none left out");
    assert_eq!(log.last(), THREADS * WRITES * 2 + 1);
}

#[test]
fn a_log_in_use_is_refused_by_the_name_of_its_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let _held = open(dir.path());
    let error = Log::open(dir.path(), "test", Access::ReadWrite).expect_err("is locked");
    assert!(matches!(error, LogError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains(&dir.path().display().to_string()), "{error}");
}

/// Sets a number in the files of a closed log.
fn set_number(dir: &Path, name: &str, number: u64) {
    let connection = Connection::open(dir.join(FILE_NAME)).expect("opens");
    put_number(&connection, name, number).expect("writes");
}

#[test]
fn the_log_of_a_newer_program_is_refused_with_both_formats() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(open(dir.path()));
    set_number(dir.path(), "format", 7);
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let error = Log::open(dir.path(), "test", access).expect_err("is newer");
        assert!(matches!(error, LogError::Format { found: 7, expected: 2, .. }), "{error:?}");
        assert!(error.to_string().contains(&dir.path().display().to_string()), "{error}");
    }
}

#[test]
fn a_folder_that_is_no_log_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let [file, foreign, noise, obsolete] = ["file", "foreign", "noise", "obsolete"].map(|name| dir.path().join(name));
    std::fs::write(&file, "x").expect("writes");
    for folder in [&foreign, &noise, &obsolete] {
        std::fs::create_dir(folder).expect("creates");
    }
    std::fs::write(foreign.join("version"), "of something else").expect("writes");
    std::fs::write(noise.join(FILE_NAME), "noise".repeat(2_000)).expect("writes");
    std::fs::create_dir(obsolete.join("keyspaces")).expect("creates");
    for path in [file, foreign, noise, obsolete] {
        let error = Log::open(&path, "test", Access::ReadWrite).expect_err("is no log");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn what_a_log_must_have_is_named_when_it_is_not_there() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(open(dir.path()));
    let connection = Connection::open(dir.path().join(FILE_NAME)).expect("opens");
    connection.execute("DELETE FROM meta WHERE name = 'origin'", []).expect("writes");
    drop(connection);
    let error = Log::open(dir.path(), "test", Access::ReadWrite).expect_err("is damaged");
    assert!(matches!(&error, LogError::Damaged { record, .. } if record == "origin"), "{error:?}");
}

#[test]
fn a_read_only_log_must_exist_and_takes_no_writes() {
    let dir = tempfile::tempdir().expect("a folder");
    let missing = dir.path().join("missing");
    assert!(matches!(Log::open(&missing, "test", Access::ReadOnly), Err(LogError::Missing { .. })));
    assert!(!missing.exists());
    let log = open(dir.path());
    log.append(vec![upsert("a", "Kettle")]).expect("appends");
    drop(log);
    let log = Log::open(dir.path(), "test", Access::ReadOnly).expect("opens");
    assert!(matches!(log.append(vec![upsert("b", "Pot")]), Err(LogError::ReadOnly { .. })));
    assert_eq!(read_after(&log, 0), ["1!", "2+a=Kettle"]);
    assert_eq!(log.product("a").expect("reads"), Some((2, product("a", "Kettle"))));
}

#[test]
fn a_closed_log_refuses_writes_and_still_reads() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(vec![upsert("a", "Kettle")]).expect("appends");
    log.close();
    log.close();
    assert!(matches!(log.append(vec![upsert("b", "Pot")]), Err(LogError::Closed { .. })));
    assert_eq!(log.product("a").expect("reads"), Some((2, product("a", "Kettle"))));
}

#[test]
fn the_oldest_acknowledgement_beyond_a_sequence_tells_the_lag() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    assert_eq!(log.oldest_acknowledged_after(0), None);
    log.append(vec![upsert("a", "Kettle"), upsert("b", "Pot")]).expect("appends");
    assert!(log.oldest_acknowledged_after(0).is_some());
    assert!(log.oldest_acknowledged_after(2).is_some(), "event 3 came with the same acknowledgement");
    assert_eq!(log.oldest_acknowledged_after(3), None);
}
