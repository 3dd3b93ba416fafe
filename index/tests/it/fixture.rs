//! A small catalog in memory, and short ways to ask it.

use std::sync::Arc;

use serde_json::{Value, json};
use storefind_index::answer::SearchPage;
use storefind_index::error::IndexError;
use storefind_index::filter;
use storefind_index::live::LiveFields;
use storefind_index::product::Product;
use storefind_index::request::{Order, SearchRequest, SortKey};
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use storefind_index::writer::Writer;

pub(crate) fn product(value: &Value) -> Product {
    let object = value.as_object().expect("a product is an object").clone();
    Product::from_json(object).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// Products without an id get `p0`, `p1`, …; those without a title are titled by their id.
pub(crate) fn catalog_with(settings: Settings, products: &[Value]) -> Snapshot {
    let mut writer = Writer::in_memory(Arc::new(settings), Arc::default()).expect("an index in memory");
    for (at, value) in products.iter().enumerate() {
        let mut value = value.clone();
        if value.get("id").is_none() {
            value["id"] = json!(format!("p{at}"));
        }
        if value.get("title").is_none() {
            value["title"] = json!(format!("thing {at}"));
        }
        put(&mut writer, &product(&value), at as u64 + 1);
    }
    writer.commit(products.len() as u64).expect("a commit")
}

/// Adds a product with its live fields, as a projector does.
pub(crate) fn put(writer: &mut Writer, product: &Product, sequence: u64) {
    writer.upsert(product).expect("an upsert");
    let ordinal = writer.live().ordinal_or_new(&product.id).expect("room");
    writer.live().set(ordinal, sequence, LiveFields::of(product));
}

pub(crate) fn catalog(products: &[Value]) -> Snapshot {
    catalog_with(Settings::default(), products)
}

pub(crate) fn titled(titles: &[&str]) -> Snapshot {
    catalog(&titles.iter().map(|title| json!({"title": title})).collect::<Vec<_>>())
}

pub(crate) fn ask(q: &str) -> SearchRequest {
    SearchRequest { q: q.to_owned(), ..SearchRequest::default() }
}

pub(crate) fn filtered(text: &str) -> SearchRequest {
    SearchRequest { filter: Some(filter::parse(text).expect("a filter")), ..SearchRequest::default() }
}

pub(crate) fn sorted(keys: &[(&str, Order)]) -> Vec<SortKey> {
    keys.iter().map(|(field, order)| SortKey { field: (*field).to_owned(), order: *order }).collect()
}

pub(crate) fn search(snapshot: &Snapshot, request: &SearchRequest) -> SearchPage {
    try_search(snapshot, request).expect("an answer")
}

pub(crate) fn try_search(snapshot: &Snapshot, request: &SearchRequest) -> Result<SearchPage, IndexError> {
    snapshot.search(request, &|| false)
}

pub(crate) fn ids(page: &SearchPage) -> Vec<&str> {
    page.hits.iter().map(|hit| hit.id.as_str()).collect()
}

/// Titles of the hits.
pub(crate) fn titles(page: &SearchPage) -> Vec<String> {
    let title = |text: &str| {
        let content: Value = serde_json::from_str(text).expect("content is JSON");
        content["title"].as_str().expect("a title").to_owned()
    };
    page.hits.iter().map(|hit| title(&hit.content)).collect()
}
