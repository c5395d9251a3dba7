//! Bearpit on the wall clock: a market that people and programs trade in while it runs.
//!
//! Under construction. What is here is the lowest floor: the [journal](store::journal) of a live market, to
//! which every request from outside is written before it has any effect, and from which a market is rebuilt
//! after a crash. `ARCHITECTURE.md` at the root of the workspace has the idea.

pub mod store;
