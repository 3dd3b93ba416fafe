//! The tests of the server as its users meet it: one binary, a module per area.

mod browser;
mod support;
mod tidy;
