//! Strategies written in Rhai.
//!
//! A script is a set of functions; those called `on_start`, `on_bar`, `on_quote`, `on_fill`, `on_timer` and
//! `on_stop` are its callbacks. [`compile`] checks a script without running it; [`ScriptTrader`] is the
//! actor that runs one. `docs/strategies.md` is the reference for those who write them.
//!
//! # How a script reaches the market
//! The functions that a script calls are registered once, on an engine of its own, and hold a shared
//! slot. For the length of a callback the trader *lends* its context to the slot, by a swap; so `buy(10)`
//! submits at once and returns what the account gate said. No script can keep the context: it is taken
//! back when the callback returns, however it returns.

mod callbacks;
mod engine;
mod error;
mod functions;
mod host;
mod indicators;
mod market;
mod trader;
mod types;

pub use callbacks::Callback;
pub use engine::{CompiledScript, compile};
pub use error::ScriptError;
pub use trader::ScriptTrader;

pub use engine::registered_names;
