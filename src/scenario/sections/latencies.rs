//! Reading latencies, of venues and of agents.

use crate::scenario::document::readers::{Read, ValueError};
use crate::scenario::document::{Node, Section, SourceSpan, Value, readers};
use crate::scenario::files::Files;
use crate::scenario::inputs::Role;
use bearpit_core::kernel::{LatencyError, LatencyModel, LatencySamples};
use bearpit_core::params::NumberRange;
use bearpit_core::participant::Latencies;
use bearpit_core::units::SimDuration;

/// What latencies are drawn from, each with keys that no other has; `dist` can name the first four, too.
const LATENCIES: [(&str, &[&str]); 6] = [
    ("normal", &["sd"]),
    ("gamma", &["shape"]),
    ("lognormal", &["median", "sigma"]),
    ("uniform", &["max"]),
    ("quantiles", &["quantiles"]),
    ("file", &["file"]),
];

/// What a latency may be.
const FORMS: &str = "\"50us\", { min = \"10us\", max = \"50us\" }, { median = \"50us\", sigma = 0.5 }, { mean = \
                     \"50us\", sd = \"10us\" }, { mean = \"50us\", shape = 2 }, { quantiles = [..] } or { file = \"..\" }";

/// Reads `latency = { entry = .., report = .., feed = .. }`, each of them optional, or one latency for all
/// three.
pub(super) fn latencies(section: &Section<'_>, files: &Files) -> Option<Latencies> {
    let Some(node) = section.node("latency") else { return Some(Latencies::NONE) };
    if is_one_for_all(node) {
        return latency(section, "latency", files).map(Latencies::all);
    }
    let table = section.table("latency", "the latency")?;
    let leg = |key: &'static str| {
        if table.has(key) {
            return latency(&table, key, files);
        }
        table.expect(key);
        Some(LatencyModel::NONE)
    };
    let (entry, report, feed) = (leg("entry"), leg("report"), leg("feed"));
    table.finish();
    Some(Latencies { entry: entry?, report: report?, feed: feed? })
}

fn is_one_for_all(node: &Node) -> bool {
    let has = |keys: &[&str]| node.entries().iter().any(|entry| keys.contains(&entry.key.as_str()));
    let of_distribution = || LATENCIES.iter().any(|(_, keys)| has(keys)) || has(&["dist", "min", "mean"]);
    match node.value {
        Value::Table(_) => of_distribution() && !has(&["entry", "report", "feed"]),
        _ => true,
    }
}

/// Reads a latency; `None` if there are errors, which have been reported.
fn latency(section: &Section<'_>, key: &'static str, files: &Files) -> Option<LatencyModel> {
    let node = section.node(key)?;
    if !matches!(node.value, Value::Table(_)) {
        return section.optional(key, |node| match node.value {
            Value::Text(_) | Value::Int(_) | Value::Float(_) => {
                readers::latency_span(node).map(LatencyModel::Constant)
            }
            _ => Err(readers::mistyped(node, FORMS)),
        });
    }
    let table = section.table(key, format!("`{key}`"))?;
    let [names @ .., _, _] = LATENCIES.map(|(name, _)| (name, name));
    let of_key = || LATENCIES.iter().find(|(_, keys)| keys.iter().any(|key| table.has(key)));
    let named = match (table.has("dist"), of_key()) {
        (true, _) => table.required("dist", readers::one_of(&names)),
        (false, Some((name, _))) => {
            table.expect("dist");
            Some(*name)
        }
        (false, None) => {
            let keys: Vec<&str> = node.entries().iter().map(|entry| entry.key.as_str()).collect();
            let message = format!("`{key}` has the keys {}, but must be {FORMS}", keys.join(", "));
            section.report(key, message, None);
            None
        }
    };
    let Some(name) = named else {
        table.abandon();
        return None;
    };
    let model = model(&table, name, files);
    table.finish();
    let model = model?;
    match model.check() {
        Ok(()) => Some(model),
        Err(error) => {
            let why = match error {
                LatencyError::MinAboveMax { min, max } => format!("has min {min} above max {max}"),
                LatencyError::MinAboveMean { min, mean } => format!("has min {min} above mean {mean}"),
                other => format!("is no latency: {other}"),
            };
            section.report(key, format!("`{key}` {why}"), None);
            None
        }
    }
}

/// Reads a latency of a distribution.
fn model(table: &Section<'_>, name: &str, files: &Files) -> Option<LatencyModel> {
    let span = |key| table.required(key, readers::latency_span);
    let number = |key, least, most| table.required(key, readers::number(NumberRange::between(least, most)));
    let least = || table.or("min", SimDuration::ZERO, readers::latency_span);
    match name {
        "uniform" => {
            let (min, max) = (span("min"), span("max"));
            Some(LatencyModel::Uniform { min: min?, max: max? })
        }
        "lognormal" => {
            let (median, sigma) = (span("median"), number("sigma", 0.0, LatencyModel::SIGMA_MAX));
            Some(LatencyModel::LogNormal { median: median?, sigma: sigma? })
        }
        "normal" => {
            let (mean, sd, min) = (span("mean"), span("sd"), least());
            Some(LatencyModel::Normal { mean: mean?, sd: sd?, min: min? })
        }
        "gamma" => {
            let shape = number("shape", LatencyModel::SHAPE_MIN, LatencyModel::SHAPE_MAX);
            let (mean, min) = (span("mean"), least());
            Some(LatencyModel::Gamma { mean: mean?, shape: shape?, min: min? })
        }
        "quantiles" => table.required("quantiles", quantiles).map(LatencyModel::Empirical),
        _ => samples(table, files).map(LatencyModel::Empirical),
    }
}

/// Reads equally spaced quantiles, from the shortest to the longest.
fn quantiles(node: &Node) -> Read<LatencySamples> {
    let wanted = "a list of at least two latencies, from the shortest to the longest";
    let Value::List(items) = &node.value else { return Err(readers::mistyped(node, wanted)) };
    let item = |(number, node): (usize, &Node)| {
        readers::latency_span(node).map_err(|why| ValueError::new(format!("has an item {number} that {why}")))
    };
    let spans: Vec<SimDuration> = (1..).zip(items).map(item).collect::<Read<_>>()?;
    if spans.len() < 2 {
        return Err(ValueError::new(format!("has {} items, but must be {wanted}", spans.len())));
    }
    if let Some(pair) = spans.windows(2).find(|pair| pair[0] > pair[1]) {
        return Err(ValueError::new(format!("has {} before {}, but must be {wanted}", pair[0], pair[1])));
    }
    Ok(spans.into())
}

/// Reads a file of measured latencies, one a line; empty lines and those that begin with `#` are passed over.
fn samples(table: &Section<'_>, files: &Files) -> Option<LatencySamples> {
    /// How many errors of one file are reported.
    const ERRORS_MAX: usize = 5;
    let file = files.text(table, "file", Role::Text)?;
    let mut spans = Vec::new();
    let mut errors = 0;
    let rows = (1..).zip(file.text.lines()).map(|(number, line)| (number, line.trim()));
    for (number, line) in rows.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let why = match line.parse::<SimDuration>() {
            Ok(span) if span <= LatencyModel::MAX => {
                spans.push(span);
                continue;
            }
            Ok(_) => format!("is `{line}`, but must be at most {}", LatencyModel::MAX),
            Err(error) => error.to_string(),
        };
        let mut findings = table.findings.borrow_mut();
        let source = findings.add_excerpt(file.name(), line, number);
        findings.push(SourceSpan { source, span: 0..line.len() }, format!("a latency {why}"), None);
        errors += 1;
        if errors == ERRORS_MAX {
            break;
        }
    }
    if errors > 0 {
        return None;
    }
    if spans.is_empty() {
        let message = format!("`file` names `{}`, which has no latencies", file.name());
        table.report("file", message, Some("write one a line, such as 52us".to_owned()));
        return None;
    }
    Some(spans.into())
}
