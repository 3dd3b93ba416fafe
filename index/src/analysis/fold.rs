//! Folding: case, accents, compatibility forms and ligatures vanish, so that `Écran`, `ECRAN` and `ecran` are equal.
//!
//! Invariant: folding is idempotent.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Appends the folded `text` to `out`.
pub fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.extend(text.chars().map(|c| c.to_ascii_lowercase()));
        return;
    }
    // Lower-casing comes after decomposition too: some compatibility forms decompose into capitals.
    for decomposed in text.chars().nfkd().filter(|&c| !is_combining_mark(c)) {
        for lower in decomposed.to_lowercase() {
            fold_letter(lower, out);
        }
    }
}

/// The folded `text`.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// Folds a value for comparison in filters and facets: like [`fold`], white space and control characters trimmed
/// and collapsed.
pub fn fold_value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_value_into(text, &mut out);
    out
}

/// Like [`fold_value`], into a buffer, of which the former content is replaced.
pub fn fold_value_into(text: &str, out: &mut String) {
    out.clear();
    fold_into(text, out);
    let blank = |c: char| c.is_whitespace() || c.is_control();
    if !out.contains("  ") && !out.starts_with(blank) && !out.ends_with(blank) && !out.contains(char::is_control) {
        return;
    }
    let folded = std::mem::take(out);
    for word in folded.split(blank).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// Letters that have no decomposition and that shoppers type without their stroke.
fn fold_letter(letter: char, out: &mut String) {
    match letter {
        'ß' => out.push_str("ss"),
        'æ' => out.push_str("ae"),
        'œ' => out.push_str("oe"),
        'þ' => out.push_str("th"),
        'ø' => out.push('o'),
        'đ' | 'ð' => out.push('d'),
        'ł' => out.push('l'),
        'ħ' => out.push('h'),
        'ı' => out.push('i'),
        // Lower-casing a whole text ends words with it, lower-casing letter by letter does not.
        'ς' => out.push('σ'),
        // What lower-casing `İ` leaves behind.
        c if is_combining_mark(c) => {}
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spelling_variants_fold_to_one_form() {
        for (text, folded) in [
            ("Écran", "ecran"),
            ("e\u{301}cran", "ecran"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("Ångström", "angstrom"),
            ("ﬁne", "fine"),
            ("Bjørn Łódź Ægir", "bjorn lodz aegir"),
            ("İstanbul", "istanbul"),
            ("Ｆｕｌｌ", "full"),
            ("m²", "m2"),
            ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
            ("\u{3f9}", "σ"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn values_lose_outer_and_double_white_space() {
        assert_eq!(fold_value("  Air\t Max\0 "), "air max");
        assert_eq!(fold_value("Air Max"), "air max");
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC*") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
