//! Integration tests: one binary, through the front door.

mod auditor;
mod conservation;
mod determinism;
mod market;
mod orders;
