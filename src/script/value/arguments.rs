//! Arguments of the functions that scripts call: read from Rhai's values, described in errors.

use rhai::{Dynamic, EvalAltResult, Position};

use bearpit_core::market::BarInterval;
use bearpit_core::units::{SimDuration, is_hidden};

/// The result of a function that a script calls.
pub(crate) type ScriptResult<T> = Result<T, Box<EvalAltResult>>;

/// Makes the error of an exceeded limit, which a script's `try` does not catch.
pub(crate) fn exceeded(message: impl Into<String>) -> Box<EvalAltResult> {
    EvalAltResult::ErrorTerminated(Dynamic::from(message.into()), Position::NONE).into()
}

/// Returns the first characters of a text; control characters and others that are not seen are escaped.
pub(crate) fn printable(text: &str, chars_max: usize) -> String {
    let mut line = String::new();
    let mut chars = text.chars();
    for c in chars.by_ref().take(chars_max) {
        if is_hidden(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    if chars.next().is_some() {
        line.push_str("...");
    }
    line
}

/// Reads a number, which may be an integer or a float.
pub(crate) fn number(function: &str, what: &str, value: &Dynamic) -> ScriptResult<f64> {
    #[expect(clippy::cast_precision_loss, reason = "what is beyond 2^53 is out of every range here")]
    let whole = value.as_int().ok().map(|value| value as f64);
    whole
        .or_else(|| value.as_float().ok())
        .ok_or_else(|| format!("{function}: the {what} must be a number, but is {}", described(value)).into())
}

/// Reads a text.
pub(crate) fn text(function: &str, what: &str, value: &Dynamic) -> ScriptResult<rhai::ImmutableString> {
    value
        .as_immutable_string_ref()
        .map(|text| text.clone())
        .map_err(|_| format!("{function}: the {what} must be a text, but is {}", described(value)).into())
}

/// Describes a value for messages: its type and, if it is short, the value.
pub(crate) fn described(value: &Dynamic) -> String {
    match value.type_name() {
        "()" => "absent, ()".to_owned(),
        "array" | "map" => format!("an {}", value.type_name()).replace("an map", "a map"),
        _ if value.is_string() => format!("a text ({})", printable(&value.to_string(), 40)),
        "i64" | "f64" => format!("a number ({value})"),
        "bool" => format!("a boolean ({value})"),
        _ => format!("of the type {}", type_word(value)),
    }
}

/// Returns the name of a value's type as scripts know it.
pub(crate) fn type_word(value: &Dynamic) -> &'static str {
    short_type_name(value.type_name())
}

/// Returns the name under which a Rust type is registered: the type's name without `View` or `Handle`.
pub(crate) fn short_type_name(path: &'static str) -> &'static str {
    let name = path.rsplit("::").next().unwrap_or(path);
    ["View", "Handle"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name)
}

/// Reads a span such as `"5m"`.
pub(crate) fn span(function: &str, value: &Dynamic) -> ScriptResult<SimDuration> {
    let span: SimDuration =
        text(function, "span", value)?.parse().map_err(|error| format!("{function}: {error}"))?;
    if span < SimDuration::from_micros(1) {
        return Err(format!("{function}: {span} is too short; the least is 1us").into());
    }
    Ok(span)
}

/// Reads an interval of bars such as `"5m"`, `"1w"` or `"1mo"`; those shorter than a day are counted from the
/// time of day from which the scenario's are.
pub(crate) fn bar_interval(
    function: &str,
    value: &Dynamic,
    scenario: BarInterval,
) -> ScriptResult<BarInterval> {
    let interval: BarInterval =
        text(function, "interval", value)?.parse().map_err(|error| format!("{function}: {error}"))?;
    if interval.shortest() < SimDuration::from_micros(1) {
        return Err(format!("{function}: {interval} is too short; the least is 1us").into());
    }
    Ok(interval.anchored(scenario.anchor()))
}

/// Returns `()` for `None`, which is Rhai's absent value.
pub(crate) fn optional<T: Into<Dynamic>>(value: Option<T>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Into::into)
}
