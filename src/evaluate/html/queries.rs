//! Query by query: an overview with links, and the first pages side by side.
//!
//! Invariant: queries are in the order of what a reader looks for: with a comparison those that lost most come first and
//! those that gained most last, else the worst first; queries without the deciding figure come last.

use xxhash_rust::xxh3::xxh3_64;

use super::super::RESULTS_MAX;
use super::super::evaluation::About;
use super::super::page::{FirstPage, Scored, Shown, Verdict};
use super::super::significance::EQUAL;
use super::Pictures;
use super::note;
use super::text::{escaped, signed, table};

/// Queries shown with their products: a page of some megabytes still opens at once. Beyond it the ends of the order are
/// shown, where the losses and the gains are.
const SHOWN_MAX: usize = 200;
/// Hues of the fields that stand for pictures, in degrees.
const HUES: u64 = 360;

/// What the query sections are made of.
pub(super) struct Sides<'a, Q> {
    pub(super) queries: &'a [Q],
    pub(super) baseline: Option<&'a [Q]>,
    pub(super) about: &'a About,
    /// The best rating of the judgments; 0 where nobody rated.
    pub(super) best_rating: u8,
    pub(super) pictures: Pictures,
}

/// A query of both sides, by its place in the set.
struct Pair<'a, Q> {
    at: usize,
    before: Option<&'a Q>,
    after: &'a Q,
}

impl<Q: Scored> Pair<'_, Q> {
    /// What orders the queries.
    fn rank(&self) -> Option<f64> {
        let first = Q::FIGURES[0].of;
        let after = first(self.after)?;
        match self.before {
            Some(before) => Some(after - first(before)?),
            None => Some(after),
        }
    }
}

impl<'a, Q: Scored> Sides<'a, Q> {
    fn ordered(&self) -> Vec<Pair<'a, Q>> {
        let pair = |(at, after)| Pair { at, before: self.baseline.and_then(|queries| queries.get(at)), after };
        let mut pairs: Vec<Pair<'a, Q>> = self.queries.iter().enumerate().map(pair).collect();
        pairs.sort_by(|a, b| {
            let last = |rank: Option<f64>| rank.unwrap_or(f64::INFINITY);
            last(a.rank()).total_cmp(&last(b.rank())).then(a.at.cmp(&b.at))
        });
        pairs
    }

    /// Which of so many, in this order, are shown with their products.
    fn is_shown(of: usize, place: usize) -> bool {
        of <= SHOWN_MAX || place < SHOWN_MAX / 2 || place + SHOWN_MAX / 2 >= of
    }
}

/// The table of all queries.
pub(super) fn overview<Q: Scored>(sides: &Sides<'_, Q>) -> String {
    let pairs = sides.ordered();
    let of = pairs.iter().filter(|pair| pair.rank().is_some()).count();
    let scored = pairs.iter().filter(|pair| pair.rank().is_some());
    let rows = scored.enumerate().map(|(place, pair)| {
        let query = escaped(pair.after.query());
        let name = match Sides::<Q>::is_shown(of, place) {
            true => format!("<a href=\"#query-{}\">{query}</a>", pair.at),
            false => query,
        };
        let figures = Q::FIGURES[..Q::HEADLINES].iter().flat_map(|figure| {
            let value = |query: Option<&Q>| query.and_then(figure.of);
            let text = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
            let after = value(Some(pair.after));
            match sides.baseline {
                None => vec![text(after)],
                Some(_) => {
                    let before = value(pair.before);
                    let by = after.zip(before).map(|(after, before)| after - before);
                    vec![text(before), text(after), by.map_or_else(|| "–".to_owned(), change)]
                }
            }
        });
        let n_results = match pair.after.page().n_results {
            RESULTS_MAX.. => format!("{RESULTS_MAX}+"),
            n => n.to_string(),
        };
        [name].into_iter().chain(figures).chain([n_results]).collect()
    });
    let names = Q::FIGURES[..Q::HEADLINES].iter().flat_map(|figure| match sides.baseline {
        None => vec![escaped(figure.name)],
        Some(_) => vec![format!("{} before", escaped(figure.name)), "after".to_owned(), "change".to_owned()],
    });
    let heads: Vec<String> = ["query".to_owned()].into_iter().chain(names).chain(["results".to_owned()]).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let overview = table("Every query with the deciding figure, the worst first", &heads, rows);
    match pairs.len() - of {
        0 => overview,
        n => {
            let lack = if n == 1 { "query lacks" } else { "queries lack" };
            overview
                + &note(&format!("{n} {lack} the figure {}, so that no order of them is better.", Q::FIGURES[0].name))
        }
    }
}

/// The first pages.
pub(super) fn articles<Q: Scored>(sides: &Sides<'_, Q>) -> String {
    let pairs: Vec<_> = sides.ordered().into_iter().filter(|pair| pair.rank().is_some()).collect();
    let of = pairs.len();
    let shown = pairs.iter().enumerate().filter(|(place, _)| Sides::<Q>::is_shown(of, *place));
    let articles: String = shown.map(|(_, pair)| article(sides, pair)).collect();
    if of <= SHOWN_MAX {
        return articles;
    }
    let left_out = format!("Of {of} queries the first and last {} are shown with their products.", SHOWN_MAX / 2);
    format!("{}{articles}", note(&left_out))
}

fn article<Q: Scored>(sides: &Sides<'_, Q>, pair: &Pair<'_, Q>) -> String {
    let figures = Q::FIGURES[..Q::HEADLINES].iter().filter_map(|figure| {
        let (after, name) = ((figure.of)(pair.after)?, escaped(figure.name));
        Some(match pair.before.and_then(figure.of) {
            Some(before) => format!("{name} {before:.3} → {after:.3} ({})", change(after - before)),
            None => format!("{name} {after:.3}"),
        })
    });
    let figures = figures.collect::<Vec<_>>().join(" · ");
    let after = pair.after.page();
    let columns = match pair.before.map(Scored::page) {
        Some(before) if before.shown == after.shown => column(sides, "The same on both sides", after, None),
        Some(before) => {
            let against = sides.about.against.as_deref().unwrap_or_default();
            let before_column = column(sides, &format!("Before: {against}"), before, None);
            before_column + &column(sides, &format!("After: {}", sides.about.setting), after, Some(before))
        }
        None => column(sides, &sides.about.setting, after, None),
    };
    format!(
        "<article id=\"query-{}\">\n<h3>{}</h3>\n<p class=\"figures\">{figures}</p>\n\
         <div class=\"sides\">\n{columns}</div>\n</article>\n",
        pair.at,
        escaped(pair.after.query())
    )
}

fn column<Q>(sides: &Sides<'_, Q>, title: &str, page: &FirstPage, before: Option<&FirstPage>) -> String {
    let corrected = page.corrected.as_ref().map(|to| format!("corrected to “{}”", escaped(to)));
    let count = match page.n_results {
        0 => "nothing found".to_owned(),
        1 => "1 result".to_owned(),
        RESULTS_MAX.. => format!("{RESULTS_MAX} results or more"),
        n => format!("{n} results"),
    };
    let relaxed = page.relaxed.then(|| "some words missing".to_owned());
    let about = corrected.into_iter().chain(relaxed).chain([count]).collect::<Vec<_>>().join(", ");
    let cards: String = page.shown.iter().enumerate().map(|(place, shown)| card(sides, shown, place, before)).collect();
    let cards = if cards.is_empty() { String::new() } else { format!("<ol class=\"cards\">\n{cards}</ol>\n") };
    format!("<section class=\"side\">\n<h4>{}</h4>\n<p class=\"note\">{about}</p>\n{cards}</section>\n", escaped(title))
}

fn card<Q>(sides: &Sides<'_, Q>, shown: &Shown, place: usize, before: Option<&FirstPage>) -> String {
    let found = &shown.found;
    let title = found.title.as_deref().unwrap_or(&found.id);
    let price = found.price.map(|price| format!("{price:.2}"));
    let brand = found.brand.iter().map(|brand| escaped(brand));
    let facts = brand.chain(price).collect::<Vec<_>>().join(" · ");
    let (class, verdict) = badge(shown.verdict, sides.best_rating);
    let moved = before.map(|before| moved(shown, place, before)).unwrap_or_default();
    format!(
        "<li>{}<div><p class=\"title\">{}</p><p class=\"facts\">{facts}</p></div>\
         <div class=\"told\"><span class=\"badge {class}\">{verdict}</span>{moved}</div></li>\n",
        picture(sides.pictures, title, found.image.as_deref()),
        escaped(title)
    )
}

/// Where the product stood before.
fn moved(shown: &Shown, place: usize, before: &FirstPage) -> String {
    let text = match before.shown.iter().position(|other| other.found.id == shown.found.id) {
        None => "new".to_owned(),
        Some(was) if was == place => return String::new(),
        Some(was) => format!("was {}", was + 1),
    };
    format!("<span class=\"moved\">{text}</span>")
}

fn badge(verdict: Verdict, best_rating: u8) -> (&'static str, String) {
    match verdict {
        Verdict::Rated(0) => ("bad", "irrelevant".to_owned()),
        Verdict::Rated(rating) if rating * 2 > best_rating => ("good", format!("{rating} of {best_rating}")),
        Verdict::Rated(rating) => ("fair", format!("{rating} of {best_rating}")),
        Verdict::Unjudged => ("unknown", "not judged".to_owned()),
        Verdict::Inside => ("good", "in its category".to_owned()),
        Verdict::Outside => ("bad", "elsewhere".to_owned()),
    }
}

/// The product's picture, or a field that stands for it, in a colour of its own.
fn picture(pictures: Pictures, title: &str, image: Option<&str>) -> String {
    let address = image.filter(|address| address.starts_with("https://") || address.starts_with("http://"));
    if let (Pictures::Linked, Some(address)) = (pictures, address) {
        let address = escaped(address);
        return format!(
            "<img class=\"picture\" src=\"{address}\" alt=\"\" loading=\"lazy\" width=\"48\" height=\"48\">"
        );
    }
    let letter: String = title.chars().find(|c| c.is_alphanumeric()).into_iter().flat_map(char::to_uppercase).collect();
    let hue = xxh3_64(title.as_bytes()) % HUES;
    format!("<span class=\"picture\" style=\"--hue:{hue}\" aria-hidden=\"true\">{}</span>", escaped(&letter))
}

/// A change, marked.
fn change(by: f64) -> String {
    let class = match by {
        by if by > EQUAL => "better",
        by if by < -EQUAL => "worse",
        _ => "level",
    };
    format!("<span class=\"{class}\">{}</span>", signed(by, 3))
}
