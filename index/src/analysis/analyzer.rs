//! The analyzer: every term under which a text is found, and the groups of which a query's words are made.

use rust_stemmers::Stemmer;
use rustc_hash::FxHashMap;

use super::tokenize::{Token, TokenKind, tokenize};
use super::{STEM_MARK, TERM_CHARS_MAX, stem, stop_words, units};
use crate::settings::{Language, Settings};

/// Stems remembered by one analyzer. Catalogs have few words and use them often; the memory is emptied when a feed
/// of random text fills it.
const STEMS_REMEMBERED_MAX: usize = 200_000;

/// Why a text has a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TermKind {
    /// The word, number or model number as written, folded.
    Exact,
    /// The word's stem, behind [`STEM_MARK`].
    Stem,
    /// Parts written together: `dv71211ea` for `dv7-1211ea`.
    Joined,
    /// A number with its unit: `17in`.
    Measure,
    /// A part of a token: the number of a measure, the digits that begin a model number.
    Part,
}

/// One term of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term<'a> {
    /// The term as it stands in the index.
    pub text: &'a str,
    /// Why the text has it.
    pub kind: TermKind,
    /// Place among the text's words, for phrases.
    pub position: u32,
    /// First byte in the text that it stands for.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

/// A stretch of tokens that is one thing to a shopper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Group {
    /// One token.
    Single(Token),
    /// A number with its unit, in one or two tokens.
    Measure {
        /// `17in`.
        canonical: String,
        /// `17`.
        number: String,
        /// `in`.
        unit: &'static str,
        /// Range in the text.
        start: usize,
        /// Range in the text.
        end: usize,
    },
}

impl Group {
    /// Its range in the text.
    pub(crate) fn place(&self) -> std::ops::Range<usize> {
        match self {
            Self::Single(token) => token.start..token.end,
            Self::Measure { start, end, .. } => *start..*end,
        }
    }
}

/// Turns texts into terms. Not shared between threads: it remembers stems.
pub struct Analyzer {
    settings: std::sync::Arc<Settings>,
    stemmer: Option<Stemmer>,
    stems: FxHashMap<String, String>,
    scratch: String,
}

impl Analyzer {
    /// An analyzer for the settings of a catalog.
    pub fn new(settings: std::sync::Arc<Settings>) -> Self {
        let stemmer = stem::stemmer(settings.language);
        Self { settings, stemmer, stems: FxHashMap::default(), scratch: String::new() }
    }

    /// The language of the texts.
    pub(crate) fn language(&self) -> Language {
        self.settings.language
    }

    /// Calls `each` with every term of the text, in the order of the text.
    pub fn terms(&mut self, text: &str, mut each: impl FnMut(Term<'_>)) {
        let groups = groups(tokenize(text, self.settings.language));
        let mut position = 0;
        for (at, group) in groups.iter().enumerate() {
            match group {
                Group::Measure { canonical, number, unit, start, end } => {
                    let (start, end) = (*start, *end);
                    each(Term { text: canonical, kind: TermKind::Measure, position, start, end });
                    each(Term { text: number, kind: TermKind::Part, position, start, end });
                    each(Term { text: unit, kind: TermKind::Part, position: position + 1, start, end });
                    position += 2;
                }
                Group::Single(token) => {
                    let (start, end) = (token.start, token.end);
                    if let Some((joined, end)) = joined(&groups, at) {
                        each(Term { text: &joined, kind: TermKind::Joined, position, start, end });
                        // `wi-fi` is found by `wifi` as that word is: by its stem.
                        if joined.chars().all(char::is_alphabetic)
                            && let Some(stem) = self.stem(&joined)
                        {
                            each(Term { text: stem, kind: TermKind::Stem, position, start, end });
                        }
                    }
                    each(Term { text: &token.text, kind: TermKind::Exact, position, start, end });
                    match token.kind {
                        TokenKind::Word => {
                            if let Some(stem) = self.stem(&token.text) {
                                each(Term { text: stem, kind: TermKind::Stem, position, start, end });
                            }
                        }
                        TokenKind::Mixed => {
                            if let Some(digits) = leading_digits(&token.text) {
                                each(Term { text: digits, kind: TermKind::Part, position, start, end });
                            }
                        }
                        TokenKind::Number => {}
                    }
                    position += 1;
                }
            }
        }
    }

    /// The stem of a folded word, behind its mark; `None` in a language without stemmer.
    pub(crate) fn stem(&mut self, word: &str) -> Option<&str> {
        let stemmer = self.stemmer.as_ref()?;
        if self.stems.len() >= STEMS_REMEMBERED_MAX {
            self.stems.clear();
        }
        if !self.stems.contains_key(word) {
            self.scratch.clear();
            self.scratch.push(STEM_MARK);
            self.scratch.push_str(&stemmer.stem(word));
            self.stems.insert(word.to_owned(), self.scratch.clone());
        }
        self.stems.get(word).map(String::as_str)
    }

    /// Whether a product need not have this folded word.
    pub(crate) fn is_stop_word(&self, word: &str) -> bool {
        stop_words::is_stop_word(self.settings.language, word)
            || self.settings.stop_words.iter().any(|stop| super::fold::fold(stop) == word)
    }
}

/// Tokens → groups: numbers meet their units.
pub(crate) fn groups(tokens: Vec<Token>) -> Vec<Group> {
    let mut groups = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let measure = match token.kind {
            TokenKind::Word => None,
            TokenKind::Mixed => split_measure(&token),
            TokenKind::Number if token.inch => Some((token.text.clone(), units::INCH, token.end)),
            TokenKind::Number => {
                let unit = tokens.peek().filter(|next| next.kind == TokenKind::Word);
                let found = unit.and_then(|next| units::canonical(&next.text).map(|unit| (unit, next.end)));
                found.map(|(unit, end)| {
                    tokens.next();
                    (token.text.clone(), unit, end)
                })
            }
        };
        groups.push(match measure {
            Some((number, unit, end)) => {
                Group::Measure { canonical: format!("{number}{unit}"), number, unit, start: token.start, end }
            }
            None => Group::Single(token),
        });
    }
    groups
}

/// `17in` and `8gb` in one token.
fn split_measure(token: &Token) -> Option<(String, &'static str, usize)> {
    let letters = token.text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = token.text.split_at(letters);
    (!number.is_empty()).then_some(())?;
    units::canonical(unit).map(|unit| (number.to_owned(), unit, token.end))
}

/// The digits that begin a model number, when they are long enough to be asked for by themselves.
fn leading_digits(text: &str) -> Option<&str> {
    let letters = text.find(|c: char| !c.is_ascii_digit())?;
    (letters >= 3).then(|| &text[..letters])
}

/// The whole of a chain of glued tokens that begins at `at`, written together, and where it ends.
fn joined(groups: &[Group], at: usize) -> Option<(String, usize)> {
    if matches!(&groups[at], Group::Single(token) if token.glued) {
        return None;
    }
    let chain = chain(groups, at);
    if chain.len() < 2 {
        return None;
    }
    let text: String = chain.iter().map(|token| token.text.as_str()).collect();
    let end = chain.last().map_or(0, |token| token.end);
    (text.chars().count() <= TERM_CHARS_MAX).then_some((text, end))
}

/// The chain of glued tokens that begins at `at`.
fn chain(groups: &[Group], at: usize) -> Vec<&Token> {
    let mut chain = Vec::new();
    for group in &groups[at..] {
        match group {
            Group::Single(token) if chain.is_empty() || token.glued => chain.push(token),
            _ => break,
        }
    }
    chain
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyzer").field("language", &self.settings.language).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn terms(text: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        Analyzer::new(Settings::default().into()).terms(text, |term| {
            found.insert(term.text.to_owned());
        });
        found
    }

    fn check_same(texts: &[&str], term: &str) {
        for text in texts {
            assert!(terms(text).contains(term), "{text} lacks {term}: {:?}", terms(text));
        }
    }

    #[test]
    fn numbers_with_units_are_one_term_however_written() {
        check_same(&["17\"", "17 inch", "17in", "17-inch", "17 Zoll", "17″", "17 inches"], "17in");
        check_same(&["8 gb", "8gb", "8 GB", "8-gigabyte"], "8gb");
        check_same(&["15.6\"", "15,6 inch", "15.60 in"], "15.6in");
    }

    #[test]
    fn a_model_number_is_found_by_its_parts_and_joined() {
        let found = terms("HP dv7-1211ea");
        for term in ["dv7", "1211ea", "dv71211ea", "1211"] {
            assert!(found.contains(term), "{term}");
        }
    }

    #[test]
    fn a_stem_stands_beside_the_exact_form() {
        let found = terms("Running Shoes");
        for term in ["running", "~run", "shoes", "~shoe"] {
            assert!(found.contains(term), "{term}");
        }
    }

    #[test]
    fn a_number_keeps_no_stem_and_no_unit_that_is_not_there() {
        assert_eq!(terms("iPhone 7"), ["7", "iphone", "~iphon"].map(String::from).into());
    }
}
