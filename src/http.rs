//! HTTP: accept loop, routes, extraction, rendering, errors. No policy.

pub mod error;
