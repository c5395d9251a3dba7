//! Pages of lists: how long they are, and where the next begins.

use crate::domain::{Problem, ProblemKind, WallTime, instant_of};

/// How many rows a page has if nobody says.
const PAGE_DEFAULT: u32 = 100;
/// How many rows a page has at most.
const PAGE_MAX: u32 = 1_000;

/// Returns how many rows a page is to have.
pub(in crate::services) fn limit_of(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("a page has 1 to {PAGE_MAX} rows, not {limit}");
    Err(invalid("limit", message))
}

/// Reads where the last page ended.
pub(in crate::services) fn cursor<T: std::str::FromStr>(text: Option<&str>) -> Result<Option<T>, Problem> {
    let bad = |_| invalid("cursor", "a cursor is what the last page gave as `next`");
    text.map(|text| text.parse().map_err(bad)).transpose()
}

/// Reads a moment as of RFC 3339.
pub(in crate::services) fn moment(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<WallTime>, Problem> {
    let read = |text| instant_of(text).map(|at| WallTime::from_nanos(at.nanos()));
    text.map(|text| read(text).map_err(|error| invalid(field, error))).transpose()
}

/// Returns the rows of a page, of which one more was read, and what to send for the next one.
pub(in crate::services) fn page<T>(
    mut rows: Vec<T>,
    limit: u32,
    place: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(place);
    (rows, next)
}

/// Says that a parameter does not fit.
pub(in crate::services) fn invalid(field: &'static str, message: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_parameter", message).at(field)
}
