//! What tests of several areas need.

pub mod fault_proxy;
pub mod server;
pub mod servers;
pub mod shop;
pub mod webdriver;
