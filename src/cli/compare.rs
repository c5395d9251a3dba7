//! `bearpit compare`: shows what differs between two runs, and where their tapes first differ.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::args::CompareArguments;
use super::console::{new_table, print, report_error};
use super::exit::Failure;
use super::number_text::thousands;
use crate::analysis::metrics::Unit;
use crate::analysis::{
    Comparison, Difference, FirstDifference, MeasureDifference, SubjectComparison, TableComparison,
    TableVerdict,
};
use crate::record::{OpenError, StoredRun};
use bearpit_core::units::Money;

/// Compares two runs, and prints the result on standard output.
///
/// # Errors
/// [`Failure::Input`] if a run cannot be read, and [`Failure::Run`] if the tapes differ.
pub(super) fn run(arguments: &CompareArguments) -> Result<(), Failure> {
    let compared = compare(&arguments.run_a, &arguments.run_b);
    let (runs, comparison) = compared.map_err(|error| {
        report_error(&error);
        Failure::Input
    })?;
    print(&if arguments.json {
        outcome(&runs, &comparison).to_string()
    } else {
        describe(&runs, &comparison, arguments.all)
    })?;
    if comparison.is_same() { Ok(()) } else { Err(Failure::Run) }
}

fn compare(a: &Path, b: &Path) -> Result<([StoredRun; 2], Comparison), OpenError> {
    let runs = [StoredRun::open(a)?, StoredRun::open(b)?];
    let comparison = Comparison::of(&runs[0], &runs[1])?;
    Ok((runs, comparison))
}

/// The metrics that are shown unless `--all` is given.
const HEADLINES: [&str; 13] = [
    "cumulative_return",
    "volatility_annualised",
    "sharpe_annualised",
    "max_drawdown_currency",
    "turnover",
    "maker_share",
    "fill_ratio",
    "round_trips",
    "expectancy_trip",
    "volume",
    "trades",
    "spread_quoted_time_weighted_bps",
    "volatility_realized_annualised",
];

/// Returns the result as text: the verdict, then inputs, metrics and the first difference of the tapes.
fn describe(runs: &[StoredRun; 2], comparison: &Comparison, all: bool) -> String {
    let mut parts = vec![run_lines(runs), verdict(runs, comparison)];
    parts.extend(left_out(runs));
    if !comparison.inputs.is_empty() {
        parts.push(inputs(comparison));
    }
    for (names, only) in comparison.alone.iter().zip(["A", "B"]) {
        if !names.is_empty() {
            parts.push(format!("Only in {only}: {}.", names.join(", ")));
        }
    }
    parts.extend(comparison.subjects.iter().map(|subject| measures(subject, all)));
    parts.extend(comparison.tables.as_deref().map(|tables| tables_of(comparison, tables)));
    parts.join("\n\n")
}

fn run_lines(runs: &[StoredRun; 2]) -> String {
    let line = |name: &str, run: &StoredRun| {
        let manifest = run.manifest();
        format!("{name}  {}: {}, seed {}", run.directory().display(), manifest.scenario, manifest.seed)
    };
    format!("{}\n{}", line("A", &runs[0]), line("B", &runs[1]))
}

fn verdict(runs: &[StoredRun; 2], comparison: &Comparison) -> String {
    let manifest = runs[0].manifest();
    if comparison.is_same() {
        let facts = thousands(manifest.facts);
        return format!("The tapes are the same: {facts} facts, digest {}.", manifest.digest);
    }
    match comparison.first_difference() {
        Some((_, difference)) => format!("The tapes differ. By the recorded tables they first differ at {}.", difference.at),
        None => "The tapes differ, but no table that both runs recorded shows where; record more tables and run both again.".to_owned(),
    }
}

/// Says which agents' orders have no rows; of the tapes nothing is left out.
fn left_out(runs: &[StoredRun; 2]) -> Option<String> {
    let manifests = runs.each_ref().map(StoredRun::manifest);
    let names: BTreeSet<&str> =
        manifests.iter().flat_map(|manifest| manifest.left_out()).map(String::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let text = "Left out of the tables `orders`, `fills` and `rejects`, by the default of `replayed_orders`: what was replayed by";
    (!names.is_empty()).then(|| format!("{text} {}.", names.join(", ")))
}

const NONE: &str = "-";

fn inputs(comparison: &Comparison) -> String {
    let mut table = new_table(&["input", "A", "B"], 3);
    for input in &comparison.inputs {
        let value = |place: usize| {
            let value = input.values[place].as_deref().unwrap_or(NONE);
            // Only the fact that digests differ has a meaning.
            if input.name.ends_with("digest") { value.chars().take(16).collect() } else { value.to_owned() }
        };
        table.add_row([input.name.clone(), value(0), value(1)]);
    }
    format!("Inputs that differ:\n{}", table.trim_fmt())
}

fn measures(subject: &SubjectComparison, all: bool) -> String {
    let SubjectComparison { name, results, same, different } = subject;
    if different.is_empty() && results.is_empty() {
        return format!("{name}: all {same} metrics are the same.");
    }
    let shown = |it: &&MeasureDifference| all || HEADLINES.contains(&it.definition.key);
    let mut table = new_table(&["metric", "A", "B", "B - A"], 1);
    for it in results {
        let value = |place: usize| it.values[place].clone().unwrap_or_else(|| NONE.to_owned());
        table.add_row([it.name.clone(), value(0), value(1), exact_difference(it).unwrap_or_default()]);
    }
    let mut rows = 0;
    for measure in different.iter().filter(shown) {
        let unit = measure.definition.unit;
        let value =
            |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), |value| with_unit(value, unit));
        let [a, b] = measure.values.map(value);
        table.add_row([measure.definition.key.to_owned(), a, b, value(measure.difference())]);
        rows += 1;
    }
    let hidden = different.len() - rows;
    let more = if hidden == 0 { String::new() } else { format!("\n{hidden} more differ; --all shows them.") };
    let body = if rows + results.len() == 0 { String::new() } else { format!("\n{}", table.trim_fmt()) };
    format!("{name}: {same} metrics are the same, {} differ.{body}{more}", different.len())
}

/// Returns the second minus the first value, if they are counts or amounts of money.
fn exact_difference(result: &Difference) -> Option<String> {
    let [Some(a), Some(b)] = result.values.each_ref().map(Option::as_deref) else { return None };
    if let (Ok(a), Ok(b)) = (a.parse::<i64>(), b.parse::<i64>()) {
        return b.checked_sub(a).map(|difference| difference.to_string());
    }
    let money = |text: &str| Money::from_decimal(text.parse().ok()?);
    Some((money(b)? - money(a)?).to_string())
}

/// Formats a value with its unit and its significant digits.
fn with_unit(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => format!("{}%", digits(value * 100.0)),
        Unit::Currency => format!("{value:.2}"),
        Unit::Count => format!("{value:.0}"),
        Unit::BasisPoints => format!("{} bps", digits(value)),
        Unit::Seconds => format!("{} s", digits(value)),
        _ => digits(value),
    }
}

fn digits(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-4..1e9).contains(&size) => format!("{value:.3e}"),
        size if size >= 100.0 => format!("{value:.2}"),
        size if size >= 1.0 => format!("{value:.4}"),
        _ => format!("{value:.6}"),
    }
}

fn tables_of(comparison: &Comparison, tables: &[TableComparison]) -> String {
    let mut table = new_table(&["table", "time", "row", "what"], 4);
    for it in tables {
        let name = it.table.name().to_owned();
        let none = NONE.to_owned();
        table.add_row(match &it.verdict {
            TableVerdict::Same(0) => [name, none.clone(), none, "neither has any rows".to_owned()],
            TableVerdict::Same(rows) => {
                [name, none.clone(), none, format!("all {} rows are the same", thousands(*rows))]
            }
            TableVerdict::Incomparable(why) => [name, none.clone(), none, format!("not compared: {why}")],
            TableVerdict::Differs(difference) => [
                name,
                difference.at.to_string(),
                thousands(difference.row),
                difference_text(difference).to_owned(),
            ],
        });
    }
    let mut text = format!(
        "Tables (the tape itself is not stored; an order gets its row when it ends, a bar at its end):\n{}",
        table.trim_fmt()
    );
    if let Some((first, difference)) = comparison.first_difference() {
        text.push_str(&format!(
            "\n\nThe earliest of these, row {} of `{}`:\n{}",
            thousands(difference.row),
            first.table.name(),
            rows(difference)
        ));
    }
    text
}

const fn difference_text(difference: &FirstDifference) -> &'static str {
    match &difference.rows {
        [None, _] => "A has no such row",
        [_, None] => "B has no such row",
        _ => "the rows differ",
    }
}

/// Shows both rows, one column per line, with a mark where they differ.
fn rows(difference: &FirstDifference) -> String {
    let mut table = new_table(&["", "column", "A", "B"], 4);
    for (place, name) in difference.columns.iter().enumerate() {
        let cell = |side: usize| match &difference.rows[side] {
            Some(row) => row.get(place).filter(|cell| !cell.is_empty()).map_or(NONE, String::as_str),
            None => "no row",
        };
        let mark = if cell(0) == cell(1) { "" } else { "*" };
        table.add_row([mark, name, cell(0), cell(1)]);
    }
    table.trim_fmt()
}

/// Returns the result as JSON.
fn outcome(runs: &[StoredRun; 2], comparison: &Comparison) -> Value {
    let run = |run: &StoredRun| {
        let manifest = run.manifest();
        json!({
            "directory": run.directory().display().to_string(),
            "scenario": manifest.scenario,
            "seed": manifest.seed,
            "digest": manifest.digest,
            "left_out": manifest.left_out(),
        })
    };
    let texts = |list: &[Difference]| -> Value {
        list.iter().map(|it| json!({ "name": it.name, "a": it.values[0], "b": it.values[1] })).collect()
    };
    let measure = |it: &MeasureDifference| {
        let [a, b] = it.values;
        let unit = it.definition.unit.name();
        json!({ "key": it.definition.key, "unit": unit, "a": a, "b": b, "difference": it.difference() })
    };
    let subject = |it: &SubjectComparison| {
        let different: Vec<Value> = it.different.iter().map(measure).collect();
        json!({ "name": it.name, "results": texts(&it.results), "same": it.same, "different": different })
    };
    json!({
        "same": comparison.is_same(),
        "a": run(&runs[0]),
        "b": run(&runs[1]),
        "inputs": texts(&comparison.inputs),
        "metrics": comparison.subjects.iter().map(subject).collect::<Value>(),
        "only_in_a": comparison.alone[0],
        "only_in_b": comparison.alone[1],
        "tables": comparison.tables.as_ref().map(|tables| tables.iter().map(table_outcome).collect::<Value>()),
        "first": comparison.first_difference().map(|(table, difference)| {
            json!({ "table": table.table.name(), "row": difference.row, "time": difference.at.to_string() })
        }),
    })
}

fn table_outcome(it: &TableComparison) -> Value {
    let name = it.table.name();
    match &it.verdict {
        TableVerdict::Same(rows) => json!({ "table": name, "verdict": "same", "rows": rows }),
        TableVerdict::Incomparable(why) => {
            json!({ "table": name, "verdict": "incomparable", "why": why.to_string() })
        }
        TableVerdict::Differs(difference) => {
            let row = |side: &Option<Vec<String>>| -> Value {
                side.as_ref().map_or(Value::Null, |row| {
                    difference
                        .columns
                        .iter()
                        .zip(row)
                        .map(|(name, cell)| ((*name).to_owned(), json!(cell)))
                        .collect()
                })
            };
            let [a, b] = difference.rows.each_ref().map(row);
            let time = difference.at.to_string();
            json!({ "table": name, "verdict": "parted", "row": difference.row, "time": time, "a": a, "b": b })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_counts_have_exact_differences() {
        let difference = |a: &str, b: &str| {
            let values = [a, b].map(|text| Some(text.to_owned()));
            exact_difference(&Difference { name: "P&L".to_owned(), values })
        };
        assert_eq!(difference("459.2854997", "290.6502566").as_deref(), Some("-168.6352431"));
        assert_eq!(difference("2153", "1931").as_deref(), Some("-222"));
        assert_eq!(difference("", "s.rhai:1:1: no"), None);
    }
}
