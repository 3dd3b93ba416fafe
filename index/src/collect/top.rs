//! The best documents: a heap per segment, then one order over all segments.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use tantivy::DocId;

use crate::collect::run::Collection;
use crate::collect::sort::{Key, Keys, SegmentKey};
use crate::eval::score::Relevance;
use crate::live::LiveTable;
use crate::rank::Traits;
use crate::request::Order;
use crate::snapshot::Snapshot;
use crate::store::segment::SegmentColumns;

/// A document with what it is ordered by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) keys: Keys,
    pub(crate) id_ord: u64,
    pub(crate) doc: DocId,
    pub(crate) relevance: Relevance,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Greater is better; ties are broken by id, the smaller first.
impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.keys.cmp(&other.keys).then_with(|| other.id_ord.cmp(&self.id_ord))
    }
}

/// Keeps the best documents of one segment.
pub(crate) struct SegmentTop<'a> {
    keys: &'a [SegmentKey<'a>],
    columns: &'a SegmentColumns,
    limit: usize,
    heap: BinaryHeap<Reverse<Candidate>>,
    /// The keys of the worst that is kept, once there are as many as wanted: what is below it is not wanted.
    floor: Keys,
}

impl<'a> SegmentTop<'a> {
    pub(crate) fn new(keys: &'a [SegmentKey<'a>], columns: &'a SegmentColumns, limit: usize) -> Self {
        Self { keys, columns, limit, heap: BinaryHeap::new(), floor: Keys::default() }
    }

    #[inline]
    pub(crate) fn offer(&mut self, doc: DocId, relevance: Relevance) {
        let (false, Some((first, others))) = (self.limit == 0, self.keys.split_first()) else { return };
        let mut keys = Keys::default();
        keys[0] = first.of(doc, relevance);
        // Most documents lose by their first key or their second; the others need not be read.
        if keys[0] < self.floor[0] {
            return;
        }
        for (place, key) in keys[1..].iter_mut().zip(others) {
            *place = key.of(doc, relevance);
        }
        if keys >= self.floor {
            self.push(doc, relevance, keys);
        }
    }

    fn push(&mut self, doc: DocId, relevance: Relevance, keys: Keys) {
        let candidate = Candidate { keys, id_ord: self.columns.id_ord(doc), doc, relevance };
        if self.heap.len() < self.limit {
            self.heap.push(Reverse(candidate));
            if self.heap.len() < self.limit {
                return;
            }
        } else if let Some(mut worst) = self.heap.peek_mut()
            && candidate > worst.0
        {
            *worst = Reverse(candidate);
        }
        self.floor = self.heap.peek().map_or(self.floor, |worst| worst.0.keys);
    }

    /// Best first.
    pub(crate) fn finish(self) -> Vec<Candidate> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse(candidate)| candidate).collect()
    }
}

/// A candidate among those of all segments.
pub(crate) struct Placed {
    pub(crate) segment: usize,
    pub(crate) candidate: Candidate,
    /// Terms behind keyword keys, by key.
    terms: Vec<Option<Vec<u8>>>,
    /// With grouping, how many members of its group match.
    pub(crate) members: u64,
    /// What putting it in order anew found out.
    pub(crate) traits: Traits,
}

/// Puts candidates of all segments in one order.
pub(crate) struct Merge<'a> {
    keys: &'a [Key],
    columns: &'a [Arc<SegmentColumns>],
    live: &'a LiveTable,
}

impl<'a> Merge<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, collection: &'a Collection) -> Self {
        Self { keys: &collection.keys, columns: snapshot.columns(), live: snapshot.live() }
    }

    pub(crate) fn place(&self, segment: usize, candidate: Candidate, opened: &[SegmentKey<'_>]) -> Placed {
        let several = self.columns.len() > 1;
        let terms = match several && self.keys.iter().any(|key| matches!(key, Key::Keyword { .. })) {
            true => opened.iter().zip(candidate.keys).map(|(key, value)| key.term(value)).collect(),
            false => Vec::new(),
        };
        Placed { segment, candidate, terms, members: 1, traits: Traits::default() }
    }

    /// Adds the best of a segment, which are in order, to the best so far, of which `most` are wanted.
    pub(crate) fn add(&self, best: &mut Vec<Placed>, segment: impl Iterator<Item = Placed>, most: usize) {
        // Most of what a further segment has is behind all that is wanted, and need not be put in order.
        let last = if best.len() == most { best.pop() } else { None };
        match last {
            Some(last) => {
                let better = segment.take_while(|placed| self.compare(placed, &last).is_lt());
                let better: Vec<Placed> = better.collect();
                best.push(last);
                best.extend(better);
            }
            None => best.extend(segment),
        }
        // Two runs in order, which a stable sort merges.
        best.sort_by(|a, b| self.compare(a, b));
        best.truncate(most);
    }

    /// Better comes first.
    pub(crate) fn compare(&self, a: &Placed, b: &Placed) -> Ordering {
        if a.segment == b.segment {
            return b.candidate.cmp(&a.candidate);
        }
        for (at, key) in self.keys.iter().enumerate() {
            let order = match key {
                Key::Relevance | Key::Number(..) => b.candidate.keys[at].cmp(&a.candidate.keys[at]),
                Key::Keyword { order, .. } => compare_terms(&a.terms[at], &b.terms[at], *order),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        self.id(a).cmp(&self.id(b))
    }

    /// From the live table, because the segment's dictionary takes microseconds to tell an id, and products that read
    /// alike, such as the variants of one, tie by the dozen.
    fn id(&self, placed: &Placed) -> Cow<'_, str> {
        let columns = &self.columns[placed.segment];
        let known = columns.ordinal(placed.candidate.doc).and_then(|ordinal| self.live.id(ordinal));
        known.map_or_else(|| columns.id(placed.candidate.id_ord).into(), Cow::Borrowed)
    }
}

fn compare_terms(a: &Option<Vec<u8>>, b: &Option<Vec<u8>>, order: Order) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if order == Order::Ascending => a.cmp(b),
        (Some(a), Some(b)) => b.cmp(a),
        // Missing values come last in both directions.
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
