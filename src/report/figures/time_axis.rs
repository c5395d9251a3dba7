//! Ticks of a time axis: at full hours, days, months.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::analysis::Extent;

/// How a tick is labeled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Millis,
    Seconds,
    Minutes,
    Days,
    Months,
    Years,
}

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLI;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps of fixed length.
const STEPS: [(i64, Style); 22] = [
    (MILLI, Style::Millis),
    (10 * MILLI, Style::Millis),
    (100 * MILLI, Style::Millis),
    (SECOND, Style::Seconds),
    (5 * SECOND, Style::Seconds),
    (15 * SECOND, Style::Seconds),
    (30 * SECOND, Style::Seconds),
    (MINUTE, Style::Minutes),
    (2 * MINUTE, Style::Minutes),
    (5 * MINUTE, Style::Minutes),
    (10 * MINUTE, Style::Minutes),
    (15 * MINUTE, Style::Minutes),
    (30 * MINUTE, Style::Minutes),
    (HOUR, Style::Minutes),
    (2 * HOUR, Style::Minutes),
    (3 * HOUR, Style::Minutes),
    (6 * HOUR, Style::Minutes),
    (12 * HOUR, Style::Minutes),
    (DAY, Style::Days),
    (2 * DAY, Style::Days),
    (7 * DAY, Style::Days),
    (14 * DAY, Style::Days),
];

/// Steps in months, which differ in length.
const MONTHS: [(i32, Style); 9] = [
    (1, Style::Months),
    (3, Style::Months),
    (6, Style::Months),
    (12, Style::Years),
    (24, Style::Years),
    (60, Style::Years),
    (240, Style::Years),
    (600, Style::Years),
    (1_200, Style::Years),
];

/// Returns about `most` ticks of an extent with their labels, and the label of the axis.
pub(super) fn ticks(extent: Extent, most: i64) -> (Vec<(i64, String)>, String) {
    let span = extent.end() - extent.start();
    let fixed = STEPS.iter().find(|(step, _)| span / step < most);
    let (times, style) = match fixed {
        Some((step, style)) => (every(extent, *step), *style),
        None => {
            let fits = |(months, _): &&(i32, Style)| span / (i64::from(*months) * 30 * DAY) < most;
            let (months, style) = MONTHS.iter().find(fits).copied().unwrap_or((1_200, Style::Years));
            (every_months(extent, months), style)
        }
    };
    let ticks = times.into_iter().map(|at| (at, written(at, style))).collect();
    (ticks, label(extent, style))
}

fn label(extent: Extent, style: Style) -> String {
    match (style, civil(extent.start())) {
        (Style::Millis | Style::Seconds | Style::Minutes, Some(start))
            if extent.end() - extent.start() <= DAY =>
        {
            format!("time of day, {}", start.date())
        }
        (Style::Millis | Style::Seconds | Style::Minutes, Some(start)) => {
            format!("time, from {}", start.date())
        }
        (Style::Days, Some(start)) => format!("date, from {}", start.date()),
        _ => "date".to_owned(),
    }
}

fn every(extent: Extent, step: i64) -> Vec<i64> {
    let first = extent.start().div_euclid(step) + i64::from(extent.start().rem_euclid(step) != 0);
    (first..).map(|number| number * step).take_while(|at| *at <= extent.end()).collect()
}

fn every_months(extent: Extent, months: i32) -> Vec<i64> {
    let Some(start) = civil(extent.start()) else { return Vec::new() };
    let month = i32::from(start.year()) * 12 + i32::from(start.month()) - 1;
    let aligned = month.div_euclid(months) * months;
    let (year, month) = (aligned.div_euclid(12), aligned.rem_euclid(12) + 1);
    let first =
        i16::try_from(year).ok().zip(i8::try_from(month).ok()).and_then(|(y, m)| Date::new(y, m, 1).ok());
    let Some(first) = first else { return Vec::new() };
    let dates = (0..).map_while(|number: i32| first.checked_add((number * months).months()).ok());
    let instants = dates.filter_map(|date| nanos(date.to_datetime(jiff::civil::Time::midnight())));
    instants.skip_while(|at| *at < extent.start()).take_while(|at| *at <= extent.end()).collect()
}

fn written(at: i64, style: Style) -> String {
    let Some(time) = civil(at) else { return String::new() };
    match style {
        Style::Millis => time.strftime("%H:%M:%S%.3f").to_string(),
        Style::Seconds => time.strftime("%H:%M:%S").to_string(),
        Style::Minutes if time.hour() == 0 && time.minute() == 0 => time.strftime("%b %-d").to_string(),
        Style::Minutes => time.strftime("%H:%M").to_string(),
        Style::Days => time.strftime("%b %-d").to_string(),
        Style::Months => time.strftime("%b %Y").to_string(),
        Style::Years => time.strftime("%Y").to_string(),
    }
}

fn civil(nanos: i64) -> Option<DateTime> {
    Some(Timestamp::from_nanosecond(i128::from(nanos)).ok()?.to_zoned(TimeZone::UTC).datetime())
}

fn nanos(civil: DateTime) -> Option<i64> {
    i64::try_from(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::SimTime;

    fn texts(start: &str, end: &str) -> Vec<String> {
        let time = |text: &str| text.parse::<SimTime>().unwrap();
        ticks(Extent::new(time(start), time(end)), 10).0.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn a_session_is_marked_by_the_hour_and_decades_by_years() {
        let session = texts("2025-03-03T09:30:00", "2025-03-03T16:00:00");
        assert_eq!(session, ["10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]);
        let decades = texts("1999-01-04", "2019-01-01");
        assert!(decades.len() >= 3 && decades.len() <= 11, "{decades:?}");
        assert!(decades.iter().all(|mark| mark.len() == 4), "{decades:?}");
    }

    #[test]
    fn any_extent_has_few_marks() {
        for span in [1, 1_000, SECOND / 2, SECOND, 7 * MINUTE, 5 * HOUR, 3 * DAY, 40 * DAY, 90_000 * DAY] {
            for most in [5, 10] {
                let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(span));
                let count = i64::try_from(ticks(extent, most).0.len()).unwrap();
                assert!(count <= most + 4, "{span}: {count}");
            }
        }
    }

    #[test]
    fn the_label_names_the_day() {
        let time = |text: &str| text.parse::<SimTime>().unwrap();
        let label = |start: &str, end: &str| ticks(Extent::new(time(start), time(end)), 10).1;
        assert_eq!(label("2025-03-03T09:30:00", "2025-03-03T16:00:00"), "time of day, 2025-03-03");
        assert_eq!(label("2025-03-03", "2025-03-05"), "time, from 2025-03-03");
        assert_eq!(label("2025-03-03", "2025-03-12"), "date, from 2025-03-03");
    }
}
