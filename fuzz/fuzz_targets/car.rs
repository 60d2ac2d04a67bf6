#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dhc_fuzz::content::car(bytes));
