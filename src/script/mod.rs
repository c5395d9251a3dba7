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
//! they are read.

mod api;
mod host;
mod runtime;
mod sandbox;
mod tools;
mod value;

pub use api::entries::{Api, ApiEntry, FieldEntry};
pub use api::language::{api, test_functions};
pub use host::test_harness::{MockAction, MockMarket};
pub use runtime::compile::{Scripts, check_params, compile, declared_params};
pub use runtime::compiled_script::CompiledScript;
pub use runtime::config::{OnError, ScriptConfig};
pub use runtime::script_test::ScriptTest;
pub use runtime::source::{Module, ScriptSource};
pub use runtime::trader::ScriptTrader;
pub use tools::definitions::definitions;
pub(crate) use tools::kind::KIND;
pub use tools::lint::{Finding, Linted, lint};
pub use value::callback::Callback;
pub use value::limits::{OPERATIONS, OPERATIONS_MAX};
pub use value::param::{ParamComplaint, ParamDeclaration, ParamRange, ParamValue};
pub use value::script_error::ScriptError;
