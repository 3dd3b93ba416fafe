//! Evaluation within one segment: which documents match, and how well.
//!
//! Matching runs over two fields that hold every term of a product without frequencies; the six searched fields,
//! with theirs, are only looked at for documents that match, and only when a score is wanted.

pub(crate) mod cursor;
pub(crate) mod matching;
pub(crate) mod plain;
pub(crate) mod score;
pub(crate) mod split;
pub(crate) mod wanted;
