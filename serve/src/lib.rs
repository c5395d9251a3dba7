//! Bearpit on the wall clock: a market that people and programs trade in while it runs.
//!
//! A [live market](live) is a state machine over a [journal](store::journal), to which every request from
//! outside is written before anybody sees its effect. The [driver] gives it a thread, a clock and a disk;
//! [`http`] says how it is, and [`cli`] starts and stops it all by its [configuration](config).
//! `ARCHITECTURE.md` at the root of the workspace has the idea, `docs/live.md` how it is operated.

pub mod channels;
pub mod cli;
pub mod config;
pub mod domain;
pub mod driver;
pub mod estimates;
pub mod fix;
pub mod http;
pub mod live;
pub mod load;
pub mod outgoing;
pub mod projector;
pub mod publication;
pub mod replay;
pub mod services;
pub mod store;
#[cfg(test)]
mod testing;
