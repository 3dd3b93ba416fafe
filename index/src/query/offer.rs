//! Offers: a word that is rare and one edit from a common one may be a mistake for it, though it finds something
//! (`carry potter`, `harry potter`).
//!
//! An offer is told and not searched, so it is wording: it may drift with statistics and is no part of what an answer
//! depends on. Corrections, which are searched, keep the first letter; an offer need not. Owns which word is offered for
//! which; that the offered query finds more is counted by who asks.

use tantivy::Term;

use crate::error::IndexError;
use crate::query::plan::{Origin, QueryPlan, WordPlan};
use crate::query::typo;
use crate::snapshot::Snapshot;

/// Nothing is offered to a query that finds this many products as typed: five pages are no mistake. Neither is a word
/// that so many products have.
pub(crate) const OFFERED_BELOW: u64 = 100;
/// So many times as many products have the offered word as the typed one, and so many times as many does the query find
/// with it: two words that are both used are both meant.
pub(crate) const TIMES_MORE: u64 = 10;

/// A word to be offered in place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The word, by place.
    pub(crate) at: usize,
    /// What is offered.
    pub(crate) text: String,
    products: u64,
}

/// The offer that most products have.
pub(crate) fn offer(snapshot: &Snapshot, plan: &QueryPlan) -> Result<Option<Offer>, IndexError> {
    let mut best: Option<Offer> = None;
    for (at, word) in plan.words.iter().enumerate().filter(|(_, word)| word.typo_budget > 0) {
        let having = having(snapshot, word)?;
        if having >= OFFERED_BELOW {
            continue;
        }
        let enough = having.max(1) * TIMES_MORE;
        for (text, products) in near(snapshot, word)? {
            if products >= enough && best.as_ref().is_none_or(|best| products > best.products) {
                best = Some(Offer { at, text, products });
            }
        }
    }
    Ok(best)
}

/// How many products have the word in any form.
fn having(snapshot: &Snapshot, word: &WordPlan) -> Result<u64, IndexError> {
    let mut having = 0;
    for alternative in word.direct.iter().filter(|alternative| alternative.origin == Origin::Form) {
        having = having.max(products_with(snapshot, &alternative.terms[0])?);
    }
    Ok(having)
}

/// Words one edit away, with how many products have them.
fn near(snapshot: &Snapshot, word: &WordPlan) -> Result<Vec<(String, u64)>, IndexError> {
    // The budget is that of corrections, whose walk through the dictionary is kept.
    let (found, _) = typo::corrections(snapshot, snapshot.fields().words, &word.text, word.typo_budget)?;
    let near = found.into_iter().filter(|correction| correction.distance == 1);
    let mut near: Vec<(String, u64)> = near.map(|correction| (correction.text, correction.products)).collect();
    for other in other_beginnings(&word.text) {
        let products = products_with(snapshot, &other)?;
        if products > 0 {
            near.push((other, products));
        }
    }
    Ok(near)
}

/// The word with its first letter replaced, missing, or behind the second.
fn other_beginnings(word: &str) -> Vec<String> {
    let mut chars = word.chars();
    let (Some(first), Some(second)) = (chars.next(), chars.next()) else { return Vec::new() };
    let rest = &word[first.len_utf8()..];
    let replaced = ('a'..='z').filter(|&letter| letter != first).map(|letter| format!("{letter}{rest}"));
    replaced.chain([rest.to_owned(), format!("{second}{first}{}", chars.as_str())]).collect()
}

fn products_with(snapshot: &Snapshot, term: &str) -> Result<u64, IndexError> {
    Ok(snapshot.searcher().doc_freq(&Term::from_field_text(snapshot.fields().words, term))?)
}

#[cfg(test)]
mod tests {
    use super::other_beginnings;

    #[test]
    fn a_first_letter_may_be_wrong_missing_or_swapped() {
        let found = other_beginnings("carry");
        for word in ["harry", "arry", "acrry"] {
            assert!(found.contains(&word.to_owned()), "{word}");
        }
        assert!(!found.contains(&"carry".to_owned()));
        assert!(other_beginnings("é").is_empty());
    }
}
