//! Autocomplete: suggestions for a prefix, in microseconds.
//!
//! Owns what is suggested, in which order, and how it is found and marked. It does not search products, learns
//! nothing by itself, and knows no cache or HTTP; a new index is built beside the old one and swapped by its owner.
//!
//! How: every phrase is entered in a sorted [`arena`](arena::Arena) at its beginning and at each further word. A
//! prefix is a range of the arena; the best of any range come from a range-minimum table, best first, without looking
//! at the rest. Where that finds too little, [`typos`] walks the keys for prefixes within a few edits, and each of
//! those is a range again. [`diversity`] refuses variants of what is already in the list.
//!
//! Invariants: an index never changes; the same products give the same index; any prefix is answered, none panics,
//! and the work for one is bounded by named limits.

#![expect(clippy::string_slice, reason = "cuts are made where a word or character begins, as found in the same text")]

mod arena;
mod best_first;
mod blocked;
mod builder;
mod categories;
mod diversity;
mod fragments;
mod highlight;
mod normalise;
mod phrases;
mod range_min;
mod saved;
mod scopes;
mod tally;
#[cfg(test)]
mod tests;
mod title;
mod typos;
mod weigh;
mod words;

use std::fmt;
use std::ops::Range;

use fst::raw::Fst;

use arena::Arena;
use best_first::BestFirst;
pub use blocked::BlockList;
pub use builder::SuggestBuilder;
use diversity::Gist;
use phrases::{Draft, Phrases};
use scopes::{Scope, Scopes};
use typos::{Corrected, EDITS_MAX, LastWord, VISITED_STATES_MAX};
use words::Words;

/// Most suggestions of one completion: no storefront shows more.
pub const LIMIT_MAX: usize = 100;
/// Longest prefix in bytes that is read: no phrase is as long, so beyond it nothing is suggested.
pub const PREFIX_BYTES_MAX: usize = 512;
/// Longest phrase, folded and written, in bytes: more does not fit the width of a list.
const PHRASE_BYTES_MAX: usize = 120;
/// Candidates looked at per suggestion wanted, for an exact prefix and again for each number of edits: bounds the
/// work where variants crowd, as under `samsung galaxy s`.
const CANDIDATES_PER_SUGGESTION: usize = 8;

/// The folded form of a text, in which case, accents and punctuation do not tell texts apart: the key under which a
/// suggestion is found.
///
/// ```
/// assert_eq!(storefind_index::suggest::fold("  Wi-Fi Café "), "wi fi cafe");
/// ```
pub fn fold(text: &str) -> String {
    normalise::normalise(text)
}

/// Where a suggestion comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// What shoppers searched.
    Learned,
    /// Words of product names.
    Name,
    /// A brand.
    Brand,
    /// A category, or a brand's products in one.
    Category,
}

/// One suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// What the shopper would search, in its best written form.
    pub text: String,
    /// `text` with the typed part, or what it was corrected to, in `<em>…</em>`. The text is not HTML-escaped.
    pub highlight: String,
    /// The most specific category that holds more than half of its products, if any; never its own name.
    pub category: Option<String>,
    /// 0–1, relative to the most popular suggestion.
    pub popularity: f32,
    /// Products whose name, brand or category has the phrase, in the whole catalog.
    pub results: u64,
    /// Where it comes from.
    pub source: Source,
}

/// What to complete.
#[derive(Debug, Clone, Copy)]
pub struct Completion<'a> {
    /// What has been typed. Without a letter or digit, the most popular suggestions overall.
    pub prefix: &'a str,
    /// Most suggestions; at most [`LIMIT_MAX`].
    pub limit: usize,
    /// Only suggestions with products in this category (a path or any level's name); empty is none.
    pub category: Option<&'a str>,
    /// Whether mistyped prefixes are corrected where the prefix as typed gives fewer than `limit`.
    pub typos: bool,
}

/// What a completion cost, for metrics, tests and benchmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effort {
    /// Candidates taken from the arena, best first.
    pub candidates: usize,
    /// States of the key automaton visited in search of corrections; 0 where none were sought.
    pub visited_states: usize,
}

/// An immutable set of suggestions.
pub struct SuggestIndex {
    phrases: Phrases,
    arena: Arena,
    scopes: Scopes,
    /// The distinct keys of the arena.
    keys: Fst<Vec<u8>>,
}

impl SuggestIndex {
    /// Nothing to suggest.
    pub fn empty() -> Self {
        Self::new(&[], &Words::new(crate::settings::Language::None))
    }

    /// An index of drafts, which are in order of their keys and all different.
    fn new(drafts: &[Draft], words: &Words) -> Self {
        let phrases = Phrases::new(drafts, words);
        let arena = Arena::new(&phrases);
        let mut distinct: Vec<&[u8]> = (0..arena.len()).map(|at| arena.key(&phrases, at)).collect();
        distinct.dedup();
        let keys = Fst::from_iter_set(distinct).expect("keys in order, all different, are written to memory");
        let scopes = Scopes::new(drafts, &arena);
        typos::warm();
        Self { phrases, arena, scopes, keys }
    }

    /// Number of suggestions held.
    pub fn len(&self) -> usize {
        self.phrases.len()
    }

    /// Whether there is nothing to suggest.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the index takes on the heap, nearly.
    pub fn heap_bytes(&self) -> usize {
        let keys = self.keys.as_inner().capacity();
        self.phrases.heap_bytes() + self.arena.heap_bytes() + self.scopes.heap_bytes() + keys
    }

    /// Best suggestions for a prefix, best first: those that have it as typed, then those that nearly have it, fewer
    /// edits first; of those, phrases that begin with it a little before phrases that have it at a later word.
    ///
    /// ```
    /// use storefind_index::settings::Language;
    /// use storefind_index::suggest::{Completion, SuggestBuilder};
    ///
    /// let mut builder = SuggestBuilder::new(Language::English);
    /// builder.add("HP Pavilion Notebook", Some("HP"), &["Computers > Notebooks".to_owned()], None);
    /// builder.add("HP Pavilion Desktop", Some("HP"), &["Computers > Desktops".to_owned()], None);
    /// let index = builder.build();
    /// let found = index.complete(Completion { prefix: "pavilon", limit: 1, category: None, typos: true });
    /// assert_eq!(found[0].highlight, "<em>Pavilion</em>");
    /// assert_eq!(found[0].results, 2);
    /// ```
    pub fn complete(&self, completion: Completion<'_>) -> Vec<Suggestion> {
        self.complete_measured(completion).0
    }

    /// [`complete`](Self::complete), and what it cost.
    pub fn complete_measured(&self, completion: Completion<'_>) -> (Vec<Suggestion>, Effort) {
        let limit = completion.limit.min(LIMIT_MAX);
        let Some(typed) = Typed::read(completion.prefix).filter(|_| limit > 0) else {
            return (Vec::new(), Effort::default());
        };
        let scope = match completion.category.map(str::trim).filter(|category| !category.is_empty()) {
            None => None,
            Some(category) => match self.scopes.find(category) {
                Some(scope) => Some(scope),
                None => return (Vec::new(), Effort::default()),
            },
        };
        let mut list =
            List { index: self, scope, limit, chosen: Vec::new(), seen: Vec::new(), effort: Effort::default() };
        let exhausted = list.take(self.ranges(typed.key.as_bytes(), typed.last_word), typed.key.len());
        if completion.typos && exhausted && !list.is_full() {
            list.take_corrected(&typed);
        }
        let suggestions = list.chosen.iter().map(|choice| self.suggestion(choice)).collect();
        (suggestions, list.effort)
    }

    /// The phrases that were learned, each with the number of products that it found.
    pub fn learned(&self) -> impl Iterator<Item = (&str, u64)> {
        let learned = (0..self.phrases.len()).filter(|phrase| self.phrases.source(*phrase) == Source::Learned);
        learned.map(|phrase| (self.phrases.text(phrase), self.phrases.results(phrase)))
    }

    /// The entries that a prefix selects.
    fn ranges(&self, prefix: &[u8], last_word: LastWord) -> [Range<usize>; 2] {
        match last_word {
            LastWord::Unfinished => [self.arena.beginning_with(&self.phrases, prefix), 0..0],
            LastWord::Finished => self.arena.having_words(&self.phrases, prefix),
        }
    }

    fn suggestion(&self, choice: &Choice<'_>) -> Suggestion {
        let entry = self.arena.entry(choice.place);
        let (phrase, start) = (entry.phrase as usize, entry.offset as usize);
        let text = self.phrases.text(phrase);
        Suggestion {
            text: text.to_owned(),
            highlight: highlight::highlight(text, start..start + choice.typed_len),
            category: self.phrases.category(phrase).map(str::to_owned),
            popularity: self.phrases.popularity(phrase),
            results: self.phrases.results(phrase),
            source: self.phrases.source(phrase),
        }
    }
}

impl fmt::Debug for SuggestIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuggestIndex").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// What was typed, folded.
struct Typed {
    key: String,
    last_word: LastWord,
}

impl Typed {
    /// `None` where it is longer than any phrase.
    fn read(prefix: &str) -> Option<Self> {
        if prefix.len() > PREFIX_BYTES_MAX {
            return None;
        }
        let mut key = String::new();
        let finished = normalise::normalise_into(prefix, &mut key);
        let last_word = if finished { LastWord::Finished } else { LastWord::Unfinished };
        (key.len() <= PHRASE_BYTES_MAX).then_some(Self { key, last_word })
    }
}

/// A suggestion chosen: its entry, and how much of the key from there on was typed or corrected.
struct Choice<'a> {
    place: usize,
    typed_len: usize,
    gist: Gist<'a>,
}

/// The list in the making.
struct List<'a> {
    index: &'a SuggestIndex,
    scope: Option<&'a Scope>,
    limit: usize,
    chosen: Vec<Choice<'a>>,
    /// Phrases looked at, chosen or refused; a phrase can be met at several of its words.
    seen: Vec<u32>,
    effort: Effort,
}

impl List<'_> {
    fn is_full(&self) -> bool {
        self.chosen.len() >= self.limit
    }

    /// Adds the best of some ranges of the arena, which do not overlap; true if there was nothing left in them.
    fn take(&mut self, ranges: impl IntoIterator<Item = Range<usize>>, typed_len: usize) -> bool {
        let (index, scope) = (self.index, self.scope);
        let ranges = ranges.into_iter().map(|range| match scope {
            Some(scope) => scope.narrow(range),
            None => range,
        });
        let ranks = scope.map_or(index.arena.ranks(), Scope::ranks);
        let mut candidates = BestFirst::new(ranks, ranges);
        for _ in 0..self.limit * CANDIDATES_PER_SUGGESTION {
            if self.is_full() {
                return false;
            }
            let Some(at) = candidates.next() else { return true };
            self.effort.candidates += 1;
            self.offer(scope.map_or(at, |scope| scope.place(at)), typed_len);
        }
        false
    }

    /// Fills the list with what nearly has what was typed, fewer edits first.
    fn take_corrected(&mut self, typed: &Typed) {
        for edits in 1..=EDITS_MAX {
            if self.is_full() || !typos::may_have(&typed.key, edits) {
                return;
            }
            let visits_max = VISITED_STATES_MAX - self.effort.visited_states;
            let mut corrections = typos::correct(&self.index.keys, &typed.key, typed.last_word, edits, visits_max);
            self.effort.visited_states += corrections.visited;
            // Those with fewer edits were taken the time before.
            corrections.found.retain(|corrected| corrected.edits == edits);
            let ranges = corrections.found.iter().flat_map(|found| self.index.ranges(&found.prefix, typed.last_word));
            let before = self.chosen.len();
            self.take(outermost(ranges.collect()), 0);
            for choice in &mut self.chosen[before..] {
                let key = self.index.arena.key(&self.index.phrases, choice.place);
                choice.typed_len = corrected_len(&corrections.found, key, typed.last_word);
            }
        }
    }

    /// Chooses an entry unless its phrase was seen or repeats one that was chosen.
    fn offer(&mut self, place: usize, typed_len: usize) {
        let Self { index, .. } = *self;
        let phrase = index.arena.entry(place).phrase;
        if self.seen.contains(&phrase) {
            return;
        }
        self.seen.push(phrase);
        let gist = index.phrases.gist(phrase as usize);
        if !self.chosen.iter().any(|choice| diversity::repeats(choice.gist, gist)) {
            self.chosen.push(Choice { place, typed_len, gist });
        }
    }
}

/// Ranges without those that lie within another. Any two ranges of prefixes are apart or one within the other.
fn outermost(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    ranges.retain(|range| {
        let outer = range.start >= end && !range.is_empty();
        end = if outer { range.end } else { end };
        outer
    });
    ranges
}

/// Bytes of the longest corrected prefix that a key has: of `print` and `printer`, both one edit from `printr`, the
/// latter shows better what was meant.
fn corrected_len(found: &[Corrected], key: &[u8], last_word: LastWord) -> usize {
    let has = |prefix: &[u8]| {
        let ends_word = matches!(key.get(prefix.len()), None | Some(b' '));
        key.starts_with(prefix) && (last_word == LastWord::Unfinished || ends_word)
    };
    found.iter().map(|corrected| &*corrected.prefix).filter(|prefix| has(prefix)).map(<[u8]>::len).max().unwrap_or(0)
}
