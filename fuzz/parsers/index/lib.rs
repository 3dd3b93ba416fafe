//! The product model, feeds and filters of the search engine: links to its own files.

pub mod feed;
pub mod filter;
pub mod live;
pub mod product;
