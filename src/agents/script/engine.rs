//! The Rhai engine of a script: what it may do, and how much of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{AST, Dynamic, Engine};

use super::callbacks::{self, Defined};
use super::error::ScriptError;
use super::functions;
use super::host::Host;
use super::indicators;
use super::types;

/// Operations per callback: some milliseconds' worth.
pub(super) const OPERATIONS_MAX: u64 = 200_000;
const SOURCE_BYTES_MAX: usize = 1 << 20;

/// A script that has been checked.
#[derive(Debug, Clone)]
pub struct CompiledScript {
    pub(super) ast: AST,
    pub(super) defined: Defined,
}

/// Constants that functions see: `params`, and what the script itself declares outside of functions.
pub(super) type Constants = Rc<RefCell<BTreeMap<String, Dynamic>>>;

/// Compiles a script and checks its callbacks; `file` is for messages.
///
/// # Errors
/// The first thing that is wrong.
pub fn compile(source: &str, file: &Path) -> Result<CompiledScript, ScriptError> {
    let engine = engine(&Rc::new(RefCell::new(Host::vacant())), &Constants::default());
    compile_with(&engine, source, file)
}

pub(super) fn compile_with(
    engine: &Engine,
    source: &str,
    file: &Path,
) -> Result<CompiledScript, ScriptError> {
    if source.len() > SOURCE_BYTES_MAX {
        let message =
            format!("the script has {} bytes; at most {SOURCE_BYTES_MAX} are allowed", source.len());
        return Err(ScriptError { line: 1, column: 1, message, help: None });
    }
    let mut ast = engine.compile(source).map_err(|error| ScriptError::syntax(&error))?;
    ast.set_source(file.display().to_string());
    let defined = callbacks::find(&ast, source)?;
    Ok(CompiledScript { ast, defined })
}

/// Makes the engine of one script, whose functions act through `host`.
pub(super) fn engine(host: &Rc<RefCell<Host>>, constants: &Constants) -> Engine {
    let mut engine = Engine::new_raw();
    // Chosen one by one: no time, no sleep, no files, no modules.
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    limit(&mut engine);
    portable_math(&mut engine);
    types::register(&mut engine);
    functions::register(&mut engine, host);
    indicators::register(&mut engine);
    resolve_constants(&mut engine, constants);
    engine
}

fn limit(engine: &mut Engine) {
    engine.disable_symbol("eval").disable_symbol("import");
    engine.set_max_operations(OPERATIONS_MAX);
    engine.set_max_call_levels(32);
    engine.set_max_expr_depths(64, 32);
    engine.set_max_string_size(64 * 1024);
    engine.set_max_array_size(100_000);
    engine.set_max_map_size(10_000);
    engine.set_max_variables(1_000);
    engine.set_max_functions(1_000);
    engine.set_max_modules(0);
}

/// Replaces the platform's transcendental functions by libm's, so that a seed means the same everywhere.
fn portable_math(engine: &mut Engine) {
    type OfOne = fn(f64) -> f64;
    let functions: [(&str, OfOne); 14] = [
        ("exp", libm::exp),
        ("ln", libm::log),
        ("log10", libm::log10),
        ("sin", libm::sin),
        ("cos", libm::cos),
        ("tan", libm::tan),
        ("asin", libm::asin),
        ("acos", libm::acos),
        ("atan", libm::atan),
        ("sinh", libm::sinh),
        ("cosh", libm::cosh),
        ("tanh", libm::tanh),
        ("asinh", libm::asinh),
        ("acosh", libm::acosh),
    ];
    for (name, function) in functions {
        engine.register_fn(name, function);
    }
    engine.register_fn("atanh", libm::atanh);
    engine.register_fn("atan", libm::atan2);
    engine.register_fn("hypot", libm::hypot);
    engine.register_fn("log", |x: f64, base: f64| libm::log(x) / libm::log(base));
    engine.register_fn("**", libm::pow);
    #[expect(clippy::cast_precision_loss, reason = "an exponent that large overflows anyway")]
    engine.register_fn("**", |x: f64, power: i64| libm::pow(x, power as f64));
    // Built-in operators are compiled in where both sides are plain numbers; they must not be.
    engine.set_fast_operators(true);
}

#[expect(
    deprecated,
    reason = "Rhai marks this way what may change; it is the one way to give functions constants"
)]
fn resolve_constants(engine: &mut Engine, constants: &Constants) {
    let constants = Rc::clone(constants);
    engine.on_var(move |name, _, context| {
        if context.scope().contains(name) {
            return Ok(None);
        }
        Ok(constants.borrow().get(name).cloned())
    });
}

/// Returns the names of all functions that Bearpit itself gives to scripts, sorted.
#[must_use]
pub fn registered_names() -> Vec<&'static str> {
    let mut names = functions::NAMES.to_vec();
    names.sort_unstable();
    names
}
