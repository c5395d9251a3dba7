//! When the market trades: its clock and its calendar.

use bearpit::data::Zone;
use bearpit::scenario::CivilDate;
use bearpit_core::market::Phase;
use bearpit_core::units::SimTime;

use super::Alpaca;
use crate::domain::MarketTime;

/// What time it is in the market, and when that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketHours {
    /// The market's time.
    pub now: MarketTime,
    /// Whether a listing trades continuously and orders are taken.
    pub is_open: bool,
    /// When trading begins next.
    pub next_open: MarketTime,
    /// When it ends next.
    pub next_close: MarketTime,
}

/// A day with trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradingDay {
    /// Its date.
    pub date: CivilDate,
    /// When trading begins.
    pub open: SimTime,
    /// When it ends.
    pub close: SimTime,
}

/// How many days a calendar has at most.
const DAYS_MAX: usize = 3_700;
/// How many days are looked through for the next on which there is trading.
const DAYS_AHEAD: u32 = 400;

impl Alpaca {
    /// Returns what time it is in the market, and when that is open.
    #[must_use]
    pub fn market_hours(&self) -> MarketHours {
        let clock = self.data.clock();
        let now = clock.now.unwrap_or(clock.wall).instant();
        let is_open = self.data.market_status().takes_orders
            && self.data.publication().snapshots().iter().any(|it| it.phase.phase == Phase::Continuous);
        let today = CivilDate::of(self.data.zone().clock_at(now.nanos()));
        // One that began yesterday may not be over.
        let first = today.midnight().nanos() - 86_400_000_000_000;
        let days = self.days_from(CivilDate::of(SimTime::from_nanos(first)), DAYS_AHEAD);
        let days: Vec<_> = days.take(10).collect();
        let later = |time: fn(&TradingDay) -> SimTime| {
            let found = days.iter().map(time).find(|at| *at > now);
            self.data.time(found.unwrap_or(now))
        };
        MarketHours {
            now: self.data.time(now),
            is_open,
            next_open: later(|day| day.open),
            next_close: later(|day| day.close),
        }
    }

    /// Returns the days with trading between two dates, both included.
    #[must_use]
    pub fn calendar(&self, start: CivilDate, end: CivilDate) -> Vec<TradingDay> {
        let span = end.days_since_1970().saturating_sub(start.days_since_1970());
        let Ok(span) = u32::try_from(span) else { return Vec::new() };
        self.days_from(start, span).take(DAYS_MAX).collect()
    }

    fn days_from(&self, start: CivilDate, span: u32) -> impl Iterator<Item = TradingDay> {
        (0..=span).map_while(move |later| start.days_later(later)).filter_map(|date| self.day(date))
    }

    /// Returns a day, if there is trading on it.
    fn day(&self, date: CivilDate) -> Option<TradingDay> {
        let scenario = self.data.scenario();
        let days = scenario.live_days()?;
        if !days.is_trading_day(date) {
            return None;
        }
        let span = days.span(date).ok()?;
        let hours = scenario.venues.iter().find_map(|venue| venue.rules.sessions.as_ref());
        let Some(hours) = hours else {
            return Some(TradingDay { date, open: span.start, close: span.end });
        };
        let zone: &Zone = self.data.zone();
        let at = |after| SimTime::from_nanos(zone.instant_of(date.midnight().saturating_add(after)));
        Some(TradingDay { date, open: at(hours.open), close: at(hours.close) })
    }
}
