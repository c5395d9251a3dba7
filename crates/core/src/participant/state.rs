//! [`MarketState`]: what all participants of a market share.

use std::collections::{BTreeMap, VecDeque};

use super::carry_over::CarryOver;
use super::config::{MarketConfig, Participant, VenueConfig};
use super::feeds::Feeds;
use super::limits::Limited;
use super::links::Links;
use super::mark::Mark;
use super::private_auctions::PrivateAuctions;
use super::request::Answer;
use super::ruin_watch::AtRisk;
use super::unread::UnreadReports;
use super::value_quotes::LastQuote;
use super::view::History;
use crate::account::{Account, FeeLedger, Flows, Imbalance, MarginCall, Marks, OrderContext, Totals};
use crate::kernel::Moment;
use crate::market::{BarInterval, Fact, Instrument, Leg, Listing, Phase, Reference, SinkError, Tape};
use crate::process::Value;
use crate::units::{ActorId, InstrumentId, ListingId, Money, OrderId, SimDuration, SimTime, VenueId};

/// What all participants of a market share.
#[derive(Debug)]
pub struct MarketState {
    pub(super) instruments: Vec<InstrumentState>,
    pub(super) venues: Vec<VenueConfig>,
    pub(super) listings: Vec<ListingState>,
    pub(super) links: Links,
    pub(super) accounts: Vec<Account>,
    /// Reports that are booked when their accounts are next looked at.
    pub(super) unread: UnreadReports,
    /// The event at hand.
    pub(super) present: Moment,
    /// Whether any account has a broker that charges.
    pub(super) has_brokers: bool,
    /// Whether any listing is replayed.
    pub(super) has_replays: bool,
    /// Whether the prices of an instrument may be negative, which is traded in no margin account.
    pub(super) has_negative_prices: bool,
    /// In the order of their ids.
    pub(super) participants: Vec<Participant>,
    pub(super) tape: Tape,
    pub(super) next_order: u64,
    pub(super) next_trade: u64,
    pub(super) fees_collected: Money,
    /// Accounts that a price could ruin, by owner.
    pub(super) at_risk: Vec<AtRisk>,
    /// Owners who have yet to hear of their margin calls.
    pub(super) new_calls: Vec<(ActorId, MarginCall)>,
    /// Owners whose accounts are called from the day before, and who have not heard of it.
    pub(super) carried_calls: Vec<ActorId>,
    /// Exchanges that are yet to look at those who were found to be ruined.
    pub(super) to_look_for_ruin: Vec<ActorId>,
    /// What open orders have been charged.
    pub(super) fee_ledger: FeeLedger,
    /// What financing has brought all accounts, less what it has cost them.
    pub(super) financed: Money,
    /// Up to when accounts have been financed.
    pub(super) financed_until: SimTime,
    pub(super) closed: bool,
    /// Whether the actor at hand is being shown bars from before the start.
    pub(super) warms_up: bool,
    /// Why strategies were stopped, in the order in which they were.
    pub(super) failures: Vec<(ActorId, std::sync::Arc<str>)>,
    pub(super) bar_interval: BarInterval,
    /// How many messages one actor may answer at one instant.
    pub(super) instant_answers_max: u64,
    /// The longest feed latency: how much of the past is kept.
    pub(super) horizon: SimDuration,
    /// Answers that nobody has taken yet.
    pub(super) answers: VecDeque<Answer>,
    /// All cash and shares when the market opened; absent before.
    pub(super) opening: Option<Totals>,
    /// What was brought in since from outside, less what was taken out.
    pub(super) contributed: Totals,
    /// What goes from day to day.
    pub(super) carry: CarryOver,
    /// Participants that an operator has blocked, and why.
    pub(super) blocked: BTreeMap<ActorId, Reference>,
    /// Participants that an operator limits in what they do.
    pub(super) limited: BTreeMap<ActorId, Limited>,
    /// Auctions between participants.
    pub(super) auctions: PrivateAuctions,
}

#[derive(Debug)]
pub(super) struct InstrumentState {
    pub(super) instrument: Instrument,
    pub(super) value: Option<Value>,
    /// The last quote of its value in this market's day, if that follows a market outside.
    pub(super) last_quote: Option<LastQuote>,
    pub(super) mark: Option<Mark>,
    pub(super) first_mark: Option<Mark>,
    /// The mark as participants may know it: of a replay, that of the last open or close.
    pub(super) shown_mark: Option<Mark>,
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
    /// Of a replay that is before an open: whether it is the first of its day.
    pub(super) opens_day: bool,
    /// Of a replay within a bar: the piece of the path on which its price is.
    pub(super) leg: Option<Leg>,
    /// How many splits it has had.
    pub(super) splits: u32,
}

impl MarketState {
    /// Lays out a market whose tape goes to `tape`'s sinks.
    #[must_use]
    pub fn new(config: MarketConfig, tape: Tape) -> Self {
        let mut instruments: Vec<InstrumentState> = config
            .instruments
            .into_iter()
            .map(|(instrument, value)| InstrumentState {
                instrument,
                value,
                last_quote: None,
                mark: None,
                first_mark: None,
                shown_mark: None,
                primary: None,
            })
            .collect();
        let listings = config.listings.into_iter().zip(0..).map(|(listing, index)| {
            instruments[listing.instrument.index()].primary.get_or_insert(ListingId::new(index));
            ListingState {
                listing,
                history: History::new(),
                feeds: Feeds::new(config.bar_interval),
                next_phase: None,
                opens_day: false,
                leg: None,
                splits: 0,
            }
        });
        let listings: Vec<ListingState> = listings.collect();
        let has_replays = listings.iter().any(|state| state.listing.is_replayed());
        let has_negative_prices = instruments.iter().any(|state| state.instrument.may_be_negative());
        Self {
            answers: VecDeque::new(),
            contributed: Totals::none(instruments.len()),
            instruments,
            links: Links::new(config.venues.len()),
            venues: config.venues,
            listings,
            accounts: Vec::new(),
            unread: UnreadReports::default(),
            present: Moment::FIRST,
            has_brokers: false,
            has_replays,
            has_negative_prices,
            participants: Vec::new(),
            tape,
            next_order: 0,
            next_trade: 0,
            fees_collected: Money::ZERO,
            at_risk: Vec::new(),
            new_calls: Vec::new(),
            carried_calls: Vec::new(),
            to_look_for_ruin: Vec::new(),
            fee_ledger: FeeLedger::default(),
            financed: Money::ZERO,
            financed_until: SimTime::from_nanos(0),
            closed: false,
            warms_up: false,
            failures: Vec::new(),
            bar_interval: config.bar_interval,
            instant_answers_max: config.instant_answers_max,
            horizon: SimDuration::ZERO,
            opening: None,
            carry: CarryOver::default(),
            blocked: BTreeMap::new(),
            limited: BTreeMap::new(),
            auctions: PrivateAuctions::new(config.auctions),
        }
    }

    /// Makes the state of no market, to stand in for one that is lent out.
    #[must_use]
    pub fn vacant() -> Self {
        Self::new(MarketConfig::default(), Tape::new())
    }

    /// Opens the market, once all actors are added: notes what there is before the first trade.
    pub(crate) fn open(&mut self, now: SimTime) {
        self.financed_until = now;
        self.opening = Some(self.totals());
        (0..).map(ActorId::new).take(self.accounts.len()).for_each(|owner| self.follow_risk(owner));
    }

    /// Closes the market: from now on every order is refused.
    pub(crate) const fn close(&mut self) {
        self.closed = true;
    }

    /// Drops orders that were sent but did not reach their venue before the close.
    pub(crate) fn release_unsent(&mut self) {
        self.accounts.iter_mut().for_each(Account::release_unsent);
    }

    /// Counts cash that is not there, so that nothing balances.
    pub(crate) fn misstate(&mut self, cash: Money) {
        if cash != Money::ZERO {
            self.contributed.add(crate::market::Transfer::Cash(cash));
        }
    }

    /// Checks that all cash and shares of the opening are still there, with fees, financing, and what came
    /// from outside or went there.
    ///
    /// # Errors
    /// The first [`Imbalance`].
    pub fn check_conservation(&self) -> Result<(), Imbalance> {
        let Some(opening) = &self.opening else { return Ok(()) };
        let (fees, financed) = (self.fees_collected, self.financed);
        opening.check(&self.totals(), &Flows { fees, financed, contributed: self.contributed.clone() })
    }

    /// Returns the participants, in the order of their ids.
    #[must_use]
    pub fn participants(&self) -> &[Participant] {
        &self.participants
    }

    /// Takes the answers to requests that have been given since the last call, in order.
    pub(crate) fn take_answers(&mut self) -> VecDeque<Answer> {
        std::mem::take(&mut self.answers)
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
    pub(crate) const fn tape_mut(&mut self) -> &mut Tape {
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

    /// Returns what venues and brokers have collected in fees, less the rebates they paid.
    #[must_use]
    pub const fn fees_collected(&self) -> Money {
        self.fees_collected
    }

    /// Returns the id of the next order.
    pub(crate) const fn next_order(&self) -> OrderId {
        OrderId::new(self.next_order)
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
        let pricing = self.pricing(owner, listing, None);
        let Listing { instrument: instrument_id, venue, .. } = self.listings.get(listing.index())?.listing;
        let fees = &self.venues.get(venue.index())?.fees;
        let instrument = &self.instruments[instrument_id.index()].instrument;
        let marks = Some(&self.instruments as &dyn Marks);
        let at = OrderContext { listing, instrument_id, instrument, fees, now, pricing, marks };
        Some((self.accounts.get_mut(owner.index())?, at))
    }

    /// Writes a fact, and lets the views and marks follow it.
    pub(super) fn record(&mut self, now: SimTime, fact: &Fact) -> Result<(), SinkError> {
        self.tape.write(now, fact)?;
        self.follow(now, fact);
        Ok(())
    }
}
