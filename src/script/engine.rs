//! The Rhai engine of a script: what it may do, and how much of it.

use std::any::TypeId;

use rhai::Engine;
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};

use super::api::{Api, Registry};
use super::host::{Outcome, Shared};
use super::market::Market;
use super::paths::Fields;
use super::{fed, functions, indicators, limits, market, objects, orders, output, params, rehearsal, sort};

/// What functions are looked up by; any numbers do, if they are the same in every process.
const HASHING_SEED: [u64; 4] = [0x0062_6561, 0x0072_7069, 0x0074_2d72, 0x0068_6169];

/// The language of strategies, ready to be evaluated.
pub(super) struct Language {
    pub(super) engine: Engine,
    /// All that scripts can call and read.
    pub(super) api: Api,
    /// How the host reads its own objects.
    pub(super) fields: Fields,
}

/// Makes the language of one script, whose functions act through `host`.
///
/// Where `host` has a market to play on, tests have their functions too.
pub(super) fn engine(host: &Shared) -> Language {
    let mut engine = language();
    // Chosen one by one: no time, no sleep, no files.
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    portable_math(&mut engine);
    sort::register(&mut engine);
    host.borrow().meter.watch(&mut engine);
    let mut api = Registry::new(&mut engine, host);
    objects::register(&mut api);
    params::register(&mut api, host);
    orders::register(&mut api, host);
    market::register(&mut api, host);
    functions::register_account(&mut api, host);
    functions::register_time(&mut api, host);
    functions::register_chance(&mut api, host);
    output::register(&mut api, host);
    indicators::register(&mut api);
    fed::register(&mut api);
    if host.borrow().rehearsal.is_some() {
        rehearsal::register(&mut api, host);
    }
    let Registry { api, fields, .. } = api;
    Language { engine, api, fields }
}

/// Returns the functions of an engine, Rhai's among them: name, number of arguments, and whether the first
/// of these is a market.
pub(super) fn functions_of(engine: &Engine) -> Vec<(String, usize, bool)> {
    let market = TypeId::of::<Market>();
    engine.collect_fn_metadata(
        None,
        |info| {
            let on_market = info.metadata.param_types.first() == Some(&market);
            Some((info.metadata.name.to_string(), info.metadata.num_params, on_market))
        },
        true,
    )
}

/// Makes an engine that knows the language and its limits, but no functions: enough to parse.
pub(super) fn language() -> Engine {
    // The same hashes in every process; only the first call does anything.
    rhai::config::hashing::set_hashing_seed(Some(HASHING_SEED)).ok();
    let mut engine = Engine::new_raw();
    limits::confine(&mut engine);
    // What is misspelt is not taken for absent.
    engine.set_fail_on_invalid_map_property(true);
    // Rhai computes `**` of plain numbers with the platform's `pow`, even while it parses, unless the
    // operator is one of ours.
    engine.disable_symbol("**").disable_symbol("**=");
    let power = engine.register_custom_operator("**", 190);
    debug_assert!(power.is_ok(), "a disabled symbol can be an operator");
    engine
}

/// Replaces the platform's transcendental functions by libm's, so that a seed means the same everywhere.
fn portable_math(engine: &mut Engine) {
    type OfOne = fn(f64) -> f64;
    let functions: [(&str, OfOne); 15] = [
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
        ("atanh", libm::atanh),
    ];
    for (name, function) in functions {
        engine.register_fn(name, function);
    }
    engine.register_fn("atan", libm::atan2);
    engine.register_fn("hypot", libm::hypot);
    engine.register_fn("log", |x: f64, base: f64| libm::log(x) / libm::log(base));
    engine.register_fn("**", libm::pow);
    engine.register_fn("**", |x: i64, power: i64| -> Outcome<i64> {
        let exact = u32::try_from(power).ok().and_then(|power| x.checked_pow(power));
        exact.ok_or_else(|| {
            format!("{x} ** {power} is no whole number in range; write {x}.0 ** {power}").into()
        })
    });
    #[expect(clippy::cast_precision_loss, reason = "an exponent that large overflows anyway")]
    engine.register_fn("**", |x: f64, power: i64| libm::pow(x, power as f64));
    #[expect(clippy::cast_precision_loss, reason = "a base that large has no exact power either")]
    engine.register_fn("**", |x: i64, power: f64| libm::pow(x as f64, power));
}
