//! Strategies written in Rhai.
//!
//! A script is a set of functions; those called `on_start`, `on_bar`, `on_quote` and so on are its
//! [callbacks](Callback). [`compile`] checks a script without a market; [`ScriptTrader`] is the actor that
//! runs one. `docs/strategies.md` is the reference for authors of scripts; [`api`] returns the list of what
//! scripts can call.
//!
//! # Rooms
//! Imports go in one direction: `value` <- `host` <- `sandbox` <- `api` <- `runtime` <- `tools`. `value` has
//! the types that scripts handle, `host` the state that their functions act on, `sandbox` all that uses
//! Rhai's internals, `api` the registered functions and objects, `runtime` compiled scripts and the actor,
//! `tools` the checks and the definitions for editors.
//!
//! # How a script reaches the market
//! The functions that scripts call are registered once for a thread and act on one host. Before a script
//! runs, its trader's context and state are *lent* to the host, by a swap, so `buy(10)` submits at once and
//! returns the decision of the account gate. No script can keep the context: it is taken back when the
//! callback ends, also when it ends with an error or a panic.
//!
//! # What makes it cheap
//! A script is compiled once for all its traders in a world; parameters, constants, imported modules and
//! budgets are each trader's own. Statements outside of functions run once. The runtime state, the scope and
//! the table of resolved functions are kept between callbacks. The argument of a callback holds ticks, lots
//! and shared names; they are converted to amounts of currency and texts when they are read.

mod api;
mod host;
mod runtime;
mod sandbox;
mod tools;
mod value;

pub use api::entries::{Api, ApiEntry, FieldEntry};
pub use api::language::{api, test_functions};
pub use host::test_harness::{MockAction, MockError, MockFill, MockMarket};
pub use runtime::compile::{Scripts, check_params, compile, declared_params};
pub use runtime::compiled_script::CompiledScript;
pub use runtime::config::{OnError, ScriptConfig};
pub use runtime::retired::{BrokenSeat, RetiredSeat};
pub use runtime::script_test::ScriptTest;
pub use runtime::shared_budget::SharedBudget;
pub use runtime::source::{Module, ScriptSource};
pub use runtime::trader::ScriptTrader;
pub use tools::definitions::definitions;
pub(crate) use tools::kind::KIND;
pub use tools::lint::{Finding, Linted, lint};
pub use value::callback::Callback;
pub use value::limits::{OPERATIONS, OPERATIONS_MAX, RunLimits, USER_OPERATIONS};
pub use value::param::{ParamComplaint, ParamDeclaration, ParamMismatch, ParamRange, ParamValue};
pub use value::script_error::ScriptError;
