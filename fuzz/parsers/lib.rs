//! The entry points of the parsers, which are links to those of the whole fuzz crate.

pub mod feed;
pub mod filter;
