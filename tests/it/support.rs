//! What tests of several areas need.

pub mod server;
pub mod shop;
pub mod webdriver;
