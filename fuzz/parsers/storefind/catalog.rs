//! The catalog, as far as feeds are read.

pub mod feeds;
