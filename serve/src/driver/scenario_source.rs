//! [`ScenarioSource`]: the days of a scenario.

use std::path::Path;
use std::time::Duration;

use bearpit::scenario::{
    AfterOutage, CivilDate, Diagnostics, Durability as Promise, LiveClock, LiveConfig, LiveDays, Scenario,
};
use bearpit_core::exchange::MarketBuilder;
use bearpit_core::kernel::Speed;
use bearpit_core::units::{SimDuration, SimTime};
use thiserror::Error;

use super::source::{Day, MarketSource, SourceError};
use super::sync_thread::SyncPolicy;
use crate::live::{Clock, Durability, Pacing};
use crate::store::journal::SegmentHeader;

/// How much of the wall clock a market that is behind catches up at once, before requests are taken: as short
/// as a request may wait.
const CATCH_UP_WALL: Duration = Duration::from_millis(20);

/// Lays out the markets of a scenario file, a day at a time.
#[derive(Debug, Clone)]
pub struct ScenarioSource {
    scenario: Scenario,
    live: LiveConfig,
    text: String,
}

/// Why a segment is not of a scenario.
#[derive(Debug, Error)]
enum OtherScenario {
    #[error(
        "the scenario, or a file that it names, is not what the market of {day} began with (inputs {journalled}, found {found}): put it back until that day is over"
    )]
    Changed { day: String, journalled: String, found: String },
    #[error("the journal's day {0:?} is no date")]
    NoDate(String),
}

impl ScenarioSource {
    /// Makes a source of a scenario and its text. A scenario without `[live]` runs on a clock of its own, at
    /// the speed of time.
    #[must_use]
    pub fn new(mut scenario: Scenario, text: String) -> Self {
        let live = scenario.live.get_or_insert_with(|| LiveConfig {
            clock: LiveClock::Scaled { speed: Speed::REAL_TIME },
            starting_cash: LiveConfig::STARTING_CASH,
            durability: Promise::Synced,
            keep_days: LiveConfig::KEEP_DAYS,
            script_operations: LiveConfig::SCRIPT_OPERATIONS,
        });
        Self { live: live.clone(), scenario, text }
    }

    /// Makes a source of the scenario in the header of a segment; files that it names are beside `path`.
    ///
    /// # Errors
    /// What is wrong with the scenario: a file that it names is gone.
    pub fn of_segment(header: &SegmentHeader, path: &Path) -> Result<Self, Diagnostics> {
        // They were read before, when the market began.
        let changes: Vec<_> = header.changes.iter().filter_map(|change| change.parse().ok()).collect();
        let scenario = Scenario::from_text(path, &header.scenario, &changes)?;
        Ok(Self::new(scenario, header.scenario.clone()))
    }

    /// Returns the scenario.
    #[must_use]
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Returns the text of its file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns how the scenario runs as a live market.
    #[must_use]
    pub const fn live(&self) -> &LiveConfig {
        &self.live
    }

    /// Returns whether participants can auction shares between them.
    #[must_use]
    pub const fn has_auctions(&self) -> bool {
        self.scenario.auctions.is_some()
    }

    /// Returns how often its journal is synced.
    #[must_use]
    pub fn sync_policy(&self) -> SyncPolicy {
        match self.live.durability {
            Promise::Synced => SyncPolicy::AtOnce,
            Promise::Relaxed { loses_max } => SyncPolicy::Every(wall_span(loses_max)),
        }
    }

    /// Returns the scenario of a segment's market.
    ///
    /// # Errors
    /// [`SourceError`] if the segment is of no day of the scenario.
    pub fn scenario_of(&self, header: &SegmentHeader) -> Result<Scenario, SourceError> {
        if header.inputs != self.scenario.inputs_digest {
            return Err(SourceError::new(OtherScenario::Changed {
                day: header.day_name.clone(),
                journalled: header.inputs.clone(),
                found: self.scenario.inputs_digest.clone(),
            }));
        }
        let (days, date) = (self.days()?, date_of(header)?);
        let scenario = match header.opens {
            Some(from) => days.rest(date, from),
            None => days.scenario(date),
        };
        scenario.map_err(SourceError::new)
    }

    fn days(&self) -> Result<LiveDays<'_>, SourceError> {
        // It was given a [live] when it was made.
        self.scenario.live_days().ok_or_else(|| SourceError::new("the scenario has no [live]"))
    }

    /// Returns the date to open next on the wall clock.
    fn date_at(&self, wall: Duration, last: Option<CivilDate>) -> Result<CivilDate, SourceError> {
        let days = self.days()?;
        let now = SimTime::from_nanos(i64::try_from(wall.as_nanos()).unwrap_or(i64::MAX));
        let is_new = |date: &CivilDate| last.is_none_or(|last| *date > last);
        if let Some(today) = days.at(now).filter(|date| is_new(date) && days.is_trading_day(*date)) {
            return Ok(today);
        }
        let next = days.next_from(now).map_err(SourceError::new)?;
        match last {
            Some(last) if next <= last => days.next(last).map_err(SourceError::new),
            _ => Ok(next),
        }
    }
}

impl MarketSource for ScenarioSource {
    fn pacing(&self) -> Pacing {
        let clock = match self.live.clock {
            LiveClock::Wall { after_outage: AfterOutage::Halt { beyond }, .. } => {
                Clock::Wall { halt_beyond: Some(beyond) }
            }
            LiveClock::Wall { after_outage: AfterOutage::CatchUp, .. } => Clock::Wall { halt_beyond: None },
            LiveClock::Scaled { speed } => Clock::Scaled(speed),
        };
        let speed = match clock {
            Clock::Wall { .. } => Speed::REAL_TIME,
            Clock::Scaled(speed) => speed,
        };
        let millis = i64::try_from(CATCH_UP_WALL.as_millis()).unwrap_or(i64::MAX);
        let step = SimDuration::from_micros(millis.saturating_mul(i64::from(speed.thousandths())));
        let durability = match self.live.durability {
            Promise::Synced => Durability::Synced,
            Promise::Relaxed { .. } => Durability::Relaxed,
        };
        Pacing { clock, step_max: step.max(SimDuration::from_secs(1)), durability }
    }

    fn next_day(&self, wall: Duration, last: Option<&SegmentHeader>) -> Result<Day, SourceError> {
        let number = last.map_or(1, |last| last.day.saturating_add(1));
        let days = self.days()?;
        let last = last.map(date_of).transpose()?;
        match self.live.clock {
            LiveClock::Wall { .. } => {
                let date = self.date_at(wall, last)?;
                let start = days.span(date).map_err(SourceError::new)?.start;
                let opens_at = Some(Duration::from_nanos(u64::try_from(start.nanos()).unwrap_or(0)));
                Ok(Day { number, name: date.to_string(), opens_at })
            }
            LiveClock::Scaled { .. } => {
                let date = last.map_or(Ok(days.first()), |last| days.next(last)).map_err(SourceError::new)?;
                Ok(Day { number, name: date.to_string(), opens_at: None })
            }
        }
    }

    fn header(&self, day: &Day) -> Result<SegmentHeader, SourceError> {
        let date = day.name.parse().map_err(|_| SourceError::new(OtherScenario::NoDate(day.name.clone())))?;
        let scenario = self.days()?.scenario(date).map_err(SourceError::new)?;
        Ok(SegmentHeader {
            engine: String::new(),
            scenario: self.text.clone(),
            changes: self.scenario.changes.clone(),
            inputs: self.scenario.inputs_digest.clone(),
            seed: scenario.seed.get(),
            day: day.number,
            day_name: day.name.clone(),
            opens: None,
            opening: Vec::new(),
        })
    }

    fn seed_of(&self, header: &SegmentHeader) -> Result<u64, SourceError> {
        Ok(self.scenario_of(header)?.seed.get())
    }

    fn close_of(&self, header: &SegmentHeader) -> Result<SimTime, SourceError> {
        Ok(self.days()?.span(date_of(header)?).map_err(SourceError::new)?.end)
    }

    fn builder(&self, header: &SegmentHeader) -> Result<MarketBuilder, SourceError> {
        self.scenario_of(header)?.lay_out_live().map_err(SourceError::new)
    }
}

fn date_of(header: &SegmentHeader) -> Result<CivilDate, SourceError> {
    let name = &header.day_name;
    name.parse().map_err(|_| SourceError::new(OtherScenario::NoDate(name.clone())))
}

fn wall_span(span: SimDuration) -> Duration {
    Duration::from_nanos(u64::try_from(span.nanos()).unwrap_or(0))
}
