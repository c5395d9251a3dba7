//! One market: price, spread, depth, volume, volatility, the order of its trades, and how late orders are.

use super::missing::why_missing;
use super::{metrics, stylized};
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
        put!(page, "<p class=\"none\">Nothing was traded there.</p>");
    }
    if let Some(price) = only_price(listing) {
        put!(page, "<p class=\"none\">Its price never moved: all trades were at {}.</p>", significant(price));
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

/// Returns the price of all trades, if there were several and it is one and the same.
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
    let mut figure = Lines::new(title, "price (currency)".to_owned(), Size::Wide, data.extent);
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
        "{trades}Of each of 500 stretches of the run the first, lowest, highest and last value are drawn.",
    );
    page.figure(&format!("{} price", listing.title()), &figure, &caption, "nothing was quoted or traded.")
}

/// Spread, volume and volatility.
fn over_time(page: &mut PageBuilder, data: &RunData, listing: &ListingData) -> Result<(), ReportError> {
    let title = listing.title();
    let figure = |what: &str, unit: &str, points: Vec<Point>, shape| {
        Lines::new(format!("{what} of {title}"), unit.to_owned(), Size::Half, data.extent)
            .with_zero()
            .with(what, points, shape)
    };
    let spread = figure("Spread", "spread (currency)", listing.spread.clone(), LineStyle::Steps);
    let caption = "Best ask less best bid, as a mean over the time of each of 100 stretches.";
    page.figure(
        &format!("{title} spread"),
        &spread,
        caption,
        &why_missing(data, &[Table::Quotes], "there were never orders on both sides."),
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
    let percent = |point: &Point| (point.0, point.1 * 100.0);
    let volatility = listing.volatility.iter().map(percent).collect();
    let volatility = figure("Volatility", "volatility, annualised (%)", volatility, LineStyle::Steps);
    let caption = format!(
        "Of the mid, from its log returns over {}; annualised with {} periods a year.",
        duration_text(data.period.nanos()),
        number(data.periods_per_year, 0)
    );
    page.figure(
        &format!("{title} volatility"),
        &volatility,
        &caption,
        &why_missing(data, &[Table::Quotes], "there was never a mid."),
    )
}

fn depth(page: &mut PageBuilder, data: &RunData, listing: &ListingData) -> Result<(), ReportError> {
    let title = format!("Depth at the touch of {}", listing.title());
    let figure = Lines::new(title, "quantity".to_owned(), Size::Half, data.extent)
        .with_zero()
        .with("at the best bid", listing.bid_size.clone(), LineStyle::Steps)
        .with("at the best ask", listing.ask_size.clone(), LineStyle::Steps);
    let caption = "Displayed quantity, as a mean over the time of each of 100 stretches.";
    page.figure(
        &format!("{} depth", listing.title()),
        &figure,
        caption,
        &why_missing(data, &[Table::Quotes], "nobody had orders there."),
    )
}

/// How much stands how deep; says nothing where a scenario did not ask for snapshots of books.
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
        x_label: "level, the best first".to_owned(),
        names: (1..=levels).map(|level| level.to_string()).collect(),
        series: vec![group("bids", &profile.bids, Color::Up), group("asks", &profile.asks, Color::Down)],
        shows_values: false,
    };
    let caption = format!(
        "Mean of {} snapshots of the book; a level that is not there counts as nothing.",
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
        title: format!("Order of purchases and sales, {}", listing.title()),
        y_label: "autocorrelation of signs".to_owned(),
        x_label: "trades later".to_owned(),
        names: (1..=values.len()).map(name).collect(),
        series: vec![BarSeries { label: String::new(), values, color: None }],
        shows_values: false,
    };
    let chance = libm::sqrt(listing.metrics.get("trades").unwrap_or(0.0)).max(1.0);
    let caption = format!(
        "Above zero, purchases follow purchases. Of trades without order, 95 in 100 bars would lie within ±{}.",
        number(1.96 / chance, 3)
    );
    let none = "there are fewer than 50 trades with an aggressor, or all went the same way.";
    let none = &why_missing(data, &[Table::Trades], none);
    page.figure(&format!("{} signs", listing.title()), &figure, &caption, none)
}

/// How long orders were on their way, if any was.
fn latencies(page: &mut PageBuilder, data: &RunData, listing: &ListingData) -> Result<(), ReportError> {
    let latencies = &listing.latencies;
    let title = format!("Latency of orders to {}", listing.title());
    let sample = if latencies.longest > 0.0 { latencies.sample.as_slice() } else { &[] };
    let usual = latencies.quantile(0.99).filter(|usual| *usual > 0.0);
    let (unit, nanos) = unit_of(usual.unwrap_or(latencies.longest));
    let values: Vec<f64> = sample.iter().map(|latency| latency / nanos).collect();
    let figure = Histogram::of(title, &format!("from its owner to the venue ({unit})"), "orders", &values);
    let none = if latencies.orders == 0 {
        why_missing(data, &[Table::Orders], "no order was sent there.")
    } else {
        "all orders arrived the moment they were sent: the scenario has no latency for them.".to_owned()
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
        format!(" DrawResult and ranked are {} of them, evenly taken.", count_text(drawn))
    } else {
        String::new()
    };
    format!(
        "Of {} orders half were there within {half}, 99 in 100 within {most}, the last within {longest}.{omitted}{}",
        count_text(latencies.orders),
        figure.outliers_note()
    )
}

/// Writes a latency with the unit that suits it.
fn precise_span(nanos: f64) -> String {
    let (unit, size) = unit_of(nanos);
    format!("{} {unit}", significant(nanos / size))
}

/// Returns the unit that suits a latency, and how many nanoseconds it has.
fn unit_of(nanos: f64) -> (&'static str, f64) {
    match nanos {
        _ if nanos < 1e3 => ("ns", 1.0),
        _ if nanos < 1e6 => ("µs", 1e3),
        _ if nanos < 1e9 => ("ms", 1e6),
        _ => ("s", 1e9),
    }
}
