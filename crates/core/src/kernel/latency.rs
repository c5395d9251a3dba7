//! Latency models, and channels whose messages never overtake one another.

use rand::RngExt;
use rand_distr::Distribution;
use thiserror::Error;

use super::draws::StandardNormal;
use super::random::Stream;
use crate::units::{SimDuration, SimTime};

/// How long a message takes on one leg of its way.
///
/// ```
/// use bearpit_core::kernel::{LatencyModel, stream};
/// use bearpit_core::units::{Seed, SimDuration};
///
/// let model = LatencyModel::LogNormal { median: SimDuration::from_micros(80), sigma: 0.5 };
/// let mut rng = stream(Seed::new(1), "example");
/// let mut draws: Vec<SimDuration> = (0..1_001).map(|_| model.sample(&mut rng)).collect();
/// draws.sort();
/// assert!((70..90).contains(&(draws[500].nanos() / 1_000)), "{}", draws[500]);
/// assert!(draws[1_000] <= model.upper_bound());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LatencyModel {
    /// Always the same.
    Constant(SimDuration),
    /// Uniform between the two, both included; `min <= max`.
    Uniform {
        /// The shortest.
        min: SimDuration,
        /// The longest.
        max: SimDuration,
    },
    /// Lognormal: `median * exp(sigma * z)`, with `z` standard normal and cut off at
    /// [`LatencyModel::CUTOFF`], so that every model has an upper bound.
    LogNormal {
        /// The median.
        median: SimDuration,
        /// The standard deviation of the logarithm, at or above 0.
        sigma: f64,
    },
}

/// Says why no message can have a latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LatencyError {
    /// A span is negative or too long.
    #[error("a latency, or a bound or median of it, is from 0 to {most}, not {0}", most = LatencyModel::MAX)]
    SpanOutOfRange(SimDuration),
    /// The shortest is longer than the longest.
    #[error("the shortest latency {min} is longer than the longest, {max}")]
    MinAboveMax {
        /// The shortest.
        min: SimDuration,
        /// The longest.
        max: SimDuration,
    },
    /// The standard deviation is negative, too large, or no number.
    #[error("sigma of a lognormal latency is from 0 to {most}", most = LatencyModel::SIGMA_MAX)]
    SigmaOutOfRange,
}

impl LatencyModel {
    /// No latency at all.
    pub const NONE: Self = Self::Constant(SimDuration::ZERO);
    /// The longest span that a model may have: an hour.
    pub const MAX: SimDuration = SimDuration::from_secs(3_600);
    /// The largest sigma that a model may have.
    pub const SIGMA_MAX: f64 = 2.0;
    /// Where the normal draw of a lognormal latency is cut off: one draw in 500 million is.
    pub const CUTOFF: f64 = 6.0;

    /// Checks that latencies can be drawn.
    ///
    /// # Errors
    /// The first [`LatencyError`].
    pub fn check(&self) -> Result<(), LatencyError> {
        let span = |span: SimDuration| {
            let fits = (SimDuration::ZERO..=Self::MAX).contains(&span);
            if fits { Ok(()) } else { Err(LatencyError::SpanOutOfRange(span)) }
        };
        match *self {
            Self::Constant(latency) => span(latency),
            Self::Uniform { min, max } => {
                span(min)?;
                span(max)?;
                if min <= max { Ok(()) } else { Err(LatencyError::MinAboveMax { min, max }) }
            }
            Self::LogNormal { median, sigma } => {
                span(median)?;
                let fits = (0.0..=Self::SIGMA_MAX).contains(&sigma);
                if fits { Ok(()) } else { Err(LatencyError::SigmaOutOfRange) }
            }
        }
    }

    /// Draws one latency of a model that has been [checked](Self::check); a constant model draws nothing
    /// from `rng`.
    pub fn sample(&self, rng: &mut Stream) -> SimDuration {
        match *self {
            Self::Constant(latency) => latency,
            Self::Uniform { min, max } => {
                SimDuration::from_nanos(rng.random_range(min.nanos()..=max.nanos()))
            }
            Self::LogNormal { median, sigma } => {
                let z = StandardNormal.sample(rng).clamp(-Self::CUTOFF, Self::CUTOFF);
                SimDuration::from_secs_f64(median.secs_f64() * libm::exp(sigma * z))
            }
        }
    }

    /// Returns a latency that no draw exceeds.
    #[must_use]
    pub fn upper_bound(&self) -> SimDuration {
        match *self {
            Self::Constant(latency) => latency,
            Self::Uniform { max, .. } => max,
            Self::LogNormal { median, sigma } => {
                SimDuration::from_secs_f64(median.secs_f64() * libm::exp(sigma * Self::CUTOFF))
            }
        }
    }
}

impl LatencyModel {
    /// Returns the same latency, lengthened where it would be shorter than `least`; `None` for a lognormal
    /// one with draws below that, which would no longer be lognormal.
    ///
    /// ```
    /// use bearpit_core::kernel::LatencyModel;
    /// use bearpit_core::units::SimDuration;
    ///
    /// let least = SimDuration::from_micros(10);
    /// assert_eq!(LatencyModel::NONE.at_least(least), Some(LatencyModel::Constant(least)));
    /// let wide = LatencyModel::LogNormal { median: SimDuration::from_micros(20), sigma: 0.5 };
    /// assert_eq!(wide.at_least(least), None);
    /// assert_eq!(wide.at_least(SimDuration::from_nanos(990)), Some(wide));
    /// ```
    #[must_use]
    pub fn at_least(self, least: SimDuration) -> Option<Self> {
        match self {
            Self::Constant(latency) => Some(Self::Constant(latency.max(least))),
            Self::Uniform { min, max } => Some(Self::Uniform { min: min.max(least), max: max.max(least) }),
            Self::LogNormal { median, sigma } => {
                let shortest =
                    SimDuration::from_secs_f64(median.secs_f64() * libm::exp(-sigma * Self::CUTOFF));
                (shortest >= least).then_some(self)
            }
        }
    }
}

/// A one-way line of two legs (the actor's and the venue's), with a random stream of its own if it draws.
///
/// A message sent later never arrives earlier: where a draw would let it overtake, it arrives at
/// the same instant as the one before it, and the sequence number keeps the order.
#[derive(Debug, Clone)]
pub struct Channel(Line);

/// What a channel keeps: three of them are touched for each order, so most take two words.
#[derive(Debug, Clone)]
enum Line {
    /// Both legs are constant: nothing is drawn, and nothing overtakes.
    Constant(SimDuration),
    Drawn(Box<DrawnLine>),
}

#[derive(Debug, Clone)]
struct DrawnLine {
    legs: [LatencyModel; 2],
    rng: Stream,
    last_arrival: Option<SimTime>,
}

impl DrawnLine {
    fn delay(&mut self) -> SimDuration {
        let [first, second] = self.legs;
        first.sample(&mut self.rng) + second.sample(&mut self.rng)
    }

    fn arrival(&mut self, now: SimTime) -> SimTime {
        let drawn = now + self.delay();
        let arrival = self.last_arrival.map_or(drawn, |last| drawn.max(last));
        self.last_arrival = Some(arrival);
        arrival
    }
}

impl Channel {
    /// Lays a channel of two legs; `stream` makes the stream that serves this channel alone, if it draws.
    #[must_use]
    pub fn new(legs: [LatencyModel; 2], stream: impl FnOnce() -> Stream) -> Self {
        Self(match legs {
            [LatencyModel::Constant(first), LatencyModel::Constant(second)] => Line::Constant(first + second),
            legs => Line::Drawn(Box::new(DrawnLine { legs, rng: stream(), last_arrival: None })),
        })
    }

    /// Returns when a message sent at `now` arrives; `now` is not before that of an earlier call.
    #[inline]
    pub fn arrival(&mut self, now: SimTime) -> SimTime {
        match &mut self.0 {
            Line::Constant(latency) => now + *latency,
            Line::Drawn(line) => line.arrival(now),
        }
    }

    /// Draws the latency of both legs, for an actor that reads the market rather than being sent a message.
    #[inline]
    pub fn delay(&mut self) -> SimDuration {
        match &mut self.0 {
            Line::Constant(latency) => *latency,
            Line::Drawn(line) => line.delay(),
        }
    }

    /// Returns a latency that no message exceeds.
    #[must_use]
    pub fn upper_bound(&self) -> SimDuration {
        match &self.0 {
            Line::Constant(latency) => *latency,
            Line::Drawn(line) => line.legs[0].upper_bound() + line.legs[1].upper_bound(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::stream;
    use crate::units::Seed;

    fn model() -> impl Strategy<Value = LatencyModel> {
        let span = |nanos| SimDuration::from_nanos(nanos);
        prop_oneof![
            (0..1_000_000_i64).prop_map(move |n| LatencyModel::Constant(span(n))),
            (0..1_000_i64, 0..1_000_000_i64)
                .prop_map(move |(min, more)| LatencyModel::Uniform { min: span(min), max: span(min + more) }),
            (1..1_000_000_i64, 0.0..2.0_f64)
                .prop_map(move |(median, sigma)| LatencyModel::LogNormal { median: span(median), sigma }),
        ]
    }

    proptest! {
        #[test]
        fn prop_messages_of_one_channel_never_overtake(
            legs in [model(), model()],
            seed in any::<u64>(),
            gaps in prop::collection::vec(0..10_000_i64, 1..200),
        ) {
            let mut channel = Channel::new(legs, || stream(Seed::new(seed), "channel"));
            let mut now = SimTime::from_nanos(0);
            let mut last = now;
            for gap in gaps {
                now += SimDuration::from_nanos(gap);
                let arrival = channel.arrival(now);
                prop_assert!(arrival >= last && arrival >= now);
                prop_assert!(arrival <= last.max(now + channel.upper_bound()));
                last = arrival;
            }
        }
    }

    #[test]
    fn lognormal_latency_has_its_median() {
        let model = LatencyModel::LogNormal { median: SimDuration::from_micros(50), sigma: 0.5 };
        let mut rng = stream(Seed::new(1), "median");
        let mut draws: Vec<i64> = (0..20_001).map(|_| model.sample(&mut rng).nanos()).collect();
        draws.sort_unstable();
        assert!((49_000..51_000).contains(&draws[10_000]), "{}", draws[10_000]);
    }
}
