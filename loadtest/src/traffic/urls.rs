//! Requests as paths: what a shopper wants, written as the public contract has it.
//!
//! Owns the form of search and autocomplete URLs and which of them depend on prices. It refuses to choose any.
//!
//! Invariant: the same wish is always written the same way, so that "asked before" can be told by the text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Kind;
use crate::scenario::shape;

/// What stays as it is in a query string.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Fields that change by the second: an answer that filters, sorts or counts by one is price-dependent.
const LIVE_FIELDS: [&str; 3] = ["price", "stock", "in_stock"];

pub(crate) fn encoded(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, KEPT)
}

/// How a shopper narrows or orders an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Refinement {
    Filter { field: String, expression: String },
    Sort(String),
}

/// Writes the URLs of one catalog.
#[derive(Debug)]
pub(crate) struct Urls {
    catalog: String,
    /// What every search ends with.
    common: String,
    /// Whether the facets of every search depend on prices.
    priced_facets: bool,
}

impl Urls {
    pub(crate) fn new(catalog: &str, search: &shape::Search) -> Self {
        let mut common = String::new();
        if search.per_page != shape::Search::default().per_page {
            common = format!("&per_page={}", search.per_page);
        }
        if !search.facets.is_empty() {
            common.push_str(&format!("&facets={}", encoded(&search.facets)));
        }
        let priced_facets = search.facets.split(',').any(|facet| LIVE_FIELDS.contains(&facet.trim()));
        Self { catalog: catalog.to_owned(), common, priced_facets }
    }

    pub(crate) fn search(&self, query: &str, page: u32, refinement: Option<&Refinement>) -> (Kind, String) {
        let mut target = format!("/v1/{}/search?q={}", self.catalog, encoded(query));
        if page > 1 {
            target.push_str(&format!("&page={page}"));
        }
        let mut priced = self.priced_facets;
        match refinement {
            Some(Refinement::Filter { field, expression }) => {
                priced |= LIVE_FIELDS.contains(&field.as_str());
                target.push_str(&format!("&filter={}", encoded(expression)));
            }
            Some(Refinement::Sort(order)) => {
                priced |= order.split(',').any(|key| LIVE_FIELDS.contains(&key.split(':').next().unwrap_or_default()));
                target.push_str(&format!("&sort={}", encoded(order)));
            }
            None => {}
        }
        target.push_str(&self.common);
        let kind = match (page == 1 && refinement.is_none(), priced) {
            (true, false) => Kind::FirstPage,
            (true, true) => Kind::FirstPagePriced,
            (false, false) => Kind::Other,
            (false, true) => Kind::OtherPriced,
        };
        (kind, target)
    }

    pub(crate) fn autocomplete(&self, prefix: &str) -> String {
        format!("/v1/{}/autocomplete?q={}", self.catalog, encoded(prefix))
    }

    pub(crate) fn catalog(&self) -> &str {
        &self.catalog
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_told_by_page_filter_and_prices() {
        let plain = Urls::new("demo", &shape::Search::default());
        let priced = Urls::new("demo", &shape::Search { facets: "brand,price".into(), ..Default::default() });
        let filter =
            |field: &str| Some(Refinement::Filter { field: field.into(), expression: format!("{field}:\"x\"") });
        let sort = |order: &str| Some(Refinement::Sort(order.into()));
        for (urls, page, refinement, kind, target) in [
            (&plain, 1, None, Kind::FirstPage, "/v1/demo/search?q=a%20b"),
            (&plain, 2, None, Kind::Other, "/v1/demo/search?q=a%20b&page=2"),
            (&plain, 1, filter("brand"), Kind::Other, "/v1/demo/search?q=a%20b&filter=brand%3A%22x%22"),
            (&plain, 1, filter("price"), Kind::OtherPriced, "/v1/demo/search?q=a%20b&filter=price%3A%22x%22"),
            (&plain, 1, sort("price:asc"), Kind::OtherPriced, "/v1/demo/search?q=a%20b&sort=price%3Aasc"),
            (&plain, 1, sort("popularity:desc"), Kind::Other, "/v1/demo/search?q=a%20b&sort=popularity%3Adesc"),
            (&priced, 1, None, Kind::FirstPagePriced, "/v1/demo/search?q=a%20b&facets=brand%2Cprice"),
        ] {
            assert_eq!(urls.search("a b", page, refinement.as_ref()), (kind, target.to_owned()));
        }
    }
}
