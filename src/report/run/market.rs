//! The section of a market: price, spread, depth, volume, volatility, trade signs and entry latency.

use super::missing::why_missing;
use super::scope::{Annual, Scope};
use super::{metrics, stylized};
use crate::analysis::metrics::Absence;
use crate::analysis::{EntryLatencies, ListingData, Point, RunData};
use crate::record::Table;
use crate::report::figures::{BarSeries, Bars, Color, Histogram, Line, LineStyle, Lines, Size};
use crate::report::page::{PageBuilder, ReportError, put};
use crate::report::text::{count_text, duration_text, escape, number, significant};

/// Writes the section of a listing.
pub(super) fn market(
    page: &mut PageBuilder,
    data: &RunData,
    listing: &ListingData,
) -> Result<(), ReportError> {
    put!(page, "<section><h2>{}</h2>", escape(&listing.title()));
    if listing.trades == 0 && data.manifest.has(Table::Trades) {
        put!(page, "<p class=\"none\">Nothing was traded.</p>");
    }
    if let Some(price) = only_price(listing) {
        put!(
            page,
            "<p class=\"none\">The price never changed: all trades were at {}.</p>",
            significant(price)
        );
    }
    page.begin_figures();
    price(page, data, listing)?;
    over_time(page, data, listing)?;
    depth(page, data, listing)?;
    profile(page, data, listing)?;
    signs(page, data, listing)?;
    latencies(page, data, listing)?;
    page.end_figures();
    stylized::listing(page, listing)?;
    metrics::listing(page, listing, data);
    put!(page, "</section>");
    Ok(())
}

/// Returns the price of all trades, if there were several and all had the same price.
fn only_price(listing: &ListingData) -> Option<f64> {
    let prices = || listing.price.iter().map(|point| point.1);
    let first = prices().next().filter(|_| listing.trades > 1)?;
    prices().all(|price| price.total_cmp(&first).is_eq()).then_some(first)
}

fn price(page: &mut PageBuilder, data: &RunData, listing: &ListingData) -> Result<(), ReportError> {
    let line = |label: &str, points: &[Point], color| Line {
        label: label.to_owned(),
        points: points.to_vec(),
        style: LineStyle::Line,
        color,
    };
    let title = format!("Price of {}", listing.title());
    let mut figure =
        Lines::new(title, "price (currency)".to_owned(), Size::Wide, data.extent).by_day(data.period);
    figure.lines = vec![
        line("trades", &listing.price, Color::Line(6)),
        line("best bid", &listing.bid, Color::Up),
        line("best ask", &listing.ask, Color::Down),
    ];
    figure.lines.retain(|line| !line.points.is_empty());
    let trades = listing
        .metrics
        .get("trades")
        .map_or_else(String::new, |trades| format!("{} trades. ", number(trades, 0)));
    let caption = format!(
        "{trades}The run is divided into 500 intervals; of each the first, lowest, highest and last value are drawn.",
    );
    page.figure(&format!("{} price", listing.title()), &figure, &caption, "nothing was quoted or traded.")
}

/// Draws spread, volume and volatility over time.
fn over_time(page: &mut PageBuilder, data: &RunData, listing: &ListingData) -> Result<(), ReportError> {
    let title = listing.title();
    let figure = |what: &str, unit: &str, points: Vec<Point>, shape| {
        Lines::new(format!("{what} of {title}"), unit.to_owned(), Size::Half, data.extent)
            .with_zero()
            .by_day(data.period)
            .with(what, points, shape)
    };
    let spread = figure("Spread", "spread (currency)", listing.spread.clone(), LineStyle::Steps);
    let caption = "Best ask minus best bid, as the time-weighted mean of each of 100 intervals.";
    page.figure(
        &format!("{title} spread"),
        &spread,
        caption,
        &why_missing(data, &[Table::Quotes], "the book never had orders on both sides."),
    )?;
    let traded = if listing.trades == 0 { Vec::new() } else { listing.volume.clone() };
    let volume = figure("Volume", "quantity traded", traded, LineStyle::Columns);
    let caption = format!("Quantity traded in each {}.", duration_text(listing.volume_width.nanos()));
    page.figure(
        &format!("{title} volume"),
        &volume,
        &caption,
        &why_missing(data, &[Table::Trades], "nothing was traded."),
    )?;
    let scope = Scope::of_market(data);
    let percent = |point: &Point| (point.0, scope.deviation(point.1) * 100.0);
    let volatility = listing.volatility.iter().map(percent).collect();
    let (unit, year) = match scope.annual() {
        Annual::Yes => {
            let periods = number(data.periods_per_year, 0);
            ("volatility, annualised (%)", format!("annualised with {periods} periods a year"))
        }
        Annual::Daily => {
            ("volatility of a day (%)", "for one day of trading, since the run is short".to_owned())
        }
    };
    let volatility = figure("Volatility", unit, volatility, LineStyle::Steps);
    let caption = format!(
        "Volatility of the mid, from its log returns over {}; {year}.",
        duration_text(data.period.nanos())
    );
    let has_no_logs = listing.metrics.iter().any(|it| it.absence == Some(Absence::PricesNotAboveZero));
    let no_mid = if has_no_logs {
        "prices were at or below zero, which have no log returns."
    } else {
        "the book never had both sides, so there was no mid."
    };
    page.figure(
        &format!("{title} volatility"),
        &volatility,
        &caption,
        &why_missing(data, &[Table::Quotes], no_mid),
    )
}

fn depth(page: &mut PageBuilder, data: &RunData, listing: &ListingData) -> Result<(), ReportError> {
    let title = format!("Depth at the touch of {}", listing.title());
    let figure = Lines::new(title, "quantity".to_owned(), Size::Half, data.extent)
        .with_zero()
        .with("at the best bid", listing.bid_size.clone(), LineStyle::Steps)
        .with("at the best ask", listing.ask_size.clone(), LineStyle::Steps);
    let caption = "Displayed quantity, as the time-weighted mean of each of 100 intervals.";
    page.figure(
        &format!("{} depth", listing.title()),
        &figure,
        caption,
        &why_missing(data, &[Table::Quotes], "there were never any orders."),
    )
}

/// Draws the mean depth by level; nothing if the scenario does not record the table `books`.
fn profile(page: &mut PageBuilder, data: &RunData, listing: &ListingData) -> Result<(), ReportError> {
    let profile = &listing.profile;
    if !data.manifest.has(Table::Books) {
        return Ok(());
    }
    let levels = profile.bids.len().max(profile.asks.len());
    let group = |label: &str, values: &[f64], color| BarSeries {
        label: label.to_owned(),
        values: values.to_vec(),
        color: Some(color),
    };
    let figure = Bars {
        title: format!("Depth by level of {}", listing.title()),
        y_label: "mean quantity".to_owned(),
        x_label: "level (1 is the best)".to_owned(),
        names: (1..=levels).map(|level| level.to_string()).collect(),
        series: vec![group("bids", &profile.bids, Color::Up), group("asks", &profile.asks, Color::Down)],
        shows_values: false,
    };
    let caption = format!(
        "Mean of {} snapshots of the book; a missing level counts as zero.",
        count_text(profile.snapshots)
    );
    page.figure(
        &format!("{} depth by level", listing.title()),
        &figure,
        &caption,
        "the book was always empty.",
    )
}

fn signs(page: &mut PageBuilder, data: &RunData, listing: &ListingData) -> Result<(), ReportError> {
    let values = listing.order_sign_acf.clone().unwrap_or_default();
    let name = |lag: usize| if lag == 1 || lag.is_multiple_of(5) { lag.to_string() } else { String::new() };
    let figure = Bars {
        title: format!("Autocorrelation of trade signs, {}", listing.title()),
        y_label: "autocorrelation".to_owned(),
        x_label: "lag (trades)".to_owned(),
        names: (1..=values.len()).map(name).collect(),
        series: vec![BarSeries { label: String::new(), values, color: None }],
        shows_values: false,
    };
    let chance = libm::sqrt(listing.metrics.get("trades").unwrap_or(0.0)).max(1.0);
    let caption = format!(
        "Above zero, buys tend to follow buys and sells follow sells. If signs were independent, 95% of bars would lie within ±{}.",
        number(1.96 / chance, 3)
    );
    let none = "there are fewer than 50 trades with an aggressor, or all have the same aggressor side.";
    let none = &why_missing(data, &[Table::Trades], none);
    page.figure(&format!("{} signs", listing.title()), &figure, &caption, none)
}

/// Draws the distribution of entry latencies.
fn latencies(page: &mut PageBuilder, data: &RunData, listing: &ListingData) -> Result<(), ReportError> {
    let latencies = &listing.latencies;
    let title = format!("Entry latency of orders to {}", listing.title());
    let sample = if latencies.longest > 0.0 { latencies.sample.as_slice() } else { &[] };
    let usual = latencies.quantile(0.99).filter(|usual| *usual > 0.0);
    let (unit, nanos) = unit_of(usual.unwrap_or(latencies.longest));
    let values: Vec<f64> = sample.iter().map(|latency| latency / nanos).collect();
    let figure = Histogram::of(title, &format!("entry latency ({unit})"), "orders", &values);
    let none = if latencies.orders == 0 {
        why_missing(data, &[Table::Orders], "no order was sent to this venue.")
    } else {
        "all orders arrived at the instant they were sent: the scenario sets no latency for them.".to_owned()
    };
    page.figure(
        &format!("{} latency", listing.title()),
        &figure,
        &latencies_caption(latencies, &figure),
        &none,
    )
}

fn latencies_caption(latencies: &EntryLatencies, figure: &Histogram) -> String {
    let [half, most] =
        [0.5, 0.99].map(|share| latencies.quantile(share).map_or_else(String::new, precise_span));
    let longest = precise_span(latencies.longest);
    let drawn = latencies.sample.len() as u64;
    let omitted = if drawn < latencies.orders {
        format!(" Figure and percentiles use an even sample of {}.", count_text(drawn))
    } else {
        String::new()
    };
    format!(
        "{} orders: the median took {half}, the 99th percentile {most}, the slowest {longest}.{omitted}{}",
        count_text(latencies.orders),
        figure.outliers_note()
    )
}

/// Formats a latency in a suitable unit.
fn precise_span(nanos: f64) -> String {
    let (unit, size) = unit_of(nanos);
    format!("{} {unit}", significant(nanos / size))
}

/// Returns a suitable unit for a latency, and its length in nanoseconds.
fn unit_of(nanos: f64) -> (&'static str, f64) {
    match nanos {
        _ if nanos < 1e3 => ("ns", 1.0),
        _ if nanos < 1e6 => ("µs", 1e3),
        _ if nanos < 1e9 => ("ms", 1e6),
        _ => ("s", 1e9),
    }
}
