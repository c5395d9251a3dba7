//! The phases of a venue whose sessions are told by the clock of a zone.

use crate::data::Zone;
use crate::scenario::Scenario;
use bearpit_core::exchange::{Calendar, Schedule};
use bearpit_core::market::Phase;
use bearpit_core::units::{SimDuration, SimTime};

const DAY: SimDuration = SimDuration::from_secs(86_400);

impl Scenario {
    /// Returns the phases that a venue plans from the scenario's start to its end, in order of time; the
    /// first stands at the start. One without sessions trades continuously. `None` if there is no such venue.
    #[must_use]
    pub fn planned_phases(&self, venue: &str) -> Option<Schedule> {
        let venue = self.venues.iter().find(|it| it.name == venue)?;
        Some(match &venue.rules.sessions {
            Some(calendar) => schedule(calendar, &self.session_zone, self.start, self.end),
            None => vec![(self.start, Phase::Continuous)],
        })
    }
}

/// Returns the changes of phase from `start` to `end` of a calendar that is told by the clock of `zone`; the
/// first stands at `start`.
///
/// A time that the clock shows twice is the first of the two. A time that it does not show, since it went
/// forward, is that at which it did; a phase that lies in such a gap as a whole does not take place.
pub(in crate::scenario) fn schedule(
    calendar: &Calendar,
    zone: &Zone,
    start: SimTime,
    end: SimTime,
) -> Schedule {
    if *zone == Zone::utc() {
        return calendar.schedule(start, end);
    }
    let [first, last] = [start, end].map(|time| zone.clock_at(time.nanos()));
    let mut changes = Schedule::new();
    for (shown, phase) in calendar.schedule(first - DAY, last + DAY) {
        let at = SimTime::from_nanos(zone.instant_of(shown));
        match changes.last_mut() {
            Some(before) if before.0 == at => before.1 = phase,
            _ => changes.push((at, phase)),
        }
    }
    let begun = changes.partition_point(|(at, _)| *at <= start);
    let at_start = changes[..begun].last().map_or(Phase::Closed, |(_, phase)| *phase);
    let later = changes[begun..].iter().copied().take_while(|(at, _)| *at < end);
    std::iter::once((start, at_start)).chain(later).collect()
}
