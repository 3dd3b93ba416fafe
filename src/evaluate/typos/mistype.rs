//! Typing a query wrongly, as fingers do.
//!
//! Owns which word goes wrong and how. Fingers hit a key beside the right one, touch it in passing, miss a key, or press
//! two in the wrong order. The first letter stays: people rarely get it wrong, and corrections keep it too.
//!
//! Invariant: a word with digits is never touched, nor a word's first letter; what comes out differs from what went in,
//! by so many edits as were asked for or by fewer that amount to the same; and it follows from query, edits and seed.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::keyboard::Keyboard;

/// Shortest word with one error: of three letters, an error leaves too little to tell what was meant.
pub(super) const LETTERS_FOR_ONE: usize = 4;
/// Shortest word with two.
pub(super) const LETTERS_FOR_TWO: usize = 6;
/// Tries until what comes out differs: two edits may undo each other.
const TRIES_MAX: u64 = 16;

/// A query with an error in one of its words, and that word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistyped {
    /// The query as it was typed.
    pub query: String,
    /// The word as it was meant.
    pub word: String,
}

/// Types a query with this many edits in one word; `None` if it has no word that is long enough.
pub fn mistype(query: &str, edits: usize, keyboard: Keyboard, seed: u64) -> Option<Mistyped> {
    let shortest = if edits > 1 { LETTERS_FOR_TWO } else { LETTERS_FOR_ONE };
    let words: Vec<&str> = query.split(' ').collect();
    let eligible: Vec<usize> = words
        .iter()
        .enumerate()
        .filter(|(_, word)| word.chars().count() >= shortest && word.chars().all(char::is_alphabetic))
        .map(|(at, _)| at)
        .collect();
    (0..TRIES_MAX).find_map(|number| {
        let mut draws = Draws { text: query, seed: seed.wrapping_add(number), drawn: edits as u64 };
        let at = *eligible.get(draws.below(eligible.len())?)?;
        let mut letters: Vec<char> = words[at].to_lowercase().chars().collect();
        (0..edits).try_for_each(|_| edit(&mut letters, keyboard, &mut draws))?;
        let typed: String = letters.into_iter().collect();
        if typed == words[at].to_lowercase() {
            return None;
        }
        let word = words[at].to_owned();
        let mut words = words.clone();
        words[at] = &typed;
        Some(Mistyped { query: words.join(" "), word })
    })
}

/// Types a number with one digit wrong: a neighbour of the right key. `None` if it has no digit behind the first
/// character.
pub fn misnumber(number: &str, keyboard: Keyboard, seed: u64) -> Option<String> {
    let mut typed: Vec<char> = number.chars().collect();
    let digits: Vec<usize> = (1..typed.len()).filter(|&at| typed[at].is_ascii_digit()).collect();
    let mut draws = Draws { text: number, seed, drawn: 0 };
    let at = *digits.get(draws.below(digits.len())?)?;
    let neighbours = keyboard.neighbours(typed[at]);
    typed[at] = *neighbours.get(draws.below(neighbours.len())?)?;
    Some(typed.into_iter().collect())
}

/// One error behind the first letter; `None` if the word has become too short for any.
fn edit(letters: &mut Vec<char>, keyboard: Keyboard, draws: &mut Draws<'_>) -> Option<()> {
    let at = 1 + draws.below(letters.len().checked_sub(1)?)?;
    let neighbours = keyboard.neighbours(letters[at]);
    match draws.below(4)? {
        // A key beside the right one.
        0 if !neighbours.is_empty() => letters[at] = neighbours[draws.below(neighbours.len())?],
        // One touched in passing.
        1 if !neighbours.is_empty() => letters.insert(at + draws.below(2)?, neighbours[draws.below(neighbours.len())?]),
        // Two in the wrong order.
        2 if at + 1 < letters.len() && letters[at] != letters[at + 1] => letters.swap(at, at + 1),
        // One missed.
        _ => drop(letters.remove(at)),
    }
    Some(())
}

/// Random numbers that follow from a text and a seed, whatever else was drawn before.
struct Draws<'a> {
    text: &'a str,
    seed: u64,
    drawn: u64,
}

impl Draws<'_> {
    /// Uniform in `0..bound`; `None` when there is nothing to choose from.
    fn below(&mut self, bound: usize) -> Option<usize> {
        self.drawn += 1;
        let bits = xxh3_64_with_seed(&[self.text.as_bytes(), &self.drawn.to_le_bytes()].concat(), self.seed);
        // Multiply and shift: the bias is below 2^-50 for bounds of this size.
        (bound > 0).then(|| ((u128::from(bits) * bound as u128) >> 64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn typed(query: &str, edits: usize, seed: u64) -> Option<String> {
        mistype(query, edits, Keyboard::Qwerty, seed).map(|mistyped| mistyped.query)
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two words.
    fn distance(a: &str, b: &str) -> usize {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let mut costs = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                costs[i][j] = match (i, j) {
                    (0, _) => j,
                    (_, 0) => i,
                    _ => {
                        let same = usize::from(a[i - 1] != b[j - 1]);
                        let mut cost = (costs[i - 1][j] + 1).min(costs[i][j - 1] + 1).min(costs[i - 1][j - 1] + same);
                        if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                            cost = cost.min(costs[i - 2][j - 2] + 1);
                        }
                        cost
                    }
                };
            }
        }
        costs[a.len()][b.len()]
    }

    #[test]
    fn a_word_changes_by_so_many_edits_behind_its_first_letter() {
        let mut seen = HashSet::new();
        for seed in 0..500 {
            for edits in [1, 2] {
                let typed = typed("headphones", edits, seed).unwrap();
                assert!(typed.starts_with('h'), "{typed}");
                // Swaps that overlap are three edits by this measure, which cuts at each swap.
                assert!((1..=edits + edits / 2).contains(&distance("headphones", &typed)), "{edits}: {typed}");
                seen.insert(typed);
            }
        }
        assert!(seen.len() > 100, "{}", seen.len());
        let lengths: HashSet<usize> = seen.iter().map(String::len).collect();
        assert!([8, 9, 10, 11, 12].iter().all(|length| lengths.contains(length)), "{lengths:?}");
    }

    #[test]
    fn the_same_seed_types_the_same() {
        assert_eq!(typed("gaming keyboard", 2, 7), typed("gaming keyboard", 2, 7));
        assert_ne!(typed("gaming keyboard", 2, 7), typed("gaming keyboard", 2, 8));
    }

    #[test]
    fn short_words_and_words_with_digits_stay() {
        assert_eq!(typed("tea set", 1, 7), None);
        assert_eq!(typed("iphone6 rtx2060", 1, 7), None);
        assert_eq!(typed("mouse", 2, 7), None);
        assert_eq!(typed("", 1, 7), None);
        for seed in 0..50 {
            let mistyped = mistype("iphone 6s", 1, Keyboard::Qwerty, seed).unwrap();
            assert!(mistyped.query.ends_with(" 6s") && mistyped.word == "iphone", "{mistyped:?}");
        }
    }

    #[test]
    fn a_wrong_digit_is_a_neighbour_of_the_right_one() {
        for seed in 0..50 {
            let typed = misnumber("CF283A", Keyboard::Qwerty, seed).unwrap();
            let wrong: Vec<(char, char)> = "CF283A".chars().zip(typed.chars()).filter(|(a, b)| a != b).collect();
            let [(right, wrong)] = wrong.as_slice() else { panic!("one digit: {typed}") };
            assert!(Keyboard::Qwerty.neighbours(*right).contains(wrong), "{typed}");
        }
        assert_eq!(misnumber("ABC", Keyboard::Qwerty, 7), None);
        assert_eq!(misnumber("", Keyboard::Qwerty, 7), None);
    }
}
