//! The engine beside the naive one, on steps that bytes spell: both must say and hold the same.
//!
//! `cargo +nightly fuzz run book`
#![no_main]
#![allow(dead_code, unused_imports, reason = "of the floors below, only what the book uses is used")]

// By path and not as a dependency: the package would bring Polars, which takes the better part of an hour
// to build with the fuzzer's instrumentation, and whose counters would drown those of the book.
#[path = "../../src/book/mod.rs"]
mod book;
#[path = "../../src/kernel/mod.rs"]
mod kernel;
#[path = "../../src/market/mod.rs"]
mod market;
#[path = "../../src/book/tests/steps.rs"]
mod steps;
#[path = "../../src/units/mod.rs"]
mod units;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(difference) = steps::replay(bytes, |_, _| {}) {
        panic!("{difference}");
    }
});
