//! Two ways to search side by side, over the same queries.
//!
//! Some twenty queries decide every mean, and one mean is above another half of the time by chance. So each figure is
//! compared query by query, and a randomisation test tells how often chance alone would do as much: the sign of each
//! query's difference is thrown, again and again, as if both ways were the same (Smucker, Allan and Carterette, "A
//! comparison of statistical significance tests for information retrieval evaluation", CIKM 2007). Folds show whether
//! a gain is everywhere or in one place.
//!
//! Invariant: the same two reports give the same comparison, to the digit: the draws are seeded, and a query's fold
//! depends on its text alone.

use std::fmt;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::metrics::{QueryScores, mean};
use super::{QueryReport, Report};

/// Folds by query, as in most published evaluations: with fifty queries, ten in each.
pub const FOLDS: usize = 5;
/// Draws of the randomisation test: chance is told to about one in a thousand.
const DRAWS: usize = 100_000;
/// A fixed seed: an evaluation that is run again says the same.
const SEED: u64 = 7;
/// Differences below this are rounding.
const EQUAL: f64 = 1e-9;
/// Queries listed on either side as changed most.
const CHANGED_QUERIES: usize = 8;

/// What is compared of each query.
type Figure = (&'static str, fn(&QueryScores) -> Option<f64>);

const FIGURES: [Figure; 4] = [
    ("nDCG@10 strict", |scores| scores.ndcg_strict),
    ("nDCG@10 condensed", |scores| scores.ndcg_condensed),
    ("MRR", |scores| scores.reciprocal_rank),
    ("recall", |scores| scores.recall),
];

/// A figure of both sides, over the queries that have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// The mean of the baseline.
    pub before: f64,
    /// The mean of what is compared with it.
    pub after: f64,
    /// How often chance alone makes a difference at least as large, in either direction.
    pub p: f64,
    /// Queries that fare better.
    pub n_better: usize,
    /// Queries that fare worse.
    pub n_worse: usize,
}

/// A comparison, done. `Display` prints it as aligned text.
#[derive(Debug, Clone)]
pub struct Comparison {
    baseline: String,
    figures: Vec<(&'static str, Compared)>,
    /// By fold: queries, and the strict and condensed figures.
    folds: Vec<(usize, Compared, Compared)>,
    unjudged: (f64, f64),
    n_empty: (usize, usize),
    /// The difference in strict nDCG@10, and the query.
    changed: Vec<(f64, String)>,
}

impl Comparison {
    /// Compares `after` with `before`, called `baseline`. Both are of the same judgments.
    pub fn of(baseline: &str, before: &Report, after: &Report) -> Self {
        let pairs: Vec<(&QueryReport, &QueryReport)> = before.queries.iter().zip(&after.queries).collect();
        let figures = FIGURES.iter().map(|&(name, figure)| (name, compare(pairs.iter().copied(), figure)));
        let scored = pairs.iter().copied().filter(|(before, _)| before.scores.ndcg_strict.is_some());
        let mut by_hash: Vec<_> = scored.collect();
        by_hash.sort_by_key(|(before, _)| xxh3_64_with_seed(before.query.as_bytes(), SEED));
        let folds = (0..FOLDS).map(|fold| {
            let pairs = || by_hash.iter().copied().skip(fold).step_by(FOLDS);
            (pairs().count(), compare(pairs(), FIGURES[0].1), compare(pairs(), FIGURES[1].1))
        });
        let difference = |(before, after): &(&QueryReport, &QueryReport)| {
            let strict = |report: &QueryReport| report.scores.ndcg_strict;
            Some((strict(after)? - strict(before)?, after.query.clone()))
        };
        let mut changed: Vec<_> = pairs.iter().filter_map(difference).filter(|(by, _)| by.abs() > EQUAL).collect();
        changed.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self {
            baseline: baseline.to_owned(),
            figures: figures.collect(),
            folds: folds.collect(),
            unjudged: (before.summary.unjudged_at_10, after.summary.unjudged_at_10),
            n_empty: (before.summary.n_empty, after.summary.n_empty),
            changed,
        }
    }

    /// The figures in the order of the report, by name.
    pub fn figures(&self) -> &[(&'static str, Compared)] {
        &self.figures
    }
}

fn compare<'a>(
    pairs: impl Iterator<Item = (&'a QueryReport, &'a QueryReport)>,
    figure: impl Fn(&QueryScores) -> Option<f64>,
) -> Compared {
    let scored = pairs.filter_map(|(before, after)| Some((figure(&before.scores)?, figure(&after.scores)?)));
    let scored: Vec<(f64, f64)> = scored.collect();
    let differences: Vec<f64> = scored.iter().map(|(before, after)| after - before).collect();
    Compared {
        before: mean(scored.iter().map(|(before, _)| *before)),
        after: mean(scored.iter().map(|(_, after)| *after)),
        p: chance(&differences),
        n_better: differences.iter().filter(|by| **by > EQUAL).count(),
        n_worse: differences.iter().filter(|by| **by < -EQUAL).count(),
    }
}

/// How often throwing the signs of the differences gives a sum at least as far from zero. The observed one is counted
/// as a draw of its own, so that nothing is impossible.
fn chance(differences: &[f64]) -> f64 {
    let changed: Vec<f64> = differences.iter().copied().filter(|by| by.abs() > EQUAL).collect();
    let observed = changed.iter().sum::<f64>().abs();
    let mut as_far = 0;
    for draw in 0..DRAWS {
        let mut sum = 0.0;
        for (place, chunk) in changed.chunks(64).enumerate() {
            // A hash of the draw's number: 64 throws of a coin.
            let signs = xxh3_64_with_seed(&[draw.to_le_bytes(), place.to_le_bytes()].concat(), SEED);
            for (at, by) in chunk.iter().enumerate() {
                sum += if signs >> at & 1 == 0 { *by } else { -by };
            }
        }
        as_far += usize::from(sum.abs() >= observed - EQUAL);
    }
    (as_far + 1) as f64 / (DRAWS + 1) as f64
}

impl fmt::Display for Comparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\ncompared with {}", self.baseline)?;
        writeln!(out, "                     before   after   change       p  better  worse")?;
        for (name, Compared { before, after, p, n_better, n_worse }) in &self.figures {
            let change = after - before;
            writeln!(out, "{name:<20} {before:.4}  {after:.4}  {change:+.4}  {p:.4}  {n_better:>6}  {n_worse:>5}")?;
        }
        writeln!(out, "unjudged@10          {:>6.2}  {:>6.2}", self.unjudged.0, self.unjudged.1)?;
        writeln!(out, "zero results         {:>6}  {:>6}", self.n_empty.0, self.n_empty.1)?;
        writeln!(out, "\nfold  queries  strict: before   after   change  condensed: before   after   change")?;
        for (fold, (n_queries, strict, condensed)) in self.folds.iter().enumerate() {
            let by = |compared: &Compared| compared.after - compared.before;
            writeln!(
                out,
                "{:>4}  {n_queries:>7}          {:.4}  {:.4}  {:+.4}             {:.4}  {:.4}  {:+.4}",
                fold + 1,
                strict.before,
                strict.after,
                by(strict),
                condensed.before,
                condensed.after,
                by(condensed),
            )?;
        }
        if !self.changed.is_empty() {
            writeln!(out, "\nchanged most, strict")?;
        }
        let n = self.changed.len();
        for (at, (by, query)) in self.changed.iter().enumerate() {
            if at < CHANGED_QUERIES || at + CHANGED_QUERIES >= n {
                writeln!(out, "  {by:+.4}  {query}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::metrics::Summary;

    /// Reports of queries that differ by these in strict nDCG@10.
    fn reports(differences: &[f64]) -> (Report, Report) {
        let report = |value: &dyn Fn(f64) -> f64| {
            let scores = |by: &f64| QueryScores {
                ndcg_strict: Some(value(*by)),
                ndcg_condensed: Some(0.5),
                reciprocal_rank: None,
                recall: None,
                n_unjudged: 0,
                n_results: 1,
            };
            let query =
                |(at, by)| QueryReport { query: format!("query {at}"), scores: scores(by), first_titles: Vec::new() };
            let queries: Vec<_> = differences.iter().enumerate().map(query).collect();
            Report { summary: Summary::of(queries.iter().map(|query| &query.scores)), queries }
        };
        (report(&|_| 0.5), report(&|by| 0.5 + by))
    }

    fn strict(differences: &[f64]) -> Compared {
        let (before, after) = reports(differences);
        Comparison::of("itself", &before, &after).figures[0].1
    }

    #[test]
    fn the_same_twice_is_no_difference() {
        let compared = strict(&[0.0; 20]);
        assert_eq!((compared.n_better, compared.n_worse, compared.p), (0, 0, 1.0));
    }

    #[test]
    fn chance_is_what_combinatorics_say() {
        // All of ten in one direction: 2 of 1,024 ways to throw the signs.
        let p = strict(&[0.1; 10]).p;
        assert!((p - 2.0 / 1024.0).abs() < 0.0005, "{p}");
        // As many up as down: every throw is as far.
        assert_eq!(strict(&[0.1, -0.1]).p, 1.0);
        // Of four, one against the others by as much: 10 of 16.
        let p = strict(&[0.1, 0.1, 0.1, -0.1]).p;
        assert!((p - 10.0 / 16.0).abs() < 0.01, "{p}");
    }

    #[test]
    fn every_scored_query_is_in_one_fold_and_changes_are_listed() {
        let (before, after) = reports(&[0.1, -0.2, 0.0, 0.3, 0.0, 0.0, 0.1]);
        let comparison = Comparison::of("itself", &before, &after);
        assert_eq!(comparison.folds.iter().map(|(n, ..)| n).sum::<usize>(), 7);
        let text = comparison.to_string();
        assert!(text.contains("compared with itself"), "{text}");
        assert!(text.contains("-0.2000  query 1") && text.contains("+0.3000  query 3"), "{text}");
        assert!(!text.contains("query 2\n"), "{text}");
    }
}
