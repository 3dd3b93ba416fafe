//! Leases in a real Redis: taken for what is dear, waited for, given back, and gone by themselves when their holder is.
//!
//! What a question costs is learned from the entries that a node reads, too: so that questions are dear here on any machine,
//! a node first reads an entry that claims to have been.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use storefind::answer::render::live_fields;
use storefind::cache::body::Stock;
use storefind::cache::codec::{decode, encode};
use storefind::cache::entry::Entry;
use storefind::cache::key::Key;
use storefind::cache::proof::Proof;
use storefind::cache::tier::remote::RemoteKey;
use storefind_index::answer::LiveDependency;
use storefind_index::live::LiveTable;

use super::{Shop, detail, entry_path, key_of, url};
use crate::support::raw::Raw;
use crate::support::server::{Ask, until};
use crate::support::servers::{Process, free_port, redis};

/// A question of one word that nothing answers: its entry has no products, so that it can be read without a catalog.
const NOTHING: &str = "q=000777000";
/// What it claims to have cost.
const CLAIMED: Duration = Duration::from_secs(2);
/// Questions of the same class: each computation makes the class cheaper by a sixteenth, and 5 ms are dear.
const QUESTIONS: usize = 40;
/// The longest life of a lease.
const LIFE_MAX_MS: u64 = 2_000;
/// Looks for what follows at once, or never.
const LOOKS_MAX: usize = 500;

/// A shop, a Redis, and an entry in it that claims to have been dear.
struct Dear {
    shop: Shop,
    server: Process,
    key: String,
    value: Bytes,
    /// The path by which a node forgets that entry.
    path: String,
}

impl Dear {
    fn new() -> Self {
        let (shop, server) = (Shop::new(), redis(free_port(), &[]));
        let node = shop.node(Some(&url(&server)), None);
        let text = key_of(&node, NOTHING);
        let path = entry_path(&text);
        until("it is filled", || {
            node.request("DELETE", &path, &[], b"");
            shop.ask(&node, NOTHING);
            (0..LOOKS_MAX).any(|_| server.redis_keys().iter().any(|key| !key.ends_with(":lease")))
        });
        let (remote_key, key) = (RemoteKey::of("shop", &Key::new(text.clone())), Arc::new(Key::new(text)));
        let stored = Bytes::from(Raw::redis(&server).get(remote_key.as_str()).expect("it was filled"));
        let (decoded, live) = (decode(&stored, &key).expect("whole"), LiveTable::default());
        let entry = decoded.assemble(Arc::clone(&key), &live, live_fields, Stock::MustAgree, Arc::default());
        let entry = entry.expect("it shows no product");
        let proof = Proof::new(entry.proof().dependency().clone(), LiveDependency::None);
        let dear = Entry::new(key, *entry.stamp(), Arc::new(proof), CLAIMED, entry.body().clone(), Arc::default());
        let value = encode(&dear).expect("suited");
        Self { shop, server, key: remote_key.as_str().to_owned(), value, path }
    }

    /// Has a node learn that questions of one word are dear, by reading the entry.
    fn teach(&self, node: &impl Ask) {
        let mut raw = Raw::redis(&self.server);
        until("it learns what that costs", || {
            node.ask("DELETE", &self.path);
            raw.set(&self.key, &self.value);
            let answer = self.shop.ask(node, NOTHING);
            // A fill that was late may have taken its place.
            detail(&answer) == "redis" && raw.get(&self.key).is_some_and(|held| held == self.value)
        });
    }

    /// The leases that are held, and how long each lives yet, in milliseconds.
    fn leases(&self) -> BTreeMap<String, u64> {
        let mut raw = Raw::redis(&self.server);
        let keys = self.server.redis_keys().into_iter().filter(|key| key.ends_with(":lease"));
        let with_life = keys.map(|key| {
            let life = raw.command(&format!("PTTL {key}"));
            (key, life.strip_prefix(':').and_then(|life| life.parse::<i64>().ok()).expect("a number"))
        });
        // Those that went meanwhile say -2, and those that would stay for ever -1.
        let held = with_life.filter(|(_, life)| *life != -2);
        held.map(|(key, life)| (key, u64::try_from(life).expect("it goes by itself"))).collect()
    }
}

/// Everything that is said to a Redis from now on.
struct Overheard {
    monitor: Raw,
    speaker: Raw,
    lines: Vec<String>,
}

impl Overheard {
    fn new(server: &Process) -> Self {
        let mut monitor = Raw::redis(server);
        assert_eq!(monitor.command("MONITOR"), "+OK");
        Self { monitor, speaker: Raw::redis(server), lines: Vec::new() }
    }

    /// Where so far a command was said that has all of these words, from the `from`th on.
    fn find(&mut self, from: usize, words: &[&str]) -> Option<usize> {
        // What was said before this word has been overheard when the word has.
        let mark = format!("heard {}", self.lines.len());
        self.speaker.command(&format!("ECHO \"{mark}\""));
        loop {
            let line = self.monitor.line();
            if line.contains(&mark) {
                break;
            }
            self.lines.push(line);
        }
        let has = |line: &String| words.iter().all(|word| line.contains(word));
        self.lines.iter().skip(from).position(has).map(|at| from + at)
    }

    /// The same, looking for a while.
    fn look(&mut self, from: usize, words: &[&str]) -> Option<usize> {
        (0..LOOKS_MAX).find_map(|_| self.find(from, words))
    }
}

#[test]
fn a_lease_is_taken_for_what_is_dear_and_given_back_once_the_answer_is_there() {
    let dear = Dear::new();
    let node = dear.shop.node(Some(&url(&dear.server)), None);
    dear.teach(&node);
    // On a loaded machine the deadline may pass while Redis does what it was told; not for every question.
    let told = (1..=QUESTIONS).find_map(|page| {
        let mut overheard = Overheard::new(&dear.server);
        dear.shop.ask(&node, &format!("q=lamp&page={page}"));
        let taken = overheard.look(0, &["\"SET\"", ":lease\"", "\"NX\"", "\"PX\""])?;
        let line = overheard.lines[taken].clone();
        let lease = line.split('"').find(|word| word.ends_with(":lease")).expect("its key");
        let entry = format!("\"{}\"", lease.trim_end_matches(":lease"));
        let filled = overheard.look(taken, &["\"SET\"", &entry])?;
        overheard.look(filled, &["\"DEL\"", lease])?;
        Some(line)
    });
    let line = told.expect("a lease that was taken, then the answer, then the lease that was given back");
    let life: u64 = line.rsplit('"').nth(1).and_then(|life| life.parse().ok()).expect("a life in milliseconds");
    assert!((1..=LIFE_MAX_MS).contains(&life), "{line}");
    until("none is left", || dear.leases().is_empty());
}

#[test]
fn a_lease_that_another_node_holds_is_waited_for_and_what_appears_meanwhile_is_served() {
    let dear = Dear::new();
    let node = dear.shop.node(Some(&url(&dear.server)), None);
    // Its answers are put where the other one waits for them.
    let maker = dear.shop.node(Some(&url(&dear.server)), None);
    dear.teach(&node);
    let mut raw = Raw::redis(&dear.server);
    // The wait is 50 ms at most: on a loaded machine the answer may come too late for a question, not for all of them.
    let mut served = 0;
    for n in 1..=QUESTIONS {
        let query = format!("q=lamp&per_page={n}");
        let key = RemoteKey::of("shop", &Key::new(key_of(&maker, &query))).as_str().to_owned();
        dear.shop.ask(&maker, &query);
        let Some(value) = (0..LOOKS_MAX).find_map(|_| raw.get(&key)) else { continue };
        raw.command(&format!("DEL {key}"));
        let lease = format!("{key}:lease");
        raw.set(&lease, b"1");
        let mut overheard = Overheard::new(&dear.server);
        let from = std::thread::scope(|scope| {
            let asking = scope.spawn(|| detail(&dear.shop.ask(&node, &query)));
            let claims = ["\"SET\"", &*lease, "\"NX\""];
            while !asking.is_finished() && overheard.find(0, &claims).is_none() {}
            raw.set(&key, &value);
            asking.join().expect("a right answer")
        });
        assert!(raw.get(&lease).is_some(), "a node gives back its own leases only");
        served += usize::from(from == "redis");
        if served == 3 {
            return;
        }
    }
    panic!("{served} of {QUESTIONS} questions were answered by what appeared");
}

#[test]
fn leases_of_a_node_that_was_killed_go_by_themselves_and_cost_no_answer() {
    let dear = Dear::new();
    let mut queries = Vec::new();
    let mut round = 0;
    until("a node dies with leases", || {
        round += 1;
        // One thread computes, so that most of the questions hold their leases while they wait.
        let mut child = dear.shop.child(&url(&dear.server), "http.query_threads = 1\n", &[]);
        dear.teach(&child);
        queries = (1..=QUESTIONS).map(|n| format!("q=shoe&per_page={n}&page={round}")).collect();
        let sent: Vec<_> = queries.iter().map(|query| child.send("GET", &format!("/v1/shop/search?{query}"))).collect();
        let mut looks = 0;
        while dear.leases().is_empty() && looks < QUESTIONS {
            looks += 1;
        }
        child.kill();
        drop(sent);
        let left = dear.leases();
        assert!(left.values().all(|life| (0..=LIFE_MAX_MS).contains(life)), "none lives for ever: {left:?}");
        !left.is_empty()
    });
    // Whoever asks now waits a little for a node that is no more, and then computes.
    let other = dear.shop.node(Some(&url(&dear.server)), None);
    dear.teach(&other);
    for query in &queries {
        dear.shop.ask(&other, query);
    }
    until("they are gone", || dear.leases().is_empty());
}
