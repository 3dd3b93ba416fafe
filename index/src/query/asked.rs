//! What the words of a query are to it, by position and form alone: which one says what is asked for, and which are
//! details.
//!
//! Owns the few words by language that are never what is asked for. It never looks at the catalog: what may be missing
//! from a product when too little is found decides what an answer holds, and that must not drift with the products.

use crate::analysis::{Group, TokenKind};
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
const ENGLISH_COLOURS: &[&str] = &[
    "beige", "black", "blue", "brown", "gold", "gray", "green", "grey", "orange", "pink", "purple", "red", "silver",
    "white", "yellow",
];
const GERMAN_COLOURS: &[&str] = &[
    "beige", "blau", "braun", "gelb", "gold", "grau", "grun", "lila", "orange", "rosa", "rot", "schwarz", "silber",
    "weiss",
];
const FRENCH_COLOURS: &[&str] = &[
    "argent", "beige", "blanc", "blanche", "bleu", "bleue", "gris", "grise", "jaune", "marron", "noir", "noire", "or",
    "orange", "rose", "rouge", "vert", "verte", "violet",
];
const SPANISH_COLOURS: &[&str] = &[
    "amarillo", "azul", "beige", "blanca", "blanco", "dorado", "gris", "marron", "morado", "naranja", "negra", "negro",
    "plata", "roja", "rojo", "rosa", "verde",
];
/// What follows these a product is for, or comes with: `charger for laptop` is a charger.
const ENGLISH_COMPLEMENTS: &[&str] = &["for", "with", "without"];
const GERMAN_COMPLEMENTS: &[&str] = &["fur", "mit", "ohne"];
const FRENCH_COMPLEMENTS: &[&str] = &["pour", "avec", "sans"];
const SPANISH_COMPLEMENTS: &[&str] = &["para", "con", "sin"];

/// What is known of the words that a product must have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Roles {
    /// The word, by place, that says what is asked for.
    pub(crate) asked: Option<usize>,
    /// Words, by place, that tell one such product from another: measures, numbers, colours, variants.
    pub(crate) details: Vec<usize>,
}

/// The roles of the `required` words among all that were typed.
pub(crate) fn roles(typed: &[ParsedWord], required: &[&ParsedWord], language: Language) -> Roles {
    let complements = complements(language);
    let phrase = typed.iter().take_while(|word| !complements.contains(&text(&word.group)));
    let in_phrase: Vec<&ParsedWord> = phrase.collect();
    let is_detail = |word: &ParsedWord| is_detail(word, language);
    let nouns = required.iter().enumerate().filter(|(_, word)| {
        kind(word) == Some(TokenKind::Word) && !is_detail(word) && in_phrase.iter().any(|it| std::ptr::eq(*it, **word))
    });
    let mut places = nouns.map(|(at, _)| at);
    // The head of a phrase comes first in Romance languages, last in Germanic ones.
    let noun = match language {
        Language::French | Language::Spanish => places.next(),
        Language::None | Language::English | Language::German => places.next_back(),
    };
    let of_kind = |wanted| required.iter().position(|word| kind(word) == Some(wanted));
    let asked = noun.or_else(|| of_kind(TokenKind::Mixed)).or_else(|| of_kind(TokenKind::Word));
    let mut details: Vec<usize> = (0..required.len()).filter(|&at| is_detail(required[at])).collect();
    if details.len() == required.len() {
        // `red`, `32 inch`: nothing else is asked for.
        details.clear();
    }
    Roles { asked, details }
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
            VARIANTS.contains(&word) || colours(language).contains(&word)
        }
    }
}

fn colours(language: Language) -> &'static [&'static str] {
    match language {
        Language::None => &[],
        Language::English => ENGLISH_COLOURS,
        Language::German => GERMAN_COLOURS,
        Language::French => FRENCH_COLOURS,
        Language::Spanish => SPANISH_COLOURS,
    }
}

fn complements(language: Language) -> &'static [&'static str] {
    match language {
        Language::None => &[],
        Language::English => ENGLISH_COMPLEMENTS,
        Language::German => GERMAN_COMPLEMENTS,
        Language::French => FRENCH_COMPLEMENTS,
        Language::Spanish => SPANISH_COMPLEMENTS,
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
            words.iter().filter(|word| !complements(language).contains(&text(&word.group))).collect();
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
