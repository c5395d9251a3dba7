//! The links between actors and venues: three channels each, with latencies of both ends.

use crate::kernel::{Channel, LatencyError, LatencyModel, stream};
use crate::units::{ActorId, Seed, SimDuration, SimTime, VenueId};

/// The latencies of one end, actor or venue; what a message takes is the sum of both ends' legs.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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

    /// The same latency for all three ways.
    ///
    /// ```
    /// use bearpit_core::kernel::LatencyModel;
    /// use bearpit_core::participant::Latencies;
    ///
    /// assert_eq!(Latencies::all(LatencyModel::NONE), Latencies::NONE);
    /// ```
    #[must_use]
    pub fn all(latency: LatencyModel) -> Self {
        Self { entry: latency.clone(), report: latency.clone(), feed: latency }
    }

    /// Checks that all latencies can be drawn.
    ///
    /// # Errors
    /// The first [`LatencyError`].
    pub fn check(&self) -> Result<(), LatencyError> {
        [&self.entry, &self.report, &self.feed].into_iter().try_for_each(LatencyModel::check)
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self::NONE
    }
}

/// The three channels between one actor and one venue: in a line of the processor's cache, since an agent's
/// action touches all of them.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct VenueLink {
    pub(super) entry: Channel,
    pub(super) report: Channel,
    pub(super) feed: Channel,
    /// Up to when the actor has seen the venue's market; it never sees it older again.
    pub(super) seen: SimTime,
}

const _: () = assert!(size_of::<VenueLink>() <= 64, "a link fits in a cache line");

/// All links of a world, found by actor and venue.
#[derive(Debug, Default)]
pub(super) struct Links {
    links: Vec<VenueLink>,
    venues: usize,
}

impl Links {
    pub(super) const fn new(venues: usize) -> Self {
        Self { links: Vec::new(), venues }
    }

    /// Adds the links of the next actor: one to each of `venues`, given by name and latencies. Returns a
    /// feed latency that none of them exceeds.
    pub(super) fn add_actor<'a>(
        &mut self,
        seed: Seed,
        actor: &str,
        own: &Latencies,
        venues: impl Iterator<Item = (&'a str, &'a Latencies)>,
    ) -> SimDuration {
        let mut bound = SimDuration::ZERO;
        for (venue, theirs) in venues {
            // The names of streams are part of what a seed means.
            let rng = |kind: &'static str| move || stream(seed, &format!("wire/{actor}/{venue}/{kind}"));
            let link = VenueLink {
                entry: Channel::new([own.entry.clone(), theirs.entry.clone()], rng("entry")),
                report: Channel::new([theirs.report.clone(), own.report.clone()], rng("report")),
                feed: Channel::new([theirs.feed.clone(), own.feed.clone()], rng("feed")),
                seen: SimTime::from_nanos(i64::MIN),
            };
            bound = bound.max(link.feed.upper_bound());
            self.links.push(link);
        }
        bound
    }

    /// Returns a feed latency that none of an actor's links exceeds.
    pub(super) fn feed_bound(&self, actor: ActorId) -> SimDuration {
        let first = actor.index() * self.venues;
        let links = self.links.iter().skip(first).take(self.venues);
        links.map(|link| link.feed.upper_bound()).max().unwrap_or(SimDuration::ZERO)
    }

    /// Reads some of an actor's first link, to have it fetched from memory.
    pub(super) fn fetch(&self, actor: ActorId) -> Option<SimTime> {
        self.links.get(actor.index() * self.venues).map(|link| link.seen)
    }

    pub(super) fn get(&mut self, actor: ActorId, venue: VenueId) -> Option<&mut VenueLink> {
        self.links.get_mut(actor.index() * self.venues + venue.index())
    }
}
