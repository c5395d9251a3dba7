//! Bearpit: an actor-based market simulation engine with scripting.
//!
//! Actors meet in one pit: a price-time-priority matching engine running in virtual time. The
//! modules stand on floors and import downward only; `ARCHITECTURE.md` tells the idea, the floors and
//! the data flow.

pub mod account;
pub mod agents;
pub mod analysis;
pub mod book;
pub mod cli;
pub mod exchange;
pub mod kernel;
pub mod market;
pub mod mock;
pub mod pit;
pub mod process;
pub mod record;
pub mod report;
pub mod scenario;
pub mod units;
