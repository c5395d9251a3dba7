//! [`ReturnSeries`]: log returns of a mid over equal intervals, with what was traded in each.

use std::ops::Range;

use super::order_facts::FineReturns;
use crate::analysis::sampling::mid_periods::{Ended, MidPeriods};
use crate::analysis::sampling::periods::Periods;
use bearpit_core::units::SimDuration;

/// Intervals that are considered, in seconds; each is a multiple of the one before.
///
/// The longest is that of most studies of intraday returns: beyond it, the ways of the book (queues, ticks,
/// makers who requote) hardly show.
pub(super) const INTERVALS: [i64; 6] = [1, 5, 15, 30, 60, 300];
/// The longest interval is taken that leaves so many returns.
const RETURNS_WANTED: usize = 1_000;
/// So many returns are kept on the way, of which the longer intervals are made; more only where even the
/// longest interval leaves more, and no more than there may be [`Periods`].
const KEPT: i64 = 1 << 16;
/// What happens while the market is closed is left out of intervals shorter than a session; to days it
/// belongs.
pub(super) const SESSION: SimDuration = SimDuration::from_secs(23_400);

/// Log returns over equal intervals, without what happened while the market was closed at the end of one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ReturnSeries {
    pub(super) returns: Vec<f64>,
    /// What was traded in each interval: the sum of price times quantity.
    pub(super) notionals: Vec<f64>,
    /// Where returns do not follow upon one another, since the market was closed in between.
    pub(super) breaks: Vec<usize>,
}

impl ReturnSeries {
    /// Returns the series over intervals `multiple` times as long, none of which spans a break.
    pub(super) fn summed(&self, multiple: usize) -> Self {
        let mut series = Self::default();
        let (mut from, ends) = (0, self.breaks.iter().copied().chain([self.returns.len()]));
        for end in ends.filter(|end| *end > 0) {
            let sums = |values: &[f64]| -> Vec<f64> {
                values[from..end].chunks_exact(multiple).map(|chunk| chunk.iter().sum()).collect()
            };
            series.breaks.extend((from > 0).then_some(series.returns.len()));
            series.returns.extend(sums(&self.returns));
            series.notionals.extend(sums(&self.notionals));
            from = end;
        }
        series
    }

    /// Returns the series without some of its returns, which leave a break.
    pub(super) fn without(&self, left_out: Range<usize>) -> Self {
        let Range { start, end } = left_out;
        let rest = |values: &[f64]| [&values[..start], &values[end..]].concat();
        let before = self.breaks.iter().copied().filter(|at| *at < start);
        let after = self.breaks.iter().filter(|at| **at > end).map(|at| at - (end - start));
        let breaks = before.chain((0 < start && end < self.returns.len()).then_some(start)).chain(after);
        Self { returns: rest(&self.returns), notionals: rest(&self.notionals), breaks: breaks.collect() }
    }
}

/// Collects the returns of a listing over the shortest interval that may be considered.
#[derive(Debug, Clone)]
pub(super) struct ReturnsBuilder {
    mids: MidPeriods,
    interval: i64,
    /// When the run ends.
    end: i64,
    shown: Shown,
    series: ReturnSeries,
}

/// Whether the book is open.
#[derive(Debug, Clone, Copy)]
struct Shown {
    now: bool,
    /// Whether it was when the current interval began.
    before: bool,
    /// Whether that matters: not for intervals as long as days.
    matters: bool,
}

impl ReturnsBuilder {
    /// Begins; a run that is sampled by the session, or less often, uses its sampling interval.
    pub(super) fn new(periods: Periods) -> Self {
        let length = periods.extent.end() - periods.extent.start();
        let longest = nanos(INTERVALS[INTERVALS.len() - 1]);
        let fits = |interval: &i64| length / interval <= KEPT;
        let shortest = INTERVALS.map(nanos).into_iter().find(fits).unwrap_or(longest);
        let interval = if periods.interval >= SESSION.nanos() { periods.interval } else { shortest };
        let periods = Periods::new(periods.extent, SimDuration::from_nanos(interval));
        let shown = Shown { now: true, before: true, matters: periods.interval < SESSION.nanos() };
        let (mids, series) = (MidPeriods::new(periods), ReturnSeries::default());
        Self { mids, interval: periods.interval, end: periods.extent.end(), shown, series }
    }

    fn roll(&mut self, at: i64) {
        let (series, shown) = (&mut self.series, &mut self.shown);
        self.mids.roll(at, |ended| close(series, shown, ended));
    }

    /// Takes a mid, or that there is none at the moment.
    pub(super) fn quote(&mut self, at: i64, mid: Option<f64>) {
        self.roll(at);
        self.mids.quote(mid);
        self.shown.now |= mid.is_some();
    }

    /// Takes that the book shows nothing on either side: it is closed, or halted.
    pub(super) fn shut(&mut self, at: i64) {
        // All is withdrawn when the run ends; the last interval was open all the same.
        if at < self.end {
            // The interval that ends now was still open.
            self.roll(at.saturating_add(1));
            self.shown.now = false;
        }
    }

    /// Takes a trade at a price.
    pub(super) fn trade(&mut self, at: i64, price: f64, notional: f64) {
        self.roll(at);
        self.mids.trade(price, 0.0, notional);
    }

    /// Returns the series over the longest interval that leaves enough returns, or else over the shortest;
    /// the interval; and the series over the shortest one. What ends after `end` is left out.
    pub(super) fn finish(mut self, end: i64) -> (ReturnSeries, SimDuration, FineReturns) {
        // What the end of the run cuts short is no whole interval.
        if let Some(ended) = self.mids.finish().filter(|ended| ended.end <= end) {
            close(&mut self.series, &mut self.shown, &ended);
        }
        let longer = INTERVALS.iter().rev().map(|seconds| nanos(*seconds));
        let mut multiples = longer.filter(|it| *it > self.interval && it % self.interval == 0);
        let found = multiples.find_map(|interval| {
            let summed = self.series.summed(usize::try_from(interval / self.interval).unwrap_or(1));
            (summed.returns.len() >= RETURNS_WANTED).then_some((summed, interval))
        });
        let (series, interval) = found.unwrap_or_else(|| (self.series.clone(), self.interval));
        let fine = FineReturns { series: self.series, seconds: self.interval / nanos(1) };
        (series, SimDuration::from_nanos(interval), fine)
    }
}

/// Adds a period that is over.
fn close(series: &mut ReturnSeries, shown: &mut Shown, ended: &Ended) {
    let is_whole = shown.before && shown.now && !ended.after_break;
    shown.before = shown.now;
    let log_return = ended.period.log_return().filter(|_| is_whole || !shown.matters);
    match log_return {
        Some(log_return) => {
            series.returns.push(log_return);
            series.notionals.push(ended.period.notional);
        }
        None if series.returns.is_empty() || series.breaks.last() == Some(&series.returns.len()) => {}
        None => series.breaks.push(series.returns.len()),
    }
}

const fn nanos(seconds: i64) -> i64 {
    seconds * 1_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Extent;
    use bearpit_core::units::SimTime;

    const SECOND: i64 = 1_000_000_000;
    const DAY: i64 = 86_400 * SECOND;

    fn builder(seconds: i64, sample: i64) -> ReturnsBuilder {
        let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(seconds * SECOND));
        ReturnsBuilder::new(Periods::new(extent, SimDuration::from_secs(sample)))
    }

    /// A mid that grows by a hundredth of a percent each second.
    fn grow(builder: &mut ReturnsBuilder, seconds: std::ops::Range<i64>) {
        for (steps, second) in (0_i32..).zip(seconds) {
            let at = second * SECOND + SECOND / 2;
            builder.quote(at, Some(100.0 * (0.000_1 * f64::from(steps)).exp()));
            builder.trade(at, 100.0, 5.0);
        }
    }

    #[test]
    fn the_longest_interval_with_enough_returns_is_taken() {
        for (seconds, sample, interval, count) in
            [(600, 60, 1, 599), (6_000, 60, 5, 1_199), (23_400, 60, 15, 1_559), (400_000, 60, 300, 1_333)]
        {
            let mut builder = builder(seconds, sample);
            grow(&mut builder, 0..seconds);
            let end = builder.end;
            let (series, found, _) = builder.finish(end);
            assert_eq!((found, series.returns.len()), (SimDuration::from_secs(interval), count));
            let (each, notional) = (0.000_1 * interval as f64, 5.0 * interval as f64);
            assert!(series.returns.iter().all(|it| (it / each - 1.0).abs() < 1e-6), "of {seconds} s");
            assert!(series.notionals.iter().all(|it| (it / notional - 1.0).abs() < 1e-12));
        }
    }

    #[test]
    fn a_night_is_no_return_and_no_interval_spans_it() {
        let mut builder = builder(2 * 86_400, 60);
        grow(&mut builder, 30_000..30_700);
        grow(&mut builder, 86_400 + 30_000..86_400 + 30_700);
        let end = builder.end;
        let (series, ..) = builder.finish(end);
        // The shortest interval of two days is five seconds; the first of each day is not whole.
        assert_eq!((series.returns.len(), series.breaks.as_slice()), (278, [139].as_slice()));
        assert!(series.returns.iter().all(|it| (it / 0.000_5 - 1.0).abs() < 1e-6));
        let summed = series.summed(10);
        assert_eq!((summed.returns.len(), summed.breaks.as_slice()), (26, [13].as_slice()));
    }

    #[test]
    fn a_halt_is_no_return_and_the_jump_over_it_none_either() {
        let mut builder = builder(600, 60);
        grow(&mut builder, 0..300);
        builder.shut(300 * SECOND);
        builder.quote(400 * SECOND - SECOND / 2, Some(100.0 * (-0.000_1_f64).exp()));
        grow(&mut builder, 400..600);
        let end = builder.end;
        let (series, ..) = builder.finish(end);
        assert_eq!((series.returns.len(), series.breaks.as_slice()), (299 + 200, [299].as_slice()));
        assert!(series.returns.iter().all(|it| (it / 0.000_1 - 1.0).abs() < 1e-6));
    }

    #[test]
    fn a_run_that_ends_while_open_has_its_last_interval() {
        let mut builder = builder(600, 60);
        grow(&mut builder, 0..600);
        builder.quote(600 * SECOND, None);
        builder.shut(600 * SECOND);
        let end = builder.end;
        assert_eq!(builder.finish(end).0.returns.len(), 599);
    }

    #[test]
    fn how_often_accounts_are_marked_does_not_matter_within_a_day() {
        let mut builder = builder(23_000, 3_600);
        grow(&mut builder, 0..23_000);
        let end = builder.end;
        let (series, interval, _) = builder.finish(end);
        assert_eq!((series.returns.len(), interval), (1_533, SimDuration::from_secs(15)));
    }

    #[test]
    fn what_is_left_out_leaves_a_break() {
        let returns: Vec<f64> = (0..10).map(f64::from).collect();
        let series = ReturnSeries { notionals: returns.clone(), returns, breaks: vec![2, 5, 8] };
        let rest = series.without(4..6);
        assert_eq!(rest.returns, [0.0, 1.0, 2.0, 3.0, 6.0, 7.0, 8.0, 9.0]);
        assert_eq!(rest.breaks, [2, 4, 6]);
        assert_eq!((series.without(0..3).breaks, series.without(8..10).breaks), (vec![2, 5], vec![2, 5]));
    }

    #[test]
    fn a_run_sampled_by_the_day_is_looked_at_by_the_day_and_its_nights_count() {
        let mut builder = builder(10 * 86_400, 86_400);
        for (day, mid) in [(0, 100.0), (1, 101.0), (4, 102.0), (5, 103.0)] {
            builder.quote(day * DAY + DAY / 2, Some(mid));
        }
        let end = builder.end;
        let (series, interval, _) = builder.finish(end);
        assert_eq!((series.returns.len(), interval), (4, SimDuration::from_secs(86_400)));
        assert!((series.returns[2] - (102.0_f64 / 101.0).ln()).abs() < 1e-15);
        assert!(series.breaks.is_empty());
    }
}
