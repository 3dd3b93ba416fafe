//! `cargo +nightly fuzz run query fuzz/corpus/query fuzz/seeds/query`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| storefind_fuzz::query::check(bytes));
