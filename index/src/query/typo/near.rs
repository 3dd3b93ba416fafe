//! Near words by segment, kept: a segment's dictionary never changes, so what is near a word in it never does.
//!
//! Walking a dictionary of 50,000 words along an automaton takes 50 to 500 µs, more than the rest of a search;
//! shoppers mistype, and leave unfinished, the same words. Owns the room for what was found. Invariant: what is
//! kept is what a walk would find.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use tantivy::schema::Field;

/// Words kept by segment, then all are forgotten: the commonest are back within a second, and keeping an order of use
/// would cost each look-up more than it saves.
const WORDS_MAX: usize = 1_024;
/// Longest list that is kept. Beginnings of many words have longer ones; their queries depend on everything anyway.
const NEAR_MAX: usize = 256;

/// A word of one segment near another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Near {
    pub(crate) text: Box<str>,
    /// Edits.
    pub(crate) distance: u8,
    /// Products of the segment that have it, deleted ones included.
    pub(crate) products: u32,
}

type Key = (Field, u8, Box<str>);

/// What was found in one segment.
#[derive(Debug, Default)]
pub(crate) struct NearWords(Mutex<FxHashMap<Key, Arc<[Near]>>>);

impl NearWords {
    /// What `walk` finds near the word, or found before.
    pub(crate) fn get_or_walk<E>(
        &self,
        (field, budget, word): (Field, u8, &str),
        walk: impl FnOnce() -> Result<Vec<Near>, E>,
    ) -> Result<Arc<[Near]>, E> {
        let key: Key = (field, budget, word.into());
        if let Some(found) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(found));
        }
        // Unlocked: two who walk for the same word find the same.
        let found: Arc<[Near]> = walk()?.into();
        if found.len() <= NEAR_MAX {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= WORDS_MAX {
                kept.clear();
            }
            kept.insert(key, Arc::clone(&found));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(near: &NearWords, word: &str, found: usize) -> (usize, bool) {
        let mut walked = false;
        let walk = || {
            walked = true;
            let one = Near { text: "laptop".into(), distance: 1, products: 1 };
            Ok::<_, ()>(vec![one; found])
        };
        let field = Field::from_field_id(0);
        let found = near.get_or_walk((field, 1, word), walk).expect("no walk fails").len();
        (found, walked)
    }

    #[test]
    fn a_word_is_walked_for_once_and_long_lists_are_not_kept() {
        let near = NearWords::default();
        assert_eq!(walk(&near, "latop", 3), (3, true));
        assert_eq!(walk(&near, "latop", 4), (3, false));
        assert_eq!(walk(&near, "lapto", NEAR_MAX + 1), (NEAR_MAX + 1, true));
        assert_eq!(walk(&near, "lapto", 1), (1, true));
    }

    #[test]
    fn the_number_of_words_is_bounded() {
        let near = NearWords::default();
        for n in 0..3 * WORDS_MAX {
            walk(&near, &n.to_string(), 1);
            assert!(near.0.lock().expect("no panic").len() <= WORDS_MAX);
        }
    }
}
