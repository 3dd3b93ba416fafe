//! What a query finds: whether it may be suggested, and whether a long number is the catalog's.
//!
//! A suggestion must lead to products that can be bought and that have **all** of its words, as they are. That is also
//! what keeps strangers' words out: a word that no product has is never suggested, whoever searched it. A mistyped query
//! recommends what it was corrected to.
//!
//! Owns the searches that tell. Invariant: what is found may be suggested by its text alone.

use std::cell::Cell;

use storefind_index::error::IndexError;
use storefind_index::filter::{self, Filter};
use storefind_index::request::SearchRequest;
use storefind_index::snapshot::{CancelCheck, Snapshot};

/// Hits that are looked at where some lack words of the query: as many as the index shows before it looks wider.
const HITS_LOOKED_AT: usize = 10;

/// A phrase that finds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The query, or what it was corrected to.
    pub phrase: Box<str>,
    /// Products in stock that have all its words.
    pub results: u64,
}

/// What a query may be suggested as; `None`: it may not.
///
/// # Errors
/// A failing engine, or cancelled.
pub fn find(snapshot: &Snapshot, query: &str, cancel: CancelCheck<'_>) -> Result<Option<Finding>, IndexError> {
    let in_stock = filter::parse("in_stock:true").ok();
    let finding = |phrase: &str, results| (results > 0).then(|| Finding { phrase: phrase.into(), results });
    let results = results(snapshot, query, in_stock.clone(), cancel)?;
    if results > 0 {
        return Ok(finding(query, results));
    }
    let request = SearchRequest { q: query.to_owned(), per_page: 1, prefix: false, ..bare() };
    let Some(corrected) = snapshot.search(&request, cancel)?.corrected else { return Ok(None) };
    let results = self::results(snapshot, &corrected, in_stock, cancel)?;
    Ok(finding(&corrected, results))
}

/// Tells the long numbers that a catalog has from others, for a bounded number of times: each costs a search.
#[derive(Debug)]
pub struct Numbers {
    snapshot: Snapshot,
    left: Cell<usize>,
}

impl Numbers {
    /// Those of a snapshot, to be asked so often.
    pub fn new(snapshot: Snapshot, times: usize) -> Self {
        Self { snapshot, left: Cell::new(times) }
    }

    /// Whether some product has all these words as they are. What cannot be looked up, or not any more, is taken for a
    /// stranger's.
    pub fn know(&self, words: &str) -> bool {
        let Some(left) = self.left.get().checked_sub(1) else { return false };
        self.left.set(left);
        results(&self.snapshot, words, None, &|| false).is_ok_and(|results| results > 0)
    }
}

/// Products that have all words as they are.
fn results(
    snapshot: &Snapshot,
    query: &str,
    filter: Option<Filter>,
    cancel: CancelCheck<'_>,
) -> Result<u64, IndexError> {
    let request = SearchRequest {
        q: query.to_owned(),
        filter,
        per_page: HITS_LOOKED_AT,
        typos: false,
        prefix: false,
        explain_ranking: true,
        ..bare()
    };
    let page = snapshot.search(&request, cancel)?;
    let whole = |ranking: &serde_json::Value| {
        let words = ranking["words"].as_array().map_or(&[][..], Vec::as_slice);
        !words.is_empty() && words.iter().all(|word| word["match"] != "missing" && word["match"] != "corrected")
    };
    let whole = page.hits.iter().take_while(|hit| hit.ranking.as_ref().is_some_and(whole)).count() as u64;
    // Those with all words come first; the rest, if there is any, was found by looking wider.
    Ok(if whole > 0 && !page.relaxed { page.total } else { whole })
}

fn bare() -> SearchRequest {
    SearchRequest { fields: Some(Vec::new()), ..SearchRequest::default() }
}
