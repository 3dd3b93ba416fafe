//! Text → terms: a pure function of text and settings, the same for indexing, querying, highlighting and touching.
//!
//! `fold` makes spelling variants equal, `tokenize` finds words, numbers, measures and model numbers with their
//! places, `units` knows the measures, `stem` the languages, `compounds` where a word may be two, `phrase` what shapes noun
//! phrases and `head` what a title says its product is. An [`Analyzer`] puts them together.
//!
//! Invariant: nothing here looks at the catalog. What a text means never depends on other products, otherwise a
//! change elsewhere could alter an answer that no term of its own touches.

mod analyzer;
pub(crate) mod compounds;
pub mod fold;
mod head;
pub(crate) mod phrase;
mod stem;
mod stop_words;
mod tokenize;
pub(crate) mod units;

pub use analyzer::{Analyzer, Term, TermKind};
pub(crate) use analyzer::{Group, groups};
pub(crate) use head::{for_each_head, name_term, query_heads};
pub use tokenize::{Token, TokenKind, tokenize};

/// Most characters of a term; longer runs are cut. Product names have no such words, serialised data in a
/// description has.
pub const TERM_CHARS_MAX: usize = 40;
/// Longest prefix that is indexed, in characters: 12 tell nearly all words apart (DESIGN.md, "What touches").
pub const PREFIX_CHARS_MAX: usize = 12;
/// Put before a stem, so that it never meets a whole word in an index field.
pub const STEM_MARK: char = '~';
