//! Two ways to search side by side, over the same queries.
//!
//! Each figure is compared query by query, with what chance alone would do ([`significance`](super::significance)).
//! Folds show whether a gain is everywhere or in one place.
//!
//! Invariant: the same two reports give the same comparison, to the digit: draws are seeded, and a query's fold depends
//! on the texts of the queries alone.

use std::fmt;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::page::{Figure, Scored};
use super::significance::{EQUAL, SEED, chance};

/// Folds by query, as in most published evaluations: with fifty queries, ten in each.
pub const FOLDS: usize = 5;
/// Queries listed on either side as changed most.
const CHANGED_QUERIES: usize = 8;

/// A figure of both sides, over the queries that have it on both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Compared {
    /// As reports call it.
    pub name: &'static str,
    /// The means of both sides.
    #[serde(flatten)]
    pub means: Means,
    /// How often chance alone makes a difference at least as large, in either direction.
    pub p: f64,
    /// Queries that fare better.
    pub n_better: usize,
    /// Queries that fare worse.
    pub n_worse: usize,
}

/// One part of the queries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fold {
    /// Queries with the first figure.
    pub n_queries: usize,
    /// The figures that decide. A part is too small to ask what chance would do.
    pub figures: Vec<Means>,
}

/// The means of both sides, over the queries that have the figure on both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Means {
    /// Queries that have it.
    pub n_queries: usize,
    /// Of the baseline.
    pub before: f64,
    /// Of what is compared with it.
    pub after: f64,
}

/// What both sides tell beside the figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BesideBoth {
    /// As reports call it.
    pub name: &'static str,
    /// Of the baseline.
    pub before: f64,
    /// Of what is compared with it.
    pub after: f64,
}

/// How one query changed in the first figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// After minus before.
    pub by: f64,
    /// The query.
    pub query: String,
}

/// A comparison, done. `Display` prints it as aligned text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What is compared with.
    pub baseline: String,
    /// The figures in the order of their kind.
    pub figures: Vec<Compared>,
    /// The queries in parts.
    pub folds: Vec<Fold>,
    /// What is told beside the figures.
    pub beside: Vec<BesideBoth>,
    /// Queries whose first figure changed, worst first.
    pub changed: Vec<Change>,
}

/// The weight and both values of each query that has a figure.
struct Pairs(Vec<(f64, f64, f64)>);

impl Pairs {
    fn of<'a, Q: Scored>(figure: &Figure<Q>, pairs: impl Iterator<Item = (&'a Q, &'a Q)>) -> Self {
        // The weight is the query's, not the answer's: both sides have the same.
        let scored = pairs
            .filter_map(|(before, after)| Some(((figure.weight)(after), (figure.of)(before)?, (figure.of)(after)?)));
        Self(scored.filter(|(weight, ..)| *weight > 0.0).collect())
    }

    fn means(&self) -> Means {
        let weights: f64 = self.0.iter().map(|(weight, ..)| weight).sum();
        let sums = self
            .0
            .iter()
            .fold((0.0, 0.0), |(before, after), query| (before + query.0 * query.1, after + query.0 * query.2));
        let divisor = if weights > 0.0 { weights } else { 1.0 };
        Means { n_queries: self.0.len(), before: sums.0 / divisor, after: sums.1 / divisor }
    }

    fn compared(&self, name: &'static str) -> Compared {
        let differences: Vec<f64> = self.0.iter().map(|(weight, before, after)| weight * (after - before)).collect();
        Compared {
            name,
            means: self.means(),
            p: chance(&differences),
            n_better: differences.iter().filter(|by| **by > EQUAL).count(),
            n_worse: differences.iter().filter(|by| **by < -EQUAL).count(),
        }
    }
}

impl Means {
    /// After minus before.
    pub fn change(&self) -> f64 {
        self.after - self.before
    }
}

/// Compares the figures that decide.
pub fn headlines<Q: Scored>(before: &[Q], after: &[Q]) -> Vec<Compared> {
    let figures = Q::FIGURES[..Q::HEADLINES].iter();
    figures.map(|figure| Pairs::of(figure, before.iter().zip(after)).compared(figure.name)).collect()
}

impl Comparison {
    /// Compares `after` with `before`, called `baseline`. Both are of the same queries in the same order.
    pub fn of<Q: Scored>(baseline: &str, before: &[Q], after: &[Q]) -> Self {
        let pairs = || before.iter().zip(after);
        let first = &Q::FIGURES[0];
        let scored = pairs().filter(|(before, _)| (first.of)(before).is_some());
        let mut by_hash: Vec<_> = scored.collect();
        by_hash.sort_by_key(|(before, _)| xxh3_64_with_seed(before.query().as_bytes(), SEED));
        let folds = (0..FOLDS).map(|fold| {
            let pairs = || by_hash.iter().copied().skip(fold).step_by(FOLDS);
            let figures = Q::FIGURES[..Q::HEADLINES].iter().map(|figure| Pairs::of(figure, pairs()).means());
            Fold { n_queries: pairs().count(), figures: figures.collect() }
        });
        let change = |(before, after): (&Q, &Q)| {
            Some(Change { by: (first.of)(after)? - (first.of)(before)?, query: after.query().to_owned() })
        };
        let mut changed: Vec<_> = pairs().filter_map(change).filter(|change| change.by.abs() > EQUAL).collect();
        changed.sort_by(|a, b| a.by.total_cmp(&b.by));
        let beside = Q::beside(before).into_iter().zip(Q::beside(after));
        Self {
            baseline: baseline.to_owned(),
            figures: Q::FIGURES.iter().map(|figure| Pairs::of(figure, pairs()).compared(figure.name)).collect(),
            folds: folds.collect(),
            beside: beside
                .map(|(before, after)| BesideBoth { name: before.name, before: before.value, after: after.value })
                .collect(),
            changed,
        }
    }

    /// The figures that decide.
    pub fn headlines(&self) -> &[Compared] {
        let decide = self.folds.first().map_or(0, |fold| fold.figures.len());
        &self.figures[..decide]
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\ncompared with {}", self.baseline)?;
        writeln!(out, "                         queries  before   after   change       p  better  worse")?;
        for figure in &self.figures {
            let Compared { name, means, p, n_better, n_worse } = figure;
            let (Means { n_queries, before, after }, change) = (means, means.change());
            writeln!(
                out,
                "{name:<25}{n_queries:>7}  {before:.4}  {after:.4}  {change:+.4}  {}  {n_better:>6}  {n_worse:>5}",
                told(*p)
            )?;
        }
        for BesideBoth { name, before, after } in &self.beside {
            writeln!(out, "{name:<25}         {before:>6.3}  {after:>6.3}")?;
        }
        for (at, headline) in self.headlines().iter().enumerate() {
            writeln!(out, "\n{} by fold\n  fold  queries  before   after   change", headline.name)?;
            for (fold, part) in self.folds.iter().enumerate() {
                let (fold, change) = (fold + 1, part.figures[at].change());
                let Means { n_queries, before, after } = part.figures[at];
                writeln!(out, "  {fold:>4}  {n_queries:>7}  {before:.4}  {after:.4}  {change:+.4}")?;
            }
        }
        if !self.changed.is_empty() {
            writeln!(out, "\nchanged most, {}", self.figures[0].name)?;
        }
        let n = self.changed.len();
        for (at, Change { by, query }) in self.changed.iter().enumerate() {
            if at < CHANGED_QUERIES || at + CHANGED_QUERIES >= n {
                writeln!(out, "  {by:+.4}  {query}")?;
            }
        }
        Ok(())
    }
}

/// A chance in six characters: none is impossible.
pub(super) fn told(p: f64) -> String {
    if p < 0.0001 { "<.0001".to_owned() } else { format!("{p:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::page::{Beside, FirstPage};

    /// A query with a value and a weight.
    #[derive(Debug)]
    struct Query {
        text: String,
        value: f64,
        weight: f64,
        page: FirstPage,
    }

    impl Scored for Query {
        const FIGURES: &'static [Figure<Self>] = &[
            Figure { name: "value", of: |query| Some(query.value), weight: |_| 1.0 },
            Figure { name: "weighted", of: |query| Some(query.value), weight: |query| query.weight },
        ];
        const HEADLINES: usize = 1;

        fn query(&self) -> &str {
            &self.text
        }

        fn page(&self) -> &FirstPage {
            &self.page
        }

        fn beside(queries: &[Self]) -> Vec<Beside> {
            vec![Beside { name: "queries", value: queries.len() as f64 }]
        }
    }

    /// Queries that differ by these, with the weights 1, 2, 3 and so on.
    fn compared(differences: &[f64]) -> Comparison {
        let queries = |value: &dyn Fn(f64) -> f64| -> Vec<Query> {
            let query = |(at, by): (usize, &f64)| Query {
                text: format!("query {at}"),
                value: value(*by),
                weight: (at + 1) as f64,
                page: FirstPage::default(),
            };
            differences.iter().enumerate().map(query).collect()
        };
        Comparison::of("itself", &queries(&|_| 0.5), &queries(&|by| 0.5 + by))
    }

    #[test]
    fn the_same_twice_is_no_difference() {
        let figure = compared(&[0.0; 20]).figures[0];
        assert_eq!((figure.n_better, figure.n_worse, figure.p), (0, 0, 1.0));
    }

    #[test]
    fn a_weight_makes_a_query_count_more_in_the_mean() {
        let comparison = compared(&[0.0, 0.3]);
        let [plain, weighted] = comparison.figures.as_slice() else { panic!("two figures: {comparison:?}") };
        assert!((plain.means.change() - 0.15).abs() < 1e-12 && (weighted.means.change() - 0.2).abs() < 1e-12);
        assert_eq!((plain.means.before, weighted.means.before), (0.5, 0.5));
    }

    #[test]
    fn every_scored_query_is_in_one_fold_and_changes_are_listed() {
        let comparison = compared(&[0.1, -0.2, 0.0, 0.3, 0.0, 0.0, 0.1]);
        assert_eq!(comparison.folds.iter().map(|fold| fold.n_queries).sum::<usize>(), 7);
        assert_eq!(comparison.headlines().len(), 1);
        let text = comparison.to_string();
        assert!(text.contains("compared with itself"), "{text}");
        assert!(text.contains("-0.2000  query 1") && text.contains("+0.3000  query 3"), "{text}");
        assert!(!text.contains("query 2\n"), "{text}");
    }

    #[test]
    fn nothing_to_compare_is_said_without_a_panic() {
        let comparison = compared(&[]);
        assert_eq!((comparison.figures[0].means.n_queries, comparison.figures[0].p), (0, 1.0));
        assert!(comparison.to_string().contains("value"));
    }
}
