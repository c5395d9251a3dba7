//! From equity to returns: when the market was open, and what an account was worth at regular times.

use super::periods::{DAY_NANOS, Periods};
use super::sessions::Sessions;
use crate::analysis::metrics::Sample;
use crate::analysis::metrics::trading::WeightedMean;
use crate::analysis::rows::account_rows::MarkRow;

/// What an account and the benchmark were worth at the end of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Level {
    at: i64,
    /// None until the account's first row: then it is worth what it began with.
    equity: Option<f64>,
    growth: Growth,
}

/// What one unit of money has become by now; none of what had a price at or below zero, which has no returns.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Growth {
    /// All instruments in equal parts, set right each period.
    hold: Option<f64>,
    /// The chosen instrument; all, if none was chosen.
    benchmark: Option<f64>,
}

/// What a sampler has found at the end.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Sampled {
    /// The returns of the account, and of the benchmark.
    pub(crate) sample: Sample,
    /// The returns over the same periods of all instruments in equal parts; empty without a mark.
    pub(crate) buy_and_hold: Vec<f64>,
}

/// The moment at which an account had lost all that it had.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ruin {
    /// When its equity was first marked at or below zero, in nanoseconds since 1970.
    pub at: i64,
    /// What its equity was then.
    pub equity: f64,
}

/// The moment at which the equity of a margin account was below its maintenance margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarginCallMark {
    /// When, in nanoseconds since 1970.
    pub at: i64,
    /// What its equity was then.
    pub equity: f64,
    /// The maintenance margin of its positions.
    pub maintenance: f64,
}

/// A level of a period of which it is not known yet whether the market was open.
#[derive(Debug, Clone, Copy)]
struct Pending {
    from: i64,
    level: Level,
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
/// Buy and hold has all instruments in equal parts by value, set right each period. What changes
/// while the market is closed counts to the next period in which it is open. Whether it was open is known
/// when the day is over: a quiet period before the last trade of a day is one of the session.
#[derive(Debug, Clone)]
pub(crate) struct Sampler {
    periods: Periods,
    /// Where the current period begins and ends.
    period: (i64, i64),
    has_rows: bool,
    equity: Option<f64>,
    marks: Vec<Marks>,
    /// The instrument of the benchmark, if one was chosen.
    chosen: Option<usize>,
    growth: Growth,
    /// At most those of a day, or one that is longer.
    pending: Vec<Pending>,
    levels: Vec<Level>,
    ruin: Option<Ruin>,
}

impl Sampler {
    /// Begins; the benchmark is the instrument `chosen`, or all of them.
    pub(crate) fn new(periods: Periods, instruments: usize, chosen: Option<usize>) -> Self {
        let start = periods.extent.start();
        Self {
            periods,
            period: (start, periods.end_of(start + 1)),
            has_rows: false,
            equity: None,
            marks: vec![Marks::default(); instruments],
            chosen,
            growth: Growth { hold: Some(1.0), benchmark: Some(1.0) },
            pending: Vec::new(),
            levels: Vec::new(),
            ruin: None,
        }
    }

    /// Takes a row of the `pnl` table, and the sessions up to its time.
    pub(crate) fn observe(&mut self, row: &MarkRow, sessions: &Sessions) {
        self.close_before(row.at, self.periods.extent.end());
        let day = row.at.div_euclid(DAY_NANOS);
        if self.pending.first().is_some_and(|it| it.level.at.div_euclid(DAY_NANOS) < day) {
            self.settle(sessions, day);
        }
        self.has_rows = true;
        self.equity = row.equity;
        let holds = row.holds();
        if let Some(marks) = self.marks.get_mut(row.instrument) {
            // Equity counts nothing for what has no mark yet: it would seem to jump at the first one.
            marks.is_missing = holds && row.mark.is_none();
            marks.latest = row.mark.or(marks.latest);
            marks.before = marks.before.or(row.mark);
        }
        let is_marked = self.marks.iter().all(|marks| !marks.is_missing);
        let ruined = row.equity.filter(|equity| *equity <= 0.0 && is_marked && self.ruin.is_none());
        self.ruin = self.ruin.or(ruined.map(|equity| Ruin { at: row.at, equity }));
    }

    /// Returns when an account that began with something was ruined, if it was.
    pub(crate) fn ruin(&self, initial: Option<f64>) -> Option<Ruin> {
        self.ruin.filter(|_| initial.is_some_and(|equity| equity > 0.0))
    }

    /// Closes the periods that end before `at`, and before the end of the run.
    fn close_before(&mut self, at: i64, run_end: i64) {
        while self.period.1 < at.min(run_end) {
            let end = self.period.1;
            self.close(end);
            self.period = (end, end.saturating_add(self.periods.interval));
        }
    }

    fn close(&mut self, end: i64) {
        let (mut all, mut chosen) = (WeightedMean::default(), WeightedMean::default());
        let mut have_returns = true;
        for (place, marks) in self.marks.iter_mut().enumerate() {
            if let Some((latest, before)) = marks.latest.zip(marks.before) {
                let is_chosen = self.chosen.is_none_or(|it| it == place);
                let has_return = latest > 0.0 && before > 0.0;
                have_returns &= has_return;
                all.add(latest / before, 1.0);
                chosen.add(latest / before, if is_chosen { 1.0 } else { 0.0 });
                if is_chosen && !has_return {
                    self.growth.benchmark = None;
                }
            }
            marks.before = marks.latest;
        }
        let Growth { hold, benchmark } = self.growth;
        self.growth = Growth {
            hold: hold.filter(|_| have_returns).map(|it| it * all.get().unwrap_or(1.0)),
            benchmark: benchmark.map(|it| it * chosen.get().unwrap_or(1.0)),
        };
        let is_marked = self.marks.iter().all(|marks| !marks.is_missing);
        if is_marked && (self.equity.is_some() || !self.has_rows) {
            let level = Level { at: end, equity: self.equity, growth: self.growth };
            self.pending.push(Pending { from: self.period.0, level });
        }
    }

    /// Keeps the levels of days before `day` in which the market was open.
    fn settle(&mut self, sessions: &Sessions, day: i64) {
        let over = self.pending.partition_point(|it| it.level.at.div_euclid(DAY_NANOS) < day);
        let over = self.pending.drain(..over);
        let open = over.filter(|it| sessions.overlap(it.from, it.level.at));
        self.levels.extend(open.map(|it| it.level));
    }

    /// Returns the returns of an account that was worth `initial` at the start, up to `end`; without a worth
    /// above zero there are none. The last period may be a shorter one, and what came after it counts to it.
    ///
    /// The return of the period in which the account is ruined is -1, and the last one. An account that has
    /// something again at the end has no returns: none could agree with its P&L.
    pub(crate) fn finish(
        mut self,
        initial: Option<f64>,
        sessions: &Sessions,
        periods_per_year: f64,
        end: i64,
    ) -> Sampled {
        let ruin = self.ruin(initial);
        self.close_before(end, end);
        self.close(end);
        self.settle(sessions, i64::MAX);
        let start = self.periods.extent.start();
        // Equity, and what the market has become.
        let unit = Growth { hold: Some(1.0), benchmark: Some(1.0) };
        let mut levels: Vec<(i64, f64, Growth)> =
            initial.map(|equity| (start, equity, unit)).into_iter().collect();
        for level in &self.levels {
            let is_ruined = ruin.is_some_and(|ruin| levels.last().is_some_and(|last| last.0 >= ruin.at));
            if let Some(equity) = level.equity.or(initial)
                && levels.last().is_some_and(|last| last.1 > 0.0)
                && !is_ruined
            {
                let is_ruin = ruin.is_some_and(|ruin| ruin.at <= level.at);
                levels.push((level.at, if is_ruin { 0.0 } else { equity }, level.growth));
            }
        }
        let equity = if self.has_rows { self.equity } else { initial };
        if let (Some(equity), [_, .., last]) = (equity, levels.as_mut_slice())
            && last.1 > 0.0
        {
            (last.1, last.2) = (if ruin.is_some() { 0.0 } else { equity }, self.growth);
        }
        if ruin.is_some() && equity.is_some_and(|equity| equity > 0.0) {
            levels.clear();
        }
        let is_marked = |place: usize| self.marks.get(place).is_some_and(|marks| marks.latest.is_some());
        let has_marks = (0..self.marks.len()).any(is_marked);
        let has_benchmark = self.chosen.map_or(has_marks, is_marked);
        let pairs = || levels.windows(2).map(|pair| (pair[0], pair[1]));
        // Absent as a whole where a price had no return.
        let returns_of = |of: fn(&Growth) -> Option<f64>| {
            let returns = pairs().map(|(from, to)| Some(of(&to.2)? / of(&from.2)? - 1.0));
            returns.collect::<Option<Vec<f64>>>().unwrap_or_default()
        };
        let sample = Sample {
            returns: pairs().map(|(from, to)| to.1 / from.1 - 1.0).collect(),
            ends: pairs().map(|(_, to)| to.0).collect(),
            benchmark: if has_benchmark { returns_of(|it| it.benchmark) } else { Vec::new() },
            periods_per_year,
            trials: None,
        };
        Sampled { sample, buy_and_hold: if has_marks { returns_of(|it| it.hold) } else { Vec::new() } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::series::Extent;
    use bearpit_core::units::{SimDuration, SimTime};

    const MINUTE: i64 = 60_000_000_000;

    fn periods(minutes: i64) -> Periods {
        let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(minutes * MINUTE));
        Periods::new(extent, SimDuration::from_secs(60))
    }

    fn row(at: i64, equity: f64, mark: Option<f64>, holds: bool) -> MarkRow {
        let position = Some(if holds { 1.0 } else { 0.0 });
        MarkRow { at, account: 0, instrument: 0, position, mark, equity: Some(equity) }
    }

    /// A market that is open from the first minute to the last.
    fn open(minutes: i64) -> Sessions {
        let mut sessions = Sessions::default();
        (0..=minutes).for_each(|minute| sessions.note(minute * MINUTE));
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
        let mut sampler = Sampler::new(periods(4), 1, None);
        for (at, equity, mark) in [
            (MINUTE / 2, 150.0, Some(10.0)),
            (MINUTE, 110.0, Some(10.0)),
            (3 * MINUTE - 1, 121.0, Some(11.0)),
            (3 * MINUTE + 1, 133.1, Some(22.0)),
        ] {
            sampler.observe(&row(at, equity, mark, true), &open(4));
        }
        let sample = sampler.finish(Some(100.0), &open(4), 252.0, 4 * MINUTE).sample;
        close(&sample.returns, &[0.1, 0.0, 0.1, 0.1]);
        close(&sample.benchmark, &[0.0, 0.0, 0.1, 1.0]);
        assert_eq!(sample.ends, [MINUTE, 2 * MINUTE, 3 * MINUTE, 4 * MINUTE]);
    }

    #[test]
    fn what_changes_while_the_market_is_closed_counts_to_the_next_open_period() {
        let mut sessions = Sessions::default();
        [0, MINUTE / 2, DAY_NANOS + 10, DAY_NANOS + MINUTE].into_iter().for_each(|at| sessions.note(at));
        let mut sampler = Sampler::new(periods(1_441), 0, None);
        sampler.observe(&row(MINUTE, 110.0, None, false), &sessions);
        sampler.observe(&row(600 * MINUTE, 121.0, None, false), &sessions);
        let sample = sampler.finish(Some(100.0), &sessions, 252.0, 1_441 * MINUTE).sample;
        close(&sample.returns, &[0.1, 0.1]);
        assert_eq!(sample.ends, [MINUTE, DAY_NANOS + MINUTE]);
        assert!(sample.benchmark.is_empty(), "without marks there is no benchmark");
    }

    #[test]
    fn nothing_is_returned_before_all_is_marked_after_ruin_or_of_nothing() {
        let mut sampler = Sampler::new(periods(4), 1, None);
        sampler.observe(&row(1, 10.0, None, true), &open(4));
        sampler.observe(&row(MINUTE + 1, 120.0, Some(11.0), true), &open(4));
        close(&sampler.finish(Some(100.0), &open(4), 252.0, 4 * MINUTE).sample.returns, &[0.2, 0.0, 0.0]);
        let mut sampler = Sampler::new(periods(4), 0, None);
        sampler.observe(&row(1, -50.0, None, false), &open(4));
        sampler.observe(&row(MINUTE + 1, 70.0, None, false), &open(4));
        let came_back = sampler.clone();
        assert_eq!(came_back.ruin(Some(100.0)), Some(Ruin { at: 1, equity: -50.0 }));
        close(&came_back.finish(Some(100.0), &open(4), 252.0, 4 * MINUTE).sample.returns, &[]);
        sampler.observe(&row(2 * MINUTE + 1, -3.0, None, false), &open(4));
        close(&sampler.finish(Some(100.0), &open(4), 252.0, 4 * MINUTE).sample.returns, &[-1.0]);
        // Ruined within a period, with a return before it.
        let mut sampler = Sampler::new(periods(4), 0, None);
        for (at, equity) in [(MINUTE, 110.0), (MINUTE + 5, -1.0), (2 * MINUTE, 5.0), (4 * MINUTE, 0.0)] {
            sampler.observe(&row(at, equity, None, false), &open(4));
        }
        close(&sampler.finish(Some(100.0), &open(4), 252.0, 4 * MINUTE).sample.returns, &[0.1, -1.0]);
        for initial in [None, Some(0.0), Some(-1.0)] {
            let sample =
                Sampler::new(periods(4), 0, None).finish(initial, &open(4), 252.0, 4 * MINUTE).sample;
            assert_eq!((sample.returns, sample.ends), (Vec::new(), Vec::new()));
        }
    }

    /// Two instruments, marked each minute.
    fn against(chosen: Option<usize>, marks: &[[f64; 2]]) -> Sampled {
        let minutes = i64::try_from(marks.len()).unwrap();
        let mut sampler = Sampler::new(periods(minutes), 2, chosen);
        for (minute, prices) in (0..).zip(marks) {
            for (instrument, price) in prices.iter().enumerate() {
                let mark = MarkRow { instrument, ..row(minute * MINUTE, 100.0, Some(*price), false) };
                sampler.observe(&mark, &open(minutes));
            }
        }
        sampler.finish(Some(100.0), &open(minutes), 252.0, minutes * MINUTE)
    }

    #[test]
    fn a_chosen_benchmark_is_its_instrument_alone_and_buy_and_hold_is_all() {
        let marks = [[100.0, 100.0], [110.0, 100.0], [110.0, 90.0], [110.0, 90.0]];
        let (all, first) = (against(None, &marks), against(Some(0), &marks));
        close(&all.sample.benchmark, &[0.05, -0.05, 0.0, 0.0]);
        assert_eq!(all.buy_and_hold, all.sample.benchmark);
        close(&first.sample.benchmark, &[0.1, 0.0, 0.0, 0.0]);
        assert_eq!(first.buy_and_hold, all.buy_and_hold);
    }

    #[test]
    fn what_had_a_price_below_zero_is_no_benchmark() {
        let marks = [[100.0, 20.0], [110.0, -37.0], [110.0, 10.0], [121.0, 12.0]];
        let (all, first) = (against(None, &marks), against(Some(0), &marks));
        assert!(all.sample.benchmark.is_empty() && all.buy_and_hold.is_empty());
        assert!(!first.sample.benchmark.is_empty() && first.buy_and_hold.is_empty());
    }
}
