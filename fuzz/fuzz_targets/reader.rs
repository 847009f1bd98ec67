//! A source cut anywhere is told the same as in one piece.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::reader(bytes));
