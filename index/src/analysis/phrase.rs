//! Words that shape noun phrases, by language: those that begin a complement, and colours.
//!
//! Owns the tables alone. What follows from them for a title says `head`, for a query `query::asked`.

use crate::settings::Language;

/// Words behind which a text speaks of other products: what this one is for, or comes with.
const ENGLISH_COMPLEMENTS: &[&str] = &["for", "with", "without"];
const GERMAN_COMPLEMENTS: &[&str] = &["fur", "mit", "ohne"];
const FRENCH_COMPLEMENTS: &[&str] = &["pour", "avec", "sans"];
const SPANISH_COMPLEMENTS: &[&str] = &["para", "con", "sin"];

/// Adjectives that shops put behind the noun, and shoppers anywhere.
const ENGLISH_COLOURS: &[&str] = &[
    "black", "white", "gray", "grey", "silver", "gold", "red", "blue", "green", "yellow", "orange", "pink", "purple",
    "brown", "beige", "cyan", "magenta",
];
const GERMAN_COLOURS: &[&str] = &[
    "schwarz", "weiss", "grau", "silber", "gold", "rot", "blau", "grun", "gelb", "orange", "rosa", "lila", "braun",
    "beige",
];
const FRENCH_COLOURS: &[&str] = &[
    "argent", "beige", "blanc", "blanche", "bleu", "bleue", "gris", "grise", "jaune", "marron", "noir", "noire", "or",
    "orange", "rose", "rouge", "vert", "verte", "violet",
];
const SPANISH_COLOURS: &[&str] = &[
    "amarillo", "azul", "beige", "blanca", "blanco", "dorado", "gris", "marron", "morado", "naranja", "negra", "negro",
    "plata", "roja", "rojo", "rosa", "verde",
];

/// Whether a complement begins with the word.
pub(crate) fn is_complement(language: Language, word: &str) -> bool {
    let words = match language {
        Language::None => &[],
        Language::English => ENGLISH_COMPLEMENTS,
        Language::German => GERMAN_COMPLEMENTS,
        Language::French => FRENCH_COMPLEMENTS,
        Language::Spanish => SPANISH_COMPLEMENTS,
    };
    words.contains(&word)
}

/// Whether the word is a colour.
pub(crate) fn is_colour(language: Language, word: &str) -> bool {
    let words = match language {
        Language::None => &[],
        Language::English => ENGLISH_COLOURS,
        Language::German => GERMAN_COLOURS,
        Language::French => FRENCH_COLOURS,
        Language::Spanish => SPANISH_COLOURS,
    };
    words.contains(&word)
}
