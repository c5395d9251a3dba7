//! [`DayShape`]: whether more is traded at the edges of a day than in its middle.

use super::bootstrap::{BLOCKS_MIN, of_blocks};
use crate::analysis::metrics::series::{finite, mean, real};
use crate::analysis::sampling::periods::DAY_NANOS;

/// A day is cut into minutes, and its session into so many parts.
const PARTS: usize = 13;
/// The parts in its middle.
const MIDDLE: std::ops::Range<usize> = 4..9;
const MINUTE_NANOS: i64 = 60_000_000_000;
const MINUTES: usize = 1_440;
/// A shorter session has no middle to speak of: two hours.
const SESSION_MIN: usize = 120;

/// What was traded in the minutes of one day's edges, and of its middle.
#[derive(Debug, Clone, Default, PartialEq)]
struct Day {
    edges: Vec<f64>,
    middle: Vec<f64>,
}

/// How much is traded in the first and last thirteenth of a session, as a multiple of what is traded in its
/// middle five; the mean over days.
///
/// A session lasts from the first to the last minute of a day (UTC) with trades. The edges of a session of
/// 6.5 hours are its first and last half hour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DayShape {
    day: Option<i64>,
    minutes: Vec<f64>,
    /// The ratio of each day.
    ratios: Vec<f64>,
    /// The minutes of the last day, for runs of few days.
    last: Day,
    /// What was traded in each part, as a multiple of the day's mean, summed over days.
    parts: [f64; PARTS],
}

impl Default for DayShape {
    fn default() -> Self {
        Self { day: None, minutes: Vec::new(), ratios: Vec::new(), last: Day::default(), parts: [0.0; PARTS] }
    }
}

impl DayShape {
    /// Takes a trade of the continuous session; times come in order.
    pub(super) fn trade(&mut self, at: i64, notional: f64) {
        let day = at.div_euclid(DAY_NANOS);
        if self.day.replace(day) != Some(day) {
            self.close();
            self.minutes.resize(MINUTES, 0.0);
        }
        let minute = usize::try_from(at.rem_euclid(DAY_NANOS) / MINUTE_NANOS).unwrap_or(0);
        if let Some(sum) = self.minutes.get_mut(minute) {
            *sum += notional;
        }
    }

    fn close(&mut self) {
        let minutes = std::mem::take(&mut self.minutes);
        let traded = |minute: &f64| *minute != 0.0;
        let Some((first, last)) = minutes.iter().position(traded).zip(minutes.iter().rposition(traded))
        else {
            return;
        };
        let session = &minutes[first..=last];
        if session.len() < SESSION_MIN {
            return;
        }
        let edge = |part: usize| session.len() * part / PARTS;
        let part = |part: usize| &session[edge(part)..edge(part + 1)];
        let day = Day {
            edges: [part(0), part(PARTS - 1)].concat(),
            middle: session[edge(MIDDLE.start)..edge(MIDDLE.end)].to_vec(),
        };
        if let Some(ratio) = day.ratio() {
            let whole = mean(session).unwrap_or(1.0);
            for (place, sum) in self.parts.iter_mut().enumerate() {
                *sum += mean(part(place)).unwrap_or(0.0) / whole;
            }
            self.ratios.push(ratio);
            self.last = day;
        }
    }

    /// Ends the last day.
    pub(super) fn finish(mut self) -> Self {
        self.close();
        self
    }

    /// Returns how many days there are.
    pub(super) const fn days(&self) -> usize {
        self.ratios.len()
    }

    /// Returns the mean over days of what is traded at the edges over what is traded in the middle.
    pub(super) fn ratio(&self) -> Option<f64> {
        mean(&self.ratios)
    }

    /// Returns the interval of the ratio: days are drawn, or if there are fewer than eight, minutes of the
    /// last.
    pub(super) fn interval(&self, name: &str) -> Option<[f64; 2]> {
        let drawn = |values: &[f64], places: &[usize]| -> Vec<f64> {
            places.iter().map(|place| values[place % values.len()]).collect()
        };
        if self.days() >= BLOCKS_MIN {
            return of_blocks(name, self.days(), |days| mean(&drawn(&self.ratios, days)));
        }
        let Day { edges, middle } = &self.last;
        // Edges and middle are drawn apart from one another; of a whole multiple of places each is as likely.
        of_blocks(name, edges.len() * middle.len(), |places| {
            let (at_edges, rest) = places.split_at_checked(edges.len())?;
            let in_middle = rest.get(..middle.len())?;
            Day { edges: drawn(edges, at_edges), middle: drawn(middle, in_middle) }.ratio()
        })
    }

    /// Returns what is traded in each thirteenth of a session, as a multiple of the mean; none without days.
    pub(super) fn profile(&self) -> Vec<f64> {
        let days = self.ratios.len();
        if days == 0 {
            return Vec::new();
        }
        self.parts.iter().map(|sum| sum / real(days)).collect()
    }
}

impl Day {
    fn ratio(&self) -> Option<f64> {
        finite(mean(&self.edges)? / mean(&self.middle)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days whose minutes trade as `traded` says, of a session from 09:30 to 16:00.
    fn shape(days: i64, traded: impl Fn(i64) -> f64) -> DayShape {
        let mut shape = DayShape::default();
        for day in 0..days {
            for minute in 570..960 {
                shape.trade(day * DAY_NANOS + minute * MINUTE_NANOS, traded(minute));
            }
        }
        shape.finish()
    }

    #[test]
    fn a_busy_half_hour_at_both_ends_is_seen() {
        let busy = shape(10, |minute| if (600..930).contains(&minute) { 1.0 } else { 3.0 });
        assert_eq!((busy.days(), busy.ratio()), (10, Some(3.0)));
        assert_eq!(busy.interval("shape"), Some([3.0, 3.0]));
        let profile = busy.profile();
        assert!(profile[0] > 2.0 && profile[12] > 2.0 && profile[6] < 1.0, "{profile:?}");
        assert!((mean(&profile).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_even_day_has_a_ratio_of_one_and_one_day_has_an_interval_of_its_minutes() {
        let even = shape(1, |minute| if minute % 2 == 0 { 0.5 } else { 1.5 });
        let [low, high] = even.interval("shape").unwrap();
        assert!((even.ratio().unwrap() - 1.0).abs() < 0.02);
        assert!(low < 1.0 && high > 1.0 && high - low < 0.6, "{low} to {high}");
    }

    #[test]
    fn a_short_session_has_no_shape() {
        let mut shape = DayShape::default();
        for minute in 0..100 {
            shape.trade(minute * MINUTE_NANOS, 1.0);
        }
        let shape = shape.finish();
        assert_eq!((shape.days(), shape.ratio(), shape.interval("shape")), (0, None, None));
        assert!(shape.profile().is_empty());
    }
}
