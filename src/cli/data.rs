//! `bearpit data`: says what a file of historical data is, as a scenario would read it.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::args::DataArguments;
use super::console::{new_table, print, print_diagnostics};
use super::exit::Failure;
use crate::data::{DataFile, FileKind, Found, NumberFormat, ReadOptions, Rows};
use crate::scenario::{DataReport, Severity, inspect_data};
use bearpit_agents::prices_show_split;
use bearpit_core::market::SplitRatio;
use bearpit_core::process::{HistoricalBar, HistoricalTick, HistoricalTickKind};

/// How many of the first rows are shown.
const FIRST_ROWS: usize = 3;

/// Reads files, and prints what was found and what is odd.
///
/// # Errors
/// [`Failure::Input`] if any of them cannot be read.
pub(super) fn run(arguments: &DataArguments) -> Result<(), Failure> {
    let options = options(arguments);
    let mut failed = false;
    let mut all = Vec::new();
    for path in &arguments.files {
        let DataReport { file, findings } = inspect_data(path, &options);
        failed |= file.is_none();
        if arguments.json {
            all.push(to_json(path, &DataReport { file, findings }));
            continue;
        }
        if let Some(file) = &file {
            print(&describe(path, file))?;
        }
        if !findings.is_empty() {
            print_diagnostics(&findings);
        }
    }
    if arguments.json {
        print(&Value::from(all).to_string())?;
    }
    if failed { Err(Failure::Input) } else { Ok(()) }
}

fn options(arguments: &DataArguments) -> ReadOptions {
    let DataArguments { decimal, thousands, .. } = arguments;
    let numbers = (decimal.is_some() || thousands.is_some()).then(|| NumberFormat {
        decimal: decimal.unwrap_or('.'),
        thousands: thousands.or(NumberFormat::ENGLISH.thousands).filter(|it| Some(*it) != *decimal),
        suffixes: true,
    });
    ReadOptions {
        columns: arguments.columns.iter().cloned().collect(),
        numbers,
        separator: arguments.separator,
        time_format: arguments.time_format.clone(),
        zone: arguments.zone.clone(),
        run_zone: arguments.to_zone.clone(),
        header: arguments.header,
        order: arguments.order,
        on_bad_row: arguments.on_bad_row.unwrap_or_default(),
        negative_prices: arguments.negative_prices,
    }
}

fn describe(path: &Path, file: &DataFile) -> String {
    let found = &file.found;
    let span = found.span.map_or_else(String::new, |(first, last)| format!(", {first} to {last}"));
    let mut lines = vec![format!("{}: {} {}{span}", path.display(), found.rows, found.kind.name())];
    let mut line = |name: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("  {name:<10} {text}"));
        }
    };
    line("form", found.form.to_string());
    line("looks like", found.source.unwrap_or_default().to_owned());
    line("times", format!("{}; {}", found.time_format, found.zone));
    line("interval", interval(found));
    line("gaps", gaps(found));
    let columns = found.columns.iter().map(|it| format!("{} = {} ({})", it.role, it.name, it.number));
    line("columns", columns.collect::<Vec<_>>().join(", "));
    line("not taken", found.other_columns.join(", "));
    line("volume", found.volume.to_string());
    if let Rows::Bars(bars) = &file.rows {
        line("splits", splits(bars).join(", "));
        line("dividends", dividends(bars));
    }
    let table = first_rows(&file.rows);
    let table: Vec<String> = table.lines().map(|line| format!("  {line}")).collect();
    format!("{}\n\n{}\n\n{}\n", lines.join("\n"), table.join("\n"), advice(path, found))
}

/// Says how a scenario replays the file.
fn advice(path: &Path, found: &Found) -> String {
    let (kind, more) = match found.kind {
        FileKind::Bars => {
            let length = found.interval().map_or_else(|| "1d".to_owned(), |step| step.to_string());
            ("replay", format!("\n  bar_length = \"{length}\""))
        }
        FileKind::Trades => ("ticks", "   # or a list of two: this one, and one of quotes".to_owned()),
        FileKind::Quotes => ("ticks", "   # or a list of two: this one, and one of trades".to_owned()),
    };
    let data = path.display().to_string();
    format!(
        "  To backtest a strategy on it:\n\n  bearpit backtest STRATEGY.rhai {data}\n\n  To replay it, in a scenario, with its \
         path from there (docs/backtesting.md):\n\n  [[agents]]\n  kind = \"{kind}\"\n  data = {data:?}{more}"
    )
}

/// Describes each split in a file's own columns, and whether its prices are from before it.
fn splits(bars: &[HistoricalBar]) -> Vec<String> {
    let split = |(row, bar): (usize, &HistoricalBar)| {
        let ratio = SplitRatio::from_f64(bar.split)?;
        let prices = match prices_show_split(bars, row, ratio) {
            Some(true) => "prices jump by it",
            Some(false) => "prices have it already",
            None => "prices do not say; a replay needs `splits`",
        };
        Some(format!("{ratio} of {} ({prices})", bar.time))
    };
    bars.iter().enumerate().filter_map(split).collect()
}

fn dividends(bars: &[HistoricalBar]) -> String {
    let paid = || bars.iter().filter(|bar| bar.dividend > 0.0);
    match (paid().next(), paid().next_back()) {
        (Some(first), Some(last)) => {
            format!(
                "{}, from {} of {} to {} of {}",
                paid().count(),
                first.dividend,
                first.time,
                last.dividend,
                last.time
            )
        }
        _ => String::new(),
    }
}

fn interval(found: &Found) -> String {
    let steps = found.rows.saturating_sub(1);
    let shown = found.steps.iter().map(|(step, count)| format!("{step} ({count} of {steps} steps)"));
    shown.collect::<Vec<_>>().join(", ")
}

fn gaps(found: &Found) -> String {
    if found.gaps.is_empty() {
        return "none".to_owned();
    }
    let longest = found.gaps.iter().map(|(after, length)| format!("{length} after {after}"));
    let longest = longest.collect::<Vec<_>>().join(", ");
    format!("{} steps longer than the interval; the longest: {longest}", found.longer_steps)
}

fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn first_rows(rows: &Rows) -> String {
    let mut table = match rows {
        Rows::Bars(_) => new_table(&["time", "open", "high", "low", "close", "adjusted", "volume"], 1),
        Rows::Ticks(_) => new_table(&["time", "price", "quantity", "bid", "bid size", "ask", "ask size"], 1),
    };
    match rows {
        Rows::Bars(bars) => table.add_rows(bars.iter().take(FIRST_ROWS).map(bar_cells)),
        Rows::Ticks(ticks) => table.add_rows(ticks.iter().take(FIRST_ROWS).map(tick_cells)),
    };
    table.trim_fmt()
}

fn bar_cells(bar: &HistoricalBar) -> [String; 7] {
    let HistoricalBar { time, open, high, low, close, volume, adjusted_close, .. } = bar;
    [
        time.to_string(),
        open.to_string(),
        high.to_string(),
        low.to_string(),
        close.to_string(),
        optional(*adjusted_close),
        optional(*volume),
    ]
}

fn tick_cells(tick: &HistoricalTick) -> [String; 7] {
    let values = match tick.kind {
        HistoricalTickKind::Trade { price, quantity } => [Some(price), quantity, None, None, None, None],
        HistoricalTickKind::Quote { bid, bid_size, ask, ask_size } => {
            [None, None, bid, bid_size, ask, ask_size]
        }
    };
    let [price, quantity, bid, bid_size, ask, ask_size] = values.map(optional);
    [tick.time.to_string(), price, quantity, bid, bid_size, ask, ask_size]
}

fn to_json(path: &Path, report: &DataReport) -> Value {
    let [errors, warnings] =
        [Severity::Error, Severity::Warning].map(|severity| report.findings.to_json_of(severity));
    let mut value = match &report.file {
        None => json!({ "file": path, "valid": false }),
        Some(file) => {
            let found = &file.found;
            json!({
                "file": path,
                "valid": true,
                "kind": found.kind.name(),
                "rows": found.rows,
                "empty_rows": found.empty_rows,
                "bad_rows": found.bad_rows,
                "first": found.span.map(|(first, _)| first.to_string()),
                "last": found.span.map(|(_, last)| last.to_string()),
                "form": found.form.to_string(),
                "source": found.source,
                "time_format": found.time_format,
                "zone": found.zone,
                "interval": found.interval().map(|step| step.to_string()),
                "steps": pairs(&found.steps, |(step, count)| json!({ "length": step.to_string(), "count": count })),
                "longer_steps": found.longer_steps,
                "gaps": pairs(&found.gaps, |(after, length)| {
                    json!({ "after": after.to_string(), "length": length.to_string() })
                }),
                "columns": columns(found),
                "other_columns": found.other_columns,
                "newest_first": found.is_reversed,
                "volume": found.volume.to_string(),
                "splits": if let Rows::Bars(bars) = &file.rows { splits(bars) } else { Vec::new() },
                "dividends": if let Rows::Bars(bars) = &file.rows { dividends(bars) } else { String::new() },
                "first_rows": first_rows_json(&file.rows),
            })
        }
    };
    if let Value::Object(value) = &mut value {
        value.insert("errors".to_owned(), errors);
        value.insert("warnings".to_owned(), warnings);
    }
    value
}

fn pairs<T>(items: &[T], write: impl Fn(&T) -> Value) -> Value {
    items.iter().map(write).collect()
}

fn columns(found: &Found) -> Value {
    let entry = |column: &crate::data::TakenColumn| {
        (column.role.name().to_owned(), json!({ "name": column.name, "number": column.number }))
    };
    Value::Object(found.columns.iter().map(entry).collect::<Map<String, Value>>())
}

fn first_rows_json(rows: &Rows) -> Value {
    match rows {
        Rows::Bars(bars) => pairs(&bars[..bars.len().min(FIRST_ROWS)], |bar| {
            json!({
                "time": bar.time.to_string(), "open": bar.open, "high": bar.high, "low": bar.low,
                "close": bar.close, "adjusted_close": bar.adjusted_close, "volume": bar.volume,
            })
        }),
        Rows::Ticks(ticks) => pairs(&ticks[..ticks.len().min(FIRST_ROWS)], |tick| {
            let time = tick.time.to_string();
            match tick.kind {
                HistoricalTickKind::Trade { price, quantity } => {
                    json!({ "time": time, "price": price, "quantity": quantity })
                }
                HistoricalTickKind::Quote { bid, bid_size, ask, ask_size } => json!({
                    "time": time, "bid": bid, "bid_size": bid_size, "ask": ask, "ask_size": ask_size,
                }),
            }
        }),
    }
}
