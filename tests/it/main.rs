//! Integration tests: one binary, through the front door.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod auditor;
mod cli;
mod conservation;
mod determinism;
mod market;
mod orders;
mod scripts;
