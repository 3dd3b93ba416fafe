//! Rendering: a page of results or suggestions → a body (API.md, "search" and "autocomplete").
//!
//! Written by hand into one buffer: product content comes from the index as JSON text and is copied, and the places
//! of live fields are noted as it goes. Nothing of the single request (times, tiers, ids) is written here, so that
//! every body can be cached.
//!
//! Invariant: the text is valid JSON whatever the index returns.

use serde::Serialize;
use serde_json::json;
use storefind_index::answer::{Facet, FacetValue, Hit, LiveShown, NumberStats, SearchPage};
use storefind_index::live::Live;
use storefind_index::request::SearchRequest;
use storefind_index::rules::{Arrangement, Rule};
use storefind_index::suggest::Suggestion;

use super::effective::CompleteRequest;
use crate::cache::body::{Body, Hole};

/// Bytes that a body has before its first product, roughly; avoids the first few growths.
const HEAD_BYTES: usize = 512;

/// Renders a page of search results. `arrangement` is what rules made of them.
pub fn search(request: &SearchRequest, page: &SearchPage, arrangement: &Arrangement) -> Body {
    let mut out = Writer::new(page.hits.iter().map(|hit| hit.content.len() + 128).sum());
    out.raw("{\"query\":");
    out.json(&request.q);
    if let Some(corrected) = &page.corrected {
        out.raw(",\"corrected\":");
        out.json(corrected);
    }
    if let Some(did_you_mean) = &page.did_you_mean {
        out.raw(",\"did_you_mean\":");
        out.json(did_you_mean);
    }
    if let Some(interpreted) = &page.interpreted {
        out.raw(",\"interpreted\":");
        out.json(interpreted);
    }
    if let Some(redirect) = &arrangement.redirect {
        out.raw(",\"redirect\":");
        out.json(redirect);
    }
    out.raw(",\"relaxed\":");
    out.json(&page.relaxed);
    if page.relaxed {
        out.raw(",\"relaxation\":");
        out.json(&page.relaxation);
    }
    out.raw(",\"page\":");
    out.json(&request.page);
    out.raw(",\"per_page\":");
    out.json(&request.per_page);
    out.raw(",\"total\":");
    out.json(&page.total);
    if let Some(total_products) = page.total_products {
        out.raw(",\"total_products\":");
        out.json(&total_products);
    }
    out.raw(",\"hits\":");
    let highlights = !request.highlight.is_empty();
    out.list(&page.hits, |out, hit| out.hit(hit, highlights));
    out.raw(",\"facets\":{");
    for (at, facet) in page.facets.iter().enumerate() {
        out.separate(at);
        out.json(&facet.field);
        out.raw(":");
        out.facet(facet);
    }
    out.raw("}");
    // Who sees part of the catalog only is not told which rules there are for the rest.
    if request.explain_ranking && request.within.is_none() {
        let applied: Vec<_> =
            arrangement.applied.iter().map(|rule| json!({"id": rule.id, "does": does(rule)})).collect();
        out.raw(",\"rules\":");
        out.json(&applied);
    }
    out.raw("}");
    out.finish()
}

/// The kinds of what a rule does, for people. Of which products and how, hits tell: who asks may not see all products
/// that a rule names.
fn does(rule: &Rule) -> Vec<&'static str> {
    let then = &rule.then;
    let kinds = [
        ("pin", !then.pin.is_empty()),
        ("hide", !then.hide.is_empty()),
        ("boost", !then.boost.is_empty()),
        ("bury", !then.bury.is_empty()),
        ("filter", then.filter.is_some()),
        ("redirect", then.redirect.is_some()),
    ];
    kinds.into_iter().filter(|(_, does)| *does).map(|(kind, _)| kind).collect()
}

/// Renders suggestions, with products and categories from the search beside them.
pub fn complete(request: &CompleteRequest, suggestions: &[Suggestion], page: &SearchPage) -> Body {
    let mut out = Writer::new(suggestions.len() * 128 + page.hits.len() * 512);
    out.raw("{\"query\":");
    out.json(&request.q);
    out.raw(",\"suggestions\":");
    out.list(suggestions, |out, suggestion| out.suggestion(suggestion));
    out.raw(",\"products\":");
    out.list(&page.hits, |out, hit| {
        out.raw("{\"id\":");
        out.json(&hit.id);
        out.product(hit);
        out.raw("}");
    });
    let categories = page.facets.first().map_or(&[][..], |facet| &facet.values);
    out.raw(",\"categories\":");
    out.list(categories, Writer::facet_value);
    out.raw("}");
    out.finish()
}

/// The live fields as they stand in a hole: what `shows` selects of `live`.
///
/// A price or stock that the product does not have is left out, as any absent field is.
pub fn live_fields(live: &Live, shows: LiveShown, follows_content: bool) -> Vec<u8> {
    let mut out = Writer::new(0);
    let mut before = usize::from(follows_content);
    if let Some(price) = live.price.filter(|_| shows.price) {
        out.member(&mut before, "price", &price);
    }
    if let Some(stock) = live.stock.filter(|_| shows.stock) {
        out.member(&mut before, "stock", &stock);
    }
    if shows.in_stock {
        out.member(&mut before, "in_stock", &live.in_stock);
    }
    out.text
}

/// Appends a member to the object that a body is. The result is for one caller only and is never cached.
pub fn with_member(body: &Body, name: &str, value: &impl Serialize) -> Vec<u8> {
    let text = body.text();
    let mut out = Writer::new(text.len());
    // Bodies are objects with members, and end with their brace.
    out.text.extend_from_slice(text.strip_suffix(b"}").unwrap_or(text));
    out.raw(",");
    out.json(name);
    out.raw(":");
    out.json(value);
    out.raw("}");
    out.text
}

struct Writer {
    text: Vec<u8>,
    holes: Vec<Hole>,
}

impl Writer {
    fn new(more_bytes: usize) -> Self {
        Self { text: Vec::with_capacity(HEAD_BYTES + more_bytes), holes: Vec::new() }
    }

    fn finish(self) -> Body {
        Body::new(self.text, self.holes)
    }

    fn raw(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn json(&mut self, value: &(impl Serialize + ?Sized)) {
        let start = self.text.len();
        if serde_json::to_writer(&mut self.text, value).is_err() {
            // Memory takes every write, so only a value that has no JSON comes here, and none of ours has none.
            self.text.truncate(start);
            self.raw("null");
        }
    }

    fn separate(&mut self, at: usize) {
        if at > 0 {
            self.raw(",");
        }
    }

    fn member(&mut self, before: &mut usize, name: &str, value: &impl Serialize) {
        self.separate(*before);
        self.json(name);
        self.raw(":");
        self.json(value);
        *before += 1;
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.raw("[");
        for (at, item) in items.iter().enumerate() {
            self.separate(at);
            each(self, item);
        }
        self.raw("]");
    }

    fn hit(&mut self, hit: &Hit, highlights: bool) {
        self.raw("{\"id\":");
        self.json(&hit.id);
        self.raw(",\"score\":");
        self.json(&hit.score);
        self.product(hit);
        if highlights {
            self.raw(",\"highlights\":{");
            for (at, (field, texts)) in hit.highlights.iter().enumerate() {
                self.separate(at);
                self.json(field);
                self.raw(":");
                match texts.as_slice() {
                    [text] => self.json(text),
                    texts => self.json(texts),
                }
            }
            self.raw("}");
        }
        if let Some(group_count) = hit.group_count {
            self.raw(",\"group_count\":");
            self.json(&group_count);
        }
        if let Some(ranking) = &hit.ranking {
            self.raw(",\"ranking\":");
            self.json(ranking);
        }
        self.raw("}");
    }

    /// `,"product":{…}` with the live fields behind the content, in a hole.
    fn product(&mut self, hit: &Hit) {
        self.raw(",\"product\":{");
        let content = members(&hit.content);
        self.raw(content);
        let follows_content = !content.is_empty();
        let start = self.text.len();
        self.text.extend_from_slice(&live_fields(&hit.live, hit.shows, follows_content));
        if hit.shows.price || hit.shows.stock || hit.shows.in_stock {
            // A body reaches neither 4 GB nor anything near: pages, products and lists have limits.
            let place = u32::try_from(start).unwrap_or(u32::MAX)..u32::try_from(self.text.len()).unwrap_or(u32::MAX);
            self.holes.push(Hole {
                place,
                id: hit.id.as_str().into(),
                ordinal: hit.ordinal,
                version: hit.version,
                in_stock: hit.live.in_stock,
                shows: hit.shows,
                follows_content,
            });
        }
        self.raw("}");
    }

    /// `{values, distinct}`, or for numbers `{min, max, avg, count}` and the values if they are few.
    fn facet(&mut self, facet: &Facet) {
        match &facet.stats {
            Some(stats) => {
                self.stats(stats);
                if !facet.values.is_empty() {
                    self.raw(",\"values\":");
                    self.list(&facet.values, Self::facet_value);
                }
            }
            None => {
                self.raw("{\"values\":");
                self.list(&facet.values, Self::facet_value);
                self.raw(",\"distinct\":");
                self.json(&facet.distinct);
            }
        }
        self.raw("}");
    }

    fn stats(&mut self, stats: &NumberStats) {
        self.raw("{\"min\":");
        self.json(&stats.min);
        self.raw(",\"max\":");
        self.json(&stats.max);
        self.raw(",\"avg\":");
        self.json(&stats.avg);
        self.raw(",\"count\":");
        self.json(&stats.count);
    }

    fn facet_value(&mut self, value: &FacetValue) {
        self.raw("{\"value\":");
        self.json(&value.value);
        self.raw(",\"count\":");
        self.json(&value.count);
        self.raw("}");
    }

    fn suggestion(&mut self, suggestion: &Suggestion) {
        self.raw("{\"text\":");
        self.json(&suggestion.text);
        self.raw(",\"highlight\":");
        self.json(&suggestion.highlight);
        if let Some(category) = &suggestion.category {
            self.raw(",\"category\":");
            self.json(category);
        }
        self.raw(",\"popularity\":");
        self.json(&suggestion.popularity);
        self.raw(",\"results\":");
        self.json(&suggestion.results);
        self.raw("}");
    }
}

/// What stands between the braces of an object; nothing if it is none.
fn members(object: &str) -> &str {
    let inner = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inner.map_or("", str::trim)
}

#[cfg(test)]
mod tests;
