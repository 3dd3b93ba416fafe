//! Model numbers: what is one, which the catalog has, and whether an answer took one for another.
//!
//! Invariant: numbers are compared by their letters and digits alone, however they are spaced, hyphenated or cased.

use std::collections::BTreeSet;

use super::super::Found;

/// Fewest letters and digits of a model number: shorter ones are sizes and counts, which many products share.
const LENGTH_MIN: usize = 4;

/// The model numbers of products that were seen, in the order of their text.
#[derive(Debug, Default)]
pub(super) struct Models {
    written: BTreeSet<String>,
    bare: BTreeSet<String>,
}

impl Models {
    /// Adds what the products are named by.
    pub(super) fn add(&mut self, found: &[Found]) {
        for number in found.iter().flat_map(models_of) {
            self.bare.insert(bare(number));
            self.written.insert(number.to_owned());
        }
    }

    /// Whether a number is one of them, or the beginning of one: an unfinished word finds it rightly.
    pub(super) fn has(&self, number: &str) -> bool {
        let number = bare(number);
        self.bare.range(number.clone()..).next().is_some_and(|next| next.starts_with(&number))
    }

    /// At most so many of them, spread evenly over all.
    pub(super) fn numbers(&self, most: usize) -> impl Iterator<Item = &str> {
        let step = self.written.len().div_ceil(most).max(1);
        self.written.iter().step_by(step).map(String::as_str)
    }
}

/// Whether products that have the number `model`, but nothing with `typed`, answer `typed`.
pub(super) fn answered_as(model: &str, typed: &str, found: &[Found]) -> bool {
    let (model, typed) = (bare(model), bare(typed));
    found.iter().any(|product| {
        let has = |number: &str| texts(product).any(|text| bare(text).contains(number));
        has(&model) && !has(&typed)
    })
}

/// The words that have a digit, in order, without case.
pub(super) fn words_with_digits(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| word.chars().any(|c| c.is_ascii_digit())).map(str::to_lowercase).collect()
}

/// The model numbers of a product: those that it is given by, or, where it is given none, the words of its title that
/// are written like one, in capitals. `2-in-1` and `120-minute` are none.
fn models_of(product: &Found) -> Vec<&str> {
    let given = product.numbers.iter().map(String::as_str).filter(|number| !number.contains(char::is_whitespace));
    if !product.numbers.is_empty() {
        return given.filter(|number| is_model(number)).collect();
    }
    let words = product.title.iter().flat_map(|title| title.split_whitespace());
    let words = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let written = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    words.filter(|word| is_model(word) && word.chars().all(written)).collect()
}

/// Letters and digits, both, and long enough.
fn is_model(number: &str) -> bool {
    let has = |of: fn(char) -> bool| number.chars().any(of);
    bare(number).chars().count() >= LENGTH_MIN && has(|c| c.is_ascii_digit()) && has(char::is_alphabetic)
}

fn bare(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a product is named by.
fn texts(product: &Found) -> impl Iterator<Item = &str> {
    product.title.iter().chain(&product.numbers).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(title: &str, number: &str) -> Found {
        Found { title: Some(title.to_owned()), numbers: vec![number.to_owned()], ..Found::default() }
    }

    #[test]
    fn models_have_letters_and_digits() {
        let mut models = Models::default();
        let nameless = |title: &str| Found { title: Some(title.to_owned()), ..Found::default() };
        let titles = ["HP LaserJet (CF283A) 17\" A4 2060", "2-in-1 Laptop, 120-minute battery, USB-to-RS232"];
        models.add(&titles.map(nameless));
        models.add(&[product("Of those with a number the title (CF284A) tells none", "dv7-1211ea")]);
        models.add(&[product("Nor do two words", "CE 285A")]);
        assert_eq!(models.numbers(10).collect::<Vec<_>>(), ["CF283A", "dv7-1211ea"]);
        assert!(models.has("cf-283a") && models.has("DV71211") && !models.has("CF284A"));
        assert_eq!(models.numbers(1).count(), 1);
        assert_eq!(Models::default().numbers(10).count(), 0);
    }

    #[test]
    fn a_number_is_taken_for_another_by_products_that_have_only_the_other() {
        let found = [product("HP 83A black toner CF283A", "CF283A")];
        assert!(answered_as("CF283A", "CF284A", &found));
        let both = [product("HP toner CF283A, replaces CF284A", "CF283A")];
        assert!(!answered_as("CF283A", "CF284A", &both));
        assert!(!answered_as("CF283A", "CF284A", &[product("HP toner", "CF284A")]));
    }

    #[test]
    fn words_with_digits_are_compared_without_case_and_marks() {
        assert_eq!(words_with_digits("iPhone 6S, 16\" case"), ["6s", "16"]);
        assert!(words_with_digits("laser printer").is_empty());
    }
}
