//! One pass over the index: totals, the best documents, groups and facets.
//!
//! Facets are disjunctive in the same pass: a document that fails nothing but one facet's own selection counts for
//! that facet, and for nothing else.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use tantivy::{DocId, SegmentReader, TERMINATED};

use crate::collect::arranged::Arranged;
use crate::collect::facets::{Counts, FacetCounter, FacetPlan, SegmentDocs};
use crate::collect::group::{GroupField, GroupId, SegmentGroups};
use crate::collect::kept;
use crate::collect::sort::{Key, SegmentKey};
use crate::collect::top::{Candidate, Merge, Placed, SegmentTop};
use crate::error::IndexError;
use crate::eval::matching::{Evaluation, SegmentMatches};
use crate::eval::score::{Relevance, SegmentScorer, Statistics};
use crate::eval::wanted::Wanted;
use crate::live::{LiveRows, Ordinal};
use crate::query::fields::FieldRef;
use crate::query::filter::{Condition, SegmentCondition};
use crate::rank;
use crate::rank::examples::Examples;
use crate::snapshot::{CancelCheck, Snapshot};
use crate::store::segment::SegmentColumns;

/// Products of which an answer remembers that their live fields decide. Each costs four bytes and, at every hit, the
/// read of a row: 2,000 are 8 KB and some microseconds. An answer over more products is as good as touched by any
/// live change anyway.
pub(crate) const LIVE_ORDINALS_MAX: usize = 2_000;

/// What to collect.
pub(crate) struct Collection {
    /// Conditions that every result meets.
    pub(crate) conditions: Vec<Condition>,
    /// Conditions on nothing but one facet's field, with that facet's place.
    pub(crate) selections: Vec<(usize, Condition)>,
    pub(crate) facets: Vec<FacetPlan>,
    pub(crate) keys: Vec<Key>,
    pub(crate) group: Option<GroupField>,
    /// How many of the best are wanted.
    pub(crate) limit: usize,
    /// How many of the best by their words are put in order anew.
    pub(crate) window: usize,
    /// What rules ask for.
    pub(crate) arranged: Arranged,
}

impl Collection {
    /// Whether every match counts, and as it matches: nothing selects within a facet, and rules pin, hide and weigh nothing.
    fn is_plain(&self) -> bool {
        self.selections.is_empty() && self.group.is_none() && self.arranged.is_nothing()
    }

    /// Whether what is found depends on live fields.
    pub(crate) fn is_live(&self) -> bool {
        self.conditions.iter().chain(self.selections.iter().map(|(_, condition)| condition)).any(Condition::is_live)
            || self.arranged.is_live()
            || self.keys.iter().any(Key::is_live)
            || self.facets.iter().any(|facet| matches!(facet.field, FieldRef::Number(field) if field.is_live()))
    }
}

/// Products whose live fields decide what is found: those that match everything else.
#[derive(Debug, Clone, Default)]
pub(crate) struct LiveMatches {
    /// At most [`LIVE_ORDINALS_MAX`], in no order.
    pub(crate) ordinals: Vec<Ordinal>,
    /// Whether there are more.
    pub(crate) cut: bool,
}

impl LiveMatches {
    /// Adds one; a product without ordinal counts for any.
    pub(crate) fn add(&mut self, ordinal: Option<Ordinal>) {
        match ordinal {
            Some(ordinal) if self.ordinals.len() < LIVE_ORDINALS_MAX => self.ordinals.push(ordinal),
            _ => self.cut = true,
        }
    }

    /// Adds those of another pass.
    pub(crate) fn merge(&mut self, other: Self) {
        self.cut |= other.cut;
        self.ordinals.extend(other.ordinals);
        self.ordinals.sort_unstable();
        self.ordinals.dedup();
        if self.ordinals.len() > LIVE_ORDINALS_MAX {
            self.cut = true;
        }
        if self.cut {
            self.ordinals.clear();
        }
    }
}

/// What one pass found.
pub(crate) struct Collected {
    /// Products, or groups.
    pub(crate) total: u64,
    pub(crate) products: u64,
    /// Best first by their words: at most the limit, or the window that is to be put in order anew.
    pub(crate) best: Vec<Placed>,
    pub(crate) counters: Vec<FacetCounter>,
    /// For a collection that depends on live fields.
    pub(crate) live: LiveMatches,
    /// What the best are to be put in order by, where relevance decides.
    rerank: Option<(Wanted, Examples)>,
}

impl Collected {
    /// Puts the best in their order by all that ranking knows, and cuts them to the limit: for the pass that is shown, since
    /// a ladder's others are only counted.
    pub(crate) fn rank(
        &mut self,
        snapshot: &Snapshot,
        collection: &Collection,
        rows: &LiveRows<'_>,
    ) -> Result<(), IndexError> {
        if let Some((wanted, examples)) = self.rerank.take() {
            let window = self.best.len().min(collection.window);
            let merge = Merge::new(snapshot, collection);
            rank::rerank(snapshot, &merge, rows, &wanted, examples, &mut self.best[..window])?;
        }
        self.best.truncate(collection.limit);
        Ok(())
    }
}

/// Runs one evaluation over all segments.
pub(crate) fn run(
    snapshot: &Snapshot,
    collection: &Collection,
    evaluation: Evaluation<'_>,
    rows: &LiveRows<'_>,
    cancel: CancelCheck<'_>,
) -> Result<Collected, IndexError> {
    let scored = collection.keys.contains(&Key::Relevance) && !evaluation.plan.words.is_empty();
    let statistics = if scored { Some(Statistics::gather(snapshot, evaluation)?) } else { None };
    // The window is collected whatever the page, so that the order of all pages is the same.
    let reranks = scored && collection.limit > 0 && collection.keys.first() == Some(&Key::Relevance);
    let depth = if reranks { collection.limit.max(collection.window) } else { collection.limit };
    let merge = Merge::new(snapshot, collection);
    let mut collected = Collected {
        total: 0,
        products: 0,
        best: Vec::new(),
        counters: collection.facets.iter().map(|_| FacetCounter::default()).collect(),
        live: LiveMatches::default(),
        rerank: None,
    };
    let is_live = collection.is_live();
    let mut examples = Examples::default();
    let figures = statistics.as_ref().map(Statistics::figures).unwrap_or_default();
    let kept_as = kept::key(snapshot, collection, evaluation, depth);
    let pass = PassOver { evaluation, statistics: statistics.as_ref(), figures, depth, kept_as, cancel };
    let mut groups: FxHashMap<GroupId, Placed> = FxHashMap::default();
    for at in 0..snapshot.columns().len() {
        let keys = open_keys(snapshot, collection, at, rows)?;
        let segment = Segment { snapshot, collection, at, keys: &keys, rows, is_live };
        let mut found = segment.find(&pass)?;
        collected.products += found.products;
        examples.merge(at, std::mem::take(&mut found.examples));
        collected.live.merge(std::mem::take(&mut found.live));
        segment.count_facets(&found, &mut collected.counters, cancel)?;
        merge.add(
            &mut collected.best,
            found.best.into_iter().map(|candidate| merge.place(at, candidate, &keys)),
            depth,
        );
        for (group, (candidate, members)) in found.groups {
            let mut placed = merge.place(at, candidate, &keys);
            placed.members = members;
            add_to_group(&merge, &mut groups, group, placed);
        }
    }
    collected.total = if collection.group.is_some() { groups.len() as u64 } else { collected.products };
    if collection.group.is_some() {
        collected.best.extend(groups.into_values());
        collected.best.sort_by(|a, b| merge.compare(a, b));
    }
    collected.rerank = statistics.filter(|_| reranks).map(|statistics| (statistics.wanted, examples));
    Ok(collected)
}

fn open_keys<'a>(
    snapshot: &'a Snapshot,
    collection: &Collection,
    at: usize,
    rows: &'a LiveRows<'_>,
) -> Result<Vec<SegmentKey<'a>>, IndexError> {
    collection.keys.iter().map(|key| SegmentKey::open(key, &snapshot.columns()[at], rows)).collect()
}

fn add_to_group(merge: &Merge<'_>, groups: &mut FxHashMap<GroupId, Placed>, group: GroupId, placed: Placed) {
    match groups.entry(group) {
        std::collections::hash_map::Entry::Vacant(entry) => {
            entry.insert(placed);
        }
        std::collections::hash_map::Entry::Occupied(mut entry) => {
            let members = entry.get().members + placed.members;
            if merge.compare(&placed, entry.get()).is_lt() {
                entry.insert(placed);
            }
            entry.get_mut().members = members;
        }
    }
}

/// One evaluation, the same for all segments.
pub(super) struct PassOver<'a> {
    pub(super) evaluation: Evaluation<'a>,
    pub(super) statistics: Option<&'a Statistics<'a>>,
    /// What the statistics say, in short.
    pub(super) figures: Vec<f32>,
    /// How many of the best to collect.
    pub(super) depth: usize,
    /// What it is kept as, if it is.
    pub(super) kept_as: Option<Arc<str>>,
    pub(super) cancel: CancelCheck<'a>,
}

pub(super) struct Segment<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) collection: &'a Collection,
    pub(super) at: usize,
    pub(super) keys: &'a [SegmentKey<'a>],
    pub(super) rows: &'a LiveRows<'a>,
    pub(super) is_live: bool,
}

/// What one segment holds.
pub(super) struct SegmentFound {
    pub(super) products: u64,
    pub(super) best: Vec<Candidate>,
    pub(super) groups: FxHashMap<GroupId, (Candidate, u64)>,
    /// Documents that match, when facets count them.
    pub(super) docs: Vec<DocId>,
    /// By facet: documents that fail nothing but its selection.
    pub(super) sideways: Vec<Vec<DocId>>,
    /// By facet, what was counted already; empty where nothing was.
    pub(super) counts: Vec<Option<Counts>>,
    pub(super) live: LiveMatches,
    /// Of those whose head is what is asked for.
    pub(super) examples: Examples,
}

impl Segment<'_> {
    pub(super) fn columns(&self) -> &SegmentColumns {
        &self.snapshot.columns()[self.at]
    }

    pub(super) fn reader(&self) -> &SegmentReader {
        &self.snapshot.searcher().segment_readers()[self.at]
    }

    /// What matches, under conditions that do not look at live fields.
    pub(super) fn matches(&self, evaluation: Evaluation<'_>) -> Result<SegmentMatches<'_>, IndexError> {
        let conditions: Vec<_> = self.collection.conditions.iter().filter(|condition| !condition.is_live()).collect();
        SegmentMatches::open(self.snapshot, self.at, evaluation, &conditions, self.rows)
    }

    pub(super) fn nothing(&self) -> SegmentFound {
        SegmentFound {
            products: 0,
            best: Vec::new(),
            groups: FxHashMap::default(),
            docs: Vec::new(),
            sideways: vec![Vec::new(); self.collection.facets.len()],
            counts: Vec::new(),
            live: LiveMatches::default(),
            examples: Examples::default(),
        }
    }

    pub(super) fn collect(&self, pass: &PassOver<'_>, limit: usize) -> Result<SegmentFound, IndexError> {
        let &PassOver { evaluation, statistics, cancel, .. } = pass;
        let columns = self.columns();
        let matches = self.matches(evaluation)?;
        let arranged = self.collection.arranged.open(self.at, columns, self.rows)?;
        if matches.are_none() && arranged.pinned().next().is_none() {
            return Ok(self.nothing());
        }
        // Live conditions come last, so that what matches all else is known before they decide.
        let open = |condition: &Condition| SegmentCondition::open(condition, columns, self.rows);
        let live = self.collection.conditions.iter().filter(|condition| condition.is_live());
        let live = live.map(open).collect::<Result<Vec<_>, _>>()?;
        let select = |live: bool| {
            let chosen = self.collection.selections.iter().filter(move |(_, condition)| condition.is_live() == live);
            chosen.map(|(facet, condition)| Ok((*facet, open(condition)?))).collect::<Result<Vec<_>, IndexError>>()
        };
        let (selections, live_selections) = (select(false)?, select(true)?);
        // Opened by the first match: most segments of an index that changes are small and have none.
        let mut scorer = None;
        let mut groups_of = match &self.collection.group {
            Some(field) => Some(SegmentGroups::open(field, self.at, columns)?),
            None => None,
        };
        let mut found = self.nothing();
        let mut top = SegmentTop::new(self.keys, columns, limit);
        let mut failure = None;
        let is_scored = statistics.is_some();
        let is_strict = evaluation.is_strict();
        let keeps_docs = !self.collection.facets.is_empty();
        let is_plain = self.collection.is_plain() && live.is_empty();
        // How the matches before a document match, where that is known without looking at them.
        let mut alike = (is_plain && !is_scored).then(|| (Relevance::default(), TERMINATED));
        let mut visit = |doc: DocId, matched: bool| {
            if let Some((relevance, _)) = alike.filter(|(_, until)| doc < *until) {
                found.products += 1;
                if self.is_live {
                    found.live.add(columns.ordinal(doc));
                }
                if keeps_docs {
                    found.docs.push(doc);
                }
                return top.offer(doc, relevance);
            }
            if arranged.hides(doc) {
                return;
            }
            let failing = failing(Failing::None, &selections, doc);
            if self.is_live && !matches!(failing, Failing::Several) {
                found.live.add(columns.ordinal(doc));
            }
            // A scorer goes forwards only, and what a rule alone put here matches no word.
            let statistics = statistics.filter(|_| matched);
            let mut relevance = |doc| {
                self.relevance(&mut scorer, (evaluation, statistics), doc).unwrap_or_else(|error| {
                    failure = Some(error);
                    Relevance::default()
                })
            };
            let is_wanted = live.iter().all(|condition| condition.matches(doc));
            let wanted = is_wanted.then(|| self::failing(failing, &live_selections, doc));
            let Some(Failing::None) = wanted else {
                // What is called a laptop teaches what laptops are whatever it costs: of `laptop under 50`, what is left
                // would be paper notebooks. It is scored only where it may be drawn, which is seldom.
                let may_teach = matched && is_scored && matches!(failing, Failing::None);
                if may_teach && (!is_strict || found.examples.may_draw(columns.ordinal(doc))) {
                    let relevance = relevance(doc);
                    if relevance.is_head {
                        found.examples.offer(relevance.matched, columns.ordinal(doc), doc);
                    }
                }
                if let Some(Failing::Only(facet)) = wanted {
                    found.sideways[facet].push(doc);
                }
                return;
            };
            found.products += 1;
            if keeps_docs {
                found.docs.push(doc);
            }
            let relevance = relevance(doc);
            if relevance.is_head {
                found.examples.offer(relevance.matched, columns.ordinal(doc), doc);
            }
            if is_plain && let Some(scorer) = &mut scorer {
                alike = scorer.alike_behind(doc);
            }
            let relevance = arranged.adjusted(doc, relevance, is_scored);
            match &mut groups_of {
                None => top.offer(doc, relevance),
                Some(groups) => match groups.of(doc) {
                    Ok(group) => self.add_member(&mut found.groups, group, doc, relevance),
                    Err(error) => failure = Some(error),
                },
            }
        };
        let mut unmatched: SmallVec<[DocId; 4]> = SmallVec::new();
        // Matches come in the order of documents, too.
        let mut pinned = arranged.pinned().peekable();
        matches.for_each(cancel, |doc| {
            while let Some(missed) = pinned.next_if(|pinned| *pinned < doc) {
                unmatched.push(missed);
            }
            pinned.next_if_eq(&doc);
            visit(doc, true);
        })?;
        unmatched.extend(pinned);
        if !unmatched.is_empty() {
            let conditions = self.collection.conditions.iter().filter(|condition| !condition.is_live());
            let conditions = conditions.map(open).collect::<Result<Vec<_>, _>>()?;
            unmatched.retain(|doc| conditions.iter().all(|condition| condition.matches(*doc)));
            unmatched.into_iter().for_each(|doc| visit(doc, false));
            // Columns are read in the order of documents.
            found.docs.sort_unstable();
            found.sideways.iter_mut().for_each(|docs| docs.sort_unstable());
        }
        found.best = top.finish();
        failure.map_or(Ok(found), Err)
    }

    /// How well the document matches; nothing where only the order of other fields counts.
    fn relevance<'s>(
        &self,
        scorer: &mut Option<SegmentScorer<'s>>,
        (evaluation, statistics): (Evaluation<'_>, Option<&'s Statistics<'s>>),
        doc: DocId,
    ) -> Result<Relevance, IndexError> {
        let Some(statistics) = statistics else { return Ok(Relevance::default()) };
        let scorer = match scorer {
            Some(scorer) => scorer,
            None => scorer.insert(SegmentScorer::open(self.snapshot, self.at, evaluation, statistics)?),
        };
        Ok(scorer.relevance(doc))
    }

    fn add_member(
        &self,
        groups: &mut FxHashMap<GroupId, (Candidate, u64)>,
        group: GroupId,
        doc: DocId,
        relevance: Relevance,
    ) {
        let mut keys = [0; crate::request::SORT_KEYS_MAX];
        for (value, key) in keys.iter_mut().zip(self.keys) {
            *value = key.of(doc, relevance);
        }
        let id_ord = self.columns().id_ord(doc);
        let candidate = Candidate { keys, id_ord, doc, relevance };
        let entry = groups.entry(group).or_insert((candidate, 0));
        entry.1 += 1;
        entry.0 = entry.0.max(candidate);
    }

    fn count_facets(
        &self,
        found: &SegmentFound,
        counters: &mut [FacetCounter],
        cancel: CancelCheck<'_>,
    ) -> Result<(), IndexError> {
        let columns = self.columns();
        for (facet, counter) in counters.iter_mut().enumerate() {
            if let Some(Some(counts)) = found.counts.get(facet) {
                counter.add_counts(&self.collection.facets[facet].field, columns, counts)?;
                continue;
            }
            for docs in [&found.docs, &found.sideways[facet]] {
                if docs.is_empty() {
                    continue;
                }
                if cancel() {
                    return Err(IndexError::Cancelled);
                }
                let groups = match &self.collection.group {
                    Some(field) => {
                        let mut groups = SegmentGroups::open(field, self.at, columns)?;
                        Some(docs.iter().map(|&doc| groups.of(doc)).collect::<Result<Vec<_>, _>>()?)
                    }
                    None => None,
                };
                let docs = SegmentDocs { docs, groups: groups.as_deref() };
                counter.add(&self.collection.facets[facet].field, columns, self.rows, &docs)?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Failing {
    None,
    Only(usize),
    Several,
}

/// Which facets' selections the document fails, beside those that it is known to fail.
fn failing(mut failing: Failing, selections: &[(usize, SegmentCondition<'_>)], doc: DocId) -> Failing {
    for (facet, selection) in selections {
        if !selection.matches(doc) {
            failing = match failing {
                Failing::None => Failing::Only(*facet),
                Failing::Only(other) if other == *facet => Failing::Only(other),
                Failing::Only(_) | Failing::Several => return Failing::Several,
            };
        }
    }
    failing
}
