//! Heads where they come first, in French and Spanish: `housse pour ordinateur` is a *housse*, `ratón inalámbrico` a
//! *ratón*, and what follows describes them.
//!
//! The first noun of a phrase is its head. Phrases end at numbers, measures, model numbers and punctuation, as in the
//! other languages; a preposition ends none, because what is behind it belongs to the noun before (`sac à dos`). Shops
//! write the brand before the product or behind it, so it is passed over. Names of lines are not known to be names: `HP
//! Pavilion ordinateur` is called a Pavilion.

use super::{BREAKS, Brackets, COUNTS, is_noun, is_part, range};
use crate::analysis::phrase::is_complement;
use crate::analysis::tokenize::{TokenKind, tokenize};
use crate::analysis::{Group, groups};
use crate::settings::Language;

/// What is counted in pieces, beside [`COUNTS`].
const ROMANCE_COUNTS: &[&str] = &["pieza", "piezas", "unidad", "unidades", "unite", "unites"];

/// Calls `each` with the first noun of each phrase of a title.
pub(super) fn for_each_head(title: &str, brand: Option<&str>, language: Language, mut each: impl FnMut(&str)) {
    let brand: Vec<String> =
        brand.into_iter().flat_map(|brand| tokenize(brand, language)).map(|token| token.text).collect();
    let groups = groups(tokenize(title, language));
    let mut brackets = Brackets::default();
    let mut before: Option<&Group> = None;
    // Whether the phrase has no head yet.
    let mut begins = true;
    for group in &groups {
        let is_aside = brackets.enclose(title, group);
        let read = before.map_or(0, |before| range(before).1);
        begins |= title.get(read..range(group).0).unwrap_or_default().contains(BREAKS);
        match group {
            Group::Single(token) if token.kind == TokenKind::Word => {
                if !is_aside && is_complement(language, &token.text) {
                    return;
                }
                let counted = is_part(before, token) || is_count(before, &token.text);
                if begins && !is_aside && !counted && is_noun(token, language) && !brand.contains(&token.text) {
                    each(&token.text);
                    begins = false;
                }
            }
            Group::Single(_) | Group::Measure { .. } => begins = true,
        }
        before = Some(group);
    }
}

fn is_count(before: Option<&Group>, word: &str) -> bool {
    let counts = COUNTS.contains(&word) || ROMANCE_COUNTS.contains(&word);
    counts && matches!(before, Some(Group::Single(number)) if number.kind == TokenKind::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn heads(title: &str, brand: &str, language: Language) -> Vec<String> {
        let mut found = Vec::new();
        for_each_head(title, Some(brand), language, |head| found.push(head.to_owned()));
        found
    }

    #[track_caller]
    fn check(language: Language, title: &str, expected: &[&str]) {
        assert_eq!(heads(title, "Zorg", language), expected, "{title}");
    }

    #[test]
    fn the_first_noun_is_the_head_in_french() {
        let check = |title, expected| check(Language::French, title, expected);
        check("Housse pour ordinateur portable", &["housse"]);
        check("Housse d'ordinateur portable 15,6\" noire", &["housse"]);
        check("Zorg sac à dos noir pour ordinateur portable", &["sac"]);
        check("Le sac à dos", &["sac"]);
        check("Souris optique sans fil Zorg", &["souris"]);
        check("Zorg X200 ordinateur portable 43 cm, argent", &["ordinateur"]);
        check("Cartouche d’encre noire 336, imprimante laser", &["cartouche", "imprimante"]);
        check("Tablette 16 Go (reconditionnée)", &["tablette"]);
        check("Câble 2 unités", &["cable"]);
    }

    #[test]
    fn the_first_noun_is_the_head_in_spanish() {
        let check = |title, expected| check(Language::Spanish, title, expected);
        check("Funda para portátil", &["funda"]);
        check("Zorg ratón inalámbrico negro", &["raton"]);
        check("Cartucho de tinta para impresora láser", &["cartucho"]);
        check("Portátil Zorg con ratón", &["portatil"]);
        check("Negro teclado español, 2 piezas", &["teclado"]);
    }

    proptest! {
        #[test]
        fn heads_are_words_of_the_title(title in ".{0,60}|([a-zéñ]{1,8}[ ,(]{1,2}|[0-9]{1,3} |pour |de ){0,8}", brand in ".{0,8}") {
            for language in [Language::French, Language::Spanish] {
                let words: Vec<String> = tokenize(&title, language).into_iter().map(|token| token.text).collect();
                for head in heads(&title, &brand, language) {
                    prop_assert!(words.contains(&head), "{head} of {title}");
                }
            }
        }
    }
}
