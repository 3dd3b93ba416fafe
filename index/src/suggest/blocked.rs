//! Words and phrases that are never suggested.
//!
//! Owns when a text holds a blocked phrase: as whole words, however it is spelled in case, accents, look-alike signs
//! (`b0mb`, `$hoe`) or single letters (`b o m b`), also amid further single letters (`a b o m b`). Parts of words do not
//! count, or Scunthorpe could not be suggested.
//!
//! Invariant: a list blocks each of its own phrases, and an empty list blocks nothing. Its cost is bounded by the length of
//! a text times that of the longest word blocked.

use rustc_hash::FxHashMap;

use super::normalise::normalise;

/// Single letters in a row that are taken for one word written apart: two may be `a b` of a model's name.
const LETTERS_MIN: usize = 3;

/// The words of a phrase behind its first.
type Rest = Box<[Box<str>]>;

/// See the module.
#[derive(Debug, Default)]
pub struct BlockList {
    /// The phrases by their first word.
    by_first: FxHashMap<Box<str>, Vec<Rest>>,
    /// Characters of the longest first word.
    first_chars_max: usize,
}

impl BlockList {
    /// A list of these words and phrases; what has no letter or digit blocks nothing.
    pub fn new(phrases: &[String]) -> Self {
        let mut list = Self::default();
        for phrase in phrases {
            let mut words = joined(&words(phrase)).into_iter().map(String::into_boxed_str);
            if let Some(first) = words.next() {
                list.first_chars_max = list.first_chars_max.max(first.chars().count());
                list.by_first.entry(first).or_default().push(words.collect());
            }
        }
        list
    }

    /// Whether nothing is blocked.
    pub fn is_empty(&self) -> bool {
        self.by_first.is_empty()
    }

    /// Whether the text holds one of the phrases.
    ///
    /// ```
    /// use storefind_index::suggest::BlockList;
    ///
    /// let list = BlockList::new(&["Bomb".to_owned()]);
    /// assert!(list.blocks("a b0mb for laptops"));
    /// assert!(!list.blocks("bombastic speakers"));
    /// ```
    pub fn blocks(&self, text: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        let words = words(text);
        (0..words.len()).any(|at| self.begins(&words[at..]))
    }

    /// Whether a phrase begins with the first of these words, or with it and the single letters that follow.
    fn begins(&self, words: &[String]) -> bool {
        let follows = |first: &str, behind: &[String]| {
            let phrases = self.by_first.get(first).map_or(&[][..], Vec::as_slice);
            phrases.iter().any(|rest| follow(rest, behind))
        };
        let (letters, most) = (letters(words), self.first_chars_max);
        follows(&unmask(&words[0]), &words[1..])
            || (LETTERS_MIN..=letters.min(most)).any(|end| follows(&unmask(&words[..end].concat()), &words[end..]))
    }
}

/// Whether a text goes on with these words, as they are or letter by letter.
fn follow(phrase: &[Box<str>], mut text: &[String]) -> bool {
    phrase.iter().all(|word| {
        let length = word.chars().count();
        let taken = match text {
            [first, ..] if unmask(first) == **word => 1,
            _ if length >= LETTERS_MIN && letters(text) >= length && unmask(&text[..length].concat()) == **word => {
                length
            }
            _ => return false,
        };
        text = &text[taken..];
        true
    })
}

/// How many words of one character a text begins with.
fn letters(words: &[String]) -> usize {
    words.iter().take_while(|word| is_letter(word)).count()
}

fn is_letter(word: &str) -> bool {
    word.chars().nth(1).is_none()
}

/// The words of a text: folded, with look-alike signs as the letters that they stand for.
fn words(text: &str) -> Vec<String> {
    let spelled: String = text.chars().map(|c| letter_of_sign(c).unwrap_or(c)).collect();
    normalise(&spelled).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The words of a phrase as they are meant: those that are written letter by letter in one, look-alike digits as letters.
fn joined(words: &[String]) -> Vec<String> {
    let mut joined = Vec::new();
    let mut rest = words;
    while let [first, ..] = rest {
        let taken = Some(letters(rest)).filter(|letters| *letters >= LETTERS_MIN).unwrap_or(1);
        joined.push(if taken == 1 { unmask(first) } else { unmask(&rest[..taken].concat()) });
        rest = &rest[taken..];
    }
    joined
}

fn letter_of_sign(c: char) -> Option<char> {
    Some(match c {
        '@' => 'a',
        '$' => 's',
        '€' => 'e',
        _ => return None,
    })
}

/// Digits among letters as the letters that they look like; a number stays a number.
fn unmask(word: &str) -> String {
    if !word.contains(char::is_alphabetic) {
        return word.to_owned();
    }
    let letter = |c: char| match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        _ => c,
    };
    word.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_blocked_in_every_disguise_and_only_as_whole_words() {
        let list = BlockList::new(&["bomb".into(), "Été fini".into(), "18".into(), "!?".into()]);
        for (text, expected) in [
            ("bomb", true),
            ("BOMB shelter", true),
            ("a bömb", true),
            ("b0mb", true),
            ("b o m b", true),
            ("the b.o.m.b.", true),
            ("bombs", false),
            ("bath bombe", false),
            ("ete fini", true),
            ("l'été-fini", true),
            ("ete", false),
            ("fini ete", false),
            ("18", true),
            ("180", false),
            ("", false),
            ("!", false),
        ] {
            assert_eq!(list.blocks(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_further_letter_is_no_disguise() {
        let list = BlockList::new(&["sex".into(), "Plan B".into(), "free gun show".into(), "a b c".into()]);
        for (text, expected) in [
            ("i s e x toys", true),
            ("s e x y z", true),
            ("1 5 3 x", true),
            ("plan b c d", true),
            ("p l a n b", true),
            ("the p l a n b c", true),
            ("f r e e gun s h o w case", true),
            ("x a b c d", true),
            ("a b", false),
            ("plan bc", false),
            ("isex toys", false),
            ("s ex", false),
            ("free gun s h o", false),
        ] {
            assert_eq!(list.blocks(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_empty_list_blocks_nothing() {
        for list in [BlockList::default(), BlockList::new(&[" ".into()])] {
            assert!(list.is_empty() && !list.blocks("anything") && !list.blocks(""));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_list_blocks_its_own_phrases_amid_other_words(phrase in "[a-zA-Z0-9éß@$!]{1,8}( [a-z0-9]{2,6}){0,2}") {
            let list = BlockList::new(std::slice::from_ref(&phrase));
            if !list.is_empty() {
                let text = format!("quite {phrase} indeed");
                proptest::prop_assert!(list.blocks(&phrase) && list.blocks(&text));
                let amid_letters = format!("x {phrase} y");
                proptest::prop_assert!(list.blocks(&amid_letters), "{amid_letters}");
            }
        }
    }
}
