//! The evaluation against human judgments: every judged query is asked, and its results scored.
//!
//! Owns the asking, the report's figures and the run file. What the figures mean stands in [`super::metrics`].

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::judgments::Judgments;
use super::metrics::{QueryScores, Summary};
use super::page::{Beside, Figure, FirstPage, Scored, Verdict, alike};
use super::{Answer, EvaluateError, Found, RESULTS_MAX, SearchError, search_failed};

/// An evaluation, done. `Display` prints it as aligned text.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The figures over all queries.
    pub summary: Summary,
    /// Each query in the order of the judgments.
    pub queries: Vec<QueryReport>,
}

/// How one query fared.
#[derive(Debug, Clone, Serialize)]
pub struct QueryReport {
    /// As it stands in the judgments.
    pub query: String,
    /// Its figures.
    #[serde(flatten)]
    pub scores: QueryScores,
    /// What a shopper saw first.
    pub page: FirstPage,
    /// The ids of all results.
    #[serde(skip)]
    pub ids: Vec<String>,
}

/// Searches every judged query and scores the results.
///
/// `search` gets a query and the most results to return, best first.
///
/// # Errors
/// The first search that fails.
pub fn run<E: Into<SearchError>>(
    judgments: &Judgments,
    mut search: impl FnMut(&str, usize) -> Result<Answer, E>,
) -> Result<Report, EvaluateError> {
    let mut queries = Vec::with_capacity(judgments.len());
    for (query, ratings) in judgments.iter() {
        let mut answer = search(query, RESULTS_MAX).map_err(search_failed(query))?;
        answer.found.truncate(RESULTS_MAX);
        queries.push(QueryReport::of(query, answer, ratings));
    }
    let summary = Summary::of(queries.iter().map(|query| &query.scores));
    Ok(Report { summary, queries })
}

impl QueryReport {
    fn of(query: &str, answer: Answer, ratings: &HashMap<String, u8>) -> Self {
        let ids: Vec<String> = answer.found.iter().map(|found| found.id.clone()).collect();
        let scores = QueryScores::of(&ids.iter().map(String::as_str).collect::<Vec<_>>(), ratings);
        let judge = |found: &Found| ratings.get(&found.id).map_or(Verdict::Unjudged, |&rating| Verdict::Rated(rating));
        Self { query: query.to_owned(), scores, page: FirstPage::of(answer, judge), ids }
    }
}

impl Report {
    /// Writes the run in the format of `ndcg.py`, `{"query": ["id", …]}`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_run(&self, path: &Path) -> Result<(), EvaluateError> {
        let ids = |query: &QueryReport| query.ids.iter().map(String::as_str).map(Value::from).collect();
        let run: Map<String, Value> = self.queries.iter().map(|query| (query.query.clone(), ids(query))).collect();
        let write = || -> std::io::Result<()> {
            let mut out = BufWriter::new(File::create(path)?);
            serde_json::to_writer(&mut out, &run)?;
            out.write_all(b"\n")?;
            out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
        };
        write().map_err(|source| EvaluateError::Write { path: path.to_owned(), source })
    }
}

impl Scored for QueryReport {
    const FIGURES: &'static [Figure<Self>] = &[
        Figure { name: "nDCG@10 strict", of: |query| query.scores.ndcg_strict, weight: alike },
        Figure { name: "nDCG@10 condensed", of: |query| query.scores.ndcg_condensed, weight: alike },
        Figure { name: "MRR", of: |query| query.scores.reciprocal_rank, weight: alike },
        Figure { name: "recall@100", of: |query| query.scores.recall, weight: alike },
    ];
    const HEADLINES: usize = 2;

    fn query(&self) -> &str {
        &self.query
    }

    fn page(&self) -> &FirstPage {
        &self.page
    }

    fn beside(queries: &[Self]) -> Vec<Beside> {
        let summary = Summary::of(queries.iter().map(|query| &query.scores));
        vec![
            Beside { name: "unjudged@10", value: summary.unjudged_at_10 },
            Beside { name: "zero-result rate", value: summary.zero_result_rate() },
        ]
    }
}
