//! Every byte of a stored value wrong in turn, and every length that it can be cut to: in real servers, under a node that
//! is asked for the answer each time.
//!
//! Both servers get the same spoilt value, the node's memory forgets its own, and the answer must be the plain node's. A
//! server on a loaded machine may miss its deadline, which follows its answers down to a millisecond: then the value was not
//! looked at, and the same value is put and asked for again.

use std::collections::BTreeMap;

use super::{Shop, detail, entry_path, filled, key_of, stat, tried, url};
use crate::support::raw::Raw;
use crate::support::server::{Answer, TestServer, until};
use crate::support::servers::{free_port, memcached, redis};

const QUERY: &str = "q=lamp&per_page=1";
/// How often a value is put and asked for until both servers were looked into.
const ATTEMPTS_MAX: usize = 200;
/// Looks for the fill that follows an answer; a fill that its server refused never comes.
const LOOKS_MAX: usize = 2_000;

/// Where the parts of a value's header end: magic, format. What follows is under the checksum.
const MAGIC_END: usize = 4;
const FORMAT_END: usize = 5;

/// How often each tier said each word, by the answers' own account.
type Tally = BTreeMap<String, u64>;

struct Scene {
    node: TestServer,
    /// What the plain node says.
    expected: String,
    servers: [Raw; 2],
    /// The path by which memory forgets the entry, and the key under which servers keep it.
    path: String,
    key: String,
    tally: Tally,
}

impl Scene {
    /// Asks; the answer must be right and is counted.
    fn ask(&mut self) -> Answer {
        let answer = self.node.get(&format!("/v1/shop/search?{QUERY}"));
        assert_eq!((answer.status, answer.text()), (200, self.expected.clone()), "{}", answer.head);
        for word in tried(&answer) {
            *self.tally.entry(word).or_default() += 1;
        }
        if let tier @ ("redis" | "memcached") = &*detail(&answer) {
            *self.tally.entry(format!("{tier}:hit")).or_default() += 1;
        }
        answer
    }

    /// Has memory forget its entry, and both servers hold this value.
    fn put(&mut self, value: &[u8]) {
        assert_eq!(self.node.request("DELETE", &self.path, &[], b"").status, 200);
        for server in &mut self.servers {
            server.set(&self.key, value);
        }
    }

    /// Has both servers hold this value and asks; it must be found wrong, for this reason, in both.
    fn is_found(&mut self, value: &[u8], reason: &str, what: &str) {
        let wanted = [format!("redis:{reason}"), format!("memcached:{reason}")];
        let mut said = Vec::new();
        for _ in 0..ATTEMPTS_MAX {
            self.put(value);
            let answer = self.ask();
            said = tried(&answer);
            self.is_overwritten(value);
            if said == wanted {
                assert_eq!(detail(&answer), "index", "{what}");
                return;
            }
        }
        panic!("{what}: {said:?} instead of {wanted:?}");
    }

    /// Waits for the fills, which would otherwise take the place of the next value.
    fn is_overwritten(&mut self, value: &[u8]) {
        for server in &mut self.servers {
            for _ in 0..LOOKS_MAX {
                if server.get(&self.key).is_some_and(|held| held != value) {
                    break;
                }
                std::thread::yield_now();
            }
        }
    }
}

#[test]
fn no_byte_that_is_wrong_and_no_byte_that_is_missing_makes_an_answer_wrong() {
    let shop = Shop::new();
    let (redis, memcached) = (redis(free_port(), &[]), memcached(free_port(), &[]));
    let node = shop.node(Some(&url(&redis)), Some(memcached.port));
    let expected = shop.ask(&node, QUERY).text();
    filled(&node, "redis", 1);
    filled(&node, "memcached", 1);
    let key = redis.redis_keys().remove(0);
    let path = entry_path(&key_of(&node, QUERY));
    let servers = [Raw::redis(&redis), Raw::memcached(&memcached)];
    let tally = Tally::from([("redis:absent".to_owned(), 1), ("memcached:absent".to_owned(), 1)]);
    let mut scene = Scene { node, expected, servers, path, key, tally };
    let whole = scene.servers[0].get(&scene.key).expect("it was filled");
    assert!(whole.len() > 300, "{} bytes are no value", whole.len());

    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        // Another bit for each byte, and every eighth time all of them.
        flipped[at] ^= if at % 9 == 8 { 0xff } else { 1 << (at % 9) };
        let reason = match at {
            _ if at < MAGIC_END => "not_ours",
            _ if at < FORMAT_END => "other_format",
            _ => "damaged",
        };
        scene.is_found(&flipped, reason, &format!("byte {at} of {}", whole.len()));
    }
    // Redis does not tell an empty value from none.
    for length in 1..whole.len() {
        let reason = if length < MAGIC_END { "not_ours" } else { "damaged" };
        scene.is_found(&whole[..length], reason, &format!("cut to {length} of {}", whole.len()));
    }
    until("it is of use once it is whole again", || {
        scene.put(&whole);
        detail(&scene.ask()) == "redis"
    });
    for tier in ["redis", "memcached"] {
        let misses = stat(&scene.node, &format!("/catalogs/shop/tiers/{tier}/misses"));
        for reason in ["not_ours", "other_format", "damaged", "absent"] {
            let told = scene.tally.get(&format!("{tier}:{reason}")).copied().unwrap_or(0);
            assert_eq!(misses[reason], told, "{tier}: {reason} in {misses}");
        }
    }
    let errors = stat(&scene.node, "/catalogs/shop/search/errors");
    assert!(errors.as_object().is_some_and(|errors| errors.values().all(|count| *count == 0)), "{errors}");
}
