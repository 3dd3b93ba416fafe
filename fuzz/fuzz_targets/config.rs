//! `cargo +nightly fuzz run config fuzz/corpus/config fuzz/seeds/config`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| storefind_fuzz::config::check(bytes));
