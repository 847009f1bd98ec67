//! Files of any content, compressed and not.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::intake(bytes));
