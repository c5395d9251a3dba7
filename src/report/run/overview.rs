//! The first screen: what ran, and the results of accounts and markets.

use super::missing::why_missing;
use super::order::makers_last;
use crate::analysis::{AccountData, Point, RunData};
use crate::record::Table;
use crate::report::figures::{Color, Line, LineStyle, Lines, Size};
use crate::report::page::{PageBuilder, ReportError, put};
use crate::report::text::{
    NONE, cents, count_text, decimals_for, duration_text, escape, number, number_or_dash, percent, time_text,
};
use bearpit_core::units::SimTime;

/// Writes the first screen.
pub(super) fn overview(page: &mut PageBuilder, data: &RunData) -> Result<(), ReportError> {
    header(page, data);
    accounts(page, data)?;
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
    fact(page, "seed", &manifest.seed.to_string());
    let time =
        format!("{} to {}", time_text(&manifest.start.to_string()), time_text(&manifest.end.to_string()));
    fact(page, "virtual time", &time);
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
    put!(page, "</header>");
    for account in &manifest.accounts {
        let Some(why) = &account.failure else { continue };
        let owner = escape(&account.owner);
        put!(
            page,
            "<p class=\"failure\"><strong>{owner}</strong> was stopped by an error: {}</p>",
            escape(why)
        );
    }
    for account in &data.accounts {
        let Some(ruin) = account.ruin else { continue };
        put!(
            page,
            "<p class=\"failure\"><strong>{}</strong> was ruined: its equity was {} at {}. {}</p>",
            escape(&account.summary.owner),
            number(ruin.equity, 2),
            time_text(&SimTime::from_nanos(ruin.at).to_string()),
            if account.sample.returns.is_empty() {
                "Since it has something again, no returns agree with its P&amp;L: they are absent."
            } else {
                "Its last return is −100 %."
            },
        );
    }
}

/// The columns of the table of accounts.
const COLUMNS: [&str; 11] = [
    "account",
    "final equity",
    "P&amp;L",
    "return",
    "max drawdown",
    "Sharpe, annualised",
    "fees",
    "fills",
    "turnover",
    "as maker",
    "refused",
];

fn accounts(page: &mut PageBuilder, data: &RunData) -> Result<(), ReportError> {
    put!(page, "<section><h2>Accounts</h2>");
    if data.accounts.is_empty() {
        put!(
            page,
            "<p class=\"none\">The scenario has no strategy and no market maker, so no account is tracked.</p></section>"
        );
        return Ok(());
    }
    let heads: String = COLUMNS.iter().map(|name| format!("<th>{name}</th>")).collect();
    put!(page, "<div class=\"scroll\"><table><thead><tr>{heads}</tr></thead><tbody>");
    makers_last(data).into_iter().for_each(|account| account_row(page, account));
    put!(page, "</tbody></table></div>");
    put!(
        page,
        "<p class=\"note\">Amounts in currency. P&amp;L is final minus initial equity, after fees; initial holdings count at their first mark. Max drawdown is the largest fall from a previous peak of equity: in currency, and in parentheses as a percentage of the peak, which may be a different drawdown. The Sharpe ratio uses returns over {}, {} of which make a year ({}). Turnover is the sum of price times quantity of all fills.</p>",
        duration_text(data.period.nanos()),
        number(data.periods_per_year, decimals_of_periods(data)),
        calendar(data),
    );
    equity(page, data)?;
    put!(page, "</section>");
    Ok(())
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

fn account_row(page: &mut PageBuilder, account: &AccountData) {
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
        Some(deepest) => format!("{} ({})", number(deepest, 2), percent(metric("max_drawdown_marks"), 2)),
    };
    let failed = if summary.failure.is_some() { " <span class=\"loss\">failed</span>" } else { "" };
    let cells = [
        cents(&summary.final_equity.to_string()),
        format!("<span class=\"{class}\">{sign}{profit}</span>"),
        percent(metric("cumulative_return"), 2),
        drawdown,
        number_or_dash(metric("sharpe_annualised"), 2),
        cents(&summary.fees.to_string()),
        count_text(summary.fills),
        number_or_dash(metric("turnover"), 0),
        percent(metric("maker_share"), 0),
        count_text(summary.refused),
    ];
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    let (owner, kind) = (escape(&summary.owner), escape(&summary.kind.replace('_', " ")));
    put!(page, "<tr><th>{owner} <small>{kind}</small>{failed}</th>{cells}</tr>");
}

/// Draws the change in equity of all accounts in one figure.
fn equity(page: &mut PageBuilder, data: &RunData) -> Result<(), ReportError> {
    let ranked = makers_last(data);
    let title = "Change in equity".to_owned();
    let mut figure = Lines::new(title, "currency".to_owned(), Size::Wide, data.extent).with_zero();
    figure.lines =
        ranked.iter().zip(0..Color::LINES_MAX).map(|(account, number)| line(account, number)).collect();
    let (shown, total) = (figure.lines.len() as u64, ranked.len() as u64);
    let omitted = if shown < total {
        format!(" {} of {} accounts are shown, strategies first.", count_text(shown), count_text(total))
    } else {
        String::new()
    };
    let caption = format!(
        "Equity is cash plus holdings at the mid, or at the last trade while a side of the book is empty.{omitted}"
    );
    page.begin_figures();
    page.figure(
        "equity",
        &figure,
        &caption,
        &why_missing(data, &[Table::Pnl], "no account was ever marked to market."),
    )?;
    page.end_figures();
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
    put!(
        page,
        "<div class=\"scroll\"><table><thead><tr><th>market</th><th>trades</th><th>volume</th><th>VWAP</th><th>mean spread</th><th>mean spread, bps</th><th>mean size at the touch</th><th>volatility, annualised</th></tr></thead><tbody>"
    );
    for listing in &data.listings {
        let metric = |key: &str| listing.metrics.get(key);
        let spread = metric("spread_quoted_time_weighted");
        let places = spread.map_or(2, decimals_for).max(2);
        put!(
            page,
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&listing.title()),
            number_or_dash(metric("trades"), 0),
            number_or_dash(metric("volume"), 0),
            number_or_dash(metric("vwap"), places),
            number_or_dash(spread, places + 1),
            number_or_dash(metric("spread_quoted_time_weighted_bps"), 1),
            number_or_dash(metric("depth_touch_time_weighted"), 0),
            percent(metric("volatility_realized_annualised"), 1),
        );
    }
    put!(
        page,
        "</tbody></table></div><p class=\"note\">Prices and spreads in currency. Spread and size are time-weighted means over the time in which both sides, or that side, had orders. Volatility is annualised from periods of {}, by the days and hours on which the market itself traded.</p></section>",
        duration_text(data.period.nanos()),
    );
}
