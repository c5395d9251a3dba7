//! The first screen: the runs, notes on comparing them, and the results of each account.

use super::html::gain;
use super::limits::MANY;
use crate::analysis::{AccountOutline, Batch, RunSet, Spread};
use crate::report::page::{CardTable, PageBuilder, put};
use crate::report::text::{NONE, count_text, escape, number, number_or_dash, percent, time_text};

/// Writes the first screen.
pub(super) fn overview(page: &mut PageBuilder, several: &RunSet, title: &str) {
    header(page, several, title);
    accounts(page, several);
}

fn header(page: &mut PageBuilder, several: &RunSet, title: &str) {
    put!(page, "<header><h1>{title}</h1>");
    if let [batch] = several.batches.as_slice() {
        put!(page, "<dl>");
        for (name, value) in HEADS.iter().zip(facts(batch)) {
            put!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>");
        }
        put!(page, "</dl>");
        if !batch.changes.is_empty() {
            put!(page, "<p class=\"note\">Changed for all runs: {}</p>", changes(batch));
        }
    }
    put!(page, "</header>");
    if several.batches.len() > 1 {
        put!(page, "<section><h2>Scenarios</h2>");
        let columns: Vec<&str> = ["scenario"].into_iter().chain(HEADS).chain(["changes"]).collect();
        let table = CardTable { columns: &columns, class: "" };
        table.begin(page);
        table.begin_body(page, None);
        for batch in &several.batches {
            let cells: Vec<String> = facts(batch).into_iter().chain([changes(batch)]).collect();
            table.row(page, &escape(&batch.label), &cells);
        }
        table.end_body(page);
        table.end(page);
        put!(page, "</section>");
    }
}

const HEADS: [&str; 5] = ["runs", "seeds", "virtual time", "events", "trades"];

fn facts(batch: &Batch) -> [String; 5] {
    let [start, end] = batch.span.each_ref().map(|time| time_text(time));
    [
        count_text(batch.runs.len() as u64),
        seeds(batch),
        format!("{start} to {end}"),
        count_text(batch.runs.iter().map(|run| run.events).sum()),
        count_text(batch.runs.iter().map(|run| run.trades).sum()),
    ]
}

/// Lists the changes to the scenario, as HTML.
fn changes(batch: &Batch) -> String {
    let changes = batch.changes.iter().map(|change| format!("<code>{}</code>", escape(change)));
    changes.collect::<Vec<_>>().join(", ")
}

/// Formats the seeds, as a range if there are no gaps.
fn seeds(batch: &Batch) -> String {
    let seeds: Vec<u64> = batch.runs.iter().map(|run| run.seed).collect();
    let (Some(first), Some(last)) = (seeds.first(), seeds.last()) else { return NONE.to_owned() };
    let mut distinct = seeds.clone();
    distinct.dedup();
    if distinct.len() <= 6 && last - first != distinct.len() as u64 - 1 {
        return distinct.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    }
    let gaps = if last - first == distinct.len() as u64 - 1 { "" } else { ", with gaps" };
    if distinct.len() == 1 { first.to_string() } else { format!("{first} to {last}{gaps}") }
}

/// Writes what a reader must know before comparing runs.
fn notes(page: &mut PageBuilder, several: &RunSet) {
    let mut note = |text: &str| {
        put!(page, "<p class=\"note\">{text}</p>");
    };
    for (path, known) in &several.repeated {
        let [path, known] = [path, known].map(|path| escape(&path.display().to_string()));
        note(&format!("<code>{path}</code> is the same run as <code>{known}</code> and is counted once."));
    }
    for batch in several.batches.iter().filter(|batch| batch.is_without_chance()) {
        note(&format!(
            "All seeds of {} gave the same tape: the scenario has no randomness, so its runs are identical.",
            escape(&batch.label)
        ));
    }
    let mut versions: Vec<&str> = several.runs().map(|run| run.bearpit.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    if versions.len() > 1 {
        note(&format!(
            "The runs were made by different versions of bearpit: {}.",
            escape(&versions.join(", "))
        ));
    }
    let without = several.runs().filter(|run| !run.has_equity).count();
    if without > 0 {
        note(&format!(
            "{} of the runs did not record the table <code>pnl</code> and have no equity curve.",
            count_text(without as u64)
        ));
    }
    let spans = several.batches.windows(2).any(|pair| pair[0].extent != pair[1].extent);
    if spans {
        note(
            "The scenarios cover different time spans: their totals are of runs of different lengths, and only curves over the same span share a figure.",
        );
    }
}

const COLUMNS: [&str; 11] = [
    "account",
    "runs",
    "mean P&amp;L",
    "95 % interval",
    "deviation",
    "lowest",
    "median",
    "highest",
    "gained",
    "mean drawdown",
    "mean Sharpe",
];

const TABLE: CardTable<'_> = CardTable { columns: &COLUMNS, class: "" };

fn accounts(page: &mut PageBuilder, several: &RunSet) {
    put!(page, "<section><h2>Accounts over all runs</h2>");
    notes(page, several);
    let owners = several.owners();
    if owners.is_empty() {
        put!(
            page,
            "<p class=\"none\">The scenarios have no strategy and no market maker, so no account is tracked.</p></section>"
        );
        return;
    }
    TABLE.begin(page);
    TABLE.begin_body(page, None);
    for owner in owners {
        for batch in &several.batches {
            let accounts: Vec<&AccountOutline> = batch.account(owner).map(|(_, account)| account).collect();
            let Some(spread) = Spread::of(accounts.iter().map(|account| account.profit)) else { continue };
            let kind =
                accounts.first().map_or(String::new(), |account| escape(&account.kind.replace('_', " ")));
            let label = if several.batches.len() > 1 { escape(&batch.label) } else { kind };
            let is_long = spans_long(batch);
            TABLE.row(
                page,
                &format!("{} <small>{label}</small>", escape(owner)),
                &cells(&accounts, &spread, is_long),
            );
        }
    }
    TABLE.end_body(page);
    TABLE.end(page);
    put!(
        page,
        "<p class=\"note\">Amounts in currency. P&amp;L is final minus initial equity, after fees. The interval is the 95 % confidence interval of the mean P&amp;L over all possible seeds: Student's t with n − 1 degrees of freedom, which takes seeds as independent and says nothing about other scenarios. Deviation is the sample standard deviation between runs. “Gained” is the fraction of runs with a P&amp;L above zero. Drawdown is the max drawdown, and the Sharpe ratio is annualised, of runs of 20 days or longer; both are means over the runs in which they are defined.</p>"
    );
    if several.batches.iter().all(|batch| batch.runs.len() < MANY) {
        put!(
            page,
            "<p class=\"note\">No scenario was run with {MANY} seeds or more, so runs are drawn individually, without quantiles.</p>"
        );
    }
    put!(page, "</section>");
}

/// Returns whether runs are long enough for yearly figures: others would be extrapolated from hours.
pub(super) fn spans_long(batch: &Batch) -> bool {
    const DAYS_MIN: i64 = 20;
    batch.extent.end() - batch.extent.start() >= DAYS_MIN * 86_400_000_000_000
}

fn cells(accounts: &[&AccountOutline], spread: &Spread, is_long: bool) -> [String; 10] {
    let mean_of = |of: fn(&AccountOutline) -> Option<f64>| {
        number_or_dash(
            Spread::of(accounts.iter().filter_map(|account| of(account))).map(|spread| spread.mean),
            2,
        )
    };
    let failed = accounts.iter().filter(|account| account.failed).count();
    let failed = match failed {
        0 => String::new(),
        count => format!(" <span class=\"loss\">{} failed</span>", count_text(count as u64)),
    };
    let interval = spread
        .interval
        .map_or(NONE.to_owned(), |(low, high)| format!("{} to {}", number(low, 2), number(high, 2)));
    [
        format!("{}{failed}", count_text(spread.count as u64)),
        gain(spread.mean),
        interval,
        number_or_dash(spread.deviation, 2),
        gain(spread.lowest()),
        gain(spread.median()),
        gain(spread.highest()),
        percent(Some(spread.above_zero), 0),
        mean_of(|account| account.max_drawdown),
        if is_long { mean_of(|account| account.sharpe) } else { NONE.to_owned() },
    ]
}
