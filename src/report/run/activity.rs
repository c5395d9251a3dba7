//! The activity of an account: fills, positions, and the series that its strategy plotted.

use super::backtest::{THIS_CLOSE, fills_at_this_close};
use super::by_scale::by_scale;
use super::missing::why_missing;
use crate::analysis::{AccountData, FillMark, PlottedSeries, Point, RunData};
use crate::record::Table;
use crate::report::figures::{Color, FillMarker, LineStyle, Lines, Size};
use crate::report::page::{PageBuilder, ReportError, put};
use crate::report::text::{count_text, escape};

/// Draws prices with fills, and positions.
pub(super) fn activity(
    page: &mut PageBuilder,
    data: &RunData,
    account: &AccountData,
) -> Result<(), ReportError> {
    for symbol in data.manifest.instruments.iter().map(|instrument| instrument.symbol.as_str()) {
        let fills: Vec<&FillMark> = account.fills.iter().filter(|fill| fill.symbol == symbol).collect();
        if !fills.is_empty() {
            price(page, data, account, &fills)?;
        }
    }
    positions(page, data, account)
}

/// Draws the price of a symbol at all its venues, with the account's fills.
fn price(
    page: &mut PageBuilder,
    data: &RunData,
    account: &AccountData,
    fills: &[&FillMark],
) -> Result<(), ReportError> {
    let owner = &account.summary.owner;
    let Some(symbol) = fills.first().map(|fill| &fill.symbol) else { return Ok(()) };
    let title = format!("Fills of {owner} in {symbol}");
    let mut figure =
        Lines::new(title, "price (currency)".to_owned(), Size::Wide, data.extent).by_day(data.period);
    let venues = data.listings.iter().filter(|listing| listing.symbol == *symbol);
    // Blue and orange are reserved for buys and sells.
    for (number, listing) in (6..).zip(venues) {
        figure = figure.with(&format!("price at {}", listing.venue), listing.price.clone(), LineStyle::Line);
        if let Some(line) = figure.lines.last_mut() {
            line.color = Color::Line(if number == 6 { 6 } else { number - 5 + 1 });
        }
    }
    let largest = fills.iter().map(|fill| fill.quantity).fold(0.0, f64::max);
    let mark = |fill: &&FillMark| FillMarker {
        at: fill.at,
        value: fill.price,
        buys: fill.buys,
        weight: if largest > 0.0 { fill.quantity / largest } else { 0.0 },
    };
    figure.fills = fills.iter().map(mark).collect();
    let (shown, total) = (account.fills.len() as u64, account.fills_total);
    let omitted = if shown < total {
        format!(" An even sample of {} of all {} fills is shown.", count_text(shown), count_text(total))
    } else {
        String::new()
    };
    let marked = if fills_at_this_close(data, symbol) { format!("{THIS_CLOSE} ") } else { String::new() };
    let caption = format!("{marked}The area of a marker is proportional to the quantity.{omitted}");
    page.figure(&format!("{owner} fills {symbol}"), &figure, &caption, "")
}

fn positions(page: &mut PageBuilder, data: &RunData, account: &AccountData) -> Result<(), ReportError> {
    let owner = &account.summary.owner;
    let is_held = |points: &[Point]| points.iter().any(|point| point.1 != 0.0);
    let title = format!("Position of {owner}");
    let empty = Lines::new(title.clone(), "quantity held".to_owned(), Size::Half, data.extent)
        .with_zero()
        .by_day(data.period);
    let mut figure = empty.clone();
    for position in account.positions.iter().filter(|position| is_held(&position.points)) {
        figure = figure.with(&position.symbol, position.points.clone(), LineStyle::Steps);
    }
    let all = figure.lines.len();
    figure.lines.truncate(Color::LINES_MAX);
    let shown = figure.lines.len();
    // Holdings that differ by a hundred have an axis each.
    let groups = by_scale(figure.lines);
    let several = groups.len() > 1;
    let figures: Vec<Lines> = groups
        .into_iter()
        .map(|lines| {
            let names: Vec<&str> = lines.iter().map(|line| line.label.as_str()).collect();
            let title = if several { format!("{title} in {}", names.join(", ")) } else { title.clone() };
            Lines { title, lines, ..empty.clone() }
        })
        .collect();
    let caption = if shown < all {
        format!("The signed position, for {shown} of {all} instruments.")
    } else {
        "The signed position; below zero it is short.".to_owned()
    };
    let none = why_missing(data, &[Table::Pnl], "it never held a position.");
    if figures.is_empty() {
        return page.figure(&format!("{owner} position"), &empty, &caption, &none);
    }
    figures.iter().try_for_each(|figure| page.figure(&format!("{owner} position"), figure, &caption, &none))
}

/// Draws the series that the strategy plotted; series with similar values share a figure.
pub(super) fn plotted(
    page: &mut PageBuilder,
    data: &RunData,
    account: &AccountData,
) -> Result<(), ReportError> {
    let owner = &account.summary.owner;
    let plotted = &account.plotted;
    for group in alike(&plotted.series) {
        let names: Vec<&str> = group.iter().map(|series| series.name.as_str()).collect();
        let title = format!("{owner} plots {}", names.join(", "));
        let mut figure = Lines::new(title, "value".to_owned(), Size::Half, data.extent);
        for series in &group {
            figure = figure.with(&series.name, series.points.clone(), LineStyle::Line);
        }
        let total: u64 = group.iter().map(|series| series.total).sum();
        let caption = format!("{} values.", count_text(total));
        page.figure(
            &format!("{owner} plots {}", names.join(" ")),
            &figure,
            &caption,
            "all values are missing.",
        )?;
    }
    let shown = plotted.series.len() as u64;
    if shown < plotted.total {
        let (shown, total) = (count_text(shown), count_text(plotted.total));
        put!(
            page,
            "<p class=\"note\">{shown} of the {total} series that {} plotted are shown; the table <code>series</code> contains all.</p>",
            escape(owner)
        );
    }
    Ok(())
}

/// Groups series whose values overlap and have a similar range, four at most.
fn alike(series: &[PlottedSeries]) -> Vec<Vec<&PlottedSeries>> {
    let mut groups: Vec<(f64, f64, Vec<&PlottedSeries>)> = Vec::new();
    for one in series {
        let finite = one.points.iter().map(|point| point.1).filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::MAX, f64::MIN), |(low, high), it| (low.min(it), high.max(it)));
        let fits = |group: &&mut (f64, f64, Vec<&PlottedSeries>)| {
            let common = high.min(group.1) - low.max(group.0);
            let widest = (high - low).max(group.1 - group.0);
            low <= high && common > widest * 0.2 && group.2.len() < 4
        };
        match groups.iter_mut().find(fits) {
            Some(group) => {
                (group.0, group.1) = (group.0.min(low), group.1.max(high));
                group.2.push(one);
            }
            None => groups.push((low, high, vec![one])),
        }
    }
    groups.into_iter().map(|(.., group)| group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_of_a_price_share_a_figure_and_a_position_has_its_own() {
        let series = |name: &str, values: [f64; 3]| PlottedSeries {
            name: name.to_owned(),
            points: (0..).zip(values).collect(),
            total: 3,
        };
        let all = [
            series("fast", [99.0, 101.0, 100.0]),
            series("position", [0.0, 100.0, 0.0]),
            series("slow", [99.2, 100.5, f64::NAN]),
            series("gap", [f64::NAN; 3]),
        ];
        let names: Vec<Vec<&str>> =
            alike(&all).iter().map(|group| group.iter().map(|it| it.name.as_str()).collect()).collect();
        assert_eq!(names, [vec!["fast", "slow"], vec!["position"], vec!["gap"]]);
    }
}
