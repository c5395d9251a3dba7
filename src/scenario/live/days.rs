//! [`LiveDays`]: the days of a live market, each with a scenario of its own.

use thiserror::Error;

use super::date::CivilDate;
use super::schedule::schedule;
use crate::data::Zone;
use crate::scenario::Scenario;
use crate::scenario::live_config::LiveClock;
use bearpit_core::market::{BarInterval, Phase};
use bearpit_core::replay::ReplayConfig;
use bearpit_core::units::{Seed, SimDuration, SimTime};

const DAY_NANOS: i64 = 86_400_000_000_000;

/// Names how the seed of a day is derived; another way must have another name.
const DAY_SEED: &str = "bearpit live day, seed 1";

/// Says why there is no such day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DayError {
    /// It is before the first day of a scaled clock.
    #[error("{0} is before the first day, {1}")]
    TooEarly(CivilDate, CivilDate),
    /// The clock of the zone skipped it, or so much of it that nothing is left.
    #[error("{0} has no time from the start to the end of the scenario: clocks went forward over it")]
    Skipped(CivilDate),
    /// The day is over at the instant from which it should go on.
    #[error("the day of {0} ended at {1}")]
    Over(CivilDate, SimTime),
    /// It lies beyond the years of virtual time.
    #[error("it is out of range: virtual time runs to 2199")]
    OutOfRange,
    /// The bars that are replayed end.
    #[error("the files that are replayed have no bars of a day after {0}: the market is over")]
    FileEnds(CivilDate),
    /// Days of scaled clocks are counted from 1.
    #[error("days are counted from 1")]
    Zero,
}

/// First and last instant of a day, in virtual time: UTC on the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySpan {
    /// The first.
    pub start: SimTime,
    /// The last; after `start`.
    pub end: SimTime,
}

/// The days of a live market.
///
/// A day is named by its date in the calendar of the market's clock: the day of 2025-03-03 is that which
/// begins on 2025-03-03, though it may end a day later. The scenario's own date has the scenario's own seed,
/// so that a scaled day equals the simulation of the same file; the seeds of other days are derived from the
/// scenario's and the date.
///
/// On the wall clock, `start`, `end` and sessions of the scenario are hours of a zone's clock, and virtual
/// time is UTC, so that a day in which clocks change has an hour more or less. A time that clocks show
/// twice is the first of the two; a time that they do not show is that at which they went forward.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::scenario::{CivilDate, Scenario};
///
/// let text = r#"
///     [scenario]
///     name = "day"
///     start = 2025-03-03T09:00:00
///     end = 2025-03-03T17:30:00
///     [live]
///     zone = "Europe/Madrid"
///     [[instruments]]
///     symbol = "ACME"
///     tick_size = 0.01
///     [[venues]]
///     name = "PIT"
///     instruments = ["ACME"]
///     sessions = { open = "9h", close = "17h30m" }
/// "#;
/// let scenario = Scenario::from_text(Path::new("day.toml"), text, &[]).map_err(|it| it.render(false))?;
/// let days = scenario.live_days().ok_or("no [live]")?;
/// // A Friday in summer, when Madrid is two hours before UTC.
/// let friday: CivilDate = "2026-07-31".parse()?;
/// assert_eq!(days.scenario(friday)?.start, "2026-07-31T07:00:00".parse()?);
/// assert_eq!(days.next(friday)?, "2026-08-03".parse()?);
/// assert_eq!(days.at("2026-07-31T15:29:59".parse()?), Some(friday));
/// assert_eq!(days.at("2026-07-31T15:30:00".parse()?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct LiveDays<'a> {
    scenario: &'a Scenario,
    /// Of the wall clock.
    zone: Option<&'a Zone>,
    first: CivilDate,
}

impl Scenario {
    /// Returns the days of the scenario as a live market; none without `[live]`.
    #[must_use]
    pub fn live_days(&self) -> Option<LiveDays<'_>> {
        let zone = match &self.live.as_ref()?.clock {
            LiveClock::Wall { zone, .. } => Some(zone),
            LiveClock::Scaled { .. } => None,
        };
        Some(LiveDays { scenario: self, zone, first: CivilDate::of(self.start) })
    }
}

impl LiveDays<'_> {
    /// Returns the scenario's own date: the first day of a scaled clock.
    #[must_use]
    pub const fn first(&self) -> CivilDate {
        self.first
    }

    /// Returns the date of day `number` of a scaled clock: 1 is the first, and the others follow by the
    /// calendar, weekends included.
    ///
    /// # Errors
    /// [`DayError::Zero`], or [`DayError::OutOfRange`] beyond the year 2199.
    pub fn numbered(&self, number: u32) -> Result<CivilDate, DayError> {
        let later = number.checked_sub(1).ok_or(DayError::Zero)?;
        self.first.days_later(later).ok_or(DayError::OutOfRange)
    }

    /// Returns when the day of a date begins and ends.
    ///
    /// # Errors
    /// [`DayError::Skipped`] for a date that the zone's clock skipped; [`DayError::TooEarly`] for one
    /// before the first of a scaled clock.
    pub fn span(&self, date: CivilDate) -> Result<DaySpan, DayError> {
        if self.zone.is_none() && date < self.first {
            return Err(DayError::TooEarly(date, self.first));
        }
        let midnight = self.first.midnight();
        let [start, end] =
            [self.scenario.start, self.scenario.end].map(|time| self.instant(date.at(time - midnight)));
        if start < end { Ok(DaySpan { start, end }) } else { Err(DayError::Skipped(date)) }
    }

    /// Returns the scenario of the day of a date: its start, its end, its sessions and its seed, and all else
    /// as it is.
    ///
    /// # Errors
    /// As [`LiveDays::span`].
    pub fn scenario(&self, date: CivilDate) -> Result<Scenario, DayError> {
        let DaySpan { start, end } = self.span(date)?;
        let seed = if date == self.first { self.scenario.seed } else { self.derived_seed(date, None) };
        Ok(self.dated(date, DaySpan { start, end }, seed))
    }

    /// Returns the scenario of what is left of a day at `from`, for a market that is opened in the middle of
    /// it; the whole day's if it has not begun. Its seed is derived from `from` too, so that it does not draw
    /// again what the morning drew.
    ///
    /// # Errors
    /// As [`LiveDays::span`]; [`DayError::Over`] if nothing is left.
    pub fn rest(&self, date: CivilDate, from: SimTime) -> Result<Scenario, DayError> {
        let DaySpan { start, end } = self.span(date)?;
        if from <= start {
            return self.scenario(date);
        }
        if from >= end {
            return Err(DayError::Over(date, end));
        }
        let seed = self.derived_seed(date, Some(from));
        let mut rest = self.dated(date, DaySpan { start: from, end }, seed);
        for process in rest.instruments.iter_mut().filter_map(|it| it.process.as_mut()) {
            if let Some(resumed) = process.resumed(from - start) {
                *process = resumed;
            }
        }
        Ok(rest)
    }

    /// Returns whether there is trading on a date: whether a venue has no sessions, or one that day.
    #[must_use]
    pub fn is_trading_day(&self, date: CivilDate) -> bool {
        let Ok(DaySpan { start, end }) = self.span(date) else { return false };
        let utc = Zone::utc();
        let zone = self.zone.unwrap_or(&utc);
        self.scenario.venues.iter().any(|venue| match &venue.rules.sessions {
            None => true,
            Some(calendar) => {
                schedule(calendar, zone, start, end).iter().any(|(_, phase)| *phase != Phase::Closed)
            }
        })
    }

    /// Returns the day after that of a date: on the wall clock the next on which there is trading, on a
    /// scaled one the next of the calendar, or where bars are replayed the next that has some.
    ///
    /// # Errors
    /// [`DayError::FileEnds`] if no bars are left, [`DayError::OutOfRange`] if there is none until the year
    /// 2199.
    pub fn next(&self, after: CivilDate) -> Result<CivilDate, DayError> {
        let last = self.replays().filter_map(|replay| replay.bars.last()).map(|bar| bar.start).max();
        let mut date = after;
        loop {
            date = date.days_later(1).ok_or(DayError::OutOfRange)?;
            if last.is_some_and(|last| self.span(date).is_ok_and(|span| span.start > last)) {
                return Err(DayError::FileEnds(after));
            }
            let has_trading = match self.zone {
                Some(_) => self.is_trading_day(date),
                None => last.is_none() || self.has_bars(date),
            };
            if has_trading {
                return Ok(date);
            }
        }
    }

    /// Returns what is replayed in the place of books.
    fn replays(&self) -> impl Iterator<Item = &ReplayConfig> {
        self.scenario.agents.iter().filter_map(|agent| agent.configured.replay())
    }

    /// Returns whether a bar that is replayed begins within the day of a date.
    fn has_bars(&self, date: CivilDate) -> bool {
        let Ok(DaySpan { start, end }) = self.span(date) else { return false };
        self.replays().any(|replay| {
            let first = replay.bars.partition_point(|bar| bar.start < start);
            replay.bars.get(first).is_some_and(|bar| bar.start < end)
        })
    }

    /// Returns the date of the day within which an instant of virtual time lies, whether or not there is
    /// trading on it.
    #[must_use]
    pub fn at(&self, now: SimTime) -> Option<CivilDate> {
        let shown = self.zone.map_or(now, |zone| zone.clock_at(now.nanos()));
        let today = CivilDate::of(shown);
        // A day that began yesterday may not be over.
        [today, today.day_before()]
            .into_iter()
            .find(|date| self.span(*date).is_ok_and(|DaySpan { start, end }| (start..end).contains(&now)))
    }

    /// Returns the date of the first day with trading that has not begun by an instant of virtual time.
    ///
    /// # Errors
    /// As [`LiveDays::next`].
    pub fn next_from(&self, now: SimTime) -> Result<CivilDate, DayError> {
        let shown = self.zone.map_or(now, |zone| zone.clock_at(now.nanos()));
        let mut date = CivilDate::of(shown).day_before();
        if self.zone.is_none() && date < self.first {
            date = self.first.day_before();
        }
        loop {
            date = self.next(date)?;
            if self.span(date).is_ok_and(|span| span.start >= now) {
                return Ok(date);
            }
        }
    }

    /// Returns the instant at which the market's clock shows a time.
    fn instant(&self, shown: SimTime) -> SimTime {
        self.zone.map_or(shown, |zone| SimTime::from_nanos(zone.instant_of(shown)))
    }

    fn derived_seed(&self, date: CivilDate, from: Option<SimTime>) -> Seed {
        let mut hasher = blake3::Hasher::new_derive_key(DAY_SEED);
        hasher.update(&self.scenario.seed.get().to_le_bytes());
        hasher.update(&date.days_since_1970().to_le_bytes());
        if let Some(from) = from {
            hasher.update(&from.nanos().to_le_bytes());
        }
        let mut bytes = [0; 8];
        hasher.finalize_xof().fill(&mut bytes);
        Seed::new(u64::from_le_bytes(bytes))
    }

    /// Returns the scenario with the times of a date.
    fn dated(&self, date: CivilDate, DaySpan { start, end }: DaySpan, seed: Seed) -> Scenario {
        let mut scenario = Scenario { start, end, seed, ..self.scenario.clone() };
        let Some(zone) = self.zone else { return scenario };
        scenario.session_zone = zone.clone();
        // Bars are counted from the same hour of the zone's clock as before.
        let anchored = |interval: BarInterval| {
            let anchor = self.instant(date.at(interval.anchor())).nanos().rem_euclid(DAY_NANOS);
            interval.anchored(SimDuration::from_nanos(anchor))
        };
        scenario.bar_interval = anchored(scenario.bar_interval);
        scenario.record.bar_interval = anchored(scenario.record.bar_interval);
        scenario.record.bars.iter_mut().for_each(|interval| *interval = anchored(*interval));
        scenario
    }
}
