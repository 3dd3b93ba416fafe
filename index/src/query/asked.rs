//! What the words of a query are to it, by position and form alone: which one says what is asked for, and which are
//! details.
//!
//! Owns the names of variants; the rules of noun phrases are those of `analysis::head`. It never looks at the catalog: what
//! may be missing from a product when too little is found decides what an answer holds, and that must not drift with the
//! products.

use crate::analysis::phrase::{is_colour, is_complement};
use crate::analysis::{Group, TokenKind, query_heads};
use crate::query::lexicon::text;
use crate::query::parse::ParsedWord;
use crate::settings::Language;

/// Names of variants of a product: `ps4 pro` is a PS4.
const VARIANTS: &[&str] = &[
    "air",
    "deluxe",
    "edition",
    "gen",
    "generation",
    "lite",
    "max",
    "mini",
    "new",
    "plus",
    "premium",
    "pro",
    "series",
    "slim",
    "ultra",
    "xl",
    "xs",
    "xxl",
];

/// What is known of the words that a product must have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Roles {
    /// Words, by place, that may say what is looked for, likeliest first. Ranking asks the catalog which of them is it.
    pub(crate) heads: Vec<usize>,
    /// The word, by place, that says what is asked for, whatever the catalog holds.
    pub(crate) asked: Option<usize>,
    /// Words, by place, that tell one such product from another: measures, numbers, colours, variants.
    pub(crate) details: Vec<usize>,
}

/// The roles of the `required` words among all that were typed.
pub(crate) fn roles(typed: &[ParsedWord], required: &[&ParsedWord], language: Language) -> Roles {
    let place = |at: usize| required.iter().position(|word| std::ptr::eq(*word, &typed[at]));
    let heads: Vec<usize> =
        query_heads(typed.iter().map(|word| &word.group), language).into_iter().filter_map(place).collect();
    let is_noun = |at: &usize| kind(required[*at]) == Some(TokenKind::Word) && !is_detail(required[*at], language);
    let noun = match language {
        Language::English | Language::German => heads.iter().copied().find(is_noun),
        // The head of a phrase comes first in Romance languages. Without rules the last word is the best guess.
        Language::French | Language::Spanish | Language::None => {
            let phrase =
                typed.iter().position(|word| is_complement(language, text(&word.group))).unwrap_or(typed.len());
            let mut places = (0..phrase).filter_map(place).filter(is_noun);
            if language == Language::None { places.next_back() } else { places.next() }
        }
    };
    let of_kind = |wanted| required.iter().position(|word| kind(word) == Some(wanted));
    let asked = noun.or_else(|| of_kind(TokenKind::Mixed)).or_else(|| of_kind(TokenKind::Word));
    let mut details: Vec<usize> = (0..required.len()).filter(|&at| is_detail(required[at], language)).collect();
    if details.len() == required.len() {
        // `red`, `32 inch`: nothing else is asked for.
        details.clear();
    }
    Roles { heads, asked, details }
}

fn kind(word: &ParsedWord) -> Option<TokenKind> {
    match &word.group {
        Group::Single(token) => Some(token.kind),
        Group::Measure { .. } => None,
    }
}

fn is_detail(word: &ParsedWord, language: Language) -> bool {
    match kind(word) {
        None | Some(TokenKind::Number) => true,
        // A model number is what tells a product from all others.
        Some(TokenKind::Mixed) => false,
        Some(TokenKind::Word) => {
            let word = text(&word.group);
            VARIANTS.contains(&word) || is_colour(language, word)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse::parse;

    #[track_caller]
    fn check(language: Language, query: &str, asked: &str, details: &[&str]) {
        let words = parse(query, language).words;
        let required: Vec<&ParsedWord> =
            words.iter().filter(|word| !is_complement(language, text(&word.group))).collect();
        let roles = roles(&words, &required, language);
        assert_eq!(roles.asked.map(|at| text(&required[at].group)), Some(asked), "asked by {query}");
        let told: Vec<&str> = roles.details.iter().map(|&at| text(&required[at].group)).collect();
        assert_eq!(told, details, "details of {query}");
    }

    #[test]
    fn position_and_form_say_what_is_asked_for() {
        check(Language::English, "usb battery", "battery", &[]);
        check(Language::English, "ps4 pro", "ps4", &["pro"]);
        check(Language::English, "iphone 15 pro max", "iphone", &["15", "pro", "max"]);
        check(Language::English, "laptop 17 inch 16gb black", "laptop", &["17in", "16gb", "black"]);
        check(Language::English, "charger for hp laptop", "charger", &[]);
        check(Language::English, "galaxy s9 case", "case", &[]);
        check(Language::German, "hulle fur handy", "hulle", &[]);
        check(Language::French, "souris sans fil noire", "souris", &["noire"]);
        check(Language::Spanish, "funda roja para movil", "funda", &["roja"]);
    }

    #[test]
    fn what_is_all_details_has_none() {
        check(Language::English, "red", "red", &[]);
        check(Language::English, "black 32 inch pro", "black", &[]);
    }
}
