//! Words and phrases that are never suggested.
//!
//! Owns when a text holds a blocked phrase: as whole words, however it is spelled in case, accents, look-alike signs
//! (`b0mb`, `$hoe`) or single letters (`b o m b`). Parts of words do not count, or Scunthorpe could not be suggested.
//!
//! Invariant: a list blocks each of its own phrases, and an empty list blocks nothing.

use rustc_hash::FxHashMap;

use super::normalise::normalise;

/// Single letters in a row that are taken for one word written apart: two may be `a b` of a model's name.
const LETTERS_MIN: usize = 3;

/// See the module.
#[derive(Debug, Default)]
pub struct BlockList {
    /// Plain phrases by their first word.
    by_first: FxHashMap<Box<str>, Vec<Box<str>>>,
}

impl BlockList {
    /// A list of these words and phrases; what has no letter or digit blocks nothing.
    pub fn new(phrases: &[String]) -> Self {
        let mut by_first: FxHashMap<Box<str>, Vec<Box<str>>> = FxHashMap::default();
        for phrase in phrases {
            let plain = plain(phrase);
            if let Some(first) = plain.split(' ').next().filter(|first| !first.is_empty()) {
                by_first.entry(first.into()).or_default().push(plain.as_str().into());
            }
        }
        Self { by_first }
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
        let text = plain(text);
        let starts = std::iter::once(0).chain(text.match_indices(' ').map(|(at, _)| at + 1));
        starts.into_iter().any(|start| {
            let rest = &text[start..];
            let first = rest.split(' ').next().unwrap_or_default();
            let phrases = self.by_first.get(first).map_or(&[][..], Vec::as_slice);
            phrases.iter().any(|phrase| rest.strip_prefix(&**phrase).is_some_and(is_end_of_word))
        })
    }
}

fn is_end_of_word(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(' ')
}

/// The text as it is compared: folded, look-alike signs and digits within words as the letters that they stand for,
/// words written letter by letter in one.
fn plain(text: &str) -> String {
    let spelled: String = text.chars().map(|c| letter_of_sign(c).unwrap_or(c)).collect();
    let folded = normalise(&spelled);
    let mut words: Vec<String> = Vec::new();
    let mut letters: Vec<&str> = Vec::new();
    for word in folded.split(' ').chain([""]) {
        if word.chars().count() == 1 {
            letters.push(word);
            continue;
        }
        if letters.len() >= LETTERS_MIN {
            words.push(unmask(&letters.concat()));
        } else {
            words.extend(letters.iter().map(|letter| (*letter).to_owned()));
        }
        letters.clear();
        if !word.is_empty() {
            words.push(unmask(word));
        }
    }
    words.join(" ")
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
            }
        }
    }
}
