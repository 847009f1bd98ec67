//! One dialect, named by `WHY502_DIALECT`, or all of them in turn: nothing panics, and the quick look
//! says what the full parse says.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::dialect(bytes));
