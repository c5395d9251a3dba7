//! What is said of finished runs: a line each, a closing table, or JSON.

use std::path::PathBuf;

use serde::Serialize;

use super::Failure;
use super::console::{complain, new_table};
use super::job::{Finished, Outcome, Verdict};
use super::progress::{rate, thousands};
use crate::analysis::{AccountMetrics, Spread, Summary};
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

/// The outcomes of one scenario, in order.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) outcomes: Vec<&'a Outcome>,
}

/// Where the page of several runs of a group lies, or why it could not be written; none where there is none.
pub(super) type Page = Option<Result<PathBuf, String>>;

impl Group<'_> {
    /// Returns the runs that came to a result.
    pub(super) fn finished(&self) -> impl Iterator<Item = (&Outcome, &Finished)> {
        self.outcomes.iter().filter_map(|outcome| match &outcome.verdict {
            Verdict::Finished(result) => Some((*outcome, result.as_ref())),
            Verdict::Interrupted | Verdict::Failed(_) => None,
        })
    }
}

/// Groups outcomes by scenario, in the order in which scenarios come first.
pub(super) fn groups(outcomes: &[Outcome]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for outcome in outcomes {
        match groups.iter_mut().find(|group| group.name == outcome.name) {
            Some(group) => group.outcomes.push(outcome),
            None => groups.push(Group { name: &outcome.name, outcomes: vec![outcome] }),
        }
    }
    groups
}

/// Returns the closing tables, of single runs and of scenarios with several, and below them what ran and where the
/// reports lie.
pub(super) fn table(groups: &[Group<'_>], pages: &[Page]) -> String {
    let (many, single): (Vec<&Group<'_>>, Vec<&Group<'_>>) =
        groups.iter().partition(|group| group.outcomes.len() > 1);
    let mut parts = Vec::new();
    if !single.is_empty() {
        parts.push(singles(&single));
    }
    if !many.is_empty() {
        parts.push(sums(&many));
    }
    let ended = groups.iter().zip(pages).flat_map(|(group, page)| ended(group, page));
    parts.push(ended.collect::<Vec<_>>().join("\n"));
    parts.join("\n\n")
}

/// Returns a table with a row per account of single runs; the run's own columns stand in the first of them only.
fn singles(groups: &[&Group<'_>]) -> String {
    let mut table =
        new_table(&["scenario", "account", "P&L", "return", "drawdown", "Sharpe", "fees", "fills"], 2);
    for outcome in groups.iter().flat_map(|group| &group.outcomes) {
        let mut name = Some(outcome.name.clone());
        let Verdict::Finished(result) = &outcome.verdict else {
            let how = if matches!(outcome.verdict, Verdict::Interrupted) { "interrupted" } else { "failed" };
            table.add_row([outcome.name.as_str(), how]);
            continue;
        };
        for account in &result.summary.accounts {
            table.add_row([name.take().unwrap_or_default()].into_iter().chain(cells(account)));
        }
        if let Some(name) = name {
            table.add_row([name.as_str(), "no account is tracked"]);
        }
    }
    table.to_string()
}

/// Returns a table with a row per account of scenarios with several runs.
fn sums(groups: &[&Group<'_>]) -> String {
    let heads = ["scenario", "account", "runs", "mean P&L", "± at 95%", "lowest", "highest", "gained"];
    let mut table = new_table(&heads, 2);
    for group in groups {
        let mut name = Some(group.name.to_owned());
        let mut owners: Vec<&str> = Vec::new();
        for account in group.finished().flat_map(|(_, result)| &result.summary.accounts) {
            if !owners.contains(&account.account.owner.as_str()) {
                owners.push(&account.account.owner);
            }
        }
        for owner in owners {
            let accounts = group.finished().flat_map(|(_, result)| &result.summary.accounts);
            let of_owner = accounts.filter(|it| it.account.owner == owner);
            let profits = of_owner.filter_map(|it| it.account.profit.parse::<f64>().ok());
            let Some(spread) = Spread::of(profits) else { continue };
            let row = [name.take().unwrap_or_default(), owner.to_owned()];
            table.add_row(row.into_iter().chain(spread_cells(&spread)));
        }
        if let Some(name) = name {
            let none =
                if group.finished().next().is_some() { "no account is tracked" } else { "no run finished" };
            table.add_row([name.as_str(), none]);
        }
    }
    table.to_string()
}

fn spread_cells(spread: &Spread) -> [String; 6] {
    let money = |value: f64| cents(&format!("{value:.4}"), true);
    let half = spread
        .interval
        .map_or("-".to_owned(), |(_, high)| cents(&format!("{:.4}", high - spread.mean), false));
    [
        spread.count.to_string(),
        money(spread.mean),
        half,
        money(spread.lowest()),
        money(spread.highest()),
        format!("{:.0}%", spread.above_zero * 100.0),
    ]
}

/// Returns the lines that say what ran, and where its report lies, or its tables where it has none.
fn ended(group: &Group<'_>, page: &Page) -> Vec<String> {
    if let [outcome] = group.outcomes.as_slice() {
        let report =
            group.finished().map(|(_, result)| result.report().unwrap_or_else(|| result.directory.clone()));
        let report = report.map(|report| report.display().to_string());
        return [line(outcome)].into_iter().chain(report.map(|page| format!("  {page}"))).collect();
    }
    let sum = |of: fn(&Manifest) -> u64| thousands(group.finished().map(|(_, it)| of(&it.manifest)).sum());
    let mut lines = vec![format!(
        "{} ({} of {} runs finished): {} events, {} trades",
        group.name,
        group.finished().count(),
        group.outcomes.len(),
        sum(|manifest| manifest.events),
        sum(|manifest| manifest.trades),
    )];
    if let Some(Ok(page)) = page {
        lines.push(format!("  {}", page.display()));
    }
    lines
}

fn cells(AccountMetrics { account, metrics }: &AccountMetrics) -> [String; 7] {
    let name = match account.failure {
        Some(_) => format!("{} (failed)", account.owner),
        None => account.owner.clone(),
    };
    let shown = |key: &str, write: fn(f64) -> String| metrics.get(key).map_or_else(|| "-".to_owned(), write);
    [
        name,
        cents(&account.profit, true),
        shown("cumulative_return", percent),
        shown("max_drawdown_marks", percent),
        shown("sharpe_annualised", |ratio| format!("{ratio:.2}")),
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
    report_of_seeds: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<&'a Manifest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a Summary>,
}

/// Returns the outcomes as a JSON array, scenario by scenario.
pub(super) fn json(groups: &[Group<'_>], pages: &[Page]) -> Result<String, Failure> {
    let mut items = Vec::new();
    for (group, page) in groups.iter().zip(pages) {
        let page = page.as_ref().and_then(|page| Some(page.as_ref().ok()?.display().to_string()));
        items.extend(group.outcomes.iter().map(|outcome| json_outcome(outcome, page.clone())));
    }
    serde_json::to_string_pretty(&items).map_err(|error| {
        complain(&format!("error: the outcome cannot be written as JSON: {error}"));
        Failure::Run
    })
}

fn json_outcome<'a>(outcome: &'a Outcome, page: Option<String>) -> JsonOutcome<'a> {
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
        report: result.and_then(|it| Some(it.report()?.display().to_string())),
        report_of_seeds: page,
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
