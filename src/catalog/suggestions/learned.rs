//! Learned phrases on their way into the suggestions: only what finds products that can be bought.
//!
//! Whether a phrase does is told by searching it, which costs up to some milliseconds. So each build searches for a
//! bounded time: first the heaviest phrases that were never looked at, then those whose answer is oldest. A phrase that
//! was not looked at is not suggested, but for those that the process before suggested: they are believed until their turn
//! comes.
//!
//! Owns the answers of before. Invariant: no more of them than there are candidates, and none that was believed once the
//! candidates are known.

use std::time::Duration;

use rustc_hash::FxHashMap;
use storefind_index::snapshot::Snapshot;
use storefind_index::suggest::{BlockList, fold};
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
    /// What was searched.
    pub(super) query: Box<str>,
    /// What is suggested for it.
    pub(super) text: Box<str>,
    pub(super) weight: f64,
    pub(super) results: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Findings {
    known: FxHashMap<Box<str>, Known>,
    /// What the process before suggested: folded texts with the products that they found.
    believed: FxHashMap<String, u64>,
    /// Whether candidates remain that were never looked at.
    is_behind: bool,
}

#[derive(Debug)]
struct Known {
    finding: Option<Finding>,
    /// When it was looked at; `None` if it is believed.
    since: Option<Instant>,
}

impl Findings {
    /// Believes what the process before suggested, each with the number of products that it found.
    pub(super) fn believe<'a>(&mut self, suggested: impl Iterator<Item = (&'a str, u64)>) {
        self.believed = suggested.map(|(text, results)| (fold(text), results)).collect();
    }

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
        self.take_over(&candidates);
        let mut due: Vec<(Option<Option<Instant>>, &str)> = candidates
            .iter()
            .map(|learned| (self.known.get(&learned.text).map(|known| known.since), &*learned.text))
            .filter(|(since, _)| since.flatten().is_none_or(|since| now.duration_since(since) >= ANSWER_AGE_MAX))
            .collect();
        // Stable: of those never looked at, the heaviest stays first. Those that are believed come next.
        due.sort_by_key(|(since, _)| *since);
        self.is_behind = false;
        for (since, text) in due {
            if now.elapsed() >= SEARCH_TIME_MAX || stop() {
                self.is_behind = since.is_none();
                break;
            }
            // A query that fails is not suggested, and is tried again when its time comes.
            let finding = finding::find(snapshot, text, stop).unwrap_or_default();
            self.known.insert(text.into(), Known { finding, since: Some(Instant::now()) });
        }
        let wanted: rustc_hash::FxHashSet<&str> = candidates.iter().map(|learned| &*learned.text).collect();
        self.known.retain(|text, _| wanted.contains(&**text));
        let phrase = |learned: &Learned| {
            let Finding { phrase, results } = self.known.get(&learned.text)?.finding.clone()?;
            Some(Phrase { query: learned.text.clone(), text: phrase, weight: learned.weight, results })
        };
        candidates.into_iter().filter_map(phrase).collect()
    }

    /// Makes what is believed of these candidates an answer of before. Without any the learner has not begun.
    fn take_over(&mut self, candidates: &[&Learned]) {
        if candidates.is_empty() || self.believed.is_empty() {
            return;
        }
        let believed = std::mem::take(&mut self.believed);
        for text in candidates.iter().map(|learned| &learned.text) {
            if let Some(results) = believed.get(&fold(text)) {
                let finding = Some(Finding { phrase: text.clone(), results: *results });
                self.known.entry(text.clone()).or_insert(Known { finding, since: None });
            }
        }
    }

    /// Whether another build would find more.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind
    }
}

#[cfg(test)]
mod tests {
    use storefind_index::settings::Settings;

    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn what_the_process_before_suggested_is_believed_until_its_turn_comes() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open("test", folder.path(), &Settings::default(), Duration::ZERO, false).unwrap();
        let snapshot = catalog.snapshot();
        let candidates = ["blue kettle", "blocked kettle", "unicorn"];
        let candidates = candidates.map(|text| Learned { text: text.into(), weight: 9.0 });
        let blocked = BlockList::new(&["blocked".into()]);
        let mut findings = Findings::default();
        findings.believe([("Blue Kettle", 3), ("blocked kettle", 2), ("forgotten", 1)].into_iter());
        assert!(findings.phrases(&[], &snapshot, &blocked, &|| true).is_empty(), "the learner has not begun");
        let (query, text): (Box<str>, Box<str>) = ("blue kettle".into(), "blue kettle".into());
        let expected = [Phrase { query, text, weight: 9.0, results: 3 }];
        // No time to look at any.
        for _ in 0..2 {
            assert_eq!(findings.phrases(&candidates, &snapshot, &blocked, &|| true), expected);
            assert!(findings.is_behind());
        }
        // There is no such product any more.
        assert!(findings.phrases(&candidates, &snapshot, &blocked, &|| false).is_empty() && !findings.is_behind());
    }
}
