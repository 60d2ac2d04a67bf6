#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dhc_fuzz::holder::oakley_of_holder(bytes));
