//! The log by itself: order, durability over a reopen, resolution of changes, pruning, refusals to open.

use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use storefind_index::product::Product;
use storefind_index::settings::{Language, Settings};

use super::store::META_PRUNED;
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

/// The events after `sequence`, in short: `1+a=Kettle`, `2-a`, `3*`.
fn events_after(log: &Log, sequence: u64) -> Vec<String> {
    let batch = log.read_after(sequence, ALL).expect("reads");
    let show = |(sequence, event): (u64, Result<Event, EventError>)| match event.expect("decodes") {
        Event::Live { .. } | Event::Start { .. } => String::new(),
        Event::Upsert { product } => format!("{sequence}+{}={}", product.id, product.title),
        Event::Delete { id } => format!("{sequence}-{id}"),
        Event::Settings { .. } => format!("{sequence}*"),
    };
    batch.events.into_iter().map(show).collect()
}

/// Lets every superseded event through `sequence` go, and waits for it.
fn prune(log: &Log, sequence: u64, expected: u64) {
    log.applied_durably(sequence);
    assert!(log.shared.pruned.wait_until(LONG, |pruned| pruned >= expected), "pruned through {expected}");
}

fn refused(code: &str) -> Result<u64, String> {
    Err(code.to_owned())
}

#[test]
fn changes_get_consecutive_sequences_in_their_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    assert_eq!(log.last(), 0);
    assert_eq!(outcomes(&log, vec![upsert("a", "Kettle"), upsert("b", "Pot")]), [Ok(1), Ok(2)]);
    assert_eq!(outcomes(&log, vec![delete("a"), upsert("a", "Urn")]), [Ok(3), Ok(4)]);
    assert_eq!(log.last(), 4);
    assert_eq!(events_after(&log, 0), ["1+a=Kettle", "2+b=Pot", "3-a", "4+a=Urn"]);
    assert_eq!(events_after(&log, 2), ["3-a", "4+a=Urn"]);
    assert_eq!(events_after(&log, 4), [""; 0]);
}

#[test]
fn a_reading_within_limits_says_how_far_it_is_complete() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append((0..5).map(|n| upsert(&n.to_string(), "Kettle")).collect()).expect("appends");
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
}

#[test]
fn an_upsert_that_changes_nothing_makes_no_event() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let same = || upsert("a", "Kettle");
    assert_eq!(outcomes(&log, vec![same(), same(), upsert("b", "Pot"), same()]), [Ok(1), Ok(1), Ok(2), Ok(1)]);
    let written = log.append(vec![same()]).expect("appends");
    assert_eq!((written.sequence, log.last()), (1, 2));
    assert_eq!(outcomes(&log, vec![patch("a", json!({"title": "Kettle"}))]), [Ok(1)]);
    assert_eq!(outcomes(&log, vec![upsert("a", "Urn"), same()]), [Ok(3), Ok(4)]);
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
    assert_eq!(outcomes(&log, changes), [Ok(1), Ok(2), Ok(3)]);
    let expected = Product { price: Some(9.5), stock: Some(3), ..product("a", "Kettle") };
    assert_eq!(log.product("a").expect("reads"), Some((3, expected.clone())));
    assert_eq!(outcomes(&log, vec![patch("a", json!({"stock": 2}))]), [Ok(4)]);
    assert_eq!(log.product("a").expect("reads"), Some((4, Product { stock: Some(2), ..expected })));
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
        Ok(1),
        refused(unknown),
        refused("invalid_price"),
        refused("missing_title"),
        Ok(2),
        refused(unknown),
        refused(unknown),
    ];
    assert_eq!(outcomes(&log, changes), expected);
    let written = log.append(vec![delete("a")]).expect("appends");
    assert_eq!(written.sequence, 2, "the log's last sequence, as nothing was accepted");
}

#[test]
fn what_was_appended_is_there_after_a_reopen() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(vec![upsert("a", "Kettle"), upsert("b", "Pot"), delete("a")]).expect("appends");
    let german = Settings { language: Language::German, ..Settings::default() };
    assert_eq!(log.append_settings(german.clone()).expect("appends"), 4);
    let origin = log.origin();
    drop(log);
    for tidily in [false, true] {
        let log = open(dir.path());
        assert_eq!(events_after(&log, 0), ["1+a=Kettle", "2+b=Pot", "3-a", "4*"]);
        assert_eq!((log.last(), log.origin()), (4, origin));
        assert_eq!(log.settings(), Some((4, Arc::new(german.clone()))));
        assert_eq!(log.product("a").expect("reads"), None);
        assert_eq!(log.product("b").expect("reads"), Some((2, product("b", "Pot"))));
        if tidily {
            log.close();
        }
    }
    assert_eq!(outcomes(&open(dir.path()), vec![upsert("c", "Urn")]), [Ok(5)]);
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
    assert_eq!(log.append_settings(german.clone()).expect("appends"), 1);
    assert_eq!(log.append_settings(german.clone()).expect("appends"), 1);
    assert_eq!(log.append_settings(Settings::default()).expect("appends"), 2);
    assert_eq!(log.settings(), Some((2, Arc::new(Settings::default()))));
    let mut broken = Settings::default();
    broken.searchable.title = f32::NAN;
    assert!(matches!(log.append_settings(broken), Err(LogError::Encode { .. })));
    assert_eq!(log.last(), 2);
}

#[test]
fn superseded_events_stay_until_every_projection_is_past_them_and_then_go() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(vec![upsert("a", "1"), upsert("b", "2"), upsert("a", "3"), delete("b"), upsert("c", "5")])
        .expect("appends");
    let everything = ["1+a=1", "2+b=2", "3+a=3", "4-b", "5+c=5"];
    assert_eq!(events_after(&log, 0), everything);
    prune(&log, 2, 0);
    log.append(vec![]).expect("the appender has looked");
    assert_eq!(events_after(&log, 0), everything);
    prune(&log, 3, 3);
    assert_eq!(events_after(&log, 0), ["2+b=2", "3+a=3", "4-b", "5+c=5"]);
    prune(&log, 5, 4);
    assert_eq!(events_after(&log, 0), ["3+a=3", "5+c=5"], "a deletion leaves no trace in the end");
    assert_eq!((log.pruned_through(), log.last()), (4, 5));
    assert_eq!(log.read_after(0, ALL).expect("reads").through, 5);
    drop(log);
    let log = open(dir.path());
    assert_eq!((log.pruned_through(), log.last()), (4, 5));
    assert_eq!(events_after(&log, 0), ["3+a=3", "5+c=5"]);
    assert_eq!(outcomes(&log, vec![delete("b"), upsert("b", "6")]), [refused(Refusal::UNKNOWN_PRODUCT), Ok(6)]);
}

#[test]
fn a_product_that_came_back_survives_the_trace_of_its_deletion() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(vec![upsert("a", "1"), delete("a"), upsert("a", "3")]).expect("appends");
    prune(&log, 3, 2);
    assert_eq!(events_after(&log, 0), ["3+a=3"]);
    assert_eq!(log.product("a").expect("reads"), Some((3, product("a", "3"))));
}

#[test]
fn old_settings_go_and_the_last_ones_stay() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let with_stop_word = |word: &str| Settings { stop_words: vec![word.to_owned()], ..Settings::default() };
    for word in ["the", "a", "of"] {
        log.append_settings(with_stop_word(word)).expect("appends");
    }
    prune(&log, 3, 3);
    assert_eq!(events_after(&log, 0), ["3*"]);
    drop(log);
    assert_eq!(open(dir.path()).settings(), Some((3, Arc::new(with_stop_word("of")))));
}

#[test]
fn more_than_one_step_of_garbage_goes_without_further_asking() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    let rounds = u64::try_from(prune::PRUNE_STEP_EVENTS).expect("fits") * 2 + 10;
    log.append((0..=rounds).map(|n| upsert("a", &n.to_string())).collect()).expect("appends");
    prune(&log, rounds + 1, rounds + 1);
    assert_eq!(events_after(&log, 0), [format!("{}+a={rounds}", rounds + 1)]);
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
    let all: Vec<u64> = (1..=THREADS * WRITES * 2).collect();
    assert_eq!(given, all, "each sequence once, none left out");
    assert_eq!(log.last(), THREADS * WRITES * 2);
}

#[test]
fn a_log_in_use_is_refused_by_the_name_of_its_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let _held = open(dir.path());
    let error = Log::open(dir.path(), "test", Access::ReadWrite).expect_err("is locked");
    assert!(matches!(error, LogError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains(&dir.path().display().to_string()), "{error}");
}

#[test]
fn the_log_of_a_newer_program_is_refused_with_both_formats() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(dir.path(), true).expect("opens");
    let mut batch = store.batch();
    batch.insert(&store.meta, "format", record::encode_number(7));
    store.commit_durably(batch).expect("commits");
    drop(store);
    let error = Log::open(dir.path(), "test", Access::ReadWrite).expect_err("is newer");
    assert!(matches!(error, LogError::Format { found: 7, expected: 1, .. }), "{error:?}");
    assert!(error.to_string().contains(&dir.path().display().to_string()), "{error}");
}

#[test]
fn a_folder_that_is_no_log_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let (file, foreign) = (dir.path().join("file"), dir.path().join("foreign"));
    std::fs::write(&file, "x").expect("writes");
    std::fs::create_dir(&foreign).expect("creates");
    std::fs::write(foreign.join("version"), "of something else").expect("writes");
    for path in [file, foreign] {
        let error = Log::open(&path, "test", Access::ReadWrite).expect_err("is no log");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn a_damaged_number_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(dir.path(), true).expect("opens");
    let mut batch = store.batch();
    batch.insert(&store.meta, META_PRUNED, "short");
    store.commit_durably(batch).expect("commits");
    drop(store);
    let error = Log::open(dir.path(), "test", Access::ReadWrite).expect_err("is damaged");
    assert!(matches!(&error, LogError::Damaged { record, .. } if record == META_PRUNED), "{error:?}");
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
    assert_eq!(events_after(&log, 0), ["1+a=Kettle"]);
}

#[test]
fn a_closed_log_refuses_writes_and_still_reads() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    log.append(vec![upsert("a", "Kettle")]).expect("appends");
    log.close();
    log.close();
    assert!(matches!(log.append(vec![upsert("b", "Pot")]), Err(LogError::Closed { .. })));
    assert_eq!(log.product("a").expect("reads"), Some((1, product("a", "Kettle"))));
}

#[test]
fn the_oldest_acknowledgement_beyond_a_sequence_tells_the_lag() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(dir.path());
    assert_eq!(log.oldest_acknowledged_after(0), None);
    log.append(vec![upsert("a", "Kettle"), upsert("b", "Pot")]).expect("appends");
    assert!(log.oldest_acknowledged_after(0).is_some());
    assert!(log.oldest_acknowledged_after(1).is_some(), "event 2 came with the same acknowledgement");
    assert_eq!(log.oldest_acknowledged_after(2), None);
}

/// One step of the model test.
#[derive(Debug, Clone)]
enum Step {
    Write(Vec<(u8, u8)>),
    Prune(u64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => proptest::collection::vec((0u8..4, 0u8..4), 1..5).prop_map(Step::Write),
        3 => (0u64..40).prop_map(Step::Prune),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// The oracle: states of the catalog after each sequence, as a plain map. Whatever was pruned, a reader that
    /// stood at a state and reads on ends in the newest state, and one that starts from nothing does, too.
    #[test]
    fn a_replay_from_any_point_that_may_be_continued_ends_in_the_newest_state(steps in steps()) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut log = open(dir.path());
        let mut states = vec![std::collections::BTreeMap::<String, String>::new()];
        for step in steps {
            match step {
                Step::Write(writes) => {
                    for (id, version) in writes {
                        let id = id.to_string();
                        let mut state = states.last().expect("never empty").clone();
                        let change = if version == 0 { delete(&id) } else { upsert(&id, &version.to_string()) };
                        let before = states.len() as u64 - 1;
                        let outcome = outcomes(&log, vec![change]).remove(0);
                        if version == 0 {
                            prop_assert_eq!(outcome.is_ok(), state.remove(&id).is_some());
                        } else {
                            prop_assert!(outcome.is_ok());
                            state.insert(id, version.to_string());
                        }
                        if state != states[states.len() - 1] {
                            states.push(state);
                        }
                        prop_assert_eq!(log.last(), states.len() as u64 - 1);
                        prop_assert!(outcome.is_err() || outcome <= Ok(before + 1));
                    }
                }
                Step::Prune(through) => log.applied_durably(through.min(log.last())),
                Step::Reopen => {
                    drop(log);
                    log = open(dir.path());
                }
            }
        }
        let newest = states.last().expect("never empty");
        // Reading while the appender still prunes is part of the test.
        for from in (log.pruned_through()..=log.last()).chain([0]) {
            let start = usize::try_from(from).expect("small");
            let events = log.read_after(from, ALL).expect("reads").events;
            // Looked at after the reading: the appender may have pruned between the range above and this point, and
            // then nobody may stand at `from` any more.
            if from != 0 && from < log.pruned_through() {
                continue;
            }
            let mut state = states[start].clone();
            for (_, event) in events {
                match event.expect("decodes") {
                    Event::Upsert { product } => state.insert(product.id, product.title),
                    Event::Delete { id } => state.remove(&id),
                    _ => None,
                };
            }
            prop_assert_eq!(&state, newest, "from {}", from);
        }
        let exported: std::collections::BTreeMap<String, String> =
            log.export(None, 100).expect("exports").into_iter().map(|product| (product.id, product.title)).collect();
        prop_assert_eq!(&exported, newest);
    }
}
