//! A question as text: what stands in a search's key behind its scope, from which the search can be asked again.
//!
//! A key's text is the effective query, so whatever shoppers wrote differently and meant alike is one question. It is
//! free of the settings but for one thing: `facets=*` was replaced by the names that it stood for. Where the list is
//! that of the settings in force, the star is put back, so that the question suits later settings, too.
//!
//! Invariant: a question that is read and made a key again under the same settings is the question that it was.

use storefind_index::request::SearchRequest;

use crate::answer::effective::{KeyScope, RULES, search_head};
use crate::answer::params::{Params, search};
use crate::cache::key::Key;
use crate::catalog::Published;

/// Longest question that is kept. A query of a line, a filter and a dozen facets are half of it; what is longer is
/// hardly asked twice.
pub(super) const BYTES_MAX: usize = 1_024;

/// What the request's own list of facets looks like in a key.
const FACET: &str = "facets=";
/// What it looks like in a question when it is that of the settings.
const ALL_FACETS: &str = "facets=*";
/// What the filter of an access key looks like.
const WITHIN: &str = "within=";

/// Tells the searches of a catalog under one version of its settings from all other keys.
#[derive(Debug)]
pub(super) struct Scope {
    settings_version: u64,
    head: String,
    /// The settings' facets as they stand in a key.
    all_facets: Vec<String>,
}

impl Scope {
    pub(super) fn new(catalog: &str, published: &Published) -> Self {
        Self::of(catalog, published.settings_version, published.snapshot.settings().facets.clone())
    }

    fn of(catalog: &str, settings_version: u64, mut facets: Vec<String>) -> Self {
        facets.sort_unstable();
        facets.dedup();
        let pair = |facet: &String| {
            FACET.chars().chain(form_urlencoded::byte_serialize(facet.as_bytes()).flat_map(str::chars)).collect()
        };
        let head = search_head(KeyScope { catalog, settings_version, rules: 0 });
        Self { settings_version, head, all_facets: facets.iter().map(pair).collect() }
    }

    /// Whether it is that of these settings.
    pub(super) fn is_of(&self, published: &Published) -> bool {
        self.settings_version == published.settings_version
    }

    /// The text behind the scope, if the key is of it.
    pub(super) fn text_of<'a>(&self, key: &'a Key) -> Option<&'a str> {
        key.text().strip_prefix(&self.head)
    }

    /// The question that this text of a key asks, if it is one to be kept: not too long, and asked without the bounds of
    /// an access key.
    pub(super) fn question(&self, text: &str) -> Option<Box<str>> {
        if text.len() > BYTES_MAX || text.split('&').any(|pair| pair.starts_with(WITHIN)) {
            return None;
        }
        // Rules are those of the day on which it is asked again.
        let pairs = text.split('&').filter(|pair| pair.split_once('=').is_none_or(|(name, _)| name != RULES));
        let text = &*pairs.collect::<Vec<_>>().join("&");
        let (facets, others): (Vec<&str>, Vec<&str>) = text.split('&').partition(|pair| pair.starts_with(FACET));
        if facets.is_empty() || facets != self.all_facets {
            return Some(text.into());
        }
        let pairs: Vec<&str> = others.into_iter().chain([ALL_FACETS]).collect();
        Some(pairs.join("&").into_boxed_str())
    }
}

/// What a shopper typed for this question.
pub(super) fn typed(question: &str) -> Option<String> {
    let typed = form_urlencoded::parse(question.as_bytes()).find(|(name, _)| name == "q");
    typed.map(|(_, text)| text.into_owned())
}

/// The search that a question asks for; `None` if the text is none.
pub(super) fn read(question: &str) -> Option<SearchRequest> {
    use serde_json::{Map, Value};

    // As a JSON body, whose lists may hold names with commas; so it passes the same checks as any request.
    let mut body = Map::new();
    for (name, value) in form_urlencoded::parse(question.as_bytes()) {
        let value = match &*name {
            "facets" | "sort" | "fields" | "highlight" | "context" => {
                let list = body.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                list.as_array_mut()?.push(Value::String(value.into_owned()));
                continue;
            }
            "facet_limit" | "page" | "per_page" => Value::from(value.parse::<u64>().ok()?),
            "typos" | "prefix" => Value::Bool(value.parse().ok()?),
            _ => Value::String(value.into_owned()),
        };
        body.insert(name.into_owned(), value);
    }
    let body = serde_json::to_vec(&body).ok()?;
    let asked = search::read(Params::from_json(&body, search::NAMES).ok()?).ok()?;
    Some(asked.request).filter(|_| asked.min_sequence.is_none() && !asked.explain.any())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use storefind_index::filter;
    use storefind_index::settings::Settings;

    use super::*;
    use crate::answer::effective::{self, search_key};

    const KEY_SCOPE: KeyScope<'static> = KeyScope { catalog: "a shop", settings_version: 3, rules: 0 };

    fn settings(facets: &[&str]) -> Settings {
        Settings { facets: facets.iter().map(|facet| (*facet).to_owned()).collect(), ..Settings::default() }
    }

    fn key(request: SearchRequest, settings: &Settings) -> Key {
        search_key(KEY_SCOPE, &effective::search(request, settings))
    }

    fn asked(raw: &str) -> SearchRequest {
        search::read(Params::from_query(raw, search::NAMES).unwrap()).unwrap().request
    }

    fn question(raw: &str, settings: &Settings) -> Option<Box<str>> {
        let scope = Scope::of(KEY_SCOPE.catalog, KEY_SCOPE.settings_version, settings.facets.clone());
        scope.question(scope.text_of(&key(asked(raw), settings))?)
    }

    #[test]
    fn a_question_read_again_has_the_key_that_it_came_from() {
        let settings = settings(&["price", "brand", "brand"]);
        for raw in [
            "",
            "q=lap%20top&page=2&per_page=5&facet_limit=7&facets=brand",
            "facets=*",
            "facets=*,color",
            "facets=brand,price",
            "q=a%26b%3Dc&filter=brand:%22A,%20B%22+AND+price:10+TO+50",
            "sort=Size:%20EU:desc,price:asc&group=color",
            "fields=,&typos=false&prefix=false&q=x",
            "highlight=title&highlight_pre=%5B&highlight_post=%5D&q=x",
            "q=x&context=phone,club",
        ] {
            let question = question(raw, &settings).unwrap();
            let again = read(&question).unwrap_or_else(|| panic!("{question}"));
            assert_eq!(key(again, &settings), key(asked(raw), &settings), "{raw}");
        }
        let with_comma = SearchRequest { facets: vec!["a,b".into()], fields: Some(vec![]), ..SearchRequest::default() };
        let scope = Scope::of(KEY_SCOPE.catalog, KEY_SCOPE.settings_version, settings.facets.clone());
        let made = key(with_comma.clone(), &settings);
        let question = scope.question(scope.text_of(&made).unwrap()).unwrap();
        assert_eq!(key(read(&question).unwrap(), &settings), made);
    }

    #[test]
    fn a_question_is_free_of_the_rules_of_its_day() {
        let settings = settings(&["price"]);
        let ruled = KeyScope { rules: 7, ..KEY_SCOPE };
        let made = search_key(ruled, &effective::search(asked("q=rules=1&facets=*"), &settings));
        let scope = Scope::of(KEY_SCOPE.catalog, KEY_SCOPE.settings_version, settings.facets.clone());
        assert_eq!(scope.question(scope.text_of(&made).unwrap()).as_deref(), Some("q=rules%3D1&facets=*"));
    }

    #[test]
    fn all_facets_are_those_of_the_settings_that_come_later() {
        let question = question("q=shoe&facets=*", &settings(&["price", "brand"])).unwrap();
        assert_eq!(&*question, "q=shoe&facets=*");
        let later = settings(&["color"]);
        assert_eq!(key(read(&question).unwrap(), &later), key(asked("q=shoe&facets=color"), &later));
    }

    #[test]
    fn what_is_of_another_scope_too_long_or_bounded_by_an_access_key_is_no_question() {
        let scope = Scope::of("shop", 3, Vec::new());
        let head = |catalog, settings_version| search_head(KeyScope { catalog, settings_version, rules: 0 });
        let text = |head: String, text: &str| Key::new(head + text);
        assert_eq!(scope.text_of(&text(head("shop", 3), "q=a")), Some("q=a"));
        for other in [head("shop", 4), head("shop2", 3), head("sho", 3), "autocomplete/v2/shop/3?".to_owned()] {
            assert_eq!(scope.text_of(&text(other, "q=a")), None);
        }
        assert_eq!(scope.question("q=a&within=brand%3AHP"), None);
        assert_eq!(scope.question("within=brand%3AHP"), None);
        assert!(scope.question("q=within%3D&filter=within%3Ax").is_some());
        let long = |bytes: usize| format!("q={}", "a".repeat(bytes - 2));
        assert!(scope.question(&long(BYTES_MAX)).is_some());
        assert_eq!(scope.question(&long(BYTES_MAX + 1)), None);
    }

    #[test]
    fn what_no_key_holds_is_not_read() {
        for text in ["within=brand%3AHP", "page=x", "page=0", "nothing=1", "explain=cache", "min_sequence=7", "typos=1"]
        {
            assert!(read(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in ".{0,80}", pairs in "([a-z_]{1,9}=[%+a-z0-9:, ]{0,9}&){0,6}") {
            drop(read(&text));
            drop(read(&pairs));
        }

        #[test]
        fn any_request_survives_as_a_question(
            q in "[a-zA-Z é&=%+\"-]{0,20}",
            facets in proptest::collection::vec("[a-z,&= ]{1,6}|brand|\\*", 0..4),
            sort in proptest::option::of("[a-z:, ]{1,8}"),
            brand in proptest::option::of("[a-zA-Z& ]{1,8}"),
            page in 1..20_usize,
            typos: bool,
        ) {
            let body = serde_json::json!({"q": q, "facets": facets, "sort": sort.map(|sort| [sort]), "page": page, "typos": typos});
            let params = Params::from_json(body.to_string().as_bytes(), search::NAMES).unwrap();
            let Ok(asked) = search::read(params) else { return Ok(()) };
            let filter = brand.and_then(|brand| filter::parse(&format!("brand:\"{brand}\"")).ok());
            let request = SearchRequest { filter, ..asked.request };
            let settings = settings(&["brand", "price"]);
            let scope = Scope::of(KEY_SCOPE.catalog, KEY_SCOPE.settings_version, settings.facets.clone());
            let made = key(request, &settings);
            let question = scope.question(scope.text_of(&made).unwrap()).unwrap();
            prop_assert_eq!(key(read(&question).unwrap(), &settings), made);
        }
    }
}
