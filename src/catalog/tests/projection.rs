//! The index as a projection of the log: it can be lost, old, foreign, or in need of another analysis.

use proptest::prelude::*;
use storefind_index::settings::Language;

use super::*;

const CHANGES: u64 = 6;

/// A catalog with some history: replaced, deleted and returned products.
fn fill(catalog: &Catalog) -> BTreeMap<String, String> {
    write_through(catalog, vec![upsert("a", "Kettle"), upsert("b", "Pot"), upsert("c", "Urn")]);
    write_through(catalog, vec![retitle("a", "Tea kettle"), delete("b"), delete("c")]);
    titles(&[("a", "Tea kettle")])
}

fn check_after_reopen(dir: &Path, expected: &BTreeMap<String, String>) {
    let catalog = open(dir);
    let last = catalog.status().log_sequence;
    catalog.wait_visible_blocking(last, LONG).expect("catches up");
    assert_eq!(&products(&catalog.snapshot()), expected);
    assert_eq!(&acknowledged(&catalog), expected);
    let next = catalog.write(vec![upsert("next", "Cup")]).expect("writes").sequence;
    assert_eq!(next, last + 1);
    catalog.wait_visible_blocking(next, LONG).expect("becomes visible");
    assert!(catalog.is_ready());
}

#[test]
fn a_catalog_goes_on_where_it_was_closed() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let expected = fill(&catalog);
    catalog.close();
    drop(catalog);
    check_after_reopen(dir.path(), &expected);
}

#[test]
fn a_catalog_goes_on_where_it_was_dropped() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let mut expected = fill(&catalog);
    catalog.write(vec![upsert("late", "Cup")]).expect("writes");
    expected.insert("late".into(), "Cup".into());
    drop(catalog);
    check_after_reopen(dir.path(), &expected);
}

#[test]
fn a_catalog_begins_with_the_suggestions_that_it_ended_with() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    catalog.learn_from_nobody();
    write_through(&catalog, (0..4).map(|n| upsert(&n.to_string(), "Tea kettle")).collect());
    let deadline = std::time::Instant::now() + LONG;
    while catalog.suggestions().index.is_empty() {
        assert!(std::time::Instant::now() < deadline, "suggestions are built");
        std::thread::yield_now();
    }
    let says = catalog.suggestions().index.save();
    catalog.close();
    drop(catalog);
    let catalog = open(dir.path());
    while catalog.suggestions().index.is_empty() {
        assert!(std::time::Instant::now() < deadline, "what was saved is read");
        std::thread::yield_now();
    }
    let first = catalog.suggestions();
    assert_eq!((first.generation, first.index.save()), (0, says), "before any are built");
    drop(catalog);
    std::fs::write(dir.path().join("suggestions"), "nonsense").expect("writes");
    let catalog = open(dir.path());
    while catalog.suggestions().index.is_empty() {
        assert!(std::time::Instant::now() < deadline, "suggestions are built without the file, too");
        std::thread::yield_now();
    }
}

#[test]
fn a_lost_index_is_built_again_and_nothing_half_built_is_shown() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let expected = fill(&catalog);
    catalog.close();
    drop(catalog);
    std::fs::remove_dir_all(dir.path().join("index")).expect("removes");
    let catalog = open(dir.path());
    let snapshot = catalog.snapshot();
    assert!(snapshot.sequence() == 0 || snapshot.sequence() == CHANGES, "{}", snapshot.sequence());
    drop((snapshot, catalog));
    check_after_reopen(dir.path(), &expected);
}

#[test]
fn a_damaged_index_is_built_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let expected = fill(&catalog);
    catalog.close();
    drop(catalog);
    std::fs::write(dir.path().join("index/meta.json"), "{").expect("writes");
    check_after_reopen(dir.path(), &expected);
}

/// Replaces the folder `part` of a catalog by the one of another.
fn transplant(from: &Path, to: &Path, part: &str) {
    std::fs::remove_dir_all(to.join(part)).expect("removes");
    std::fs::rename(from.join(part), to.join(part)).expect("moves");
}

#[test]
fn the_index_of_another_log_is_not_taken() {
    let (ours, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let catalog = open(ours.path());
    let expected = fill(&catalog);
    catalog.close();
    drop(catalog);
    let catalog = open(other.path());
    // As many events as ours, so that the sequence alone tells nothing.
    write_through(&catalog, (0..CHANGES).map(|n| upsert(&n.to_string(), "Cup")).collect());
    catalog.close();
    drop(catalog);
    transplant(ours.path(), other.path(), "log");
    check_after_reopen(other.path(), &expected);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("creates");
    for entry in std::fs::read_dir(from).expect("lists") {
        let entry = entry.expect("lists");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("has a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copies");
        }
    }
}

#[test]
fn an_index_that_may_have_missed_a_deletion_is_built_again() {
    let (dir, old) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let catalog = open(dir.path());
    write_through(&catalog, vec![upsert("a", "Kettle"), upsert("b", "Pot")]);
    catalog.close();
    drop(catalog);
    copy(&dir.path().join("index"), &old.path().join("index"));
    let catalog = open(dir.path());
    write_through(&catalog, vec![delete("b")]);
    // The deletion's trace goes once the index has it.
    let pruned = |_| catalog.log.pruned_through() >= 3;
    while !pruned(0) {
        write_through(&catalog, vec![upsert("a", &catalog.status().log_sequence.to_string())]);
    }
    let expected = acknowledged(&catalog);
    catalog.close();
    drop(catalog);
    transplant(old.path(), dir.path(), "index");
    check_after_reopen(dir.path(), &expected);
}

#[test]
fn an_index_ahead_of_its_log_is_built_again() {
    let (dir, old) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let catalog = open(dir.path());
    write_through(&catalog, vec![upsert("a", "Kettle")]);
    catalog.close();
    drop(catalog);
    copy(&dir.path().join("log"), &old.path().join("log"));
    let catalog = open(dir.path());
    write_through(&catalog, vec![upsert("b", "Pot"), delete("a")]);
    catalog.close();
    drop(catalog);
    transplant(old.path(), dir.path(), "log");
    check_after_reopen(dir.path(), &titles(&[("a", "Kettle")]));
}

fn german() -> Settings {
    Settings { language: Language::German, ..Settings::default() }
}

#[test]
fn settings_with_another_analysis_come_with_every_product() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let mut expected = fill(&catalog);
    let before = (catalog.snapshot(), catalog.settings_version());
    // Some events are not yet visible when the settings come, and some come behind them.
    catalog.write(vec![upsert("d", "Cup")]).expect("writes");
    let put = catalog.put_settings(german()).expect("puts");
    assert_eq!(*catalog.settings(), german());
    let last = catalog.write(vec![upsert("e", "Mug"), delete("d")]).expect("writes").sequence;
    expected.insert("e".into(), "Mug".into());
    catalog.wait_visible_blocking(put, LONG).expect("becomes visible");
    assert_eq!(catalog.snapshot().settings().language, Language::German);
    catalog.wait_visible_blocking(last, LONG).expect("becomes visible");
    assert_eq!(products(&catalog.snapshot()), expected);
    assert_ne!(catalog.settings_version(), before.1);
    assert_eq!(products(&before.0), titles(&[("a", "Tea kettle")]), "an old snapshot stays as it was");
    drop((before, catalog));
    let catalog = open(dir.path());
    assert_eq!(*catalog.settings(), german(), "settings that were put outlive the configured ones");
    catalog.wait_visible_blocking(last, LONG).expect("catches up");
    assert_eq!((products(&catalog.snapshot()), catalog.snapshot().settings().language), (expected, Language::German));
}

#[test]
fn settings_with_the_same_analysis_take_effect_at_their_sequence() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let expected = fill(&catalog);
    let first = catalog.settings_version();
    let facets = |facet: &str| Settings { facets: vec![facet.to_owned()], ..Settings::default() };
    for (facet, sequence) in [("brand", CHANGES + 2), ("brand", CHANGES + 2), ("price", CHANGES + 3)] {
        assert_eq!(catalog.put_settings(facets(facet)).expect("puts"), sequence);
        catalog.wait_visible_blocking(sequence, LONG).expect("becomes visible");
        assert_eq!(catalog.snapshot().settings().facets, [facet]);
    }
    let back = catalog.put_settings(Settings::default()).expect("puts");
    catalog.wait_visible_blocking(back, LONG).expect("becomes visible");
    assert_eq!(catalog.settings_version(), first, "equal settings have equal versions");
    assert_eq!(products(&catalog.snapshot()), expected);
    drop(catalog);
    check_after_reopen(dir.path(), &expected);
}

#[test]
fn configured_settings_with_another_analysis_make_the_index_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let expected = fill(&catalog);
    catalog.close();
    drop(catalog);
    let catalog = Catalog::open("test", dir.path(), &german(), BOUND, false).expect("opens");
    catalog.wait_visible_blocking(CHANGES, LONG).expect("catches up");
    assert_eq!((products(&catalog.snapshot()), catalog.snapshot().settings().language), (expected, Language::German));
}

#[test]
fn a_rebuild_beside_writers_and_readers_ends_in_what_the_log_says() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let mut state = fill(&catalog);
    catalog.wait_visible_blocking(catalog.status().log_sequence, LONG).expect("becomes visible");
    let (before, expected_before) = (catalog.snapshot(), state.clone());
    std::thread::scope(|scope| {
        let rebuilds = scope.spawn(|| (0..3).try_for_each(|_| catalog.rebuild()));
        for n in 0..200 {
            let (id, title) = (format!("n{}", n % 50), format!("Kettle {n}"));
            if n % 7 == 6 && state.remove(&id).is_some() {
                catalog.write(vec![delete(&id)]).expect("writes");
            } else {
                catalog.write(vec![upsert(&id, &title)]).expect("writes");
                state.insert(id, title);
            }
            assert!(catalog.snapshot().sequence() >= before.sequence(), "nothing older is shown");
        }
        rebuilds.join().expect("no panic").expect("rebuilds");
    });
    write_through(&catalog, vec![upsert("last", "Urn")]);
    state.insert("last".to_owned(), "Urn".to_owned());
    assert_eq!(products(&catalog.snapshot()), state);
    assert_eq!(products(&before), expected_before, "who reads on keeps the index of before");
    catalog.close();
    drop((catalog, before));
    let catalog = open(dir.path());
    catalog.wait_visible_blocking(catalog.status().log_sequence, LONG).expect("becomes visible");
    assert_eq!(products(&catalog.snapshot()), state);
}

#[test]
fn an_answer_from_before_a_restart_can_be_proven_by_the_saved_touches() {
    let dir = tempfile::tempdir().expect("a folder");
    let catalog = open(dir.path());
    let sequence = write_through(&catalog, vec![upsert("a", "Kettle"), upsert("b", "Pot")]);
    write_through(&catalog, vec![upsert("b", "Urn")]);
    let start = catalog.visibility().start_at(sequence);
    catalog.close();
    drop(catalog);
    let catalog = open(dir.path());
    let visibility = catalog.visibility();
    assert!(visibility.touches().complete_from() <= sequence);
    assert_eq!(visibility.start_at(sequence), start);
    let last = |form| visibility.touches().last(storefind_index::touch::touch_hash(form));
    assert!(last("word:urn") > sequence && last("stem:pot") > sequence && last("word:kettle") <= sequence);
    // A table that does not fit is none.
    catalog.close();
    drop(catalog);
    std::fs::write(dir.path().join("touches"), "no table").expect("writes");
    assert!(open(dir.path()).visibility().touches().complete_from() > sequence);
}

#[derive(Debug, Clone)]
enum Step {
    Upsert(u8, u8),
    Delete(u8),
    Settings(bool),
    Show,
    Reopen { tidily: bool, without_index: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (0u8..6, 0u8..4).prop_map(|(id, version)| Step::Upsert(id, version)),
        4 => (0u8..6).prop_map(Step::Delete),
        1 => any::<bool>().prop_map(Step::Settings),
        4 => Just(Step::Show),
        1 => any::<(bool, bool)>().prop_map(|(tidily, without_index)| Step::Reopen { tidily, without_index }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// The oracle is a map. Whenever something is visible, it is exactly the map as it was at that sequence.
    #[test]
    fn what_is_visible_at_a_sequence_is_what_the_log_said_there(
        steps in proptest::collection::vec(step(), 1..40)
    ) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut catalog = open(dir.path());
        let mut state = BTreeMap::new();
        let mut history: BTreeMap<u64, BTreeMap<String, String>> = BTreeMap::from([(0, state.clone()), (1, state.clone())]);
        for step in steps {
            match step {
                Step::Upsert(id, version) => {
                    let (id, title) = (id.to_string(), format!("Kettle {version}"));
                    catalog.write(vec![upsert(&id, &title)]).expect("writes");
                    state.insert(id, title);
                }
                Step::Delete(id) => {
                    let outcome = catalog.write(vec![delete(&id.to_string())]).expect("writes").outcomes.remove(0);
                    prop_assert_eq!(outcome.is_ok(), state.remove(&id.to_string()).is_some());
                }
                Step::Settings(is_german) => {
                    catalog.put_settings(if is_german { german() } else { Settings::default() }).expect("puts");
                }
                Step::Show => {
                    catalog.wait_visible_blocking(catalog.status().log_sequence, LONG).expect("becomes visible");
                }
                Step::Reopen { tidily, without_index } => {
                    if tidily {
                        catalog.close();
                    }
                    drop(catalog);
                    if without_index {
                        std::fs::remove_dir_all(dir.path().join("index")).expect("removes");
                    }
                    catalog = open(dir.path());
                }
            }
            history.insert(catalog.status().log_sequence, state.clone());
            let snapshot = catalog.snapshot();
            prop_assert_eq!(&products(&snapshot), &history[&snapshot.sequence()], "at {}", snapshot.sequence());
        }
        catalog.wait_visible_blocking(catalog.status().log_sequence, LONG).expect("becomes visible");
        prop_assert_eq!(&products(&catalog.snapshot()), &state);
        prop_assert_eq!(&acknowledged(&catalog), &state);
    }
}
