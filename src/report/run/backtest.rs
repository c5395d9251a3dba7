//! What a reader of a back-test asks first: which data, how orders filled on it, at which costs, and what was
//! left at the end.

use std::collections::BTreeSet;

use super::order::makers_last;
use crate::analysis::{AccountData, RunData};
use crate::record::{ChargeSummary, ReplayRules, ReplaySummary};
use crate::report::page::{PageBuilder, put};
use crate::report::text::{
    count_text, duration_text, end_instant_text, escape, instant_text, number, number_or_dash, significant,
};
use bearpit_core::units::{SimDuration, SimTime};

/// How many files are named.
const FILES_MAX: usize = 3;
/// How many accounts are told of.
const ACCOUNTS_MAX: usize = 8;

/// Returns whether market orders of a symbol filled at the close on which they were decided.
pub(super) fn fills_at_this_close(data: &RunData, symbol: &str) -> bool {
    data.manifest.replays.iter().any(|it| it.symbol == symbol && it.rules.fill == "this_close")
}

/// What it means to fill at the close on which an order was decided.
pub(super) const THIS_CLOSE: &str = "<strong>Filled at this close</strong> (<code>fill = \"this_close\"</code>): market \
    orders traded at the close on which they were decided. That is possible only in a closing auction that accepts \
    orders which depend on its own price; results are better than they could have been.";

/// Writes the section; nothing where no file was replayed.
pub(super) fn backtest(page: &mut PageBuilder, data: &RunData) {
    let replays = &data.manifest.replays;
    let Some(first) = replays.first() else { return };
    put!(page, "<section><h2>How it was tested</h2>");
    if replays.iter().any(|it| it.rules.fill == "this_close") {
        put!(page, "<p class=\"failure\">{THIS_CLOSE}</p>");
    }
    put!(page, "<dl class=\"sheet\">");
    let mut fact = |name: &str, value: &str| {
        put!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    };
    fact("data", &files(replays));
    let alike = replays.iter().all(|it| it.rules == first.rules && it.has_volumes == first.has_volumes);
    let mut told: Vec<(&ReplayRules, bool)> = Vec::new();
    for replay in replays {
        let rules = (&replay.rules, replay.has_volumes);
        if told.contains(&rules) {
            continue;
        }
        told.push(rules);
        let of = if alike { String::new() } else { format!(" of {}", escape(&replay.symbol)) };
        fact(&format!("market orders{of}"), market_orders(&replay.rules));
        fact(&format!("path in a bar{of}"), &path(&replay.rules));
        fact(&format!("volume{of}"), &volume(replay));
    }
    let [splits, dividends] = [|it: &ReplaySummary| it.splits, |it: &ReplaySummary| it.dividends]
        .map(|of| replays.iter().map(of).sum::<u64>());
    if splits + dividends > 0 {
        let counted = |count: u64, what: &str| {
            format!("{} {what}{}", count_text(count), if count == 1 { "" } else { "s" })
        };
        let told = format!("{} and {}", counted(splits, "split"), counted(dividends, "dividend"));
        fact("splits and dividends", &format!("{told} took effect; prices are shown in shares of the start"));
    }
    fact("costs", &costs(data));
    fact("at the end", &at_end(data));
    let ruins: Vec<String> = shown(data).filter_map(|account| ruin(account, data.period)).collect();
    if !ruins.is_empty() {
        fact("ruin", &joined(&ruins, ""));
    }
    put!(page, "</dl>");
    put!(page, "<p class=\"note\">The rules are numbered in <code>docs/backtesting.md</code>.</p></section>");
}

fn shown(data: &RunData) -> impl Iterator<Item = &AccountData> {
    makers_last(data).into_iter().take(ACCOUNTS_MAX)
}

fn joined(parts: &[String], none: &str) -> String {
    if parts.is_empty() { none.to_owned() } else { parts.join("<br>") }
}

/// Names files, bars and span.
fn files(replays: &[ReplaySummary]) -> String {
    if replays.len() <= FILES_MAX {
        let line = |it: &ReplaySummary| {
            format!("{} from <code>{}</code>: {}", escape(&it.symbol), escape(&it.file), bars(it))
        };
        return replays.iter().map(line).collect::<Vec<_>>().join("<br>");
    }
    let total: u64 = replays.iter().map(|it| it.bars).sum();
    let first = replays.iter().filter(|it| it.bars > 0).map(|it| it.first).min();
    let last = replays.iter().filter(|it| it.bars > 0).map(|it| it.last).max();
    let span = first.zip(last).map_or_else(String::new, |(first, last)| {
        let shortest = replays.iter().map(|it| it.bar_length).min().unwrap_or(SimDuration::ZERO);
        format!(", {} to {}", instant_text(first), end_instant_text(last, shortest))
    });
    let names = replays.iter().take(FILES_MAX).map(|it| format!("<code>{}</code>", escape(&it.file)));
    format!(
        "{} files with {} bars{span}: {} and {} more",
        count_text(replays.len() as u64),
        count_text(total),
        names.collect::<Vec<_>>().join(", "),
        count_text((replays.len() - FILES_MAX) as u64)
    )
}

fn bars(it: &ReplaySummary) -> String {
    let mut text = format!("{} bars of {}", count_text(it.bars), duration_text(it.bar_length.nanos()));
    if it.bars > 0 {
        text.push_str(&format!(
            ", {} to {}",
            instant_text(it.first),
            end_instant_text(it.last, it.bar_length)
        ));
    }
    if it.warmup > 0 {
        text.push_str(&format!(", after {} bars of warm-up", count_text(it.warmup)));
    }
    if it.file_end > it.last {
        text.push_str(&format!(" (the file goes on to {})", end_instant_text(it.file_end, it.bar_length)));
    }
    text
}

fn market_orders(rules: &ReplayRules) -> &'static str {
    match rules.fill.as_str() {
        "this_close" => "those sent at a close fill at that close",
        _ => "those sent at a close fill at the next open; those sent within a bar, at the path's price",
    }
}

fn path(rules: &ReplayRules) -> String {
    let path = match rules.path.as_str() {
        "farther" => "open, the extreme farther from the open, the other one, close",
        "worst" => {
            "open, the extreme nearer to the open, the other one, close; of a target and a stop in one bar the stop"
        }
        _ => "open, the extreme nearer to the open, the other one, close",
    };
    let touch = match rules.touch.as_str() {
        "through" => "limit orders fill when it goes one tick beyond",
        _ => "limit orders fill when it reaches their price",
    };
    format!("{path}; {touch}")
}

fn volume(it: &ReplaySummary) -> String {
    if !it.has_volumes {
        return "<strong>not known</strong>: orders of any size filled in full".to_owned();
    }
    let share = f64::from(it.rules.participation_millionths) / 10_000.0;
    format!("known: one participant can have up to {} % of each bar's volume", significant_share(share))
}

fn significant_share(percent: f64) -> String {
    if percent.fract() == 0.0 { number(percent, 0) } else { significant(percent) }
}

/// Says what trading cost: rates, and what came of them.
fn costs(data: &RunData) -> String {
    let charges = &data.manifest.charges;
    let fees = |it: &ChargeSummary| {
        let whose = if it.is_broker { format!("broker of {}", escape(&it.name)) } else { escape(&it.name) };
        format!("{whose}: {}", escape(&it.fees))
    };
    let mut parts: Vec<String> = charges.iter().take(ACCOUNTS_MAX).map(fees).collect();
    if charges.is_empty() {
        parts.push("no fees".to_owned());
    }
    let replays = &data.manifest.replays;
    let of = |word: &str, texts: BTreeSet<String>| {
        let texts: Vec<String> = texts.into_iter().collect();
        if texts.is_empty() { format!("no {word}") } else { format!("{word} {}", texts.join(" or ")) }
    };
    let spreads = replays.iter().map(|it| it.rules.half_spread).filter(|it| it.to_f64() != 0.0);
    parts.push(of("half-spread", spreads.map(|it| it.to_string()).collect()));
    parts.push(of(
        "slippage",
        replays.iter().filter_map(|it| it.rules.slippage.clone()).map(|it| escape(&it)).collect(),
    ));
    for account in shown(data) {
        let mut paid = format!(
            "{} paid {} in fees",
            escape(&account.summary.owner),
            number(account.summary.fees.to_f64(), 2)
        );
        if let Some(clamped) = account.metrics.get("clamped") {
            paid.push_str(&format!(
                "; {} of half-spread and slippage was not charged, since it lay beyond a bar's range",
                number(clamped, 2)
            ));
        }
        parts.push(paid);
    }
    parts.join("<br>")
}

/// Says what became of positions after the last bar, and what is left.
fn at_end(data: &RunData) -> String {
    let rules: BTreeSet<&str> = data.manifest.replays.iter().map(|it| it.rules.at_end.as_str()).collect();
    let rule = |it: &&str| match *it {
        "close" => "positions are closed at the close of a file's last bar, without costs",
        _ => "positions are kept, and marked at the last close",
    };
    let mut parts: Vec<String> = vec![rules.iter().map(rule).collect::<Vec<_>>().join("; or ")];
    for account in shown(data) {
        let owner = escape(&account.summary.owner);
        let open = account.open_positions.iter().map(|it| {
            let (quantity, symbol) = (significant_share(it.quantity), escape(&it.symbol));
            format!("{quantity} {symbol}, marked at {}", number_or_dash(it.mark, 2))
        });
        let open: Vec<String> = open.take(ACCOUNTS_MAX).collect();
        let more = account.open_positions.len().saturating_sub(ACCOUNTS_MAX);
        let more = if more > 0 { format!("; and {} more", count_text(more as u64)) } else { String::new() };
        parts.push(match open.is_empty() {
            true => format!("{owner} holds nothing"),
            false => format!("{owner} still holds {}{more}", open.join("; ")),
        });
    }
    parts.join("<br>")
}

fn ruin(account: &AccountData, period: SimDuration) -> Option<String> {
    let ruin = account.ruin?;
    let at = end_instant_text(SimTime::from_nanos(ruin.at), period);
    let owner = escape(&account.summary.owner);
    Some(format!(
        "{owner} had an equity of {} at {at}, and took no new risk from then on",
        number(ruin.equity, 2)
    ))
}
