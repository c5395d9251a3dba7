//! Replayed bars against an independent reference: the rules of `docs/backtesting.md`, as a plain loop.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod actions;
mod brackets;
mod choices;
mod comparison;
mod conditions;
mod coverage;
mod driver;
mod examples;
mod exits;
mod faults;
mod histories;
mod history;
mod laws;
mod reference;
mod splits;

/// Random histories: as many as CI promises, fewer in a debug build.
const HISTORIES: u32 = if cfg!(debug_assertions) { 500 } else { 10_000 };
