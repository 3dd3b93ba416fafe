//! From what a shopper typed to what is evaluated: words, alternatives, corrections, filters.
//!
//! Queries are built here by code; user text never reaches a query-language parser. `parse` reads the text, `plan`
//! says for each word what would match it, `typo` finds corrections, `filter` resolves conditions, `depend` states
//! what the answer depends on.

pub(crate) mod depend;
pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod generic;
pub(crate) mod lexicon;
pub(crate) mod parse;
pub(crate) mod plan;
pub(crate) mod typo;
pub(crate) mod wording;
