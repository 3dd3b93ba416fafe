//! How many sessions said the same in the same other words, of late.
//!
//! A pair weighs one for each session, halved in a week like everything that is learned, and its different sessions are
//! told apart as those of a query are ([`super::counts`]).
//!
//! Owns the counts. Invariant: at most [`PAIRS_HELD_MAX`] and a quarter more, those of least weight being forgotten.

use rustc_hash::FxHashMap;
use storefind_index::settings::SESSIONS_TOLD_APART_MAX;

use super::counts::{REBASE_BACK_MS, WEIGHT_MIN, faded};
use super::reformulation::Pair;

/// Pairs held: some 400 bytes each with their sessions, 5 MB; twice that if all are of the longest. Far more than
/// anybody approves.
const PAIRS_HELD_MAX: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Pairs {
    held: FxHashMap<Pair, Held>,
    held_max: usize,
}

/// What a pair weighed at a time.
#[derive(Debug, Default)]
struct Held {
    weight: f64,
    time: u64,
    sessions: Vec<u32>,
}

/// A pair that enough sessions told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supported {
    /// The words.
    pub pair: Pair,
    /// Different sessions, as far as they are told apart.
    pub sessions: usize,
}

impl Held {
    fn at(&self, now: u64) -> f64 {
        self.weight * faded(now.saturating_sub(self.time))
    }
}

impl Default for Pairs {
    fn default() -> Self {
        Self { held: FxHashMap::default(), held_max: PAIRS_HELD_MAX }
    }
}

impl Pairs {
    /// Counts a pair of a session.
    pub(super) fn add(&mut self, pair: Pair, session: u64, time: u64) {
        let held = self.held.entry(pair).or_insert_with(|| Held { time, ..Held::default() });
        // Half of the hash is enough to tell fifty sessions apart.
        let session = session as u32;
        if held.sessions.contains(&session) {
            return;
        }
        if held.sessions.len() < SESSIONS_TOLD_APART_MAX as usize {
            held.sessions.push(session);
        }
        if time.saturating_add(REBASE_BACK_MS) < held.time {
            // The clock stood in the future: what counts already is worth from now on what it was worth then.
            held.time = time;
        }
        if time >= held.time {
            (held.weight, held.time) = (held.at(time) + 1.0, time);
        } else {
            held.weight += faded(held.time - time);
        }
        if self.held.len() > self.held_max + self.held_max / 4 {
            self.trim(time);
        }
    }

    /// The pairs that at least so many sessions told and that still weigh something, the heaviest first.
    pub(super) fn supported(&self, now: u64, min_sessions: u32) -> Vec<Supported> {
        let enough = min_sessions.min(SESSIONS_TOLD_APART_MAX) as usize;
        let mut supported: Vec<(f64, &Pair, usize)> = self
            .held
            .iter()
            .map(|(pair, held)| (held.at(now), pair, held.sessions.len()))
            .filter(|(weight, _, sessions)| *sessions >= enough && *weight >= WEIGHT_MIN)
            .collect();
        supported.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        supported.into_iter().map(|(_, pair, sessions)| Supported { pair: pair.clone(), sessions }).collect()
    }

    /// Forgets all but the heaviest. There are more than are held.
    fn trim(&mut self, now: u64) {
        let mut by_weight: Vec<(f64, Pair)> =
            self.held.iter().map(|(pair, held)| (held.at(now), pair.clone())).collect();
        // By words among equals, so that the same journal always says the same.
        by_weight.select_nth_unstable_by(self.held_max, |a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        by_weight[self.held_max..].iter().for_each(|(_, pair)| drop(self.held.remove(pair)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;
    const START: u64 = 20_000 * DAY;

    fn add(pairs: &mut Pairs, from: &str, sessions: std::ops::Range<u64>, time: u64) {
        sessions.for_each(|session| pairs.add(Pair::read(from, "couch").unwrap(), session, time));
    }

    fn told(pairs: &Pairs, now: u64, min_sessions: u32) -> Vec<(String, usize)> {
        pairs.supported(now, min_sessions).into_iter().map(|it| (it.pair.from.into(), it.sessions)).collect()
    }

    #[test]
    fn enough_different_sessions_are_needed_and_one_counts_once() {
        let mut pairs = Pairs::default();
        for _ in 0..100 {
            add(&mut pairs, "sofa", 0..9, START);
        }
        assert_eq!(told(&pairs, START, 10), []);
        add(&mut pairs, "sofa", 9..10, START);
        assert_eq!(told(&pairs, START, 10), [("sofa".into(), 10)]);
        assert_eq!(pairs.held.values().next().unwrap().weight, 10.0);
    }

    #[test]
    fn support_halves_in_a_week_and_what_is_old_is_not_told() {
        let mut pairs = Pairs::default();
        add(&mut pairs, "divan", 0..16, START);
        add(&mut pairs, "sofa", 0..10, START + 7 * DAY);
        let both = [("sofa".to_owned(), 10), ("divan".to_owned(), 16)];
        assert_eq!(told(&pairs, START + 7 * DAY, 10), both);
        assert_eq!(told(&pairs, START + 28 * DAY, 10), [both[0].clone(), both[1].clone()]);
        assert_eq!(told(&pairs, START + 29 * DAY, 10), [both[0].clone()]);
        assert_eq!(told(&pairs, START + 50 * DAY, 10), []);
        // What comes late counts for when it happened.
        let mut pairs = Pairs::default();
        add(&mut pairs, "sofa", 0..1, START + 7 * DAY);
        add(&mut pairs, "sofa", 1..2, START);
        assert_eq!(pairs.held.values().next().unwrap().weight, 1.5);
    }

    #[test]
    fn a_clock_that_stood_in_the_future_costs_nothing_that_comes_after_it() {
        let mut pairs = Pairs::default();
        add(&mut pairs, "sofa", 0..2, START + 4_000 * DAY);
        add(&mut pairs, "sofa", 2..10, START);
        assert_eq!(told(&pairs, START + 7 * DAY, 10), [("sofa".into(), 10)]);
    }

    #[test]
    fn a_flood_of_pairs_neither_fills_the_memory_nor_drives_out_what_several_said() {
        let mut pairs = Pairs { held_max: 100, ..Pairs::default() };
        add(&mut pairs, "sofa", 0..2, START);
        for number in 0..10_000 {
            add(&mut pairs, &format!("robot {number}"), 7..8, START);
            assert!(pairs.held.len() <= 125);
        }
        add(&mut pairs, "sofa", 2..10, START);
        assert_eq!(told(&pairs, START, 10), [("sofa".into(), 10)]);
    }
}
