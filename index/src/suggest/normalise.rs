//! Folding: how a text becomes the key under which it is found.
//!
//! Owns the mapping from written text to folded key, and from key positions back to the text. It knows no words,
//! languages or weights.
//!
//! Invariant: a key holds letters and digits with single spaces between words, so it neither begins nor ends with a
//! space, holds no NUL, and every byte of it stems from one character of the text.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The folded form of `text`: compatibility forms resolved, marks stripped, lower case, punctuation as single spaces.
pub(super) fn normalise(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    normalise_into(text, &mut key);
    key
}

/// Appends the folded form of `text` to `key`; true if a separator followed the last word of `text`.
pub(super) fn normalise_into(text: &str, key: &mut String) -> bool {
    fold(text, |folded, _| key.push(folded))
}

/// For every byte of the key of `text`, where in `text` the character begins that it stems from.
pub(super) fn origins(text: &str) -> Vec<usize> {
    let mut origins = Vec::with_capacity(text.len());
    fold(text, |folded, at| origins.extend(std::iter::repeat_n(at, folded.len_utf8())));
    origins
}

/// Whether `c` belongs to the character before it, so that a mark-up tag must not come between them.
pub(super) fn extends_previous(c: char) -> bool {
    is_combining_mark(c)
        || is_invisible(c)
        || matches!(c,
            '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7ff}' // Vowels and finals of a Korean syllable.
            | '\u{ff9e}' | '\u{ff9f}' // Half-width voicing marks.
            | '\u{e33}' | '\u{eb3}' // Thai and Lao vowels written after their consonant.
            | '\u{1f3fb}'..='\u{1f3ff}') // Skin tones.
}

/// Calls `emit` with every folded character and the place of its origin; true if separators followed the last word.
fn fold(text: &str, mut emit: impl FnMut(char, usize)) -> bool {
    let mut begun = false;
    let mut separated = None;
    let mut take = |folded: Option<char>, at: usize| match folded {
        Some(letter) => {
            if let Some(gap) = separated.take()
                && begun
            {
                emit(' ', gap);
            }
            begun = true;
            emit(letter, at);
        }
        None => separated = separated.or(Some(at)),
    };
    for (at, c) in text.char_indices() {
        if c.is_ascii() {
            take(c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase()), at);
        } else if matches!(c, '™' | '℠') {
            // Their compatibility forms are letters: "Core™" must not become "coretm".
            take(None, at);
        } else if !is_invisible(c) {
            for part in std::iter::once(c).nfkd().filter(|part| !is_combining_mark(*part)) {
                fold_part(part, |folded| take(folded, at));
            }
        }
    }
    begun && separated.is_some()
}

/// Folds one decomposed character to letters, or to `None` where it separates words.
fn fold_part(part: char, mut take: impl FnMut(Option<char>)) {
    if !part.is_alphanumeric() {
        return take(None);
    }
    for lower in part.to_lowercase().filter(|lower| !is_combining_mark(*lower)) {
        let replaced = match lower {
            'ß' => "ss",
            'ø' => "o",
            'æ' => "ae",
            'œ' => "oe",
            'ł' => "l",
            'đ' => "d",
            _ => {
                take(Some(lower));
                continue;
            }
        };
        replaced.chars().for_each(|letter| take(Some(letter)));
    }
}

/// Characters that are not seen and do not separate words: soft hyphen, joiners, direction marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_folds_to_letters_and_single_spaces() {
        for (text, key) in [
            ("HP Pavilion", "hp pavilion"),
            ("  Wi-Fi\t(2.4 GHz) ", "wi fi 2 4 ghz"),
            ("Crème BRÛLÉE", "creme brulee"),
            ("Straße STRAẞE", "strasse strasse"),
            ("Ærøskøbing Œuvre Łódź Đà", "aeroskobing oeuvre lodz da"),
            ("ﬁne ２０ m²", "fine 20 m2"),
            ("Intel® Core™2", "intel core 2"),
            ("half ½", "half 1 2"),
            ("İstanbul", "istanbul"),
            ("sil\u{ad}ver \u{200f}שלום", "silver שלום"),
            ("cafe\u{301}", "cafe"),
            ("\0a\0\0b\0", "a b"),
            ("🙂", ""),
            ("한국", "한국"),
        ] {
            assert_eq!(normalise(text), key.nfkd().collect::<String>(), "{text:?}");
        }
    }

    #[test]
    fn a_trailing_separator_is_reported_only_after_a_word() {
        for (text, expected) in [("hp", false), ("hp ", true), ("hp-", true), (" ", false), ("", false), (" hp", false)]
        {
            assert_eq!(normalise_into(text, &mut String::new()), expected, "{text:?}");
        }
    }

    #[test]
    fn every_key_byte_has_an_origin() {
        let text = "  Größe ﬁn-é";
        let key = normalise(text);
        let origins = origins(text);
        assert_eq!(key, "grosse fin e");
        assert_eq!(origins.len(), key.len());
        assert_eq!(&text[origins[0]..=origins[1]], "Gr");
        assert_eq!(origins[3], origins[4], "both s stem from the sharp s");
        assert_eq!(origins[7], origins[8], "f and i stem from the ligature");
    }
}
