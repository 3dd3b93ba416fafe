//! Typing errors.
//!
//! Owns making one error in a query. It refuses to decide how often that happens.
//!
//! Invariant: at most one letter is dropped, doubled, exchanged with its neighbour or replaced, and the first letter
//! of the query stays, as it does in most errors that people make.

use rand::{Rng, RngExt as _};

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// The query with one typing error; queries of fewer than four characters stay as they are.
pub(crate) fn mistyped(query: &str, random: &mut impl Rng) -> String {
    let mut letters: Vec<char> = query.chars().collect();
    if letters.len() < 4 {
        return query.to_owned();
    }
    let place = random.random_range(1..letters.len());
    match random.random_range(0..4) {
        0 => drop(letters.remove(place)),
        1 => letters.insert(place, letters[place]),
        2 => {
            let neighbour = if place + 1 < letters.len() { place + 1 } else { place - 1 };
            letters.swap(place, neighbour.max(1));
        }
        _ => letters[place] = char::from(LETTERS[random.random_range(0..LETTERS.len())]),
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn an_error_changes_the_length_by_at_most_one_and_keeps_the_first_letter() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let mut changed = 0;
        for _ in 0..1_000 {
            let typed = mistyped("größe laptop", &mut random);
            assert!(typed.starts_with('g'), "{typed}");
            assert!((11..=13).contains(&typed.chars().count()), "{typed}");
            changed += u32::from(typed != "größe laptop");
        }
        assert!(changed > 800, "{changed}");
    }

    #[test]
    fn short_queries_stay() {
        assert_eq!(mistyped("tvs", &mut ChaCha8Rng::seed_from_u64(3)), "tvs");
    }
}
