//! `bearpit verify-book`: replays messages and compares the book with recorded rows.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::args::VerifyBookArguments;
use super::console::{print, print_diagnostics, print_error};
use super::exit::Failure;
use super::number_text::thousands;
use crate::analysis::{Anomaly, BookCheck, BookVerdict, Ladders, RowDifference};
use crate::scenario::OrderFlow;
use bearpit_core::market::{BookRow, OrderMessage, QuoteLevel, Side, lobster_price};
use bearpit_core::units::Price;

/// Replays the messages, compares, and prints the result on standard output.
///
/// # Errors
/// [`Failure::Input`] if a file is not valid, and [`Failure::Run`] if any row differs.
pub(super) fn run(arguments: &VerifyBookArguments) -> Result<(), Failure> {
    let flow = load(arguments)?;
    let depth = arguments.depth.map_or(flow.depth(), usize::from);
    if depth > flow.depth() {
        let levels = flow.depth();
        let file = arguments.orderbook.display();
        print_error(&format!("error: --depth {depth} is more than the {levels} levels that {file} has"));
        return Err(Failure::Input);
    }
    let mut check = BookCheck::new(depth, flow.initial());
    for (message, row) in flow.messages().iter().zip(flow.rows()) {
        check.observe(message, &row);
    }
    let verdict = check.finish();
    print(&if arguments.json { outcome(&verdict).to_string() } else { describe(&verdict) })?;
    if verdict.all_equal() { Ok(()) } else { Err(Failure::Run) }
}

fn load(arguments: &VerifyBookArguments) -> Result<OrderFlow, Failure> {
    let VerifyBookArguments { messages, orderbook, initial, json, .. } = arguments;
    match OrderFlow::load(messages, orderbook, initial.as_deref()) {
        Ok(flow) => Ok(flow),
        Err(diagnostics) => {
            if *json {
                print(&json!({ "valid": false, "errors": diagnostics.to_json() }).to_string())?;
            } else {
                print_diagnostics(&diagnostics);
            }
            Err(Failure::Input)
        }
    }
}

/// Returns the counts, then the rows that differ, with the first as two ladders.
fn describe(verdict: &BookVerdict) -> String {
    let levels = if verdict.depth == 1 { "1 level".to_owned() } else { format!("{} levels", verdict.depth) };
    let counts = [
        ("rows compared".to_owned(), verdict.rows),
        ("equal at level 1".to_owned(), verdict.equal_at_touch),
        (format!("equal at {levels}"), verdict.equal),
        ("levels revealed behind the last one".to_owned(), verdict.revealed),
        ("references to orders older than the file".to_owned(), verdict.older),
        ("references to orders that have been out of sight".to_owned(), verdict.forgotten),
        ("messages that do not fit the book".to_owned(), verdict.anomalies),
        ("executions out of priority".to_owned(), verdict.out_of_priority),
        ("hidden executions".to_owned(), verdict.hidden),
        ("cross trades".to_owned(), verdict.crosses),
        ("halts and resumptions".to_owned(), verdict.halts),
    ];
    let width = counts.iter().map(|(_, count)| thousands(*count).len()).max().unwrap_or(0);
    let lines = counts.iter().map(|(what, count)| format!("{:>width$}  {what}", thousands(*count)));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    if let Some(Anomaly { row, reason }) = &verdict.first_anomaly {
        text.push_str(&format!("\n\nfirst message that does not fit: row {row}\n  {reason}"));
    }
    if let Some(found) = verdict.first_out_of_priority {
        let first =
            found.overtaken.map_or("an order of unknown id".to_owned(), |order| format!("order {order}"));
        text.push_str(&format!(
            "\n\nfirst execution out of priority: row {}\n  order {} was executed, but {first} had priority",
            found.row, found.order
        ));
    }
    if !verdict.differences.is_empty() {
        text.push_str("\n\n");
        text.push_str(&differences(verdict));
    }
    text
}

fn differences(verdict: &BookVerdict) -> String {
    let count = verdict.rows - verdict.equal;
    let rows =
        if count == 1 { "1 row differs".to_owned() } else { format!("{} rows differ", thousands(count)) };
    let kept = verdict.differences.len();
    let which = if count > kept as u64 { format!("; the first {kept}") } else { String::new() };
    let mut text = format!("{rows}{which}:");
    for difference in &verdict.differences {
        text.push_str(&format!("\n  row {}, {}", difference.row, with_time(&difference.message)));
        for reason in &difference.reasons {
            text.push_str(&format!("\n    {reason}"));
        }
    }
    if let Some(ladders) = &verdict.first_difference {
        text.push_str(&format!("\n\nthe first, row {}:\n\n{}", ladders.row, side_by_side(ladders)));
    }
    text
}

fn with_time(message: &OrderMessage) -> String {
    let nanos = message.since_midnight.nanos();
    let seconds = nanos / 1_000_000_000;
    let [hours, minutes, seconds] = [seconds / 3_600, seconds / 60 % 60, seconds % 60];
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:09}, {message}", nanos % 1_000_000_000)
}

/// The sizes at one price of one side: in the file, then in the book.
type Pair = [String; 2];

/// Shows the ladders of file and book side by side, one price per line, with a mark where they differ.
fn side_by_side(ladders: &Ladders) -> String {
    let mut text = String::new();
    let both = [&ladders.file, &ladders.book];
    let asks = pairs(both, Side::Sell);
    let bids = pairs(both, Side::Buy);
    let prices = asks.keys().chain(bids.keys()).map(|price| four_places(*price).len());
    let prices = prices.max().unwrap_or(0).max("price".len());
    let sizes = asks.values().chain(bids.values()).flatten().map(String::len);
    let sizes = sizes.max().unwrap_or(0).max("bid".len());
    let line =
        |bid: &str, price: &str, ask: &str| format!("{bid:>sizes$} | {price:>prices$} | {ask:>sizes$}");
    let width = line("", "", "").len();
    let head = line("bid", "price", "ask");
    // Writing to a string cannot fail.
    writeln!(text, "  {:<width$}      book", "file").ok();
    writeln!(text, "  {head}      {head}").ok();
    for (side, levels) in [(Side::Sell, asks), (Side::Buy, bids)] {
        for (price, sizes) in levels.iter().rev() {
            let drawn = |size: &str| {
                let price = if size.is_empty() { String::new() } else { four_places(*price) };
                if side == Side::Buy { line(size, &price, "") } else { line("", &price, size) }
            };
            let mark = if sizes[0] == sizes[1] { " " } else { "*" };
            let [file, book] = sizes.each_ref().map(|size| drawn(size));
            writeln!(text, "  {file}   {mark}  {book}").ok();
        }
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn pairs(rows: [&BookRow; 2], side: Side) -> BTreeMap<Price, Pair> {
    let mut found: BTreeMap<Price, Pair> = BTreeMap::new();
    for (index, row) in rows.into_iter().enumerate() {
        for level in row.side(side) {
            found.entry(level.price).or_default()[index] = level.size.to_string();
        }
    }
    found
}

/// Formats a price with all four decimals, so that columns align.
fn four_places(price: Price) -> String {
    format!("{}.{:04}", price.ticks() / 10_000, price.ticks() % 10_000)
}

/// Returns the result as JSON.
fn outcome(verdict: &BookVerdict) -> Value {
    let difference = |it: &RowDifference| {
        let reasons: Vec<String> = it.reasons.iter().map(ToString::to_string).collect();
        let nanos = it.message.since_midnight.nanos();
        let message = it.message.to_string();
        json!({ "row": it.row, "since_midnight_ns": nanos, "message": message, "reasons": reasons })
    };
    let ladder = |row: &BookRow, side| -> Value {
        let level = |it: &QuoteLevel| json!([lobster_price(it.price).to_string(), it.size.lots()]);
        row.side(side).iter().map(level).collect()
    };
    let book = |row: &BookRow| json!({ "bids": ladder(row, Side::Buy), "asks": ladder(row, Side::Sell) });
    json!({
        "valid": true,
        "equal": verdict.all_equal(),
        "depth": verdict.depth,
        "rows": verdict.rows,
        "rows_equal_at_level_1": verdict.equal_at_touch,
        "rows_equal": verdict.equal,
        "levels_revealed": verdict.revealed,
        "references_older": verdict.older,
        "references_out_of_sight": verdict.forgotten,
        "anomalies": verdict.anomalies,
        "first_anomaly": verdict.first_anomaly.as_ref().map(|Anomaly { row, reason }| {
            json!({ "row": row, "reason": reason.to_string() })
        }),
        "executions_out_of_priority": verdict.out_of_priority,
        "first_out_of_priority": verdict.first_out_of_priority.map(|it| {
            json!({ "row": it.row, "order": it.order, "overtaken": it.overtaken })
        }),
        "hidden_executions": verdict.hidden,
        "cross_trades": verdict.crosses,
        "halts": verdict.halts,
        "differences": verdict.differences.iter().map(difference).collect::<Value>(),
        "first_difference": verdict.first_difference.as_ref().map(|it| {
            json!({ "row": it.row, "file": book(&it.file), "book": book(&it.book) })
        }),
    })
}
