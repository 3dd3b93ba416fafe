//! Storefind: product search and autocomplete for an online shop.
//!
//! | module | owns |
//! | --- | --- |
//! | [`cli`] | the commands |
//! | [`app`] | every long-lived part, and the order in which they start and stop |
//! | [`config`] | the configuration, as written and as validated |
//! | [`http`] | connections, routes, extraction, rendering, errors |
//! | [`answer`] | the use case: a question becomes a key, a lookup, perhaps a computation, an answer |
//! | [`cache`] | entries, their freshness, the tiers that hold them |
//! | [`resilience`] | deadlines and the bounded pool of query threads |
//! | [`learn`] | what shoppers did, and what is suggested because of it |
//! | [`analytics`] | what merchandisers are told, by day |
//! | [`catalog`] | the log of changes and what is projected from it |
//! | [`backup`] | copies of all logs in a folder, and catalogs made of them |
//! | [`ingest`] | records on their way into a catalog, and the report of what became of them |
//! | [`demo`] | a believable, generated shop |
//! | [`evaluate`] | search quality against human judgments |
//! | [`telemetry`] | metrics and logs |

pub mod analytics;
pub mod answer;
pub mod app;
pub mod backup;
pub mod cache;
pub mod catalog;
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "what a command says is its result")]
pub mod cli;
pub mod config;
pub mod demo;
pub mod evaluate;
pub mod http;
pub mod ingest;
pub mod learn;
pub mod resilience;
mod shortened;
pub mod telemetry;
