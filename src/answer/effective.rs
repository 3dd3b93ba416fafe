//! The effective query: what a request asks for once everything that cannot change its answer is gone.
//!
//! Owns normalisation and the key text. The index is asked the effective query and never the one that came, and the
//! body echoes it, so equal keys have equal answers by construction; the question that remains is only whether
//! normalising harms, and each step says why it does not.
//!
//! What an asker may see (`within`, the filter of an access key) is part of the request before the key text is made,
//! apart from the request's own filter: a selection widens its own facet, a bound does not, so `brand:HP` as one and as
//! the other are two questions.
//!
//! Invariant: [`search`] and [`complete`] are idempotent, and requests that differ after them have different keys.

use form_urlencoded::Serializer;
use storefind_index::filter::Filter;
use storefind_index::request::{Order, SearchRequest, SortKey};
use storefind_index::settings::Settings;
use unicode_normalization::UnicodeNormalization;

use super::{ANSWER_VERSION, Kind};
use crate::cache::key::Key;
use crate::catalog::Published;

/// Name under which the digest of the rules stands in a key.
pub const RULES: &str = "rules";

/// What autocomplete is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct CompleteRequest {
    /// What has been typed.
    pub q: String,
    /// Most suggestions.
    pub limit: usize,
    /// Most products.
    pub products: usize,
    /// Only what lies in this category.
    pub category: Option<String>,
    /// Condition on products.
    pub filter: Option<Filter>,
    /// What the asker may see at all.
    pub within: Option<Filter>,
}

/// What a key is made for.
#[derive(Debug, Clone, Copy)]
pub struct KeyScope<'a> {
    /// The catalog.
    pub catalog: &'a str,
    /// Version of its settings.
    pub settings_version: u64,
    /// Stands for the rules that may apply, whatever the time; 0 for none.
    pub rules: u64,
}

/// The key and the effective query of a search, under what is published.
pub fn question(catalog: &str, published: &Published, request: SearchRequest) -> (Key, SearchRequest) {
    let mut effective = search(request, published.snapshot.settings());
    // One that no rule asks for makes no difference.
    effective.context.retain(|context| published.rules.names_context(context));
    let rules = published.rules.digest_for(&effective);
    let scope = KeyScope { catalog, settings_version: published.settings_version, rules };
    (search_key(scope, &effective), effective)
}

/// Normalises a search. `settings` say what `facets=*` stands for.
pub fn search(mut request: SearchRequest, settings: &Settings) -> SearchRequest {
    let defaults = SearchRequest::default();
    request.q = normalise(&request.q);
    request.filter = request.filter.map(|filter| filter.canonical());
    request.within = request.within.map(|within| within.canonical());
    if request.facets.iter().any(|facet| facet == "*") {
        request.facets.retain(|facet| facet != "*");
        request.facets.extend(settings.facets.iter().cloned());
    }
    // The body has facets as an object, and product fields in the product's order, whatever order is asked.
    sort_and_dedup(&mut request.facets);
    sort_and_dedup(&mut request.highlight);
    if let Some(fields) = &mut request.fields {
        sort_and_dedup(fields);
        if fields.iter().any(|field| field == "*") {
            request.fields = None;
        }
    }
    if request.facets.is_empty() {
        request.facet_limit = defaults.facet_limit;
    }
    if request.highlight.is_empty() {
        request.highlight_pre = defaults.highlight_pre;
        request.highlight_post = defaults.highlight_post;
    }
    sort_and_dedup(&mut request.context);
    if request.q.is_empty() {
        // No word that could be mistyped or unfinished.
        (request.typos, request.prefix) = (true, true);
    }
    normalise_sort(&mut request.sort);
    request
}

/// Normalises an autocomplete request.
pub fn complete(mut request: CompleteRequest) -> CompleteRequest {
    // A blank after a word says that the word is finished, and suggestions go by that: one is kept.
    let finished = request.q.ends_with(is_blank);
    request.q = normalise(&request.q);
    if finished && !request.q.is_empty() {
        request.q.push(' ');
    }
    request.category = request.category.map(|category| squeeze(&category)).filter(|category| !category.is_empty());
    request.filter = request.filter.map(|filter| filter.canonical());
    request.within = request.within.map(|within| within.canonical());
    request
}

/// The key of a normalised search. Defaults are left out, so that a new parameter leaves old keys as they are.
pub fn search_key(scope: KeyScope<'_>, request: &SearchRequest) -> Key {
    let defaults = SearchRequest::default();
    // A new parameter does not compile here until it is decided whether it stands in the key.
    let SearchRequest {
        q,
        filter,
        within,
        facets,
        facet_limit,
        sort,
        page,
        per_page,
        group,
        fields,
        highlight,
        highlight_pre,
        highlight_post,
        typos,
        prefix,
        // Such an answer is not kept.
        explain_ranking: _,
        window,
        enough,
        tells_wording,
        context,
    } = request;
    let mut text = begin(Kind::Search, scope);
    if !q.is_empty() {
        text.append_pair("q", q);
    }
    if let Some(filter) = filter {
        text.append_pair("filter", &filter.to_string());
    }
    if let Some(within) = within {
        text.append_pair("within", &within.to_string());
    }
    for facet in facets {
        text.append_pair("facets", facet);
    }
    if *facet_limit != defaults.facet_limit {
        text.append_pair("facet_limit", &facet_limit.to_string());
    }
    for key in sort {
        text.append_pair("sort", &format!("{}:{}", key.field, order(key.order)));
    }
    if *page != defaults.page {
        text.append_pair("page", &page.to_string());
    }
    if *per_page != defaults.per_page {
        text.append_pair("per_page", &per_page.to_string());
    }
    if let Some(group) = group {
        text.append_pair("group", group);
    }
    if let Some(fields) = fields {
        // Also when the list is empty, which is not the default.
        text.append_pair("fields", "");
        for field in fields {
            text.append_pair("fields", field);
        }
    }
    for field in highlight {
        text.append_pair("highlight", field);
    }
    if *highlight_pre != defaults.highlight_pre {
        text.append_pair("highlight_pre", highlight_pre);
    }
    if *highlight_post != defaults.highlight_post {
        text.append_pair("highlight_post", highlight_post);
    }
    if !*typos {
        text.append_pair("typos", "false");
    }
    if !*prefix {
        text.append_pair("prefix", "false");
    }
    if *window != defaults.window {
        text.append_pair("window", &window.to_string());
    }
    if *enough != defaults.enough {
        text.append_pair("enough", &enough.to_string());
    }
    if !*tells_wording {
        text.append_pair("tells_wording", "false");
    }
    for context in context {
        text.append_pair("context", context);
    }
    append_rules(&mut text, scope);
    Key::new(text.finish())
}

/// The key of a normalised autocomplete request, with the digest of the suggestions that answer it.
pub fn complete_key(scope: KeyScope<'_>, suggested: u64, request: &CompleteRequest) -> Key {
    let mut text = begin(Kind::Autocomplete, scope);
    text.append_pair("suggested", &format!("{suggested:016x}"));
    if !request.q.is_empty() {
        text.append_pair("q", &request.q);
    }
    text.append_pair("limit", &request.limit.to_string());
    text.append_pair("products", &request.products.to_string());
    if let Some(category) = &request.category {
        text.append_pair("category", category);
    }
    if let Some(filter) = &request.filter {
        text.append_pair("filter", &filter.to_string());
    }
    if let Some(within) = &request.within {
        text.append_pair("within", &within.to_string());
    }
    append_rules(&mut text, scope);
    Key::new(text.finish())
}

/// No parameter has this name. Rules that cannot apply are not in the key, so that a change of rules costs only the
/// answers that it may alter.
fn append_rules(text: &mut Serializer<'static, String>, scope: KeyScope<'_>) {
    if scope.rules != 0 {
        text.append_pair(RULES, &format!("{:016x}", scope.rules));
    }
}

/// What the keys of a scope's searches begin with; behind it stands the effective query.
pub fn search_head(scope: KeyScope<'_>) -> String {
    begin(Kind::Search, scope).finish()
}

/// `search/v1/icecat/3?`: everything before the question mark selects, nothing of it can be forged from behind it,
/// since a catalog's name is encoded.
fn begin(kind: Kind, scope: KeyScope<'_>) -> Serializer<'static, String> {
    let catalog: String = form_urlencoded::byte_serialize(scope.catalog.as_bytes()).collect();
    let head = format!("{}/v{ANSWER_VERSION}/{catalog}/{:x}?", kind.as_str(), scope.settings_version);
    let start = head.len();
    Serializer::for_suffix(head, start)
}

fn order(order: Order) -> &'static str {
    match order {
        Order::Ascending => "asc",
        Order::Descending => "desc",
    }
}

/// Case, canonical Unicode form and blanks. Analysis folds letter by letter and splits at blanks, so lower-casing
/// letter by letter (and not by word: Σ has two small forms) and squeezing blanks leave it the same words. Accents
/// stay: the echoed query is read by people.
fn normalise(q: &str) -> String {
    if q.is_ascii() {
        let mut squeezed = squeeze(q);
        squeezed.make_ascii_lowercase();
        return squeezed;
    }
    // Composed last: lower-casing `İ` leaves a dot that composes, and blanks may lie between what composes.
    squeeze(&q.chars().flat_map(char::to_lowercase).nfc().collect::<String>())
}

/// One space for each run of blanks, none at the ends.
fn squeeze(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for word in text.split(is_blank).filter(|word| !word.is_empty()) {
        if !squeezed.is_empty() {
            squeezed.push(' ');
        }
        squeezed.push_str(word);
    }
    squeezed
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

fn sort_and_dedup(names: &mut Vec<String>) {
    names.sort_unstable();
    names.dedup();
}

/// A field that comes again decides nothing any more; relevance alone is the default.
fn normalise_sort(sort: &mut Vec<SortKey>) {
    let mut seen: Vec<String> = Vec::with_capacity(sort.len());
    sort.retain(|key| {
        let new = !seen.contains(&key.field);
        seen.push(key.field.clone());
        new
    });
    if let [only] = sort.as_slice()
        && only.field == "relevance"
        && only.order == Order::Descending
    {
        sort.clear();
    }
}

#[cfg(test)]
mod tests;
