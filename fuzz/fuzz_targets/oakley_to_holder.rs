#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dhc_fuzz::holder::oakley_to_holder(bytes));
