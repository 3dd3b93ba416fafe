//! Words that carry no meaning of their own in a product query; a product need not have them.
//!
//! Short on purpose: `in` is an inch, `it` a film, `will` a name. A shop adds its own in the settings.

use crate::settings::Language;

const ENGLISH: &[&str] = &["a", "an", "and", "at", "by", "for", "from", "of", "on", "or", "the", "to", "with"];
const GERMAN: &[&str] =
    &["am", "auf", "das", "dem", "den", "der", "die", "ein", "eine", "fur", "mit", "oder", "und", "von", "zum"];
const FRENCH: &[&str] =
    &["a", "au", "avec", "d", "de", "des", "du", "et", "l", "la", "le", "les", "ou", "pour", "un", "une"];
const SPANISH: &[&str] = &["a", "al", "con", "de", "del", "el", "la", "las", "los", "o", "para", "un", "una", "y"];

/// Whether the folded word is a stop word of the language.
pub(super) fn is_stop_word(language: Language, word: &str) -> bool {
    let words = match language {
        Language::None => return false,
        Language::English => ENGLISH,
        Language::German => GERMAN,
        Language::French => FRENCH,
        Language::Spanish => SPANISH,
    };
    words.contains(&word)
}
