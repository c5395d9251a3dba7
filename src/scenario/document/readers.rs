//! Readers: from a TOML node to a value in range, or a [`ValueError`] that says what is allowed.

use thiserror::Error;

use super::toml_tree::{Node, Value};
use bearpit_core::market::{BadInterval, BarInterval};
use bearpit_core::params::{DurationRange, NumberRange};
use bearpit_core::units::{Decimal, FeeRate, Money, SimDuration, SimTime, suggest};

/// Why a value cannot be accepted, as the end of a sentence that begins with its key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ValueError(String);

/// What a reader returns.
pub type Read<T> = Result<T, ValueError>;

impl ValueError {
    /// Makes an error of the end of a sentence, such as `is 5, but must be above 7`.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

/// The value is of another type.
pub fn mistyped(node: &Node, wanted: &str) -> ValueError {
    match node.value {
        Value::List(_) | Value::Table(_) => ValueError(format!("is {}, but must be {wanted}", node.kind())),
        _ => ValueError(format!("is {} ({}), but must be {wanted}", node.kind(), node.shown())),
    }
}

/// The value is of the right type, but not allowed.
pub fn disallowed(node: &Node, allowed: &str) -> ValueError {
    ValueError(format!("is {}, but must be {allowed}", node.shown()))
}

/// Any text that is not empty.
pub fn text(node: &Node) -> Read<String> {
    match &node.value {
        Value::Text(text) if !text.trim().is_empty() => Ok(text.clone()),
        Value::Text(_) => Err(ValueError::new("is empty, but must be a text")),
        _ => Err(mistyped(node, "a text in quotes")),
    }
}

/// Returns whether a text is a name of a scenario, an agent, an instrument or a venue: at most 64 of letters,
/// digits, `-`, `_` and `.`, not beginning with a dot.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.chars().all(fits) && (1..=64).contains(&text.len()) && !text.starts_with('.')
}

/// A name that can stand in file names and keys.
pub fn name(node: &Node) -> Read<String> {
    let text = text(node)?;
    if is_name(&text) {
        return Ok(text);
    }
    Err(disallowed(node, "at most 64 of letters, digits, `-`, `_` and `.`, not beginning with a dot"))
}

/// The value is a name that does not exist.
pub fn unknown(name: &str, known: &[&str]) -> ValueError {
    ValueError(format!("is `{name}`, which does not exist; {}", suggest(name, known)))
}

/// One of a few words.
pub fn one_of<'a, T: Copy>(choices: &'a [(&'a str, T)]) -> impl Fn(&Node) -> Read<T> + 'a {
    move |node| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let word = match &node.value {
            Value::Text(text) => text.as_str(),
            _ => return Err(mistyped(node, &format!("one of {}", names.join(", ")))),
        };
        choices
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, choice)| *choice)
            .ok_or_else(|| unknown(word, &names))
    }
}

/// `true` or `false`.
pub fn flag(node: &Node) -> Read<bool> {
    match node.value {
        Value::Bool(value) => Ok(value),
        _ => Err(mistyped(node, "true or false")),
    }
}

/// A whole number within a range, both ends included.
pub fn integer(min: i64, max: i64) -> impl Fn(&Node) -> Read<i64> {
    move |node| {
        let wanted = || match (min, max) {
            (0, i64::MAX) => "a whole number at or above 0".to_owned(),
            _ => format!("a whole number from {min} to {max}"),
        };
        match &node.value {
            Value::Int(text) => match text.replace('_', "").parse::<i64>() {
                Ok(value) if (min..=max).contains(&value) => Ok(value),
                _ => Err(ValueError(format!("is {text}, but must be {}", wanted()))),
            },
            _ => Err(mistyped(node, &wanted())),
        }
    }
}

/// Any seed.
pub fn seed(node: &Node) -> Read<u64> {
    match &node.value {
        Value::Int(text) => text
            .replace('_', "")
            .parse()
            .map_err(|_| ValueError(format!("is {text}, but must be a whole number from 0 to 2^64 - 1"))),
        _ => Err(mistyped(node, "a whole number from 0 to 2^64 - 1")),
    }
}

/// The text is not a value of its type.
fn invalid(error: impl std::fmt::Display) -> ValueError {
    ValueError(format!("is not valid: {error}"))
}

fn finite(node: &Node) -> Read<f64> {
    let text = match &node.value {
        Value::Int(text) | Value::Float(text) => text.replace('_', ""),
        _ => return Err(mistyped(node, "a number")),
    };
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(ValueError(format!("is {text}, but must be a finite number"))),
    }
}

/// A finite number within a range.
pub fn number(range: NumberRange) -> impl Fn(&Node) -> Read<f64> {
    move |node| {
        let value = finite(node)?;
        if range.contains(value) { Ok(value) } else { Err(disallowed(node, &range.to_string())) }
    }
}

/// An exact decimal: a number, or a text that is one.
pub fn decimal(node: &Node) -> Read<Decimal> {
    match &node.value {
        Value::Int(text) | Value::Float(text) | Value::Text(text) => {
            let has_exponent = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'))
                && text.contains(['e', 'E']);
            let without = if has_exponent { ", without an exponent" } else { "" };
            text.parse().map_err(|_| disallowed(node, &format!("a decimal such as 0.01{without}")))
        }
        _ => Err(mistyped(node, "a decimal such as 0.01")),
    }
}

/// An exact decimal above zero.
pub fn positive_decimal(node: &Node) -> Read<Decimal> {
    let value = decimal(node)?;
    if value.is_positive() { Ok(value) } else { Err(disallowed(node, "above 0")) }
}

/// An amount of money at or above zero.
pub fn money(node: &Node) -> Read<Money> {
    let money = Money::from_decimal(decimal(node)?)
        .filter(|money| *money >= Money::ZERO && *money <= Money::from_whole(1_000_000_000_000_000));
    money.ok_or_else(|| disallowed(node, "money from 0 to 10^15, with at most ten decimal places"))
}

/// A fee rate in basis points.
pub fn bps(node: &Node) -> Read<FeeRate> {
    let allowed = "from -10000 to 10000 basis points, with at most five decimal places";
    FeeRate::from_bps(decimal(node)?).ok_or_else(|| disallowed(node, allowed))
}

/// A span of time with its unit, at or above zero.
pub fn duration(node: &Node) -> Read<SimDuration> {
    match &node.value {
        Value::Text(text) => text.parse().map_err(invalid),
        Value::Int(text) | Value::Float(text) => {
            let is_plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '_' | '.'));
            let text = if is_plain && text.len() < 10 { text } else { "250" };
            let sentence = format!("lacks a unit: write it as a text, such as \"{text}ms\" or \"{text}s\"");
            Err(ValueError(sentence))
        }
        _ => Err(mistyped(node, "a duration such as \"250us\" or \"6h30m\"")),
    }
}

/// A span of time within a range.
pub fn duration_in(range: DurationRange) -> impl Fn(&Node) -> Read<SimDuration> {
    move |node| {
        let span = duration(node)?;
        if range.contains(span) { Ok(span) } else { Err(disallowed(node, &range.to_string())) }
    }
}

/// A span of time above zero.
pub fn positive_duration(node: &Node) -> Read<SimDuration> {
    duration_in(DurationRange::Positive)(node)
}

/// An interval of bars.
pub fn bar_interval(node: &Node) -> Read<BarInterval> {
    match &node.value {
        Value::Text(text) => text.parse().map_err(|error: BadInterval| match error {
            BadInterval::Zero(_) => disallowed(node, "above 0"),
            other => invalid(other),
        }),
        _ => duration(node).map(BarInterval::of),
    }
}

/// A time of day, as the time since midnight.
pub fn time_of_day(node: &Node) -> Read<SimDuration> {
    let since_midnight = duration(node)?;
    let is_within_day = since_midnight < SimDuration::from_secs(86_400);
    if is_within_day { Ok(since_midnight) } else { Err(disallowed(node, "below 24h")) }
}

/// A span of time of at least a millisecond.
pub fn step(node: &Node) -> Read<SimDuration> {
    duration_in(DurationRange::AtLeast(SimDuration::from_millis(1)))(node)
}

/// An instant.
pub fn time(node: &Node) -> Read<SimTime> {
    match &node.value {
        Value::Text(text) | Value::Time(text) => text.parse().map_err(invalid),
        _ => Err(mistyped(node, "a time such as 2025-03-03T09:30:00")),
    }
}

/// A day.
pub fn date(node: &Node) -> Read<SimTime> {
    let time = time(node)?;
    let day = time.floor_to(SimDuration::from_secs(86_400));
    if time == day {
        return Ok(time);
    }
    let day = day.to_string();
    let day = day.split('T').next().unwrap_or(&day);
    Err(ValueError(format!("is {time}, but must be a date without a time of day, such as {day}")))
}

/// A span of time that a latency may have: at most an hour.
pub fn latency_span(node: &Node) -> Read<SimDuration> {
    let span = duration(node)?;
    if span > SimDuration::from_secs(3_600) {
        return Err(disallowed(node, "at most 1h"));
    }
    Ok(span)
}
