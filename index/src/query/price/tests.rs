//! What is read as a price, and what is not.

use super::read;
use crate::analysis::{Group, TokenKind};
use crate::query::lexicon::text;
use crate::query::parse::parse;
use crate::settings::Language;

/// The condition and the words that stay.
#[track_caller]
fn check(language: Language, query: &str, filter: &str, rest: &str) {
    let reading = read(&parse(query, language), language).unwrap_or_else(|| panic!("no price in {query}"));
    assert_eq!(reading.told.filter, filter, "{query}");
    let words: Vec<&str> = reading.rest.words.iter().map(|word| text(&word.group)).collect();
    assert_eq!(words.join(" "), rest, "{query}");
}

#[track_caller]
fn check_none(language: Language, query: &str) {
    let reading = read(&parse(query, language), language);
    assert_eq!(reading.map(|reading| reading.told.filter), None, "{query}");
}

#[test]
fn what_is_left_says_nothing_of_the_price() {
    for query in ["hp under 500", "hp €500 - €800", "under 50 € hp", "unter hp 500-800 €"] {
        let reading = read(&parse(query, Language::English), Language::English).expect("a price");
        let words = &reading.rest.words;
        let typed: Vec<&str> = words.iter().map(|word| &reading.rest.text[word.place.clone()]).collect();
        assert_eq!(reading.rest.text.split_whitespace().collect::<Vec<_>>(), typed, "{query}");
    }
}

#[test]
fn english_prices_are_read() {
    let check = |query, filter, rest| check(Language::English, query, filter, rest);
    check("laptop under 500", "price < 500", "laptop");
    check("laptop under $500", "price < 500", "laptop");
    check("laptop under 500 dollars", "price < 500", "laptop");
    check("under 1,000 laptop bag", "price < 1000", "laptop bag");
    check("laptop under 1,299.50", "price < 1299.5", "laptop");
    check("laptop under $1,299.00 bag", "price < 1299", "laptop bag");
    check("yacht under 1,250,000", "price < 1250000", "yacht");
    check("yacht under 1,250,000.99", "price < 1250000.99", "yacht");
    check("tv 1,000.00-2,000.00 €", "price:1000 TO 2000", "tv");
    check("tea under 1.299", "price < 1.299", "tea");
    check("headphones over 100", "price > 100", "headphones");
    check("tv between 100 and 200", "price:100 TO 200", "tv");
    check("tv between 200 and 100 euro", "price:100 TO 200", "tv");
    check("cheaper than 50 euro", "price < 50", "");
    check("tv 500-800 €", "price:500 TO 800", "tv");
    check("tv €500 - €800", "price:500 TO 800", "tv");
    check("tv $500 to $800", "price:500 TO 800", "tv");
    check("tv from 500 to 800 eur", "price:500 TO 800", "tv");
    check("camera up to 99.90 euro", "price <= 99.9", "camera");
    check("camera price from 100", "price >= 100", "camera");
    check("tv 55\" less than 800", "price < 800", "tv 55in");
}

#[test]
fn german_french_and_spanish_prices_are_read() {
    check(Language::German, "Kopfhörer unter 50 Euro", "price < 50", "kopfhorer");
    check(Language::German, "Fernseher bis zu 1.000 €", "price <= 1000", "fernseher");
    check(Language::German, "Fernseher zwischen 300 und 1.299", "price:300 TO 1299", "fernseher");
    check(Language::German, "Fernseher unter 1.299,00 Euro", "price < 1299", "fernseher");
    check(Language::German, "Fernseher unter 1.299.000,5", "price < 1299000.5", "fernseher");
    check(Language::German, "Tee unter 4,99", "price < 4.99", "tee");
    check(Language::German, "Laptop günstiger als 500", "price < 500", "laptop");
    check(Language::German, "Laptop ab 500 Euro", "price >= 500", "laptop");
    check(Language::German, "Laptop von 500 bis 800 €", "price:500 TO 800", "laptop");
    check(Language::French, "casque moins de 50 euros", "price < 50", "casque");
    check(Language::French, "écran entre 100 et 200 €", "price:100 TO 200", "ecran");
    check(Language::French, "écran jusqu'à 200 €", "price <= 200", "ecran");
    check(Language::French, "écran de 100 à 200 euros", "price:100 TO 200", "ecran");
    check(Language::Spanish, "auriculares por menos de 50", "price < 50", "auriculares por");
    check(Language::Spanish, "móvil más barato que 200 euros", "price < 200", "movil");
    check(Language::Spanish, "móvil entre 100 y 1.200 €", "price:100 TO 1200", "movil");
    check(Language::Spanish, "móvil hasta 200 €", "price <= 200", "movil");
}

#[test]
fn what_may_be_something_else_is_left_alone() {
    for query in [
        "numbers under 1,2,3",
        "numbers under 10,100,1000",
        "laptop",
        "windows 10",
        "laptop 500",
        "laptop 500 euro",
        "under armour 500",
        "drive under 500 gb",
        "tv under 55\"",
        "over 40 years",
        "under 500 calories",
        "under 5 minutes",
        "tent up to 4",
        "from 6 to 12",
        "dv 500-800",
        "\"under 500\" laptop",
        "laptop -under 500",
        "between 100 und 200",
    ] {
        check_none(Language::English, query);
    }
    for query in ["Puzzle ab 6", "Spiel bis 12 Jahre", "unter 3 Jahren", "laptop under 500"] {
        check_none(Language::German, query);
    }
    check_none(Language::None, "laptop under 500");
}

#[test]
fn words_around_a_price_are_no_neighbours_and_none_is_unfinished() {
    let reading = read(&parse("lap under 500 top", Language::English), Language::English).expect("a price");
    assert_ne!(reading.rest.words[0].stretch, reading.rest.words[1].stretch);
    let reading = read(&parse("lapt under 500", Language::English), Language::English).expect("a price");
    assert!(!reading.rest.words[0].last);
}

#[test]
fn a_reading_tells_its_words_as_typed() {
    let reading = read(&parse("TV Under 500 Euro", Language::English), Language::English).expect("a price");
    assert_eq!(reading.told.words, "Under 500 Euro");
    let reading =
        read(&parse("\"smart tv\" LG 500-800 € black", Language::English), Language::English).expect("a price");
    assert_eq!(reading.told.words, "500-800");
    let is_number = |group: &Group| matches!(group, Group::Single(token) if token.kind == TokenKind::Number);
    assert!(!reading.rest.words.iter().any(|word| is_number(&word.group)));
}
