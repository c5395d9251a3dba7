//! [`MarketState`]: the shared state itself, and how it is laid out before the start.

use super::feeds::Feeds;
use super::links::{Latencies, Wires};
use super::marks::Mark;
use super::message::Message;
use super::view::History;
use crate::account::{Account, AccountConfig, OrderContext, Totals};
use crate::kernel::Domain;
use crate::market::{Fact, Fees, Instrument, Listing, Phase, SinkError, Tape};
use crate::process::Value;
use crate::units::{ActorId, InstrumentId, ListingId, Money, Seed, SimDuration, SimTime, VenueId};

/// What a market is laid out from: instruments with their value processes, venues, listings.
#[derive(Debug, Default)]
pub struct MarketConfig {
    /// The instruments, each with its value process if it has one.
    pub instruments: Vec<(Instrument, Option<Value>)>,
    /// The venues.
    pub venues: Vec<VenueConfig>,
    /// The listings, in the order of their ids.
    pub listings: Vec<Listing>,
    /// The interval of the bars that are recorded.
    pub bar_interval: SimDuration,
}

/// A venue as its customers know it.
#[derive(Debug, Clone, PartialEq)]
pub struct VenueConfig {
    /// Its name.
    pub name: String,
    /// What a fill costs there.
    pub fees: Fees,
    /// Its end of the wires.
    pub latencies: Latencies,
}

/// What a participant is, and has when it joins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ParticipantConfig {
    /// The kind of its actor, as summaries show it.
    pub kind: String,
    /// Its account.
    pub account: AccountConfig,
    /// Its end of the wires.
    pub latencies: Latencies,
}

impl ParticipantConfig {
    /// Describes a participant of `kind` with an empty account and no latency.
    #[must_use]
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }

    /// Sets what its account starts with.
    #[must_use]
    pub fn with_account(self, account: AccountConfig) -> Self {
        Self { account, ..self }
    }

    /// Sets its end of the latencies.
    #[must_use]
    pub fn with_latencies(self, latencies: Latencies) -> Self {
        Self { latencies, ..self }
    }
}

/// What all participants of a market share.
#[derive(Debug)]
pub struct MarketState {
    pub(super) instruments: Vec<InstrumentState>,
    pub(super) venues: Vec<VenueConfig>,
    pub(super) listings: Vec<ListingState>,
    pub(super) wires: Wires,
    pub(super) accounts: Vec<Account>,
    pub(super) tape: Tape,
    pub(super) next_order: u64,
    pub(super) next_trade: u64,
    pub(super) fees_collected: Money,
    /// What financing has brought all accounts, less what it has cost them.
    pub(super) financed: Money,
    /// Up to when accounts have been financed.
    pub(super) financed_until: SimTime,
    pub(super) closed: bool,
    /// Why strategies were stopped, in the order in which they were.
    pub(super) failures: Vec<(ActorId, std::sync::Arc<str>)>,
    pub(super) bar_interval: SimDuration,
    /// How long ago the slowest feed may see.
    pub(super) horizon: SimDuration,
    opening: Option<Totals>,
}

#[derive(Debug)]
pub(super) struct InstrumentState {
    pub(super) instrument: Instrument,
    pub(super) value: Option<Value>,
    pub(super) mark: Option<Mark>,
    pub(super) first_mark: Option<Mark>,
    /// The first listing: its book gives the mark.
    pub(super) primary: Option<ListingId>,
}

#[derive(Debug)]
pub(super) struct ListingState {
    pub(super) listing: Listing,
    pub(super) history: History,
    pub(super) feeds: Feeds,
    /// The next change of its phase by the venue's schedule, as the venue has announced it.
    pub(super) next_phase: Option<(SimTime, Phase)>,
}

impl MarketState {
    /// Lays out a market whose tape goes to `tape`'s sinks.
    #[must_use]
    pub fn new(plan: MarketConfig, tape: Tape) -> Self {
        let mut instruments: Vec<InstrumentState> = plan
            .instruments
            .into_iter()
            .map(|(instrument, value)| InstrumentState {
                instrument,
                value,
                mark: None,
                first_mark: None,
                primary: None,
            })
            .collect();
        let listings = plan.listings.into_iter().zip(0..).map(|(listing, index)| {
            instruments[listing.instrument.index()].primary.get_or_insert(ListingId::new(index));
            ListingState {
                listing,
                history: History::new(),
                feeds: Feeds::new(plan.bar_interval),
                next_phase: None,
            }
        });
        let listings = listings.collect();
        Self {
            instruments,
            wires: Wires::new(plan.venues.len()),
            venues: plan.venues,
            listings,
            accounts: Vec::new(),
            tape,
            next_order: 0,
            next_trade: 0,
            fees_collected: Money::ZERO,
            financed: Money::ZERO,
            financed_until: SimTime::from_nanos(0),
            closed: false,
            failures: Vec::new(),
            bar_interval: plan.bar_interval,
            horizon: SimDuration::ZERO,
            opening: None,
        }
    }

    /// Makes the pit of no market, to hold the place of one that is lent out.
    #[must_use]
    pub fn vacant() -> Self {
        Self::new(MarketConfig::default(), Tape::new())
    }

    /// Gives the next actor its account and wires; to be called once per actor, in the order of ids.
    pub fn seat(&mut self, seed: Seed, name: &str, seating: &ParticipantConfig) {
        self.accounts.push(Account::open(&seating.account, self.instruments.len()));
        let venues = self.venues.iter().map(|venue| (venue.name.as_str(), &venue.latencies));
        self.wires.lay(seed, name, &seating.latencies, venues);
    }

    /// Opens the market, once all are seated: notes what there is before the first trade.
    pub fn open(&mut self, now: SimTime) {
        self.financed_until = now;
        self.horizon = self.wires.feed_bound();
        self.opening = Some(self.totals());
    }

    /// Closes the market: from now on every order is refused.
    pub const fn close(&mut self) {
        self.closed = true;
    }

    /// Forgets orders that left but never reached their venue before the close.
    pub fn release_unsent(&mut self) {
        self.accounts.iter_mut().for_each(Account::release_unsent);
    }

    /// Checks that all cash and shares of the opening are still there, fees and financing included.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn check_conservation(&self) -> Result<(), String> {
        let Some(opening) = &self.opening else { return Ok(()) };
        opening
            .check(&self.totals(), self.fees_collected, self.financed)
            .map_err(|imbalance| imbalance.to_string())
    }

    /// Returns an actor's account.
    #[must_use]
    pub fn account(&self, owner: ActorId) -> Option<&Account> {
        self.accounts.get(owner.index())
    }

    /// Returns all accounts, in the order of their owners' ids.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Returns the tape.
    #[must_use]
    pub const fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Returns the tape, to take its sinks off.
    pub const fn tape_mut(&mut self) -> &mut Tape {
        &mut self.tape
    }

    /// Returns an instrument.
    #[must_use]
    pub fn instrument(&self, id: InstrumentId) -> Option<&Instrument> {
        self.instruments.get(id.index()).map(|state| &state.instrument)
    }

    /// Returns the instruments, in the order of their ids.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.iter().map(|state| &state.instrument)
    }

    /// Returns the venues, in the order of their ids.
    #[must_use]
    pub fn venues(&self) -> &[VenueConfig] {
        &self.venues
    }

    /// Returns a venue.
    #[must_use]
    pub fn venue(&self, id: VenueId) -> Option<&VenueConfig> {
        self.venues.get(id.index())
    }

    /// Returns a listing.
    #[must_use]
    pub fn listing(&self, id: ListingId) -> Option<&Listing> {
        self.listings.get(id.index()).map(|state| &state.listing)
    }

    /// Returns the listings, in the order of their ids.
    pub fn listings(&self) -> impl Iterator<Item = &Listing> {
        self.listings.iter().map(|state| &state.listing)
    }

    /// Returns the error that stopped an actor, if one did.
    #[must_use]
    pub fn failure(&self, owner: ActorId) -> Option<&str> {
        self.failures.iter().find(|(failed, _)| *failed == owner).map(|(_, text)| &**text)
    }

    /// Returns what venues have collected in fees, less the rebates they paid.
    #[must_use]
    pub const fn fees_collected(&self) -> Money {
        self.fees_collected
    }

    fn totals(&self) -> Totals {
        Totals::of(self.accounts.iter(), self.instruments.len())
    }

    /// Lends out an account together with what its gate needs to know of a listing.
    pub(super) fn gate(
        &mut self,
        owner: ActorId,
        listing: ListingId,
        now: SimTime,
    ) -> Option<(&mut Account, OrderContext<'_>)> {
        let place = self.listings.get(listing.index())?.listing;
        let instrument = &self.instruments[place.instrument.index()].instrument;
        let at = OrderContext { listing, instrument_id: place.instrument, instrument, fees: place.fees, now };
        Some((self.accounts.get_mut(owner.index())?, at))
    }

    /// Writes a fact, and lets the views and marks follow it.
    pub(super) fn record(&mut self, now: SimTime, fact: &Fact) -> Result<(), SinkError> {
        self.tape.write(now, fact)?;
        self.follow(now, fact);
        Ok(())
    }
}

impl Domain for MarketState {
    type Message = Message;

    /// Books a report into its owner's account, and notes how fresh a feed has become.
    fn before_delivery(&mut self, now: SimTime, to: ActorId, message: &Message) -> Result<(), String> {
        match message {
            Message::Report(report) => {
                let Some((account, at)) = self.gate(to, report.listing, now) else {
                    return Err(format!("a report came for actor {to}, which has no account"));
                };
                account.book(report, &at)?;
                if matches!(report.kind, crate::market::ReportKind::Filled { .. }) {
                    let instrument = at.instrument_id;
                    self.mark_after_fill(now, to, instrument).map_err(|error| error.to_string())?;
                }
                Ok(())
            }
            Message::Market(data) => {
                let venue = self.listings.get(data.listing.index()).map(|state| state.listing.venue);
                if let Some(wire) = venue.and_then(|venue| self.wires.get(to, venue)) {
                    wire.seen = wire.seen.max(data.at);
                }
                Ok(())
            }
            Message::Wakeup(_) | Message::Command(_) | Message::Instruction(_) => Ok(()),
        }
    }
}
