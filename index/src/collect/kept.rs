//! What a pass found in a large segment, kept: the next one like it only takes out the products that have died since.
//!
//! Answers to what is asked most are invalidated most, because what is found by many words is touched by many changes:
//! the beginning of a word, an empty query. Computing such an answer again costs milliseconds on a large catalog, all but
//! a few microseconds of it for segments in which nothing has changed but that some products died. So a segment remembers
//! what dear passes found in it ([`deaths`](crate::store::deaths) tells the rest).
//!
//! Owns what is kept and for how long. It refuses passes over corrected words, groups, selected facets, what rules pin,
//! hide or weigh, and conditions or orders by live fields; facets of numbers are counted anew.
//!
//! Invariant: matches, totals and counts are exact. Scores are of the statistics of when they were computed, which may not
//! have moved by more than [`DRIFT_MAX`].

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use tantivy::DocId;

use super::facets::{Counts, count, discount};
use super::run::{Collection, PassOver, Segment, SegmentFound};
use super::sort::Key;
use super::top::Candidate;
use crate::error::IndexError;
use crate::eval::matching::Evaluation;
use crate::query::filter::Condition;
use crate::rank::examples::Examples;
use crate::snapshot::Snapshot;
use crate::switch::{Rule, is_off, keeps_every_pass};

/// Documents of a segment that keeps passes: a smaller one is walked in a millisecond at most, and soon merged.
const DOCS_MIN: u32 = 1 << 15;
/// Products that a pass must have found to be worth it: fewer take a tenth of a millisecond.
const PRODUCTS_MIN: u64 = 1 << 12;
/// Of the best, so many are kept beyond those wanted, to stand in for those that die.
const SPARE: usize = 16;
/// Deaths that are taken out one by one. Each costs a look into every list, so that with more it takes as long to begin
/// anew.
const DEATHS_MAX: usize = 1 << 11;
/// The same where every pass is kept: some more die between two passes of a small world now and then.
const DEATHS_MAX_EAGER: usize = 8;
/// Bytes of a segment's kept passes for each of its documents: a tenth of what its index takes.
const BYTES_PER_DOC: usize = 32;
/// Least room, for the small segments of tests.
const BYTES_MIN: usize = 1 << 16;
/// Share by which a statistic may have moved: less than what tells one product from the next.
const DRIFT_MAX: f32 = 0.01;

/// What a pass found in one segment.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    pub(crate) products: u64,
    /// Best first.
    pub(crate) best: Vec<Candidate>,
    /// Whether the best are all there are.
    pub(crate) is_whole: bool,
    /// By facet; none for a facet of numbers.
    pub(crate) counts: Vec<Option<Counts>>,
    /// For ranking; the dead are not taken out, they still count in every statistic.
    pub(crate) examples: Examples,
    /// What the scores were computed from.
    pub(crate) statistics: Vec<f32>,
    /// How many of the segment's products had died.
    pub(crate) deaths: usize,
}

impl Pass {
    /// Whether scores computed from these statistics would be the same, nearly.
    pub(crate) fn is_near(&self, statistics: &[f32]) -> bool {
        let near = |(then, now): (&f32, &f32)| (then - now).abs() <= DRIFT_MAX * then.abs().max(now.abs());
        self.statistics.len() == statistics.len() && self.statistics.iter().zip(statistics).all(near)
    }

    fn bytes(&self, key: &str) -> usize {
        let counts: usize = self.counts.iter().flatten().map(|counts| counts.len() * size_of::<(u64, u64)>()).sum();
        key.len() + size_of::<Self>() + self.best.len() * size_of::<Candidate>() + counts + self.examples.bytes()
    }
}

/// The passes that one segment keeps.
#[derive(Debug, Default)]
pub(crate) struct KeptPasses(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    passes: FxHashMap<Arc<str>, Arc<Pass>>,
    bytes: usize,
}

impl KeptPasses {
    /// Whether a segment of so many documents keeps any.
    pub(crate) fn are_kept(docs: u32) -> bool {
        docs >= DOCS_MIN || keeps_every_pass()
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<Pass>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).passes.get(key).cloned()
    }

    /// Keeps a pass of a segment of so many documents. When there is no more room all are forgotten: what is asked for
    /// often is back at once, and keeping an order of use would cost each look-up.
    pub(crate) fn keep(&self, key: &Arc<str>, pass: Arc<Pass>, docs: u32) {
        let room = (docs as usize * BYTES_PER_DOC).max(BYTES_MIN);
        let bytes = pass.bytes(key);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(replaced) = kept.passes.remove(key) {
            kept.bytes -= replaced.bytes(key);
        }
        if bytes > room {
            return;
        }
        let forgotten = (kept.bytes + bytes > room).then(|| std::mem::take(&mut *kept));
        kept.bytes += bytes;
        kept.passes.insert(Arc::clone(key), pass);
        drop(kept);
        // Freeing much takes its time: without the lock.
        drop(forgotten);
    }
}

/// What tells a pass from every other one; `None` if it is not kept.
pub(crate) fn key(
    snapshot: &Snapshot,
    collection: &Collection,
    evaluation: Evaluation<'_>,
    depth: usize,
) -> Option<Arc<str>> {
    let is_large = snapshot.searcher().segment_readers().iter().any(|reader| KeptPasses::are_kept(reader.max_doc()));
    let is_live = collection.conditions.iter().any(Condition::is_live) || collection.keys.iter().any(Key::is_live);
    let is_plain = evaluation.corrections.is_none() && collection.group.is_none() && collection.selections.is_empty();
    if !is_large || is_live || !is_plain || !collection.arranged.is_nothing() || is_off(Rule::KeptPasses) {
        return None;
    }
    let Collection { conditions, facets, keys, .. } = collection;
    let (settings, required, plan) = (snapshot.lexicon().fingerprint, evaluation.required, evaluation.plan);
    let mut key = format!("{settings:x} {depth} {required} {keys:?} {plan:?} {conditions:?}");
    for facet in facets {
        let _written = write!(key, " {:?}", facet.field);
    }
    Some(key.into())
}

impl Segment<'_> {
    /// What a pass finds: as it is kept, less what has died, or evaluated.
    pub(super) fn find(&self, pass: &PassOver<'_>) -> Result<SegmentFound, IndexError> {
        let (columns, docs) = (self.columns(), self.reader().max_doc());
        let limit = pass.depth;
        let Some(kept_as) = pass.kept_as.as_ref().filter(|_| KeptPasses::are_kept(docs)) else {
            return self.collect(pass, limit);
        };
        if let Some(found) = self.recall(kept_as, pass)? {
            return Ok(found);
        }
        let mut found = self.collect(pass, if limit == 0 { 0 } else { limit + SPARE })?;
        let facets = self.collection.facets.iter();
        let counts = facets.map(|facet| match (pass.cancel)() {
            true => Err(IndexError::Cancelled),
            false => count(&facet.field, columns, &found.docs),
        });
        found.counts = counts.collect::<Result<_, _>>()?;
        if found.products >= PRODUCTS_MIN || keeps_every_pass() {
            let kept = Pass {
                products: found.products,
                is_whole: found.best.len() as u64 == found.products,
                best: found.best.clone(),
                counts: found.counts.clone(),
                examples: found.examples.clone(),
                statistics: pass.figures.clone(),
                deaths: columns.deaths.of(self.reader()),
            };
            columns.kept.keep(kept_as, Arc::new(kept), docs);
        }
        found.best.truncate(limit);
        Ok(found)
    }

    /// What is kept of such a pass, if that still tells all that is wanted.
    fn recall(&self, kept_as: &Arc<str>, pass: &PassOver<'_>) -> Result<Option<SegmentFound>, IndexError> {
        let (columns, limit) = (self.columns(), pass.depth);
        let Some(mut kept) = columns.kept.get(kept_as).filter(|kept| kept.is_near(&pass.figures)) else {
            return Ok(None);
        };
        let now = columns.deaths.of(self.reader());
        let deaths_max = if keeps_every_pass() { DEATHS_MAX_EAGER } else { DEATHS_MAX };
        let Some(died) = columns.deaths.between(kept.deaths, now, deaths_max) else { return Ok(None) };
        if !died.is_empty() && !is_off(Rule::Deaths) {
            let left = Arc::make_mut(&mut kept);
            left.deaths = now;
            self.take_out(&died, left, pass.evaluation)?;
            if !left.is_whole && left.best.len() < limit {
                return Ok(None);
            }
            columns.kept.keep(kept_as, Arc::clone(&kept), self.reader().max_doc());
        }
        let mut found = self.nothing();
        found.products = kept.products;
        found.best = kept.best.iter().take(limit).copied().collect();
        found.counts.clone_from(&kept.counts);
        found.examples.clone_from(&kept.examples);
        if kept.counts.iter().any(Option::is_none) {
            let matches = self.matches(pass.evaluation)?;
            matches.for_each(pass.cancel, |doc| {
                if self.is_live {
                    found.live.add(columns.ordinal(doc));
                }
                found.docs.push(doc);
            })?;
        }
        Ok(Some(found))
    }

    /// Takes those that died out of a pass.
    fn take_out(&self, died: &[DocId], pass: &mut Pass, evaluation: Evaluation<'_>) -> Result<(), IndexError> {
        let mut matches = self.matches(evaluation)?;
        for &doc in died.iter().filter(|&&doc| matches.matched(doc)) {
            pass.products -= 1;
            pass.best.retain(|candidate| candidate.doc != doc);
            for (facet, counts) in self.collection.facets.iter().zip(&mut pass.counts) {
                if let Some(counts) = counts {
                    discount(&facet.field, self.columns(), doc, counts);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
