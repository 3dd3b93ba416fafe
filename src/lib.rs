//! Storefind: product search and autocomplete for an online shop.

#![allow(dead_code)]
pub mod answer;
pub mod cache;
pub mod catalog;
pub mod config;
pub mod demo;
pub mod http;
pub mod resilience;
