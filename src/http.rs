//! HTTP: accept loop, routes, extraction, rendering, errors. No policy.
//!
//! A connection enters at [`accept`], each of its requests passes [`edge`] once, in and out, and the router picks the
//! handler. What an answer says is decided in `answer` and `catalog`; how it looks on the wire is decided here.

pub mod accept;
mod admin;
mod analytics;
mod auth;
pub mod autocomplete;
pub mod connection;
mod cors;
pub mod edge;
pub mod error;
mod events;
pub mod extract;
mod health;
pub mod limit;
mod live;
mod pages;
mod products;
mod request_id;
pub mod route;
mod router;
mod rules;
pub mod search;
mod settings;
mod stats;
mod tiers;
pub mod tls;
pub(crate) mod upload;
