//! Tells a phrase from a fragment of one.
//!
//! Owns which words hardly ever stand without the same word after them. "Samsung Galaxy S6 Cell" ends in the midst of
//! "cell phone": a run of words that many titles have, and nothing that anybody would search.
//!
//! Only pairs of words are looked at: they are counted anyway, and what binds a word is nearly always its neighbour.
//! A single word is never a fragment, since one begins with it, nor is a phrase that begins in the midst of another:
//! titles say "Apple iPhone 7" where shoppers say "iPhone 7".

use rustc_hash::{FxHashMap, FxHashSet};

use super::words::Words;

/// A word is bound to the next if this share of the products that have the word have the pair.
const BOUND_SHARE: f64 = 0.9;
/// Fewest products for that to be more than chance.
const BOUND_PRODUCTS_MIN: u32 = 5;

/// The words of a catalog that want another after them.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    bound: FxHashSet<Box<str>>,
}

impl Fragments {
    /// Learns from phrases and the number of products of each; phrases of three words and more tell nothing. Singular
    /// and plural of the next word count together.
    pub(super) fn new<'a>(phrases: impl Iterator<Item = (&'a str, u32)>, language: &Words) -> Self {
        let mut words: FxHashMap<&str, u32> = FxHashMap::default();
        let mut pairs: FxHashMap<(&str, String), u32> = FxHashMap::default();
        for (key, products) in phrases.filter(|(_, products)| *products >= BOUND_PRODUCTS_MIN) {
            match key.split_once(' ') {
                None => drop(words.insert(key, products)),
                Some((first, second)) if !second.contains(' ') => {
                    *pairs.entry((first, language.stem(second))).or_default() += products;
                }
                Some(_) => {}
            }
        }
        let is_bound = |word: &str, pair: u32| {
            words.get(word).is_some_and(|products| f64::from(pair) >= f64::from(*products) * BOUND_SHARE)
        };
        let bound =
            pairs.iter().filter(|((word, _), pair)| is_bound(word, **pair)).map(|((word, _), _)| (*word).into());
        Self { bound: bound.collect() }
    }

    /// Whether a phrase of several words ends with one that wants another after it.
    pub(super) fn contains(&self, key: &str) -> bool {
        key.rsplit_once(' ').is_some_and(|(_, last)| self.bound.contains(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Language;

    #[test]
    fn a_phrase_that_is_cut_off_is_a_fragment() {
        let phrases = [
            ("cell", 20),
            ("phone", 40),
            ("cell phone", 10),
            ("cell phones", 9),
            ("galaxy", 30),
            ("galaxy cell", 12),
            ("tripp", 9),
            ("lite", 9),
            ("tripp lite", 9),
            ("rare", 4),
            ("rare thing", 4),
        ];
        let fragments = Fragments::new(phrases.into_iter(), &Words::new(Language::English));
        for (key, expected) in [
            ("galaxy cell", true),
            ("galaxy cell phone", false),
            ("cell", false),
            ("phone", false),
            ("galaxy", false),
            ("lite usb", false),
            ("usb tripp", true),
            ("tripp lite", false),
            ("rare", false),
            ("unheard of", false),
            ("", false),
        ] {
            assert_eq!(fragments.contains(key), expected, "{key:?}");
        }
    }
}
