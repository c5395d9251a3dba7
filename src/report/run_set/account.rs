//! The section of an account over several runs: equity, final P&L, and the list of runs.

use super::limits::MANY;
use super::tables;
use crate::analysis::{AccountOutline, Batch, Point, RunOutline, RunSet, Spread};
use crate::report::figures::{Band, Color, Histogram, Line, LineStyle, Lines, Size};
use crate::report::page::{PageBuilder, ReportError, put};
use crate::report::text::{count_text, escape, number};

/// Writes the section of an account.
pub(super) fn account(page: &mut PageBuilder, several: &RunSet, owner: &str) -> Result<(), ReportError> {
    let kind = several.runs().find_map(|run| run.account(owner)).map_or("", |account| account.kind.as_str());
    put!(page, "<section><h2>{} <small>{}</small></h2>", escape(owner), escape(&kind.replace('_', " ")));
    page.begin_figures();
    overlay(page, several, owner)?;
    page.end_figures();
    for batch in several.batches.iter().filter(|batch| batch.account(owner).count() >= MANY) {
        if several.batches.len() > 1 {
            put!(page, "<h3>{} in {}</h3>", escape(owner), escape(&batch.label));
        }
        page.begin_figures();
        fan(page, batch, owner)?;
        profits(page, batch, owner)?;
        drawdowns(page, batch, owner)?;
        page.end_figures();
    }
    tables::runs(page, several, owner);
    put!(page, "</section>");
    Ok(())
}

/// Draws the equity curves of all batches in one figure: their runs, or the median of many runs.
fn overlay(page: &mut PageBuilder, several: &RunSet, owner: &str) -> Result<(), ReportError> {
    let holders: Vec<&Batch> =
        several.batches.iter().filter(|it| it.account(owner).next().is_some()).collect();
    let Some(first) = holders.first() else { return Ok(()) };
    if holders.len() == 1 && first.account(owner).count() >= MANY {
        return Ok(());
    }
    let (fitting, others): (Vec<&Batch>, Vec<&Batch>) =
        holders.iter().partition(|batch| batch.extent == first.extent);
    let lines: Vec<(String, Vec<Point>)> =
        fitting.iter().flat_map(|batch| curves(several, batch, owner)).collect();
    let total = lines.len();
    let mut figure =
        Lines::new(format!("Change in equity of {owner}"), "currency".to_owned(), Size::Wide, first.extent)
            .with_zero();
    let line = |(number, (label, points)): (usize, (String, Vec<Point>))| Line {
        label,
        points,
        style: LineStyle::Line,
        color: Color::Line(number),
    };
    figure.lines = lines.into_iter().take(Color::LINES_MAX).enumerate().map(line).collect();
    let mut caption = format!("At {} equally spaced times.", RunSet::TIMES);
    if total > Color::LINES_MAX {
        let (shown, total) = (count_text(Color::LINES_MAX as u64), count_text(total as u64));
        caption.push_str(&format!(
            " The first {shown} of {total} curves are shown; the table below has all runs."
        ));
    }
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|batch| escape(&batch.label)).collect();
        caption.push_str(&format!(" Of another time, and so not in this figure: {}.", names.join(", ")));
    }
    page.figure(&format!("{owner} equity"), &figure, &caption, NO_EQUITY)
}

const NO_EQUITY: &str = "its equity was not recorded in these runs, or is not kept of so many accounts.";

/// Returns the curves of a batch with their labels.
fn curves(several: &RunSet, batch: &Batch, owner: &str) -> Vec<(String, Vec<Point>)> {
    let times = batch.times();
    let points = |gains: &[f64]| times.iter().copied().zip(gains.iter().copied()).collect::<Vec<Point>>();
    if batch.account(owner).count() >= MANY {
        let median = steps(batch, owner).into_iter().map(|(at, spread)| (at, spread.median()));
        return vec![(format!("{}, median", batch.label), median.collect())];
    }
    let label = |run: &RunOutline| match (several.batches.len(), batch.runs.len()) {
        (1, _) => format!("seed {}", run.seed),
        (_, 1) => batch.label.clone(),
        _ => format!("{}, seed {}", batch.label, run.seed),
    };
    batch.account(owner).map(|(run, account)| (label(run), points(&account.gains))).collect()
}

/// Returns the distribution of equity over the runs at each regular time.
fn steps(batch: &Batch, owner: &str) -> Vec<(i64, Spread)> {
    let accounts: Vec<&AccountOutline> = batch.account(owner).map(|(_, account)| account).collect();
    let at = |(place, at): (usize, i64)| {
        let gains = accounts.iter().filter_map(|account| account.gains.get(place).copied());
        Some((at, Spread::of(gains)?))
    };
    batch.times().into_iter().enumerate().filter_map(at).collect()
}

/// Draws equity over all seeds as a fan chart: the median, and bands between quantiles.
fn fan(page: &mut PageBuilder, batch: &Batch, owner: &str) -> Result<(), ReportError> {
    let steps = steps(batch, owner);
    let title = format!("Change in equity of {owner}");
    let mut figure = Lines::new(title, "currency".to_owned(), Size::Wide, batch.extent).with_zero();
    let band = |label: &str, [low, high]: [usize; 2], color, opacity| Band {
        label: label.to_owned(),
        points: steps.iter().map(|(at, it)| (*at, it.quantiles[low], it.quantiles[high])).collect(),
        color,
        opacity,
    };
    if !steps.is_empty() {
        figure.bands = vec![
            band("5 to 95 %", [1, 5], Color::Line(5), 0.3),
            band("25 to 75 %", [2, 4], Color::Line(0), 0.45),
        ];
    }
    figure.lines = vec![Line {
        label: "median".to_owned(),
        points: steps.iter().map(|(at, it)| (*at, it.median())).collect(),
        style: LineStyle::Line,
        color: Color::Ink,
    }];
    let caption = format!(
        "{} seeds, at {} equally spaced times: at each time the inner band contains half of the runs and the outer band 90%. The edges are not paths of single runs.",
        count_text(batch.account(owner).count() as u64),
        RunSet::TIMES
    );
    page.figure(&format!("{owner} {} fan", batch.label), &figure, &caption, NO_EQUITY)
}

/// Draws the distribution of the final P&L.
fn profits(page: &mut PageBuilder, batch: &Batch, owner: &str) -> Result<(), ReportError> {
    let profits: Vec<f64> = batch.account(owner).map(|(_, account)| account.profit).collect();
    let title = format!("Final P&L of {owner}");
    let figure = Histogram::of(title, "P&L (currency)", "runs", &profits);
    let mut caption = String::new();
    if let Some(spread) = Spread::of(profits.into_iter()) {
        caption.push_str(&format!("Mean {}", number(spread.mean, 2)));
        if let Some((low, high)) = spread.interval {
            caption.push_str(&format!(
                ", with a 95 % confidence interval from {} to {} (Student's t, {} runs)",
                number(low, 2),
                number(high, 2),
                count_text(spread.count as u64)
            ));
        }
        let [_, low, _, _, _, high, _] = spread.quantiles;
        caption.push_str(&format!(
            ". 90 % of runs ended between {} and {}.",
            number(low, 2),
            number(high, 2)
        ));
    }
    caption.push_str(&figure.outliers_note());
    page.figure(&format!("{owner} {} final pnl", batch.label), &figure, &caption, "no run has a P&amp;L.")
}

/// Draws the distribution of the max drawdown.
fn drawdowns(page: &mut PageBuilder, batch: &Batch, owner: &str) -> Result<(), ReportError> {
    let depths: Vec<f64> = batch.account(owner).filter_map(|(_, account)| account.max_drawdown).collect();
    let title = format!("Max drawdown of {owner}");
    let figure = Histogram::of(title, "max drawdown (currency)", "runs", &depths);
    let caption = Spread::of(depths.into_iter()).map_or(String::new(), |spread| {
        let [deepest, _, _, median, ..] = spread.quantiles.map(|depth| number(depth, 2));
        format!("The median of the runs' max drawdowns is {median}, the deepest {deepest}.")
    });
    let caption = format!("{caption}{}", figure.outliers_note());
    page.figure(&format!("{owner} {} drawdowns", batch.label), &figure, &caption, "no run has a drawdown.")
}
