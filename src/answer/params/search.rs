//! The parameters of a search (API.md, "search").
//!
//! Parameters → request. What normalising can do lies with `effective`; whether fields exist only the index knows.

use storefind_index::filter::{self, Filter};
use storefind_index::request::{
    FACET_LIMIT_MAX, FACETS_MAX, Order, PER_PAGE_MAX, QUERY_CHARS_MAX, RESULT_WINDOW_MAX, SORT_KEYS_MAX, SearchRequest,
    SortKey,
};
use storefind_index::rules::{CONTEXT_BYTES_MAX, CONTEXTS_MAX};

use super::{FIELD_BYTES_MAX, Params};
use crate::answer::error::AnswerError;

/// Every parameter.
pub const NAMES: &[&str] = &[
    "q",
    "filter",
    "facets",
    "facet_limit",
    "sort",
    "page",
    "per_page",
    "group",
    "fields",
    "highlight",
    "highlight_pre",
    "highlight_post",
    "typos",
    "prefix",
    "min_sequence",
    "explain",
    "context",
];
/// Most fields to show: more than a result page ever draws; who wants more wants all.
pub const FIELDS_MAX: usize = 100;
/// Most fields to highlight: each is analysed again for each hit.
pub const HIGHLIGHT_FIELDS_MAX: usize = 32;
/// Longest tag around a match in characters: an element with a class and an attribute or two.
pub const HIGHLIGHT_TAG_CHARS_MAX: usize = 128;
/// Longest sort key in bytes: a field, a colon and the longer direction.
const SORT_KEY_BYTES_MAX: usize = FIELD_BYTES_MAX + ":desc".len();

/// A search as asked, valid but not normalised.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchParams {
    /// What is asked of the index.
    pub request: SearchRequest,
    /// Wait until the catalog shows this sequence.
    pub min_sequence: Option<u64>,
    /// What is to be explained.
    pub explain: Explain,
}

/// What an answer is to explain about itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Explain {
    /// How the tiers dealt with it.
    pub cache: bool,
    /// How each hit got its score, and which rules applied.
    pub ranking: bool,
}

impl Explain {
    /// Whether anything is to be explained.
    pub fn any(self) -> bool {
        self.cache || self.ranking
    }
}

/// Reads the parameters. A `*` among the facets stays as it is: what it stands for may change while the request
/// waits for `min_sequence`.
///
/// # Errors
/// The first parameter that is wrong.
pub fn read(mut params: Params) -> Result<SearchParams, AnswerError> {
    let defaults = SearchRequest::default();
    let params = &mut params;
    let explain = explain(params)?;
    let request = SearchRequest {
        q: params.text("q", QUERY_CHARS_MAX)?.unwrap_or_default(),
        filter: filter(params)?,
        within: None,
        facets: params.list("facets", FACETS_MAX, FIELD_BYTES_MAX)?.unwrap_or_default(),
        facet_limit: size(params, "facet_limit", 1, FACET_LIMIT_MAX)?.unwrap_or(defaults.facet_limit),
        sort: sort(params)?,
        page: size(params, "page", 1, RESULT_WINDOW_MAX)?.unwrap_or(defaults.page),
        per_page: size(params, "per_page", 0, PER_PAGE_MAX)?.unwrap_or(defaults.per_page),
        group: field(params, "group")?,
        fields: params.list("fields", FIELDS_MAX, FIELD_BYTES_MAX)?,
        highlight: params.list("highlight", HIGHLIGHT_FIELDS_MAX, FIELD_BYTES_MAX)?.unwrap_or_default(),
        highlight_pre: params.text("highlight_pre", HIGHLIGHT_TAG_CHARS_MAX)?.unwrap_or(defaults.highlight_pre),
        highlight_post: params.text("highlight_post", HIGHLIGHT_TAG_CHARS_MAX)?.unwrap_or(defaults.highlight_post),
        typos: params.flag("typos")?.unwrap_or(defaults.typos),
        prefix: params.flag("prefix")?.unwrap_or(defaults.prefix),
        explain_ranking: explain.ranking,
        window: defaults.window,
        enough: defaults.enough,
        tells_wording: defaults.tells_wording,
        context: params.list("context", CONTEXTS_MAX, CONTEXT_BYTES_MAX)?.unwrap_or_default(),
    };
    let reach = request.page * request.per_page;
    if reach > RESULT_WINDOW_MAX {
        let message = format!("`page` × `per_page` reaches product {reach}; {RESULT_WINDOW_MAX} is the last");
        return Err(AnswerError::parameter("page", message));
    }
    Ok(SearchParams { request, min_sequence: params.integer("min_sequence", 0, u64::MAX)?, explain })
}

/// Reads `filter`.
///
/// # Errors
/// Where it does not parse.
pub(super) fn filter(params: &mut Params) -> Result<Option<Filter>, AnswerError> {
    // The grammar has a limit of its own, and one code for whatever is wrong with a filter.
    let text = params.text("filter", usize::MAX)?;
    let parsed = text.filter(|text| !text.trim().is_empty()).map(|text| filter::parse(&text)).transpose();
    parsed.map_err(|error| AnswerError::InvalidFilter(error.message))
}

fn size(params: &mut Params, name: &'static str, least: usize, most: usize) -> Result<Option<usize>, AnswerError> {
    let number = params.integer(name, least as u64, most as u64)?;
    // Between two `usize`s, so it is one.
    Ok(number.map(|number| number as usize))
}

fn field(params: &mut Params, name: &'static str) -> Result<Option<String>, AnswerError> {
    let Some(field) = params.text(name, FIELD_BYTES_MAX)? else { return Ok(None) };
    if field.len() > FIELD_BYTES_MAX {
        let message = format!("`{name}` has {} bytes; at most {FIELD_BYTES_MAX} are allowed", field.len());
        return Err(AnswerError::parameter(name, message));
    }
    Ok(Some(field.trim().to_owned()).filter(|field| !field.is_empty()))
}

fn sort(params: &mut Params) -> Result<Vec<SortKey>, AnswerError> {
    let keys = params.list("sort", SORT_KEYS_MAX, SORT_KEY_BYTES_MAX)?.unwrap_or_default();
    keys.iter().map(|key| sort_key(key)).collect()
}

/// `price:asc`; without direction smallest first, except for relevance. A colon before anything else belongs to the
/// name of an attribute.
fn sort_key(text: &str) -> Result<SortKey, AnswerError> {
    let refuse = |message: String| Err(AnswerError::parameter("sort", message));
    let (field, order) = match text.rsplit_once(':') {
        Some((field, "asc")) => (field, Some(Order::Ascending)),
        Some((field, "desc")) => (field, Some(Order::Descending)),
        _ => (text, None),
    };
    match (field, order) {
        ("", _) => refuse(format!("`{text}` in `sort` lacks a field before the colon")),
        ("relevance", Some(Order::Ascending)) => {
            refuse("`relevance:asc` would put what fits least first; leave out the direction".into())
        }
        ("relevance", _) => Ok(SortKey { field: field.into(), order: Order::Descending }),
        (field, order) => Ok(SortKey { field: field.into(), order: order.unwrap_or(Order::Ascending) }),
    }
}

fn explain(params: &mut Params) -> Result<Explain, AnswerError> {
    let mut explain = Explain::default();
    for word in params.list("explain", 2, "ranking".len())?.unwrap_or_default() {
        match word.as_str() {
            "cache" => explain.cache = true,
            "ranking" => explain.ranking = true,
            _ => {
                let message = format!("`explain` knows `cache` and `ranking`, not `{word}`");
                return Err(AnswerError::parameter("explain", message));
            }
        }
    }
    Ok(explain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_query(raw: &str) -> Result<SearchParams, AnswerError> {
        read(Params::from_query(raw, NAMES)?)
    }

    fn refused(raw: &str) -> String {
        read_query(raw).expect_err(raw).to_string()
    }

    fn key(field: &str, order: Order) -> SortKey {
        SortKey { field: field.into(), order }
    }

    #[test]
    fn nothing_given_is_the_default_request() {
        let params = read_query("").expect("valid");
        assert_eq!(params.request, SearchRequest::default());
        assert_eq!((params.min_sequence, params.explain.any()), (None, false));
    }

    #[test]
    fn every_parameter_is_read() {
        let raw = "q=lap&filter=brand:HP&facets=brand&facet_limit=7&sort=price:asc,popularity:desc&page=2&per_page=5\
            &group=color&fields=title&highlight=title&highlight_pre=[&highlight_post=]&typos=false&prefix=false\
            &min_sequence=9&explain=cache,ranking&context=phone";
        let params = read_query(raw).expect("valid");
        let expected = SearchRequest {
            q: "lap".into(),
            filter: Some(filter::parse("brand:HP").expect("valid")),
            within: None,
            facets: vec!["brand".into()],
            facet_limit: 7,
            sort: vec![key("price", Order::Ascending), key("popularity", Order::Descending)],
            page: 2,
            per_page: 5,
            group: Some("color".into()),
            fields: Some(vec!["title".into()]),
            highlight: vec!["title".into()],
            highlight_pre: "[".into(),
            highlight_post: "]".into(),
            typos: false,
            prefix: false,
            explain_ranking: true,
            window: SearchRequest::default().window,
            enough: SearchRequest::default().enough,
            tells_wording: true,
            context: vec!["phone".into()],
        };
        assert_eq!(params.request, expected);
        assert_eq!((params.min_sequence, params.explain), (Some(9), Explain { cache: true, ranking: true }));
    }

    #[test]
    fn sort_keys_have_a_field_and_a_direction() {
        let sort = |raw: &str| read_query(raw).map(|params| params.request.sort);
        assert_eq!(sort("sort=price").ok(), Some(vec![key("price", Order::Ascending)]));
        assert_eq!(sort("sort=relevance").ok(), Some(vec![key("relevance", Order::Descending)]));
        assert_eq!(sort("sort=Size: EU:desc").ok(), Some(vec![key("Size: EU", Order::Descending)]));
        assert!(refused("sort=:asc").contains("lacks a field"));
        assert!(refused("sort=relevance:asc").contains("fits least"));
    }

    #[test]
    fn each_parameter_is_taken_at_its_limit_and_refused_beyond() {
        let names = |n: usize| (0..n).map(|n| format!("f{n}")).collect::<Vec<_>>().join(",");
        let cases = [
            (format!("q={}", "a".repeat(512)), format!("q={}", "a".repeat(513)), "`q`"),
            (format!("facets={}", names(32)), format!("facets={}", names(33)), "`facets`"),
            (format!("facets={}", "a".repeat(267)), format!("facets={}", "a".repeat(268)), "`facets`"),
            ("facet_limit=1000".into(), "facet_limit=1001".into(), "`facet_limit`"),
            ("facet_limit=1".into(), "facet_limit=0".into(), "`facet_limit`"),
            (format!("sort={}", names(4)), format!("sort={}", names(5)), "`sort`"),
            ("page=100&per_page=100".into(), "page=101&per_page=100".into(), "`page`"),
            ("page=10000&per_page=1".into(), "page=10001&per_page=0".into(), "`page`"),
            ("page=1".into(), "page=0".into(), "`page`"),
            ("per_page=100".into(), "per_page=101".into(), "`per_page`"),
            (format!("group={}", "a".repeat(267)), format!("group={}", "a".repeat(268)), "`group`"),
            (format!("group={}", "é".repeat(133)), format!("group={}", "é".repeat(134)), "`group`"),
            (format!("fields={}", names(100)), format!("fields={}", names(101)), "`fields`"),
            (format!("highlight={}", names(32)), format!("highlight={}", names(33)), "`highlight`"),
            (
                format!("highlight_pre={}", "a".repeat(128)),
                format!("highlight_pre={}", "a".repeat(129)),
                "`highlight_pre`",
            ),
            (
                format!("highlight_post={}", "a".repeat(128)),
                format!("highlight_post={}", "a".repeat(129)),
                "`highlight_post`",
            ),
            ("min_sequence=18446744073709551615".into(), "min_sequence=18446744073709551616".into(), "`min_sequence`"),
            ("explain=cache,ranking".into(), "explain=cache,ranking,cache".into(), "`explain`"),
            ("explain=cache".into(), "explain=cost".into(), "`explain`"),
            (format!("context={}", names(10)), format!("context={}", names(11)), "`context`"),
            (format!("context={}", "a".repeat(100)), format!("context={}", "a".repeat(101)), "`context`"),
        ];
        for (at, beyond, named) in cases {
            assert!(read_query(&at).is_ok(), "{at}: {:?}", read_query(&at));
            let message = refused(&beyond);
            assert!(message.contains(named), "{beyond}: {message}");
        }
    }

    #[test]
    fn a_filter_that_does_not_parse_is_its_own_kind_of_error() {
        assert!(matches!(read_query("filter=brand:"), Err(AnswerError::InvalidFilter(_))));
        assert_eq!(read_query("filter=%20").map(|params| params.request.filter).ok(), Some(None));
    }
}
