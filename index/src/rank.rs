//! Ranking beyond text: what each match is, is called and is worth, as factors on its text score.
//!
//! Two steps. While matches are collected, every one gets its text score (BM25 over all fields as one, `eval::score`)
//! and the two factors that one look into a list tells: its title's *head* is what the query asks for, and the query
//! *names* it. Then the best [`WINDOW`] are put in order anew with what is dearer to know: the *sort* of product that
//! is asked for, learned from heads (`examples`, `kind`), popularity, and whether it is sold out. The weights are those
//! of [`Ranking`], each with its reason.
//!
//! Invariants. Nothing here decides *what* is found, only its order, so that no clause names it; the statistics behind
//! it may drift like those of BM25 (DESIGN.md, "What a plan must state"). The window does not depend on the page, and
//! what lies behind it keeps its order behind it, so that pages within the window neither repeat nor skip. More words
//! and fewer corrections still go before everything.

pub(crate) mod examples;
pub(crate) mod kind;

use crate::collect::top::{Merge, Placed};
use crate::error::IndexError;
use crate::eval::score::Relevance;
use crate::eval::wanted::Wanted;
use crate::live::LiveRows;
use crate::rank::examples::Examples;
use crate::rank::kind::Sort;
use crate::settings::Ranking;
use crate::snapshot::Snapshot;
use crate::store::schema::NumberField;

/// Matches that are put in order anew unless a search says otherwise: ten pages, which is farther than shoppers look, and
/// so few that it costs less than finding them.
pub(crate) const WINDOW: usize = 200;

/// What a match is besides its text, as the second step sees it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Traits {
    /// How much it is of the sort that is asked for, 0 to 1, where that could be learned and the product tells.
    pub(crate) kind: Option<f32>,
    /// Its popularity among the window's, 0 to 1.
    pub(crate) popularity: f32,
    /// Whether it cannot be bought now.
    pub(crate) sold_out: bool,
}

/// What the text score is multiplied by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Factors {
    /// It is what is asked for, by its sort or else by its title.
    pub(crate) wanted: f32,
    /// The query is one of its names.
    pub(crate) name: f32,
    pub(crate) popularity: f32,
    pub(crate) sold_out: f32,
}

impl Factors {
    /// Where the sort is known it decides alone: it was learned from the titles of many, and a single title may lie
    /// (`Desktop` at the end of a dock's name). Both together would count one thing twice.
    pub(crate) fn of(weights: &Ranking, relevance: Relevance, traits: Traits) -> Self {
        let wanted = match traits.kind {
            Some(kind) => weights.kind * kind,
            None if relevance.is_head => weights.head,
            None => 0.0,
        };
        Self {
            wanted: 1.0 + wanted,
            name: 1.0 + if relevance.is_named { weights.name } else { 0.0 },
            popularity: 1.0 + weights.popularity * traits.popularity,
            sold_out: 1.0 - if traits.sold_out { weights.sold_out } else { 0.0 },
        }
    }

    fn product(self) -> f32 {
        self.wanted * self.name * self.popularity * self.sold_out
    }
}

/// The text score times what both steps know beside it, and what rules say.
pub(crate) fn score(weights: &Ranking, relevance: Relevance, traits: Traits) -> f32 {
    relevance.text * Factors::of(weights, relevance, traits).product() * relevance.factor
}

/// Puts the best, which are in order, in order anew. `examples` are matches whose head is wanted.
pub(crate) fn rerank(
    snapshot: &Snapshot,
    merge: &Merge<'_>,
    rows: &LiveRows<'_>,
    wanted: &Wanted,
    examples: Examples,
    window: &mut [Placed],
) -> Result<(), IndexError> {
    if window.len() < 2 {
        return Ok(());
    }
    let weights = &snapshot.settings().ranking;
    if weights.kind > 0.0 {
        learn_kind(snapshot, wanted, examples, window)?;
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
    Ok(())
}

/// Examples among the matches tell the sort best (`memory card` is no graphics card); where there are too few, those of
/// the whole catalog do (of `gaming pc`, whose titles rarely say both, all that are called a PC).
fn learn_kind(
    snapshot: &Snapshot,
    wanted: &Wanted,
    examples: Examples,
    window: &mut [Placed],
) -> Result<(), IndexError> {
    let columns = snapshot.columns();
    let learn = |examples: Examples| {
        let sketches = examples.finish().into_iter().map(|(segment, doc)| columns[segment].signatures.of(doc));
        Sort::learn(sketches, snapshot.informativeness())
    };
    let sort = match learn(examples) {
        Some(sort) => Some(sort),
        None if wanted.place == 0 => None,
        None => learn(wanted.examples(snapshot)?),
    };
    let Some(sort) = sort else { return Ok(()) };
    for placed in window {
        let signature = columns[placed.segment].signatures.of(placed.candidate.doc);
        placed.traits.kind = signature.map(|signature| sort.likeness(&signature));
    }
    Ok(())
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
