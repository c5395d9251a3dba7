//! The key `session` of a replay: when a day of its market begins and ends.

use crate::kind::{AgentSite, LocalClock};
use bearpit_core::params::{ParamDefault, ParamError, ParamSpec, ParamType, Values};
use bearpit_core::replay::{Days, ReplayBar, SessionHours};
use bearpit_core::units::SimDuration;

/// The parameter.
pub(crate) const SESSION: ParamSpec = ParamSpec::new(
    "session",
    ParamType::Table(&KEYS),
    ParamDefault::Derived("calendar dates"),
    "the session that makes a day, to which `DAY`, `AT_OPEN` and `AT_CLOSE` refer, such as `{ zone = \"America/New_York\", \
     open = \"09:30\", close = \"16:00\" }`; one that closes before it opens goes on overnight, and belongs to the day on \
     which it closes; `anchor` of the scenario is its open, unless that says otherwise",
);

const KEYS: [ParamSpec; 3] = [
    ParamSpec::new(
        "zone",
        ParamType::Text,
        ParamDefault::Derived("the scenario's own clock"),
        "the zone of both times; the scenario must have a `zone` then",
    ),
    ParamSpec::required("open", ParamType::Text, "when it opens, such as `\"09:30\"`"),
    ParamSpec::required(
        "close",
        ParamType::Text,
        "when it closes, such as `\"16:00\"`; `\"24:00\"` is midnight",
    ),
];

/// Returns which bars begin and end a day.
pub(crate) fn days(values: &Values, bars: &[ReplayBar], site: &AgentSite<'_>) -> Result<Days, ParamError> {
    let Some(session) = values.given::<Values>("session")? else { return Ok(Days::by_date(bars)) };
    let invalid = |message: String| ParamError::invalid("session", message);
    let time =
        |key: &'static str| read_time(&session, "session", key)?.ok_or(ParamError::Missing { param: key });
    let (open, close) = (time("open")?, time("close")?);
    if open >= DAY {
        return Err(invalid("`open` of `session` must be before midnight".to_owned()));
    }
    let hours = SessionHours { open, close };
    let zone: Option<String> = session.given("zone")?;
    let local: LocalClock<'_> = match zone {
        None => Box::new(|time| time),
        Some(zone) => {
            let unknown =
                || Err(format!("the clock of `{zone}` cannot be compared with that of the scenario"));
            site.clock.map_or_else(unknown, |clock| clock.local(&zone)).map_err(invalid)?
        }
    };
    let days = Days::by(bars, |start| hours.day(local(start)));
    if days.outside() == bars.len() {
        let message = "no bar of `data` begins within `session`".to_owned();
        return Err(
            invalid(message).with_help("compare its times, `bar_open`, and the zones of file and scenario")
        );
    }
    Ok(days)
}

pub(crate) const DAY: SimDuration = SimDuration::from_secs(24 * 3_600);

/// Reads the time of day that `key` of a table is, if it is given; `of` names the table in errors.
pub(crate) fn read_time(
    table: &Values,
    of: &'static str,
    key: &'static str,
) -> Result<Option<SimDuration>, ParamError> {
    let Some(text) = table.given::<String>(key)? else { return Ok(None) };
    time_of_day(&text).map(Some).ok_or_else(|| {
        let message = format!("`{key}` of `{of}` is `{text}`, but must be a time of day such as `09:30`");
        ParamError::invalid(of, message)
    })
}

/// Reads a time of day such as `09:30` or `09:30:00`, up to `24:00`; `None` of anything else.
#[must_use]
pub fn time_of_day(text: &str) -> Option<SimDuration> {
    let parts: Option<Vec<i64>> = text
        .split(':')
        .map(|part| {
            part.parse().ok().filter(|_| part.len() <= 2 && part.bytes().all(|it| it.is_ascii_digit()))
        })
        .collect();
    let seconds = match parts?[..] {
        [hours, minutes] if minutes < 60 => hours * 3_600 + minutes * 60,
        [hours, minutes, seconds] if minutes < 60 && seconds < 60 => hours * 3_600 + minutes * 60 + seconds,
        _ => return None,
    };
    Some(SimDuration::from_secs(seconds)).filter(|time| *time <= DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_have_hours_and_minutes() {
        for (text, seconds) in [("09:30", 34_200), ("9:30", 34_200), ("16:00:05", 57_605), ("24:00", 86_400)]
        {
            assert_eq!(time_of_day(text), Some(SimDuration::from_secs(seconds)), "{text}");
        }
        for text in ["", "9", "9h30m", "24:01", "10:60", "+9:30", "09:30:00:00", "009:30", "::"] {
            assert_eq!(time_of_day(text), None, "{text}");
        }
    }
}
