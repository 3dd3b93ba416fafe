//! The head nouns of a text: what a product *is*, as its title says it. A bag *for* laptops is a bag.
//!
//! Shops write titles as chains of noun phrases without verbs: `Targus laptop bag 15.6" black`. In English and German
//! the last word of a phrase is its head, so a word is a head where its phrase ends: before a number, a measure, a model
//! number, a colour, a stop word, punctuation or the end of the title. A word that begins a complement (`for`, `with`)
//! ends all that the title says of the product itself. In French and Spanish the head comes first ([`first`]).
//!
//! Owns the rules by language and their few words. It refuses to guess: in a language without rules no word is a head.
//! Invariant: a pure function of text and language, like all of analysis.

mod first;

use super::phrase::{is_colour, is_complement};
use super::tokenize::{Token, TokenKind, tokenize};
use super::{Group, groups, stop_words};
use crate::settings::Language;

/// What is counted in pieces is something else.
const COUNTS: &[&str] = &["pc", "pcs", "piece", "pieces", "pack", "stuck", "stk"];

/// Words of so few letters say a size, a norm or a country (`AA`, `XL`, `UK`), not a product.
const DESIGNATION_CHARS_MAX: usize = 2;
/// But these do.
const SHORT_NOUNS: &[&str] = &["pc", "tv", "cd"];

/// Words that put a phrase beside another: `keyboard and mouse set` is a set, neither keyboard nor mouse.
const CONJUNCTIONS: &[&str] = &["and", "or", "und", "oder"];

/// Punctuation that ends a phrase.
const BREAKS: [char; 10] = [',', ';', ':', '(', ')', '[', '|', '-', '–', '—'];

/// Put before the hash of a name, so that it never meets a word.
const NAME_MARK: char = '=';

/// Where a phrase has its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Last,
}

/// Where phrases of the language have their heads, if it has rules for them.
fn place(language: Language) -> Option<Place> {
    match language {
        Language::English | Language::German => Some(Place::Last),
        Language::French | Language::Spanish => Some(Place::First),
        Language::None => None,
    }
}

/// Calls `each` with the head nouns of a title, folded, in their order. `brand` is whose product it is: where nouns come
/// first, a brand before them is none.
pub(crate) fn for_each_head(title: &str, brand: Option<&str>, language: Language, each: impl FnMut(&str)) {
    match place(language) {
        Some(Place::First) => first::for_each_head(title, brand, language, each),
        Some(Place::Last) => for_each_last(title, language, each),
        None => {}
    }
}

fn for_each_last(title: &str, language: Language, mut each: impl FnMut(&str)) {
    let groups = groups(tokenize(title, language));
    let mut before: Option<&Group> = None;
    let mut brackets = Brackets::default();
    for (at, group) in groups.iter().enumerate() {
        let is_aside = brackets.enclose(title, group);
        if let Group::Single(token) = group
            && token.kind == TokenKind::Word
            && !is_aside
        {
            if is_complement(language, &token.text) {
                return;
            }
            if is_noun(token, language)
                && !is_part(before, token)
                && ends_phrase(token, &groups[at + 1..], title, language)
            {
                each(&token.text);
            }
        }
        before = Some(group);
    }
}

/// Whether what stands before makes the word a part or a count: `16 GB memory`, `1 pc(s)`.
fn is_part(before: Option<&Group>, token: &Token) -> bool {
    match before {
        Some(Group::Measure { unit, .. }) => matches!(*unit, "gb" | "tb" | "mb"),
        Some(Group::Single(before)) => before.kind == TokenKind::Number && COUNTS.contains(&token.text.as_str()),
        None => false,
    }
}

/// How deep in brackets a reader of a title is. What stands there is an aside: `phone (unlocked)`.
#[derive(Default)]
struct Brackets {
    depth: usize,
    read: usize,
}

impl Brackets {
    /// Reads on to the group, and tells whether it stands in brackets.
    fn enclose(&mut self, title: &str, group: &Group) -> bool {
        let (start, end) = range(group);
        for bracket in title.get(self.read..start).unwrap_or_default().chars() {
            match bracket {
                '(' | '[' => self.depth += 1,
                ')' | ']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.read = end;
        self.depth > 0
    }
}

fn range(group: &Group) -> (usize, usize) {
    match group {
        Group::Single(token) => (token.start, token.end),
        Group::Measure { start, end, .. } => (*start, *end),
    }
}

/// Whether the phrase of `token` ends with it, and does not go on in `rest`.
fn ends_phrase(token: &Token, rest: &[Group], title: &str, language: Language) -> bool {
    let Some(next) = rest.first() else { return true };
    let between = title.get(token.end..range(next).0).unwrap_or_default();
    // `keyboard/mouse tray`, `mouse + keyboard`: words side by side, whose head comes later.
    if between.contains(['/', '+', '&']) {
        return false;
    }
    match next {
        Group::Single(next) if next.glued => false,
        _ if between.contains(BREAKS) => true,
        Group::Single(next) if next.kind == TokenKind::Word => {
            let is_colour = is_colour(language, &next.text);
            if is_colour { !noun_follows(rest, title, language) } else { ends_before(next, language) }
        }
        // `desktop 7 port hub`: a count belongs to the noun behind it, and the phrase goes on.
        Group::Single(next) if next.kind == TokenKind::Number => match rest.get(1) {
            Some(Group::Single(counted)) => counted.kind != TokenKind::Word || !is_noun(counted, language),
            _ => true,
        },
        _ => true,
    }
}

/// Whether a phrase ends before this word.
fn ends_before(word: &Token, language: Language) -> bool {
    !CONJUNCTIONS.contains(&word.text.as_str())
        && (is_complement(language, &word.text) || stop_words::is_stop_word(language, &word.text))
}

/// Whether the colours that begin `rest` belong to a noun behind them: `camera black case` is a case.
fn noun_follows(rest: &[Group], title: &str, language: Language) -> bool {
    let mut read = None;
    for group in rest {
        let Group::Single(token) = group else { return false };
        let between = read.and_then(|read| title.get(read..token.start)).unwrap_or_default();
        if token.kind != TokenKind::Word || between.contains(BREAKS) {
            return false;
        }
        if !is_colour(language, &token.text) {
            return !ends_before(token, language) && !CONJUNCTIONS.contains(&token.text.as_str());
        }
        read = Some(token.end);
    }
    false
}

/// Whether the word may name a product.
fn is_noun(token: &Token, language: Language) -> bool {
    let word = token.text.as_str();
    let is_long = word.chars().count() > DESIGNATION_CHARS_MAX || SHORT_NOUNS.contains(&word);
    is_long && !is_colour(language, word) && !is_complement(language, word) && !stop_words::is_stop_word(language, word)
}

/// Which of a query's words may be its head, likeliest first: the words of its first phrase, from the side on which the
/// language has heads. Shoppers write no punctuation and mix in numbers, so any word may end the phrase: `laptop 16gb`,
/// `hp laptop black`.
pub(crate) fn query_heads<'a>(words: impl Iterator<Item = &'a Group>, language: Language) -> Vec<usize> {
    let mut heads = Vec::new();
    let Some(place) = place(language) else { return heads };
    for (at, group) in words.enumerate() {
        let Group::Single(token) = group else { continue };
        if token.kind != TokenKind::Word {
            continue;
        }
        if is_complement(language, &token.text) {
            break;
        }
        if is_noun(token, language) {
            heads.push(at);
        }
    }
    if place == Place::Last {
        heads.reverse();
    }
    heads
}

/// The term under which a product is found by the whole of one of its names: title, SKU, identifier. Neither spaces nor
/// hyphens count: `dv7-1211ea` is called `DV7 1211 EA`, too. `None` for a text without words.
pub(crate) fn name_term(text: &str) -> Option<String> {
    let mut name = String::new();
    // What a language elides is joined here anyway.
    for token in tokenize(text, Language::None) {
        name.push_str(&token.text);
    }
    (!name.is_empty()).then(|| format!("{NAME_MARK}{:016x}", xxhash_rust::xxh3::xxh3_64(name.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(title: &str, expected: &[&str]) {
        let mut found = Vec::new();
        for_each_head(title, None, Language::English, |head| found.push(head.to_owned()));
        assert_eq!(found, expected, "{title}");
    }

    #[test]
    fn the_last_word_of_a_phrase_is_its_head() {
        check("Targus laptop bag 15.6\" black", &["bag"]);
        check("HP Pavilion dv7-1211ea Notebook Silver 43.2 cm (17\")", &["pavilion", "notebook"]);
        check("Canon Lens Case 400B Gray", &["case"]);
        check("Targus desktop 7 port hub", &["hub"]);
        check("Newstar projector ceiling mount", &["mount"]);
        check("HP Photosmart camera black sport case", &["case"]);
        check("Zorg headphones black, white", &["headphones"]);
    }

    #[test]
    fn what_a_product_is_for_or_comes_with_is_not_what_it_is() {
        check("Ink cartridge for laser printer", &["cartridge"]);
        check("StarView USB KVM Switch With Audio", &["switch"]);
    }

    #[test]
    fn what_stands_in_brackets_is_an_aside() {
        check("Zorg cell phone (unlocked) - black", &["phone"]);
        check("Zorg fan [spare part", &["fan"]);
    }

    #[test]
    fn counts_and_designations_are_no_products() {
        check("HP 336 original black 1 pc(s)", &["original"]);
        check("Zorg extension USB 2.0 AA 3 m", &["usb"]);
        check("HP rp5700 desktop PC", &["pc"]);
    }

    #[test]
    fn words_side_by_side_share_the_head_behind_them() {
        check("keyboard and mouse set", &["set"]);
        check("keyboard/mouse tray", &["tray"]);
    }

    #[test]
    fn a_size_does_not_make_a_part_the_product() {
        check("Tablet 16 GB memory, white", &["tablet"]);
        check("Wi-Fi docking-station", &["station"]);
    }

    #[test]
    fn without_rules_no_word_is_a_head() {
        for_each_head("laptop", None, Language::None, |head| panic!("{head}"));
    }

    #[test]
    fn a_name_is_the_same_however_it_is_spaced() {
        assert_eq!(name_term("HP dv7-1211ea"), name_term("hp DV7 1211EA"));
        assert_ne!(name_term("HP dv7"), name_term("HP dv6"));
        assert_eq!(name_term(" - "), None);
    }

    fn check_query(query: &str, expected: &[usize]) {
        assert_eq!(
            query_heads(groups(tokenize(query, Language::English)).iter(), Language::English),
            expected,
            "{query}"
        );
    }

    #[test]
    fn a_query_names_its_head_last_before_a_complement() {
        check_query("zorg laptop bag", &[2, 1, 0]);
        check_query("hp laptop", &[1]);
        check_query("bag for laptop", &[0]);
        check_query("laptop 15.6 inch black", &[0]);
        check_query("123", &[]);
    }
}
