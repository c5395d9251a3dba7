//! [`Day`]: who and what is in the market of one day.

use std::sync::Arc;

use bearpit_core::exchange::Market;
use bearpit_core::market::{Instrument, Listing};
use bearpit_core::participant::Participant;
use bearpit_core::units::{ActorId, SimTime};

/// The listings and participants of a day, or of a part of one: of one segment of the journal, whose tape
/// begins with number 0.
#[derive(Debug, Clone)]
pub struct Day {
    /// When it begins.
    pub open: SimTime,
    /// Its instruments, by number.
    pub instruments: Vec<Instrument>,
    /// Its listings, by number.
    pub listings: Vec<Arc<ListingInfo>>,
    /// The participants that are there from the start. Whoever joins later has a channel of its own.
    pub participants: Vec<DayParticipant>,
}

/// An instrument at a venue. What is published of a listing goes on the next day if its name, tick size and
/// lot size are still the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingInfo {
    /// The venue's name.
    pub venue: String,
    /// The instrument, with the scale of prices and quantities.
    pub instrument: Instrument,
    /// Whether it replays a file instead of matching orders.
    pub is_replayed: bool,
}

/// A participant that is there when the day begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayParticipant {
    /// Its number in the day's market.
    pub id: ActorId,
    /// Its name, by which its channel goes on from one day to the next.
    pub name: Arc<str>,
    /// Whether it has a channel of its own: people do, the crowd does not.
    pub has_channel: bool,
}

impl Day {
    /// Describes the day of a market that has been opened at `open`; `has_channel` says which of the
    /// participants that are there have a channel of their own: usually those with a seat.
    #[must_use]
    pub fn of(market: &Market, open: SimTime, has_channel: impl Fn(&Participant) -> bool) -> Self {
        let state = market.world().domain();
        let info = |listing: &Listing| {
            let venue = state.venue(listing.venue)?.name.clone();
            let instrument = state.instrument(listing.instrument)?.clone();
            Some(Arc::new(ListingInfo { venue, instrument, is_replayed: listing.is_replayed() }))
        };
        let participant = |participant: &Participant| DayParticipant {
            id: participant.id,
            name: Arc::from(participant.name.as_str()),
            has_channel: has_channel(participant),
        };
        Self {
            open,
            instruments: state.instruments().cloned().collect(),
            listings: state.listings().filter_map(info).collect(),
            participants: market.participants().iter().map(participant).collect(),
        }
    }
}
