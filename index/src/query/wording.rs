//! What to tell the shopper about corrections: the query in the words that the first result was found by.

use std::sync::Arc;

use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocId, DocSet, Term};

use crate::analysis::{Analyzer, tokenize};
use crate::error::IndexError;
use crate::eval::cursor::WordCursor;
use crate::eval::matching::prefix_cursor;
use crate::eval::split::split_docs;
use crate::query::depend::WordCorrections;
use crate::query::plan::{Origin, QueryPlan, WordPlan};
use crate::settings::Language;
use crate::snapshot::{Snapshot, read_product};
use crate::store::forms::for_each_completing;

/// How the first result has a word.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    /// As typed, or not at all.
    AsTyped,
    /// Joined with its neighbour.
    Joined(String),
    /// Corrected, or split.
    Corrected(String),
}

/// The query with mistyped words replaced, if the first result has others in their place. Where parts of the query were
/// given up (`relaxed`), a number is told as typed, though the first result has half of it: `SW-520BLACK` is no `sw 520`
/// that is black.
pub(crate) fn corrected(
    snapshot: &Snapshot,
    query: &str,
    plan: &QueryPlan,
    corrections: Option<&[WordCorrections]>,
    first: (usize, DocId),
    relaxed: bool,
) -> Result<Option<String>, IndexError> {
    let mut ways = Vec::with_capacity(plan.words.len());
    for (at, word) in plan.words.iter().enumerate() {
        let is_number = word.text.contains(|c: char| c.is_ascii_digit());
        let corrections = corrections.map(|all| &all[at]).filter(|_| !(relaxed && is_number));
        ways.push(found(snapshot, word, corrections, first)?);
    }
    let mut replaced = Vec::new();
    for (at, word) in plan.words.iter().enumerate() {
        let joined_with = |other: &Found| ways[at] == Found::AsTyped && joins(word, other);
        // The product may have one half as a word of its own too (`lap top`: a laptop bag, top loader).
        let way = [at.checked_sub(1), Some(at + 1)]
            .into_iter()
            .flatten()
            .filter_map(|near| ways.get(near))
            .find(|other| joined_with(other));
        match way.unwrap_or(&ways[at]).clone() {
            Found::AsTyped => {}
            Found::Joined(joined) => replaced.push((word.text.as_str(), joined, true)),
            Found::Corrected(text) => replaced.push((word.text.as_str(), text, false)),
        }
    }
    Ok((!replaced.is_empty())
        .then(|| rewrite(query, snapshot.settings().language, &replaced))
        .filter(|text| text != query))
}

fn found(
    snapshot: &Snapshot,
    word: &WordPlan,
    corrections: Option<&WordCorrections>,
    first: (usize, DocId),
) -> Result<Found, IndexError> {
    let (segment, doc) = first;
    let fields = snapshot.fields();
    let has = |field: Field, term: &str| has_term(snapshot, segment, doc, field, term);
    for alternative in word.direct.iter().filter(|alternative| !matches!(alternative.origin, Origin::Joined(_))) {
        let mut all = true;
        for term in &alternative.terms {
            all = all && has(fields.words, term)?;
        }
        if all {
            return Ok(Found::AsTyped);
        }
    }
    if let Some(prefix) = &word.prefix {
        let reader = &snapshot.searcher().segment_readers()[segment];
        let cursor = prefix_cursor(fields, reader, prefix)?.map(|cursor| WordCursor::new(vec![cursor]));
        if cursor.is_some_and(|mut cursor| cursor.doc() == doc || (cursor.doc() < doc && cursor.seek(doc) == doc)) {
            return Ok(Found::AsTyped);
        }
    }
    for alternative in &word.direct {
        if let Origin::Joined(joined) = &alternative.origin
            && has(fields.words, &alternative.terms[0])?
        {
            return Ok(Found::Joined(joined.clone()));
        }
    }
    let Some(corrections) = corrections else { return Ok(Found::AsTyped) };
    // The same letters with a space come before other letters.
    for split in &corrections.splits {
        let reader = &snapshot.searcher().segment_readers()[segment];
        if split_docs(snapshot, reader, split)?.binary_search(&doc).is_ok() {
            return Ok(Found::Corrected(split.text.clone()));
        }
    }
    let mut best: Option<(u8, u64, &str)> = None;
    for (correction, term) in corrections.words.iter().zip(&corrections.terms) {
        let better = best.is_none_or(|(distance, products, _)| {
            (correction.distance, u64::MAX - correction.products) < (distance, u64::MAX - products)
        });
        if better && has(fields.words, term)? {
            best = Some((correction.distance, correction.products, &correction.text));
        }
    }
    if let Some((_, _, text)) = best {
        return Ok(Found::Corrected(text.to_owned()));
    }
    for correction in &corrections.prefixes {
        if has(fields.prefix, &correction.text)? {
            // The beginning of a word is no word that a shopper would know.
            return Ok(completed(snapshot, &correction.text, first)?.map_or(Found::AsTyped, Found::Corrected));
        }
    }
    Ok(Found::AsTyped)
}

/// The word of the product that begins so; of several the shortest, which others are made of.
fn completed(snapshot: &Snapshot, prefix: &str, (segment, doc): (usize, DocId)) -> Result<Option<String>, IndexError> {
    let address = DocAddress::new(u32::try_from(segment).unwrap_or(u32::MAX), doc);
    let product = read_product(&snapshot.searcher().doc(address)?)?;
    let mut analyzer = Analyzer::new(Arc::clone(snapshot.settings()));
    let mut shortest: Option<String> = None;
    for_each_completing(&product, snapshot.settings(), &mut analyzer, |word| {
        if word.starts_with(prefix) && shortest.as_ref().is_none_or(|known| word.len() < known.len()) {
            shortest = Some(word.to_owned());
        }
    });
    Ok(shortest)
}

/// Whether a neighbour was found as both words written together.
fn joins(word: &WordPlan, neighbour: &Found) -> bool {
    let Found::Joined(joined) = neighbour else { return false };
    word.direct.iter().any(|alternative| matches!(&alternative.origin, Origin::Joined(own) if own == joined))
}

fn has_term(snapshot: &Snapshot, segment: usize, doc: DocId, field: Field, term: &str) -> Result<bool, IndexError> {
    let reader = &snapshot.searcher().segment_readers()[segment];
    let index = reader.inverted_index(field)?;
    let list = index.read_postings(&Term::from_field_text(field, term), IndexRecordOption::Basic);
    let list = list.map_err(tantivy::TantivyError::from)?;
    Ok(list.is_some_and(|mut list| list.doc() == doc || (list.doc() < doc && list.seek(doc) == doc)))
}

/// The query with one word replaced.
pub(crate) fn with_word(query: &str, language: Language, word: &str, replacement: &str) -> String {
    rewrite(query, language, &[(word, replacement.to_owned(), false)])
}

/// Replaces words in the text as typed; of joined neighbours the first takes the whole.
fn rewrite(query: &str, language: Language, replaced: &[(&str, String, bool)]) -> String {
    let mut text = String::with_capacity(query.len());
    let mut at = 0;
    let mut last_joined: Option<&str> = None;
    for token in tokenize(query, language) {
        let Some((_, replacement, joined)) = replaced.iter().find(|(word, _, _)| *word == token.text) else {
            last_joined = None;
            continue;
        };
        if *joined && last_joined == Some(replacement) {
            // The second half: it and the space before it are gone.
            at = token.end;
            last_joined = None;
            continue;
        }
        text.push_str(&query[at..token.start]);
        text.push_str(replacement);
        at = token.end;
        last_joined = joined.then_some(replacement.as_str());
    }
    text.push_str(&query[at..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mistyped_words_are_replaced() {
        let replaced = [("labtop", "laptop".to_owned(), false)];
        assert_eq!(rewrite("HP Labtop 17\"", Language::English, &replaced), "HP laptop 17\"");
    }

    #[test]
    fn joined_neighbours_become_one_word() {
        let replaced = [("lap", "laptop".to_owned(), true), ("top", "laptop".to_owned(), true)];
        assert_eq!(rewrite("red lap top bag", Language::English, &replaced), "red laptop bag");
    }
}
