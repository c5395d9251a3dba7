//! Bearpit on the wall clock: a market that people and programs trade in while it runs.
//!
//! Under construction. What is here are the two lowest rooms: the [journal](store::journal), to which every
//! request from outside is written before it has any effect, and the [live market](live), which is rebuilt
//! from it after a crash. `ARCHITECTURE.md` at the root of the workspace has the idea.

pub mod config;
pub mod driver;
pub mod http;
pub mod live;
pub mod publication;
pub mod replay;
pub mod store;
