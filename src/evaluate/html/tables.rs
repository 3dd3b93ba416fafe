//! The tables of the page: figures, folds, ablation, typing errors, suggestions.

use super::super::ablation::{Ablation, Row};
use super::super::compare::{BesideBoth, Compared, Comparison, Means};
use super::super::page::{Beside, Scored};
use super::super::{completions, typos};
use super::note;
use super::text::{chance, escaped, percent, signed, table};

/// The figures of one setting.
pub(super) fn figures<Q: Scored>(queries: &[Q]) -> String {
    let means = Q::FIGURES.iter().map(|figure| {
        let (mean, n_queries) = figure.mean(queries);
        vec![escaped(figure.name), format!("{mean:.4}"), n_queries.to_string()]
    });
    let beside = Q::beside(queries).into_iter();
    let beside = beside.map(|Beside { name, value }| vec![escaped(name), format!("{value:.3}"), String::new()]);
    table("Means over all queries", &["figure", "mean", "queries"], means.chain(beside))
}

/// The figures of two settings.
pub(super) fn comparison(comparison: &Comparison) -> String {
    let means = comparison.figures.iter().map(|figure| {
        let Compared { name, means, p, n_better, n_worse } = figure;
        let Means { n_queries, before, after } = means;
        vec![
            escaped(name),
            n_queries.to_string(),
            format!("{before:.4}"),
            format!("{after:.4}"),
            change(means.change(), *p),
            chance(*p),
            n_better.to_string(),
            n_worse.to_string(),
        ]
    });
    let beside = comparison.beside.iter().map(|BesideBoth { name, before, after }| {
        let mut row = vec![escaped(name), String::new(), format!("{before:.3}"), format!("{after:.3}")];
        row.push(signed(after - before, 3));
        row.extend([const { String::new() }; 3]);
        row
    });
    let heads = ["figure", "queries", "before", "after", "change", "p", "better", "worse"];
    table("Means over all queries, before and after", &heads, means.chain(beside))
}

/// The figures that decide, by fold.
pub(super) fn folds(comparison: &Comparison) -> String {
    let headlines = comparison.headlines();
    let names: Vec<String> = headlines.iter().map(|figure| escaped(figure.name)).collect();
    let mut heads = vec!["fold", "queries"];
    heads.extend(names.iter().flat_map(|name| [name.as_str(), "change"]));
    let rows = comparison.folds.iter().enumerate().map(|(at, fold)| {
        let figures = fold.figures.iter().flat_map(|figure| {
            let change = signed(figure.change(), 4);
            [format!("{:.4} → {:.4}", figure.before, figure.after), change]
        });
        [(at + 1).to_string(), fold.n_queries.to_string()].into_iter().chain(figures).collect()
    });
    table("The figures that decide, by fold", &heads, rows)
}

/// What each switch gives.
pub(super) fn ablation(ablation: &Ablation) -> String {
    let remark = ablation.remark().map(note).unwrap_or_default();
    let Some(first) = ablation.rows.first() else { return remark };
    let names: Vec<String> = first.figures.iter().map(|figure| format!("gives, {}", escaped(figure.name))).collect();
    let mut heads = vec!["part"];
    heads.extend(names.iter().flat_map(|name| [name.as_str(), "p"]));
    let rows = ablation.rows.iter().map(|Row { switch, figures }| {
        let cells = figures.iter().flat_map(|figure| [change(figure.means.change(), figure.p), chance(figure.p)]);
        [format!("<code>{}</code>", escaped(switch))].into_iter().chain(cells).collect()
    });
    format!("{remark}{}", table("What each part gives", &heads, rows))
}

/// How typing errors fared.
pub(super) fn typos(report: &typos::Report) -> Vec<String> {
    let rows = [1, 2].into_iter().flat_map(|edits| {
        let rows = report.rows.iter().filter(move |row| row.edits == edits && row.n_queries > 0).cloned();
        rows.chain([report.of_edits(edits)])
    });
    let rows = rows.map(|row| {
        let typos::Row { edits, letters, n_queries, n_empty, .. } = row;
        let share = percent(row.share());
        vec![edits.to_string(), letters.to_owned(), n_queries.to_string(), share, n_empty.to_string()]
    });
    let heads = ["errors", "letters of the word", "queries", "best product on the first page", "nothing found"];
    let numbers = match report.n_false {
        0 => format!("No number was taken for another, in {} queries with digits.", report.n_numbers),
        n => format!("Numbers were taken for others {n} times, in {} queries with digits.", report.n_numbers),
    };
    let class = if report.n_false == 0 { "verdict" } else { "verdict worse" };
    let wrong = report.false_corrections.iter().map(|wrong| vec![escaped(&wrong.typed), escaped(&wrong.taken_for)]);
    let lost = report.lost.iter().map(|lost| {
        let corrected = lost.corrected.as_deref().map_or_else(|| "–".to_owned(), escaped);
        vec![escaped(&lost.meant), escaped(&lost.typed), corrected, escaped(&lost.product)]
    });
    let mut parts = vec![
        format!("<p class=\"{class}\">{}</p>", escaped(&numbers)),
        table("Queries typed with errors", &heads, rows),
        note(&format!(
            "{} model numbers with a wrong digit were answered by parts of them, and the answer said so.",
            report.n_partial
        )),
        note(&format!("Errors are drawn with the seed {}: the same seed draws the same.", report.seed)),
    ];
    if !report.false_corrections.is_empty() {
        parts.push(table("Numbers taken for others, some of them", &["typed", "taken for"], wrong));
    }
    if !report.lost.is_empty() {
        let heads = ["meant", "typed", "corrected to", "product that is gone"];
        parts.push(table("Best products that were lost, some of them", &heads, lost));
    }
    parts
}

/// How suggestions fared.
pub(super) fn completions(report: &completions::Report) -> Vec<String> {
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), percent);
    let rows = report.rows.iter().map(|row| {
        let shares = [Some(row.share()), row.weighted(), row.share_known(), row.weighted_known()];
        [row.typed.to_string(), row.n_queries.to_string()].into_iter().chain(shares.map(share)).collect()
    });
    let heads = ["characters typed", "queries", "suggested", "by popularity", "of those known", "by popularity"];
    let known = format!(
        "{} of {} queries are suggested at all; the others are a matter of what is suggested, not of its order.",
        report.n_known, report.n_queries
    );
    vec![table("The intended query among the first eight suggestions", &heads, rows), note(&known)]
}

/// A change, marked where it is more than luck.
fn change(by: f64, p: f64) -> String {
    let class = match (p < super::SIGNIFICANT, by > 0.0) {
        (false, _) => "level",
        (true, true) => "better",
        (true, false) => "worse",
    };
    format!("<span class=\"{class}\">{}</span>", signed(by, 4))
}
