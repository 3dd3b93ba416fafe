//! Search quality, measured: what `storefind evaluate` does with any way to search.
//!
//! | module | owns |
//! | --- | --- |
//! | [`judged`], [`judgments`], [`metrics`] | human ratings and the figures over them |
//! | [`categories`], [`queries`] | sets of queries that tell in which category each should land |
//! | [`compare`], [`significance`] | two settings over the same queries, and what chance alone would do |
//! | [`ablation`] | what each switch of the ranking gives |
//! | [`typos`] | generated typing errors: whether the best product stays, and no model number becomes another |
//! | [`completions`] | whether the intended query is suggested while it is typed |
//! | [`setting`], [`source`] | what is searched, and by which settings |
//! | [`html`], [`evaluation`] | the page for people and the file for machines |
//!
//! It refuses to know how a query is searched: the measures take a closure, over a local index or over HTTP.
//!
//! Invariant: the figures are those of `ndcg.py` over the same run, to the digits that are printed; and whoever measures
//! the same catalog twice gets the same figures, since every draw is seeded.

pub mod ablation;
pub mod categories;
pub mod compare;
pub mod completions;
pub mod evaluation;
pub mod html;
pub mod judged;
pub mod judgments;
pub mod metrics;
pub mod page;
pub mod queries;
mod report;
pub mod setting;
pub mod significance;
pub mod source;
#[cfg(test)]
mod tests;
pub mod typos;

use std::path::PathBuf;

use serde::Serialize;

/// Results asked for per query: what the condensed figure looks at (the depth of the figures in ENGINEERING.md).
pub const RESULTS_MAX: usize = 100;

/// What a search answered, as far as an evaluation needs it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The products, best first.
    pub found: Vec<Found>,
    /// The query with mistyped words replaced, if it was.
    pub corrected: Option<String>,
    /// Whether products that lack some words are among them, and the answer says so.
    pub relaxed: bool,
}

/// One result of a search, as far as an evaluation needs it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Found {
    /// The product's id.
    pub id: String,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Its price of the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    /// The address of its picture.
    #[serde(skip)]
    pub image: Option<String>,
    /// Its categories, as the product has them.
    #[serde(skip)]
    pub categories: Vec<String>,
    /// The numbers that name it: SKU and further identifiers.
    #[serde(skip)]
    pub numbers: Vec<String>,
}

/// Any error of what is searched.
pub type SearchError = Box<dyn std::error::Error + Send + Sync>;

/// Why an evaluation failed.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The judgments cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: csv::Error,
    },
    /// The set of queries cannot be opened.
    #[error("cannot read {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line of the judgments or of the set of queries is wrong.
    #[error("{path}: line {line}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1, with the header.
        line: u64,
        /// What is wrong, with the value.
        problem: String,
    },
    /// The file holds no judgment.
    #[error("{0} has no judgments")]
    Empty(PathBuf),
    /// The file holds no query.
    #[error("{0} has no queries")]
    NoQueries(PathBuf),
    /// A search failed; an evaluation with holes would look like bad search.
    #[error("search for `{query}` failed")]
    Search {
        /// The query.
        query: String,
        /// Why.
        #[source]
        source: SearchError,
    },
    /// The suggestions for a prefix failed.
    #[error("suggestions for `{prefix}` failed")]
    Suggest {
        /// What was typed.
        prefix: String,
        /// Why.
        #[source]
        source: SearchError,
    },
    /// The categories of the catalog cannot be told.
    #[error("the catalog does not tell its categories")]
    Categories(#[source] SearchError),
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// The error of a search for a query.
fn search_failed<E: Into<SearchError>>(query: &str) -> impl FnOnce(E) -> EvaluateError {
    move |source| EvaluateError::Search { query: query.to_owned(), source: source.into() }
}
