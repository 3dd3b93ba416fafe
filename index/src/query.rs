//! From what a shopper typed to what is evaluated: words, alternatives, corrections, filters.
//!
//! Queries are built here by code; user text never reaches a query-language parser. `parse` reads the text, `price` takes
//! prices in words out of it, `plan` says for each word what would match it, `asked` which word says what is asked for,
//! `typo` finds corrections, `split` reads a word as two, `relax` says which words may be missing when too little is
//! found, `offer` what else may have been meant, `filter` resolves conditions, `depend` states what the answer depends on.

pub(crate) mod asked;
pub(crate) mod depend;
pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod generic;
pub(crate) mod lexicon;
pub(crate) mod offer;
pub(crate) mod parse;
pub(crate) mod plan;
pub(crate) mod price;
pub(crate) mod relax;
pub(crate) mod split;
pub(crate) mod typo;
pub(crate) mod wording;
