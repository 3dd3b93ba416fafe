//! Whether queries land where they should: the second witness, for catalogs that nobody has judged.
//!
//! A set of queries tells for each in which categories its products lie. **Category precision@10** is the share of the
//! first ten results that lie in all of those categories (sets name a category and its parent; the narrower decides).
//! A query that finds nothing has 0, one that finds three products is measured by the three.
//!
//! Categories that no product of the catalog has say nothing about it, so a set of a larger shop can be used on a part
//! of its catalog: they are left out of a query, and queries without any other are left out of the precision. Where one
//! category holds nearly everything, any answer is right; the figure over *narrow* queries, whose smallest category has
//! less than half of the products, tells more.
//!
//! Invariant: names are compared without case; a name means a whole path, the beginning of one, or one of its levels.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::metrics::mean;
use super::page::{Beside, Figure, FirstPage, Scored, Shown, Verdict, alike};
use super::queries::Query;
use super::{Answer, EvaluateError, Found, RESULTS_MAX, SearchError, search_failed};

/// Between the levels of a category's path.
const LEVEL: &str = " > ";
/// Queries listed as the worst: what one can look into in a morning.
const WORST_QUERIES: usize = 10;
/// Titles shown under each.
const FIRST_TITLES: usize = 3;

/// The categories of a catalog.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    n_products: u64,
    counts: HashMap<String, u64>,
}

impl Known {
    /// Of a catalog with so many products, the paths of all levels and how many products each has.
    pub fn new(n_products: u64, paths: impl IntoIterator<Item = (String, u64)>) -> Self {
        let mut counts = HashMap::new();
        for (path, count) in paths {
            let path = path.to_lowercase();
            // The last level by its name: two paths may end alike.
            let level = path.rsplit(LEVEL).next().unwrap_or_default().to_owned();
            if level != path {
                *counts.entry(level).or_default() += count;
            }
            *counts.entry(path).or_default() += count;
        }
        Self { n_products, counts }
    }

    /// How many products have a category, if any has it.
    pub fn count(&self, category: &str) -> Option<u64> {
        self.counts.get(&category.to_lowercase()).copied()
    }
}

/// An evaluation by categories, done. `Display` prints it as aligned text.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Each query that had results in the shop it comes from, in the order of the set.
    pub queries: Vec<QueryReport>,
    /// Queries left out because they had none there either.
    pub n_left_out: usize,
}

/// How one query fared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueryReport {
    /// As it stands in the set.
    pub query: String,
    /// How often it was asked.
    pub popularity: f64,
    /// Where its products lie, as far as the catalog has it.
    pub categories: Vec<String>,
    /// Whether the smallest of those has less than half of the products.
    pub narrow: bool,
    /// The share of the first ten results that lie there; `None` if the catalog has none of the categories.
    pub precision: Option<f64>,
    /// What a shopper saw first.
    pub page: FirstPage,
}

/// Searches every query that should find something.
///
/// # Errors
/// The first search that fails.
pub fn run<E: Into<SearchError>>(
    queries: &[Query],
    known: &Known,
    mut search: impl FnMut(&str, usize) -> Result<Answer, E>,
) -> Result<Report, EvaluateError> {
    let wanted: Vec<&Query> = queries.iter().filter(|query| query.hits != Some(0)).collect();
    let reports = wanted.iter().map(|query| {
        let answer = search(&query.text, RESULTS_MAX).map_err(search_failed(&query.text))?;
        Ok(QueryReport::of(query, known, answer))
    });
    Ok(Report { queries: reports.collect::<Result<_, EvaluateError>>()?, n_left_out: queries.len() - wanted.len() })
}

impl QueryReport {
    fn of(query: &Query, known: &Known, answer: Answer) -> Self {
        let categories: Vec<String> =
            query.categories.iter().filter(|category| known.count(category).is_some()).cloned().collect();
        let smallest = categories.iter().filter_map(|category| known.count(category)).min();
        let judge = |found: &Found| match lies_in(found, &categories) {
            _ if categories.is_empty() => Verdict::Unjudged,
            true => Verdict::Inside,
            false => Verdict::Outside,
        };
        let page = FirstPage::of(answer, judge);
        let inside = page.shown.iter().filter(|shown| shown.verdict == Verdict::Inside).count();
        let precision = inside as f64 / page.shown.len().max(1) as f64;
        Self {
            query: query.text.clone(),
            popularity: query.popularity,
            narrow: smallest.is_some_and(|smallest| smallest * 2 < known.n_products),
            precision: (!categories.is_empty()).then_some(precision),
            categories,
            page,
        }
    }
}

fn lies_in(found: &Found, categories: &[String]) -> bool {
    let paths: Vec<String> = found.categories.iter().map(|path| path.to_lowercase()).collect();
    categories.iter().all(|category| {
        let category = category.to_lowercase();
        paths.iter().any(|path| {
            let begins = path.strip_prefix(&category).is_some_and(|rest| rest.is_empty() || rest.starts_with(LEVEL));
            begins || path.split(LEVEL).any(|level| level == category)
        })
    })
}

impl Scored for QueryReport {
    const FIGURES: &'static [Figure<Self>] = &[
        Figure { name: "precision@10", of: |query| query.precision, weight: alike },
        Figure { name: "precision@10, narrow", of: narrow, weight: alike },
        Figure { name: "… by popularity", of: |query| query.precision, weight: |query| query.popularity },
        Figure { name: "… narrow, by popularity", of: narrow, weight: |query| query.popularity },
    ];
    const HEADLINES: usize = 2;

    fn query(&self) -> &str {
        &self.query
    }

    fn page(&self) -> &FirstPage {
        &self.page
    }

    fn beside(queries: &[Self]) -> Vec<Beside> {
        let empty = |query: &Self| f64::from(u8::from(query.page.n_results == 0));
        let here = queries.iter().filter(|query| query.precision.is_some());
        vec![
            Beside { name: "zero-result rate", value: mean(queries.iter().map(empty)) },
            Beside { name: "… with such products", value: mean(here.map(empty)) },
        ]
    }
}

fn narrow(query: &QueryReport) -> Option<f64> {
    query.precision.filter(|_| query.narrow)
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_here = self.queries.iter().filter(|query| query.precision.is_some()).count();
        writeln!(
            out,
            "queries                  {:>7}   {} more had no results where they come from",
            self.queries.len(),
            self.n_left_out
        )?;
        writeln!(out, "whose category is here   {n_here:>7}")?;
        for kind in QueryReport::FIGURES {
            let (mean, n_queries) = kind.mean(&self.queries);
            writeln!(out, "{:<25}{mean:>7.4}   over {n_queries} queries", kind.name)?;
        }
        for Beside { name, value } in QueryReport::beside(&self.queries) {
            writeln!(out, "{name:<25}{:>6.1}%", value * 100.0)?;
        }
        let worst = self.worst();
        if !worst.is_empty() {
            writeln!(out, "\nworst queries, the most asked first\n  precision  popularity  results  query")?;
        }
        for query in worst {
            let QueryReport { query, popularity, categories, precision, page, .. } = query;
            let precision = precision.unwrap_or_default();
            writeln!(
                out,
                "  {precision:>9.2}  {popularity:>10}  {:>7}  {query}  ({})",
                page.n_results,
                categories.join(", ")
            )?;
            for (place, Shown { found, .. }) in page.shown.iter().take(FIRST_TITLES).enumerate() {
                writeln!(out, "             {}. {}", place + 1, found.title.as_deref().unwrap_or(&found.id))?;
            }
        }
        Ok(())
    }
}

impl Report {
    /// Queries of which less than half of the first page is right; the most asked, then the worst, come first.
    pub fn worst(&self) -> Vec<&QueryReport> {
        let bad = |query: &&QueryReport| query.precision.is_some_and(|precision| precision < 0.5);
        let mut queries: Vec<_> = self.queries.iter().filter(bad).collect();
        queries.sort_by(|a, b| {
            b.popularity
                .total_cmp(&a.popularity)
                .then(a.precision.unwrap_or(1.0).total_cmp(&b.precision.unwrap_or(1.0)))
        });
        queries.truncate(WORST_QUERIES);
        queries
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn query(text: &str, popularity: f64, hits: Option<u64>, categories: &[&str]) -> Query {
        let categories = categories.iter().map(|&category| category.to_owned()).collect();
        Query { text: text.to_owned(), popularity, hits, categories }
    }

    fn product(id: &str, categories: &[&str]) -> Found {
        let categories = categories.iter().map(|&category| category.to_owned()).collect();
        Found { id: id.to_owned(), categories, ..Found::default() }
    }

    fn known() -> Known {
        let counts = [("Phones", 10), ("Phones > Cases", 4), ("Phones > Cables", 3)];
        Known::new(10, counts.map(|(path, count)| (path.to_owned(), count)))
    }

    fn evaluate(queries: &[Query], found: &[Found]) -> Report {
        let found = || found.to_vec();
        run(queries, &known(), |_, _| Ok::<_, Infallible>(Answer { found: found(), ..Answer::default() })).unwrap()
    }

    #[test]
    fn a_product_must_lie_in_the_narrowest_category() {
        let found = [product("1", &["Phones > Cases"]), product("2", &["Phones > Cables"]), product("3", &["phones"])];
        let report = evaluate(&[query("case", 0.0, None, &["Phones", "Cases"])], &found);
        let verdicts: Vec<Verdict> = report.queries[0].page.shown.iter().map(|shown| shown.verdict).collect();
        assert_eq!(verdicts, [Verdict::Inside, Verdict::Outside, Verdict::Outside]);
        assert_eq!((report.queries[0].precision, report.queries[0].narrow), (Some(1.0 / 3.0), true));
        // The whole path is as good as the name of its last level, and flat lists as good as paths.
        let flat = [product("1", &["Phones", "CASES"])];
        for category in ["phones > cases", "cases"] {
            let report = evaluate(&[query("case", 0.0, None, &[category])], &found[..1]);
            assert_eq!(report.queries[0].precision, Some(1.0), "{category}");
        }
        assert_eq!(evaluate(&[query("case", 0.0, None, &["Cases"])], &flat).queries[0].precision, Some(1.0));
    }

    #[test]
    fn a_category_that_holds_everything_is_not_narrow() {
        let report = evaluate(&[query("phone", 0.0, None, &["Phones"])], &[product("1", &["Phones"])]);
        assert_eq!((report.queries[0].precision, report.queries[0].narrow), (Some(1.0), false));
    }

    #[test]
    fn categories_that_the_catalog_lacks_say_nothing() {
        let queries = [query("hob", 5.0, Some(3), &["Appliances"]), query("nothing", 9.0, Some(0), &["Phones"])];
        let report = evaluate(&queries, &[product("1", &["Phones"])]);
        assert_eq!((report.queries.len(), report.n_left_out), (1, 1));
        assert_eq!(report.queries[0].precision, None);
        assert_eq!(report.queries[0].page.shown[0].verdict, Verdict::Unjudged);
        let partly = evaluate(&[query("case", 0.0, None, &["Appliances", "Cases"])], &[product("1", &["Cases"])]);
        assert_eq!(partly.queries[0].precision, Some(1.0));
    }

    #[test]
    fn nothing_found_is_nothing_right_and_is_counted() {
        let queries = [query("case", 1.0, Some(4), &["Cases"]), query("hob", 1.0, Some(3), &["Appliances"])];
        let report = evaluate(&queries, &[]);
        assert_eq!(report.queries[0].precision, Some(0.0));
        let beside = QueryReport::beside(&report.queries);
        assert_eq!((beside[0].value, beside[1].value), (1.0, 1.0));
        assert!(report.to_string().contains("zero-result rate          100.0%"), "{report}");
    }

    #[test]
    fn popularity_weighs_where_it_is_known() {
        let mut report = evaluate(&[query("case", 3.0, None, &["Cases"])], &[product("1", &["Cases"])]);
        report.queries.extend(evaluate(&[query("cable", 1.0, None, &["Cables"])], &[]).queries);
        report.queries.extend(evaluate(&[query("charger", 0.0, None, &["Cables"])], &[]).queries);
        let by_popularity = &QueryReport::FIGURES[2];
        assert_eq!(by_popularity.mean(&report.queries), (0.75, 2));
        assert_eq!(report.worst()[0].query, "cable");
    }
}
