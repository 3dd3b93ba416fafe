//! What each session searched last, in order, and what it opened: where reformulations are seen.
//!
//! A reformulation is a committed search from which nothing was opened, and right behind it, soon, another one from which
//! something was opened, put into the basket or bought. A search that found nothing is one from which nothing was opened.
//!
//! Owns the trails. What the words of two queries have to do with each other is not known here. Invariant: the latest
//! [`SESSIONS_HELD_MAX`] sessions are remembered, and at most twice as many, each of bounded size; one session tells
//! at most [`SESSION_PAIRS_MAX`] pairs.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::event::Act;
use super::reformulation::Pair;
use super::sessions::{Counted, Query};

/// Longest time between two searches for the same thing. To look over a page that disappoints and think of another word
/// takes from seconds to a minute or two; who comes back later may want something else.
const SOON_MS: u64 = 5 * 60_000;
/// Searches of a session that are remembered: products of a page are opened in other tabs while the search goes on, but
/// not for long.
const SEARCHES_MAX: usize = 4;
/// Pairs that one session tells. A shopper is at a loss for words a few times; a robot always is.
const SESSION_PAIRS_MAX: u8 = 8;
/// Sessions remembered at least: those of [`SOON_MS`] in a shop with 33 visitors a second. Some 8 MB with twice as many;
/// five times that if all search the longest.
const SESSIONS_HELD_MAX: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Trails {
    latest: FxHashMap<u64, Trail>,
    before: FxHashMap<u64, Trail>,
    held_max: usize,
}

#[derive(Debug, Default)]
struct Trail {
    searches: VecDeque<Searched>,
    pairs: u8,
}

#[derive(Debug)]
struct Searched {
    query: Arc<Query>,
    time: u64,
    is_opened: bool,
}

impl Default for Trails {
    fn default() -> Self {
        Self { latest: FxHashMap::default(), before: FxHashMap::default(), held_max: SESSIONS_HELD_MAX }
    }
}

impl Trails {
    /// Takes what counted, and tells the reformulation that it ends, if it ends one.
    pub(super) fn follow(&mut self, counted: &Counted) -> Option<Pair> {
        let trail = self.of(counted.session);
        match counted.act {
            Act::Search => {
                trail.search(counted);
                None
            }
            Act::Click | Act::AddToCart | Act::Purchase => trail.open(&counted.query),
        }
    }

    fn of(&mut self, session: u64) -> &mut Trail {
        let known = self.before.remove(&session);
        if self.latest.len() >= self.held_max && !self.latest.contains_key(&session) {
            self.before = std::mem::take(&mut self.latest);
        }
        self.latest.entry(session).or_insert_with(|| known.unwrap_or_default())
    }
}

impl Trail {
    fn search(&mut self, counted: &Counted) {
        if self.searches.len() >= SEARCHES_MAX {
            self.searches.pop_front();
        }
        let (query, time) = (Arc::clone(&counted.query), counted.time);
        self.searches.push_back(Searched { query, time, is_opened: false });
    }

    fn open(&mut self, query: &Query) -> Option<Pair> {
        let at = self.searches.iter().rposition(|searched| searched.query.key == query.key)?;
        let was_opened = std::mem::replace(&mut self.searches[at].is_opened, true);
        let (after, before) = (&self.searches[at], self.searches.get(at.checked_sub(1)?)?);
        let is_soon = after.time.abs_diff(before.time) <= SOON_MS;
        if was_opened || before.is_opened || !is_soon || self.pairs >= SESSION_PAIRS_MAX {
            return None;
        }
        let pair = Pair::of(&before.query, &after.query)?;
        self.pairs += 1;
        Some(pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Story {
        trails: Trails,
        now: u64,
    }

    impl Story {
        fn does(&mut self, act: Act, session: u64, query: &str) -> Option<String> {
            let query = Arc::new(Query::of(query).unwrap());
            let counted = Counted { query, act, session, time: self.now, position: 0 };
            self.trails.follow(&counted).map(|pair| format!("{} → {}", pair.from, pair.to))
        }

        fn searches(&mut self, session: u64, query: &str) -> &mut Self {
            assert_eq!(self.does(Act::Search, session, query), None);
            self
        }
    }

    #[test]
    fn a_search_in_vain_and_the_next_one_that_was_opened_are_a_reformulation() {
        for act in [Act::Click, Act::AddToCart, Act::Purchase] {
            let mut story = Story::default();
            story.searches(1, "sofa").searches(1, "couch");
            assert_eq!(story.does(act, 1, "couch").as_deref(), Some("sofa → couch"));
            assert_eq!(story.does(Act::Purchase, 1, "couch"), None, "once");
        }
    }

    #[test]
    fn what_was_opened_is_not_in_vain_and_what_lies_between_comes_first() {
        let mut story = Story::default();
        story.searches(1, "sofa");
        assert_eq!(story.does(Act::Click, 1, "sofa"), None);
        story.searches(1, "couch");
        assert_eq!(story.does(Act::Click, 1, "couch"), None, "the first was opened");
        story.searches(2, "sofa").searches(2, "divan").searches(2, "couch").searches(2, "lamp");
        assert_eq!(story.does(Act::Click, 2, "couch").as_deref(), Some("divan → couch"), "in another tab");
        assert_eq!(story.does(Act::Click, 3, "couch"), None, "another session");
    }

    #[test]
    fn what_comes_late_is_something_else() {
        for (after, told) in [(SOON_MS, true), (SOON_MS + 1, false)] {
            let mut story = Story::default();
            story.searches(1, "sofa").now += after;
            story.searches(1, "couch").now += SOON_MS;
            assert_eq!(story.does(Act::Click, 1, "couch").is_some(), told, "{after}");
        }
    }

    #[test]
    fn neither_sessions_nor_what_one_of_them_tells_grows_without_bound() {
        let mut story = Story { trails: Trails { held_max: 100, ..Trails::default() }, now: 0 };
        let mut told = 0;
        for number in 0..1_000 {
            story.searches(1, &format!("{number} sofa")).searches(1, &format!("{number} couch"));
            told += u8::from(story.does(Act::Click, 1, &format!("{number} couch")).is_some());
            story.searches(2 + number, "sofa");
            assert!(story.trails.latest.len() + story.trails.before.len() <= 200);
            assert!(story.trails.of(1).searches.len() <= SEARCHES_MAX);
        }
        assert_eq!(told, SESSION_PAIRS_MAX);
    }
}
