//! Text → tokens with their places: words, numbers and model numbers, folded.
//!
//! Does not know units or stems, and of a language no more than whether it elides. A token's text is folded; its range
//! points into the original text, so that highlighting can mark what the shopper sees.

use super::TERM_CHARS_MAX;
use super::fold;
use super::units;
use crate::settings::Language;

/// What a token looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters only.
    Word,
    /// Digits only, perhaps with a decimal point.
    Number,
    /// Letters and digits: model numbers, `17in`.
    Mixed,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Folded text, at most [`TERM_CHARS_MAX`] characters.
    pub text: String,
    /// First byte in the original text.
    pub start: usize,
    /// Behind the last byte in the original text.
    pub end: usize,
    /// What it looks like.
    pub kind: TokenKind,
    /// Whether only a hyphen or the like stands between this token and the one before: `dv7-1211ea`.
    pub glued: bool,
    /// Whether an inch mark follows a number.
    pub inch: bool,
}

/// Words of which French leaves only this much before a vowel: `l'écran`, `cartouche d'encre`. They are tokens of their
/// own, glued to the next, so that `L'Oréal` is also found as `loreal`.
const ELIDED: [&str; 2] = ["l", "d"];

/// Finds the tokens of a text.
pub fn tokenize(text: &str, language: Language) -> Vec<Token> {
    let elides = language == Language::French;
    let mut scanner = Scanner { text, tokens: Vec::new(), at: 0, glue: false, elides };
    scanner.run();
    scanner.tokens
}

struct Scanner<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    glue: bool,
    elides: bool,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn char_behind(&self, offset: usize) -> Option<char> {
        self.text.get(self.at + offset..).and_then(|rest| rest.chars().next())
    }

    fn run(&mut self) {
        while let Some(c) = self.peek() {
            if c.is_ascii_digit() {
                self.number();
            } else if is_ideograph(c) {
                let start = self.at;
                self.at += c.len_utf8();
                self.push(start, fold::fold(&self.text[start..self.at]), TokenKind::Word);
            } else if c.is_alphanumeric() {
                let start = self.at;
                self.letters(start, String::new(), TokenKind::Word);
            } else {
                self.separator(c);
            }
        }
    }

    /// A connector directly between two tokens glues them.
    fn separator(&mut self, c: char) {
        let behind_token = self.tokens.last().is_some_and(|token| token.end == self.at);
        self.at += c.len_utf8();
        let before_token = self.peek().is_some_and(char::is_alphanumeric);
        self.glue = behind_token && before_token && matches!(c, '-' | '_' | '.' | '&' | '\u{2010}' | '\u{2011}');
    }

    /// Digits, with a decimal point or thousands separators, and letters directly behind them.
    fn number(&mut self) {
        let start = self.at;
        let mut folded = String::new();
        self.digits(&mut folded);
        if folded.len() <= 3 && self.thousands(&mut folded) {
            // `1,000` is 1000.
        } else if matches!(self.peek(), Some('.' | ',')) && self.char_behind(1).is_some_and(|c| c.is_ascii_digit()) {
            self.decimals(&mut folded);
        }
        match self.peek() {
            Some(c) if c.is_alphanumeric() && !is_ideograph(c) => self.letters(start, folded, TokenKind::Mixed),
            Some(c) if units::is_inch_mark(c) => {
                self.push(start, folded, TokenKind::Number);
                self.at += c.len_utf8();
                if let Some(token) = self.tokens.last_mut() {
                    token.inch = true;
                    token.end = self.at;
                }
            }
            _ => self.push(start, folded, TokenKind::Number),
        }
    }

    fn digits(&mut self, folded: &mut String) {
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            folded.push(c);
            self.at += 1;
        }
    }

    /// Groups of exactly three digits behind commas; leaves the place alone when there are none.
    fn thousands(&mut self, folded: &mut String) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        let mut groups = 0;
        while rest.get(groups * 4) == Some(&b',')
            && rest.get(groups * 4 + 1..groups * 4 + 4).is_some_and(|group| group.iter().all(u8::is_ascii_digit))
        {
            groups += 1;
        }
        let ends = !matches!(rest.get(groups * 4), Some(b'0'..=b'9' | b',' | b'.'));
        if groups == 0 || !ends {
            return false;
        }
        for _ in 0..groups {
            self.at += 1;
            folded.push_str(&self.text[self.at..self.at + 3]);
            self.at += 3;
        }
        true
    }

    /// A decimal point (or comma) and the digits behind it; zeros at the end do not count (`2.0` is `2`).
    fn decimals(&mut self, folded: &mut String) {
        let comma = self.peek() == Some(',');
        let digits: String =
            self.text[self.at + 1..].chars().take_while(char::is_ascii_digit).take(TERM_CHARS_MAX).collect();
        // `10,100,1000` is a list, `15,6` a decimal number.
        if comma && digits.len() > 2 {
            return;
        }
        self.at += 1 + digits.len();
        let significant = digits.trim_end_matches('0');
        if !significant.is_empty() {
            folded.push('.');
            folded.push_str(significant);
        }
    }

    /// The rest of a run that has letters.
    fn letters(&mut self, start: usize, mut folded: String, mut kind: TokenKind) {
        while let Some(c) = self.peek() {
            if c.is_ascii_alphanumeric() {
                folded.push(c.to_ascii_lowercase());
            } else if (c.is_alphanumeric() && !is_ideograph(c)) || is_mark(c) {
                let mut buffer = [0; 4];
                fold::fold_into(c.encode_utf8(&mut buffer), &mut folded);
            } else if matches!(c, '\'' | '\u{2019}')
                && self.char_behind(c.len_utf8()).is_some_and(char::is_alphabetic)
                && kind == TokenKind::Word
            {
                if self.elides && ELIDED.contains(&folded.as_str()) {
                    self.push(start, folded, kind);
                    self.at += c.len_utf8();
                    self.glue = true;
                    return;
                }
                // `men's` is `mens`, and its stem `men`.
            } else {
                break;
            }
            if c.is_numeric() {
                kind = TokenKind::Mixed;
            }
            self.at += c.len_utf8();
        }
        self.push(start, folded, kind);
    }

    fn push(&mut self, start: usize, mut text: String, kind: TokenKind) {
        let glued = std::mem::take(&mut self.glue);
        // What folds to nothing or to punctuation (some symbols count as letters) is no word.
        text.retain(|c| c.is_alphanumeric() || c == '.');
        if let Some((cut, _)) = text.char_indices().nth(TERM_CHARS_MAX) {
            text.truncate(cut);
        }
        if !text.is_empty() {
            self.tokens.push(Token { text, start, end: self.at, kind, glued, inch: false });
        }
    }
}

fn is_mark(c: char) -> bool {
    !c.is_ascii() && unicode_normalization::char::is_combining_mark(c)
}

/// Scripts written without spaces: every character is a token of its own.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &[&str]) {
        check_in(Language::English, text, expected);
    }

    #[track_caller]
    fn check_in(language: Language, text: &str, expected: &[&str]) {
        let tokens: Vec<String> = tokenize(text, language)
            .into_iter()
            .map(|token| {
                format!("{}{}{}", if token.glued { "+" } else { "" }, token.text, if token.inch { "\"" } else { "" })
            })
            .collect();
        assert_eq!(tokens, expected, "{text}");
    }

    #[test]
    fn words_numbers_and_model_numbers_are_told_apart() {
        check("HP Pavilion dv7-1211ea", &["hp", "pavilion", "dv7", "+1211ea"]);
        check("43.2 cm (17\") 1440 x 900", &["43.2", "cm", "17\"", "1440", "x", "900"]);
        check("Intel® Core™2 Duo", &["intel", "core", "2", "duo"]);
        check("men's T-shirt", &["mens", "t", "+shirt"]);
        check("AT&T", &["at", "+t"]);
        check("15,6 Zoll 1,000 W 10,100,1000", &["15.6", "zoll", "1000", "w", "10", "100", "1000"]);
        check("2.0 USB 802.11b", &["2", "usb", "802.11b"]);
        check("日本 TV", &["日", "本", "tv"]);
        check("a - b", &["a", "b"]);
        check("  \0\u{202e}🦀 ", &[]);
    }

    #[test]
    fn french_elides() {
        check_in(Language::French, "Cartouche d'encre, l\u{2019}Écran", &["cartouche", "d", "+encre", "l", "+ecran"]);
        check_in(Language::French, "aujourd'hui L' d'", &["aujourdhui", "l", "d"]);
        check("d'encre", &["dencre"]);
    }

    proptest! {
        #[test]
        fn ranges_lie_on_characters_in_order(text in "\\PC{0,60}") {
            let mut end = 0;
            for token in tokenize(&text, Language::French) {
                prop_assert!(token.start >= end && token.end > token.start);
                prop_assert!(text.get(token.start..token.end).is_some());
                prop_assert!(token.text.chars().count() <= TERM_CHARS_MAX);
                end = token.end;
            }
        }

        #[test]
        fn folding_first_changes_no_word(text in "[a-zA-ZäöüÄÖÜéß '-]{0,40}") {
            let plain: Vec<String> = tokenize(&text, Language::French).into_iter().map(|t| t.text).collect();
            let folded: Vec<String> = tokenize(&fold::fold(&text), Language::French).into_iter().map(|t| t.text).collect();
            prop_assert_eq!(plain, folded);
        }
    }
}
