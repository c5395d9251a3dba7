//! Reading a distribution in the place of a value, such as `{ dist = "exponential", mean = "20s" }`.

use super::params::{ParamScope, read_params};
use crate::scenario::document::readers::Read;
use crate::scenario::document::{Node, Section, Value, readers};
use bearpit_agents::{DrawnParam, DrawnParams, Law, ParamDistribution, is_drawable};
use bearpit_core::market::Instrument;
use bearpit_core::params::{NumberRange, ParamSpec, ParamType, Values};
use bearpit_core::units::Decimal;

/// The names of distributions, each with the keys that it must have.
pub(in crate::scenario) const DISTRIBUTIONS: [(&str, &[&str]); 7] = [
    ("uniform", &["min", "max"]),
    ("exponential", &["mean"]),
    ("normal", &["mean", "sd"]),
    ("lognormal", &["median", "sigma"]),
    ("gamma", &["mean", "shape"]),
    ("pareto", &["min", "alpha"]),
    ("choice", &["values", "weights"]),
];

/// Reads the parameters of an agent: as [`read_params`] does, but one number can also be drawn by each
/// member.
pub(super) fn read_population(
    section: &Section<'_>,
    specs: &'static [ParamSpec],
    scope: &ParamScope<'_>,
) -> Option<(Values, Option<DrawnParams>)> {
    let mut drawn = Vec::new();
    let mut is_complete = true;
    let is_drawn = |spec: &&ParamSpec| {
        let is_table = section.peek(spec.name).is_some_and(|node| matches!(node.value, Value::Table(_)));
        is_table && is_drawable(&spec.value)
    };
    for spec in specs.iter().filter(is_drawn) {
        match distribution(section, spec, scope) {
            Some(param) => drawn.push(param),
            None => is_complete = false,
        }
    }
    let mut values = read_params(section, specs.iter().filter(|spec| !is_drawn(spec)), scope)?;
    if !is_complete {
        return None;
    }
    for param in &drawn {
        values.set(param.name, param.center());
    }
    let common = values.clone();
    let drawn = (!drawn.is_empty()).then_some(DrawnParams { common, drawn });
    Some((values, drawn))
}

fn distribution(section: &Section<'_>, spec: &ParamSpec, scope: &ParamScope<'_>) -> Option<DrawnParam> {
    let table = section.required_table(spec.name, format!("`{}`", spec.name))?;
    let names: Vec<(&str, &str)> = DISTRIBUTIONS.iter().map(|(name, _)| (*name, *name)).collect();
    let Some(dist) = table.required("dist", readers::one_of(&names)) else {
        table.abandon();
        return None;
    };
    let number = |node: &Node| measure(node, &spec.value, scope.instrument);
    let plain = readers::number(NumberRange::ANY);
    let law = match dist {
        "uniform" => both(table.required("min", number), table.required("max", number))
            .map(|(min, max)| Law::Uniform { min, max }),
        "exponential" => table.required("mean", number).map(|mean| Law::Exponential { mean }),
        "normal" => both(table.required("mean", number), table.required("sd", number))
            .map(|(mean, sd)| Law::Normal { mean, sd }),
        "lognormal" => both(table.required("median", number), table.required("sigma", &plain))
            .map(|(median, sigma)| Law::LogNormal { median, sigma }),
        "gamma" => both(table.required("mean", number), table.required("shape", &plain))
            .map(|(mean, shape)| Law::Gamma { mean, shape }),
        "pareto" => both(table.required("min", number), table.required("alpha", &plain))
            .map(|(min, alpha)| Law::Pareto { min, alpha }),
        _ => both(table.required("values", list(number)), table.required("weights", list(&plain)))
            .map(|(values, weights)| Law::Choice { values, weights }),
    };
    let (least, most) = DrawnParam::bounds(&spec.value);
    let bound = |key, default: f64| {
        let is_own = dist == "choice" && !table.has(key);
        if is_own { Some(default) } else { table.or(key, default, number) }
    };
    let bounds = both(bound("min", least), bound("max", most));
    table.finish();
    let (law, (min, max)) = both(law, bounds)?;
    match ParamDistribution::new(law, min.max(least), max.min(most)) {
        Ok(distribution) => Some(DrawnParam::new(spec, distribution)),
        Err(error) => {
            section.report(spec.name, format!("`{}` {error}", spec.name), None);
            None
        }
    }
}

fn both<A, B>(first: Option<A>, second: Option<B>) -> Option<(A, B)> {
    Some((first?, second?))
}

fn list<'a>(item: impl Fn(&Node) -> Read<f64> + 'a) -> impl Fn(&Node) -> Read<Vec<f64>> + 'a {
    move |node| match &node.value {
        Value::List(items) => items.iter().map(&item).collect(),
        _ => Err(readers::mistyped(node, "a list")),
    }
}

/// Reads a value of a type as the number that its distribution is in: seconds, lots, ticks or currency.
fn measure(node: &Node, value: &ParamType, instrument: Option<&Instrument>) -> Read<f64> {
    let unit = |size: Option<Decimal>| size.map_or(1.0, Decimal::to_f64);
    Ok(match value {
        ParamType::Duration(_) => readers::duration(node)?.secs_f64(),
        ParamType::Price => readers::decimal(node)?.to_f64(),
        ParamType::TickDistance => {
            readers::decimal(node)?.to_f64() / unit(instrument.map(Instrument::tick_size))
        }
        ParamType::Quantity => readers::decimal(node)?.to_f64() / unit(instrument.map(Instrument::lot_size)),
        _ => readers::number(NumberRange::ANY)(node)?,
    })
}
