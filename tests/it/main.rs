//! The tests of the server as its users meet it: one binary, a module per area.

mod answer;
mod browser;
mod cache;
mod cli;
mod http;
mod support;
mod tidy;
