//! The log against a plain map: whatever was written, pruned and reopened, a reader ends in the newest state.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// The oracle's state of a product: title and stock.
type State = BTreeMap<String, (String, Option<i64>)>;

#[derive(Debug, Clone)]
enum Write {
    Upsert(u8, u8, Option<i64>),
    Patch(u8, u8),
    Live(u8, Option<i64>),
    Delete(u8),
}

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Write>),
    Prune(u64),
    Reopen,
    Copy,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let stock = || proptest::option::of(0i64..3);
    let write = prop_oneof![
        3 => (0u8..4, 1u8..4, stock()).prop_map(|(id, title, stock)| Write::Upsert(id, title, stock)),
        1 => (0u8..4, 1u8..4).prop_map(|(id, title)| Write::Patch(id, title)),
        3 => (0u8..4, stock()).prop_map(|(id, stock)| Write::Live(id, stock)),
        1 => (0u8..4).prop_map(Write::Delete),
    ];
    let step = prop_oneof![
        12 => proptest::collection::vec(write, 1..5).prop_map(Step::Write),
        6 => (0u64..60).prop_map(Step::Prune),
        2 => Just(Step::Reopen),
        1 => Just(Step::Copy),
    ];
    proptest::collection::vec(step, 1..20)
}

/// What the change does to the oracle; `None` if it is refused.
fn apply(state: &mut State, write: &Write) -> Option<()> {
    match write {
        Write::Upsert(id, title, stock) => drop(state.insert(id.to_string(), (title.to_string(), *stock))),
        Write::Patch(id, title) => state.get_mut(&id.to_string())?.0 = title.to_string(),
        Write::Live(id, stock) => state.get_mut(&id.to_string())?.1 = *stock,
        Write::Delete(id) => drop(state.remove(&id.to_string())?),
    }
    Some(())
}

fn change(write: &Write) -> Change {
    match write {
        Write::Upsert(id, title, stock) => {
            Change::Upsert(Product { stock: *stock, ..product(&id.to_string(), &title.to_string()) })
        }
        Write::Patch(id, title) => patch(&id.to_string(), json!({"title": title.to_string()})),
        Write::Live(id, stock) => Change::Live { id: id.to_string(), price: None, stock: Some(*stock) },
        Write::Delete(id) => delete(&id.to_string()),
    }
}

/// Applies an event as a projection does. A live event whose upsert was pruned is followed by a later upsert.
fn project(state: &mut State, event: Event) {
    match event {
        Event::Upsert { product } => drop(state.insert(product.id, (product.title, product.stock))),
        Event::Live { id, fields } => {
            if let Some(product) = state.get_mut(&id) {
                product.1 = fields.stock;
            }
        }
        Event::Delete { id } => drop(state.remove(&id)),
        Event::Settings { .. } | Event::Rules { .. } | Event::Start { .. } => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The oracle: states of the catalog after each sequence. Whatever was pruned, a reader that stood at a state and
    /// reads on ends in the newest state, and one that starts from nothing does, too.
    #[test]
    fn a_replay_from_any_point_that_may_be_continued_ends_in_the_newest_state(steps in steps()) {
        let mut dir = tempfile::tempdir().expect("a folder");
        let mut log = open(dir.path());
        // After sequence 0, and after the start.
        let mut states = vec![State::new(), State::new()];
        for step in steps {
            match step {
                Step::Write(writes) => {
                    let mut expected = Vec::new();
                    for write in &writes {
                        let before = states.last().expect("never empty").clone();
                        let mut state = before.clone();
                        expected.push(apply(&mut state, write).is_some());
                        if state != before {
                            states.push(state);
                        }
                    }
                    let found = outcomes(&log, writes.iter().map(change).collect());
                    prop_assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), expected);
                    prop_assert_eq!(log.last(), states.len() as u64 - 1);
                }
                Step::Prune(through) => log.applied_durably(through.min(log.last())),
                Step::Reopen => {
                    drop(log);
                    log = open(dir.path());
                    states.push(states.last().expect("never empty").clone());
                }
                Step::Copy => {
                    let (backup, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
                    log.backup(backup.path()).expect("copies");
                    restore(backup.path(), &other.path().join("log")).expect("restores");
                    let origin = log.origin();
                    drop(log);
                    let path = other.path().join("log");
                    dir = other;
                    log = open(&path);
                    prop_assert_ne!(log.origin(), origin);
                    drop(log);
                    std::fs::rename(&path, dir.path().join("moved")).expect("moves");
                    for entry in dir.path().join("moved").read_dir().expect("reads") {
                        let entry = entry.expect("reads");
                        std::fs::rename(entry.path(), dir.path().join(entry.file_name())).expect("moves");
                    }
                    std::fs::remove_dir(dir.path().join("moved")).expect("removes");
                    log = open(dir.path());
                    let state = states.last().expect("never empty").clone();
                    states.extend([state.clone(), state]);
                }
            }
        }
        let newest = states.last().expect("never empty");
        // Reading while the appender still prunes is part of the test.
        for from in (log.pruned_through()..=log.last()).chain([0]) {
            let start = usize::try_from(from).expect("small");
            let mut stored = Vec::new();
            log.read_store(from, log.last(), ALL, &mut stored).expect("reads");
            for events in [stored, log.read_after(from, ALL).expect("reads").events] {
                // Looked at after the reading: the appender may have pruned between the range above and this point,
                // and then nobody may stand at `from` any more.
                if from != 0 && from < log.pruned_through() {
                    continue;
                }
                let mut state = states[start].clone();
                for (_, event) in events {
                    project(&mut state, event.expect("decodes"));
                }
                prop_assert_eq!(&state, newest, "from {}", from);
            }
        }
        let exported: State = log.export(None, 100).expect("exports").into_iter()
            .map(|product| (product.id, (product.title, product.stock))).collect();
        prop_assert_eq!(&exported, newest);
        let mut live = BTreeMap::new();
        log.for_each_live(&mut |id, _, fields| {
            live.insert(id.to_owned(), fields.stock);
        }).expect("reads");
        let expected: BTreeMap<String, Option<i64>> = newest.iter().map(|(id, (_, stock))| (id.clone(), *stock)).collect();
        prop_assert_eq!(live, expected);
    }
}
