//! Storefind's search engine as a library: products in, pages and suggestions out.
//!
//! A [`Writer`](writer::Writer) applies products in the order of a log and publishes [`Snapshot`](snapshot::Snapshot)s,
//! each a consistent view with the sequence that it reflects. A snapshot answers [`SearchRequest`](request::SearchRequest)s
//! with pages that state what they depend on ([`Dependency`](dependency::Dependency)), so that a cache can tell which
//! changes could alter them; the writer tells what each change touches. Price and stock are not indexed: they lie in a
//! [`LiveTable`](live::LiveTable). Suggestions are an index of their own ([`suggest`]).
//!
//! The crate knows no HTTP, no async runtime, no cache and no environment.
//!
//! ```
//! use std::sync::Arc;
//!
//! use storefind_index::product::Product;
//! use storefind_index::request::SearchRequest;
//! use storefind_index::settings::Settings;
//! use storefind_index::writer::Writer;
//!
//! let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default())?;
//! writer.upsert(&Product { id: "1".into(), title: "HP dv7-1211ea 17\" laptop".into(), ..Product::default() })?;
//! let snapshot = writer.commit(1)?;
//!
//! let request = SearchRequest { q: "dv71211ea 17 inch".into(), ..SearchRequest::default() };
//! let page = snapshot.search(&request, &|| false)?;
//! assert_eq!((page.total, page.hits[0].id.as_str()), (1, "1"));
//! # Ok::<(), storefind_index::error::IndexError>(())
//! ```

pub mod analysis;
pub mod answer;
mod collect;
pub mod dependency;
pub mod error;
mod eval;
pub mod feed;
pub mod filter;
mod highlight;
pub mod live;
pub mod product;
mod query;
mod rank;
pub mod request;
pub mod rules;
mod search;
pub mod settings;
pub mod snapshot;
mod store;
pub mod suggest;
pub mod switch;
pub mod touch;
pub mod writer;
