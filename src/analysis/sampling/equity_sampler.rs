//! From equity to returns: when the market was open, and what an account was worth at regular times.

use super::periods::Periods;
use super::sessions::Sessions;
use crate::analysis::metrics::Sample;
use crate::analysis::metrics::trading::WeightedMean;

/// What an account and the benchmark were worth at the end of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Level {
    at: i64,
    equity: f64,
    benchmark: f64,
}

/// The marks of an instrument: the last, and that of the last period's end.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    latest: Option<f64>,
    before: Option<f64>,
    is_missing: bool,
}

/// Takes an account's equity and the benchmark at the end of each period in which the market was open.
///
/// The benchmark holds all instruments in equal parts by value, set right each period. What changes
/// while the market is closed counts to the next period in which it is open.
#[derive(Debug)]
pub(crate) struct Sampler {
    periods: Periods,
    sessions: Sessions,
    /// Where the period at hand begins and ends.
    period: (i64, i64),
    equity: Option<f64>,
    marks: Vec<Marks>,
    benchmark: f64,
    levels: Vec<Level>,
}

impl Sampler {
    /// Begins with what the account was worth at the start; without a worth above zero there are no returns.
    pub(crate) fn new(
        periods: Periods,
        sessions: Sessions,
        initial: Option<f64>,
        instruments: usize,
    ) -> Self {
        let start = periods.extent.start();
        let first = initial.map(|equity| Level { at: start, equity, benchmark: 1.0 });
        Self {
            periods,
            sessions,
            period: (start, periods.end_of(start + 1)),
            equity: initial,
            marks: vec![Marks::default(); instruments],
            benchmark: 1.0,
            levels: first.into_iter().collect(),
        }
    }

    /// Takes a row of the `pnl` table: equity, and an instrument's mark where it has one.
    pub(crate) fn observe(&mut self, at: i64, equity: Option<f64>, mark: (usize, Option<f64>), holds: bool) {
        self.close_before(at);
        self.equity = equity;
        if let Some(marks) = self.marks.get_mut(mark.0) {
            // Equity counts nothing for what has no mark yet: it would seem to jump at the first one.
            marks.is_missing = holds && mark.1.is_none();
            marks.latest = mark.1.or(marks.latest);
            marks.before = marks.before.or(mark.1);
        }
    }

    /// Closes the periods that end before `at`.
    fn close_before(&mut self, at: i64) {
        while self.period.1 < at.min(self.periods.extent.end()) {
            let end = self.period.1;
            self.close(end);
            self.period = (end, end.saturating_add(self.periods.interval));
        }
    }

    fn close(&mut self, end: i64) {
        let mut growth = WeightedMean::default();
        for marks in &mut self.marks {
            if let Some((latest, before)) = marks.latest.zip(marks.before) {
                growth.add(latest / before, 1.0);
            }
            marks.before = marks.latest;
        }
        self.benchmark *= growth.get().unwrap_or(1.0);
        let is_marked = self.marks.iter().all(|marks| !marks.is_missing);
        let Some(equity) = self.equity.filter(|_| is_marked) else { return };
        let level = Level { at: end, equity, benchmark: self.benchmark };
        let is_ruined = self.levels.last().is_none_or(|level| level.equity <= 0.0);
        if !is_ruined && self.sessions.overlap(self.period.0, end) {
            self.levels.push(level);
        }
    }

    /// Returns the returns; the last period may be a shorter one, and what came after it counts to it.
    pub(crate) fn finish(mut self) -> Sample {
        let end = self.periods.extent.end();
        self.close_before(end);
        self.close(end);
        if let (Some(equity), [_, .., last]) = (self.equity, self.levels.as_mut_slice())
            && last.equity > 0.0
        {
            (last.equity, last.benchmark) = (equity, self.benchmark);
        }
        let has_benchmark = self.marks.iter().any(|marks| marks.latest.is_some());
        let pairs = || self.levels.windows(2).map(|pair| (pair[0], pair[1]));
        let benchmark = pairs().filter(|_| has_benchmark);
        Sample {
            returns: pairs().map(|(from, to)| to.equity / from.equity - 1.0).collect(),
            ends: pairs().map(|(_, to)| to.at).collect(),
            benchmark: benchmark.map(|(from, to)| to.benchmark / from.benchmark - 1.0).collect(),
            periods_per_year: self.periods.per_year(),
            trials: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::periods::DAY_NANOS;
    use super::*;
    use crate::analysis::series::Extent;
    use bearpit_core::units::{SimDuration, SimTime};

    const MINUTE: i64 = 60_000_000_000;

    fn periods(minutes: i64) -> Periods {
        let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(minutes * MINUTE));
        Periods::new(extent, SimDuration::from_secs(60))
    }

    /// A market that is open from the first minute to the last.
    fn open(minutes: i64) -> Sessions {
        let mut sessions = Sessions::default();
        (0..=minutes).for_each(|minute| sessions.note(minute * MINUTE));
        sessions.close();
        sessions
    }

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len(), "{found:?}, not {expected:?}");
        assert!(
            found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12),
            "{found:?}, not {expected:?}"
        );
    }

    #[test]
    fn returns_are_taken_at_the_end_of_each_period_from_the_last_row_up_to_it() {
        let mut sampler = Sampler::new(periods(4), open(4), Some(100.0), 1);
        for (at, equity, mark) in [
            (MINUTE / 2, 150.0, Some(10.0)),
            (MINUTE, 110.0, Some(10.0)),
            (3 * MINUTE - 1, 121.0, Some(11.0)),
            (3 * MINUTE + 1, 133.1, Some(22.0)),
        ] {
            sampler.observe(at, Some(equity), (0, mark), true);
        }
        let sample = sampler.finish();
        close(&sample.returns, &[0.1, 0.0, 0.1, 0.1]);
        close(&sample.benchmark, &[0.0, 0.0, 0.1, 1.0]);
        assert_eq!(sample.ends, [MINUTE, 2 * MINUTE, 3 * MINUTE, 4 * MINUTE]);
    }

    #[test]
    fn what_changes_while_the_market_is_closed_counts_to_the_next_open_period() {
        let mut sessions = Sessions::default();
        [0, MINUTE / 2, DAY_NANOS + 10, DAY_NANOS + MINUTE].into_iter().for_each(|at| sessions.note(at));
        sessions.close();
        let mut sampler = Sampler::new(periods(1_441), sessions, Some(100.0), 0);
        sampler.observe(MINUTE, Some(110.0), (0, None), false);
        sampler.observe(600 * MINUTE, Some(121.0), (0, None), false);
        let sample = sampler.finish();
        close(&sample.returns, &[0.1, 0.1]);
        assert_eq!(sample.ends, [MINUTE, DAY_NANOS + MINUTE]);
        assert!(sample.benchmark.is_empty(), "without marks there is no benchmark");
    }

    #[test]
    fn nothing_is_returned_before_all_is_marked_after_ruin_or_of_nothing() {
        let mut sampler = Sampler::new(periods(4), open(4), Some(100.0), 1);
        sampler.observe(1, Some(10.0), (0, None), true);
        sampler.observe(MINUTE + 1, Some(120.0), (0, Some(11.0)), true);
        close(&sampler.finish().returns, &[0.2, 0.0, 0.0]);
        let mut sampler = Sampler::new(periods(4), open(4), Some(100.0), 0);
        sampler.observe(1, Some(-50.0), (0, None), false);
        sampler.observe(MINUTE + 1, Some(70.0), (0, None), false);
        close(&sampler.finish().returns, &[-1.5]);
        for initial in [None, Some(0.0), Some(-1.0)] {
            let sample = Sampler::new(periods(4), open(4), initial, 0).finish();
            assert_eq!((sample.returns, sample.ends), (Vec::new(), Vec::new()));
        }
    }
}
