//! How much each query is searched, of late and over the weeks.
//!
//! **Forward decay.** What counts at time `t` adds `2^((t − t₀) / half-life)`, so that no count is ever rewritten because
//! time passes; what it is worth at `now` is the sum divided by `2^((now − t₀) / half-life)`. Each query has two sums:
//! a slow one, for what is always wanted, and a fast one, for what is wanted today. Once in a while `t₀` moves, before
//! the numbers grow too large. It moves back, too: a clock that stood in the future for a while must not make all that comes
//! after it worth nothing.
//!
//! **Different sessions** are told apart by 32 bits of their hash, up to the number that a setting can ask for; beyond
//! it there are enough.
//!
//! Owns the counts. Invariants: at most [`QUERIES_HELD_MAX`] and a quarter more queries, those with the least slow sum
//! being forgotten; no sum is infinite; no time that counts is further behind `t₀` than
//! [`REBASE_BACK_MS`].

use rustc_hash::FxHashMap;
use storefind_index::settings::{Autocomplete, SESSIONS_TOLD_APART_MAX};
use storefind_index::suggest::fold;

use super::event::Act;
use super::sessions::Counted;

/// What is wanted over the weeks: last week counts half.
const SLOW_HALF_LIFE_MS: f64 = 7.0 * 86_400_000.0;
/// What is wanted today: this morning counts half of this evening.
const FAST_HALF_LIFE_MS: f64 = 6.0 * 3_600_000.0;
/// Share of today in the weight. A query that is searched as ever weighs what its slow sum says; one that is searched
/// twice as much today weighs a quarter more.
const FAST_SHARE: f64 = 0.25;
/// A steady stream has a slow sum so many times as large as its fast one.
const SLOW_PER_FAST: f64 = SLOW_HALF_LIFE_MS / FAST_HALF_LIFE_MS;
/// How long `t₀` stays: 28 fast half-lives, so that sums stay far from the end of a double's range.
const REBASE_AFTER_MS: u64 = 7 * 86_400_000;
/// How far behind `t₀` a time may be before the clock was wrong when `t₀` was set: the latest that an event may come, and a
/// day.
pub(super) const REBASE_BACK_MS: u64 = 8 * 86_400_000;
/// Least slow sum worth remembering: one search, seven weeks ago.
const WEIGHT_FORGOTTEN: f64 = 1.0 / 128.0;
/// Least weight at which a query is a suggestion: the ten sessions of three weeks ago.
pub(super) const WEIGHT_MIN: f64 = 1.0;

/// Queries held: some 300 bytes each with their sessions, 30 MB; three times that if all are of the longest. Shoppers of most catalogs ask less than that in a
/// month; of more, the rarest could not be suggested anyway.
pub const QUERIES_HELD_MAX: usize = 100_000;

/// See the module.
#[derive(Debug)]
pub struct Counts {
    base_ms: u64,
    held: FxHashMap<Box<str>, Held>,
    held_max: usize,
}

#[derive(Debug)]
struct Held {
    text: Box<str>,
    slow: f64,
    fast: f64,
    sessions: Vec<u32>,
}

/// A query that enough sessions searched.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// As it is shown.
    pub text: Box<str>,
    /// A decayed number of searches.
    pub weight: f64,
}

impl Learned {
    /// Whether another says the same, but for less than a tenth of the weight.
    pub fn is_like(&self, other: &Self) -> bool {
        self.text == other.text && (self.weight - other.weight).abs() <= 0.1 * self.weight.max(other.weight)
    }
}

/// What a deed adds to a query's weight, beside the search that led to it. An opened product says that the search found
/// something; the basket and the purchase are the rarer the later they come, and say the more.
fn worth(act: Act) -> f64 {
    match act {
        Act::Search => 1.0,
        Act::Click => 2.0,
        Act::AddToCart => 4.0,
        Act::Purchase => 8.0,
    }
}

/// What is left of a weight after so long: that of the slow sum, which is most of it.
pub fn faded(after_ms: u64) -> f64 {
    (-(after_ms as f64) / SLOW_HALF_LIFE_MS).exp2()
}

/// One list of several, with the weights of equal queries added up; the heaviest first, and at most `limit`.
pub fn united(lists: &[&[Learned]], limit: usize) -> Vec<Learned> {
    let mut by_key: FxHashMap<String, Learned> = FxHashMap::default();
    for learned in lists.iter().copied().flatten() {
        by_key
            .entry(fold(&learned.text))
            .and_modify(|it| it.weight += learned.weight)
            .or_insert_with(|| learned.clone());
    }
    sorted(by_key.into_values().collect(), limit)
}

fn sorted(mut learned: Vec<Learned>, limit: usize) -> Vec<Learned> {
    learned.sort_unstable_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.text.cmp(&b.text)));
    learned.truncate(limit);
    learned
}

impl Default for Counts {
    fn default() -> Self {
        Self { base_ms: 0, held: FxHashMap::default(), held_max: QUERIES_HELD_MAX }
    }
}

impl Counts {
    /// Counts one thing.
    pub fn add(&mut self, counted: &Counted) {
        if self.held.is_empty() || counted.time.saturating_add(REBASE_BACK_MS) < self.base_ms {
            // What counts already is worth from now on what it was worth then.
            self.base_ms = counted.time;
        } else if counted.time > self.base_ms.saturating_add(REBASE_AFTER_MS) {
            self.rebase(counted.time);
        }
        let worth = worth(counted.act);
        let (slow, fast) = self.scales(counted.time);
        let held = self.held.entry(counted.query.key.clone()).or_insert_with(|| Held {
            text: counted.query.text.clone(),
            slow: 0.0,
            fast: 0.0,
            sessions: Vec::new(),
        });
        held.slow += worth * slow;
        held.fast += worth * fast;
        // Half of the hash is enough to tell fifty sessions apart.
        let session = counted.session as u32;
        if held.sessions.len() < SESSIONS_TOLD_APART_MAX as usize && !held.sessions.contains(&session) {
            held.sessions.push(session);
        }
        if self.held.len() > self.held_max + self.held_max / 4 {
            self.trim();
        }
    }

    /// The queries that are suggested at `now`, the heaviest first, and at most `limit`.
    pub fn learned(&self, now: u64, settings: &Autocomplete, limit: usize) -> Vec<Learned> {
        let (slow, fast) = self.scales(now);
        let enough = settings.min_sessions.min(SESSIONS_TOLD_APART_MAX) as usize;
        let learned: Vec<Learned> = self
            .held
            .values()
            .filter(|held| held.sessions.len() >= enough)
            .map(|held| {
                let weight = (1.0 - FAST_SHARE) * held.slow / slow + FAST_SHARE * SLOW_PER_FAST * held.fast / fast;
                Learned { text: held.text.clone(), weight }
            })
            .filter(|learned| learned.weight >= WEIGHT_MIN && learned.weight.is_finite())
            .collect();
        sorted(learned, limit)
    }

    /// Queries held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// What one at `time` is worth in the sums.
    fn scales(&self, time: u64) -> (f64, f64) {
        // Exact: times are far below 2⁵³.
        let after = time as f64 - self.base_ms as f64;
        ((after / SLOW_HALF_LIFE_MS).exp2(), (after / FAST_HALF_LIFE_MS).exp2())
    }

    fn rebase(&mut self, time: u64) {
        let (slow, fast) = self.scales(time);
        self.base_ms = time;
        self.held.retain(|_, held| {
            held.slow /= slow;
            held.fast /= fast;
            held.slow >= WEIGHT_FORGOTTEN
        });
    }

    fn trim(&mut self) {
        let mut sums: Vec<f64> = self.held.values().map(|held| held.slow).collect();
        let (_, least, _) = sums.select_nth_unstable_by(self.held_max - 1, |a, b| b.total_cmp(a));
        let least = *least;
        let mut ties = self.held_max - self.held.values().filter(|held| held.slow > least).count();
        self.held.retain(|_, held| {
            let is_tie_kept = held.slow == least && ties > 0;
            ties -= usize::from(is_tie_kept);
            held.slow > least || is_tie_kept
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::learn::sessions::Query;

    const DAY: u64 = 86_400_000;
    const START: u64 = 20_000 * DAY;

    fn counted(text: &str, act: Act, session: u64, time: u64) -> Counted {
        Counted { query: Arc::new(Query::of(text).unwrap()), act, session, time, position: 0 }
    }

    fn searched(counts: &mut Counts, text: &str, sessions: std::ops::Range<u64>, time: u64) {
        sessions.for_each(|session| counts.add(&counted(text, Act::Search, session, time)));
    }

    fn settings(min_sessions: u32) -> Autocomplete {
        Autocomplete { min_sessions, ..Autocomplete::default() }
    }

    fn weights(counts: &Counts, now: u64) -> Vec<(String, f64)> {
        let learned = counts.learned(now, &settings(1), 10);
        learned.into_iter().map(|learned| (learned.text.into(), (learned.weight * 1e3).round() / 1e3)).collect()
    }

    #[test]
    fn fewer_sessions_than_asked_for_are_nobody_s_suggestion() {
        let mut counts = Counts::default();
        searched(&mut counts, "red shoes", 0..9, START);
        for _ in 0..100 {
            searched(&mut counts, "red shoes", 0..9, START);
        }
        assert!(counts.learned(START, &settings(10), 10).is_empty());
        searched(&mut counts, "Red  SHOES", 9..10, START);
        let learned = counts.learned(START, &settings(10), 10);
        assert_eq!(learned.len(), 1);
        assert_eq!(&*learned[0].text, "red shoes");
    }

    #[test]
    fn counts_halve_in_a_week_and_what_is_wanted_today_comes_first() {
        let mut counts = Counts::default();
        searched(&mut counts, "umbrella", 0..100, START);
        searched(&mut counts, "sunglasses", 0..64, START + 7 * DAY);
        let slow_share = 1.0 - FAST_SHARE;
        let now = START + 7 * DAY;
        let fresh = 64.0 * (slow_share + FAST_SHARE * SLOW_PER_FAST);
        let expected = vec![("sunglasses".to_owned(), fresh), ("umbrella".to_owned(), 50.0 * slow_share)];
        assert_eq!(weights(&counts, now), expected);
        // After days without either, the order is that of the weeks.
        let (umbrella, sunglasses) = (25.0 * slow_share, 32.0 * slow_share);
        let expected = vec![("sunglasses".to_owned(), sunglasses), ("umbrella".to_owned(), umbrella)];
        assert_eq!(weights(&counts, now + 7 * DAY), expected);
    }

    #[test]
    fn a_steady_stream_weighs_what_its_slow_sum_says() {
        let mut counts = Counts::default();
        let mut session = 0;
        for hour in 0..24 * 70 {
            session += 1;
            searched(&mut counts, "milk", session..session + 1, START + hour * DAY / 24);
        }
        let (_, weight) = weights(&counts, START + 70 * DAY)[0].clone();
        let steady = 24.0 * SLOW_HALF_LIFE_MS / DAY as f64 / std::f64::consts::LN_2;
        assert!((weight / steady - 1.0).abs() < 0.02, "{weight} is not near {steady}");
    }

    #[test]
    fn lists_of_several_nodes_are_one() {
        let learned = |text: &str, weight| Learned { text: text.into(), weight };
        let (here, there) = ([learned("kettle", 3.0), learned("cup", 2.0)], [learned("Cup", 2.0), learned("tea", 1.0)]);
        let united = united(&[&here, &there], 2);
        assert_eq!(united, [learned("cup", 4.0), learned("kettle", 3.0)]);
    }

    #[test]
    fn clicks_and_purchases_weigh_more_than_searches() {
        let mut counts = Counts::default();
        searched(&mut counts, "seen", 0..3, START);
        counts.add(&counted("bought", Act::Search, 1, START));
        counts.add(&counted("bought", Act::Purchase, 1, START));
        assert_eq!(weights(&counts, START + 7 * DAY)[0].0, "bought");
    }

    #[test]
    fn sums_stay_finite_over_years_and_what_is_old_is_forgotten() {
        let mut counts = Counts::default();
        for week in 0..520 {
            searched(&mut counts, &format!("query of week {week}"), 0..3, START + week * 7 * DAY);
            assert!(counts.held.values().all(|held| held.slow.is_finite() && held.fast.is_finite()));
        }
        assert!(counts.len() < 12, "{}", counts.len());
        // An event that comes late counts for when it happened.
        let now = START + 519 * 7 * DAY;
        searched(&mut counts, "late", 0..4, now - 7 * DAY);
        let late = counts.held["late"].slow / counts.scales(now).0;
        assert!((late - 2.0).abs() < 1e-9, "{late}");
    }

    #[test]
    fn a_clock_that_stood_in_the_future_costs_nothing_that_comes_after_it() {
        for ahead in [9 * DAY, 4_000 * DAY, u64::MAX / 2] {
            let mut counts = Counts::default();
            searched(&mut counts, "before", 0..20, START);
            searched(&mut counts, "ahead", 0..20, START + ahead);
            searched(&mut counts, "after", 0..20, START + DAY);
            assert!(counts.held.values().all(|held| held.slow.is_finite() && held.fast.is_finite()));
            let learned: Vec<String> = weights(&counts, START + DAY).into_iter().map(|(text, _)| text).collect();
            assert!(learned.contains(&"after".to_owned()), "{ahead}: {learned:?}");
        }
    }

    #[test]
    fn the_least_searched_are_forgotten_when_there_are_too_many() {
        let mut counts = Counts { held_max: 100, ..Counts::default() };
        searched(&mut counts, "often", 0..5, START);
        for number in 0..10_000 {
            searched(&mut counts, &format!("single {number}"), 0..1, START);
            assert!(counts.len() <= 125);
        }
        assert_eq!(counts.held["often"].sessions.len(), 5);
        assert_eq!(counts.learned(START, &settings(1), 3).len(), 3);
    }
}
