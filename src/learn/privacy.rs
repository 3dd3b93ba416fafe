//! What is personal in what shoppers type, told by its shape.
//!
//! Shoppers paste into the search box what they have in the clipboard: addresses, telephone numbers, cards, accounts. A
//! query of such a shape is never kept: not in the journal, not in counts, not in analytics. Names cannot be told by
//! shape; they are kept from others by the number of sessions that a suggestion needs.
//!
//! Owns the shapes. Numbers of seven digits and more are many things; those that the catalog has (a model, an EAN)
//! are products, and only the caller knows which. Invariant: total, and linear in the query but for the lengths of an
//! account number, of which there is one a country.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;

/// Shortest run of digits that may be a telephone number. Model numbers, years and prices are mostly shorter.
const DIGITS_MIN: usize = 7;
/// Digits of a payment card. Cards of 13 digits are gone; EANs have as many.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 14..=19;
/// Fewest digits of an account number beside its letters: words that begin with two letters and two digits are models.
const IBAN_DIGITS_MIN: usize = 8;
/// Length of an account number by country, for those that write it in shops: Europe and its neighbours.
const IBAN_LENGTHS: [(&str, usize); 39] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("CH", 21),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("EE", 20),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("GR", 27),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IS", 26),
    ("IT", 27),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MC", 27),
    ("MT", 31),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("RO", 24),
    ("RS", 22),
    ("SE", 24),
    ("SI", 19),
    ("TR", 26),
];

/// Where the digits of other scripts begin that people type numbers in: Arabic, Persian, N'Ko, the scripts of India in
/// their order (Devanagari to Malayalam), Sinhala, Thai, Lao, Tibetan, Burmese, Khmer, Mongolian.
const ZEROS: [u32; 19] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x17e0, 0x1810,
];

/// What a query looks like that must not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An e-mail address.
    Email,
    /// A bank account.
    Account,
    /// A payment card.
    Card,
    /// A telephone number, or another long number that no product has.
    Number,
}

/// The first personal shape in a query. `is_known` is asked whether the catalog has a long number, with the words around
/// it.
pub fn shape(query: &str, is_known: &dyn Fn(&str) -> bool) -> Option<Shape> {
    let text: String = query.nfkc().map(ascii_digit).collect();
    if has_email(&text) {
        return Some(Shape::Email);
    }
    if has_account(&text) {
        return Some(Shape::Account);
    }
    for run in digit_runs(&text) {
        let digits: Vec<u32> = text[run.clone()].chars().filter_map(|c| c.to_digit(10)).collect();
        if CARD_DIGITS.contains(&digits.len()) && passes_luhn(&digits) {
            return Some(Shape::Card);
        }
        if digits.len() >= DIGITS_MIN && !is_known(&text[words_around(&text, run)]) {
            return Some(Shape::Number);
        }
    }
    None
}

fn has_email(text: &str) -> bool {
    text.match_indices('@').any(|(at, sign)| {
        let mut before = text[..at].chars().rev().take_while(|c| !c.is_whitespace());
        let after = text[at + sign.len()..].chars().next();
        before.any(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
    })
}

/// A decimal digit of another script as the one that it means.
fn ascii_digit(c: char) -> char {
    let zero = ZEROS.iter().copied().find(|zero| (*zero..=*zero + 9).contains(&u32::from(c)));
    zero.and_then(|zero| char::from_digit(u32::from(c) - zero, 10)).unwrap_or(c)
}

fn has_account(text: &str) -> bool {
    let bytes: Vec<u8> =
        text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|b| b.to_ascii_uppercase()).collect();
    (0..bytes.len()).any(|start| {
        let rest = &bytes[start..];
        let length = IBAN_LENGTHS.iter().find(|(country, _)| rest.starts_with(country.as_bytes())).map(|(_, l)| *l);
        length.and_then(|length| rest.get(..length)).is_some_and(is_account)
    })
}

/// Whether these are the characters of an account number, whose check digits hold.
fn is_account(bytes: &[u8]) -> bool {
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_shaped = bytes[2..4].iter().all(u8::is_ascii_digit) && bytes.iter().all(u8::is_ascii_alphanumeric);
    if !is_shaped || digits < IBAN_DIGITS_MIN {
        return false;
    }
    let (head, account) = bytes.split_at(4);
    let remainder = account.iter().chain(head).fold(0_u32, |remainder, byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        _ => (remainder * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    remainder == 1
}

/// Where digits stand with nothing between them but what people group them by.
fn digit_runs(text: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        match c {
            '0'..='9' if open => {
                if let Some(run) = runs.last_mut() {
                    run.end = at + 1;
                }
            }
            '0'..='9' => {
                runs.push(at..at + 1);
                open = true;
            }
            ' ' | '-' | '.' | '/' | '(' | ')' | '+' | '_' | ',' | ':' | '*' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
            _ => open = false,
        }
    }
    runs
}

/// The whole words that a range touches.
fn words_around(text: &str, run: Range<usize>) -> Range<usize> {
    let start = text[..run.start]
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let end = text[run.end..].find(char::is_whitespace).map_or(text.len(), |at| run.end + at);
    start..end
}

/// The check that payment cards are made to pass.
fn passes_luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_without_catalog(query: &str) -> Option<Shape> {
        shape(query, &|_| false)
    }

    #[test]
    fn what_is_personal_is_seen_in_every_spelling() {
        for (query, expected) in [
            ("jane.doe@example.org", Shape::Email),
            ("order of jane＠example.org please", Shape::Email),
            ("DE89 3704 0044 0532 0130 00", Shape::Account),
            ("iban gb82west12345698765432", Shape::Account),
            ("4111 1111 1111 1111", Shape::Card),
            ("card 5500-0000-0000-0004 refund", Shape::Card),
            ("３７８２８２２４６３１０００５", Shape::Card),
            ("+49 171 5556677", Shape::Number),
            ("(030) 555-6677", Shape::Number),
            ("call 5556677", Shape::Number),
            ("order 100023456", Shape::Number),
            ("jane_@example.org", Shape::Email),
            ("mail jane.+@example.org", Shape::Email),
            ("٠١٧١٥٥٥٦٦٧٧", Shape::Number),
            ("+۴۹ ۱۷۱ ۵۵۵۶۶۷۷", Shape::Number),
            ("फ़ोन ०३०५५५६६७७", Shape::Number),
            ("๔๑๑๑ ๑๑๑๑ ๑๑๑๑ ๑๑๑๑", Shape::Card),
            ("030_555_66_77", Shape::Number),
            ("tel:030:555,66*77", Shape::Number),
            ("4111,1111,1111,1111", Shape::Card),
            ("030\u{2212}555\u{2212}6677", Shape::Number),
        ] {
            assert_eq!(shape_without_catalog(query), Some(expected), "{query}");
        }
    }

    #[test]
    fn what_shoppers_look_for_is_not_personal() {
        for query in [
            "",
            "laptop 15.6 inch 16gb",
            "hp dv7-1211ea",
            "samsung ue55ku6000",
            "canon eos 600d 18-55",
            "intel i7 2600k 3.4 ghz",
            "de luxe 2000 watt",
            "@home speaker",
            "radio @ home",
            "- @home",
            "full hd 16:9, 24/7",
            "सैमसंग ६५ इंच",
            "usb 3.0 1 m",
            "de89 charger for laptops and tablets",
        ] {
            assert_eq!(shape_without_catalog(query), None, "{query}");
        }
    }

    #[test]
    fn a_long_number_of_the_catalog_is_a_product_but_a_card_never_is() {
        let known = |text: &str| text == "4008496559862" || text == "wd-1234567x";
        assert_eq!(shape("ean 4008496559862", &known), None);
        assert_eq!(shape("wd-1234567x disk", &known), None, "it is asked with the word around it");
        assert_eq!(shape("4008496559863", &known), Some(Shape::Number));
        assert_eq!(shape("4111111111111111", &|_| true), Some(Shape::Card));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged(query in "\\PC{0,40}|[0-9 @+A-Z-]{0,40}") {
            let _ = shape_without_catalog(&query);
        }
    }
}
