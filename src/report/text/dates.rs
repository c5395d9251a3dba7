//! Times for people: days where a run is made of days.

use super::time_text;
use bearpit_core::units::{SimDuration, SimTime};

const DAY: SimDuration = SimDuration::from_secs(86_400);

/// Formats the time of something that happened: of a run in days only its day, else to the second.
pub(crate) fn moment_text(at: i64, period: SimDuration) -> String {
    let chars = if period >= DAY { 10 } else { 19 };
    let text: String = SimTime::from_nanos(at).to_string().chars().take(chars).collect();
    time_text(&text)
}

/// Formats the end of a period: a day's is the day itself, not the midnight after it.
pub(crate) fn end_text(at: i64, period: SimDuration) -> String {
    if period >= DAY { moment_text(at.saturating_sub(1), period) } else { moment_text(at, period) }
}

/// Formats an instant to the second, and midnight as the day that it begins.
pub(crate) fn instant_text(at: SimTime) -> String {
    let is_midnight = at.nanos().rem_euclid(DAY.nanos()) == 0;
    moment_text(at.nanos(), if is_midnight { DAY } else { SimDuration::ZERO })
}

/// Formats an instant at which something ends: of a run in days, midnight is the day before it.
pub(crate) fn end_instant_text(at: SimTime, period: SimDuration) -> String {
    let is_midnight = at.nanos().rem_euclid(DAY.nanos()) == 0;
    if is_midnight && period >= DAY { end_text(at.nanos(), period) } else { instant_text(at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_called_by_its_date_and_ends_on_it() {
        let at = |text: &str| text.parse::<SimTime>().unwrap();
        let midnight = at("2014-07-25").nanos();
        assert_eq!(end_text(midnight, DAY), "2014-07-24");
        assert_eq!(end_text(midnight, SimDuration::from_secs(60)), "2014-07-25 00:00:00");
        assert_eq!(moment_text(at("2014-07-24T09:30:01.5").nanos(), DAY), "2014-07-24");
        assert_eq!(
            moment_text(at("2014-07-24T09:30:01.5").nanos(), SimDuration::from_secs(1)),
            "2014-07-24 09:30:01"
        );
        assert_eq!(instant_text(at("2014-07-24")), "2014-07-24");
        assert_eq!(instant_text(at("2014-07-24T16:00:00")), "2014-07-24 16:00:00");
        assert_eq!(end_instant_text(at("2014-07-25"), DAY), "2014-07-24");
        assert_eq!(end_instant_text(at("2014-07-25"), SimDuration::from_secs(60)), "2014-07-25");
        assert_eq!(end_instant_text(at("2014-07-24T16:00:00"), DAY), "2014-07-24 16:00:00");
    }
}
