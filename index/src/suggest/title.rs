//! A product's title as words, and the phrases in it that a shopper might type.
//!
//! Owns where a phrase may begin, end and not run on. It counts nothing and weighs nothing.
//!
//! Both forms of the title are kept with single spaces between words, so any phrase is a slice of each: reading a
//! title allocates nothing once its buffers have grown.

use std::ops::Range;

use super::PHRASE_BYTES_MAX;
use super::normalise::{extends_previous, normalise_into};
use super::words::{Words, is_number, is_unit};

/// Longest phrase, in words, that is looked for anywhere in a title: product names seldom need more, and each
/// further word adds as many phrases as the title has words.
const PHRASE_WORDS_MAX: usize = 4;
/// Words at the start of a title by which the product itself can be reached.
const LEADING_WORDS_MAX: usize = 6;
/// Words of a title that are read: beyond lie specifications, and 4 × 40 phrases a product bound the work.
const TITLE_WORDS_MAX: usize = 40;

/// One title, read; reused from product to product.
#[derive(Debug, Default)]
pub(super) struct Title {
    written: String,
    folded: String,
    words: Vec<Word>,
}

#[derive(Debug)]
struct Word {
    written: Range<usize>,
    folded: Range<usize>,
    is_stop: bool,
    is_number: bool,
    /// A number with decimals, which measures but is not what one types first.
    is_decimal: bool,
    is_unit: bool,
    /// Punctuation stands before it, so no phrase runs on into it.
    breaks: bool,
}

/// A phrase of a title, folded and as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Phrase<'a> {
    pub(super) key: &'a str,
    pub(super) written: &'a str,
}

impl Title {
    /// Replaces what was read before by `title`.
    pub(super) fn read(&mut self, title: &str, language: &Words) {
        self.written.clear();
        self.folded.clear();
        self.words.clear();
        let mut breaks = false;
        for raw in title.split_whitespace() {
            if self.words.len() == TITLE_WORDS_MAX {
                break;
            }
            let (core, opens, closes) = strip_punctuation(raw);
            breaks |= opens;
            if !self.push(core, breaks, language) {
                breaks = true;
                continue;
            }
            breaks = closes;
        }
    }

    /// Adds one word; false if nothing of it can be typed.
    fn push(&mut self, core: &str, breaks: bool, language: &Words) -> bool {
        let (written_end, folded_end) = (self.written.len(), self.folded.len());
        if !self.words.is_empty() {
            self.written.push(' ');
            self.folded.push(' ');
        }
        let (written_start, folded_start) = (self.written.len(), self.folded.len());
        normalise_into(core, &mut self.folded);
        let folded = &self.folded[folded_start..];
        if folded.is_empty() {
            self.written.truncate(written_end);
            self.folded.truncate(folded_end);
            return false;
        }
        self.written.push_str(core);
        self.words.push(Word {
            written: written_start..self.written.len(),
            is_stop: language.is_stop(folded),
            is_number: is_number(folded),
            is_decimal: is_number(folded) && folded.contains(' '),
            is_unit: is_unit(folded),
            folded: folded_start..self.folded.len(),
            breaks,
        });
        true
    }

    /// Phrases of one to [`PHRASE_WORDS_MAX`] words, with repetitions.
    pub(super) fn phrases(&self) -> impl Iterator<Item = Phrase<'_>> {
        (0..self.words.len()).filter(|start| self.may_begin(*start)).flat_map(move |start| {
            let furthest = self.words.len().min(start + PHRASE_WORDS_MAX);
            let run = (start + 1..furthest).find(|at| self.words[*at].breaks).unwrap_or(furthest);
            (start + 1..=run).filter(|end| self.may_end(*end)).filter_map(move |end| self.slice(start..end))
        })
    }

    /// The first words of the title, by which any product can be reached.
    pub(super) fn leading(&self) -> Option<Phrase<'_>> {
        let most = self.words.len().min(LEADING_WORDS_MAX);
        let end = (1..=most).rev().find(|end| self.may_end(*end))?;
        (1..=end).rev().find_map(|end| self.slice(0..end))
    }

    fn slice(&self, words: Range<usize>) -> Option<Phrase<'_>> {
        let (first, last) = (&self.words[words.start], &self.words[words.end - 1]);
        let key = &self.folded[first.folded.start..last.folded.end];
        let written = &self.written[first.written.start..last.written.end];
        (key.len() <= PHRASE_BYTES_MAX && written.len() <= PHRASE_BYTES_MAX).then_some(Phrase { key, written })
    }

    /// A phrase does not begin inside a measure or a dimension, nor with a number that measures nothing.
    fn may_begin(&self, at: usize) -> bool {
        let word = &self.words[at];
        let after_times = at > 0 && self.words[at - 1].is_stop && self.is_times(at - 1);
        let measures = self.words.get(at + 1).is_some_and(|next| next.is_unit && !next.breaks);
        let opens = !word.is_number || (measures && !word.is_decimal) || at == 0;
        !word.is_stop && !self.splits_measure(at) && !after_times && opens
    }

    /// A phrase does not end inside a measure or with a word that calls for another; one number says nothing.
    fn may_end(&self, end: usize) -> bool {
        let last = &self.words[end - 1];
        let before_times = end < self.words.len() && self.is_times(end);
        !last.is_stop && !(last.is_number && (end == 1 || before_times)) && !self.splits_measure(end)
    }

    /// Whether the cut before word `at` falls between a number and its unit.
    fn splits_measure(&self, at: usize) -> bool {
        at > 0 && self.words.get(at).is_some_and(|word| word.is_unit && !word.breaks) && self.words[at - 1].is_number
    }

    fn is_times(&self, at: usize) -> bool {
        &self.folded[self.words[at].folded.clone()] == "x"
    }
}

/// A word without the punctuation around it, and whether that punctuation separates it from the words before and
/// after. What carries meaning stays: `17"`, `C++`, `5 %`, `piece(s)`.
fn strip_punctuation(raw: &str) -> (&str, bool, bool) {
    let core = raw.trim_start_matches(|c: char| !c.is_alphanumeric());
    let opening = &raw[..raw.len() - core.len()];
    let mut kept = core.trim_end_matches(|c: char| !c.is_alphanumeric() && !extends_previous(c));
    let mut trailing = &core[kept.len()..];
    while let Some(next) = trailing.chars().next() {
        let means = match next {
            '"' | '″' => kept.ends_with(|c: char| c.is_ascii_digit()),
            '+' | '%' | '#' => !kept.is_empty(),
            ')' => kept.contains('(') && !kept.contains(')'),
            _ => false,
        };
        if !means {
            break;
        }
        kept = &core[..kept.len() + next.len_utf8()];
        trailing = &core[kept.len()..];
    }
    let opens = opening.contains(['(', '[', '{', '|', '/', '-', '–']);
    let closes = trailing.contains([',', ';', ':', ')', ']', '}', '|', '/', '-', '–', '!', '?']);
    (kept, opens, closes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Language;

    fn read(text: &str) -> Title {
        let mut title = Title::default();
        title.read(text, &Words::new(Language::English));
        title
    }

    fn check(text: &str, expected: &[&str]) {
        let title = read(text);
        let found: Vec<&str> = title.phrases().map(|phrase| phrase.written).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn phrases_begin_and_end_on_words_that_name_something() {
        check("Case for iPhone", &["Case", "Case for iPhone", "iPhone"]);
        check("the a of", &[]);
    }

    #[test]
    fn phrases_do_not_run_over_punctuation() {
        check("GoPhone - Galaxy", &["GoPhone", "Galaxy"]);
        check("Black, Slim", &["Black", "Slim"]);
        check("Notebook (Silver) Core", &["Notebook", "Silver", "Core"]);
    }

    #[test]
    fn phrases_do_not_cut_a_measure() {
        check("Disk 250 GB HDD", &["Disk", "Disk 250 GB", "Disk 250 GB HDD", "250 GB", "250 GB HDD", "HDD"]);
        check("Silver 43.2 cm", &["Silver", "Silver 43.2 cm"]);
        check("1440 x 900 pixels", &["1440 x 900 pixels"]);
    }

    #[test]
    fn phrases_have_at_most_four_words() {
        let title = read("one two three four five");
        assert!(title.phrases().any(|phrase| phrase.key == "one two three four"));
        assert!(title.phrases().all(|phrase| phrase.key.split(' ').count() <= PHRASE_WORDS_MAX));
    }

    #[test]
    fn punctuation_with_a_meaning_stays_with_its_word() {
        for (raw, core) in [
            ("17\"", "17\""),
            ("(17\")", "17\""),
            ("\"quoted\"", "quoted"),
            ("C++,", "C++"),
            ("pc(s)", "pc(s)"),
            ("Intel®", "Intel"),
            ("dv7-1211ea", "dv7-1211ea"),
            ("cafe\u{301},", "cafe\u{301}"),
            ("---", ""),
        ] {
            assert_eq!(strip_punctuation(raw).0, core, "{raw:?}");
        }
    }

    #[test]
    fn leading_words_reach_into_the_title_but_not_to_its_end() {
        for (text, leading) in [
            ("HP Pavilion dv7-1211ea Notebook Silver 43.2 cm (17\")", Some("HP Pavilion dv7-1211ea Notebook Silver")),
            ("AT&T GoPhone - Galaxy", Some("AT&T GoPhone Galaxy")),
            ("Bag for the", Some("Bag")),
            ("- - -", None),
            ("", None),
        ] {
            assert_eq!(read(text).leading().map(|phrase| phrase.written), leading, "{text:?}");
        }
    }

    #[test]
    fn a_very_long_title_is_read_only_so_far() {
        let text = "word ".repeat(10_000);
        assert!(read(&text).phrases().count() <= TITLE_WORDS_MAX * PHRASE_WORDS_MAX);
        check(&"x".repeat(PHRASE_BYTES_MAX + 1), &[]);
    }
}
