//! The `storefind` command.
fn main() {}
