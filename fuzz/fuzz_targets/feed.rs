//! `fuzz/run feed`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| storefind_fuzz::feed::check(bytes));
