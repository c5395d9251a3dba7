//! [`Scenario`]: the validated content of a scenario file.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use super::document::Diagnostics;
use super::events::EventConfig;
use super::live_config::LiveConfig;
use crate::data::Zone;
use crate::record::RecordConfig;
use bearpit_agents::{AgentKind, ConfiguredAgent, DrawnParams, InstrumentVenue};
use bearpit_core::account::{Financing, MarginTerms, OnRuin};
use bearpit_core::book::{Matching, PriceBands};
use bearpit_core::exchange::Calendar;
use bearpit_core::market::{BarInterval, FeeSchedule, Instrument};
use bearpit_core::participant::{AuctionRules, Latencies};
use bearpit_core::process::ConfiguredProcess;
use bearpit_core::units::{InstrumentId, ListingId, Money, Quantity, Seed, SimDuration, SimTime, VenueId};

/// A validated scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file.
    pub path: PathBuf,
    /// Its name; results go to a directory of that name.
    pub name: String,
    /// Its seed.
    pub seed: Seed,
    /// First instant.
    pub start: SimTime,
    /// Last instant; after `start`.
    pub end: SimTime,
    /// Interval of bars.
    pub bar_interval: BarInterval,
    /// Interval at which accounts are marked to market.
    pub sample_interval: SimDuration,
    /// What is recorded of it.
    pub record: RecordConfig,
    /// The instruments; at least one.
    pub instruments: Vec<InstrumentConfig>,
    /// The venues; at least one.
    pub venues: Vec<VenueConfig>,
    /// The agents, populations included.
    pub agents: Vec<AgentConfig>,
    /// What happens at set times of a simulation; a live market does not use it.
    pub events: Vec<EventConfig>,
    /// What participants may do in auctions between them, if it has `[auctions]`.
    pub auctions: Option<AuctionRules>,
    /// How it runs as a live market, if it has `[live]`; a simulation does not use it.
    pub live: Option<LiveConfig>,
    /// The zone in which the hours of sessions and holidays are meant; UTC where times are as written. A
    /// day of a live market on the wall clock has UTC for its times and the zone of `[live]` for its
    /// sessions.
    pub session_zone: Zone,
    /// The changes made to it, as they were written.
    pub changes: Vec<String>,
    /// What is odd in it or in a file it names, but not wrong.
    pub warnings: Diagnostics,
    /// BLAKE3 over the bytes of the scenario, of the changes made to it and of every file it names, in
    /// hexadecimal.
    pub inputs_digest: String,
}

/// An instrument, and how its value moves.
#[derive(Debug, Clone)]
pub struct InstrumentConfig {
    /// What is traded.
    pub instrument: Instrument,
    /// How its value moves, if it has one.
    pub process: Option<Arc<dyn ConfiguredProcess>>,
}

/// A venue.
#[derive(Debug, Clone, PartialEq)]
pub struct VenueConfig {
    /// Its name.
    pub name: String,
    /// What it lists; at least one.
    pub instruments: Vec<InstrumentId>,
    /// What it charges.
    pub fees: FeeSchedule,
    /// The latencies of its connections.
    pub latencies: Latencies,
    /// How long it takes over each command, one after another.
    pub processing: SimDuration,
    /// How it trades, and when.
    pub rules: VenueRules,
}

/// The rules of a venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueRules {
    /// How orders at one price share an incoming order.
    pub matching: Matching,
    /// How far prices may go.
    pub bands: PriceBands,
    /// How long a halt lasts before the re-opening auction.
    pub halt: SimDuration,
    /// How long the re-opening auction lasts.
    pub reopening: SimDuration,
    /// Its sessions; without, it trades continuously from start to end.
    pub sessions: Option<Calendar>,
}

/// An agent, or a population of agents of one kind.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// Its name; members of a population are called `name-1` and so on.
    pub name: String,
    /// The number of members; at least one.
    pub count: u32,
    /// Cash of each.
    pub cash: Money,
    /// Holdings of each.
    pub holdings: Vec<(InstrumentId, Quantity)>,
    /// How far each may sell short.
    pub max_short: Vec<(InstrumentId, Quantity)>,
    /// How far below zero purchases may take the cash of each.
    pub max_debit: Money,
    /// The margin on which each trades, if its account is a margin account.
    pub margin: Option<MarginTerms>,
    /// Interest and borrow fees of each.
    pub financing: Financing,
    /// What the broker of each charges, if it has one.
    pub commission: Option<Arc<FeeSchedule>>,
    /// What happens when its equity is gone, if the scenario says so.
    pub on_ruin: Option<OnRuin>,
    /// The person to whom its members belong, if it says so.
    pub person: Option<String>,
    /// The latencies of its connection.
    pub latencies: Latencies,
    /// Its kind.
    pub kind: &'static AgentKind,
    /// Where it trades, unless its kind can trade everywhere.
    pub listing: ListingId,
    /// The kind's configuration; where parameters are drawn, that of a member in the middle of each
    /// distribution.
    pub configured: Arc<dyn ConfiguredAgent>,
    /// The parameters that each member draws, if there are any.
    pub drawn: Option<Arc<DrawnParams>>,
}

impl AgentConfig {
    /// Returns the names of its members.
    pub fn member_names(&self) -> impl Iterator<Item = String> {
        let single = self.count == 1;
        (1..=self.count)
            .map(move |number| if single { self.name.clone() } else { format!("{}-{number}", self.name) })
    }

    /// Returns the kind's configuration if it is a `T`, such as a `NoiseConfig`.
    #[must_use]
    pub fn config<T: ConfiguredAgent>(&self) -> Option<&T> {
        let any: &dyn Any = &*self.configured;
        any.downcast_ref()
    }
}

/// An instrument at a venue, with the id that the market gives it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listing {
    pub(super) id: ListingId,
    pub(super) venue: VenueId,
    pub(super) instrument: InstrumentId,
}

/// Returns the listings of venues in the order of their ids: venue by venue.
pub(super) fn listings(venues: &[VenueConfig]) -> Vec<Listing> {
    let venue_ids = (0..).map(VenueId::new);
    let pairs =
        venue_ids.zip(venues).flat_map(|(id, venue)| venue.instruments.iter().map(move |it| (id, *it)));
    let listings = (0..).map(ListingId::new).zip(pairs);
    listings.map(|(id, (venue, instrument))| Listing { id, venue, instrument }).collect()
}

/// Returns the venues that list an instrument.
pub(super) fn instrument_venues(
    venues: &[VenueConfig],
    instrument: InstrumentId,
) -> Vec<InstrumentVenue<'_>> {
    let own = listings(venues).into_iter().filter(|listing| listing.instrument == instrument);
    own.map(|it| InstrumentVenue { name: &venues[it.venue.index()].name, listing: it.id }).collect()
}
