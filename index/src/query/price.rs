//! Prices in words: `under 500`, `between 100 and 200`, `500-800 €` are read as a condition on the price.
//!
//! Decided by form and language alone, never by what the catalog holds. The reading takes its words out of the query and
//! leaves a filter in the grammar that callers use, so that everything a filter means (live fields, facets, what an
//! answer depends on) holds for it, too. Quotes keep words words: `"under 500"`. Owns the wording; it refuses to guess a
//! price from a number alone.

mod wording;

use std::ops::Bound;

use crate::analysis::{Group, TokenKind};
use crate::answer::Interpreted;
use crate::filter::Filter;
use crate::query::lexicon::text;
use crate::query::parse::{ParsedQuery, ParsedWord};
use crate::request::SearchRequest;
use crate::settings::Language;
pub(crate) use wording::SIGNS;
use wording::{Wording, wording};

/// The field that is asked.
const PRICE: &str = "price";

/// A query with its price read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// The rest of the query.
    pub(crate) rest: ParsedQuery,
    /// What is told of it.
    pub(crate) told: Interpreted,
    filter: Filter,
}

impl Reading {
    /// The request with the price as one more condition.
    pub(crate) fn narrowed(&self, request: &SearchRequest) -> SearchRequest {
        let filter = match &request.filter {
            Some(filter) => Filter::And(vec![filter.clone(), self.filter.clone()]).canonical(),
            None => self.filter.clone(),
        };
        SearchRequest { filter: Some(filter), ..request.clone() }
    }
}

/// How a bound was worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// `under`.
    Below,
    /// `up to`.
    AtMost,
    /// `over`.
    Above,
    /// `at least`.
    AtLeast,
}

/// Reads the first price of a query.
pub(crate) fn read(query: &ParsedQuery, language: Language) -> Option<Reading> {
    // Nearly every query ends here.
    if !query.words.iter().any(|word| number(word).is_some()) {
        return None;
    }
    let wording = wording(language)?;
    let (at, phrase) = (0..query.words.len()).find_map(|at| {
        let stretch = query.words[at].stretch;
        let end =
            query.words[at..].iter().position(|word| word.stretch != stretch).map_or(query.words.len(), |n| at + n);
        Scanner { text: &query.text, words: &query.words[at..end], wording, language, at: 0, is_price: false }
            .phrase()
            .map(|it| (at, it))
    })?;
    let filter = Filter::Range { field: PRICE.to_owned(), from: phrase.from, to: phrase.to };
    let end = at + phrase.words;
    let place = query.words[at].place.start..query.words[end - 1].place.end;
    let told = Interpreted { words: query.text[place.clone()].to_owned(), filter: filter.to_string() };
    let mut rest = query.clone();
    // Blank, so that the other words keep their places.
    let before = query.text[..place.start].trim_end_matches(SIGNS).len();
    let behind = query.text.len() - query.text[place.end..].trim_start().trim_start_matches(SIGNS).len();
    rest.text.replace_range(before..behind, &" ".repeat(behind - before));
    // What stood on both sides of the price are no neighbours.
    let apart = query.words.last().map_or(0, |last| last.stretch + 1);
    rest.words[end..].iter_mut().for_each(|word| word.stretch += apart);
    rest.words.drain(at..end);
    Some(Reading { rest, told, filter })
}

struct Phrase {
    /// How many words it takes.
    words: usize,
    from: Bound<f64>,
    to: Bound<f64>,
}

/// Reads a phrase that begins with the first of the words.
struct Scanner<'a> {
    /// The whole query.
    text: &'a str,
    words: &'a [ParsedWord],
    wording: &'static Wording,
    language: Language,
    at: usize,
    /// Whether a currency or the word for price says so; some wordings need it.
    is_price: bool,
}

/// What form a phrase has, before its numbers are known to be prices.
struct Worded {
    from: Bound<f64>,
    to: Bound<f64>,
    /// Whether the wording alone says that a price is meant.
    is_plain: bool,
}

impl Scanner<'_> {
    fn phrase(&mut self) -> Option<Phrase> {
        if self.any_of(&[self.wording.price]) {
            self.is_price = true;
        }
        let worded = self.between().or_else(|| self.bound()).or_else(|| self.range())?;
        let counts = self.words.get(self.at).is_some_and(|next| self.wording.counted.contains(&text(&next.group)));
        if !self.is_price && (counts || !worded.is_plain) {
            return None;
        }
        Some(Phrase { words: self.at, from: worded.from, to: worded.to })
    }

    /// `between 100 and 200`.
    fn between(&mut self) -> Option<Worded> {
        let start = self.at;
        let found = self.any_of(&[self.wording.between.0]).then_some(()).and_then(|()| {
            let low = self.amount()?;
            self.any_of(&[self.wording.between.1]).then_some(())?;
            Some(range(low, self.amount()?, true))
        });
        self.kept(start, found)
    }

    /// `under 500`.
    fn bound(&mut self) -> Option<Worded> {
        let start = self.at;
        let found = self.wording.bounds.iter().find_map(|(words, side, is_plain)| {
            self.at = start;
            let amount = self.any_of(words).then_some(()).and_then(|()| self.amount())?;
            let (from, to) = match side {
                Side::Below => (Bound::Unbounded, Bound::Excluded(amount)),
                Side::AtMost => (Bound::Unbounded, Bound::Included(amount)),
                Side::Above => (Bound::Excluded(amount), Bound::Unbounded),
                Side::AtLeast => (Bound::Included(amount), Bound::Unbounded),
            };
            // `from 100 to 200` is a range.
            let goes_on = self.words.get(self.at).is_some_and(|next| self.wording.to.contains(&text(&next.group)));
            (!goes_on).then_some(Worded { from, to, is_plain: *is_plain })
        });
        self.kept(start, found)
    }

    /// `500-800`, `from 500 to 800`.
    fn range(&mut self) -> Option<Worded> {
        let start = self.at;
        self.any_of(self.wording.from);
        let found = self.amount().and_then(|low| {
            let dashed = self.words.get(self.at).is_some_and(|next| next.dashed);
            (dashed || self.any_of(&[self.wording.to])).then_some(())?;
            Some(range(low, self.amount()?, false))
        });
        self.kept(start, found)
    }

    fn kept(&mut self, start: usize, found: Option<Worded>) -> Option<Worded> {
        if found.is_none() {
            self.at = start;
        }
        found
    }

    /// A number, with its currency on either side.
    fn amount(&mut self) -> Option<f64> {
        let before = self.any_of(&[wording::CURRENCIES]);
        let word = self.words.get(self.at)?;
        number(word)?;
        // As it was typed: analysis reads `1,299.50` and `1.299,00` as two numbers.
        let typed = figure(&self.text[word.place.start..]);
        let amount = amount(typed, self.language)?;
        let end = (word.place.start + typed.len()).max(word.place.end);
        let mut currency = false;
        while let Some(word) = self.words.get(self.at).filter(|word| word.place.start < end) {
            currency |= word.currency;
            self.at += 1;
        }
        let behind = self.any_of(&[wording::CURRENCIES]);
        self.is_price |= before || behind || currency;
        Some(amount)
    }

    /// Steps over one word of each of the lists in turn, if that is what follows.
    fn any_of(&mut self, words: &[&[&str]]) -> bool {
        let following = self.words.get(self.at..self.at + words.len());
        let found = following.is_some_and(|following| {
            following.iter().zip(words).all(|(word, expected)| expected.contains(&text(&word.group)))
        });
        self.at += if found { words.len() } else { 0 };
        found
    }
}

fn range(low: f64, high: f64, is_plain: bool) -> Worded {
    let (low, high) = if low <= high { (low, high) } else { (high, low) };
    Worded { from: Bound::Included(low), to: Bound::Included(high), is_plain }
}

/// The number that a word is, if it is no inch and no other measure.
fn number(word: &ParsedWord) -> Option<&str> {
    match &word.group {
        Group::Single(token) if token.kind == TokenKind::Number => Some(&token.text),
        Group::Single(_) | Group::Measure { .. } => None,
    }
}

/// The digits that a text begins with, and the separators between them.
fn figure(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(text.len());
    text[..end].trim_end_matches(['.', ','])
}

/// The amount that a figure says; `None` if its separators make no sense, as in `1,2,3`.
///
/// The separator that comes last, once and behind another or before other than three digits is the decimal one; before
/// three digits a comma is one of thousands, and a point is where the language's decimal separator is the comma: in German
/// `1.000` is a thousand.
fn amount(figure: &str, language: Language) -> Option<f64> {
    let has_decimal_comma = matches!(language, Language::German | Language::French | Language::Spanish);
    let (whole, fraction) = match figure.rsplit_once(['.', ',']) {
        None => (figure, ""),
        Some((whole, last)) => {
            let mark = figure.as_bytes()[whole.len()];
            let is_other = whole.contains(['.', ',']) && !whole.as_bytes().contains(&mark);
            let groups = mark == b',' || has_decimal_comma || whole.contains(['.', ',']);
            match last.len() == 3 && groups && !is_other {
                true => (figure, ""),
                false if is_other || !whole.contains(['.', ',']) => (whole, last),
                false => return None,
            }
        }
    };
    let mut marks = whole.matches(['.', ',']);
    let mark = marks.next();
    let mut groups = whole.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let is_grouped = first.len() <= 3 && groups.all(|group| group.len() == 3) && marks.all(|other| Some(other) == mark);
    if mark.is_some() && !is_grouped {
        return None;
    }
    let amount: f64 = format!("{}.{fraction}0", whole.replace(['.', ','], "")).parse().ok()?;
    amount.is_finite().then_some(amount)
}

#[cfg(test)]
mod tests;
