//! The first page of an answer as a shopper sees it, with what the judge says of each product.
//!
//! Owns what every kind of evaluation keeps of a query beside its figures, and what two of them side by side need to
//! know of a kind: its [`Figure`]s.
//!
//! Invariant: a first page has [`DEPTH`] products at most, in the order of the answer.

use serde::Serialize;

use super::metrics::DEPTH;
use super::{Answer, Found};

/// What the judge says of one product for one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A rating, 0 being irrelevant.
    Rated(u8),
    /// Nobody has looked at it.
    Unjudged,
    /// It lies in the categories of the query.
    Inside,
    /// It does not.
    Outside,
}

/// A product on a first page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// The product.
    #[serde(flatten)]
    pub found: Found,
    /// What the judge says of it.
    pub verdict: Verdict,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FirstPage {
    /// The products, best first.
    pub shown: Vec<Shown>,
    /// Results in all, as far as they were asked for.
    pub n_results: usize,
    /// The query as it was corrected, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<String>,
    /// Whether the answer says that some of the products lack some of the words.
    pub relaxed: bool,
}

impl FirstPage {
    /// The first page of an answer, judged.
    pub fn of(answer: Answer, judge: impl Fn(&Found) -> Verdict) -> Self {
        let n_results = answer.found.len();
        let first = answer.found.into_iter().take(DEPTH);
        let shown = first.map(|found| Shown { verdict: judge(&found), found }).collect();
        Self { shown, n_results, corrected: answer.corrected, relaxed: answer.relaxed }
    }
}

/// A figure that every query has or lacks.
#[derive(Debug)]
pub struct Figure<Q: 'static> {
    /// As reports call it.
    pub name: &'static str,
    /// Its value for one query; `None` leaves the query out of the mean.
    pub of: fn(&Q) -> Option<f64>,
    /// How much the query counts in the mean.
    pub weight: fn(&Q) -> f64,
}

impl<Q> Figure<Q> {
    /// The weighted mean, and over how many queries it is one; 0 over none.
    pub fn mean(&self, queries: &[Q]) -> (f64, usize) {
        let scored = queries.iter().filter_map(|query| Some(((self.weight)(query), (self.of)(query)?)));
        let scored: Vec<(f64, f64)> = scored.filter(|(weight, _)| *weight > 0.0).collect();
        let weights: f64 = scored.iter().map(|(weight, _)| weight).sum();
        let sum: f64 = scored.iter().map(|(weight, value)| weight * value).sum();
        (if weights > 0.0 { sum / weights } else { 0.0 }, scored.len())
    }
}

/// What is told beside the figures: counts that are no mean over queries of their own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Beside {
    /// As reports call it.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
}

/// One query of an evaluation, of whatever kind.
pub trait Scored: Sized + 'static {
    /// The figures, those that decide first.
    const FIGURES: &'static [Figure<Self>];
    /// How many of them decide: what folds and ablations look at.
    const HEADLINES: usize;

    /// The query.
    fn query(&self) -> &str;
    /// What a shopper saw first.
    fn page(&self) -> &FirstPage;
    /// What is told beside the figures.
    fn beside(queries: &[Self]) -> Vec<Beside>;
}

/// Every query counts alike.
pub(super) fn alike<Q>(_: &Q) -> f64 {
    1.0
}
