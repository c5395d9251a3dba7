//! The time axis: marks where people expect them.

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::analysis::Extent;

/// An axis of virtual time, in nanoseconds since 1970.
#[derive(Debug, Clone)]
pub(super) struct TimeAxis {
    extent: Extent,
    marks: Vec<i64>,
    style: Style,
}

/// How a mark is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Seconds,
    Minutes,
    Days,
    Months,
    Years,
}

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps of fixed length.
const STEPS: [(i64, Style); 17] = [
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
    (DAY, Style::Days),
    (2 * DAY, Style::Days),
    (7 * DAY, Style::Days),
];

/// Steps in months, where months are unlike.
const MONTHS: [(i32, Style); 7] = [
    (1, Style::Months),
    (3, Style::Months),
    (6, Style::Months),
    (12, Style::Years),
    (24, Style::Years),
    (60, Style::Years),
    (240, Style::Years),
];

const MARKS_MAX: i64 = 10;

impl TimeAxis {
    pub(super) fn new(extent: Extent) -> Self {
        let span = extent.end() - extent.start();
        let fixed = STEPS.iter().find(|(step, _)| span / step < MARKS_MAX);
        let (marks, style) = match fixed {
            Some((step, style)) => (every(extent, *step), *style),
            None => {
                let fits = |(months, _): &&(i32, Style)| span / (i64::from(*months) * 30 * DAY) < MARKS_MAX;
                let (months, style) = MONTHS.iter().find(fits).copied().unwrap_or((240, Style::Years));
                (every_months(extent, months), style)
            }
        };
        Self { extent, marks, style }
    }

    /// Returns what the axis shows, for its label.
    pub(super) fn label(&self) -> String {
        match (self.style, civil(self.extent.start())) {
            (Style::Seconds | Style::Minutes, Some(start)) => format!("time of day, from {}", start.date()),
            _ => "date".to_owned(),
        }
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

fn civil(nanos: i64) -> Option<DateTime> {
    Some(Timestamp::from_nanosecond(i128::from(nanos)).ok()?.to_zoned(TimeZone::UTC).datetime())
}

fn nanos(civil: DateTime) -> Option<i64> {
    i64::try_from(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_nanosecond()).ok()
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = i64;

    #[expect(clippy::cast_possible_truncation, reason = "a place between the limits, which are pixels")]
    fn map(&self, value: &i64, limit: (i32, i32)) -> i32 {
        let width = i128::from(self.extent.end() - self.extent.start());
        let place = i128::from(value - self.extent.start()).clamp(0, width);
        limit.0 + (place * i128::from(limit.1 - limit.0) / width) as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<i64> {
        self.marks.clone()
    }

    fn range(&self) -> Range<i64> {
        self.extent.start()..self.extent.end()
    }
}

impl ValueFormatter<i64> for TimeAxis {
    fn format_ext(&self, value: &i64) -> String {
        let Some(time) = civil(*value) else { return String::new() };
        match self.style {
            Style::Seconds => time.strftime("%H:%M:%S").to_string(),
            Style::Minutes if time.hour() == 0 && time.minute() == 0 => time.strftime("%b %-d").to_string(),
            Style::Minutes => time.strftime("%H:%M").to_string(),
            Style::Days => time.strftime("%b %-d").to_string(),
            Style::Months => time.strftime("%b %Y").to_string(),
            Style::Years => time.strftime("%Y").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimTime;

    fn marks(start: &str, end: &str) -> Vec<String> {
        let time = |text: &str| text.parse::<SimTime>().unwrap();
        let axis = TimeAxis::new(Extent::new(time(start), time(end)));
        axis.marks.iter().map(|mark| axis.format_ext(mark)).collect()
    }

    #[test]
    fn a_session_is_marked_by_the_hour_and_decades_by_years() {
        let session = marks("2025-03-03T09:30:00", "2025-03-03T16:00:00");
        assert_eq!(session, ["10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]);
        let decades = marks("1999-01-04", "2019-01-01");
        assert!(decades.len() >= 3 && decades.len() <= 11, "{decades:?}");
        assert!(decades.iter().all(|mark| mark.len() == 4), "{decades:?}");
    }

    #[test]
    fn any_extent_has_few_marks() {
        for span in [1, 1_000, SECOND, 7 * MINUTE, 5 * HOUR, 3 * DAY, 40 * DAY, 700 * DAY, 90_000 * DAY] {
            let start = SimTime::from_nanos(0);
            let axis = TimeAxis::new(Extent::new(start, SimTime::from_nanos(span)));
            assert!(axis.marks.len() <= 14, "{span}: {}", axis.marks.len());
        }
    }
}
