//! The first screen: what ran, and the results of accounts and markets.

use super::backtest;
use super::by_scale::by_scale;
use super::missing::why_missing;
use super::order::makers_last;
use super::scope::{Annual, Scope};
use crate::analysis::{AccountData, ListingData, Point, RunData};
use crate::record::Table;
use crate::report::figures::{Color, Line, LineStyle, Lines, Size};
use crate::report::page::{CardTable, PageBuilder, ReportError, put};
use crate::report::text::{
    NONE, cents, count_text, decimals_for, duration_text, end_instant_text, endings_text, escape,
    instant_text, number, number_or_dash, percent,
};
use bearpit_core::units::SimTime;

/// Writes the first screen.
pub(super) fn overview(page: &mut PageBuilder, data: &RunData) -> Result<(), ReportError> {
    header(page, data);
    accounts(page, data);
    backtest::backtest(page, data);
    curves(page, data)?;
    markets(page, data);
    Ok(())
}

fn header(page: &mut PageBuilder, data: &RunData) {
    let manifest = &data.manifest;
    let digest = escape(&manifest.digest);
    let short: String = digest.chars().take(16).collect();
    put!(page, "<header><h1>{}</h1><dl>", escape(&manifest.scenario));
    let fact = |page: &mut PageBuilder, name: &str, value: &str| {
        put!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    };
    let end = end_instant_text(manifest.end, data.period);
    let time = format!("{} to {end}", instant_text(manifest.start));
    fact(page, "time", &time);
    fact(page, "seed", &manifest.seed.to_string());
    fact(page, "events", &count_text(manifest.events));
    fact(page, "trades", &count_text(manifest.trades));
    fact(page, "digest", &format!("<code title=\"{digest}\">{short}…</code>"));
    fact(page, "bearpit", &escape(&manifest.bearpit));
    put!(page, "</dl>");
    if !manifest.changes.is_empty() {
        let changes: Vec<String> =
            manifest.changes.iter().map(|change| format!("<code>{}</code>", escape(change))).collect();
        put!(page, "<p class=\"note\">Changed for this run: {}</p>", changes.join(", "));
    }
    if !manifest.not_recorded.is_empty() {
        let tables: Vec<String> =
            manifest.not_recorded.iter().map(|table| format!("<code>{}</code>", table.name())).collect();
        let tables = tables.join(", ");
        put!(page, "<p class=\"note\">Tables not recorded by this scenario: {tables}</p>");
    }
    if !manifest.left_out().is_empty() {
        let names: Vec<String> =
            manifest.left_out().iter().map(|name| format!("<strong>{}</strong>", escape(name))).collect();
        put!(
            page,
            "<p class=\"note\">Orders, fills and rejects of {} are not in the tables: they stood in a file \
             (<code>replayed_orders</code>)</p>",
            names.join(", ")
        );
    }
    put!(page, "</header>");
    stopped(page, data);
    on_margin(page, data);
    for account in data.accounts.iter().filter(|account| !account.margin_calls.is_empty()) {
        margin_calls(page, account, data);
    }
    for account in &data.accounts {
        let Some(ruin) = account.ruin else { continue };
        put!(
            page,
            "<p class=\"failure\"><strong>{}</strong> was ruined: its equity was {} at {}. {}</p>",
            escape(&account.summary.owner),
            number(ruin.equity, 2),
            end_instant_text(SimTime::from_nanos(ruin.at), data.period),
            if account.sample.returns.is_empty() {
                "Since it has something again, no returns agree with its P&amp;L: they are absent."
            } else {
                "Its last return is −100 %."
            },
        );
    }
}

/// How many accounts on margin are named, and how many margin calls of each are told.
const CALLS_MAX: usize = 3;

/// Says which accounts trade on margin, and on what terms.
fn on_margin(page: &mut PageBuilder, data: &RunData) {
    let accounts =
        || data.accounts.iter().filter_map(|it| Some((&it.summary.owner, it.summary.margin.as_ref()?)));
    let told = accounts().take(CALLS_MAX).map(|(owner, margin)| {
        let (initial, maintenance) = (escape(&margin.initial), escape(&margin.maintenance));
        format!(
            "<strong>{}</strong> ({initial} of what it opens, {maintenance} of what it keeps)",
            escape(owner)
        )
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return;
    }
    let more = accounts().count().saturating_sub(CALLS_MAX) as u64;
    let more = if more > 0 { format!("; and {} more", count_text(more)) } else { String::new() };
    put!(page, "<p class=\"note\">On margin: {}{more}.</p>", told.join("; "));
}

/// Says when an account was called, and what for.
fn margin_calls(page: &mut PageBuilder, account: &AccountData, data: &RunData) {
    let calls = &account.margin_calls;
    let told = calls.iter().take(CALLS_MAX).map(|call| {
        format!(
            "at {} its equity was {}, below its maintenance margin of {}",
            end_instant_text(SimTime::from_nanos(call.at), data.period),
            number(call.equity, 2),
            number(call.maintenance, 2)
        )
    });
    let more = calls.len().saturating_sub(CALLS_MAX) as u64;
    let more = if more > 0 { format!("; and {} more times", count_text(more)) } else { String::new() };
    put!(
        page,
        "<p class=\"failure\"><strong>{}</strong> had {} margin call{}: {}{more}. Its orders were canceled, and its positions closed at the market.</p>",
        escape(&account.summary.owner),
        count_text(calls.len() as u64),
        if calls.len() == 1 { "" } else { "s" },
        told.collect::<Vec<String>>().join("; "),
    );
}

/// How many accounts are spoken of above the table that lists all.
const TOLD_MAX: usize = 5;

/// Says which strategies were stopped, why, and what that means.
fn stopped(page: &mut PageBuilder, data: &RunData) {
    let accounts = &data.manifest.accounts;
    let failed: Vec<(&str, &str)> =
        accounts.iter().filter_map(|it| Some((it.owner.as_str(), it.failure.as_deref()?))).collect();
    for (owner, why) in failed.iter().take(TOLD_MAX) {
        let (owner, why) = (escape(owner), escape(why));
        put!(page, "<p class=\"failure\"><strong>{owner}</strong> was stopped by an error: {why}</p>");
    }
    let more = failed.len().saturating_sub(TOLD_MAX) as u64;
    if more > 0 {
        let more = count_text(more);
        put!(page, "<p class=\"failure\">{more} more were stopped; the table of accounts marks them.</p>");
    }
    if !failed.is_empty() {
        put!(
            page,
            "<p class=\"note\">A strategy that is stopped has its entries canceled and is not called again; <code>on_error</code> of the agent says what becomes of its position and exits. Mend the script, and run it again.</p>"
        );
    }
}

/// Says of which accounts orders ended unfilled that nobody wanted to end: how many, why, and what to do.
fn unfilled(page: &mut PageBuilder, data: &RunData) {
    let text = |account: &&AccountData| {
        let text = endings_text(&account.endings, account.summary.refused)?;
        let text = text.strip_prefix("orders: ").unwrap_or(&text);
        Some(format!("{}: {text}", account.summary.owner))
    };
    let accounts = makers_last(data);
    let texts: Vec<String> = accounts.iter().filter_map(text).collect();
    if texts.is_empty() {
        return;
    }
    put!(page, "<p class=\"note\"><strong>Orders that were not filled.</strong>");
    for text in texts.iter().take(TOLD_MAX) {
        put!(page, "<br>{}", escape(text));
    }
    if texts.len() > TOLD_MAX {
        let more = count_text((texts.len() - TOLD_MAX) as u64);
        put!(page, "<br>Of {more} more accounts too; each account's section says which.");
    }
    put!(page, "</p>");
}

/// The columns of the table of accounts: what was won first.
fn account_columns(data: &RunData) -> [&'static str; 11] {
    let sharpe = match Scope::of(data).annual() {
        Annual::Yes => "Sharpe ratio, annualised",
        Annual::Daily => "Sharpe ratio, daily",
    };
    [
        "account",
        "P&amp;L",
        "return",
        "max drawdown",
        sharpe,
        "fees",
        "fills",
        "final equity",
        "turnover",
        "as maker",
        "refused",
    ]
}

fn accounts(page: &mut PageBuilder, data: &RunData) {
    put!(page, "<section><h2>Results</h2>");
    if data.accounts.is_empty() {
        put!(
            page,
            "<p class=\"none\">The scenario has no strategy and no market maker, so no account is tracked.</p></section>"
        );
        return;
    }
    let table = CardTable { columns: &account_columns(data), class: "" };
    table.begin(page);
    table.begin_body(page, None);
    makers_last(data).into_iter().for_each(|account| account_row(page, table, account, data));
    table.end_body(page);
    table.end(page);
    unfilled(page, data);
    put!(
        page,
        "<details><summary>What the columns mean</summary><p class=\"note\">Amounts are in currency. P&amp;L is final minus initial equity, after fees; initial holdings count at their first mark. Max drawdown is the largest fall from an earlier peak of equity, as a percentage of that peak; the amount beside it is the largest fall in currency, which may be another one. The Sharpe ratio {} Turnover is the sum of price times quantity of all fills.</p></details></section>",
        sharpe_note(data),
    );
}

/// Says what the Sharpe ratio of the table is.
fn sharpe_note(data: &RunData) -> String {
    let period = duration_text(data.period.nanos());
    let scope = Scope::of(data);
    match scope.annual() {
        Annual::Yes => format!(
            "is annualised: it uses returns over {period}, {} of which make a year ({}).",
            number(data.periods_per_year, decimals_of_periods(data)),
            calendar(data)
        ),
        Annual::Daily => format!(
            "is that of one day, from returns over {period}: the run is too short to be annualised. It needs {} periods.",
            Scope::PERIODS_MIN
        ),
    }
}

/// Says where the periods per year come from.
fn calendar(data: &RunData) -> String {
    match data.year {
        Some(year) => format!("a year of {year}, by when the market traded"),
        None => "by the scenario's <code>periods_per_year</code>".to_owned(),
    }
}

/// Returns with how many decimals the periods per year are shown.
fn decimals_of_periods(data: &RunData) -> usize {
    if data.periods_per_year < 1_000.0 && data.periods_per_year.fract() != 0.0 { 2 } else { 0 }
}

fn account_row(page: &mut PageBuilder, table: CardTable<'_>, account: &AccountData, data: &RunData) {
    let summary = &account.summary;
    let profit = cents(&summary.profit.to_string());
    let class = match profit.chars().next() {
        Some('−') => "loss",
        _ if profit == "0.00" => "",
        _ => "gain",
    };
    let sign = if class == "gain" { "+" } else { "" };
    let metric = |key: &str| account.metrics.get(key);
    let drawdown = match metric("max_drawdown_currency") {
        None => NONE.to_owned(),
        Some(deepest) => format!("{} ({})", percent(metric("max_drawdown_marks"), 2), number(deepest, 2)),
    };
    let sharpe = Scope::of(data).of_account(account, "sharpe_annualised");
    let failed = if summary.failure.is_some() { " <span class=\"loss\">failed</span>" } else { "" };
    let called = if account.margin_calls.is_empty() { "" } else { " <span class=\"loss\">called</span>" };
    let ruined = if account.ruin.is_some() { " <span class=\"loss\">ruined</span>" } else { "" };
    let cells = [
        format!("<span class=\"{class}\">{sign}{profit}</span>"),
        percent(metric("cumulative_return"), 2),
        drawdown,
        number_or_dash(sharpe, 2),
        cents(&summary.fees.to_string()),
        count_text(summary.fills),
        cents(&summary.final_equity.to_string()),
        number_or_dash(metric("turnover"), 0),
        percent(metric("maker_share"), 0),
        count_text(summary.refused),
    ];
    let (owner, kind) = (escape(&summary.owner), escape(&summary.kind.replace('_', " ")));
    table.row(page, &format!("{owner} <small>{kind}</small>{failed}{called}{ruined}"), &cells);
}

/// Draws the change in equity of all accounts; those that moved a hundred times less than others have a
/// figure of their own.
fn curves(page: &mut PageBuilder, data: &RunData) -> Result<(), ReportError> {
    if data.accounts.is_empty() {
        return Ok(());
    }
    let ranked = makers_last(data);
    let lines: Vec<Line> =
        ranked.iter().zip(0..Color::LINES_MAX).map(|(account, number)| line(account, number)).collect();
    let (shown, total) = (lines.len() as u64, ranked.len() as u64);
    let omitted = if shown < total {
        format!(" {} of {} accounts are shown, strategies first.", count_text(shown), count_text(total))
    } else {
        String::new()
    };
    let caption = format!(
        "Equity is cash plus holdings at the mid, or at the last trade while a side of the book is empty.{omitted}"
    );
    put!(page, "<section><h2>Equity</h2>");
    page.begin_figures();
    for (place, lines) in by_scale(lines).into_iter().enumerate() {
        let names: Vec<&str> = lines.iter().map(|line| line.label.as_str()).collect();
        let title = if place == 0 {
            "Change in equity".to_owned()
        } else {
            format!("Change in equity: {}", names.join(", "))
        };
        let name = if place == 0 { "equity".to_owned() } else { format!("equity {}", names.join(" ")) };
        let mut figure =
            Lines::new(title, "currency".to_owned(), Size::Wide, data.extent).with_zero().by_day(data.period);
        figure.lines = lines;
        page.figure(
            &name,
            &figure,
            &caption,
            &why_missing(data, &[Table::Pnl], "no account was ever marked to market."),
        )?;
    }
    page.end_figures();
    put!(page, "</section>");
    Ok(())
}

fn line(account: &AccountData, number: usize) -> Line {
    let initial = account.summary.initial_equity.to_f64();
    let change = |point: &Point| (point.0, point.1 - initial);
    Line {
        label: account.summary.owner.clone(),
        points: account.equity.iter().map(change).collect(),
        style: LineStyle::Line,
        color: Color::Line(number),
    }
}

fn markets(page: &mut PageBuilder, data: &RunData) {
    put!(page, "<section><h2>Markets</h2>");
    if data.listings.is_empty() {
        let none = "nothing was quoted or traded.";
        let none = why_missing(data, &[Table::Quotes, Table::Trades], none);
        put!(page, "<p class=\"none\">No markets: {none}</p></section>");
        return;
    }
    let table = CardTable { columns: &market_columns(data), class: "" };
    table.begin(page);
    table.begin_body(page, None);
    for listing in &data.listings {
        let metric = |key: &str| listing.metrics.get(key);
        let spread = metric("spread_quoted_time_weighted");
        let places = spread.map_or(2, decimals_for).max(2);
        let cells = [
            number_or_dash(metric("trades"), 0),
            number_or_dash(metric("volume"), 0),
            number_or_dash(metric("vwap"), places),
            number_or_dash(spread, places + 1),
            number_or_dash(metric("spread_quoted_time_weighted_bps"), 1),
            number_or_dash(metric("depth_touch_time_weighted"), 0),
            volatility(listing, data),
        ];
        table.row(page, &escape(&listing.title()), &cells);
    }
    table.end_body(page);
    table.end(page);
    let replayed =
        if data.manifest.replays.is_empty() { "" } else { " A replay of bars has no spread and no sizes." };
    put!(
        page,
        "<details><summary>What the columns mean</summary><p class=\"note\">Prices and spreads in currency. VWAP is the mean price of all trades, by quantity. Spread and size are time-weighted means over the time in which both sides, or that side, had orders.{replayed} Volatility is that of returns over {}, {}.</p></details></section>",
        duration_text(data.period.nanos()),
        match Scope::of(data).annual() {
            Annual::Yes => "annualised by the days and hours on which the market itself traded",
            Annual::Daily => "for one day of trading: the run is too short to be annualised",
        },
    );
}

/// The columns of the table of markets.
fn market_columns(data: &RunData) -> [&'static str; 8] {
    let volatility = match Scope::of(data).annual() {
        Annual::Yes => "volatility, annualised",
        Annual::Daily => "volatility, daily",
    };
    [
        "market",
        "trades",
        "volume",
        "VWAP",
        "mean spread",
        "mean spread, bps",
        "mean size at the touch",
        volatility,
    ]
}

fn volatility(listing: &ListingData, data: &RunData) -> String {
    let scope = Scope::of_market(data);
    percent(scope.value(&listing.metrics, "volatility_realized_annualised"), 2)
}
