//! What a query finds: whether it may be suggested, and whether a long number is the catalog's.
//!
//! A suggestion must lead to products that can be bought and that have **all** of its words, as they are. That is also
//! what keeps strangers' words out: a word that no product has is never suggested, whoever searched it. A mistyped query
//! recommends what it was corrected to.
//!
//! Owns the searches that tell. They read a text as words and nothing else: whatever a query's grammar leaves out of a
//! search (an exclusion, words behind the last that count) would pass unseen. Invariant: what is found may be suggested
//! by its text alone.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use rustc_hash::FxHashMap;
use storefind_index::analysis::tokenize;
use storefind_index::error::IndexError;
use storefind_index::filter::{self, Filter};
use storefind_index::request::{QUERY_WORDS_MAX, SearchRequest};
use storefind_index::settings::Language;
use storefind_index::snapshot::{CancelCheck, Snapshot};
use tokio::time::Instant;

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
    let fields = Some(Vec::new());
    let request = SearchRequest { q: query.to_owned(), fields, per_page: 1, prefix: false, ..SearchRequest::default() };
    let Some(corrected) = snapshot.search(&request, cancel)?.corrected else { return Ok(None) };
    let results = self::results(snapshot, &corrected, in_stock, cancel)?;
    Ok(finding(&corrected, results))
}

/// Products that have all words of a text as they are or by a synonym, sold out or not.
///
/// # Errors
/// A failing engine, or cancelled.
pub fn products_with(snapshot: &Snapshot, text: &str, cancel: CancelCheck<'_>) -> Result<u64, IndexError> {
    results(snapshot, text, None, cancel)
}

/// How much may be spent on telling long numbers apart, whoever sends them.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Different numbers that are looked up, at most two searches each.
    pub numbers: usize,
    /// All of these searches together.
    pub time: Duration,
}

/// Tells the long numbers that a catalog has from others, within bounds: each costs searches.
#[derive(Debug)]
pub struct Numbers {
    snapshot: Snapshot,
    left: Cell<usize>,
    end: Instant,
    /// Those that were looked up.
    known: RefCell<FxHashMap<Box<str>, bool>>,
}

impl Numbers {
    /// Those of a snapshot. The time begins now.
    pub fn new(snapshot: Snapshot, bounds: Bounds) -> Self {
        let Bounds { numbers, time } = bounds;
        Self { snapshot, left: Cell::new(numbers), end: Instant::now() + time, known: RefCell::default() }
    }

    /// Whether some product has the number in these words: its digits in one, or the words as they stand, in this order
    /// and side by side. What cannot be looked up, or not any more, is taken for a stranger's.
    pub fn know(&self, words: &str) -> bool {
        if let Some(known) = self.known.borrow().get(words) {
            return *known;
        }
        let Some(left) = self.left.get().checked_sub(1).filter(|_| Instant::now() < self.end) else { return false };
        self.left.set(left);
        let end = self.end;
        let cancel = move || Instant::now() >= end;
        let digits: String = words.chars().filter(char::is_ascii_digit).collect();
        let known = results(&self.snapshot, &digits, None, &cancel).is_ok_and(|results| results > 0)
            || has_phrase(&self.snapshot, words, &cancel).unwrap_or_default();
        self.known.borrow_mut().insert(words.into(), known);
        known
    }
}

/// Whether some product has these words side by side.
fn has_phrase(snapshot: &Snapshot, words: &str, cancel: CancelCheck<'_>) -> Result<bool, IndexError> {
    let words = unquoted(words);
    if tokenize(&words, snapshot.settings().language).is_empty() {
        return Ok(false);
    }
    let q = format!("\"{words}\"");
    let request = SearchRequest { q, per_page: 0, ..bare() };
    Ok(snapshot.search(&request, cancel)?.total > 0)
}

/// The text without what would begin or end a phrase.
fn unquoted(text: &str) -> String {
    text.replace(['"', '\u{201c}', '\u{201d}', '\u{201e}'], " ")
}

/// Whether every word of a text, which has no quotes, is searched for: none is excluded and none stands too far behind.
fn is_all_searched(text: &str, language: Language) -> bool {
    let excludes = |word: &str| word.len() > 1 && word.starts_with('-');
    !text.split_whitespace().any(excludes) && tokenize(text, language).len() <= QUERY_WORDS_MAX
}

/// Products that have all words as they are; none if the search would not look at all of them.
fn results(
    snapshot: &Snapshot,
    query: &str,
    filter: Option<Filter>,
    cancel: CancelCheck<'_>,
) -> Result<u64, IndexError> {
    let q = unquoted(query);
    if !is_all_searched(&q, snapshot.settings().language) {
        return Ok(0);
    }
    let request = SearchRequest { q, filter, per_page: 1, explain_ranking: true, ..bare() };
    let page = snapshot.search(&request, cancel)?;
    // Without words, such as of a price alone, everything would be found.
    let has_words = |ranking: &serde_json::Value| ranking["words"].as_array().is_some_and(|words| !words.is_empty());
    let is_found = page.hits.first().and_then(|hit| hit.ranking.as_ref()).is_some_and(has_words);
    Ok(if is_found { page.total } else { 0 })
}

/// A search by the words as they are, all of them, shown without content.
fn bare() -> SearchRequest {
    SearchRequest {
        fields: Some(Vec::new()),
        typos: false,
        prefix: false,
        enough: 0,
        tells_wording: false,
        ..SearchRequest::default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use storefind_index::product::Product;
    use storefind_index::settings::Settings;

    use super::*;
    use crate::catalog::{Catalog, Change};

    /// Longer than anything here takes.
    const LONG: Duration = Duration::from_secs(60);

    fn catalog(titles: &[&str]) -> (tempfile::TempDir, Arc<Catalog>) {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open("test", folder.path(), &Settings::default(), Duration::ZERO, false).unwrap();
        let product = |(number, title): (usize, &&str)| {
            let (id, title) = (number.to_string(), (*title).to_owned());
            Change::Upsert(Product { id, title, in_stock: Some(true), ..Product::default() })
        };
        let written = catalog.write(titles.iter().enumerate().map(product).collect()).unwrap();
        catalog.wait_visible_blocking(written.sequence, LONG).unwrap();
        (folder, catalog)
    }

    fn numbers(catalog: &Catalog, numbers: usize, time: Duration) -> Numbers {
        Numbers::new(catalog.snapshot(), Bounds { numbers, time })
    }

    #[test]
    fn a_number_is_known_only_as_a_product_has_it() {
        let (_folder, catalog) =
            catalog(&["Bolts 555 of 77 in box 66", "Dialled 030 code", "Kettle 4008496559862", "Disk WD 120 55 88"]);
        let numbers = numbers(&catalog, 100, LONG);
        for words in ["555 66 77", "030 -5556677", "-5556677", "\"555\" \"66\" \"77\"", "030 5556677", "5556677"] {
            assert!(!numbers.know(words), "{words}");
        }
        for words in ["4008496559862", "4008-4965-59862", "120 55 88", "120-55-88"] {
            assert!(numbers.know(words), "{words}");
        }
    }

    #[test]
    fn a_mistyped_query_may_be_suggested_as_what_was_meant() {
        let (_folder, catalog) = catalog(&["Red kettle", "Red lamp"]);
        let snapshot = catalog.snapshot();
        let found = |query: &str| find(&snapshot, query, &|| false).unwrap().map(|found| found.phrase.to_string());
        assert_eq!(found("red kettel").as_deref(), Some("red kettle"));
        assert_eq!(found("red unicorn"), None, "a part of the words is not what was searched");
    }

    #[test]
    fn every_word_of_what_may_be_suggested_is_looked_for() {
        let (_folder, catalog) = catalog(&["Red kettle one two three four five six seven eight nine ten and more"]);
        let snapshot = catalog.snapshot();
        let found = |query: &str| find(&snapshot, query, &|| false).unwrap().map(|found| found.phrase.to_string());
        assert_eq!(found("red kettle").as_deref(), Some("red kettle"));
        let sixteen = "red kettle ".repeat(QUERY_WORDS_MAX / 2);
        assert!(found(sixteen.trim_end()).is_some());
        for query in ["kettle -janedoe", "kettle \"-janedoe\"", &format!("{sixteen}janedoe")] {
            assert!(!found(query).unwrap_or_default().contains("jane"), "{query}");
        }
    }

    #[test]
    fn what_costs_too_much_is_a_strangers() {
        let (_folder, catalog) = catalog(&["Kettle 4008496559862", "Kettle 4008496559863"]);
        let few = numbers(&catalog, 1, LONG);
        assert!(few.know("4008496559862") && few.know("4008496559862"), "asked again it costs nothing");
        assert!(!few.know("4008496559863"));
        assert!(!numbers(&catalog, 100, Duration::ZERO).know("4008496559862"));
    }
}
