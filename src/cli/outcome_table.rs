//! The outcomes of runs: one line each, a closing table, or JSON.

use std::path::PathBuf;

use serde::Serialize;

use super::console::{new_table, print_error};
use super::exit::Failure;
use super::number_text::{rate, thousands};
use crate::analysis::{AccountMetrics, OrderEnding, Spread, Summary};
use crate::record::Manifest;
use crate::report::{endings_text, sharpe_text};
use crate::run::{ReportFileError, RunError, RunEvent, RunOutcome, RunResult, chain};
use bearpit_core::units::Seed;

/// Returns one line about a run that has ended.
pub(super) fn line(scenario: &str, seed: Seed, event: &RunEvent) -> String {
    let run = format!("{scenario} (seed {seed})");
    match event {
        RunEvent::Started { .. } | RunEvent::Advanced { .. } => run,
        RunEvent::Finished { events, trades, wall } => {
            let seconds = wall.as_secs_f64();
            format!(
                "{run}: {} events, {} trades in {seconds:.1} s, {} events/s",
                thousands(*events),
                thousands(*trades),
                thousands(rate(*events, seconds)),
            )
        }
        RunEvent::Interrupted { wall } => format!("{run}: interrupted after {:.1} s", wall.as_secs_f64()),
        RunEvent::Failed { wall, .. } => format!("{run}: failed after {:.1} s", wall.as_secs_f64()),
    }
}

/// The outcomes of one scenario, in order.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) outcomes: Vec<&'a RunOutcome>,
}

/// The page of several runs of a group, or why it could not be written; `None` if the group has no page.
pub(super) type Page = Option<Result<PathBuf, ReportFileError>>;

impl Group<'_> {
    /// Returns the runs that finished.
    pub(super) fn finished(&self) -> impl Iterator<Item = (&RunOutcome, &RunResult)> {
        self.outcomes.iter().filter_map(|outcome| match &outcome.result {
            Ok(result) => Some((*outcome, result.as_ref())),
            Err(_) => None,
        })
    }
}

/// Groups outcomes by scenario, in order of first appearance.
pub(super) fn groups(outcomes: &[RunOutcome]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for outcome in outcomes {
        match groups.iter_mut().find(|group| group.name == outcome.scenario) {
            Some(group) => group.outcomes.push(outcome),
            None => groups.push(Group { name: &outcome.scenario, outcomes: vec![outcome] }),
        }
    }
    groups
}

/// Returns the closing tables, one of single runs and one of scenarios with several runs, and below them one
/// line per run or scenario with the path of its report; `announced` is whether the lines of single runs
/// have been printed.
pub(super) fn table(groups: &[Group<'_>], pages: &[Page], announced: bool) -> String {
    let (many, single): (Vec<&Group<'_>>, Vec<&Group<'_>>) =
        groups.iter().partition(|group| group.outcomes.len() > 1);
    let mut parts = Vec::new();
    if !single.is_empty() {
        parts.push(singles(&single));
    }
    if !many.is_empty() {
        parts.push(seed_statistics(&many));
    }
    let lines = groups.iter().zip(pages).flat_map(|(group, page)| group_lines(group, page, announced));
    parts.push(lines.collect::<Vec<_>>().join("\n"));
    parts.join("\n\n")
}

/// Returns a table with a row per account of single runs; only the first row of a run names it.
fn singles(groups: &[&Group<'_>]) -> String {
    let mut heads = vec!["scenario", "account", "P&L", "return", "drawdown", "Sharpe", "fees", "fills"];
    let finished = groups.iter().flat_map(|group| group.finished());
    let has_refused = finished.flat_map(|(_, it)| &it.summary.accounts).any(|account| sent_back(account) > 0);
    if has_refused {
        heads.push("refused");
    }
    let mut table = new_table(&heads, 2);
    for outcome in groups.iter().flat_map(|group| &group.outcomes) {
        let mut name = Some(outcome.scenario.clone());
        let result = match &outcome.result {
            Ok(result) => result,
            Err(error) => {
                let how = if error.is_interrupted() { "interrupted" } else { "failed" };
                table.add_row([outcome.scenario.as_str(), how]);
                continue;
            }
        };
        for account in &result.summary.accounts {
            let refused = has_refused.then(|| thousands(sent_back(account)));
            let sharpe = sharpe_text(&result.manifest, &result.summary, account);
            let cells = cells(account, sharpe).into_iter().chain(refused);
            table.add_row([name.take().unwrap_or_default()].into_iter().chain(cells));
        }
        if let Some(name) = name {
            table.add_row([name.as_str(), "no account is tracked"]);
        }
    }
    table.trim_fmt()
}

/// Returns a table with a row per account of scenarios with several runs.
fn seed_statistics(groups: &[&Group<'_>]) -> String {
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
            let profits = of_owner.map(|it| it.account.profit.to_f64());
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
    table.trim_fmt()
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

/// Returns the lines that describe a group, with the path of its report, or of its directory if it has none.
fn group_lines(group: &Group<'_>, page: &Page, announced: bool) -> Vec<String> {
    if let [outcome] = group.outcomes.as_slice() {
        let path = |(_, result): (_, &RunResult)| {
            let path = result.report.as_ref().or(result.directory.as_ref());
            path.map(|path| path.display().to_string())
        };
        let report = group.finished().find_map(path);
        let line = (!announced).then(|| line(&outcome.scenario, outcome.seed, &outcome.event()));
        let accounts = group.finished().flat_map(|(_, result)| &result.summary.accounts);
        let notes = accounts.flat_map(account_notes).map(|note| format!("  {note}"));
        return line.into_iter().chain(notes).chain(report.map(|path| format!("  {path}"))).collect();
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
    lines.extend(notes_of_all(group).into_iter().map(|note| format!("  {note}")));
    if let Some(Ok(page)) = page {
        lines.push(format!("  {}", page.display()));
    }
    lines
}

/// How many accounts of several runs are told of.
const NOTED_MAX: usize = 8;

/// Says how the orders of each account ended over all runs of a group.
fn notes_of_all(group: &Group<'_>) -> Vec<String> {
    let accounts = || group.finished().flat_map(|(_, result)| &result.summary.accounts);
    let mut owners: Vec<&str> = Vec::new();
    for AccountMetrics { account, .. } in accounts() {
        if owners.len() < NOTED_MAX && !owners.contains(&account.owner.as_str()) {
            owners.push(&account.owner);
        }
    }
    let note = |owner: &&str| {
        let own = || accounts().filter(|it| it.account.owner == **owner);
        let endings = OrderEnding::total(own().flat_map(|it| &it.endings));
        let text = endings_text(&endings, own().map(|it| it.account.refused).sum())?;
        Some(format!("{owner}: {text}"))
    };
    owners.iter().filter_map(note).collect()
}

/// Returns how many orders the gate refused or a venue rejected.
fn sent_back(AccountMetrics { account, endings, .. }: &AccountMetrics) -> u64 {
    let rejected = endings.iter().filter(|it| it.status == "rejected").map(|it| it.orders);
    account.refused + rejected.sum::<u64>()
}

/// Says what else is to be known of an account: that it was called or ruined, and how its orders ended.
fn account_notes(
    AccountMetrics { account, ruined, margin_calls, endings, .. }: &AccountMetrics,
) -> Vec<String> {
    let ruined = ruined.as_ref().map(|at| format!("ruined at {at}"));
    let called = margin_calls.first().map(|at| match margin_calls.len() {
        1 => format!("margin call at {at}"),
        count => format!("{count} margin calls, the first at {at}"),
    });
    let notes = called.into_iter().chain(ruined).chain(endings_text(endings, account.refused));
    notes.map(|note| format!("{}: {note}", account.owner)).collect()
}

fn cells(AccountMetrics { account, metrics, ruined, .. }: &AccountMetrics, sharpe: String) -> [String; 7] {
    let name = match (&account.failure, ruined) {
        (Some(_), _) => format!("{} (failed)", account.owner),
        (None, Some(_)) => format!("{} (ruined)", account.owner),
        (None, None) => account.owner.clone(),
    };
    let shown = |key: &str, write: fn(f64) -> String| metrics.get(key).map_or_else(|| "-".to_owned(), write);
    [
        name,
        cents(&account.profit.to_string(), true),
        shown("cumulative_return", percent),
        shown("max_drawdown_marks", percent),
        sharpe,
        cents(&account.fees.to_string(), false),
        thousands(account.fills),
    ]
}

/// Formats a fraction as a percentage.
fn percent(share: f64) -> String {
    // Adding zero removes the sign of a negative zero.
    format!("{:.2}%", (share * 10_000.0).round() / 100.0 + 0.0)
}

/// Rounds exact money to cents for the table; the files have all decimals.
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
    error: Option<String>,
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
        print_error(&format!("error: the outcome cannot be written as JSON: {error}"));
        Failure::Run
    })
}

fn json_outcome<'a>(outcome: &'a RunOutcome, page: Option<String>) -> JsonOutcome<'a> {
    let (status, error, result) = match &outcome.result {
        Ok(result) => ("finished", None, Some(result)),
        Err(RunError::Interrupted) => ("interrupted", None, None),
        Err(error) => ("failed", Some(chain(error)), None),
    };
    let text = |path: &PathBuf| path.display().to_string();
    JsonOutcome {
        scenario: &outcome.scenario,
        seed: outcome.seed.get(),
        status,
        error,
        wall_seconds: outcome.wall.as_secs_f64(),
        directory: result.and_then(|it| it.directory.as_ref().map(text)),
        report: result.and_then(|it| it.report.as_ref().map(text)),
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
