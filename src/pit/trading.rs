//! What actors do: look at the market, trade, subscribe, log.

use std::sync::Arc;

use super::message::{Instruction, Message};
use super::publish::Feed;
use super::view::MarketView;
use super::{Context, Pit};
use crate::account::{Account, Approved, PendingReplace};
use crate::market::{Command, CommandKind, Fact, Instrument, Listing, OrderTerms, Refusal, Side};
use crate::units::{ActorId, InstrumentId, ListingId, OrderId, Price, Quantity, SimTime};

impl Context {
    /// Submits an order through the account gate; it reaches the venue after the entry latency.
    ///
    /// # Errors
    /// A [`Refusal`], at once, if the account does not cover the order or its terms are out of range;
    /// the order has not left then. What the venue says comes as an
    /// [`ExecutionReport`](crate::market::ExecutionReport).
    pub fn submit(&mut self, listing: ListingId, terms: OrderTerms) -> Result<OrderId, Refusal> {
        let (owner, now) = (self.id(), self.now());
        let reference = self.reference_price(listing, terms.side);
        let pit = self.domain_mut();
        let order = OrderId::new(pit.next_order);
        let closed = pit.closed;
        let admitted = match pit.gate(owner, listing, now) {
            _ if closed => Err(Refusal::Closed),
            None => Err(Refusal::UnknownListing),
            Some((account, at)) => account.admit(order, terms, &at, reference),
        };
        match admitted {
            Ok(terms) => {
                pit.next_order += 1;
                self.dispatch(order, listing, terms.map(CommandKind::New));
                Ok(order)
            }
            Err(reason) => {
                self.publish(Fact::OrderRefused { owner, listing, terms, reason });
                Err(reason)
            }
        }
    }

    /// Asks the venue to cancel an order of one's own.
    ///
    /// # Errors
    /// [`Refusal::UnknownOrder`] if no such order is open in the account.
    pub fn cancel(&mut self, order: OrderId) -> Result<(), Refusal> {
        let owner = self.id();
        let pit = self.domain_mut();
        let account = pit.accounts.get_mut(owner.index()).ok_or(Refusal::NoAccount)?;
        let listing = account.order(order).map_or(ListingId::new(0), |open| open.listing);
        let approved = account.admit_cancel(order)?;
        self.dispatch(order, listing, approved.map(|_| CommandKind::Cancel));
        Ok(())
    }

    /// Asks the venue to change an order's price and total quantity (filled part included).
    ///
    /// A pure decrease of quantity keeps the order's place in the queue; anything else loses it.
    ///
    /// # Errors
    /// A [`Refusal`] if the order is not open, is being replaced already, or the account does not cover
    /// the change.
    pub fn replace(&mut self, order: OrderId, price: Price, quantity: Quantity) -> Result<(), Refusal> {
        let (owner, now) = (self.id(), self.now());
        let pit = self.domain_mut();
        let account = pit.accounts.get(owner.index()).ok_or(Refusal::NoAccount)?;
        let listing = account.order(order).map_or(ListingId::new(0), |open| open.listing);
        let (account, at) = pit.gate(owner, listing, now).ok_or(Refusal::UnknownOrder(order))?;
        let approved = account.admit_replace(order, PendingReplace { price, quantity }, &at)?;
        let command = approved.map(|new| CommandKind::Replace { price: new.price, quantity: new.quantity });
        self.dispatch(order, listing, command);
        Ok(())
    }

    /// Asks for the cancel of every open order for which that has not been asked yet.
    pub fn cancel_all(&mut self) {
        let open: Vec<OrderId> = self
            .account()
            .map(|account| {
                account.open_orders().iter().filter(|order| !order.cancel_sent).map(|order| order.id)
            })
            .into_iter()
            .flatten()
            .collect();
        for order in open {
            let canceled = self.cancel(order);
            debug_assert!(canceled.is_ok(), "an open order can be canceled");
        }
    }

    /// Does what came from outside in the name of the actor at hand.
    ///
    /// A refused order is a fact already; why a cancel or replace could not be sent goes into the log.
    pub(super) fn carry_out(&mut self, instruction: Instruction) {
        let outcome = match instruction {
            Instruction::Submit { listing, terms } => self.submit(listing, terms).map(|_| ()),
            Instruction::Cancel(order) => self.cancel(order),
            Instruction::Replace { order, price, quantity } => self.replace(order, price, quantity),
        };
        let is_command = !matches!(instruction, Instruction::Submit { .. });
        if let (true, Err(refusal)) = (is_command, outcome) {
            self.log(refusal.to_string());
        }
    }

    /// Returns one book as one's feed shows it now: as of the feed latency ago, never older than before.
    pub fn market(&mut self, listing: ListingId) -> MarketView {
        let (owner, now) = (self.id(), self.now());
        let pit = self.domain_mut();
        let Some(state) = pit.listings.get(listing.index()) else { return MarketView::default() };
        let Some(wire) = pit.wires.get(owner, state.listing.venue) else { return MarketView::default() };
        wire.seen = wire.seen.max(now - wire.feed.delay());
        state.history.at(wire.seen)
    }

    /// Asks for a feed as messages from now on; asking twice changes nothing.
    pub fn subscribe(&mut self, listing: ListingId, feed: Feed) {
        let owner = self.id();
        if let Some(state) = self.domain_mut().listings.get_mut(listing.index()) {
            let subscribers = &mut state.subscribers[feed.index()];
            if !subscribers.contains(&owner) {
                subscribers.push(owner);
            }
        }
    }

    /// Returns the value of an instrument now, if it has a process: for actors that know more than the
    /// market does.
    pub fn value(&mut self, instrument: InstrumentId) -> Option<f64> {
        let now = self.now();
        let state = self.domain_mut().instruments.get_mut(instrument.index())?;
        state.value.as_mut().map(|value| value.at(now))
    }

    /// Returns one's own account.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.domain().account(self.id())
    }

    /// Returns a listing.
    #[must_use]
    pub fn listing(&self, id: ListingId) -> Option<&Listing> {
        self.domain().listing(id)
    }

    /// Returns the instrument of a listing.
    #[must_use]
    pub fn instrument(&self, id: ListingId) -> Option<&Instrument> {
        self.domain().instrument(self.listing(id)?.instrument)
    }

    /// Finds a listing by symbol and, where several venues list it, by venue; without a venue, the first.
    #[must_use]
    pub fn find_listing(&self, symbol: &str, venue: Option<&str>) -> Option<ListingId> {
        let pit = self.domain();
        let found = pit.listings().position(|listing| {
            let symbol_fits = pit.instrument(listing.instrument).is_some_and(|it| it.symbol() == symbol);
            let venue_fits =
                venue.is_none_or(|name| pit.venue(listing.venue).is_some_and(|it| it.name == name));
            symbol_fits && venue_fits
        });
        found.and_then(|index| u32::try_from(index).ok()).map(ListingId::new)
    }

    /// Returns the names of all listings, as (symbol, venue), in the order of their ids.
    #[must_use]
    pub fn listing_names(&self) -> Vec<(String, String)> {
        let pit = self.domain();
        let name = |listing: &Listing| {
            let symbol = pit.instrument(listing.instrument).map_or("", Instrument::symbol);
            let venue = pit.venue(listing.venue).map_or("", |venue| &venue.name);
            (symbol.to_owned(), venue.to_owned())
        };
        pit.listings().map(name).collect()
    }

    /// Returns one's own equity: cash and holdings at the instruments' marks.
    #[must_use]
    pub fn equity(&self) -> Option<crate::units::Money> {
        self.domain().equity(self.id())
    }

    /// Writes a line into one's log.
    pub fn log(&mut self, text: impl Into<Arc<str>>) {
        self.publish(Fact::Logged { actor: self.id(), text: text.into() });
    }

    /// Says on the tape that one has failed; the caller then cancels its orders and stops.
    pub fn log_failure(&mut self, text: impl Into<Arc<str>>) {
        self.publish(Fact::StrategyFailed { actor: self.id(), text: text.into() });
    }

    /// The price a market order is expected to pay: the opposite touch as seen, or the last trade, or what
    /// everybody refers to before the first.
    fn reference_price(&mut self, listing: ListingId, side: Side) -> Option<Price> {
        let view = self.market(listing);
        let touch = match side {
            Side::Buy => view.quote.ask,
            Side::Sell => view.quote.bid,
        };
        let last = view.last_trade.map(|(price, _)| price);
        touch.map(|level| level.price).or(last).or_else(|| self.listing(listing)?.reference)
    }

    /// Sends an approved command on its way.
    fn dispatch(&mut self, order: OrderId, listing: ListingId, kind: Approved<CommandKind>) {
        let (owner, now) = (self.id(), self.now());
        let command = Command { order, owner, listing, kind: kind.into_inner() };
        if let Some((exchange, arrival)) = self.domain_mut().entry(owner, listing, now) {
            self.send_at(exchange, arrival, Message::Command(command));
        }
    }
}

impl Pit {
    /// Returns the exchange of a listing, and when a command sent there now arrives.
    fn entry(&mut self, owner: ActorId, listing: ListingId, now: SimTime) -> Option<(ActorId, SimTime)> {
        let place = self.listings.get(listing.index())?.listing;
        let arrival = self.wires.get(owner, place.venue)?.entry.arrival(now);
        Some((place.exchange, arrival))
    }
}
