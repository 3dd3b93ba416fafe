//! An evaluation as one page: figures, what they are worth, and the results as a shopper sees them.
//!
//! Owns the order of the page. It refuses to load anything: no script, no font, no address of the web, so that a page
//! that is kept can be read in ten years. Pictures of the products are the one exception, and only if they are asked
//! for.
//!
//! Invariant: every text from outside is escaped, and the page's own policy lets the browser load nothing but that.

mod queries;
mod tables;
mod text;

#[cfg(test)]
mod tests;

use super::compare::Comparison;
use super::evaluation::{Evaluation, Measured};
use super::page::Scored;
use super::significance::SIGNIFICANT;
use queries::Sides;
use text::{chance, escaped, signed};

const STYLE: &str = include_str!("html/style.css");

/// Whether the page shows the products' pictures, which it has to load from their addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// A coloured field with the title's first letter stands for each.
    Placeholders,
    /// As the catalog names them.
    Linked,
}

/// The whole page.
pub fn page(evaluation: &Evaluation, pictures: Pictures) -> String {
    let body = match &evaluation.measured {
        Measured::Judged { report, baseline, best_rating } => {
            let baseline = baseline.as_ref().map(|report| report.queries.as_slice());
            body(evaluation, &report.queries, baseline, *best_rating, pictures)
        }
        Measured::Categories { report, baseline } => {
            let baseline = baseline.as_ref().map(|report| report.queries.as_slice());
            body(evaluation, &report.queries, baseline, 0, pictures)
        }
    };
    let images = if pictures == Pictures::Linked { "https: http:" } else { "'none'" };
    let title = escaped(&evaluation.about.catalog);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'; img-src {images}\">\n\
         <title>Search quality of {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#queries\">To the queries</a>\n<main>\n{}{body}</main>\n</body>\n</html>\n",
        head(evaluation)
    )
}

fn head(evaluation: &Evaluation) -> String {
    let about = &evaluation.about;
    let mut rows = vec![("Queries", about.queries.clone()), ("Searched by", about.setting.clone())];
    rows.extend(about.against.clone().map(|against| ("Compared with", against)));
    rows.push(("Measured by", format!("storefind {}", about.version)));
    let rows: String =
        rows.iter().map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(value))).collect();
    format!(
        "<header><p class=\"kind\">Storefind search quality</p>\n<h1>{}</h1>\n<dl>\n{rows}</dl></header>\n",
        escaped(&about.catalog)
    )
}

fn body<Q: Scored>(
    evaluation: &Evaluation,
    queries: &[Q],
    baseline: Option<&[Q]>,
    best_rating: u8,
    pictures: Pictures,
) -> String {
    let Evaluation { about, comparison, ablation, typos, completions, measured } = evaluation;
    let sides = Sides { queries, baseline, about, best_rating, pictures };
    [
        section("In short", "short", &short(queries, comparison.as_ref())),
        section("Read this first", "caveats", &caveats(measured, comparison.is_some())),
        comparison.as_ref().map_or_else(String::new, |comparison| {
            section("Fold by fold", "folds", &[tables::folds(comparison), note(FOLDS_NOTE)])
        }),
        ablation.as_ref().map_or_else(String::new, |ablation| {
            section("What each part gives", "ablation", &[tables::ablation(ablation), note(ABLATION_NOTE)])
        }),
        typos.as_ref().map_or_else(String::new, |typos| section("Typing errors", "typos", &tables::typos(typos))),
        completions
            .as_ref()
            .map_or_else(String::new, |report| section("Suggestions", "suggestions", &tables::completions(report))),
        section("Query by query", "queries", &[queries::overview(&sides), queries::articles(&sides)]),
    ]
    .concat()
}

const FOLDS_NOTE: &str = "The queries in five parts, by a hash of their text. A gain that is real is found in most of \
    them; one that stands in a single part is one query’s.";
const ABLATION_NOTE: &str = "With the part less without it, everything else alike: below 0 the results are better \
    without. Parts that do the same share what they give, so the rows do not add up.";

fn short<Q: Scored>(queries: &[Q], comparison: Option<&Comparison>) -> Vec<String> {
    let Some(comparison) = comparison else { return vec![tables::figures(queries)] };
    let verdicts = comparison.headlines().iter().map(|figure| {
        let claim = match (figure.p < SIGNIFICANT, figure.means.change() > 0.0) {
            _ if figure.n_better + figure.n_worse == 0 => "nothing changed".to_owned(),
            (true, true) => format!("better, and hardly by luck (p {})", chance(figure.p)),
            (true, false) => format!("worse, and hardly by luck (p {})", chance(figure.p)),
            (false, _) => format!("not to be told from luck (p {})", chance(figure.p)),
        };
        let change = signed(figure.means.change(), 4);
        format!(
            "<p class=\"verdict\">{}: {:.4} → {:.4}, {change}: {claim}.</p>",
            escaped(figure.name),
            figure.means.before,
            figure.means.after
        )
    });
    verdicts.chain([tables::comparison(comparison)]).collect()
}

/// What a reader should know before believing a figure.
fn caveats(measured: &Measured, compared: bool) -> Vec<String> {
    let kind: &[&str] = match measured {
        Measured::Judged { .. } => &[
            "Strict counts a product that nobody has judged as irrelevant, condensed leaves it out: the truth lies \
             between them. Where unjudged@10 grows, strict falls even if the new products are right.",
            "A change that is good in both figures, or good in one and level in the other, is worth believing. Look at \
             the products below before you believe one that is good in one and bad in the other.",
        ],
        Measured::Categories { .. } => &[
            "A product is right if it lies in the categories that the set names for the query. That tells whether \
             telephones or cases come first, not which case is best.",
            "Where one category holds most of the catalog, nearly every answer is right: the narrow queries tell more.",
        ],
    };
    let luck = "Some twenty queries decide every mean: p tells how often luck alone does as much, the folds whether \
                it is everywhere.";
    let items = compared.then_some(luck).into_iter().chain(kind.iter().copied());
    let items: String = items.map(|item| format!("<li>{}</li>\n", escaped(item))).collect();
    vec![format!("<ul class=\"caveats\">\n{items}</ul>")]
}

fn section(title: &str, id: &str, parts: &[String]) -> String {
    format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{}\n</section>\n", parts.join("\n"))
}

fn note(text: &str) -> String {
    format!("<p class=\"note\">{}</p>", escaped(text))
}
