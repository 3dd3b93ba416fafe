//! Query text → words, phrases and exclusions. Never fails: whatever a shopper types means something.

use std::ops::Range;

use crate::analysis::tokenize;
use crate::analysis::{Group, groups};
use crate::query::price::SIGNS;
use crate::request::QUERY_WORDS_MAX;
use crate::settings::Language;

/// What was typed, in parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ParsedQuery {
    /// All of it, as typed.
    pub(crate) text: String,
    /// Words, in order; those of one stretch of text are neighbours.
    pub(crate) words: Vec<ParsedWord>,
    /// Quoted phrases.
    pub(crate) phrases: Vec<Vec<Group>>,
    /// Excluded words and phrases.
    pub(crate) excluded: Vec<Vec<Group>>,
}

/// One word outside quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParsedWord {
    /// Word, number or measure.
    pub(crate) group: Group,
    /// Where it stands in the text.
    pub(crate) place: Range<usize>,
    /// Stretches are counted, so that words on both sides of a phrase are no neighbours.
    pub(crate) stretch: usize,
    /// Whether it ends the query and may be unfinished.
    pub(crate) last: bool,
    /// Whether the sign of a currency stands beside it.
    pub(crate) currency: bool,
    /// Whether a dash stands between it and the word before.
    pub(crate) dashed: bool,
}

/// Reads a query.
pub(crate) fn parse(text: &str, language: Language) -> ParsedQuery {
    let mut query = ParsedQuery { text: text.to_owned(), ..ParsedQuery::default() };
    for (stretch, piece) in pieces(text).into_iter().enumerate() {
        let groups = groups(tokenize(piece.text, language));
        if groups.is_empty() {
            continue;
        }
        match piece.kind {
            Kind::Plain => {
                let mut before = 0;
                query.words.extend(groups.into_iter().map(|group| {
                    let end = group.place().end;
                    word(group, piece, std::mem::replace(&mut before, end), stretch)
                }));
            }
            Kind::Phrase => query.phrases.push(groups),
            Kind::Excluded => query.excluded.push(groups),
        }
    }
    let last_stretch = pieces(text).len().saturating_sub(1);
    query.words.truncate(QUERY_WORDS_MAX);
    query.phrases.truncate(QUERY_WORDS_MAX);
    query.excluded.truncate(QUERY_WORDS_MAX);
    if let Some(word) = query.words.last_mut() {
        word.last = word.stretch == last_stretch;
    }
    query
}

/// A word with what stands around it; the word before it ends at `before`.
fn word(group: Group, piece: Piece<'_>, before: usize, stretch: usize) -> ParsedWord {
    let (place, text) = (group.place(), piece.text);
    let between = text[before..place.start].trim();
    let currency = between.ends_with(SIGNS) || text[place.end..].trim_start().starts_with(SIGNS);
    let dash = between.trim_start_matches(SIGNS).trim_end_matches(SIGNS).trim();
    let dashed = matches!(dash, "-" | "\u{2013}" | "\u{2014}");
    let place = piece.start + place.start..piece.start + place.end;
    ParsedWord { group, place, stretch, last: false, currency, dashed }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Phrase,
    Excluded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece<'a> {
    kind: Kind,
    /// Where it begins in the query.
    start: usize,
    text: &'a str,
}

/// Cuts the text at quotes and exclusions.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    let mut before = ' ';
    while let Some(c) = text[at..].chars().next() {
        let minus = c == '-' && before.is_whitespace();
        let open = if minus { at + 1 } else { at };
        let quoted = is_quote(&text[open..]).filter(|_| !before.is_ascii_digit() || minus);
        let found = match quoted.and_then(|width| closing_quote(text, open + width).map(|close| (open + width, close)))
        {
            Some((inner, (close, behind))) => {
                let kind = if minus { Kind::Excluded } else { Kind::Phrase };
                Some((Piece { kind, start: inner, text: &text[inner..close] }, behind))
            }
            None if minus => excluded_word(text, at),
            None => None,
        };
        if let Some((piece, behind)) = found {
            pieces.push(Piece { kind: Kind::Plain, start: plain, text: &text[plain..at] });
            pieces.push(piece);
            (plain, at, before) = (behind, behind, ' ');
        } else {
            before = c;
            at += c.len_utf8();
        }
    }
    pieces.push(Piece { kind: Kind::Plain, start: plain, text: &text[plain..] });
    // White space alone is no stretch of its own.
    pieces.retain(|piece| !piece.text.trim().is_empty());
    pieces
}

/// The width of a quotation mark at the start of `text`.
fn is_quote(text: &str) -> Option<usize> {
    text.chars().next().filter(|c| matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')).map(char::len_utf8)
}

/// The closing quote behind `from`: where it stands and what follows. Behind a digit a quote is an inch mark, unless
/// no other could close the phrase.
fn closing_quote(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut fallback = None;
    let mut before = ' ';
    for (at, c) in text[from..].char_indices() {
        if let Some(width) = is_quote(&text[from + at..]) {
            let place = (from + at, from + at + width);
            if !before.is_ascii_digit() {
                return Some(place);
            }
            fallback = Some(place);
        }
        before = c;
    }
    fallback
}

/// `-word` up to the next space.
fn excluded_word(text: &str, minus: usize) -> Option<(Piece<'_>, usize)> {
    let rest = &text[minus + 1..];
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let word = &rest[..end];
    let starts_well = word.chars().next().is_some_and(char::is_alphanumeric);
    starts_well.then_some((Piece { kind: Kind::Excluded, start: minus + 1, text: word }, minus + 1 + end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(groups: &[Group]) -> String {
        let words: Vec<&str> = groups
            .iter()
            .map(|group| match group {
                Group::Single(token) => token.text.as_str(),
                Group::Measure { canonical, .. } => canonical.as_str(),
            })
            .collect();
        words.join(" ")
    }

    fn check(query: &str, words: &str, phrases: &[&str], excluded: &[&str]) {
        let parsed = parse(query, Language::English);
        let groups: Vec<Group> = parsed.words.iter().map(|word| word.group.clone()).collect();
        assert_eq!(text(&groups), words, "words of {query}");
        assert_eq!(parsed.phrases.iter().map(|p| text(p)).collect::<Vec<_>>(), phrases, "phrases of {query}");
        assert_eq!(parsed.excluded.iter().map(|p| text(p)).collect::<Vec<_>>(), excluded, "exclusions of {query}");
    }

    #[test]
    fn words_phrases_and_exclusions_are_told_apart() {
        check("red shoes", "red shoes", &[], &[]);
        check("\"air max\" red", "red", &["air max"], &[]);
        check("shoes -red -\"air max\"", "shoes", &[], &["red", "air max"]);
        check("dv7-1211ea - x", "dv7 1211ea x", &[], &[]);
        check("  ", "", &[], &[]);
    }

    #[test]
    fn a_quote_after_a_digit_is_an_inch_mark() {
        check("17\" laptop", "17in laptop", &[], &[]);
        check("tv 55\" \"smart tv\"", "tv 55in", &["smart tv"], &[]);
        check("\"17\" laptop\" hp", "hp", &["17in laptop"], &[]);
        check("\"windows 10\"", "", &["windows 10"], &[]);
    }

    #[test]
    fn an_unclosed_quote_is_ignored() {
        check("\"air max", "air max", &[], &[]);
        check("air \"", "air", &[], &[]);
        check("-\"air max", "air max", &[], &[]);
    }

    #[test]
    fn only_a_word_that_ends_the_query_may_be_unfinished() {
        let last = |query: &str| parse(query, Language::English).words.last().is_some_and(|word| word.last);
        assert!(last("red sho"));
        assert!(!last("sho \"air max\""));
        assert!(!last("sho -red"));
        assert!(last("-red sho "));
    }

    proptest! {
        #[test]
        fn any_text_means_something(text in "\\PC{0,80}|[-\"0-9a-z ]{0,40}") {
            parse(&text, Language::French);
        }
    }
}
