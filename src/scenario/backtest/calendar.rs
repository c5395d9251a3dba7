//! When the bars of files begin and end, and in which intervals strategies get them.

use std::collections::BTreeSet;

use super::grid::common_divisor;
use bearpit_core::units::{Decimal, SimDuration, SimTime};

pub(super) const DAY: SimDuration = SimDuration::from_secs(86_400);
const HOUR: SimDuration = SimDuration::from_secs(3_600);

/// Rows with less time between them are within days: clocks change by an hour.
const DAILY_MIN: SimDuration = SimDuration::from_secs(23 * 3_600);

/// When the bars of one file begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rhythm {
    /// What mostly lies between two rows.
    pub(super) step: SimDuration,
    /// How long each bar can last: it ends before the next one begins, and with its interval.
    pub(super) length: SimDuration,
    /// All bars lie in different intervals of this length.
    pub(super) interval: SimDuration,
    /// When such intervals begin, after midnight; less than `interval`.
    pub(super) anchor: SimDuration,
    /// When trading opens and closes every day, if it is closed for an hour or longer.
    pub(super) session: Option<Hours>,
}

/// Times of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hours {
    pub(super) open: SimDuration,
    /// At most a day; before `open` where trading goes on overnight.
    pub(super) close: SimDuration,
}

impl Rhythm {
    /// Finds the rhythm of rows in order of time; `step` is the most frequent distance between them.
    pub(super) fn of(times: &[SimTime], step: Option<SimDuration>) -> Self {
        let apart = times.windows(2).map(|pair| pair[1] - pair[0]).min();
        let step = step.unwrap_or(DAY);
        match apart.unwrap_or(DAY) {
            apart if apart >= DAILY_MIN => Self::of_days(times, step, apart),
            apart => Self::within_days(times, step, apart),
        }
    }

    /// Each row is a bar that begins at its time and ends with its day at the latest, so that it is a whole
    /// bar in any interval of days, whatever the time that rows are stamped with.
    fn of_days(times: &[SimTime], step: SimDuration, apart: SimDuration) -> Self {
        let latest = times.iter().map(|time| time_of_day(*time)).max().unwrap_or(SimDuration::ZERO);
        let rest = SimDuration::from_nanos(DAY.nanos() - latest.nanos());
        Self { step, length: rest.min(apart), interval: DAY, anchor: SimDuration::ZERO, session: None }
    }

    fn within_days(times: &[SimTime], step: SimDuration, apart: SimDuration) -> Self {
        let of_day: BTreeSet<SimDuration> = times.iter().map(|time| time_of_day(*time)).collect();
        let first = of_day.first().map_or(0, |time| time.nanos());
        let all_in = |length: i64| of_day.iter().all(|time| (time.nanos() - first) % length == 0);
        let regular = DAY.nanos() % apart.nanos() == 0 && all_in(apart.nanos());
        let length = if regular {
            apart.nanos()
        } else {
            let divisor = common_divisor(DAY.nanos(), apart.nanos());
            of_day.iter().fold(divisor, |divisor, time| common_divisor(divisor, time.nanos() - first))
        };
        let days = times.chunk_by(|a, b| a.floor_to(DAY) == b.floor_to(DAY)).count();
        let anchor = SimDuration::from_nanos(first % length);
        let length = SimDuration::from_nanos(length);
        let session = (days > 1).then(|| hours(&of_day, length)).flatten();
        Self { step, length, interval: length, anchor, session }
    }
}

/// Returns when trading opens and closes: around the longest time of day in which no row ever lies.
fn hours(of_day: &BTreeSet<SimDuration>, length: SimDuration) -> Option<Hours> {
    let (first, last) = (*of_day.first()?, *of_day.last()?);
    let next_day = SimDuration::from_nanos(first.nanos() + DAY.nanos());
    let pairs = of_day.iter().copied().zip(of_day.iter().copied().skip(1)).chain([(last, next_day)]);
    let closed =
        |(before, after): &(SimDuration, SimDuration)| after.nanos() - before.nanos() - length.nanos();
    let (before, after) = pairs.max_by_key(closed)?;
    let is_closed = closed(&(before, after)) >= HOUR.nanos();
    let within_day = |time: SimDuration| match time.nanos() {
        nanos if nanos > DAY.nanos() => SimDuration::from_nanos(nanos - DAY.nanos()),
        _ => time,
    };
    let open = SimDuration::from_nanos(after.nanos() % DAY.nanos());
    let close = within_day(before + length);
    let is_whole = |time: SimDuration| time.nanos() % 1_000_000_000 == 0;
    (is_closed && is_whole(open) && is_whole(close)).then_some(Hours { open, close })
}

pub(super) fn time_of_day(time: SimTime) -> SimDuration {
    time - time.floor_to(DAY)
}

/// Returns how many rows a year has, where they are further apart than days: the calendar's number for
/// months, quarters and years.
pub(super) fn periods_per_year(step: SimDuration) -> Option<Decimal> {
    let days = step.nanos() / DAY.nanos();
    match days {
        ..2 => None,
        28..=31 => Some(Decimal::new(12, 0)),
        89..=92 => Some(Decimal::new(4, 0)),
        364..=366 => Some(Decimal::new(1, 0)),
        _ => Some(Decimal::new(36_525 * i128::from(DAY.nanos()) / i128::from(step.nanos()), 2)),
    }
}

/// The intervals of bars of several files together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    /// The interval in which strategies get bars: in none of them is a part of a file's bar.
    pub(super) interval: SimDuration,
    /// When intervals begin, after midnight.
    pub(super) anchor: SimDuration,
    /// The longest that a bar can be.
    pub(super) bar_max: SimDuration,
}

impl Grid {
    /// Finds intervals for files of bars; `None` without files.
    ///
    /// The longest of their lengths is taken where all others fit into it, so that daily and hourly bars meet
    /// once a day; else the longest in which all rows are alone.
    pub(super) fn of(rhythms: &[Rhythm]) -> Option<Self> {
        let longest = rhythms.iter().max_by_key(|rhythm| rhythm.interval)?;
        let (interval, anchor) = (longest.interval, longest.anchor);
        let is_in = |it: &Rhythm| {
            let offset = (it.anchor.nanos() - anchor.nanos()) % it.interval.nanos();
            interval.nanos() % it.interval.nanos() == 0 && offset == 0
        };
        if rhythms.iter().all(is_in) {
            return Some(Self { interval, anchor, bar_max: interval });
        }
        let divisor = rhythms.iter().fold(interval.nanos(), |divisor, it| {
            let offset = (it.anchor.nanos() - anchor.nanos()).abs();
            common_divisor(common_divisor(divisor, it.interval.nanos()), offset)
        });
        let interval = SimDuration::from_nanos(divisor);
        Some(Self { interval, anchor: SimDuration::from_nanos(anchor.nanos() % divisor), bar_max: interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(texts: &[&str]) -> Vec<SimTime> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// Returns the rows of some days, at these times of day.
    fn days(dates: &[&str], of_day: &[&str]) -> Vec<SimTime> {
        let all = dates.iter().flat_map(|date| of_day.iter().map(move |time| format!("{date}T{time}")));
        all.map(|text| text.parse().unwrap()).collect()
    }

    fn rhythm(times: &[SimTime]) -> String {
        let Rhythm { length, interval, anchor, session, .. } = Rhythm::of(times, None);
        let session = session.map_or_else(String::new, |it| format!(", {} to {}", it.open, it.close));
        format!("{length} in {interval} from {anchor}{session}")
    }

    #[test]
    fn rows_of_days_are_bars_within_their_day() {
        for (texts, expected) in [
            (&["2024-01-02", "2024-01-03", "2024-01-08"][..], "1d in 1d from 0s"),
            (&["2024-01-02"], "1d in 1d from 0s"),
            (&["2024-01-02T16:00:00", "2024-01-03T16:00:00"], "8h in 1d from 0s"),
            // The clocks change.
            (&["2024-03-08T05:00:00", "2024-03-09T05:00:00", "2024-03-10T04:00:00"], "19h in 1d from 0s"),
            (&["2024-01-31", "2024-02-29", "2024-03-31"], "1d in 1d from 0s"),
        ] {
            assert_eq!(rhythm(&times(texts)), expected, "{texts:?}");
        }
    }

    #[test]
    fn a_session_is_where_rows_are() {
        let dates = ["2024-01-02", "2024-01-03", "2024-01-05"];
        let hours = ["09:30:00", "10:30:00", "11:30:00", "12:30:00", "13:30:00", "14:30:00", "15:30:00"];
        assert_eq!(rhythm(&days(&dates, &hours)), "1h in 1h from 30m, 9h30m to 16h30m");
        // One day says nothing of others.
        assert_eq!(rhythm(&days(&dates[..1], &hours)), "1h in 1h from 30m");
        let overnight = ["00:00:00", "06:00:00", "08:00:00", "18:00:00", "20:00:00", "22:00:00"];
        assert_eq!(rhythm(&days(&dates, &overnight)), "2h in 2h from 0s, 18h to 10h");
        let late = ["00:30:00", "04:30:00", "12:30:00", "16:30:00", "20:30:00"];
        assert_eq!(rhythm(&days(&dates, &late)), "4h in 4h from 30m, 12h30m to 8h30m");
        let round_the_clock: Vec<String> = (0..24).map(|hour| format!("{hour:02}:00:00")).collect();
        let round_the_clock: Vec<&str> = round_the_clock.iter().map(String::as_str).collect();
        assert_eq!(rhythm(&days(&dates, &round_the_clock)), "1h in 1h from 0s");
    }

    #[test]
    fn rows_out_of_step_are_alone_in_shorter_intervals() {
        // Half an hour after the open, then on the hour.
        let mixed = days(&["2024-01-02", "2024-01-03"], &["09:30:00", "10:00:00", "11:00:00"]);
        assert_eq!(rhythm(&mixed), "30m in 30m from 0s, 9h30m to 11h30m");
        let odd = times(&["2024-01-02T10:00:00", "2024-01-02T10:07:00", "2024-01-02T10:14:00"]);
        assert_eq!(rhythm(&odd), "1m in 1m from 0s");
        let apart = times(&["2024-01-02T10:00:00", "2024-01-02T14:00:00", "2024-01-02T19:00:00"]);
        assert_eq!(rhythm(&apart), "1h in 1h from 0s");
    }

    #[test]
    fn files_meet_in_the_longest_interval_that_holds_whole_bars() {
        let of = |texts: &[&str]| Rhythm::of(&times(texts), None);
        let daily = of(&["2024-01-02", "2024-01-03"]);
        let hourly = of(&["2024-01-02T10:00:00", "2024-01-02T11:00:00"]);
        let half_past = of(&["2024-01-02T09:30:00", "2024-01-02T10:30:00"]);
        let grid = |rhythms: &[Rhythm]| {
            Grid::of(rhythms).map(|it| format!("{} from {}, {}", it.interval, it.anchor, it.bar_max))
        };
        assert_eq!(grid(&[]), None);
        assert_eq!(grid(&[daily]).as_deref(), Some("1d from 0s, 1d"));
        assert_eq!(grid(&[half_past]).as_deref(), Some("1h from 30m, 1h"));
        assert_eq!(grid(&[hourly, daily]).as_deref(), Some("1d from 0s, 1d"));
        assert_eq!(grid(&[hourly, half_past]).as_deref(), Some("30m from 0s, 30m"));
    }

    #[test]
    fn rows_further_apart_than_days_are_counted_by_the_year() {
        let of = |days: i64| periods_per_year(SimDuration::from_secs(days * 86_400)).map(|it| it.to_string());
        assert_eq!(
            [1, 7, 31, 91, 365].map(|days| of(days).unwrap_or_default()),
            ["", "52.17", "12", "4", "1"]
        );
        assert_eq!(periods_per_year(HOUR), None);
    }
}
