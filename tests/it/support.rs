//! What tests of several areas need.

pub mod child;
pub mod fault_proxy;
pub mod raw;
pub mod server;
pub mod servers;
pub mod shop;
pub mod webdriver;
