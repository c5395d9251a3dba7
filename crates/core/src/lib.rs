//! The engine of Bearpit: a market of actors in virtual time, without files, scripts or a terminal.
//!
//! The modules stand on floors and import downward only:
//!
//! - [`units`]: time, prices, quantities, money, identifiers, the seed.
//! - [`kernel`]: the event queue, the actor context, the world, latency, random streams, the digest.
//! - [`params`]: parameters of kinds of agents and processes, described as data.
//! - [`market`]: instruments, orders, commands, facts, execution reports, the tape.
//! - [`process`]: how the value of an instrument moves.
//! - [`book`]: the order book and the matching engine.
//! - [`account`]: cash, positions, holds, and the gate that every order passes.
//! - [`participant`]: the state that all participants share, and the context through which they trade.
//! - [`exchange`]: the actor of a venue, and the builder of a whole market.

pub mod account;
pub mod book;
pub mod exchange;
pub mod kernel;
pub mod market;
pub mod params;
pub mod participant;
pub mod process;
pub mod replay;
pub mod units;
