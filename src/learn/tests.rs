//! From events to what is learned, over restarts and damage.

use serde_json::{Value, json};
use storefind_index::settings::Autocomplete;

use super::*;

const DAY_MS: u64 = 86_400_000;
const START: u64 = 20_000 * DAY_MS;
const REST: u64 = 10_000;
const KEEP: Keep = Keep { days: 30, bytes_max: 1 << 20 };

fn open(folder: &Path, now: u64) -> Learner {
    let learner = Learner::open(folder, KEEP, false).unwrap();
    learner.restore(now).unwrap();
    learner
}

fn sent(event: Value, now: u64) -> Sent {
    let Value::Object(object) = event else { panic!("an object") };
    Sent { event: Event::read(&object, now).unwrap(), request: None }
}

fn take(learner: &Learner, events: &[Value], now: u64) -> Taken {
    let sent: Vec<Sent> = events.iter().map(|event| sent(event.clone(), now)).collect();
    learner.take(&sent, now, &|_| false).unwrap()
}

/// So many shoppers search the same.
fn search(learner: &Learner, query: &str, sessions: std::ops::Range<u32>, now: u64) -> Taken {
    let event = |session: u32| json!({"type": "search", "session": session, "query": query, "time": now});
    take(learner, &sessions.map(event).collect::<Vec<_>>(), now)
}

fn learned(learner: &Learner, now: u64) -> Vec<String> {
    learner.learned(now, &Autocomplete::default(), 10).into_iter().map(|learned| learned.text.into()).collect()
}

#[test]
fn what_was_learned_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path(), START);
    search(&learner, "red shoes", 0..12, START);
    search(&learner, "rare", 0..9, START);
    assert_eq!(learned(&learner, START + REST), ["red shoes"]);
    let weight = learner.learned(START + REST, &Autocomplete::default(), 1)[0].weight;
    drop(learner);
    let learner = open(folder.path(), START + REST);
    assert_eq!(learned(&learner, START + REST), ["red shoes"]);
    let again = learner.learned(START + REST, &Autocomplete::default(), 1)[0].weight;
    assert!((again - weight).abs() < 1e-9);
    // The tenth session may come after the restart, and is another shopper there, too.
    search(&learner, "rare", 9..10, START + REST);
    assert_eq!(learned(&learner, START + 2 * REST), ["red shoes", "rare"]);
    drop(learner);
    std::fs::remove_dir_all(folder.path().join(FOLDER)).unwrap();
    assert!(learned(&open(folder.path(), START), START + REST).is_empty(), "nothing but that is lost");
}

#[test]
fn the_same_shoppers_after_a_restart_are_the_same_shoppers() {
    let folder = tempfile::tempdir().unwrap();
    for start in 0..5 {
        search(&open(folder.path(), START), "red shoes", 0..9, START + start * REST);
    }
    assert!(learned(&open(folder.path(), START), START + 9 * REST).is_empty());
}

#[test]
fn events_that_are_sent_again_count_once() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path(), START);
    let named = json!({"type": "search", "session": "a", "query": "kettle", "event_id": "1"});
    let timed = json!({"type": "search", "session": "b", "query": "kettle", "time": START});
    let bare = json!({"type": "search", "session": "c", "query": "kettle"});
    let events = [named.clone(), timed.clone(), bare];
    assert_eq!(take(&learner, &events, START), Taken { accepted: 3, repeated: 0 });
    assert_eq!(take(&learner, &events, START + 1), Taken { accepted: 3, repeated: 2 });
    assert_eq!(take(&learner, &[named.clone(), named], START), Taken { accepted: 2, repeated: 2 });
    drop(learner);
    let learner = open(folder.path(), START);
    assert_eq!(take(&learner, &events, START + REST), Taken { accepted: 3, repeated: 2 }, "over a restart, too");
    let keyed = |place| Sent {
        request: Some(("key".into(), place)),
        ..sent(json!({"type": "search", "session": "d", "query": "q"}), START)
    };
    let taken = |sent: &[Sent]| learner.take(sent, START, &|_| false).unwrap().repeated;
    assert_eq!((taken(&[keyed(1), keyed(2)]), taken(&[keyed(1), keyed(2), keyed(3)])), (0, 2));
    // In one request as well.
    assert_eq!(take(&learner, &[timed.clone(), timed], START).repeated, 2);
}

#[test]
fn nothing_personal_is_written_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path(), START);
    for query in ["jane@example.org", "4111 1111 1111 1111", "+49 171 5556677"] {
        let event = |session: u32| json!({"type": "search", "session": format!("shopper-{session}"), "query": query});
        take(&learner, &(0..20).map(event).collect::<Vec<_>>(), START);
        let answered =
            Answered { time: START, query: query.to_owned(), times: 50, found_nothing: true, corrected: String::new() };
        learner.note_answers(vec![answered], START, &|_| false).unwrap();
    }
    assert!(learned(&learner, START + REST).is_empty());
    let day = Day::of(START);
    let told = serde_json::to_string(&learner.report(Range { from: day, to: day }, START + REST, 10)).unwrap();
    assert!(told.contains("\"withheld\":210") && !told.contains("jane") && !told.contains("4111"), "{told}");
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path().join(FOLDER)).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        files += 1;
        for word in ["jane", "4111", "5556677", "shopper-7"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word} is on the disk");
        }
    }
    assert_eq!(files, 2, "the journal and its secret");
}

#[test]
fn a_long_number_is_learned_if_the_catalog_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path(), START);
    let events: Vec<Sent> = (0..10)
        .map(|session| sent(json!({"type": "search", "session": session, "query": "4008496559862"}), START))
        .collect();
    learner.take(&events, START, &|words| words == "4008496559862").unwrap();
    assert_eq!(learned(&learner, START + REST), ["4008496559862"]);
}

#[test]
fn days_that_are_not_kept_are_not_told_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    search(&open(folder.path(), START), "red shoes", 0..12, START);
    let later = START + u64::from(KEEP.days) * DAY_MS;
    let learner = open(folder.path(), later);
    assert!(learned(&learner, later).is_empty());
    assert_eq!(learner.first_day(later), Day::of(START + DAY_MS));
}

#[test]
fn a_node_that_takes_no_writes_knows_what_was_learned_and_says_no() {
    let folder = tempfile::tempdir().unwrap();
    search(&open(folder.path(), START), "red shoes", 0..12, START);
    let learner = Learner::open(folder.path(), KEEP, true).unwrap();
    let event = sent(json!({"type": "search", "session": 1, "query": "q"}), START);
    assert!(matches!(learner.take(&[event], START, &|_| false), Err(LearnError::ReadOnly)));
    learner.restore(START).unwrap();
    assert_eq!(learned(&learner, START + REST), ["red shoes"]);
}

#[test]
fn until_the_journal_is_read_events_wait() {
    let folder = tempfile::tempdir().unwrap();
    let learner = Learner::open(folder.path(), KEEP, false).unwrap();
    let event = || sent(json!({"type": "search", "session": 1, "query": "q"}), START);
    assert!(matches!(learner.take(&[event()], START, &|_| false), Err(LearnError::Starting)));
    learner.restore(START).unwrap();
    assert_eq!(learner.take(&[event()], START, &|_| false).unwrap().accepted, 1);
}

#[test]
fn what_cannot_be_written_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path(), START);
    // The journal's folder is gone, as on a disk that was taken away.
    std::fs::remove_dir_all(folder.path().join(FOLDER)).unwrap();
    let event = sent(json!({"type": "search", "session": 1, "query": "q"}), START);
    let error = learner.take(&[event], START, &|_| false).unwrap_err();
    assert!(matches!(error, LearnError::Journal { .. }) && error.to_string().contains(FOLDER), "{error}");
    assert_eq!(learner.state().tallies.counts.len(), 0);
    let version = learner.version();
    std::fs::create_dir(folder.path().join(FOLDER)).unwrap();
    search(&learner, "red shoes", 0..12, START);
    assert!(learner.version() > version);
    assert_eq!(learned(&learner, START + REST), ["red shoes"]);
}

#[test]
fn nobody_takes_another_shopper_s_event_away_by_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path(), START);
    let event = |session: &str| json!({"type": "search", "session": session, "query": "kettle", "event_id": "1"});
    assert_eq!(take(&learner, &[event("robot"), event("shopper")], START), Taken { accepted: 2, repeated: 0 });
    assert_eq!(take(&learner, &[event("shopper")], START).repeated, 1);
}

#[test]
fn other_nodes_are_told_what_was_accepted_and_only_by_who_learned_it() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path(), START);
    for query in ["kettel", "kettle", "jane doe"] {
        search(&learner, query, 0..12, START);
    }
    let told = |learner: &Learner| -> Vec<String> {
        let told = learner.told(START + REST, &Autocomplete::default(), 10);
        told.into_iter().map(|told| told.text.into()).collect()
    };
    assert!(told(&learner).is_empty(), "nothing was accepted yet");
    let accept = |learner: &Learner| {
        let accepted = [("kettle", "kettle"), ("kettel", "kettle"), ("others only", "others only")];
        learner.accept(accepted.into_iter().map(|(query, phrase)| (query.into(), phrase.into())));
    };
    accept(&learner);
    assert_eq!(told(&learner), ["kettle"]);
    let alone = learner.own(START + REST, &Autocomplete::default(), 1)[0].weight;
    let both = learner.told(START + REST, &Autocomplete::default(), 1)[0].weight;
    assert!((both - 2.0 * alone).abs() < 1e-9, "who mistyped it meant the same");
    // A copy of the folder beside a node that takes no events would tell the same again.
    let copy = Learner::open(folder.path(), KEEP, true).unwrap();
    copy.restore(START + REST).unwrap();
    accept(&copy);
    assert_eq!((learned(&copy, START + REST).len(), told(&copy)), (3, vec![]));
}

#[test]
fn a_quiet_catalog_forgets_what_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let learner = open(folder.path(), START);
    search(&learner, "red shoes", 0..12, START);
    let files = || std::fs::read_dir(folder.path().join(FOLDER)).unwrap().count();
    let (day, later) = (Day::of(START), START + u64::from(KEEP.days) * DAY_MS);
    let told = |now| serde_json::to_string(&learner.report(Range { from: day, to: day }, now, 10)).unwrap();
    assert!(told(later - 1).contains("red shoes"));
    assert!(!told(later).contains("red shoes"), "what is not kept any more is not told");
    assert_eq!(files(), 2);
    learner.settle(later - 1);
    assert_eq!(files(), 2);
    learner.settle(later);
    assert_eq!(files(), 1, "the secret");
}

#[test]
fn what_a_clock_in_the_future_wrote_is_of_today() {
    let folder = tempfile::tempdir().unwrap();
    let future = START + 1_000 * DAY_MS;
    search(&open(folder.path(), future), "red shoes", 0..12, future);
    let learner = open(folder.path(), START);
    assert_eq!(learned(&learner, START + 2 * REST), ["red shoes"]);
    search(&learner, "tea pot", 0..20, START);
    assert_eq!(learned(&learner, START + 2 * REST), ["tea pot", "red shoes"]);
}
