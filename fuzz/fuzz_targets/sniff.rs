//! The reader's choice of a dialect for one record alone.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::sniff(bytes));
