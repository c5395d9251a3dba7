//! [`Channel`]: a line whose messages never overtake one another.

use super::LatencyModel;
use crate::kernel::random::Stream;
use crate::units::{SimDuration, SimTime};

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
        let [first, second] = &self.legs;
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

    /// Returns what both legs usually take together: the sum of [`LatencyModel::typical`].
    #[must_use]
    pub fn typical(&self) -> SimDuration {
        match &self.0 {
            Line::Constant(latency) => *latency,
            Line::Drawn(line) => line.legs[0].typical() + line.legs[1].typical(),
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
