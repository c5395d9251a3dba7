//! [`DayShape`]: whether more is traded at the edges of a day than in its middle.

use super::bootstrap::{BLOCKS_MIN, of_blocks, of_lists};
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
/// On days with fewer trades chance alone makes edges that differ from the middle.
const TRADES_MIN: usize = 500;

/// What was traded in the minutes of one day's edges, and of its middle.
#[derive(Debug, Clone, Default, PartialEq)]
struct Day {
    edges: Vec<f64>,
    middle: Vec<f64>,
}

/// How much is traded in the first and last thirteenth of a session, as a multiple of what is traded in its
/// middle five; the mean over days.
///
/// A session lasts from the first to the last minute of a day (UTC) with trades; these two minutes do not
/// count to the edges, since they have trades by definition. The edges of a session of 6.5 hours are its
/// first and last half hour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DayShape {
    day: Option<i64>,
    trades: usize,
    minutes: Vec<f64>,
    /// The ratio of each day.
    ratios: Vec<f64>,
    /// The minutes of the first days, for runs of no more.
    first: Vec<Day>,
    /// What was traded in each part, as a multiple of the day's mean, summed over days.
    parts: [f64; PARTS],
}

impl Default for DayShape {
    fn default() -> Self {
        Self {
            day: None,
            trades: 0,
            minutes: Vec::new(),
            ratios: Vec::new(),
            first: Vec::new(),
            parts: [0.0; PARTS],
        }
    }
}

impl DayShape {
    /// Takes what a trade of the continuous session was worth, at or above zero; times come in order.
    pub(super) fn trade(&mut self, at: i64, notional: f64) {
        let day = at.div_euclid(DAY_NANOS);
        if self.day.replace(day) != Some(day) {
            self.close();
            self.minutes.resize(MINUTES, 0.0);
        }
        self.trades += 1;
        let minute = usize::try_from(at.rem_euclid(DAY_NANOS) / MINUTE_NANOS).unwrap_or(0);
        if let Some(sum) = self.minutes.get_mut(minute) {
            *sum += notional;
        }
    }

    fn close(&mut self) {
        let minutes = std::mem::take(&mut self.minutes);
        let trades = std::mem::take(&mut self.trades);
        let traded = |minute: &f64| *minute != 0.0;
        let Some((first, last)) = minutes.iter().position(traded).zip(minutes.iter().rposition(traded))
        else {
            return;
        };
        let session = &minutes[first..=last];
        if session.len() < SESSION_MIN || trades < TRADES_MIN {
            return;
        }
        let edge = |part: usize| session.len() * part / PARTS;
        let part = |part: usize| &session[edge(part)..edge(part + 1)];
        let day = Day {
            edges: [&session[1..edge(1)], &session[edge(PARTS - 1)..session.len() - 1]].concat(),
            middle: session[edge(MIDDLE.start)..edge(MIDDLE.end)].to_vec(),
        };
        if let Some(ratio) = day.ratio() {
            let whole = mean(session).unwrap_or(1.0);
            for (place, sum) in self.parts.iter_mut().enumerate() {
                *sum += mean(part(place)).unwrap_or(0.0) / whole;
            }
            self.ratios.push(ratio);
            if self.first.len() < BLOCKS_MIN {
                self.first.push(day);
            }
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

    /// Returns the interval of the ratio: days are drawn, or if there are fewer than eight, the minutes of
    /// each.
    pub(super) fn interval(&self, name: &str) -> Option<[f64; 2]> {
        if self.days() >= BLOCKS_MIN {
            return of_blocks(name, self.days(), |days| mean(&drawn(&self.ratios, days)));
        }
        let lengths: Vec<usize> =
            self.first.iter().flat_map(|day| [day.edges.len(), day.middle.len()]).collect();
        of_lists(name, &lengths, |places| {
            let days = self.first.iter().zip(places.chunks_exact(2));
            let ratios = days.map(|(day, places)| {
                let [edges, middle] = [(&day.edges, &places[0]), (&day.middle, &places[1])]
                    .map(|(minutes, places)| drawn(minutes, places));
                Day { edges, middle }.ratio()
            });
            mean(&ratios.collect::<Option<Vec<f64>>>()?)
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

fn drawn(values: &[f64], places: &[usize]) -> Vec<f64> {
    places.iter().map(|place| values[*place]).collect()
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
            for trade in 570 * 2..960 * 2 {
                let minute = trade / 2;
                shape.trade(day * DAY_NANOS + trade * MINUTE_NANOS / 2, traded(minute) / 2.0);
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
    fn the_interval_of_a_few_days_is_about_all_of_them() {
        // The middle trades 2 a minute, alternating 1 and 3; the edges as much, and on the second day thrice.
        let mut shape = DayShape::default();
        for (day, edges) in [(0, 1.0), (1, 3.0)] {
            for trade in 570 * 2..960 * 2 {
                let minute = trade / 2;
                let edge = if (600..930).contains(&minute) { 1.0 } else { edges };
                let traded = edge * if minute % 2 == 0 { 0.5 } else { 1.5 };
                shape.trade(day * DAY_NANOS + trade * MINUTE_NANOS / 2, traded);
            }
        }
        let shape = shape.finish();
        let [low, high] = shape.interval("shape").unwrap();
        let ratio = shape.ratio().unwrap();
        assert!((ratio - 2.0).abs() < 0.05 && low < ratio && ratio < high && low > 1.5 && high < 2.5);
    }

    #[test]
    fn thin_days_have_no_shape_since_chance_would_make_one() {
        let mut shape = DayShape::default();
        for trade in 0..60 {
            shape.trade((570 + trade * 13 / 2) * MINUTE_NANOS, 1.0);
        }
        assert_eq!(shape.finish().ratio(), None);
    }

    #[test]
    fn a_short_session_has_no_shape() {
        let mut shape = DayShape::default();
        for trade in 0..1_000 {
            shape.trade(trade * MINUTE_NANOS / 10, 1.0);
        }
        let shape = shape.finish();
        assert_eq!((shape.days(), shape.ratio(), shape.interval("shape")), (0, None, None));
        assert!(shape.profile().is_empty());
    }
}
