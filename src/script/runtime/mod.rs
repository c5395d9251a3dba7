//! Compiled scripts, scripts in execution, and the actor that runs one.

pub(crate) mod callback_bodies;
pub(crate) mod compile;
pub(crate) mod compiled_script;
pub(crate) mod config;
pub(crate) mod error_explanation;
mod flatten;
mod imports;
mod program;
pub(crate) mod retired;
mod run_bounds;
pub(crate) mod script_test;
pub(crate) mod shared_budget;
mod shared_script;
pub(crate) mod source;
pub(crate) mod trader;
mod turns;
