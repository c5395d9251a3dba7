//! The engine beside the naive one, on steps that bytes encode: both must emit and hold the same.
//!
//! `cargo +nightly fuzz run book`
#![no_main]

use bearpit_core::book::reference::steps;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(difference) = steps::replay(bytes, |_, _| {}) {
        panic!("{difference}");
    }
});
