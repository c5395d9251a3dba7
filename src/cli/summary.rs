//! What is said of finished runs: a line each, a closing table, or JSON.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::Failure;
use super::console::complain;
use super::job::{Finished, Outcome, Verdict};
use super::progress::{rate, thousands};
use crate::analysis::{AccountMetrics, Summary};
use crate::record::Manifest;

/// Returns one line about a run that has ended.
pub(super) fn line(outcome: &Outcome) -> String {
    let seconds = outcome.wall.as_secs_f64();
    match &outcome.verdict {
        Verdict::Finished(result) => format!(
            "{} (seed {}): {} events, {} trades in {seconds:.1} s, {} events/s",
            outcome.name,
            outcome.seed,
            thousands(result.manifest.events),
            thousands(result.manifest.trades),
            thousands(rate(result.manifest.events, seconds)),
        ),
        Verdict::Interrupted => {
            format!("{} (seed {}): interrupted after {seconds:.1} s", outcome.name, outcome.seed)
        }
        Verdict::Failed(_) => {
            format!("{} (seed {}): failed after {seconds:.1} s", outcome.name, outcome.seed)
        }
    }
}

/// Returns the closing table, and below it where the reports lie.
pub(super) fn table(outcomes: &[Outcome]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "scenario",
        "seed",
        "events",
        "trades",
        "wall time",
        "strategy",
        "P&L",
        "return",
        "max drawdown",
        "fees",
        "fills",
    ]);
    for index in [1, 2, 3, 4, 6, 7, 8, 9, 10] {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut reports = String::new();
    for outcome in outcomes {
        let wall = format!("{:.2} s", outcome.wall.as_secs_f64());
        let Verdict::Finished(result) = &outcome.verdict else {
            let how = if matches!(outcome.verdict, Verdict::Interrupted) { "interrupted" } else { "failed" };
            let seed = outcome.seed.to_string();
            table.add_row([&outcome.name, &seed, "", "", &wall, how, "", "", "", "", ""]);
            continue;
        };
        add_rows(&mut table, outcome, result, &wall);
        reports.push_str(&format!("\n{}: {}", outcome.name, result.directory.join("report.html").display()));
    }
    format!("{table}\n{}", reports.trim_start())
}

/// Adds a row per account; the run's own columns stand in the first of them only.
fn add_rows(table: &mut Table, outcome: &Outcome, result: &Finished, wall: &str) {
    let Manifest { events, trades, .. } = &result.manifest;
    let run = [
        outcome.name.clone(),
        outcome.seed.to_string(),
        thousands(*events),
        thousands(*trades),
        wall.to_owned(),
    ];
    let mut first = Some(run.clone());
    for account in &result.summary.accounts {
        let left = first.take().unwrap_or_default();
        table.add_row(left.into_iter().chain(cells(account)));
    }
    if let Some(run) = first {
        table.add_row(run.into_iter().chain(["no account is tracked".to_owned()]));
    }
}

fn cells(AccountMetrics { account, metrics }: &AccountMetrics) -> [String; 6] {
    let name = match account.failure {
        Some(_) => format!("{} (failed)", account.owner),
        None => account.owner.clone(),
    };
    let percent = |key: &str| metrics.get(key).map_or_else(|| "-".to_owned(), percent);
    [
        name,
        cents(&account.profit, true),
        percent("cumulative_return"),
        percent("max_drawdown_marks"),
        cents(&account.fees, false),
        thousands(account.fills),
    ]
}

/// Writes a share in percent.
fn percent(share: f64) -> String {
    // Adding zero takes the sign off a negative zero.
    format!("{:.2}%", (share * 10_000.0).round() / 100.0 + 0.0)
}

/// Shortens exact money to cents for the table; the files have all of it.
fn cents(exact: &str, signed: bool) -> String {
    let value: f64 = exact.parse().unwrap_or(f64::NAN);
    let shown = format!("{:.2}", value.abs());
    let (whole, fraction) = shown.split_once('.').unwrap_or((&shown, "00"));
    let grouped = thousands(whole.parse().unwrap_or(0));
    let sign = match (exact.starts_with('-') && shown != "0.00", signed && value > 0.0) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) => "",
    };
    format!("{sign}{grouped}.{fraction}")
}

#[derive(Serialize)]
struct JsonOutcome<'a> {
    scenario: &'a str,
    seed: u64,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    wall_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<&'a Manifest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a Summary>,
}

/// Returns the outcomes as a JSON array.
pub(super) fn json(outcomes: &[Outcome]) -> Result<String, Failure> {
    let items: Vec<JsonOutcome<'_>> = outcomes.iter().map(json_outcome).collect();
    serde_json::to_string_pretty(&items).map_err(|error| {
        complain(&format!("error: the outcome cannot be written as JSON: {error}"));
        Failure::Run
    })
}

fn json_outcome(outcome: &Outcome) -> JsonOutcome<'_> {
    let (status, error, result) = match &outcome.verdict {
        Verdict::Finished(result) => ("finished", None, Some(result)),
        Verdict::Interrupted => ("interrupted", None, None),
        Verdict::Failed(why) => ("failed", Some(why.as_str()), None),
    };
    JsonOutcome {
        scenario: &outcome.name,
        seed: outcome.seed.get(),
        status,
        error,
        wall_seconds: outcome.wall.as_secs_f64(),
        directory: result.map(|it| it.directory.display().to_string()),
        report: result.map(|it| it.directory.join("report.html").display().to_string()),
        manifest: result.map(|it| &it.manifest),
        summary: result.map(|it| &it.summary),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_in_percent_without_a_sign_on_zero() {
        assert_eq!([0.12345, -0.000_01, -0.5].map(percent), ["12.35%", "0.00%", "-50.00%"]);
    }

    #[test]
    fn money_is_shortened_to_cents_with_its_sign() {
        assert_eq!(cents("1234567.891", true), "+1,234,567.89");
        assert_eq!(cents("-0.001", true), "0.00");
        assert_eq!(cents("-12.345", false), "-12.35");
        assert_eq!(cents("12.00", false), "12.00");
    }
}
