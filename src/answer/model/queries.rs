//! Random queries with everything that a plan can hold, as raw query strings.

use super::shop::{BRANDS, CATEGORIES, COLORS, Random, WORDS};

/// Words that are found only through joined neighbours, synonyms or stems.
const TELLING: &[&str] = &["lap top", "note book", "shoe", "photo", "running", "gardening", "laptop", "water proof"];

/// What a shop writes in some words and a shopper in others: compounds together and apart, prices, details.
pub(super) const WORDY: &[&str] = &[
    "laptopcharger",
    "laptop charger",
    "notebookshoe",
    "notebook shoe",
    "lampenbook",
    "book lamp",
    "usb17",
    "usb 17",
    "gardenlamp red",
    "lamp under 20",
    "red lamp under 15 euro",
    "shoe over 10",
    "laptop between 5 and 25",
    "10-30 € notebook",
    "lamp unter 20",
    "under 15",
    "lamp pro",
    "laptop 8gb red",
    "ps4 pro",
    "usb charger",
    "photo foto books",
    "wireless zzz yyy lamp",
    "carry lamp",
    "gb 8",
    "8 kg",
    "lamp 8kg",
    "lamp zel-008z-2",
    "zel 008z 2",
    "zel008z24",
    "2-008z lamp",
];

/// A raw query string about [`WORDY`] things.
pub(super) fn wordy_query(random: &mut Random) -> String {
    let mut parts = vec![("q", (*random.of(WORDY)).to_owned()), ("per_page", "100".to_owned())];
    if random.percent(25) {
        parts.push(("filter", filter(random)));
    }
    if random.percent(30) {
        parts.push(("facets", (*random.of(&["price", "brand,price", "color"])).into()));
    }
    if random.percent(25) {
        parts.push(("sort", (*random.of(&["price:asc", "title:asc"])).into()));
    }
    for flag in ["typos", "prefix"] {
        if random.percent(35) {
            parts.push((flag, "false".into()));
        }
    }
    let mut raw = form_urlencoded::Serializer::new(String::new());
    raw.extend_pairs(parts);
    raw.finish()
}

/// A raw query string. Ordered by relevance it asks for every match on one page, because statistics may order them
/// anew; under an explicit order pages are small.
pub(super) fn query(random: &mut Random) -> String {
    let mut parts = Vec::new();
    let words = if random.percent(12) { String::new() } else { words(random) };
    let by_relevance = !words.is_empty() && random.percent(55);
    if !words.is_empty() {
        parts.push(("q", words));
    }
    if random.percent(45) {
        parts.push(("filter", filter(random)));
    }
    if random.percent(40) {
        let facets: Vec<_> = ["brand", "categories", "price", "color", "in_stock", "ram", "group"]
            .into_iter()
            .filter(|_| random.percent(30))
            .collect();
        if !facets.is_empty() {
            parts.push(("facets", facets.join(",")));
        }
    }
    if by_relevance {
        parts.push(("per_page", "100".into()));
    } else {
        let sorts = [
            "price:asc",
            "price:desc",
            "popularity:desc",
            "released:asc,price:desc",
            "title:asc",
            "in_stock:desc,brand:asc",
            "brand:desc",
        ];
        parts.push(("sort", (*random.of(&sorts)).into()));
        parts.push(("per_page", (*random.of(&["1", "3", "5"])).into()));
        if random.percent(30) {
            parts.push(("page", "2".into()));
        }
        if random.percent(20) {
            parts.push(("group", (*random.of(&["group", "brand"])).into()));
        }
    }
    if random.percent(20) {
        parts.push(("highlight", "title".into()));
    }
    if random.percent(20) {
        parts.push(("fields", "title,price".into()));
    }
    for flag in ["typos", "prefix"] {
        if random.percent(35) {
            parts.push((flag, "false".into()));
        }
    }
    let mut raw = form_urlencoded::Serializer::new(String::new());
    raw.extend_pairs(parts);
    raw.finish()
}

fn words(random: &mut Random) -> String {
    let mut words = Vec::new();
    if random.percent(20) {
        return (*random.of(TELLING)).to_owned();
    }
    for _ in 0..=random.below(3) {
        let word = *random.of(WORDS);
        words.push(match random.below(10) {
            0..=3 => word.to_owned(),
            4..=5 => mistyped(random, word),
            6..=7 => beginning(random, word),
            8 => format!("\"{word}\""),
            _ if !words.is_empty() => format!("-{word}"),
            _ => word.replace('-', ""),
        });
    }
    words.join(" ")
}

/// One edit.
fn mistyped(random: &mut Random, word: &str) -> String {
    let mut chars: Vec<char> = word.chars().collect();
    if chars.len() < 3 {
        return word.to_owned();
    }
    let at = 1 + random.below(chars.len() - 1);
    match random.below(4) {
        0 => drop(chars.remove(at)),
        1 => chars.insert(at, 'e'),
        2 => chars[at] = 'o',
        _ => chars.swap(at - 1, at),
    }
    chars.into_iter().collect()
}

fn beginning(random: &mut Random, word: &str) -> String {
    let chars = word.chars().count();
    word.chars().take(1 + random.below(chars)).collect()
}

fn filter(random: &mut Random) -> String {
    let condition = |random: &mut Random| match random.below(11) {
        0 | 1 => format!("brand:{:?}", random.of(BRANDS)),
        2 => format!("categories:{:?}", random.of(CATEGORIES)),
        3 => format!("color:{:?}", random.of(COLORS)),
        4 => (*random.of(&["ram:8", "ram:8.0", "ram:16", "ram:\"8 GB\"", "ram >= 10"])).into(),
        5 => format!("price < {}", 5 * random.below(8)),
        6 => (*random.of(&["in_stock:true", "in_stock:false", "stock >= 1"])).into(),
        7 => format!("popularity >= {}", random.below(5)),
        8 => (*random.of(&["wifi:true", "group:g1", "id:p3"])).into(),
        9 => format!("NOT brand:{:?}", random.of(BRANDS)),
        _ => format!("price:{} TO 30", 5 * random.below(6)),
    };
    let mut text = condition(random);
    for _ in 0..random.below(3) {
        let operator = if random.percent(70) { "AND" } else { "OR" };
        text = format!("{text} {operator} {}", condition(random));
    }
    text
}
