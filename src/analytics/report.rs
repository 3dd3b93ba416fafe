//! The body of `GET /v1/{catalog}/analytics`: figures of days, and lists of queries over all of them.
//!
//! Owns the order of each list and what is too little to be told. Invariant: every query that is named passed
//! [`SHOWN_MIN`]; those that did not, and those behind the end of a list, are in the figures of their days.

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::SHOWN_MIN;
use super::table::{Figures, Table};
use crate::learn::day::Day;

/// Fewest committed searches before a click rate is worth telling: below it, one click more is a different rate.
const RATED_SEARCHES_MIN: u64 = 10;

/// From the first day to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

/// See the module.
#[derive(Debug, Serialize)]
pub struct Report {
    from: String,
    to: String,
    days: Vec<DayReport>,
    /// Most wanted first.
    top: Vec<QueryReport>,
    /// Most often in vain first.
    zero_results: Vec<QueryReport>,
    /// Lowest click rate first; only where enough committed to the search for a rate to mean something.
    low_clicks: Vec<QueryReport>,
    typos: Typos,
}

#[derive(Debug, Serialize)]
struct DayReport {
    day: String,
    #[serde(flatten)]
    figures: Figures,
    /// Deeds and answers whose query was personal and was not kept.
    withheld: u64,
    /// Different queries that are held.
    queries: usize,
    /// What the day's rarest queries came to, whose words were forgotten.
    other: Other,
}

#[derive(Debug, Serialize)]
struct Other {
    queries: u64,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Debug, Serialize)]
struct QueryReport {
    query: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected_to: Option<Box<str>>,
    #[serde(flatten)]
    figures: Figures,
    /// Clicks by committed search; `null` where nobody committed to it.
    click_rate: Option<f64>,
    /// Mean position of the opened products, where storefronts told it.
    mean_position: Option<f64>,
}

/// What mistyped queries cost: their click rate beside that of the others.
#[derive(Debug, Serialize)]
struct Typos {
    corrected: Rate,
    uncorrected: Rate,
    /// The corrected queries that were asked for most.
    queries: Vec<QueryReport>,
}

#[derive(Debug, Default, Serialize)]
struct Rate {
    queries: u64,
    answered: u64,
    searches: u64,
    clicks: u64,
    click_rate: Option<f64>,
}

impl Rate {
    fn of<'a>(figures: impl Iterator<Item = &'a Figures>) -> Self {
        let mut rate = Self::default();
        for figures in figures {
            rate.queries += 1;
            rate.answered += figures.answered;
            rate.searches += figures.searches;
            rate.clicks += figures.clicks;
        }
        rate.click_rate = click_rate(rate.clicks, rate.searches);
        rate
    }
}

impl Report {
    pub(super) fn of<'a>(range: Range, days: impl Iterator<Item = (&'a Day, &'a Table)>, limit: usize) -> Self {
        let mut all: FxHashMap<&str, (&str, Figures)> = FxHashMap::default();
        let mut told = Vec::new();
        for (day, table) in days {
            for (key, (text, figures)) in &table.by_key {
                all.entry(key).or_insert_with(|| (text, Figures::default())).1.add(figures);
            }
            told.push(DayReport {
                day: day.to_string(),
                figures: table.sum(),
                withheld: table.withheld,
                queries: table.by_key.len(),
                other: Other { queries: table.forgotten, figures: table.other.clone() },
            });
        }
        let all: Vec<(&str, Figures)> = all.into_values().collect();
        // What found nothing cannot be clicked, and has a list of its own.
        let rated = |it: &Figures| it.searches >= RATED_SEARCHES_MIN && it.found_nothing * 2 <= it.answered;
        // Rates are compared as clicks × searches of the other, exactly.
        let low = list(&all, limit, rated, |a, b| (a.clicks * b.searches).cmp(&(b.clicks * a.searches)));
        Self {
            from: range.from.to_string(),
            to: range.to.to_string(),
            days: told,
            top: list(&all, limit, |_| true, |a, b| b.demand().cmp(&a.demand())),
            zero_results: list(&all, limit, |it| it.found_nothing > 0, |a, b| b.found_nothing.cmp(&a.found_nothing)),
            low_clicks: low,
            typos: Typos {
                corrected: Rate::of(all.iter().map(|(_, figures)| figures).filter(|figures| figures.corrected > 0)),
                uncorrected: Rate::of(all.iter().map(|(_, figures)| figures).filter(|figures| figures.corrected == 0)),
                queries: list(&all, limit, |it| it.corrected > 0, |a, b| b.corrected.cmp(&a.corrected)),
            },
        }
    }
}

/// The queries to be told of those `wanted`, in this order; among equals, what is wanted more first, then by words.
fn list(
    all: &[(&str, Figures)],
    limit: usize,
    wanted: impl Fn(&Figures) -> bool,
    order: impl Fn(&Figures, &Figures) -> std::cmp::Ordering,
) -> Vec<QueryReport> {
    let shown = |figures: &Figures| figures.demand() >= SHOWN_MIN && wanted(figures);
    let mut listed: Vec<_> = all.iter().filter(|(_, figures)| shown(figures)).collect();
    listed.sort_unstable_by(|(a_text, a), (b_text, b)| {
        order(a, b).then_with(|| b.demand().cmp(&a.demand())).then_with(|| a_text.cmp(b_text))
    });
    listed.truncate(limit);
    listed.into_iter().map(|(text, figures)| QueryReport::of(text, figures)).collect()
}

impl QueryReport {
    fn of(text: &str, figures: &Figures) -> Self {
        let (sum, number) = figures.positions;
        Self {
            query: text.into(),
            corrected_to: figures.correction.clone(),
            click_rate: click_rate(figures.clicks, figures.searches),
            mean_position: (number > 0).then(|| rounded(sum as f64 / number as f64)),
            figures: figures.clone(),
        }
    }
}

fn click_rate(clicks: u64, searches: u64) -> Option<f64> {
    (searches > 0).then(|| rounded(clicks as f64 / searches as f64))
}

/// To thousandths: more digits would claim more than was counted.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}
