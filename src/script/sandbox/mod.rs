//! The sandbox: how Rhai is confined, how a script's work is metered, and how a function body is evaluated.
//!
//! This is the only room that uses what Rhai exports under its feature `internals`: the syntax tree
//! (`metering`, `receiver`, `operands`, `metered_script`, `field_access`, `ast_nodes`, `outline`), the
//! runtime state (`execution`), the table of functions (`registered_functions`) and the hashing seed
//! (`hashing`).
//!
//! # Updating Rhai
//! Cargo.toml allows patch releases only. For a minor release:
//! 1. Raise the version there, and fix what does not compile; it is all in this folder.
//! 2. Run `cargo test --lib script::sandbox`. `reliance_tests` lists what has changed in Rhai: functions
//!    that iterate over an array, a map or a text and are new (meter them) or gone; shapes of the tree that
//!    metering walks; node names that scripts could write.
//! 3. Read Rhai's changelog for new kinds of statements and expressions. Both enums are non-exhaustive, so
//!    the compiler does not report new variants: those that hold values must be handled in `metering` and
//!    `outline`.
//! 4. `equivalence_tests` compares metered scripts with plain ones at random; run it with
//!    `PROPTEST_CASES=100000`. Then run the hostile scripts and golden digests:
//!    `cargo test --test it hostile` and `cargo test --test it golden`. No digest may change.
//! 5. Set `REVIEWED` in `reliance_tests`.

pub(crate) mod ast_nodes;
pub(crate) mod bounded_growth;
pub(crate) mod confinement;
#[cfg(test)]
mod equivalence_tests;
pub(crate) mod execution;
pub(crate) mod field_access;
pub(crate) mod hashing;
pub(crate) mod metered_script;
pub(crate) mod metering;
pub(crate) mod native;
pub(crate) mod operands;
pub(crate) mod outline;
pub(crate) mod portable_math;
pub(crate) mod receiver;
pub(crate) mod registered_functions;
#[cfg(test)]
mod reliance_tests;
pub(crate) mod sort;
