//! Scenario files: TOML in, a validated [`Scenario`] out, and a market laid out from it.
//!
//! Nothing that is read here can be wrong later: every key is known, every number in its range, every
//! name refers to something, every file is there and whole, every script compiles. What is wrong comes
//! out all at once as [`Diagnostics`], each with file, line, column, the value and what is allowed.

mod agents;
mod bars;
mod build;
mod complaints;
mod diagnostics;
mod files;
mod flow_agent;
mod load;
mod lobster;
mod order_flow;
mod process;
mod read;
mod record;
mod rules;
mod script_agent;
mod section;
mod spec;
mod strategy;
#[cfg(test)]
mod tests;
mod tree;
mod world;

pub use diagnostics::{Diagnostic, Diagnostics};
pub use order_flow::OrderFlow;
pub use spec::{AgentKind, AgentSpec, InstrumentSpec, ProcessSpec, Scenario, VenueSpec};
pub use strategy::Strategy;
pub use tree::Override;
