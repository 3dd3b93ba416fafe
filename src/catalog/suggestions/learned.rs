//! Learned phrases on their way into the suggestions: only what finds products that can be bought.
//!
//! Whether a phrase does is told by searching it, which costs up to some milliseconds. So each build searches for a
//! bounded time: first the heaviest phrases that were never looked at, then those whose answer is oldest. A phrase that
//! was not looked at is not suggested.
//!
//! Owns the answers of before. Invariant: no more of them than there are candidates.

use std::time::Duration;

use rustc_hash::FxHashMap;
use storefind_index::snapshot::Snapshot;
use storefind_index::suggest::BlockList;
use tokio::time::Instant;

use crate::learn::counts::Learned;
use crate::learn::finding::{self, Finding};

/// Phrases taken at most: what shoppers of a large shop search in a week. The rest is completed by names and brands.
pub(super) const CANDIDATES_MAX: usize = 20_000;
/// Searching of one build: as long as building the suggestions of a middle-sized catalog takes.
const SEARCH_TIME_MAX: Duration = Duration::from_millis(250);
/// How long an answer holds: products come and go, but rarely all that a phrase finds.
const ANSWER_AGE_MAX: Duration = Duration::from_secs(10 * 60);

/// A phrase to be suggested.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Phrase {
    pub(super) text: Box<str>,
    pub(super) weight: f64,
    pub(super) results: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Findings {
    known: FxHashMap<Box<str>, (Option<Finding>, Instant)>,
    /// Whether candidates remain that were never looked at.
    is_behind: bool,
}

impl Findings {
    /// The phrases of these candidates, which are in order of weight.
    pub(super) fn phrases(
        &mut self,
        candidates: &[Learned],
        snapshot: &Snapshot,
        blocked: &BlockList,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Phrase> {
        let now = Instant::now();
        let candidates: Vec<&Learned> = candidates.iter().filter(|learned| !blocked.blocks(&learned.text)).collect();
        let mut due: Vec<(Option<Instant>, &str)> = candidates
            .iter()
            .map(|learned| (self.known.get(&learned.text).map(|(_, since)| *since), &*learned.text))
            .filter(|(since, _)| since.is_none_or(|since| now.duration_since(since) >= ANSWER_AGE_MAX))
            .collect();
        // Stable: of those never looked at, the heaviest stays first.
        due.sort_by_key(|(since, _)| *since);
        self.is_behind = false;
        for (since, text) in due {
            if now.elapsed() >= SEARCH_TIME_MAX || stop() {
                self.is_behind = since.is_none();
                break;
            }
            // A query that fails is not suggested, and is tried again when its time comes.
            let found = finding::find(snapshot, text, stop).unwrap_or_default();
            self.known.insert(text.into(), (found, Instant::now()));
        }
        let wanted: rustc_hash::FxHashSet<&str> = candidates.iter().map(|learned| &*learned.text).collect();
        self.known.retain(|text, _| wanted.contains(&**text));
        let phrase = |learned: &Learned| {
            let Finding { phrase, results } = self.known.get(&learned.text)?.0.clone()?;
            Some(Phrase { text: phrase, weight: learned.weight, results })
        };
        candidates.into_iter().filter_map(phrase).collect()
    }

    /// Whether another build would find more.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind
    }
}
