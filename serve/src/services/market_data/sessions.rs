//! Phases that are planned, the market's status, and its clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bearpit::data::Zone;
use bearpit::scenario::{CivilDate, Scenario};
use bearpit_core::exchange::Schedule;
use bearpit_core::units::{SimDuration, SimTime};
use serde::Serialize;
use utoipa::ToSchema;

use super::MarketData;
use super::views::HoursView;
use super::words::PhaseName;
use crate::domain::{MarketTime, Number};
use crate::driver::{DayStatus, Stage, Unavailable};

/// What a market is doing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MarketStatusView {
    /// Where it stands in its life.
    pub stage: StageName,
    /// Whether it takes orders.
    pub takes_orders: bool,
    /// Why it takes none, as a word for programs.
    pub reason: Option<String>,
    /// Why it takes none, as a sentence.
    pub message: Option<String>,
    /// The day that is open, or was last.
    pub day: Option<MarketDayView>,
    /// When the next day opens, by the wall clock; known between two days.
    pub next_open: Option<MarketTime>,
    /// Each listing.
    pub listings: Vec<ListingStatusView>,
}

/// Where a market stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// It is rebuilt from its journal, or opened.
    Opening,
    /// It takes requests.
    Open,
    /// The next day has not begun.
    BetweenDays,
    /// It is closing its books.
    Stopping,
    /// It has stopped in good order.
    Stopped,
    /// It cannot go on.
    Failed,
}

impl From<&Stage> for StageName {
    fn from(stage: &Stage) -> Self {
        match stage {
            Stage::Opening => Self::Opening,
            Stage::Open => Self::Open,
            Stage::BetweenDays { .. } => Self::BetweenDays,
            Stage::Stopping => Self::Stopping,
            Stage::Stopped => Self::Stopped,
            Stage::Failed(_) => Self::Failed,
        }
    }
}

/// A day of a market.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MarketDayView {
    /// Its number, from one.
    pub number: u32,
    /// Its name: its date.
    pub name: String,
    /// When it opened, or opens; absent if that is not known.
    pub open: Option<MarketTime>,
    /// When it closes.
    pub close: MarketTime,
}

/// Where the session of a listing stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ListingStatusView {
    /// Its symbol.
    pub symbol: String,
    /// Its venue.
    pub venue: String,
    /// The phase.
    pub phase: PhaseName,
    /// Since when.
    pub since: MarketTime,
    /// The phase that is planned next today, if one is.
    pub next: Option<NextPhaseView>,
}

/// A phase that is planned.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NextPhaseView {
    /// The phase.
    pub phase: PhaseName,
    /// When it begins.
    pub at: MarketTime,
}

/// What time it is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ClockView {
    /// The market's time; absent before its first day.
    pub now: Option<MarketTime>,
    /// How fast it runs, in seconds of the market for a second of the wall clock.
    pub speed: Number,
    /// Whether it stands still.
    pub is_paused: bool,
    /// How far it is behind where it should be, in seconds.
    pub behind: Number,
    /// The zone of the market's clock.
    #[schema(example = "America/New_York")]
    pub zone: String,
    /// How far the zone's clock is ahead of UTC now.
    #[schema(example = "-05:00")]
    pub offset: String,
    /// The wall clock, in UTC.
    pub wall: MarketTime,
}

/// The phases that a scenario plans.
#[derive(Debug)]
pub(super) struct Sessions {
    scenario: Scenario,
    /// Those of the day that was asked about last.
    today: Mutex<Option<Arc<Today>>>,
}

#[derive(Debug)]
struct Today {
    name: String,
    open: SimTime,
    /// By venue, as the scenario has them.
    phases: Vec<(String, Schedule)>,
}

const DAY_NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Sessions {
    pub(super) const fn new(scenario: Scenario) -> Self {
        Self { scenario, today: Mutex::new(None) }
    }

    pub(super) const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Returns when a venue trades, if it has hours.
    pub(super) fn hours(&self, venue: &str, zone: &Zone) -> Option<HoursView> {
        let venue = self.scenario.venues.iter().find(|it| it.name == venue)?;
        let calendar = venue.rules.sessions.as_ref()?;
        // Midnight of 1970, so that the time of the day is what is written behind the date.
        let clock = |after: SimDuration| {
            let text = (SimTime::from_nanos(0) + after).to_string();
            text.split_once('T').map_or(text.clone(), |(_, clock)| clock.to_owned())
        };
        let weekdays = DAY_NAMES.iter().zip(calendar.weekdays).filter(|(_, is_open)| *is_open);
        Some(HoursView {
            open: clock(calendar.open),
            close: clock(calendar.close),
            zone: zone.to_string(),
            weekdays: weekdays.map(|(name, _)| (*name).to_owned()).collect(),
        })
    }

    /// Returns what is planned for a day; nothing if its name is no date of the scenario.
    fn today(&self, name: &str) -> Option<Arc<Today>> {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.as_ref().is_none_or(|today| today.name != name) {
            let date: CivilDate = name.parse().ok()?;
            let scenario = self.scenario.live_days()?.scenario(date).ok()?;
            let of = |venue: &bearpit::scenario::VenueConfig| {
                Some((venue.name.clone(), scenario.planned_phases(&venue.name)?))
            };
            let phases = scenario.venues.iter().filter_map(of).collect();
            *today = Some(Arc::new(Today { name: name.to_owned(), open: scenario.start, phases }));
        }
        today.clone()
    }
}

impl Today {
    /// Returns the change of phase that a venue plans next.
    fn next(&self, venue: &str, now: SimTime) -> Option<(SimTime, PhaseName)> {
        let (_, phases) = self.phases.iter().find(|(name, _)| name == venue)?;
        let next = phases.partition_point(|(at, _)| *at <= now);
        phases.get(next).map(|(at, phase)| (*at, PhaseName::from(*phase)))
    }
}

impl MarketData {
    /// Returns what the market is doing.
    #[must_use]
    pub fn market_status(&self) -> MarketStatusView {
        let status = self.market.status();
        let why = status.unavailable();
        let time = |at| MarketTime::new(at, &self.zone);
        let day = status.day.as_ref();
        let today = day.and_then(|day| self.sessions.today(&day.name));
        let listings = self.publication().snapshots().into_iter().map(|snapshot| {
            let venue = &snapshot.listing.venue;
            let now = day.map_or(snapshot.at, |day| day.now.max(snapshot.at));
            let next = today.as_ref().and_then(|today| today.next(venue, now));
            ListingStatusView {
                symbol: snapshot.listing.instrument.symbol().to_owned(),
                venue: venue.clone(),
                phase: snapshot.phase.phase.into(),
                since: time(snapshot.phase.at),
                next: next.map(|(at, phase)| NextPhaseView { phase, at: time(at) }),
            }
        });
        let next_open = match status.stage {
            Stage::BetweenDays { opens_at } => Some(MarketTime::new(instant(opens_at), &self.zone)),
            _ => None,
        };
        MarketStatusView {
            stage: StageName::from(&status.stage),
            takes_orders: why.is_none(),
            reason: why.as_ref().map(|why| why.code().to_owned()),
            message: why.as_ref().map(Unavailable::to_string),
            day: day.map(|day| MarketDayView {
                number: day.number,
                name: day.name.clone(),
                open: today.as_ref().map(|today| time(today.open)),
                close: time(day.close),
            }),
            next_open,
            listings: listings.collect(),
        }
    }

    /// Returns what time it is.
    #[must_use]
    pub fn clock(&self) -> ClockView {
        let status = self.market.status();
        let day: Option<&DayStatus> = status.day.as_ref();
        let wall = instant(self.market.wall());
        let now = day.map(|day| MarketTime::new(day.now, &self.zone));
        let thousandths = day.map_or(1_000, |day| day.speed.thousandths());
        ClockView {
            now,
            speed: Number(bearpit_core::units::Decimal::new(thousandths.into(), 3)),
            is_paused: day.is_some_and(|day| day.is_paused),
            behind: Number(bearpit_core::units::Decimal::new(
                day.map_or(0, |day| day.behind.nanos()).into(),
                9,
            )),
            zone: self.zone.to_string(),
            offset: now.unwrap_or_else(|| MarketTime::new(wall, &self.zone)).offset(),
            wall: MarketTime::new(wall, &Zone::utc()),
        }
    }
}

/// Returns a time since 1970 as an instant.
fn instant(since_1970: Duration) -> SimTime {
    SimTime::from_nanos(i64::try_from(since_1970.as_nanos()).unwrap_or(i64::MAX))
}
