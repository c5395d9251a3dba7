//! [`Activity`]: how much more often agents act at some times of the day than at others.

use std::sync::Arc;

use crate::kind::AgentSite;
use crate::session::{DAY, read_time};
use bearpit_core::params::{Choice, NumberRange, ParamDefault, ParamError, ParamSpec, ParamType, Values};
use bearpit_core::units::{SimDuration, SimTime};

/// The parameter.
pub(crate) const ACTIVITY: ParamSpec = ParamSpec::new(
    "activity",
    ParamType::Table(&KEYS),
    ParamDefault::Derived("the same all day"),
    "how often it acts over the day, such as `{ shape = \"u\", at_open = 3, at_close = 2 }`; `interval` is then the mean of the \
     session, and before and after it",
);

const KEYS: [ParamSpec; 6] = [
    ParamSpec::required(
        "shape",
        ParamType::Choice(&[
            Choice {
                name: "u",
                doc: "busy at both ends: parabolas that fall to the middle (Jain and Joh 1988 have the pattern)",
            },
            Choice { name: "steps", doc: "`rates`, each for a part of the session of the same length" },
        ]),
        "the shape",
    ),
    ParamSpec::new(
        "at_open",
        ParamType::Number(NumberRange::between(0.0, 100.0)),
        ParamDefault::Derived("3 for `\"u\"`"),
        "how often it acts at the open, as a multiple of the middle; of `\"u\"` only",
    ),
    ParamSpec::new(
        "at_close",
        ParamType::Number(NumberRange::between(0.0, 100.0)),
        ParamDefault::Derived("2 for `\"u\"`"),
        "how often it acts at the close, as a multiple of the middle; of `\"u\"` only",
    ),
    ParamSpec::new(
        "rates",
        ParamType::List(&ParamType::Number(NumberRange::between(0.0, 1e6))),
        ParamDefault::Derived("required for `\"steps\"`"),
        "how often it acts in each part; only their ratios matter; of `\"steps\"` only",
    ),
    ParamSpec::new(
        "open",
        ParamType::Text,
        ParamDefault::Derived("the scenario's start, if that is on the day of its end"),
        "when the session begins on the scenario's clock, such as `\"09:30\"`",
    ),
    ParamSpec::new(
        "close",
        ParamType::Text,
        ParamDefault::Derived("the scenario's end, if that is on the day of its start"),
        "when it ends, such as `\"16:00\"`",
    ),
];

/// Into how many parts a session of the shape `u` is cut: five minutes of 6.5 hours.
const U_PARTS: u32 = 78;

/// How often agents act over the day: a rate for each of equal parts of a session, whose mean is 1, and 1
/// before and after it.
///
/// Waits are drawn by a change of time: an exponential wait of time in which everything happens at the mean
/// rate is stretched where the rate is below 1, and shortened where it is above. Actions are then a Poisson
/// process of exactly that rate (Cinlar 1975), with one draw for each wait, as without an activity.
///
/// ```
/// use bearpit_agents::Activity;
/// use bearpit_core::units::{SimDuration, SimTime};
///
/// // A session from 0:00 to 0:20, whose second half is three times as busy as its first.
/// let close = SimDuration::from_secs(1_200);
/// let activity = Activity::new(SimDuration::ZERO, close, &[1.0, 3.0]).ok_or("no rates")?;
/// // Ten minutes of the first half are as good as five of the mean.
/// assert_eq!(activity.stretched(SimTime::from_nanos(0), 300.0), 600.0);
/// assert_eq!(activity.stretched(SimTime::from_nanos(0), 300.0 + 150.0), 700.0);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    open: f64,
    close: f64,
    rates: Arc<[f64]>,
}

impl Activity {
    /// Makes one from the times of day at which a session begins and ends, and the rates of its parts.
    ///
    /// Only the ratios of rates matter. `None` if the session has no length, or the rates no mean above zero.
    #[must_use]
    pub fn new(open: SimDuration, close: SimDuration, rates: &[f64]) -> Option<Self> {
        let parts = f64::from(u32::try_from(rates.len()).ok()?);
        let mean = rates.iter().sum::<f64>() / parts;
        let fits = open < close && close <= DAY && mean.is_finite() && mean > 0.0;
        let rates = rates.iter().map(|rate| rate / mean).collect();
        fits.then(|| Self { open: open.secs_f64(), close: close.secs_f64(), rates })
    }

    /// Returns the rates of the shape `u`: parabolas from the middle, where the rate is 1, to both ends.
    #[must_use]
    pub fn u_shape(at_open: f64, at_close: f64) -> Vec<f64> {
        let rate = |part: u32| {
            let from_middle = (2.0 * f64::from(part) + 1.0) / f64::from(U_PARTS) - 1.0;
            let end = if from_middle < 0.0 { at_open } else { at_close };
            1.0 + (end - 1.0) * from_middle * from_middle
        };
        (0..U_PARTS).map(rate).collect()
    }

    /// Reads `activity`, if it is given.
    pub(crate) fn read(values: &Values, site: &AgentSite<'_>) -> Result<Option<Self>, ParamError> {
        let Some(table) = values.given::<Values>("activity")? else { return Ok(None) };
        let invalid = |message: String| ParamError::invalid("activity", message);
        let is_u = table.get::<String>("shape")? == "u";
        let [at_open, at_close]: [Option<f64>; 2] = [table.given("at_open")?, table.given("at_close")?];
        let given: Option<Vec<f64>> = table.given("rates")?;
        let foreign = [("at_open", at_open.is_some() && !is_u), ("at_close", at_close.is_some() && !is_u)];
        let foreign = foreign.into_iter().chain([("rates", given.is_some() && is_u)]).find(|(_, is)| *is);
        if let Some((key, _)) = foreign {
            let shape = if is_u { "u" } else { "steps" };
            return Err(invalid(format!("`{key}` of `activity` is not a key of the shape `{shape}`")));
        }
        let rates = if is_u {
            Self::u_shape(at_open.unwrap_or(3.0), at_close.unwrap_or(2.0))
        } else {
            given.ok_or_else(|| invalid("`activity` with the shape `steps` has no `rates`".to_owned()))?
        };
        let day = site.span.and_then(one_day);
        let time = |key: &'static str, default: Option<SimDuration>| {
            read_time(&table, "activity", key)?.or(default).ok_or_else(|| {
                invalid(format!(
                    "`activity` needs `{key}`, since the scenario does not begin and end on one day"
                ))
            })
        };
        let (open, close) = (time("open", day.map(|it| it[0]))?, time("close", day.map(|it| it[1]))?);
        if open >= close {
            return Err(invalid("`open` of `activity` must be before its `close`".to_owned()));
        }
        let activity = Self::new(open, close, &rates);
        let flat = || invalid("`rates` of `activity` must have one above 0 at least".to_owned());
        activity.map(Some).ok_or_else(flat)
    }

    /// Returns how many seconds after `now` a wait of so many seconds at the mean rate is over.
    #[must_use]
    pub fn stretched(&self, now: SimTime, seconds: f64) -> f64 {
        let day = DAY.secs_f64();
        // A whole day is as long stretched as not.
        let days = libm::floor(seconds / day);
        let (mut left, mut passed) = (seconds - days * day, days * day);
        let mut at = time_within_day(now);
        // The rest is over within a day's parts, counted from the present one, and the present one again.
        for _ in 0..=self.rates.len() + 3 {
            let (rate, end) = self.part(at);
            let holds = rate * (end - at);
            if left <= holds {
                return if left > 0.0 { passed + left / rate } else { passed };
            }
            left -= holds;
            passed += end - at;
            at = if end < day { end } else { 0.0 };
        }
        passed
    }

    /// Returns the rate at a time of day, and until when it holds.
    fn part(&self, at: f64) -> (f64, f64) {
        if at < self.open {
            return (1.0, self.open);
        }
        if at >= self.close {
            return (1.0, DAY.secs_f64());
        }
        let count = self.rates.len();
        let length = (self.close - self.open) / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let place = index((at - self.open) / length).min(count - 1);
        let edge = |place: usize| self.open + length * f64::from(u32::try_from(place).unwrap_or(u32::MAX));
        // Rounding may have put an edge into the part that it ends.
        let place = if edge(place + 1) <= at { (place + 1).min(count - 1) } else { place };
        let end = if place + 1 == count { self.close } else { edge(place + 1) };
        (self.rates[place], end)
    }
}

/// Returns the times of day of a span's ends, if it is within one day.
fn one_day(span: crate::kind::SiteSpan) -> Option<[SimDuration; 2]> {
    let day = DAY.nanos();
    let [start, end] = [span.start, span.end].map(SimTime::nanos);
    let midnight = start.div_euclid(day) * day;
    let fits = start < end && end - midnight <= day;
    fits.then(|| [start, end].map(|at| SimDuration::from_nanos(at - midnight)))
}

fn time_within_day(now: SimTime) -> f64 {
    SimDuration::from_nanos(now.nanos().rem_euclid(DAY.nanos())).secs_f64()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at or above zero, and small")]
fn index(number: f64) -> usize {
    number.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::kernel::{Exponential, stream};
    use bearpit_core::units::Seed;
    use rand::RngExt;
    use rand_distr::Distribution;

    fn at(seconds: f64) -> SimTime {
        SimTime::from_nanos(0).saturating_add(SimDuration::from_secs_f64(seconds))
    }

    fn hours(from: i64, to: i64, rates: &[f64]) -> Activity {
        let hour = |hour| SimDuration::from_secs(hour * 3_600);
        Activity::new(hour(from), hour(to), rates).unwrap()
    }

    /// The sum of rates over a time of up to two days, part by part.
    fn integral(activity: &Activity, from: f64, span: f64) -> f64 {
        let (mut now, end, mut sum) = (from, from + span, 0.0);
        while now < end {
            let midnight = libm::floor(now / 86_400.0) * 86_400.0;
            let (rate, until) = activity.part(now - midnight);
            let until = (midnight + until).min(end);
            sum += rate * (until - now);
            // Rounding may have put the end of a part where it already is.
            now = until.max(now.next_up());
        }
        sum
    }

    #[test]
    fn a_stretched_wait_holds_as_much_activity_as_the_wait() {
        let mut rng = stream(Seed::new(2), "stretched");
        for activity in [hours(9, 16, &Activity::u_shape(3.0, 2.0)), hours(0, 24, &[0.0, 5.0, 1.0])] {
            for _ in 0..2_000 {
                let from = rng.random::<f64>() * 86_400.0;
                let wait = 86_400.0 * libm::pow(rng.random::<f64>(), 4.0);
                let found = integral(&activity, from, activity.stretched(at(from), wait));
                assert!((found - wait).abs() < 1e-5, "{wait} from {from}: {found}");
            }
        }
    }

    #[test]
    fn a_wait_of_days_is_as_long_as_without() {
        let activity = hours(9, 16, &[4.0, 1.0]);
        assert!((activity.stretched(at(50_000.0), 5.0 * 86_400.0) - 5.0 * 86_400.0).abs() < 1e-6);
    }

    #[test]
    fn actions_come_as_often_as_each_part_says() {
        let (activity, mut rng) = (hours(0, 1, &[3.0, 1.0, 2.0]), stream(Seed::new(1), "actions"));
        let (mut counts, mut now) = ([0_u32; 3], 0.0);
        for _ in 0..200 {
            loop {
                now += activity.stretched(at(now), Exponential { mean: 10.0 }.sample(&mut rng));
                if now >= 3_600.0 {
                    break;
                }
                counts[index(now / 1_200.0)] += 1;
            }
            now = 0.0;
        }
        for (count, rate) in counts.into_iter().zip([1.5, 0.5, 1.0]) {
            let expected = 200.0 * 120.0 * rate;
            let errors = (f64::from(count) - expected) / libm::sqrt(expected);
            assert!(errors.abs() < 4.0, "{count} for {expected}");
        }
    }

    #[test]
    fn the_u_has_its_ends_and_its_middle() {
        let rates = Activity::u_shape(3.0, 2.0);
        let near = |found: f64, expected: f64| (found - expected).abs() < 0.06;
        assert!(near(rates[0], 3.0) && near(rates[77], 2.0) && near(rates[38], 1.0), "{rates:?}");
        let mean = rates.iter().sum::<f64>() / 78.0;
        // By hand: 1 + (2 + 1) / 6.
        assert!(near(mean, 1.5), "{mean}");
    }

    #[test]
    fn without_a_length_or_a_rate_there_is_none() {
        let hour = SimDuration::from_secs(3_600);
        for (open, close, rates) in
            [(hour, hour, vec![1.0]), (SimDuration::ZERO, hour, vec![0.0]), (SimDuration::ZERO, hour, vec![])]
        {
            assert_eq!(Activity::new(open, close, &rates), None);
        }
    }
}
