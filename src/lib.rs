//! Storefind: product search and autocomplete for an online shop.
//!
//! | module | owns |
//! | --- | --- |
//! | [`cli`] | the commands |
//! | [`app`] | every long-lived part, and the order in which they start and stop |
//! | [`config`] | the configuration, as written and as validated |
//! | [`http`] | connections, routes, extraction, rendering, errors |
//! | [`catalog`] | the log of changes and what is projected from it |
//! | [`telemetry`] | metrics and logs |

pub mod app;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod http;
pub mod telemetry;
