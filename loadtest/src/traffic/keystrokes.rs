//! What a shopper types before a search: prefixes and the time between them.
//!
//! Owns which prefixes ask for suggestions and when. It refuses to know what is typed.
//!
//! Invariant: prefixes grow, none is empty, and the last is all that was typed.

use std::time::Duration;

use rand::{Rng, RngExt as _};

/// Autocomplete requests before a search (ENGINEERING.md §5).
const REQUESTS: std::ops::RangeInclusive<usize> = 5..=8;
/// Time between two keys.
const KEY_MS: std::ops::RangeInclusive<u64> = 120..=250;
/// Who ends on a suggestion has typed at least this share of the query.
const TYPED_SHARE_MIN: f64 = 0.3;

/// One keystroke that asks for suggestions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Keystroke {
    /// Since the shopper began to type.
    pub(crate) at: Duration,
    pub(crate) prefix: String,
}

/// How typing ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// The whole query is typed.
    Enter,
    /// A suggestion is clicked somewhere on the way.
    Suggestion,
}

/// The keystrokes of one query.
pub(crate) fn typed(query: &str, ending: Ending, random: &mut impl Rng) -> Vec<Keystroke> {
    let letters = query.chars().count();
    if letters == 0 {
        return Vec::new();
    }
    let end = match ending {
        Ending::Enter => letters,
        Ending::Suggestion => {
            #[expect(clippy::cast_precision_loss, reason = "a query has few letters")]
            let share = random.random_range(TYPED_SHARE_MIN..=1.0) * letters as f64;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the length")]
            let typed = share.ceil() as usize;
            typed.clamp(1, letters)
        }
    };
    let wanted = random.random_range(REQUESTS).min(end);
    let mut at = Duration::ZERO;
    let mut keystrokes = Vec::with_capacity(wanted);
    for (typed, (offset, letter)) in query.char_indices().take(end).enumerate() {
        at += Duration::from_millis(random.random_range(KEY_MS));
        // Spread evenly: the k-th request stands where k/wanted of the letters are typed.
        let position = typed + 1;
        if position * wanted / end > typed * wanted / end {
            keystrokes.push(Keystroke { at, prefix: query[..offset + letter.len_utf8()].to_owned() });
        }
    }
    keystrokes
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn prefixes_grow_and_the_last_is_all_that_was_typed() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        for _ in 0..200 {
            let keystrokes = typed("wireless headphones", Ending::Enter, &mut random);
            assert!((5..=8).contains(&keystrokes.len()), "{}", keystrokes.len());
            assert!(
                keystrokes.windows(2).all(|two| two[0].prefix.len() < two[1].prefix.len() && two[0].at < two[1].at)
            );
            assert_eq!(keystrokes.last().unwrap().prefix, "wireless headphones");
            let milliseconds = keystrokes.last().unwrap().at.as_millis();
            assert!((19 * 120..=19 * 250).contains(&milliseconds), "{milliseconds}");
        }
    }

    #[test]
    fn a_short_query_asks_at_every_letter() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let prefixes: Vec<_> = typed("größ", Ending::Enter, &mut random).into_iter().map(|key| key.prefix).collect();
        assert_eq!(prefixes, ["g", "gr", "grö", "größ"]);
    }

    #[test]
    fn who_ends_on_a_suggestion_has_typed_a_third() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        for _ in 0..200 {
            let keystrokes = typed("0123456789", Ending::Suggestion, &mut random);
            assert!((3..=10).contains(&keystrokes.last().unwrap().prefix.len()));
        }
    }

    #[test]
    fn nothing_is_typed_of_nothing() {
        assert!(typed("", Ending::Enter, &mut ChaCha8Rng::seed_from_u64(5)).is_empty());
    }
}
