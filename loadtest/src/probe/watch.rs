//! What a probe looks at: popular pages, and whether an answer shows a change.
//!
//! Owns reading hits out of answers. It refuses to wait and to write.
//!
//! Invariant: only a hit counts. An answer repeats the query, so that the word alone says nothing.

use std::collections::HashSet;

use serde::Deserialize;

use crate::client::{Access, Client};
use crate::traffic::queries::QueryPool;
use crate::traffic::urls::Urls;

/// Popular pages that are watched in turn.
const PAGES: usize = 20;
/// Ranks looked through for them.
const RANKS: usize = 60;

/// A popular first page, and a product that it shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Popular {
    pub(crate) target: String,
    pub(crate) id: String,
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Debug, Deserialize)]
struct Hit {
    id: String,
    product: Product,
}

#[derive(Debug, Deserialize)]
struct Product {
    #[serde(default)]
    title: String,
    price: Option<f64>,
}

fn hits(body: &[u8]) -> Vec<Hit> {
    serde_json::from_slice::<Answer>(body).map_or_else(|_| Vec::new(), |answer| answer.hits)
}

pub(crate) fn shows_title(body: &[u8], id: &str, word: &str) -> bool {
    hits(body).iter().any(|hit| hit.id == id && hit.product.title.contains(word))
}

pub(crate) fn shows_price(body: &[u8], id: &str, price: f64) -> bool {
    // Both were written with two decimals.
    hits(body).iter().any(|hit| hit.id == id && hit.product.price.is_some_and(|shown| (shown - price).abs() < 0.001))
}

/// First pages of the most popular queries, each with a product that no other of them watches.
pub(crate) async fn popular(client: &Client, urls: &Urls, pool: &QueryPool) -> Vec<Popular> {
    let mut found: Vec<Popular> = Vec::new();
    let mut ids = HashSet::new();
    for query in (0..RANKS).map_while(|rank| pool.at(rank)) {
        if found.len() == PAGES {
            break;
        }
        let (_, target) = urls.search(&query.text, 1, None);
        let Ok(answer) = client.get(Access::Search, &target).await else { continue };
        if let Some(hit) = hits(&answer.body).into_iter().find(|hit| !ids.contains(&hit.id)) {
            ids.insert(hit.id.clone());
            found.push(Popular { target, id: hit.id });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        br#"{"query":"word","hits":[{"id":"1","score":1.0,"product":{"title":"Marker word","price":9.99}},
        {"id":"2","product":{"title":"Marker other"}}]}"#;

    #[test]
    fn a_change_shows_only_in_its_own_hit() {
        assert!(shows_title(BODY, "1", "word"));
        assert!(!shows_title(BODY, "2", "word"));
        assert!(!shows_title(br#"{"query":"word","hits":[]}"#, "1", "word"));
        assert!(!shows_title(b"not JSON", "1", "word"));
        assert!(shows_price(BODY, "1", 9.99));
        assert!(!shows_price(BODY, "1", 9.98));
        assert!(!shows_price(BODY, "2", 9.99));
    }
}
