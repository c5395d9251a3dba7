//! The section of an account: performance and risk.

use super::metrics::Beside;
use super::missing::why_missing;
use super::scope::{Annual, Scope};
use super::{activity, drawdowns, log, metrics, trips};
use crate::analysis::metrics::account::METRICS;
use crate::analysis::metrics::{
    Calendar, HourReturn, Measures, MonthReturn, Sample, hours, months, rolling, wealth,
};
use crate::analysis::{AccountData, Point, RunData, downsampled};
use crate::record::Table;
use crate::report::figures::{Band, BarSeries, Bars, Color, Heatmap, Histogram, LineStyle, Lines, Size};
use crate::report::page::{PageBuilder, ReportError, put};
use crate::report::text::{count_text, duration_text, endings_text, escape, number};

/// Writes the section of an account.
pub(super) fn account(
    page: &mut PageBuilder,
    data: &RunData,
    account: &AccountData,
) -> Result<(), ReportError> {
    let owner = &account.summary.owner;
    let kind = escape(&account.summary.kind.replace('_', " "));
    put!(page, "<section><h2>{} <small>{kind}</small></h2>", escape(owner));
    if account.summary.fills == 0 {
        put!(page, "<p class=\"none\">No fills.</p>");
    } else if !data.manifest.has(Table::Fills) {
        let fills = count_text(account.summary.fills);
        put!(
            page,
            "<p class=\"none\">It had {fills} fills, but the table <code>fills</code> was not recorded.</p>"
        );
    }
    if let Some(orders) = endings_text(&account.endings, account.summary.refused) {
        put!(page, "<p class=\"note\">{}</p>", escape(&orders));
    }
    page.begin_figures();
    growth(page, data, account)?;
    page.end_figures();
    beside(page, data, account);
    page.begin_figures();
    drawdown(page, data, account)?;
    returns(page, data, account)?;
    windows(page, data, account)?;
    calendar(page, data, account)?;
    activity::activity(page, data, account)?;
    attribution(page, data, account)?;
    trips::scatter(page, data, account)?;
    activity::plotted(page, data, account)?;
    page.end_figures();
    drawdowns::table(page, &account.sample, data.period);
    trips::table(page, data, account);
    metrics::account(page, account, data);
    if let Some(log) = data.logs.iter().find(|log| log.owner == *owner) {
        log::put_log(page, log);
    }
    put!(page, "</section>");
    Ok(())
}

/// Why there are no returns.
const NO_RETURNS: &str = "there are no returns: initial equity was zero, or the run has no complete period, or the account was ruined and came back.";

/// Runs of this many days or more are drawn on a logarithmic axis, where the same slope is the same growth.
const LOG_DAYS_MIN: i64 = 730;

fn growth(page: &mut PageBuilder, data: &RunData, account: &AccountData) -> Result<(), ReportError> {
    let sample = &account.sample;
    let all = [&sample.returns, &sample.benchmark, &account.buy_and_hold];
    let is_long = data.extent.end() - data.extent.start() >= LOG_DAYS_MIN * 86_400_000_000_000;
    let is_log = is_long && all.iter().all(|returns| wealth(returns).all(|level| level > 0.0));
    let levels = |returns: &[f64]| -> Vec<Point> {
        let shown = |wealth: f64| if is_log { wealth * 100.0 } else { (wealth - 1.0) * 100.0 };
        let levels = wealth(returns).map(shown);
        let start = (!returns.is_empty()).then_some((data.extent.start(), shown(1.0)));
        downsampled(data.extent, start.into_iter().chain(sample.ends.iter().copied().zip(levels)))
    };
    let owner = &account.summary.owner;
    let unit = if is_log { "of 100 at the start, log scale" } else { "return since the start (%)" };
    let title = format!("Return of {owner}");
    let mut figure = Lines::new(title, unit.to_owned(), Size::Wide, data.extent).by_day(data.period);
    figure = if is_log { figure.logarithmic() } else { figure.with_zero() };
    figure = figure.with(owner, levels(&sample.returns), LineStyle::Line);
    let mut caption = if is_log {
        "What 100 at the start have become. On a logarithmic scale, the same slope is the same growth."
            .to_owned()
    } else {
        "Equity divided by initial equity, minus one.".to_owned()
    };
    if !account.buy_and_hold.is_empty() {
        figure = figure.with(BUY_AND_HOLD, levels(&account.buy_and_hold), LineStyle::Line);
        caption = format!("{caption} {}", buy_and_hold_note(data));
    }
    if let Some(symbol) = data.manifest.benchmark.as_deref().filter(|_| !sample.benchmark.is_empty()) {
        figure = figure.with(&format!("benchmark {symbol}"), levels(&sample.benchmark), LineStyle::Line);
    }
    page.figure(&format!("{owner} return"), &figure, &caption, &why_missing(data, &[Table::Pnl], NO_RETURNS))
}

const BUY_AND_HOLD: &str = "buy and hold";

fn buy_and_hold_note(data: &RunData) -> String {
    match data.manifest.instruments.as_slice() {
        [only] => format!("Buy and hold is {}, held from its first price on.", escape(&only.symbol)),
        _ => format!(
            "Buy and hold is an equal-weighted portfolio of all instruments of the scenario, rebalanced at the end of each period of {}.",
            duration_text(data.period.nanos())
        ),
    }
}

/// Writes the account's figures beside those of buy and hold, and of the benchmark if one was chosen.
fn beside(page: &mut PageBuilder, data: &RunData, account: &AccountData) {
    let sample = &account.sample;
    if sample.returns.is_empty() || account.buy_and_hold.is_empty() {
        return;
    }
    let measured = |returns: &[f64]| {
        let of = Sample { returns: returns.to_vec(), benchmark: Vec::new(), ..sample.clone() };
        Measures::take(METRICS, &of, sample.periods_per_year)
    };
    let (own, hold) = (measured(&sample.returns), measured(&account.buy_and_hold));
    let chosen = data.manifest.benchmark.as_deref().filter(|_| !sample.benchmark.is_empty());
    let benchmark = measured(&sample.benchmark);
    let mut columns = vec![
        Beside { name: escape(&account.summary.owner), measures: &own },
        Beside { name: BUY_AND_HOLD.to_owned(), measures: &hold },
    ];
    if let Some(symbol) = chosen {
        columns.push(Beside { name: format!("benchmark {}", escape(symbol)), measures: &benchmark });
    }
    put!(page, "<h3>Beside the market</h3>");
    metrics::compared(page, &columns, Scope::of_returns(account, data));
}

fn drawdown(page: &mut PageBuilder, data: &RunData, account: &AccountData) -> Result<(), ReportError> {
    let owner = &account.summary.owner;
    let percent = |point: &Point| (point.0, point.1 * 100.0);
    let series = account.drawdown.iter().map(percent).collect();
    let figure =
        Lines::new(format!("Drawdown of {owner}"), "below the peak (%)".to_owned(), Size::Half, data.extent)
            .with_zero()
            .by_day(data.period)
            .with("drawdown", series, LineStyle::Area);
    let deepest = account.metrics.get("max_drawdown_currency").map_or_else(String::new, |deepest| {
        format!(" The largest fall in currency was {}.", number(deepest, 2))
    });
    let caption = format!("Equity below its peak so far, as a share of the peak, at every mark.{deepest}");
    page.figure(
        &format!("{owner} drawdown"),
        &figure,
        &caption,
        &why_missing(data, &[Table::Pnl], "the account was never marked to market."),
    )
}

fn returns(page: &mut PageBuilder, data: &RunData, account: &AccountData) -> Result<(), ReportError> {
    let owner = &account.summary.owner;
    let all = &account.sample.returns;
    let moved: Vec<f64> = all.iter().filter(|value| **value != 0.0).map(|value| value * 100.0).collect();
    let title = format!("Returns of {owner}");
    let histogram = Histogram::of(
        title,
        &format!("return over {} (%)", duration_text(data.period.nanos())),
        "periods",
        &moved,
    );
    let mut caption =
        format!("{} periods of {}.", count_text(all.len() as u64), duration_text(data.period.nanos()));
    if moved.len() < all.len() {
        let still = count_text((all.len() - moved.len()) as u64);
        caption = format!("{caption} {still} of them without any change are omitted.");
    }
    caption.push_str(&histogram.outliers_note());
    let none = if all.is_empty() { NO_RETURNS } else { "equity never changed between periods." };
    page.figure(&format!("{owner} returns"), &histogram, &caption, &why_missing(data, &[Table::Pnl], none))
}

/// Draws Sharpe ratio and volatility over a rolling window.
fn windows(page: &mut PageBuilder, data: &RunData, account: &AccountData) -> Result<(), ReportError> {
    if Scope::of(data).annual() == Annual::Daily {
        put!(
            page,
            "<p class=\"none\"><strong>Rolling Sharpe ratio and volatility</strong>: the run is too short for yearly figures.</p>"
        );
        return Ok(());
    }
    let owner = &account.summary.owner;
    let rolling = rolling(&account.sample).unwrap_or_default();
    let none = "there are fewer than 40 periods with returns, or all returns are equal.";
    let none = &why_missing(data, &[Table::Pnl], none);
    let taken = format!(
        "Over a rolling window of {} periods of {}; annualised with {} periods a year.",
        count_text(rolling.window as u64),
        duration_text(data.period.nanos()),
        number(data.periods_per_year, 0)
    );
    let figure = |name: &str, unit: &str| {
        let title = format!("{name} of {owner}");
        Lines::new(title, unit.to_owned(), Size::Half, data.extent).with_zero().by_day(data.period)
    };
    let gaps = |(at, value): &(i64, Option<f64>)| (*at, value.unwrap_or(f64::NAN));
    let sharpe: Vec<Point> = rolling.sharpe.iter().map(gaps).collect();
    let error = |(at, sharpe): &Point| {
        let error = rolling.sharpe_error(*sharpe);
        (*at, sharpe - error, sharpe + error)
    };
    let band = Band {
        label: "one standard error".to_owned(),
        points: sharpe.iter().map(error).collect(),
        color: Color::Line(5),
        opacity: 0.3,
    };
    let mut picture = figure("Rolling Sharpe ratio", "Sharpe ratio, annualised");
    if sharpe.iter().any(|point| point.1.is_finite()) {
        picture.bands.push(band);
    }
    let picture = picture.with("Sharpe ratio", sharpe, LineStyle::Line);
    let caption = format!("{taken} The standard error assumes independent returns (Lo 2002).");
    page.figure(&format!("{owner} rolling sharpe"), &picture, &caption, none)?;
    let percent = |(at, value): Point| (at, value * 100.0);
    let volatility = rolling.volatility.iter().map(gaps).map(percent).collect();
    let picture =
        figure("Rolling volatility", "volatility, annualised (%)").with("", volatility, LineStyle::Line);
    page.figure(&format!("{owner} rolling volatility"), &picture, &taken, none)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// More rows are too many to read.
const ROWS_MAX: usize = 40;

/// Draws a heatmap of returns: months by year, or hours by day; a single day has none.
fn calendar(page: &mut PageBuilder, data: &RunData, account: &AccountData) -> Result<(), ReportError> {
    let owner = &account.summary.owner;
    let (months, hours) = (months(&account.sample), hours(&account.sample));
    let days = hours.chunk_by(|a, b| a.date == b.date).count();
    let (calendar, rows) = if months.len() > 1 {
        (Calendar::Month, by_month(&months))
    } else {
        (Calendar::Day, by_hour(&hours))
    };
    if days < 2 {
        return Ok(());
    }
    let total = rows.len();
    let rows: Vec<(String, Vec<Option<f64>>)> = rows.into_iter().rev().take(ROWS_MAX).rev().collect();
    let shown = if rows.len() < total {
        format!(
            " Only the last {} of {} rows are shown.",
            count_text(rows.len() as u64),
            count_text(total as u64)
        )
    } else {
        String::new()
    };
    let is_monthly = calendar == Calendar::Month;
    let (what, across) =
        if is_monthly { ("month", "month, and the whole year") } else { ("hour", "hour of the day") };
    let from = if is_monthly { 1 } else { hours.iter().map(|it| it.hour).min().unwrap_or(0) };
    let columns = rows.first().map_or(0, |(_, cells)| cells.len());
    let column = |place: i8| match MONTHS.get(usize::try_from(place - 1).unwrap_or(0)) {
        Some(name) if is_monthly => (*name).to_owned(),
        None if is_monthly => "year".to_owned(),
        _ => format!("{place}:00"),
    };
    let columns = (from..).take(columns).map(column).collect();
    let title = format!("Returns of {owner} by {what} (%)");
    let heat = Heatmap { title, x_label: across.to_owned(), columns, rows, decimals: 2 };
    let caption = format!("Compounded returns in percent; a period counts to where it ends.{shown}");
    page.figure(&format!("{owner} by {what}"), &heat, &caption, &why_missing(data, &[Table::Pnl], NO_RETURNS))
}

type Row = (String, Vec<Option<f64>>);

fn by_month(months: &[MonthReturn]) -> Vec<Row> {
    let row = |year: &[MonthReturn]| {
        let cell = |month: i8| year.iter().find(|it| it.month == month).map(|it| it.value * 100.0);
        let total = year.iter().fold(1.0, |wealth, it| wealth * (1.0 + it.value)) - 1.0;
        (year[0].year.to_string(), (1..=12).map(cell).chain([Some(total * 100.0)]).collect())
    };
    months.chunk_by(|a, b| a.year == b.year).map(row).collect()
}

fn by_hour(hours: &[HourReturn]) -> Vec<Row> {
    let (from, to) = hours.iter().fold((23, 0), |(from, to), it| (it.hour.min(from), it.hour.max(to)));
    let row = |day: &[HourReturn]| {
        let cell = |hour: i8| day.iter().find(|it| it.hour == hour).map(|it| it.value * 100.0);
        (day[0].date.to_string(), (from..=to).map(cell).collect())
    };
    hours.chunk_by(|a, b| a.date == b.date).map(row).collect()
}

/// The tables from which the mid before each fill is known.
const NEEDED: [Table; 2] = [Table::Quotes, Table::Trades];

fn attribution(page: &mut PageBuilder, data: &RunData, account: &AccountData) -> Result<(), ReportError> {
    let owner = &account.summary.owner;
    let is_known = NEEDED.iter().all(|table| data.manifest.has(*table));
    let did_anything = account.summary.fills > 0 || !account.summary.initial_holdings.is_empty();
    let parts = account.attribution.filter(|_| is_known && did_anything);
    let mut names = vec!["spread", "inventory", "fees", "P&L"];
    let mut values = parts.map_or_else(Vec::new, |it| vec![it.spread, it.inventory, -it.fees, it.profit()]);
    if let Some(parts) = parts.filter(|it| it.financing != 0.0) {
        names.insert(3, "financing");
        values.insert(3, parts.financing);
    }
    let figure = Bars {
        title: format!("P&L attribution of {owner}"),
        y_label: "currency".to_owned(),
        x_label: String::new(),
        names: names.into_iter().map(str::to_owned).collect(),
        series: vec![BarSeries { label: String::new(), values, color: None }],
        shows_values: true,
    };
    let caption = "Spread: how much better fills were than the mid just before them. Inventory: gains and losses of holdings as the mid moved. Fees: rebates minus fees. Financing, if any: interest minus the cost of borrowed shares.";
    page.figure(
        &format!("{owner} attribution"),
        &figure,
        caption,
        &why_missing(data, &NEEDED, "the account held and traded nothing."),
    )
}
