//! The methods and fields of an indicator.

use rhai::Dynamic;

use crate::script::api::registry::Registry;
use crate::script::value::arguments::{ScriptResult, number};
use crate::script::value::indicator::{IndicatorHandle, InputArgs, PART_NAMES};
use crate::script::value::views::BarView;

/// Registers the methods and fields of indicators.
pub(crate) fn register_object(api: &mut Registry<'_>) {
    let mut object = api.object::<IndicatorHandle>("Indicator").shown(ToString::to_string);
    object = object.field("is_ready", "bool", "whether there is a value", IndicatorHandle::is_ready);
    // Apart from the other parts, because it is read most.
    object = object.option("value", "number | ()", "the first of the parts below", IndicatorHandle::value);
    for name in PART_NAMES {
        object = object.fallible(name, "number | ()", "a part of the value", move |it| it.part(name));
    }
    api.function(
        "update",
        "(indicator: Indicator, input: number | Bar, second?: number, third?: number) -> number | ()",
        "Takes the next input, and returns the new value; usually written `average.update(bar.close)`.",
        "sma(1).update(100)",
    )
    .form(|it: &mut IndicatorHandle, x: f64| it.update(InputArgs::Numbers(&[x])))
    .form(|it: &mut IndicatorHandle, x: i64| it.update(InputArgs::Numbers(&[whole(x)])))
    .form(|it: &mut IndicatorHandle, bar: BarView| it.update(InputArgs::Bar(&bar)))
    .form(|it: &mut IndicatorHandle, other: Dynamic| it.not_with(&other))
    .form(|it: &mut IndicatorHandle, a: Dynamic, b: Dynamic| it.update_with([a, b]))
    .form(|it: &mut IndicatorHandle, a: Dynamic, b: Dynamic, c: Dynamic| it.update_with([a, b, c]));
    api.function(
        "rescale",
        "(indicator: Indicator, price: number, volume: number) -> ()",
        "Multiplies the past prices and volumes of an indicator that the script updates itself, such as by the factors \
         of a split; those that `feed` updates follow it already.",
        "sma(2).rescale(0.5, 2)",
    )
    .form(|it: &mut IndicatorHandle, price: Dynamic, volume: Dynamic| it.rescale_by(&price, &volume));
    api.function(
        "reset",
        "(indicator: Indicator) -> ()",
        "Forgets all inputs, as if the indicator were new.",
        "sma(2).reset()",
    )
    .form(|it: &mut IndicatorHandle| it.reset());
    crossings(api);
}

fn crossings(api: &mut Registry<'_>) {
    api.function(
        "crossed_above",
        "(a: Indicator | number, b: Indicator | number) -> bool",
        "Whether `a` is above `b` and was not before the last update of each; false while there is no value of before.",
        "crossed_above(sma(5), sma(20))",
    )
    .form(|a: Dynamic, b: Dynamic| {
        let ((a_before, a), (b_before, b)) = (sides("crossed_above", &a)?, sides("crossed_above", &b)?);
        ScriptResult::Ok(is_at_most(a_before, b_before) && is_at_most(b, a) && a != b)
    });
    api.function(
        "crossed_below",
        "(a: Indicator | number, b: Indicator | number) -> bool",
        "Whether `a` is below `b` and was not before the last update of each.",
        "crossed_below(sma(5), sma(20))",
    )
    .form(|a: Dynamic, b: Dynamic| {
        let ((a_before, a), (b_before, b)) = (sides("crossed_below", &a)?, sides("crossed_below", &b)?);
        ScriptResult::Ok(is_at_most(b_before, a_before) && is_at_most(a, b) && a != b)
    });
}

/// Returns a value before and after the last update; a number is the same.
fn sides(function: &str, value: &Dynamic) -> ScriptResult<(Option<f64>, Option<f64>)> {
    if let Some(indicator) = value.read_lock::<IndicatorHandle>() {
        return Ok(indicator.last_two());
    }
    let level = number(function, "indicator or level", value)?;
    Ok((Some(level), Some(level)))
}

fn is_at_most(a: Option<f64>, b: Option<f64>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a <= b)
}

#[expect(clippy::cast_precision_loss, reason = "an integer beyond 2^53 need not be exact here")]
const fn whole(x: i64) -> f64 {
    x as f64
}
