//! The wires between actors and venues: three channels each, with latencies of both ends.

use crate::kernel::{Channel, LatencyModel, stream};
use crate::units::{ActorId, Seed, SimDuration, SimTime, VenueId};

/// The latencies of one end, actor or venue; what a message takes is the sum of both ends' legs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latencies {
    /// From actor to venue: orders in.
    pub entry: LatencyModel,
    /// From venue to actor: reports back.
    pub report: LatencyModel,
    /// From venue to actor: market data out.
    pub feed: LatencyModel,
}

impl Latencies {
    /// No latency at all.
    pub const NONE: Self =
        Self { entry: LatencyModel::NONE, report: LatencyModel::NONE, feed: LatencyModel::NONE };
}

impl Default for Latencies {
    fn default() -> Self {
        Self::NONE
    }
}

/// The three channels between one actor and one venue.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) entry: Channel,
    pub(super) report: Channel,
    pub(super) feed: Channel,
    /// Up to when the actor has seen the venue's market; it never sees it older again.
    pub(super) seen: SimTime,
}

/// All wires of a world, found by actor and venue.
#[derive(Debug, Default)]
pub(super) struct Wires {
    wires: Vec<Wire>,
    venues: usize,
}

impl Wires {
    pub(super) const fn new(venues: usize) -> Self {
        Self { wires: Vec::new(), venues }
    }

    /// Lays the wires of the next actor: one to each of `venues`, given by name and latencies.
    pub(super) fn lay<'a>(
        &mut self,
        seed: Seed,
        actor: &str,
        own: &Latencies,
        venues: impl Iterator<Item = (&'a str, &'a Latencies)>,
    ) {
        for (venue, theirs) in venues {
            let line = |kind: &str| stream(seed, &format!("wire/{actor}/{venue}/{kind}"));
            self.wires.push(Wire {
                entry: Channel::new([own.entry, theirs.entry], line("entry")),
                report: Channel::new([theirs.report, own.report], line("report")),
                feed: Channel::new([theirs.feed, own.feed], line("feed")),
                seen: SimTime::from_nanos(i64::MIN),
            });
        }
    }

    pub(super) fn get(&mut self, actor: ActorId, venue: VenueId) -> Option<&mut Wire> {
        self.wires.get_mut(actor.index() * self.venues + venue.index())
    }

    /// Returns a feed latency that none exceeds.
    pub(super) fn feed_bound(&self) -> SimDuration {
        self.wires.iter().map(|wire| wire.feed.upper_bound()).max().unwrap_or(SimDuration::ZERO)
    }
}
