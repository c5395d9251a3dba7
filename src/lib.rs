//! Bearpit: an actor-based market simulation engine with scripting.
//!
//! Actors meet in a price-time-priority matching engine running in virtual time. The engine is
//! [`bearpit_core`], whose modules are here again under their own names; the agents that need no scripts are
//! [`bearpit_agents`]. What this crate adds is strategies in Rhai, scenario files, recorded tables, their
//! analysis, reports and the command line. `ARCHITECTURE.md` describes the idea, the floors and the data
//! flow.

pub use bearpit_agents as agents;
pub use bearpit_core::{
    account, book, exchange, ignore_messages, kernel, market, params, participant, process, replay, units,
};

pub mod analysis;
pub mod cli;
pub mod data;
pub mod mock;
pub mod record;
pub mod report;
pub mod run;
pub mod scenario;
pub mod script;
