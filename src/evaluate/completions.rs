//! Whether the intended query is suggested while it is typed.
//!
//! Each query of a set is cut after one to six characters; the suggestions for what was typed so far should hold the
//! whole query among the first eight. A shop that suggests little-asked queries helps nobody, so the share is weighed by
//! popularity where the set tells it. Queries that the suggestions do not know at all, not even typed whole, are told
//! apart: those are a matter of what is suggested, the others of its order.
//!
//! Invariant: queries and suggestions are compared without case and superfluous spaces.

use std::fmt;

use serde::Serialize;

use super::queries::Query;
use super::{EvaluateError, SearchError};

/// Characters typed, at most: who has typed more sees products.
const TYPED_MAX: usize = 6;
/// Suggestions that count: what a page shows without scrolling, and the contract's default.
pub const SUGGESTIONS: usize = 8;

/// How often the query was among the suggestions after so many characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Row {
    /// Characters typed.
    pub typed: usize,
    /// Queries that are longer.
    pub n_queries: usize,
    /// Those among the suggestions.
    pub n_found: usize,
    /// The sum of the popularities of the queries.
    pub weight: f64,
    /// That of those among the suggestions.
    pub weight_found: f64,
    /// Queries that the suggestions know at all.
    pub n_known: usize,
    /// The sum of their popularities.
    pub weight_known: f64,
}

/// The measure, done. `Display` prints it as aligned text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// By characters typed, from 1.
    pub rows: Vec<Row>,
    /// Queries of the set.
    pub n_queries: usize,
    /// Those that the suggestions know, typed whole.
    pub n_known: usize,
}

impl Row {
    /// The share of queries that were suggested.
    pub fn share(&self) -> f64 {
        self.n_found as f64 / self.n_queries.max(1) as f64
    }

    /// The share weighed by popularity; `None` if no query has any.
    pub fn weighted(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.weight_found / self.weight)
    }

    /// The share among the queries that the suggestions know; `None` if they know none.
    pub fn share_known(&self) -> Option<f64> {
        (self.n_known > 0).then(|| self.n_found as f64 / self.n_known as f64)
    }

    /// [`Row::share_known`] weighed by popularity.
    pub fn weighted_known(&self) -> Option<f64> {
        (self.weight_known > 0.0).then(|| self.weight_found / self.weight_known)
    }
}

/// Types every query, character by character. `suggest` gets a prefix and the most suggestions to return, best first.
///
/// # Errors
/// The first prefix for which the suggestions fail.
pub fn run<E: Into<SearchError>>(
    queries: &[Query],
    mut suggest: impl FnMut(&str, usize) -> Result<Vec<String>, E>,
) -> Result<Report, EvaluateError> {
    let mut suggests = |prefix: &str, query: &str| {
        let suggested = suggest(prefix, SUGGESTIONS)
            .map_err(|source| EvaluateError::Suggest { prefix: prefix.to_owned(), source: source.into() })?;
        Ok(suggested.iter().take(SUGGESTIONS).any(|text| folded(text) == query))
    };
    let mut rows: Vec<Row> = (1..=TYPED_MAX).map(|typed| Row { typed, ..Row::default() }).collect();
    let mut n_known = 0;
    for Query { text, popularity, .. } in queries {
        let query = folded(text);
        let mut found = Vec::new();
        for row in &rows {
            let typed: String = query.chars().take(row.typed).collect();
            if typed.len() < query.len() {
                found.push(suggests(&typed, &query)?);
            }
        }
        let known = found.contains(&true) || suggests(&query, &query)?;
        n_known += usize::from(known);
        for (row, found) in rows.iter_mut().zip(found) {
            row.n_queries += 1;
            row.weight += popularity;
            if known {
                row.n_known += 1;
                row.weight_known += popularity;
            }
            if found {
                row.n_found += 1;
                row.weight_found += popularity;
            }
        }
    }
    Ok(Report { rows, n_queries: queries.len(), n_known })
}

fn folded(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_queries, n_known, .. } = self;
        writeln!(out, "\nsuggested while it is typed, among the first {SUGGESTIONS}")?;
        writeln!(out, "  {n_known} of {n_queries} queries are suggested at all, typed whole at the latest")?;
        writeln!(out, "  typed  queries   share  by popularity   of known  by popularity")?;
        for row in &self.rows {
            let percent = |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{:.1}%", share * 100.0));
            writeln!(
                out,
                "  {:>5}  {:>7}  {:>6}  {:>13}  {:>9}  {:>13}",
                row.typed,
                row.n_queries,
                percent(Some(row.share())),
                percent(row.weighted()),
                percent(row.share_known()),
                percent(row.weighted_known()),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn query(text: &str, popularity: f64) -> Query {
        Query { text: text.to_owned(), popularity, hits: None, categories: Vec::new() }
    }

    /// Suggests those of a list that begin with the prefix, in its order.
    fn report(queries: &[Query], list: &[&str]) -> Report {
        run(queries, |prefix, limit| {
            let begins = list.iter().filter(|text| text.to_lowercase().starts_with(prefix)).take(limit);
            Ok::<_, Infallible>(begins.map(|&text| text.to_owned()).collect())
        })
        .unwrap()
    }

    #[test]
    fn a_query_counts_once_it_is_among_the_first() {
        let nine = ["laa", "lab", "lac", "lad", "lae", "laf", "lag", "lah", "Laptop"];
        let report = report(&[query("Laptop ", 3.0), query("lamp", 1.0)], &nine);
        let shares: Vec<f64> = report.rows.iter().map(Row::share).collect();
        // Of `la` eight others come first; `lamp` is in nobody's list; behind the fourth character it is over.
        assert_eq!(shares, [0.0, 0.0, 0.5, 1.0, 1.0, 0.0]);
        assert_eq!(report.rows[2].weighted(), Some(0.75));
        assert_eq!(report.rows[2].share_known(), Some(1.0));
        assert_eq!((report.rows[4].n_queries, report.rows[5].n_queries), (1, 0));
        assert_eq!((report.n_known, report.n_queries), (1, 2));
        assert!(report.to_string().contains("1 of 2 queries are suggested"), "{report}");
    }

    #[test]
    fn without_popularity_there_is_no_weighted_share() {
        let report = report(&[query("laptop", 0.0)], &["laptop"]);
        assert_eq!((report.rows[0].share(), report.rows[0].weighted()), (1.0, None));
        assert!(report.to_string().contains('–'), "{report}");
    }

    #[test]
    fn a_short_query_is_known_when_it_is_suggested_typed_whole() {
        let report = report(&[query("a", 1.0)], &["a"]);
        assert_eq!((report.n_known, report.rows[0].n_queries), (1, 0));
    }
}
