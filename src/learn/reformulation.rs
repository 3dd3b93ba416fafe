//! What a shopper says in other words: which two queries are a reformulation, and which of their words stand for each
//! other.
//!
//! Words that both queries have say nothing and are taken away, and so are words that are another spelling, a beginning
//! or a form of a word of the other side: correcting, typing on and choosing a plural are no other words. What is left on
//! each side is a [`Pair`]. If nothing is left on one side, the shopper only said more or less of the same.
//!
//! Owns this rule; who searched, when, and how many did is not known here. Invariants: a pair has words on both sides, at
//! most [`WORDS_MAX`] each, no word in common, and neither side is of a personal shape; seen the other way round, the same
//! queries give the same pair the other way round.

use storefind_index::suggest::fold;

use super::privacy;
use super::sessions::Query;
use crate::config::nearest;

/// Most words on each side. `notebook` may be a `portable computer`, and a few things have names of three words; whoever
/// changes more than that looks for something else.
const WORDS_MAX: usize = 3;

/// Two texts, each of small letters and single spaces: who searched `from` found with `to`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// What brought nothing.
    pub from: Box<str>,
    /// What was searched instead.
    pub to: Box<str>,
}

impl Pair {
    /// The words of two queries, the second instead of the first, that stand for each other; `None` if it is no
    /// reformulation.
    pub(super) fn of(before: &Query, after: &Query) -> Option<Self> {
        if joined(&before.key) == joined(&after.key) {
            return None;
        }
        let (from, to) = (words(&before.text), words(&after.text));
        let pair = Self { from: left(&from, &to)?, to: left(&to, &from)? };
        // Another size, year or model is another thing.
        let says = |side: &str| side.split(' ').any(|word| !word.contains(|c: char| c.is_numeric()));
        // Words that stood apart may be a number when they stand together.
        let is_personal = |side: &str| privacy::shape(side, &|_| false).is_some();
        let is_fit = (says(&pair.from) || says(&pair.to)) && !is_personal(&pair.from) && !is_personal(&pair.to);
        is_fit.then_some(pair)
    }

    /// The pair of two texts as they may be sent; `None` if one of them has no word, or is too long.
    pub fn read(from: &str, to: &str) -> Option<Self> {
        let text = |text: &str| Query::of(text).map(|query| query.text);
        Some(Self { from: text(from)?, to: text(to)? })
    }
}

/// A word as it stands, and by which it is compared.
struct Word<'a> {
    text: &'a str,
    key: String,
}

fn words(text: &str) -> Vec<Word<'_>> {
    text.split(' ').map(|text| Word { text, key: joined(&fold(text)) }).collect()
}

fn joined(key: &str) -> String {
    key.replace(' ', "")
}

/// The words of one side that the other has in no form.
fn left(side: &[Word<'_>], other: &[Word<'_>]) -> Option<Box<str>> {
    let is_left = |word: &&Word<'_>| !other.iter().any(|other| is_alike(&word.key, &other.key));
    let left: Vec<&str> = side.iter().filter(is_left).map(|word| word.text).collect();
    (1..=WORDS_MAX).contains(&left.len()).then(|| left.join(" ").into())
}

/// Whether one word begins with the other, or may be a typing error of it: better to miss a pair than to offer one that
/// spelling explains.
fn is_alike(a: &str, b: &str) -> bool {
    a.starts_with(b) || b.starts_with(a) || nearest(a, [b]).is_some() || nearest(b, [a]).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(before: &str, after: &str) -> Option<(String, String)> {
        let pair = Pair::of(&Query::of(before)?, &Query::of(after)?)?;
        Some((pair.from.into(), pair.to.into()))
    }

    #[test]
    fn words_in_common_are_taken_away_and_the_others_stand_for_each_other() {
        for (before, after, from, to) in [
            ("sofa", "couch", "sofa", "couch"),
            ("Red SOFA", "red couch", "sofa", "couch"),
            ("sofa red", "red couch", "sofa", "couch"),
            ("portable computer", "notebook", "portable computer", "notebook"),
            ("ps5", "playstation 5", "ps5", "playstation 5"),
            ("sofas for kids", "couch for kid", "sofas", "couch"),
            ("kids' rucksack", "kids' backpack", "rucksack", "backpack"),
            ("küche spüle", "küche waschbecken", "spüle", "waschbecken"),
        ] {
            assert_eq!(pair(before, after), Some((from.into(), to.into())), "{before} → {after}");
        }
    }

    #[test]
    fn corrections_beginnings_refinements_and_other_numbers_are_no_reformulations() {
        for (before, after) in [
            ("couch", "couch"),
            ("Couch", "couch!"),
            ("labtop", "laptop"),
            ("kettel", "kettle"),
            ("cafe", "café"),
            ("lap", "laptop"),
            ("laptop", "lap"),
            ("shoe", "shoes"),
            ("laptop", "laptop bag"),
            ("laptop bag", "laptop"),
            ("gaming labtop", "laptop"),
            ("note book", "notebook"),
            ("wi-fi", "wifi"),
            ("ab cd", "abc d"),
            ("bolt 12", "bolt 38"),
            ("gtx1080", "rtx3070"),
            ("one two three four", "five"),
            ("five", "one two three four"),
            ("030 sofa 55566 x 77", "couch x sofa"),
        ] {
            assert_eq!(pair(before, after), None, "{before} → {after}");
        }
    }

    #[test]
    fn a_pair_that_is_sent_is_read_as_it_was_told() {
        let read = Pair::read(" Red  Sofa", "COUCH").unwrap();
        assert_eq!((&*read.from, &*read.to), ("red sofa", "couch"));
        assert_eq!(Pair::read("sofa", "…"), None);
        assert_eq!(Pair::read(&"x".repeat(500), "couch"), None);
    }

    proptest! {
        /// Of few letters, so that many words are alike, and of any.
        #[test]
        fn a_pair_has_two_sides_that_differ_and_turns_round_with_its_queries(
            before in "([a-c]{1,6} ){0,4}[a-c0-9äÉ]{0,9}|.{0,40}",
            after in "([a-c]{1,6} ){0,4}[a-c0-9äÉ]{0,9}|.{0,40}",
        ) {
            let told = pair(&before, &after);
            prop_assert_eq!(told.clone().map(|(from, to)| (to, from)), pair(&after, &before));
            if let Some((from, to)) = told {
                prop_assert_ne!(&from, &to);
                for side in [&from, &to] {
                    prop_assert!((1..=WORDS_MAX).contains(&side.split(' ').count()));
                    prop_assert!(!side.split(' ').any(str::is_empty));
                }
                prop_assert!(!from.split(' ').any(|word| to.split(' ').any(|other| other == word)));
                let read = Pair::read(&from, &to).map(|read| (read.from.into(), read.to.into()));
                prop_assert_eq!(read, Some((from, to)));
            }
        }
    }
}
