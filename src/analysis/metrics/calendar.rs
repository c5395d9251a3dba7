//! Returns by calendar: days, ISO weeks, months.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::sample::Sample;
use super::series::growth;

/// What periods are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calendar {
    /// Days.
    Day,
    /// Weeks of ISO 8601, Monday to Sunday.
    Week,
    /// Months.
    Month,
}

/// The return of a calendar month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonthReturn {
    /// The year.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: i8,
    /// The compounded return of the periods that end in it.
    pub value: f64,
}

/// The return of an hour of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HourReturn {
    /// The day.
    pub date: Date,
    /// The hour, 0 to 23.
    pub hour: i8,
    /// The compounded return of the periods that end in it.
    pub value: f64,
}

/// Returns the moment as a date and time; no time of a run is beyond the years that jiff knows.
fn civil(nanos: i64) -> DateTime {
    let stamp = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or_default();
    TimeZone::UTC.to_datetime(stamp)
}

/// Returns the key of a stretch of the calendar.
fn stretch(nanos: i64, calendar: Calendar) -> (i16, i16) {
    let date = civil(nanos).date();
    match calendar {
        Calendar::Day => (date.year(), date.day_of_year()),
        Calendar::Week => (date.iso_week_date().year(), date.iso_week_date().week().into()),
        Calendar::Month => (date.year(), date.month().into()),
    }
}

/// Returns the periods' returns by stretch, each put together by `together`; a period belongs to where it
/// ends. A period that ends at midnight belongs to the day before.
fn grouped<S: Copy + PartialEq>(
    sample: &Sample,
    stretch: impl Fn(i64) -> S,
    together: impl Fn(&[f64]) -> f64,
) -> Vec<(S, f64)> {
    let named: Vec<(S, f64)> = sample
        .ends
        .iter()
        .zip(&sample.returns)
        .map(|(end, value)| (stretch(end.saturating_sub(1)), *value))
        .collect();
    named
        .chunk_by(|a, b| a.0 == b.0)
        .map(|chunk| {
            let values: Vec<f64> = chunk.iter().map(|(_, value)| *value).collect();
            (chunk[0].0, together(&values))
        })
        .collect()
}

/// Returns the compounded returns by calendar.
pub(super) fn compounded(sample: &Sample, calendar: Calendar) -> Vec<f64> {
    let grown = grouped(sample, |at| stretch(at, calendar), |values| growth(values) - 1.0);
    grown.into_iter().map(|(_, value)| value).collect()
}

/// Returns the sums of returns by calendar month.
pub(super) fn monthly_sums(sample: &Sample) -> Vec<f64> {
    let sums = grouped(sample, |at| stretch(at, Calendar::Month), |values| values.iter().sum());
    sums.into_iter().map(|(_, value)| value).collect()
}

/// Returns the compounded return of each month that has periods. quantstats `monthly_returns`, which fills
/// months without any with zeros.
#[must_use]
pub fn months(sample: &Sample) -> Vec<MonthReturn> {
    let month = |((year, month), value)| MonthReturn { year, month: i8::try_from(month).unwrap_or(0), value };
    let grown = grouped(sample, |at| stretch(at, Calendar::Month), |values| growth(values) - 1.0);
    grown.into_iter().map(month).collect()
}

/// Returns the compounded return of each hour of each day that has periods.
#[must_use]
pub fn hours(sample: &Sample) -> Vec<HourReturn> {
    let hour = |at: i64| (civil(at).date(), civil(at).hour());
    let grown = grouped(sample, hour, |values| growth(values) - 1.0);
    grown.into_iter().map(|((date, hour), value)| HourReturn { date, hour, value }).collect()
}
