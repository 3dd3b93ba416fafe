//! Storefind's search engine as a library.

#![allow(dead_code)]
pub mod analysis;
pub mod answer;
mod collect;
pub mod dependency;
pub mod error;
mod eval;
pub mod feed;
pub mod filter;
mod highlight;
pub mod product;
mod query;
pub mod request;
mod search;
pub mod settings;
pub mod snapshot;
mod store;
pub mod suggest;
pub mod writer;
