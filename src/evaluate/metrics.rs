//! The figures of an evaluation, as pure functions of ranked ids and ratings.
//!
//! - **nDCG@10, strict**: gain 2^rating − 1, discount log₂(rank + 1), over the best possible order of all judged
//!   products. A result that nobody has judged counts as irrelevant.
//! - **nDCG@10, condensed**: the same after the unjudged results are left out. The two figures lie on either side of
//!   the truth: the strict one punishes what the judges never saw, the condensed one ignores it.
//! - **MRR**: one over the rank of the first result with a rating above 0, 0 when there is none among the results.
//! - **recall@100**: the share of the products with a rating above 0 that are among
//!   the first hundred results.
//! - **zero-result rate** and **unjudged@10** count over all queries; the others leave out queries without any rating
//!   above 0, for which no order is better than another.
//!
//! Invariant: agrees with `ndcg.py`; a test runs both over the same random runs.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use serde::Serialize;

/// Results that nDCG and unjudged@10 look at: the first page of a shop.
pub const DEPTH: usize = 10;

/// How one query fared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct QueryScores {
    /// nDCG@10 with unjudged results as irrelevant ones; `None` without a rating above 0.
    pub ndcg_strict: Option<f64>,
    /// nDCG@10 with unjudged results left out; `None` without a rating above 0.
    pub ndcg_condensed: Option<f64>,
    /// One over the rank of the first relevant result; `None` without a rating above 0.
    pub reciprocal_rank: Option<f64>,
    /// The share of the relevant products that were found; `None` without a rating above 0.
    pub recall: Option<f64>,
    /// How many of the first ten results nobody has judged.
    pub n_unjudged: usize,
    /// How many results there were.
    pub n_results: usize,
}

/// The figures over all queries. A mean over no query is 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Queries in the judgments.
    pub n_queries: usize,
    /// Queries with a rating above 0: what nDCG and MRR are means over.
    pub n_scored: usize,
    /// Mean nDCG@10, strict.
    pub ndcg_strict: f64,
    /// Mean nDCG@10, condensed.
    pub ndcg_condensed: f64,
    /// Mean reciprocal rank.
    pub mrr: f64,
    /// Mean recall.
    pub recall: f64,
    /// Queries without any result.
    pub n_empty: usize,
    /// Unjudged results among the first ten, per query.
    pub unjudged_at_10: f64,
}

impl QueryScores {
    /// Scores the results of one query, best first, against its ratings by id.
    pub fn of<S: BuildHasher>(ids: &[&str], ratings: &HashMap<String, u8, S>) -> Self {
        let judged: Vec<Option<u8>> = ids.iter().map(|&id| ratings.get(id).copied()).collect();
        let ideal = ideal_gain(ratings.values().copied());
        let scored = |gain: f64| (ideal > 0.0).then(|| gain / ideal);
        let strict = judged.iter().map(|rating| rating.unwrap_or(0));
        let condensed = judged.iter().copied().flatten();
        let is_relevant = |rating: &u8| *rating > 0;
        let n_relevant = ratings.values().filter(|rating| is_relevant(rating)).count();
        // A result that is listed twice is found once.
        let distinct: HashSet<&str> = ids.iter().copied().collect();
        let n_found = distinct.iter().filter(|&&id| ratings.get(id).is_some_and(is_relevant)).count();
        let first_relevant = judged.iter().position(|rating| rating.is_some_and(|rating| rating > 0));
        Self {
            ndcg_strict: scored(discounted_gain(strict)),
            ndcg_condensed: scored(discounted_gain(condensed)),
            reciprocal_rank: (ideal > 0.0).then(|| first_relevant.map_or(0.0, |place| 1.0 / (place + 1) as f64)),
            recall: (n_relevant > 0).then(|| n_found as f64 / n_relevant as f64),
            n_unjudged: judged.iter().take(DEPTH).filter(|rating| rating.is_none()).count(),
            n_results: ids.len(),
        }
    }
}

impl Summary {
    /// The means over the queries.
    pub fn of<'a>(queries: impl Iterator<Item = &'a QueryScores> + Clone) -> Self {
        let n_queries = queries.clone().count();
        let n_unjudged: usize = queries.clone().map(|scores| scores.n_unjudged).sum();
        Self {
            n_queries,
            n_scored: queries.clone().filter(|scores| scores.ndcg_strict.is_some()).count(),
            ndcg_strict: mean(queries.clone().filter_map(|scores| scores.ndcg_strict)),
            ndcg_condensed: mean(queries.clone().filter_map(|scores| scores.ndcg_condensed)),
            mrr: mean(queries.clone().filter_map(|scores| scores.reciprocal_rank)),
            recall: mean(queries.clone().filter_map(|scores| scores.recall)),
            n_empty: queries.filter(|scores| scores.n_results == 0).count(),
            unjudged_at_10: if n_queries == 0 { 0.0 } else { n_unjudged as f64 / n_queries as f64 },
        }
    }

    /// The share of queries without any result.
    pub fn zero_result_rate(&self) -> f64 {
        if self.n_queries == 0 { 0.0 } else { self.n_empty as f64 / self.n_queries as f64 }
    }
}

/// The discounted gain of the first [`DEPTH`] ratings, in this order.
pub fn discounted_gain(ratings: impl IntoIterator<Item = u8>) -> f64 {
    let gains = ratings.into_iter().take(DEPTH).map(|rating| f64::from(rating).exp2() - 1.0);
    gains.enumerate().map(|(place, gain)| gain / ((place + 2) as f64).log2()).sum()
}

/// The discounted gain of the best order of these ratings.
pub fn ideal_gain(ratings: impl IntoIterator<Item = u8>) -> f64 {
    let mut ratings: Vec<u8> = ratings.into_iter().collect();
    ratings.sort_unstable_by(|a, b| b.cmp(a));
    discounted_gain(ratings)
}

pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    if count == 0 { 0.0 } else { sum / count as f64 }
}
