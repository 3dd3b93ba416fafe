//! What a shopper types: a query, from the parser through plan, rules, matching and highlights to pages, and a text to
//! complete.

mod shop;

use std::collections::HashSet;

use storefind_index::answer::{Hit, SearchPage};
use storefind_index::filter;
use storefind_index::request::{Order, PER_PAGE_MAX, SearchRequest, SortKey};
use storefind_index::rules::Arrangement;
use storefind_index::suggest::Completion;

use shop::{CONTEXT, ENGLISH, GERMAN, HIDDEN, PINNED, PINNED_POSITION, PRODUCTS, Shop};

/// What stands around a match; no product has it.
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

const FACETS: [&str; 3] = ["brand", "categories", "price"];

/// Products on a small page: some queries have several such pages.
const SMALL_PAGE: usize = 5;

/// Most suggestions: fewer than some texts have.
const SUGGESTIONS: usize = 4;

/// The bits of the first byte.
const WITHOUT_TYPOS: u8 = 1;
const WITHOUT_PREFIX: u8 = 1 << 1;
const WITH_FACETS: u8 = 1 << 2;
const WITH_RULES: u8 = 1 << 3;
const BY_PRICE: u8 = 1 << 4;
const GROUPED: u8 = 1 << 5;
const IN_SMALL_PAGES: u8 = 1 << 6;
const IN_GERMAN: u8 = 1 << 7;

/// Any text has a page and suggestions, the same ones each time. The first byte chooses between the options.
pub fn check(bytes: &[u8]) {
    let Some((options, text)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let with = |option| options & option != 0;
    let shop: &Shop = if with(IN_GERMAN) { &GERMAN } else { &ENGLISH };
    let request = SearchRequest {
        q: text.clone().into_owned(),
        typos: !with(WITHOUT_TYPOS),
        prefix: !with(WITHOUT_PREFIX),
        facets: FACETS.iter().filter(|_| with(WITH_FACETS)).map(|&field| field.into()).collect(),
        sort: with(BY_PRICE).then(cheapest_first).into_iter().collect(),
        per_page: PER_PAGE_MAX,
        group: with(GROUPED).then(|| "brand".into()),
        context: with(WITH_RULES).then(|| CONTEXT.into()).into_iter().collect(),
        explain_ranking: true,
        highlight: vec!["title".into()],
        highlight_pre: MARKS[0].into(),
        highlight_post: MARKS[1].into(),
        ..SearchRequest::default()
    };
    let arrangement = if with(WITH_RULES) { shop.rules.arrange(&request, 0) } else { Arrangement::default() };
    let search = |request: &SearchRequest| {
        shop.snapshot.search_arranged(request, &arrangement, &|| false).expect("any text has a page")
    };
    let page = search(&request);
    check_page(&page, &request.q);
    if with(WITH_RULES) {
        check_rules(&page, &request);
    }
    if with(IN_SMALL_PAGES) {
        check_small_pages(&page, &request, search);
    }
    let again = search(&request);
    assert_eq!((ids(&again.hits), again.total, &again.facets), (ids(&page.hits), page.total, &page.facets));
    check_suggestions(shop, &text, request.typos);
}

fn cheapest_first() -> SortKey {
    SortKey { field: "price".into(), order: Order::Ascending }
}

fn ids(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.id.as_str()).collect()
}

/// All that is found is on the page, each product once, with matches marked in its own text. A correction is another
/// text.
fn check_page(page: &SearchPage, typed: &str) {
    assert_eq!(page.total, page.hits.len() as u64, "the page has room for the whole shop");
    let different: HashSet<&str> = ids(&page.hits).into_iter().collect();
    assert_eq!(different.len(), page.hits.len(), "a product comes twice");
    for hit in &page.hits {
        let (title, ..) = PRODUCTS[hit.id.parse::<usize>().expect("an id of the shop")];
        assert!(hit.score.is_finite(), "{} scores {}", hit.id, hit.score);
        for marked in hit.highlights.iter().flat_map(|(_, texts)| texts) {
            assert_eq!(marked.replace(MARKS, ""), title, "a highlight changes the text");
            assert_eq!(marked.matches(MARKS[0]).count(), marked.matches(MARKS[1]).count(), "{marked}");
        }
    }
    for facet in &page.facets {
        // A price in words selects in its own facet, which counts what other prices would find, too.
        let is_selected = page.interpreted.is_some() && facet.field == "price";
        let most = if is_selected { PRODUCTS.len() as u64 } else { page.total };
        assert!(facet.values.iter().all(|value| (1..=most).contains(&value.count)), "{facet:?}");
    }
    assert_ne!(page.corrected.as_deref(), Some(typed), "corrected to what was typed");
    assert_ne!(page.did_you_mean.as_deref(), Some(typed), "what was typed is offered");
    assert_eq!(page.relaxed, !page.relaxation.is_empty(), "relaxed, and does not say how");
    if let Some(interpreted) = &page.interpreted {
        let is_read = !interpreted.words.is_empty() && typed.contains(&interpreted.words);
        assert!(is_read && filter::parse(&interpreted.filter).is_ok(), "{interpreted:?}");
    }
}

/// What is hidden is not there, and what is pinned is at its place.
fn check_rules(page: &SearchPage, request: &SearchRequest) {
    let shown = ids(&page.hits);
    assert!(!shown.contains(&HIDDEN), "the hidden product is shown");
    // Who asks for an order gets it; in a group another product may stand for the pinned one.
    if request.sort.is_empty() && request.group.is_none() {
        // A condition leaves it out where it does not hold.
        if let Some(place) = shown.iter().position(|id| *id == PINNED) {
            assert_eq!(place + 1, PINNED_POSITION.min(shown.len()), "the pinned product is at another place");
        }
    }
}

/// Small pages are the large one cut in pieces.
fn check_small_pages(page: &SearchPage, request: &SearchRequest, search: impl Fn(&SearchRequest) -> SearchPage) {
    let mut together = Vec::new();
    for number in 1..=PRODUCTS.len().div_ceil(SMALL_PAGE) {
        let small = search(&SearchRequest { page: number, per_page: SMALL_PAGE, ..request.clone() });
        assert_eq!((small.total, &small.facets), (page.total, &page.facets), "page {number} counts otherwise");
        assert_eq!(small.corrected, page.corrected, "page {number} corrects otherwise");
        together.extend(small.hits);
    }
    assert_eq!(ids(&together), ids(&page.hits), "small pages have other products");
}

/// Suggestions are all different, and their highlights are their texts with marks.
fn check_suggestions(shop: &Shop, prefix: &str, typos: bool) {
    let completion = Completion { prefix, limit: SUGGESTIONS, category: None, typos };
    let suggestions = shop.suggestions.complete(completion);
    assert!(suggestions.len() <= SUGGESTIONS);
    let texts: HashSet<&str> = suggestions.iter().map(|suggestion| suggestion.text.as_str()).collect();
    assert_eq!(texts.len(), suggestions.len(), "a suggestion comes twice");
    for suggestion in &suggestions {
        let plain = suggestion.highlight.replace("<em>", "").replace("</em>", "");
        assert_eq!(plain, suggestion.text, "a highlight changes the text");
        assert!((0.0..=1.0).contains(&suggestion.popularity) && suggestion.results > 0, "{suggestion:?}");
    }
    assert_eq!(shop.suggestions.complete(completion), suggestions);
}
