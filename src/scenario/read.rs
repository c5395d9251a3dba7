//! Readers: from a node to a value in range, or a sentence that says what is allowed.

use super::tree::{Node, Value};
use bearpit_core::kernel::LatencyModel;
use bearpit_core::units::{Decimal, FeeRate, Money, SimDuration, SimTime, suggest};

/// What a reader returns.
pub(super) type Read<T> = Result<T, String>;

fn not(node: &Node, wanted: &str) -> String {
    format!("is {} ({}), but must be {wanted}", node.kind(), node.shown())
}

/// Any text that is not empty.
pub(super) fn text(node: &Node) -> Read<String> {
    match &node.value {
        Value::Text(text) if !text.trim().is_empty() => Ok(text.clone()),
        Value::Text(_) => Err("is empty, but must be a text".to_owned()),
        _ => Err(not(node, "a text in quotes")),
    }
}

/// A name that can stand in file names and keys.
pub(super) fn name(node: &Node) -> Read<String> {
    let text = text(node)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.chars().all(fits) && text.len() <= 64 && !text.starts_with('.') {
        return Ok(text);
    }
    Err(format!(
        "is {}, but must be at most 64 of letters, digits, `-`, `_` and `.`, not beginning with a dot",
        node.shown()
    ))
}

/// One of a few words.
pub(super) fn one_of<'a, T: Copy>(choices: &'a [(&'a str, T)]) -> impl Fn(&Node) -> Read<T> + 'a {
    move |node| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let word = match &node.value {
            Value::Text(text) => text.as_str(),
            _ => return Err(not(node, &format!("one of {}", names.join(", ")))),
        };
        choices
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, choice)| *choice)
            .ok_or_else(|| format!("is `{word}`, which there is not; {}", suggest(word, &names)))
    }
}

/// A whole number within a range, both ends included.
pub(super) fn integer(min: i64, max: i64) -> impl Fn(&Node) -> Read<i64> {
    move |node| {
        let wanted = || match (min, max) {
            (0, i64::MAX) => "a whole number at or above 0".to_owned(),
            _ => format!("a whole number from {min} to {max}"),
        };
        match &node.value {
            Value::Int(text) => match text.replace('_', "").parse::<i64>() {
                Ok(value) if (min..=max).contains(&value) => Ok(value),
                _ => Err(format!("is {text}, but must be {}", wanted())),
            },
            _ => Err(not(node, &wanted())),
        }
    }
}

/// Any seed.
pub(super) fn seed(node: &Node) -> Read<u64> {
    match &node.value {
        Value::Int(text) => text
            .replace('_', "")
            .parse()
            .map_err(|_| format!("is {text}, but must be a whole number from 0 to 2^64 - 1")),
        _ => Err(not(node, "a whole number from 0 to 2^64 - 1")),
    }
}

fn finite(node: &Node) -> Read<f64> {
    let text = match &node.value {
        Value::Int(text) | Value::Float(text) => text.replace('_', ""),
        _ => return Err(not(node, "a number")),
    };
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(format!("is {text}, but must be a finite number")),
    }
}

/// A number within a range, both ends included.
pub(super) fn number(min: f64, max: f64) -> impl Fn(&Node) -> Read<f64> {
    move |node| {
        let value = finite(node)?;
        if (min..=max).contains(&value) {
            return Ok(value);
        }
        if max >= f64::MAX {
            return Err(format!("is {}, but must be at or above {min}", node.shown()));
        }
        Err(format!("is {}, but must be from {min} to {max}", node.shown()))
    }
}

/// A number above zero.
pub(super) fn positive(node: &Node) -> Read<f64> {
    let value = finite(node)?;
    if value > 0.0 { Ok(value) } else { Err(format!("is {}, but must be above 0", node.shown())) }
}

/// An exact decimal: a number, or a text that is one.
pub(super) fn decimal(node: &Node) -> Read<Decimal> {
    match &node.value {
        Value::Int(text) | Value::Float(text) | Value::Text(text) => {
            text.parse().map_err(|_| format!("is {}, but must be a decimal such as 0.01", node.shown()))
        }
        _ => Err(not(node, "a decimal such as 0.01")),
    }
}

/// An exact decimal above zero.
pub(super) fn positive_decimal(node: &Node) -> Read<Decimal> {
    let value = decimal(node)?;
    if value.is_positive() { Ok(value) } else { Err(format!("is {}, but must be above 0", node.shown())) }
}

/// An amount of money at or above zero.
pub(super) fn money(node: &Node) -> Read<Money> {
    let money = Money::from_decimal(decimal(node)?)
        .filter(|money| *money >= Money::ZERO && *money <= Money::from_whole(1_000_000_000_000_000));
    money.ok_or_else(|| {
        format!("is {}, but must be money from 0 to 10^15, with at most ten decimal places", node.shown())
    })
}

/// A fee rate in basis points.
pub(super) fn bps(node: &Node) -> Read<FeeRate> {
    FeeRate::from_bps(decimal(node)?).ok_or_else(|| {
        format!(
            "is {}, but must be from -10000 to 10000 basis points, with at most five decimal places",
            node.shown()
        )
    })
}

/// A span of time with its unit, at or above zero.
pub(super) fn duration(node: &Node) -> Read<SimDuration> {
    match &node.value {
        Value::Text(text) => text.parse().map_err(|error| format!("is wrong: {error}")),
        Value::Int(text) | Value::Float(text) => {
            Err(format!("lacks a unit: write it as a text, such as \"{text}ms\" or \"{text}s\""))
        }
        _ => Err(not(node, "a duration such as \"250us\" or \"6h30m\"")),
    }
}

/// A span of time above zero.
pub(super) fn positive_duration(node: &Node) -> Read<SimDuration> {
    let span = duration(node)?;
    if span.is_zero() { Err(format!("is {}, but must be above 0", node.shown())) } else { Ok(span) }
}

/// A span of time of at least a millisecond.
pub(super) fn step(node: &Node) -> Read<SimDuration> {
    let span = duration(node)?;
    if span < SimDuration::from_millis(1) {
        return Err(format!("is {}, but must be at least 1ms", node.shown()));
    }
    Ok(span)
}

/// An instant.
pub(super) fn time(node: &Node) -> Read<SimTime> {
    match &node.value {
        Value::Text(text) | Value::Time(text) => text.parse().map_err(|error| format!("is wrong: {error}")),
        _ => Err(not(node, "a time such as 2025-03-03T09:30:00")),
    }
}

/// The latency of one leg: at most an hour.
fn leg(node: &Node) -> Read<SimDuration> {
    let span = duration(node)?;
    if span > SimDuration::from_secs(3_600) {
        return Err(format!("is {}, but must be at most 1h", node.shown()));
    }
    Ok(span)
}

/// A latency: constant, uniform or lognormal.
pub(super) fn latency(node: &Node) -> Read<LatencyModel> {
    let forms = "\"50us\", { min = \"10us\", max = \"50us\" } or { median = \"50us\", sigma = 0.5 }";
    let entries = match &node.value {
        Value::Table(entries) => entries,
        Value::Text(_) | Value::Int(_) | Value::Float(_) => {
            return leg(node).map(LatencyModel::Constant);
        }
        _ => return Err(not(node, forms)),
    };
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node);
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    match (find("min"), find("max"), find("median"), find("sigma")) {
        (Some(min), Some(max), None, None) if keys.len() == 2 => {
            let (min, max) = (leg(min)?, leg(max)?);
            if min <= max {
                Ok(LatencyModel::Uniform { min, max })
            } else {
                Err(format!("has min {min} above max {max}"))
            }
        }
        (None, None, Some(median), Some(sigma)) if keys.len() == 2 => {
            let sigma = number(0.0, 2.0)(sigma).map_err(|why| format!("has a sigma that {why}"))?;
            Ok(LatencyModel::LogNormal { median: leg(median)?, sigma })
        }
        _ => Err(format!("has the keys {}, but must be {forms}", keys.join(", "))),
    }
}
