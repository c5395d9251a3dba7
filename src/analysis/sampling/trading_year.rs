//! [`TradingYear`]: how much trading a year has, by what a market did.

use std::fmt;

use super::periods::DAY_NANOS;

/// How many days of trading a year has, and how many hours such a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TradingYear {
    /// The days: 365.25 of a market that trades on weekends, too, and 252 of others.
    pub days: f64,
    /// The hours: 24 of a market that trades round the clock, and 6.5 of others.
    pub hours: f64,
}

const SESSION_HOURS: f64 = 6.5;
const HOUR_NANOS: f64 = 3.6e12;
/// A day with events over a longer time is one of a market that trades round the clock.
const LONG_DAY_NANOS: i64 = 20 * 3_600_000_000_000;

impl TradingYear {
    /// Returns how many periods of that many nanoseconds a year has.
    ///
    /// Periods shorter than a day's trading count the hours of trading. Of longer ones only those with
    /// trading are taken: they count days of the calendar, but no more than there are days of trading.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate to describe returns with")]
    pub fn periods(self, nanos: i64) -> f64 {
        let hours = nanos as f64 / HOUR_NANOS;
        if hours < self.hours { self.days * self.hours / hours } else { self.days.min(365.25 * 24.0 / hours) }
    }
}

impl fmt::Display for TradingYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} days of {} hours", self.days, self.hours)
    }
}

/// The days on which a market quoted or traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TradingDays {
    /// The first event of all, of today, and the last.
    span: Option<Span>,
    days: i64,
    weekend_days: i64,
    long_days: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    first: i64,
    today: i64,
    last: i64,
    /// When the day ends: that takes no division.
    until: i64,
}

impl TradingDays {
    /// Notes that something was quoted or traded; in order of time.
    pub(crate) fn note(&mut self, at: i64) {
        match &mut self.span {
            Some(span) if span.last <= at && at < span.until => span.last = at,
            Some(span) if day(span.last) == day(at) => span.last = at,
            Some(span) => {
                let over = *span;
                (span.today, span.last, span.until) = (at, at, end_of_day(at));
                self.count(over);
            }
            None => self.span = Some(Span { first: at, today: at, last: at, until: end_of_day(at) }),
        }
    }

    fn count(&mut self, Span { today, last, .. }: Span) {
        self.days += 1;
        self.weekend_days += i64::from(is_weekend(day(today)));
        self.long_days += i64::from(last - today >= LONG_DAY_NANOS);
    }

    /// Returns the year of the market. A market trades on weekends if it did on more than half of the days of
    /// weekends, and round the clock if it did on more than half of its days.
    pub(crate) fn year(mut self) -> TradingYear {
        let Some(span) = self.span else { return TradingYear { days: 252.0, hours: SESSION_HOURS } };
        self.count(span);
        let weekend_days = (day(span.first)..=day(span.last)).filter(|day| is_weekend(*day)).count();
        let trades_on_weekends = i64::try_from(weekend_days).is_ok_and(|all| 2 * self.weekend_days > all);
        let is_round_the_clock = 2 * self.long_days > self.days;
        TradingYear {
            days: if trades_on_weekends { 365.25 } else { 252.0 },
            hours: if is_round_the_clock { 24.0 } else { SESSION_HOURS },
        }
    }
}

/// Returns when the day of a time ends.
pub(super) const fn end_of_day(at: i64) -> i64 {
    (day(at) + 1).saturating_mul(DAY_NANOS)
}

const fn day(at: i64) -> i64 {
    at.div_euclid(DAY_NANOS)
}

/// Returns whether a day since 1970, which began on a Thursday, is a Saturday or Sunday.
const fn is_weekend(day: i64) -> bool {
    matches!(day.rem_euclid(7), 2 | 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;
    /// Monday 5 January 1970.
    const MONDAY: i64 = 4 * DAY_NANOS;

    fn year(days: &[i64], hours: &[i64]) -> String {
        let mut market = TradingDays::default();
        for day in days {
            hours.iter().for_each(|hour| market.note(MONDAY + day * DAY_NANOS + hour * HOUR));
        }
        market.year().to_string()
    }

    #[test]
    fn a_year_follows_the_days_and_hours_with_trading() {
        let (weekdays, all): (Vec<i64>, Vec<i64>) =
            ((0..28).filter(|day| day % 7 < 5).collect(), (0..28).collect());
        let round: Vec<i64> = (0..24).collect();
        assert_eq!(year(&weekdays, &[9, 16]), "252 days of 6.5 hours");
        assert_eq!(year(&weekdays, &round), "252 days of 24 hours");
        assert_eq!(year(&all, &[0]), "365.25 days of 6.5 hours");
        assert_eq!(year(&all, &round), "365.25 days of 24 hours");
        // Sunday evenings, as currencies have, are no weekend.
        let sundays: Vec<i64> = (0..28).filter(|day| day % 7 != 5).collect();
        assert_eq!(year(&sundays, &[18]), "252 days of 6.5 hours");
        assert_eq!(year(&[], &[]), "252 days of 6.5 hours");
        assert_eq!(year(&[0], &[9, 11]), "252 days of 6.5 hours");
        assert_eq!(year(&[5], &[9, 11]), "365.25 days of 6.5 hours");
    }

    #[test]
    fn a_year_has_as_many_periods_as_people_say() {
        let close = |year: TradingYear, minutes: i64, expected: f64| {
            let found = year.periods(minutes * 60_000_000_000);
            assert!((found / expected - 1.0).abs() < 1e-12, "{year}, {minutes} min: {found}, not {expected}");
        };
        let (day, week) = (1_440, 10_080);
        let exchange = TradingYear { days: 252.0, hours: 6.5 };
        close(exchange, 1, 98_280.0);
        close(exchange, 390, 252.0);
        close(exchange, day, 252.0);
        close(exchange, week, 365.25 / 7.0);
        let always = TradingYear { days: 365.25, hours: 24.0 };
        close(always, 60, 8_766.0);
        close(always, day, 365.25);
        close(always, week, 365.25 / 7.0);
        close(TradingYear { days: 365.25, hours: 6.5 }, day, 365.25);
        close(TradingYear { days: 252.0, hours: 24.0 }, 60, 6_048.0);
    }
}
