//! `fuzz/run config`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| storefind_fuzz::config::check(bytes));
