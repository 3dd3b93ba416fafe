//! How products lie in the tantivy index: schema, documents, terms for filters, opened segments.
//!
//! Knows nothing of queries. Invariant: everything that is written for a product is a pure function of the product
//! and the settings, so that index terms and touch hashes come from one place.

pub(crate) mod deaths;
pub(crate) mod document;
pub(crate) mod forms;
pub(crate) mod keyword;
pub(crate) mod merges;
mod packed;
pub(crate) mod schema;
pub(crate) mod segment;
pub(crate) mod signature;
pub(crate) mod stored;
pub(crate) mod value_sets;
