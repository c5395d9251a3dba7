//! The facts of orders, of the touch and of the day: what does not follow from equal intervals alone.

use super::arrivals::Arrivals;
use super::bootstrap::{BLOCKS_MIN, of_blocks, of_series};
use super::day_shape::DayShape;
use super::facts::{Found, UNMOVED, WITHIN, within};
use super::impact::{Curve, Impact, NoCurve, STRETCHES};
use super::returns::{INTERVALS, ReturnSeries};
use super::touch::TouchShape;
use super::{Margin, Statistic, StylizedFactKind, Verdict};
use crate::analysis::metrics::series::{Line, finite, index, mean, real};

/// Sums of returns of a minute are compared with the shortest returns.
const MINUTE_SECONDS: i64 = INTERVALS[4];
/// Where the shortest return is a minute or longer, sums of so many.
const MULTIPLE: usize = 10;
/// Of fewer sums there is no variance to speak of.
const SUMS_MIN: usize = 20;
/// With fewer intervals between orders, or windows of order flow, nothing is said.
const SAMPLE_MIN: f64 = 250.0;

/// All stretches of a run, by number.
pub(super) fn stretches() -> Vec<usize> {
    (0..STRETCHES).collect()
}

/// A number of which nothing is known but by resampling, and whether it is as in real markets.
fn judged(fact: StylizedFactKind, value: f64, sample: usize) -> Found {
    let statistic = Statistic { name: fact.measured().to_owned(), value, margin: Margin::Resampled };
    Ok((vec![statistic], within(fact, [value, value]), sample))
}

/// The finest returns of a run, and over how many of them the variance ratio is taken.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct FineReturns {
    pub(super) series: ReturnSeries,
    /// Their interval, in seconds.
    pub(super) seconds: i64,
}

impl FineReturns {
    fn multiple(&self) -> usize {
        let fits = usize::try_from(MINUTE_SECONDS / self.seconds.max(1)).unwrap_or(0);
        if fits > 1 { fits } else { MULTIPLE }
    }

    /// Sums of returns that follow upon one another, with the sum of their squares.
    fn blocks(&self) -> Vec<[f64; 2]> {
        let multiple = self.multiple();
        let squares = ReturnSeries {
            returns: self.series.returns.iter().map(|value| value * value).collect(),
            ..self.series.clone()
        };
        let sums = self.series.summed(multiple).returns;
        sums.into_iter().zip(squares.summed(multiple).returns).map(|(sum, square)| [sum, square]).collect()
    }
}

/// The variance of sums over the sum of the variances (Lo and MacKinlay 1988), where the mean is that of all.
fn variance_ratio_of(blocks: impl Iterator<Item = [f64; 2]>) -> Option<f64> {
    let (sums, squares): (Vec<f64>, Vec<f64>) = blocks.map(|[sum, square]| (sum, square)).unzip();
    let middle = mean(&sums)?;
    let variance = sums.iter().map(|sum| (sum - middle).powi(2)).sum::<f64>();
    // The mean of a short return is so small that its square does not matter.
    finite(variance / squares.iter().sum::<f64>())
}

pub(super) fn variance_ratio(fine: &FineReturns) -> Found {
    let blocks = fine.blocks();
    if blocks.len() < SUMS_MIN {
        return Err("between closed times there are too few returns to sum up");
    }
    let value = variance_ratio_of(blocks.iter().copied()).ok_or(UNMOVED)?;
    judged(StylizedFactKind::VarianceRatio, value, fine.series.returns.len())
}

pub(super) fn variance_ratio_interval(name: &str, fine: &FineReturns) -> Option<[f64; 2]> {
    let blocks = fine.blocks();
    of_series(name, [blocks.len(), 1], |places| variance_ratio_of(places.iter().map(|place| blocks[*place])))
}

pub(super) fn arrivals(arrivals: &Arrivals) -> Found {
    if arrivals.intervals() < SAMPLE_MIN {
        return Err("there are fewer than 250 intervals between orders that trade");
    }
    let value = arrivals.variation(0..arrivals.cells()).ok_or("orders come all at once")?;
    judged(StylizedFactKind::Arrivals, value, index(arrivals.intervals()))
}

pub(super) fn arrivals_interval(name: &str, arrivals: &Arrivals) -> Option<[f64; 2]> {
    of_blocks(name, arrivals.cells(), |cells| arrivals.variation(cells.iter().copied()))
}

pub(super) fn touch(touch: &TouchShape) -> Found {
    let quoted = touch.quoted();
    if (1..BLOCKS_MIN).contains(&quoted.len()) {
        return Err("the touch had two sides in fewer than eight of 32 stretches of the run");
    }
    let fact = StylizedFactKind::SpreadAndDepth;
    let sizes =
        touch.variation_of_sizes(&quoted).ok_or("no quotes with sizes on both sides were recorded")?;
    let (mut statistics, mut verdict, sample) = judged(fact, sizes, quoted.len())?;
    let skewness = touch.skewness_of_spread(&quoted);
    statistics.extend(skewness.map(|value| Statistic {
        name: "skewness of the spread".to_owned(),
        value,
        margin: Margin::Resampled,
    }));
    // A spread that never changes is not distributed as those of real markets, either.
    if verdict == Verdict::Seen && skewness.is_none_or(|skewness| skewness <= 0.0) {
        verdict = Verdict::NotSeen;
    }
    Ok((statistics, verdict, sample))
}

pub(super) fn touch_interval(name: &str, touch: &TouchShape) -> Option<[f64; 2]> {
    let quoted = touch.quoted();
    let drawn = |places: &[usize]| -> Vec<usize> { places.iter().map(|place| quoted[*place]).collect() };
    of_blocks(name, quoted.len(), |places| touch.variation_of_sizes(&drawn(places)))
}

pub(super) fn day(day: &DayShape) -> Found {
    let value =
        day.ratio().ok_or("no session of two hours or longer has trades at its edges and in between")?;
    judged(StylizedFactKind::IntradayPattern, value, day.days())
}

pub(super) fn imbalance(touch: &TouchShape) -> Found {
    let explained = touch.explained();
    let windows = touch.windows(&explained);
    let value = touch.determination(&explained).filter(|_| windows >= SAMPLE_MIN);
    let why = "there are fewer than 250 stretches of ten seconds in which sizes at the touch changed";
    judged(StylizedFactKind::OrderFlowImbalance, value.ok_or(why)?, index(windows))
}

pub(super) fn imbalance_interval(name: &str, touch: &TouchShape) -> Option<[f64; 2]> {
    let explained = touch.explained();
    let drawn = |places: &[usize]| -> Vec<usize> { places.iter().map(|place| explained[*place]).collect() };
    of_blocks(name, explained.len(), |places| touch.determination(&drawn(places)))
}

pub(super) fn impact(fact: StylizedFactKind, impact: &Impact) -> Found {
    let curve = impact.curve(&stretches()).map_err(|why| match why {
        NoCurve::FewSizes => "there are not four sizes with thirty orders each",
        NoCurve::NoImpact => "the mid does not follow orders",
    })?;
    let Curve { exponent, error, orders, .. } = curve;
    let margin = WITHIN * error;
    let statistic =
        Statistic { name: fact.measured().to_owned(), value: exponent, margin: Margin::Around(margin) };
    Ok((vec![statistic], within(fact, [exponent - margin, exponent + margin]), orders))
}

pub(super) fn impact_interval(name: &str, impact: &Impact) -> Option<[f64; 2]> {
    of_blocks(name, STRETCHES, |stretches| Some(impact.curve(stretches).ok()?.exponent))
}

/// Returns the exponent by which a positive series decays, `value = lag ^ -exponent`, with its error: the
/// slope of the least squares on logarithms, over lags that are above zero.
pub(super) fn decay(values: &[f64]) -> Option<[f64; 2]> {
    let points: Vec<[f64; 2]> = (1..)
        .zip(values)
        .filter(|(_, value)| **value > 0.0)
        .map(|(lag, value)| [libm::log(real(lag)), libm::log(*value)])
        .collect();
    if points.len() * 2 < values.len() || points.len() < 3 {
        return None;
    }
    let line = Line::through(points.iter().map(|[x, y]| [*x, *y, 1.0]))?;
    Some([-line.slope, (line.rest / real(points.len() - 2) / line.spread).sqrt()])
}
