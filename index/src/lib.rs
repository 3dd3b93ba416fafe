//! Storefind's search engine as a library.

#![allow(dead_code)]
pub mod analysis;
pub mod answer;
pub mod dependency;
pub mod error;
pub mod feed;
pub mod filter;
pub mod product;
pub mod request;
pub mod settings;
pub mod snapshot;
mod store;
pub mod suggest;
pub mod writer;
