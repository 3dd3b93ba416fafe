//! The report of an evaluation as text for a terminal.
//!
//! Owns the wording and the columns. Invariant: figures have the four decimals in which the project compares runs.

use std::fmt;

use super::judged::{QueryReport, Report};
use super::metrics::Summary;
use super::page::Shown;

/// Titles shown under each of the worst queries.
const FIRST_TITLES: usize = 3;
/// Queries listed as the worst: what one can look into in a morning.
const WORST_QUERIES: usize = 10;
/// Longest title shown in characters: the report fits a terminal of 100 columns.
const TITLE_CHARS_MAX: usize = 84;

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_summary(out, &self.summary)?;
        let worst = self.worst();
        if !worst.is_empty() {
            writeln!(out, "\nworst queries\n  strict  condensed  unjudged@10  results  query")?;
        }
        for query in worst {
            write_query(out, query)?;
        }
        Ok(())
    }
}

impl Report {
    /// The queries with the lowest strict nDCG@10, worst first; those with a perfect order are never among them.
    pub fn worst(&self) -> Vec<&QueryReport> {
        let strict = |query: &QueryReport| query.scores.ndcg_strict.unwrap_or(1.0);
        let mut queries: Vec<_> = self.queries.iter().filter(|query| strict(query) < 1.0).collect();
        queries.sort_by(|a, b| strict(a).total_cmp(&strict(b)));
        queries.truncate(WORST_QUERIES);
        queries
    }
}

fn write_summary(out: &mut fmt::Formatter<'_>, summary: &Summary) -> fmt::Result {
    let Summary { n_queries, n_scored, n_empty, .. } = *summary;
    let percent = summary.zero_result_rate() * 100.0;
    writeln!(out, "queries              {n_queries:>6}   {n_scored} of them with a relevant product")?;
    writeln!(out, "nDCG@10 strict       {:>6.4}   unjudged results count as irrelevant", summary.ndcg_strict)?;
    writeln!(out, "nDCG@10 condensed    {:>6.4}   unjudged results left out", summary.ndcg_condensed)?;
    writeln!(out, "MRR                  {:>6.4}", summary.mrr)?;
    writeln!(out, "recall@100           {:>6.4}   of the relevant products, among the results", summary.recall)?;
    writeln!(out, "zero-result rate     {percent:>5.1}%   {n_empty} queries found nothing")?;
    writeln!(out, "unjudged@10          {:>6.2}   per query", summary.unjudged_at_10)
}

fn write_query(out: &mut fmt::Formatter<'_>, query: &QueryReport) -> fmt::Result {
    let scores = &query.scores;
    writeln!(
        out,
        "  {:>6.4}  {:>9.4}  {:>11}  {:>7}  {}",
        scores.ndcg_strict.unwrap_or_default(),
        scores.ndcg_condensed.unwrap_or_default(),
        scores.n_unjudged,
        scores.n_results,
        query.query,
    )?;
    query.page.shown.iter().take(FIRST_TITLES).enumerate().try_for_each(|(place, shown)| {
        let title = name(shown);
        let mut chars = title.chars();
        let shown: String = chars.by_ref().take(TITLE_CHARS_MAX).collect();
        let rest = if chars.next().is_some() { "…" } else { "" };
        writeln!(out, "          {}. {shown}{rest}", place + 1)
    })
}

/// The title, or the id of a product whose title is unknown.
fn name(shown: &Shown) -> String {
    shown.found.title.clone().unwrap_or_else(|| format!("id {}", shown.found.id))
}
