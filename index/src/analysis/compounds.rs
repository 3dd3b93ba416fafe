//! Where a word may be two words written as one: `laptopbag`, `waterproofjacket`, `Lampenschirm`, `iphone15`.
//!
//! Owns which seams are worth a look, by form and language alone: whether the halves are words of the catalog is found
//! out by looking for them. Invariant: a pure function of the word and the language.

use super::tokenize::TokenKind;
use crate::settings::Language;

/// Fewest letters of a half: below that nearly every ending is "a word" somewhere in a catalog.
const HALF_CHARS_MIN: usize = 3;
/// Halves of this length are taken when they have no vowel: `tv`, `pc`, `hd` are words, `ca`, `to`, `er` are endings.
const ABBREVIATION_CHARS: usize = 2;
/// Longest word that is split, in characters. German shops write compounds of 30 letters; what is longer is no word, and
/// each seam costs a look into the dictionary and a term to depend on.
const COMPOUND_CHARS_MAX: usize = 32;

/// One seam of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seam<'a> {
    /// The half before it, as written.
    pub(crate) left: &'a str,
    /// The half before it without the element that links it to the other; `left` where there is none.
    pub(crate) stem: &'a str,
    /// The half behind it.
    pub(crate) right: &'a str,
}

/// Whether the halves of a compound may also stand apart, as in `Hülle für Handy` for `Handyhülle`. In German every two
/// nouns make a compound, so its halves mean what they mean alone; elsewhere compounds are set words (`keyboard`), and
/// only a forgotten space is meant.
pub(crate) fn may_stand_apart(language: Language) -> bool {
    language == Language::German
}

/// Elements that link the halves of a compound and belong to neither.
fn linking_elements(language: Language) -> &'static [&'static str] {
    match language {
        Language::German => &["es", "en", "s", "n"],
        Language::None | Language::English | Language::French | Language::Spanish => &[],
    }
}

/// The seams of a folded word, those of a linking element behind the plain one.
pub(crate) fn seams(word: &str, kind: TokenKind, language: Language) -> Vec<Seam<'_>> {
    if kind == TokenKind::Number || word.contains('.') || word.chars().count() > COMPOUND_CHARS_MAX {
        return Vec::new();
    }
    let mut seams = Vec::new();
    let mut before = ' ';
    for (at, c) in word.char_indices() {
        // The writer left a seam to be seen where letters meet digits, and a model number has no other.
        let is_seam = kind == TokenKind::Word || before.is_ascii_digit() != c.is_ascii_digit();
        before = c;
        let (left, right) = word.split_at(at);
        if at == 0 || !is_seam || !is_half(left) || !is_half(right) {
            continue;
        }
        seams.push(Seam { left, stem: left, right });
        if kind == TokenKind::Word {
            let stems = linking_elements(language).iter().filter_map(|element| left.strip_suffix(element));
            seams.extend(stems.filter(|stem| is_half(stem)).map(|stem| Seam { left, stem, right }));
        }
    }
    seams
}

/// Whether a half is long enough to say something: digits always are.
fn is_half(half: &str) -> bool {
    if half.contains(|c: char| c.is_ascii_digit()) {
        return true;
    }
    let chars = half.chars().count();
    let is_abbreviation = chars == ABBREVIATION_CHARS
        && half.chars().all(|c| c.is_ascii_alphabetic() && !matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y'));
    chars >= HALF_CHARS_MIN || is_abbreviation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves(word: &str, kind: TokenKind, language: Language) -> Vec<String> {
        seams(word, kind, language).iter().map(|seam| format!("{}|{}", seam.stem, seam.right)).collect()
    }

    #[test]
    fn every_seam_between_halves_that_may_be_words_is_told() {
        assert_eq!(
            halves("tvstand", TokenKind::Word, Language::English),
            ["tv|stand", "tvs|tand", "tvst|and", "tvsta|nd"]
        );
        assert_eq!(halves("laptop", TokenKind::Word, Language::English), ["lap|top"]);
        assert!(halves("paper", TokenKind::Word, Language::English).is_empty());
    }

    #[test]
    fn letters_and_digits_have_one_seam() {
        assert_eq!(halves("iphone15", TokenKind::Mixed, Language::English), ["iphone|15"]);
        assert_eq!(halves("ps4pro", TokenKind::Mixed, Language::English), ["ps|4pro", "ps4|pro"]);
        assert!(halves("17in", TokenKind::Mixed, Language::English).is_empty());
        assert!(halves("802.11b", TokenKind::Mixed, Language::English).is_empty());
    }

    #[test]
    fn german_links_its_halves() {
        let found = halves("arbeitsspeicher", TokenKind::Word, Language::German);
        assert!(found.contains(&"arbeit|speicher".to_owned()), "{found:?}");
        let found = halves("lampenschirm", TokenKind::Word, Language::German);
        assert!(found.contains(&"lampe|schirm".to_owned()), "{found:?}");
        let found = halves("lampenschirm", TokenKind::Word, Language::English);
        assert!(!found.contains(&"lampe|schirm".to_owned()), "{found:?}");
    }

    #[test]
    fn a_word_over_the_limit_is_not_split() {
        let word = "a".repeat(COMPOUND_CHARS_MAX);
        assert_eq!(
            halves(&word, TokenKind::Word, Language::English).len(),
            COMPOUND_CHARS_MAX - 2 * HALF_CHARS_MIN + 1
        );
        assert!(halves(&format!("{word}a"), TokenKind::Word, Language::English).is_empty());
    }
}
