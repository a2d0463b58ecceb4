#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rmm_exporter::fuzz::state(data));
