//! Search quality against human judgments: what `storefind evaluate` does with any way to search.
//!
//! Owns reading judgments, asking every judged query, the report and the run file. It refuses to know how a query is
//! searched: the caller passes a closure, over a local index or over HTTP. What the figures mean stands in
//! [`metrics`].
//!
//! Invariant: the figures are those of `ndcg.py` over the same run, to the digits that are printed.

pub mod compare;
mod judgments;
pub mod metrics;
mod report;
pub mod setting;
pub mod source;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub use judgments::{Judgments, RATING_MAX};
use metrics::{QueryScores, Summary};

/// Results asked for per query: what the condensed figure looks at (the depth of the figures in ENGINEERING.md).
pub const RESULTS_MAX: usize = 100;

/// One result of a search, as far as an evaluation needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The product's id.
    pub id: String,
    /// Its title, for the list of the worst queries.
    pub title: Option<String>,
}

/// What to evaluate and what to keep.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// CSV with the columns `query`, `docid` and `rating`.
    pub judgments: &'a Path,
    /// Where to write the run in the format of `ndcg.py`, if anywhere.
    pub run_file: Option<&'a Path>,
}

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
    /// A line of the judgments is wrong.
    #[error("{path}: line {line}: {problem}")]
    Judgment {
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
    /// A search failed; an evaluation with holes would look like bad search.
    #[error("search for `{query}` failed")]
    Search {
        /// The query.
        query: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The run file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// An evaluation, done. `Display` prints it as aligned text.
#[derive(Debug, Clone)]
pub struct Report {
    /// The figures over all queries.
    pub summary: Summary,
    /// Each query in the order of the judgments.
    pub queries: Vec<QueryReport>,
}

/// How one query fared.
#[derive(Debug, Clone)]
pub struct QueryReport {
    /// As it stands in the judgments.
    pub query: String,
    /// Its figures.
    pub scores: QueryScores,
    /// Titles (or ids, where titles are unknown) of the first results.
    pub first_titles: Vec<String>,
}

/// Searches every judged query and scores the results.
///
/// `search` gets a query and the most results to return, best first.
///
/// # Errors
/// The first judgment that cannot be read, the first search that fails, or a run file that cannot be written.
pub fn run<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    options: &Options<'_>,
    mut search: impl FnMut(&str, usize) -> Result<Vec<Found>, E>,
) -> Result<Report, EvaluateError> {
    let judgments = Judgments::read(options.judgments)?;
    let mut run = Map::new();
    let mut queries = Vec::with_capacity(judgments.len());
    for (query, ratings) in judgments.iter() {
        let mut found = search(query, RESULTS_MAX)
            .map_err(|source| EvaluateError::Search { query: query.to_owned(), source: source.into() })?;
        found.truncate(RESULTS_MAX);
        let ids: Vec<&str> = found.iter().map(|found| found.id.as_str()).collect();
        let scores = QueryScores::of(&ids, ratings);
        let first_titles = found.iter().take(report::FIRST_TITLES).map(shown).collect();
        if options.run_file.is_some() {
            run.insert(query.to_owned(), Value::from(ids));
        }
        queries.push(QueryReport { query: query.to_owned(), scores, first_titles });
    }
    if let Some(path) = options.run_file {
        write_run(path, &run).map_err(|source| EvaluateError::Write { path: path.to_owned(), source })?;
    }
    let summary = Summary::of(queries.iter().map(|query| &query.scores));
    Ok(Report { summary, queries })
}

fn shown(found: &Found) -> String {
    found.title.clone().unwrap_or_else(|| format!("id {}", found.id))
}

fn write_run(path: &Path, run: &Map<String, Value>) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    serde_json::to_writer(&mut out, run)?;
    out.write_all(b"\n")?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
}
