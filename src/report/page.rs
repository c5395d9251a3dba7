//! The page: what ran, who made what, and the figures.

use std::fmt::Write;

use super::ReportError;
use super::figures::{Figure, Line, Shape, css_color};
use super::text::{NONE, cents, escape, number, optional, percent, places_for};
use crate::analysis::{AccountData, FillMark, ListingData, Point, RunData};

const STYLE: &str = include_str!("style.css");

/// Writes the whole page.
pub(super) fn page(data: &RunData) -> Result<String, ReportError> {
    let mut body = String::new();
    header(&mut body, data);
    accounts(&mut body, data);
    markets(&mut body, data);
    prices(&mut body, data)?;
    account_figures(&mut body, data)?;
    market_figures(&mut body, data)?;
    log(&mut body, data);
    let name = escape(&data.manifest.scenario);
    let seed = data.manifest.seed;
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}, seed {seed} · Bearpit</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\
         </main>\n</body>\n</html>\n"
    ))
}

/// Appends text; writing to a string cannot fail.
macro_rules! put {
    ($out:expr, $($text:tt)*) => {
        writeln!($out, $($text)*).ok()
    };
}

fn header(out: &mut String, data: &RunData) {
    let manifest = &data.manifest;
    let digest = escape(&manifest.digest);
    let short: String = digest.chars().take(16).collect();
    put!(out, "<header>");
    put!(out, "<h1>{}</h1>", escape(&manifest.scenario));
    put!(out, "<dl>");
    let fact =
        |out: &mut String, name: &str, value: &str| put!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    fact(out, "seed", &manifest.seed.to_string());
    fact(out, "virtual time", &format!("{} to {}", readable(&manifest.start), readable(&manifest.end)));
    fact(out, "events", &whole(manifest.events));
    fact(out, "trades", &whole(manifest.trades));
    fact(out, "digest", &format!("<code title=\"{digest}\">{short}…</code>"));
    fact(out, "bearpit", &escape(&manifest.bearpit));
    put!(out, "</dl>");
    put!(out, "</header>");
    for failed in manifest.accounts.iter().filter(|account| account.failure.is_some()) {
        let why = failed.failure.as_deref().unwrap_or_default();
        put!(
            out,
            "<p class=\"failure\"><strong>{}</strong> was stopped: {}</p>",
            escape(&failed.owner),
            escape(why)
        );
    }
}

fn readable(time: &str) -> String {
    escape(&time.replace('T', " "))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn whole(count: u64) -> String {
    number(count as f64, 0)
}

fn accounts(out: &mut String, data: &RunData) {
    put!(out, "<section><h2>Accounts</h2>");
    if data.accounts.is_empty() {
        put!(
            out,
            "<p class=\"none\">The scenario has no strategy and no market maker, so no account was followed.</p></section>"
        );
        return;
    }
    put!(
        out,
        "<div class=\"scroll\"><table><thead><tr><th>account</th><th>final equity</th><th>P&amp;L</th><th>return</th><th>max drawdown</th><th>fees</th><th>fills</th><th>turnover</th><th>as maker</th><th>refused</th></tr></thead><tbody>"
    );
    for account in &data.accounts {
        account_row(out, account);
    }
    put!(out, "</tbody></table></div>");
    put!(
        out,
        "<p class=\"note\">P&amp;L is final less initial equity, after fees; holdings from the start count at their first price. Drawdown is the deepest fall below the highest equity before it: in currency, and the deepest as a share, which may be another. Turnover is the sum of price times quantity of all fills.</p></section>"
    );
}

fn account_row(out: &mut String, account: &AccountData) {
    let summary = &account.summary;
    let profit = cents(&summary.profit);
    let class = match profit.chars().next() {
        Some('−') => "loss",
        _ if profit == "0.00" => "",
        _ => "gain",
    };
    let sign = if class == "gain" { "+" } else { "" };
    let metric = |key: &str| account.metrics.get(key);
    let drawdown = match metric("max_drawdown_currency") {
        None => NONE.to_owned(),
        Some(deepest) => {
            format!("{} ({})", number(deepest, 2), percent(metric("max_drawdown_marks"), 2))
        }
    };
    let failed = if summary.failure.is_some() { " <span class=\"loss\">failed</span>" } else { "" };
    put!(
        out,
        "<tr><th>{} <small>{}</small>{failed}</th><td>{}</td><td class=\"{class}\">{sign}{profit}</td><td>{}</td><td>{drawdown}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        escape(&summary.owner),
        escape(&summary.kind.replace('_', " ")),
        cents(&summary.final_equity),
        percent(metric("cumulative_return"), 2),
        cents(&summary.fees),
        whole(summary.fills),
        optional(metric("turnover"), 0),
        percent(metric("maker_share"), 0),
        whole(summary.refused),
    );
}

fn markets(out: &mut String, data: &RunData) {
    put!(out, "<section><h2>Markets</h2>");
    if data.listings.is_empty() {
        put!(out, "<p class=\"none\">Nobody quoted or traded anything.</p></section>");
        return;
    }
    put!(
        out,
        "<div class=\"scroll\"><table><thead><tr><th>market</th><th>trades</th><th>volume</th><th>mean price by volume</th><th>mean spread</th><th>mean size at the touch</th></tr></thead><tbody>"
    );
    for listing in &data.listings {
        let metric = |key: &str| listing.metrics.get(key);
        let spread = metric("spread_quoted_time_weighted");
        let places = spread.map_or(2, places_for).max(2);
        put!(
            out,
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&listing.title()),
            whole(listing.trades),
            optional(metric("volume"), 0),
            optional(metric("vwap"), places),
            optional(spread, places + 1),
            optional(metric("depth_touch_time_weighted"), 0),
        );
    }
    put!(
        out,
        "</tbody></table></div><p class=\"note\">Spread and size are means over the time in which both sides, or that side, had orders.</p></section>"
    );
}

/// A figure per symbol: prices of all its venues, and where strategies traded.
fn prices(out: &mut String, data: &RunData) -> Result<(), ReportError> {
    put!(out, "<section><h2>Prices</h2>");
    for symbol in data.manifest.instruments.iter().map(|instrument| &instrument.symbol) {
        let lines: Vec<Line<'_>> = data
            .listings
            .iter()
            .filter(|listing| listing.symbol == *symbol)
            .map(|listing| Line { label: listing.venue.clone(), points: &listing.price, shape: Shape::Line })
            .collect();
        let strategies: Vec<&AccountData> =
            data.accounts.iter().filter(|account| account.summary.kind != "market_maker").collect();
        let marks: Vec<&FillMark> = strategies
            .iter()
            .flat_map(|account| &account.fills)
            .filter(|mark| mark.symbol == *symbol)
            .collect();
        let shown: u64 = strategies.iter().map(|account| account.fills.len() as u64).sum();
        let total: u64 = strategies.iter().map(|account| account.fills_total).sum();
        let thinned = if shown < total {
            format!("; {} of {} fills are shown, evenly", whole(shown), whole(total))
        } else {
            String::new()
        };
        let caption = if marks.is_empty() {
            "Trade prices.".to_owned()
        } else {
            format!(
                "Trade prices, with strategies' fills: <span class=\"buy\">▲</span> bought, <span class=\"sell\">▼</span> sold{thinned}."
            )
        };
        let figure = Figure {
            title: format!("Price of {symbol}"),
            unit: "price (currency)".to_owned(),
            extent: data.extent,
            lines,
            marks,
            from_zero: false,
        };
        put_figure(out, &figure, &caption)?;
    }
    put!(out, "</section>");
    Ok(())
}

fn account_figures(out: &mut String, data: &RunData) -> Result<(), ReportError> {
    for account in &data.accounts {
        let owner = &account.summary.owner;
        put!(out, "<section><h2>{}</h2>", escape(owner));
        let figure = |what: &str, unit: &str, points, shape, from_zero| Figure {
            title: format!("{what} of {owner}"),
            unit: unit.to_owned(),
            extent: data.extent,
            lines: vec![Line { label: String::new(), points, shape }],
            marks: Vec::new(),
            from_zero,
        };
        let equity = figure("Equity", "equity (currency)", &account.equity, Shape::Line, false);
        put_figure(
            out,
            &equity,
            "Equity: cash and holdings at the mid, or at the last trade while a side of the book is empty.",
        )?;
        let drawdown = figure("Drawdown", "currency", &account.drawdown, Shape::Area, true);
        put_figure(out, &drawdown, "Drawdown: equity below its highest so far.")?;
        let inventory = Figure {
            title: format!("Inventory of {owner}"),
            unit: "holding".to_owned(),
            extent: data.extent,
            lines: account
                .positions
                .iter()
                .map(|position| Line {
                    label: position.symbol.clone(),
                    points: &position.points,
                    shape: Shape::Steps,
                })
                .collect(),
            marks: Vec::new(),
            from_zero: true,
        };
        put_figure(out, &inventory, "Inventory: the signed holding.")?;
        put!(out, "</section>");
    }
    Ok(())
}

fn market_figures(out: &mut String, data: &RunData) -> Result<(), ReportError> {
    put!(out, "<section><h2>Spread and depth</h2>");
    let spreads = |listing: &ListingData| listing.spread.clone();
    let points: Vec<(String, Vec<Point>)> =
        data.listings.iter().map(|listing| (listing.title(), spreads(listing))).collect();
    let figure = Figure {
        title: "Spread".to_owned(),
        unit: "spread (currency)".to_owned(),
        extent: data.extent,
        lines: points
            .iter()
            .map(|(label, points)| Line { label: label.clone(), points, shape: Shape::Steps })
            .collect(),
        marks: Vec::new(),
        from_zero: true,
    };
    put_figure(out, &figure, "Spread: best ask less best bid, as a mean over time.")?;
    for listing in &data.listings {
        let sizes = [("at the best bid", &listing.bid_size), ("at the best ask", &listing.ask_size)];
        let figure = Figure {
            title: format!("Depth of {}", listing.title()),
            unit: "quantity".to_owned(),
            extent: data.extent,
            lines: sizes
                .map(|(label, points)| Line { label: label.to_owned(), points, shape: Shape::Steps })
                .into(),
            marks: Vec::new(),
            from_zero: true,
        };
        let caption =
            format!("Depth of {}: quantity at the touch, as a mean over time.", escape(&listing.title()));
        put_figure(out, &figure, &caption)?;
    }
    put!(out, "</section>");
    Ok(())
}

/// Appends a figure with its legend; `caption` is HTML.
fn put_figure(out: &mut String, figure: &Figure<'_>, caption: &str) -> Result<(), ReportError> {
    put!(out, "<figure>");
    if figure.is_empty() {
        put!(out, "<p class=\"none\">{}: there is nothing to show.</p></figure>", escape(&figure.title));
        return Ok(());
    }
    put!(out, "<div class=\"scroll\">{}</div>", figure.draw()?);
    put!(out, "<figcaption>{caption}{}</figcaption></figure>", legend(figure));
    Ok(())
}

fn legend(figure: &Figure<'_>) -> String {
    if figure.lines.len() < 2 {
        return String::new();
    }
    let entry = |(index, line): (usize, &Line<'_>)| {
        format!(
            " <span class=\"key\"><i style=\"background:{}\"></i>{}</span>",
            css_color(index),
            escape(&line.label)
        )
    };
    figure.lines.iter().enumerate().map(entry).collect()
}

fn log(out: &mut String, data: &RunData) {
    put!(out, "<section><h2>Log</h2>");
    if data.log.is_empty() {
        put!(out, "<p class=\"none\">No strategy logged anything.</p></section>");
        return;
    }
    if (data.log.len() as u64) < data.log_total {
        let total = whole(data.log_total);
        put!(
            out,
            "<p class=\"note\">The last {} of {total} lines; the table `log` has all.</p>",
            data.log.len()
        );
    }
    put!(out, "<div class=\"scroll\"><table class=\"log\"><tbody>");
    for line in &data.log {
        let class = if line.is_error { " class=\"loss\"" } else { "" };
        let at = readable(&line.at.to_string());
        put!(
            out,
            "<tr><td>{at}</td><td>{}</td><td{class}>{}</td></tr>",
            escape(&line.owner),
            escape(&line.text)
        );
    }
    put!(out, "</tbody></table></div></section>");
}
