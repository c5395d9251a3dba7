//! The engine that parses and runs scripts: Rhai with its limits set, hashes fixed and no functions
//! registered.

use rhai::Engine;

use crate::script::sandbox::hashing::{ForeignHashingSeed, fix_hashing_seed};
use crate::script::value::limits::{CALLS_MAX, FUNCTIONS_MAX, NESTING_MAX, VARIABLES_MAX};

/// Makes an engine that knows the language and its limits, but no functions: enough to parse.
///
/// # Errors
/// [`ForeignHashingSeed`], where what it parses could not be run reproducibly.
pub(crate) fn language() -> Result<Engine, ForeignHashingSeed> {
    fix_hashing_seed()?;
    Ok(confined_engine())
}

/// What parsing and walking a tree takes of the stack at most, at [`NESTING_MAX`] and without optimization.
const TREE_BYTES: usize = 16 << 20;

/// Parses or walks a syntax tree on a stack that is large enough for how deep it may nest.
pub(crate) fn with_room<T>(act: impl FnOnce() -> T) -> T {
    stacker::grow(TREE_BYTES, act)
}

/// Makes the same engine for what was compiled already, and for listing what scripts can call.
pub(crate) fn confined_engine() -> Engine {
    // Where this fails, nothing is compiled: see `language`.
    fix_hashing_seed().ok();
    let mut engine = Engine::new_raw();
    confine(&mut engine);
    // Reading a misspelt field is an error, not `()`.
    engine.set_fail_on_invalid_map_property(true);
    // Rhai computes `**` of plain numbers with the platform's `pow`, even while it parses, unless the
    // operator is one of ours.
    engine.disable_symbol("**").disable_symbol("**=");
    let power = engine.register_custom_operator("**", 190);
    debug_assert!(power.is_ok(), "a disabled symbol can be an operator");
    engine
}

/// Sets the limits that Rhai itself keeps. None is of the sizes of values: to keep it, Rhai would go through
/// all of a list whenever something is added to it.
pub(crate) fn confine(engine: &mut Engine) {
    engine.set_max_call_levels(CALLS_MAX);
    engine.set_max_expr_depths(NESTING_MAX, NESTING_MAX);
    engine.set_max_string_size(0);
    engine.set_max_array_size(0);
    engine.set_max_map_size(0);
    engine.set_max_variables(VARIABLES_MAX);
    engine.set_max_functions(FUNCTIONS_MAX);
    engine.set_max_modules(100);
    // Sizes do not count the values that a curried function carries.
    engine.disable_symbol("eval").disable_symbol("curry");
}
