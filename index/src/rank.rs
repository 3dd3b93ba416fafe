//! Ranking beyond text: what each match is, is called and is worth, as factors on its text score.
//!
//! Two steps. While matches are collected, every one gets its text score (BM25 over all fields as one, `eval::score`)
//! and the two factors that one look into a list tells: its title's *head* is what the query asks for, and the query
//! *names* it. Then the best [`WINDOW`] are put in order anew with what is dearer to know: the *sort* of product that
//! the best heads have in common (`kind`), popularity, and whether it is sold out. The weights are those of
//! [`Ranking`](crate::settings::Ranking), each with its reason.
//!
//! Invariants. Nothing here decides *what* is found, only its order, so that no clause names it; the statistics behind
//! it may drift like those of BM25 (DESIGN.md, "What a plan must state"). The window does not depend on the page, and
//! what lies behind it keeps its order behind it, so that pages of one snapshot neither repeat nor skip. More words
//! and fewer corrections still go before everything.

pub(crate) mod kind;

use crate::collect::top::{Merge, Placed};
use crate::eval::score::Relevance;
use crate::live::LiveRows;
use crate::settings::Ranking;
use crate::snapshot::Snapshot;
use crate::store::schema::NumberField;

/// Matches that are put in order anew: ten pages, which is farther than shoppers look, and so few that it costs less
/// than finding them.
pub(crate) const WINDOW: usize = 200;
/// Matches that serve as examples of the sort that is looked for, best first.
const EXAMPLES: usize = 10;

/// What a match is besides its text, as factors see it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Traits {
    /// How much it is of the sort that the best heads are, 0 to 1.
    pub(crate) kind: f32,
    /// Its popularity among the window's, 0 to 1.
    pub(crate) popularity: f32,
    /// Whether it cannot be bought now.
    pub(crate) sold_out: bool,
}

/// The text score times what both steps know beside it.
///
/// Being what is asked for counts for the word that asks for it, not for the others: of `ps4 pro`, a match of `pro` in
/// the right place says less than both words.
pub(crate) fn score(weights: &Ranking, relevance: Relevance, traits: Traits) -> f32 {
    let head = if relevance.is_head { weights.head } else { 0.0 };
    let name = if relevance.is_named { weights.name } else { 0.0 };
    let sold_out = if traits.sold_out { weights.sold_out } else { 0.0 };
    // The better of two signs of the same thing: together they would count it twice.
    let wanted = relevance.wanted * head.max(weights.kind * traits.kind);
    relevance.text * (1.0 + wanted) * (1.0 + name) * (1.0 + weights.popularity * traits.popularity) * (1.0 - sold_out)
}

/// Puts the first [`WINDOW`] of `best`, which are in order, in order anew.
pub(crate) fn rerank(snapshot: &Snapshot, merge: &Merge<'_>, rows: &LiveRows<'_>, best: &mut [Placed]) {
    let window = best.len().min(WINDOW);
    let (window, _) = best.split_at_mut(window);
    if window.len() < 2 {
        return;
    }
    let weights = &snapshot.settings().ranking;
    if weights.kind > 0.0 {
        learn_kind(snapshot, window);
    }
    if weights.popularity > 0.0 {
        read_popularity(snapshot, rows, window);
    }
    for placed in window.iter_mut() {
        if weights.sold_out > 0.0 {
            let ordinal = snapshot.columns()[placed.segment].ordinal(placed.candidate.doc);
            placed.traits.sold_out = ordinal.is_some_and(|ordinal| !rows.of(ordinal).in_stock);
        }
        let relevance = &mut placed.candidate.relevance;
        relevance.score = score(weights, *relevance, placed.traits);
        // Relevance is the first key, or nothing is put in order anew.
        placed.candidate.keys[0] = relevance.rank();
    }
    window.sort_by(|a, b| merge.compare(a, b));
}

/// Examples are the best whose head is what the query asks for, as far as they have as many of its words as the best.
fn learn_kind(snapshot: &Snapshot, window: &mut [Placed]) {
    let matched = window[0].candidate.relevance.matched;
    let is_example = |placed: &Placed| {
        let relevance = placed.candidate.relevance;
        relevance.is_head && relevance.matched == matched
    };
    let examples: Vec<usize> = (0..window.len()).filter(|&at| is_example(&window[at])).take(EXAMPLES).collect();
    if examples.is_empty() {
        return;
    }
    let columns = snapshot.columns();
    let signatures: Vec<_> =
        window.iter().map(|placed| columns[placed.segment].signatures.of(placed.candidate.doc)).collect();
    let likeness = kind::likeness(&signatures, examples.into_iter(), snapshot.informativeness());
    for (placed, kind) in window.iter_mut().zip(likeness) {
        placed.traits.kind = kind;
    }
}

/// Popularity counts sales, views or stars as a shop likes, over orders of magnitude: its logarithm is compared with
/// the window's highest.
fn read_popularity(snapshot: &Snapshot, rows: &LiveRows<'_>, window: &mut [Placed]) {
    let columns = snapshot.columns();
    for placed in window.iter_mut() {
        let numbers = columns[placed.segment].numbers(NumberField::Popularity, rows);
        placed.traits.popularity =
            numbers.of(placed.candidate.doc).map_or(0.0, |number| number.max(0.0).ln_1p() as f32);
    }
    let highest = window.iter().map(|placed| placed.traits.popularity).fold(0.0, f32::max);
    if highest > 0.0 {
        window.iter_mut().for_each(|placed| placed.traits.popularity /= highest);
    }
}
