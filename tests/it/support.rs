//! What tests of several areas need.

pub mod shop;
pub mod webdriver;
