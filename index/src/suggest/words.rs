//! What a word is to a phrase: a stop word, a unit, a number, and its stem.
//!
//! Owns the short word lists. They shape suggestions only; searching has its own analysis and settings.

use rust_stemmers::{Algorithm, Stemmer};

use crate::settings::Language;

/// Folded words with which no phrase begins or ends: they tie words together and name nothing.
const ENGLISH: &[&str] = &[
    "a", "an", "and", "at", "by", "for", "from", "in", "into", "is", "it", "its", "of", "on", "or", "per", "the",
    "this", "to", "up", "via", "w", "with", "without", "your",
];
const GERMAN: &[&str] = &[
    "als", "am", "an", "auf", "aus", "bei", "bis", "das", "dem", "den", "der", "die", "ein", "eine", "einem", "einen",
    "einer", "fur", "im", "in", "inkl", "mit", "ohne", "oder", "pro", "und", "vom", "von", "zu", "zum", "zur",
];
const FRENCH: &[&str] = &[
    "a", "au", "aux", "avec", "d", "dans", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou", "par", "pour",
    "sans", "sur", "un", "une",
];
const SPANISH: &[&str] = &[
    "a", "al", "con", "de", "del", "e", "el", "en", "la", "las", "los", "o", "para", "por", "sin", "sobre", "su", "u",
    "un", "una", "unas", "unos", "y",
];
/// The sign between two dimensions, in every language.
const TIMES: &str = "x";

/// Units that belong to the number before them, so that a phrase is not cut between the two.
const UNITS: &[&str] = &[
    "bit", "cl", "cm", "ft", "g", "gb", "ghz", "h", "hz", "inch", "inches", "kb", "kg", "khz", "km", "kw", "l", "lb",
    "m", "mah", "mb", "mg", "mhz", "ml", "mm", "mp", "ms", "oz", "pack", "pc", "pcs", "pieces", "pixels", "ppm", "tb",
    "v", "va", "w", "wh", "zoll",
];

/// The words of a language, as far as phrases need them.
pub(super) struct Words {
    stop_words: &'static [&'static str],
    stemmer: Option<Stemmer>,
}

impl Words {
    pub(super) fn new(language: Language) -> Self {
        let (stop_words, algorithm) = match language {
            Language::None => (&[][..], None),
            Language::English => (ENGLISH, Some(Algorithm::English)),
            Language::German => (GERMAN, Some(Algorithm::German)),
            Language::French => (FRENCH, Some(Algorithm::French)),
            Language::Spanish => (SPANISH, Some(Algorithm::Spanish)),
        };
        Self { stop_words, stemmer: algorithm.map(Stemmer::create) }
    }

    /// Whether a folded word only ties others together.
    pub(super) fn is_stop(&self, word: &str) -> bool {
        word == TIMES || self.stop_words.contains(&word)
    }

    /// The form that singular and plural share; the word itself where the language has no stemmer.
    pub(super) fn stem(&self, word: &str) -> String {
        match &self.stemmer {
            Some(stemmer) => stemmer.stem(word).into_owned(),
            None => word.to_owned(),
        }
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words").field("stop_words", &self.stop_words.len()).finish_non_exhaustive()
    }
}

/// Whether a folded word belongs to a number before it.
pub(super) fn is_unit(word: &str) -> bool {
    UNITS.contains(&word)
}

/// Whether a folded word (`43 2` for 43.2) is nothing but a number.
pub(super) fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ')
}

/// Whether a folded word holds a digit: a model number or a size, in which another digit is another thing.
pub(super) fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::normalise::normalise;

    #[test]
    fn every_list_is_folded() {
        for list in [ENGLISH, GERMAN, FRENCH, SPANISH, UNITS] {
            for word in list {
                assert_eq!(normalise(word), *word);
            }
        }
    }

    #[test]
    fn singular_and_plural_share_a_stem() {
        for (language, one, many) in [
            (Language::English, "battery", "batteries"),
            (Language::German, "tisch", "tische"),
            (Language::French, "chemise", "chemises"),
            (Language::Spanish, "zapato", "zapatos"),
        ] {
            let words = Words::new(language);
            assert_eq!(words.stem(one), words.stem(many));
        }
        assert_ne!(Words::new(Language::None).stem("battery"), Words::new(Language::None).stem("batteries"));
    }
}
