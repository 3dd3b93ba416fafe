//! What must hold for any bytes: one entry point per parser, for fuzzers and for the suite.
//!
//! Each `check` takes bytes, as a fuzzer makes them, and panics if a property does not hold. They use nothing but the
//! public interface of the crates, so nothing is made public for their sake. `tests/it/abuse/fuzzing.rs` compiles
//! these same files and runs them over mutations of the seeds.

pub mod config;
pub mod feed;
pub mod filter;
pub mod query;
