//! Strategies written in Rhai.
//!
//! A script is a set of functions; those called `on_start`, `on_bar`, `on_quote` and so on are its
//! [callbacks](Callback). [`compile`] checks a script without a market; [`ScriptTrader`] is the actor that
//! runs one. `docs/strategies.md` is the reference for those who write them, and [`api`] the list of what
//! they can call, kept where it is registered.
//!
//! # How a script reaches the market
//! The functions that a script calls are registered once, on an engine of its own, and hold a shared
//! slot, the `Host`. For the length of a callback the trader *lends* its context to the slot, by a swap; so
//! `buy(10)` submits at once and returns what the account gate said. No script can keep the context: it is
//! taken back when the callback returns, however it returns.
//!
//! # What makes it cheap
//! A script is compiled once for all its traders in a world. What stands outside of functions runs once.
//! A callback is evaluated in a state, a scope and a table of resolved functions that stay; its argument
//! holds numbers of the market and names that are shared, which become numbers of currency and texts when
//! they are read. Chains of names, and what is computed of numbers, are the host's own work, not the
//! interpreter's (`formula`).

mod api;
mod asking;
mod callbacks;
mod charge;
mod config;
mod definitions;
mod engine;
mod error;
mod fed;
mod feeds;
mod flatten;
mod formula;
mod functions;
mod host;
mod indicators;
mod limits;
mod lint;
mod market;
mod nodes;
mod objects;
mod order;
mod orders;
mod output;
mod params;
mod paths;
mod place;
mod program;
mod rehearsal;
mod sort;
mod source;
mod terms;
mod timers;
mod trader;

pub use api::{Api, ApiEntry, FieldEntry, api};
pub use callbacks::Callback;
pub use config::{OnError, ParamValue, ScriptConfig};
pub use definitions::definitions;
pub use error::ScriptError;
pub use limits::{OPERATIONS, OPERATIONS_MAX};
pub use lint::{Finding, Linted, lint};
pub use params::{ParamComplaint, ParamDeclaration, ParamRange};
pub use program::{CompiledScript, Scripts, check_params, compile, declared_params};
pub use rehearsal::{MockAction, MockMarket, ScriptTest, test_functions};
pub use source::{Module, ScriptSource};
pub use trader::ScriptTrader;
