//! Mathematical functions with the same result on every machine.

use rhai::Module;

use crate::script::sandbox::native::add_function;
use crate::script::value::arguments::ScriptResult;

/// Replaces the platform's transcendental functions by libm's, so that a seed means the same everywhere.
pub(crate) fn register(module: &mut Module) {
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
        add_function(module, name, function);
    }
    add_function(module, "atan", libm::atan2);
    add_function(module, "hypot", libm::hypot);
    add_function(module, "log", |x: f64, base: f64| libm::log(x) / libm::log(base));
    add_function(module, "**", libm::pow);
    add_function(module, "**", |x: i64, power: i64| -> ScriptResult<i64> {
        let exact = u32::try_from(power).ok().and_then(|power| x.checked_pow(power));
        exact.ok_or_else(|| {
            format!("{x} ** {power} is no whole number in range; write {x}.0 ** {power}").into()
        })
    });
    #[expect(clippy::cast_precision_loss, reason = "an exponent that large overflows anyway")]
    add_function(module, "**", |x: f64, power: i64| libm::pow(x, power as f64));
    #[expect(clippy::cast_precision_loss, reason = "a base that large has no exact power either")]
    add_function(module, "**", |x: i64, power: f64| libm::pow(x as f64, power));
}
