//! Functions that draw random numbers, all from the actor's own stream.

use std::rc::Rc;

use rand::RngExt;
use rand_distr::Distribution;
use rhai::Dynamic;

use crate::script::api::registry::Registry;
use crate::script::host::SharedHost;
use crate::script::value::arguments::{ScriptResult, number};
use bearpit_core::kernel::StandardNormal;
use bearpit_core::units::NumberText;

/// Registers the functions that draw random numbers.
pub(crate) fn register(api: &mut Registry<'_>, host: &SharedHost) {
    api.group("Chance");
    let (shared, bounded) = (Rc::clone(host), Rc::clone(host));
    api.function(
        "random",
        "(low?: number, high?: number) -> number",
        "A number from `low` up to `high`, from 0 up to 1 without them; the same seed gives the same numbers.",
        "random() < 0.5",
    )
    .form(move || draw(&shared, "random", |rng| rng.random::<f64>()))
    .form(move |low: Dynamic, high: Dynamic| {
        let (low, high) = (number("random", "low end", &low)?, number("random", "high end", &high)?);
        if !(low < high && (high - low).is_finite()) {
            let [low, high] = [low, high].map(NumberText);
            return Err(format!("random: there is no number from {low} up to {high}").into());
        }
        draw(&bounded, "random", |rng| low + (high - low) * rng.random::<f64>())
    });
    let shared = Rc::clone(host);
    api.function(
        "random_normal",
        "() -> number",
        "A number from the normal distribution of mean 0 and deviation 1.",
        "random_normal()",
    )
    .form(move || draw(&shared, "random_normal", |rng| StandardNormal.sample(rng)));
}

fn draw(
    host: &SharedHost,
    function: &str,
    draw: impl Fn(&mut bearpit_core::kernel::Stream) -> f64,
) -> ScriptResult<f64> {
    let mut host = host.borrow_mut();
    host.need_run(function)?;
    Ok(draw(host.ctx.rng()))
}
