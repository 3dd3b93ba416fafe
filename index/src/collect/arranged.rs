//! What rules ask for, resolved against a snapshot: pinned and hidden documents, and what multiplies scores.
//!
//! A pinned document counts as a match of every query, so that totals, facets and groups agree with what is shown; the
//! conditions of the search hold for it as for any other. While results are collected it ranks before all that is not
//! pinned, and so represents its group; [`Arranged::place`] then puts it where it belongs.
//!
//! Invariant: pages of one answer neither repeat nor skip a product, whatever is pinned where.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use tantivy::{DocAddress, DocId};

use crate::collect::hidden::HiddenDocs;
use crate::collect::top::Placed;
use crate::dependency::{Clause, Variant};
use crate::error::IndexError;
use crate::eval::score::Relevance;
use crate::live::LiveRows;
use crate::product::Scalar;
use crate::query::fields::assumed;
use crate::query::filter::{Condition, SegmentCondition, touch};
use crate::rules::{Arrangement, Pinned};
use crate::snapshot::{CancelCheck, Snapshot};
use crate::store::segment::SegmentColumns;
use crate::switch::{Rule, is_off};

/// All factors together change a score by no more than this, either way: beyond it nothing moves any more.
const FACTOR_MAX: f32 = 1e6;

/// See the module.
#[derive(Default)]
pub(crate) struct Arranged {
    /// By place; their numbers, from 1, are those in [`Relevance::pin`].
    pins: Vec<Pinned>,
    /// The pinned documents, with their numbers.
    pinned: Vec<(DocAddress, u16)>,
    hidden: Arc<HiddenDocs>,
    factors: Vec<(Condition, f32)>,
}

impl Arranged {
    /// Finds the documents. A product or field that does not exist is nobody's mistake: it may come, or come back.
    pub(crate) fn resolve(
        snapshot: &Snapshot,
        arrangement: &Arrangement,
        cancel: CancelCheck<'_>,
    ) -> Result<Self, IndexError> {
        let hidden = snapshot.hidden().find(snapshot, &arrangement.hidden, cancel)?;
        let mut arranged = Self { pins: arrangement.pins.clone(), hidden, ..Self::default() };
        for (number, pin) in (1..=u16::MAX).zip(&arrangement.pins) {
            arranged.pinned.extend(snapshot.address(&pin.id)?.map(|address| (address, number)));
        }
        for factor in &arrangement.factors {
            let condition = Condition::resolve_as(&|name| Ok(assumed(name)), &factor.filter)?;
            arranged.factors.push((condition, factor.factor));
        }
        Ok(arranged)
    }

    /// What is hidden alone: for counting what a query finds by itself.
    pub(crate) fn hiding(&self) -> Self {
        Self { hidden: self.hidden.clone(), ..Self::default() }
    }

    /// Conditions on all that is found. Never a facet's own selection: its counts stay within them.
    pub(crate) fn conditions(arrangement: &Arrangement) -> Result<Vec<Condition>, IndexError> {
        let resolve = |filter| Condition::resolve_as(&|name| Ok(assumed(name)), filter);
        arrangement.filters.iter().map(resolve).collect()
    }

    /// Whether the order depends on live fields.
    pub(crate) fn is_live(&self) -> bool {
        self.factors.iter().any(|(condition, _)| condition.is_live())
    }

    /// Whether it leaves a pass as it is. Conditions of rules are conditions like any others.
    pub(crate) fn is_nothing(&self) -> bool {
        self.pins.is_empty() && self.hidden.is_empty() && self.factors.is_empty()
    }

    /// How many products are pinned.
    pub(crate) fn pins(&self) -> usize {
        self.pins.len()
    }

    /// The pin with this number.
    pub(crate) fn pin(&self, number: u16) -> Option<&Pinned> {
        usize::from(number).checked_sub(1).and_then(|at| self.pins.get(at))
    }

    /// What an answer with these pins depends on beside its query: each product that is pinned, there or not.
    pub(crate) fn variants(&self) -> impl Iterator<Item = Variant> {
        // Named by number: names are told to askers who may not see the product.
        self.pins.iter().filter(|_| !is_off(Rule::Pins)).enumerate().map(|(at, pin)| Variant {
            name: format!("pin:{}", at + 1),
            required: 1,
            clauses: vec![Clause { terms: vec![touch("id", &Scalar::Text(pin.id.clone()))] }],
        })
    }

    /// The part that concerns one segment.
    pub(crate) fn open<'a>(
        &'a self,
        segment: usize,
        columns: &'a SegmentColumns,
        rows: &'a LiveRows<'_>,
    ) -> Result<SegmentArranged<'a>, IndexError> {
        let here = |address: &DocAddress| address.segment_ord as usize == segment;
        let pins = self.pinned.iter().filter(|(address, _)| here(address));
        let mut pins: SmallVec<[(DocId, u16); 4]> = pins.map(|(address, number)| (address.doc_id, *number)).collect();
        pins.sort_unstable();
        let open = |(condition, factor): &(Condition, f32)| {
            SegmentCondition::open(condition, columns, rows).map(|condition| (condition, *factor))
        };
        Ok(SegmentArranged {
            pins,
            hidden: self.hidden.of(segment),
            factors: self.factors.iter().map(open).collect::<Result<_, _>>()?,
        })
    }

    /// Puts the pinned, which stand in front, to their places. A place behind the last product is the end.
    pub(crate) fn place(&self, best: Vec<Placed>) -> Vec<Placed> {
        if self.pins.is_empty() {
            return best;
        }
        let length = best.len();
        let mut placed = Vec::with_capacity(length);
        let (pinned, others): (Vec<_>, Vec<_>) =
            best.into_iter().partition(|candidate| candidate.candidate.relevance.pin > 0);
        let mut others = others.into_iter();
        for pinned in pinned {
            let position = self.pin(pinned.candidate.relevance.pin).map_or(1, |pin| pin.position);
            placed.extend(others.by_ref().take((position - 1).saturating_sub(placed.len())));
            placed.push(pinned);
        }
        placed.extend(others);
        placed
    }
}

/// See [`Arranged::open`].
pub(crate) struct SegmentArranged<'a> {
    /// In the order of documents.
    pins: SmallVec<[(DocId, u16); 4]>,
    hidden: Option<&'a FxHashSet<DocId>>,
    factors: Vec<(SegmentCondition<'a>, f32)>,
}

impl SegmentArranged<'_> {
    /// Whether the document is not to be found.
    pub(crate) fn hides(&self, doc: DocId) -> bool {
        self.hidden.is_some_and(|hidden| hidden.contains(&doc))
    }

    /// The pinned documents, in order.
    pub(crate) fn pinned(&self) -> impl Iterator<Item = DocId> {
        self.pins.iter().map(|(doc, _)| *doc)
    }

    /// The relevance with what rules make of it. Where nothing is scored, every document begins with 1.
    pub(crate) fn adjusted(&self, doc: DocId, relevance: Relevance, scored: bool) -> Relevance {
        if self.pins.is_empty() && self.factors.is_empty() {
            return relevance;
        }
        let pin = self.pins.binary_search_by_key(&doc, |(pinned, _)| *pinned).map_or(0, |at| self.pins[at].1);
        let factor = if self.factors.is_empty() { 1.0 } else { self.factor(doc) };
        let base = if scored || self.factors.is_empty() { relevance.score } else { 1.0 };
        let score = base * factor;
        Relevance { pin, factor, score, ..relevance }
    }

    fn factor(&self, doc: DocId) -> f32 {
        let factors = self.factors.iter().filter(|(condition, _)| condition.matches(doc));
        factors.map(|(_, factor)| *factor).product::<f32>().clamp(1.0 / FACTOR_MAX, FACTOR_MAX)
    }

    /// The factors that multiply the document's score, by their places among all.
    pub(crate) fn factors_of(&self, doc: DocId) -> impl Iterator<Item = usize> {
        self.factors.iter().enumerate().filter(move |(_, (condition, _))| condition.matches(doc)).map(|(at, _)| at)
    }
}
