//! `fuzz/run filter`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| storefind_fuzz::filter::check(bytes));
