//! Ruin and margin calls: orders of accounts without equity, or below their maintenance margin, are canceled,
//! and their positions closed.

use std::sync::Arc;

use super::context::Context;
use super::message::{MarketData, Message, Update};
use super::state::MarketState;
use crate::account::{Account, Closing, Liquidation, MarginCall, Restriction, Ruined, Valuation};
use crate::kernel::Wakeup;
use crate::market::{
    AuctionEnd, CommandKind, Fact, OrderTerms, Phase, ProposalEnd, Side, SinkError, TimeInForce,
};
use crate::units::{ActorId, InstrumentId, ListingId, Money, OrderId, SimTime};

/// The tag with which an exchange is woken to look for ruin at its replayed listings.
pub(crate) const ENFORCE_RUIN: u64 = 8 << 32;

impl MarketState {
    /// Notes which accounts are ruined or called from now on, and writes that to the tape.
    pub(super) fn note_ruin(&mut self, now: SimTime) -> Result<(), SinkError> {
        for owner in (0..).map(ActorId::new).take(self.accounts.len()) {
            self.note_ruin_of(owner, now)?;
        }
        Ok(())
    }

    /// Notes that an account is ruined or called, if it is and was not before; returns whether that is so.
    fn note_ruin_of(&mut self, owner: ActorId, now: SimTime) -> Result<bool, SinkError> {
        let account = &self.accounts[owner.index()];
        if account.on_ruin().is_none() || account.is_ruined() {
            return Ok(false);
        }
        if account.is_closed_out() {
            self.end_call_of(owner, now)?;
            return Ok(false);
        }
        let Some(worth) = self.valuation_on_path(owner, now) else { return Ok(false) };
        self.note_carried_call(owner, worth);
        let account = &self.accounts[owner.index()];
        let call = account.margin_call(worth);
        let fact = match (self.accounts[owner.index()].note_valuation(worth), call) {
            (None, _) | (Some(Restriction::Called), None) => return Ok(false),
            (Some(Restriction::Ruined), _) => Fact::AccountRuined { owner, equity: worth.equity },
            (Some(Restriction::Called), Some(call)) => {
                self.new_calls.push((owner, call));
                Fact::MarginCalled { owner, equity: call.equity, maintenance: call.maintenance }
            }
        };
        self.follow_risk(owner);
        self.record(now, &fact)?;
        self.end_auctions_of(now, owner, (AuctionEnd::Restricted, ProposalEnd::Restricted))?;
        Ok(true)
    }

    /// Has an owner hear of a margin call of the day before, once it is known what the account is worth.
    ///
    /// Its equity may be above the maintenance margin by then: prices of the new day can have recovered. The
    /// call stands all the same, since positions are closed until nothing is left of them.
    fn note_carried_call(&mut self, owner: ActorId, worth: Valuation) {
        let Some(index) = self.carried_calls.iter().position(|it| *it == owner) else { return };
        self.carried_calls.swap_remove(index);
        let account = &self.accounts[owner.index()];
        if let Some(terms) = account.margin_terms().filter(|_| account.is_called()) {
            let maintenance = terms.maintenance().of(worth.exposure);
            self.new_calls.push((owner, MarginCall { equity: worth.equity, maintenance }));
        }
    }

    /// Lifts the margin call of an account that has neither positions nor orders any more, and writes that to
    /// the tape; or that it is ruined, if closing cost all that there was.
    pub(super) fn end_call_of(&mut self, owner: ActorId, now: SimTime) -> Result<(), SinkError> {
        let account = &mut self.accounts[owner.index()];
        if !account.is_closed_out() {
            return Ok(());
        }
        let equity = account.cash();
        let left = Valuation { equity, exposure: Money::ZERO };
        let fact = if account.note_valuation(left) == Some(Restriction::Ruined) {
            Fact::AccountRuined { owner, equity }
        } else {
            account.end_call();
            Fact::MarginCallEnded { owner, equity }
        };
        self.follow_risk(owner);
        self.record(now, &fact)
    }

    /// Returns the owners of accounts that are ruined or called, in the order of their ids.
    fn restricted(&self) -> Vec<ActorId> {
        let all = (0..).map(ActorId::new).zip(&self.accounts);
        all.filter(|(_, account)| account.restriction().is_some()).map(|(owner, _)| owner).collect()
    }

    /// Returns the listing where an instrument's positions are closed, if orders for that may be sent there
    /// now.
    fn closing_listing(&self, instrument: InstrumentId) -> Option<ListingId> {
        let listing = self.instruments.get(instrument.index())?.primary?;
        let state = self.listings.get(listing.index())?;
        let phase = state.history.latest().phase;
        let takes =
            if state.listing.is_replayed() { phase != Phase::Closed } else { phase == Phase::Continuous };
        takes.then_some(listing)
    }

    /// Returns the order that closes an account's position in an instrument.
    fn closing_terms(&self, owner: ActorId, instrument: InstrumentId) -> OrderTerms {
        let holding = self.accounts[owner.index()].holding(instrument);
        let side = if holding.lots() > 0 { Side::Sell } else { Side::Buy };
        OrderTerms { reduce_only: true, ..OrderTerms::market(side, holding.magnitude()) }
    }

    /// Returns the exchange of a listing, if bars are replayed there.
    fn replaying_exchange(&self, listing: ListingId) -> Option<ActorId> {
        let listing = self.listings.get(listing.index())?.listing;
        listing.is_replayed().then_some(listing.exchange)
    }
}

impl Context {
    /// Cancels what ruined and called accounts may not have open, and closes what they may not hold.
    ///
    /// At books, by orders that are sent now; what could not be closed is tried again when accounts are
    /// marked next. Replayed listings do it themselves, at this instant.
    pub(super) fn enforce_ruin(&mut self) {
        self.publish_margin_calls();
        self.publish_auctions();
        for owner in self.domain_mut().restricted() {
            self.enforce_ruin_of(owner);
        }
    }

    /// Returns whether margin calls of the day before are still to be told.
    pub(super) fn has_carried_calls(&self) -> bool {
        !self.domain().carried_calls.is_empty()
    }

    /// Tells of the margin calls of the day before, as far as it is known what the accounts are worth, and
    /// enforces them.
    pub(super) fn resume_calls(&mut self) {
        let now = self.now();
        for owner in self.domain().carried_calls.clone() {
            if let Err(error) = self.domain_mut().note_ruin_of(owner, now) {
                self.fail(error);
            }
        }
        self.enforce_ruin();
    }

    /// Enforces the ruin of one owner, except at the replayed listings of the exchange at hand.
    fn enforce_ruin_of(&mut self, owner: ActorId) {
        let Some(account) = self.domain().account(owner) else { return };
        let (orders, positions) = (account.disallowed_orders(), account.positions_to_close());
        let mut exchanges = Vec::new();
        for order in orders {
            let listing = self.domain().account(owner).and_then(|it| it.order(order)).map(|it| it.listing);
            match listing.and_then(|listing| self.domain().replaying_exchange(listing)) {
                Some(exchange) => exchanges.push(exchange),
                None => self.cancel_for(owner, order),
            }
        }
        for instrument in positions {
            let Some(listing) = self.domain().closing_listing(instrument) else { continue };
            match self.domain().replaying_exchange(listing) {
                Some(exchange) => exchanges.push(exchange),
                None => self.close_for(owner, instrument, listing),
            }
        }
        exchanges.sort_unstable();
        exchanges.dedup();
        for exchange in exchanges {
            if exchange != self.id() {
                self.wake_for_ruin(exchange);
            }
        }
    }

    /// Lets an exchange look for ruin at its replayed listings, at this instant: when it does anything next,
    /// at the latest when it is woken.
    fn wake_for_ruin(&mut self, exchange: ActorId) {
        let now = self.now();
        let asked = &mut self.domain_mut().to_look_for_ruin;
        if !asked.contains(&exchange) {
            asked.push(exchange);
        }
        self.send_at(exchange, now, Message::Wakeup(Wakeup { tag: ENFORCE_RUIN }));
    }

    /// Lets an exchange find out when the paths of its bars ruin an account whose cash or shares have changed
    /// without it.
    pub(super) fn watch_ruin_of(&mut self, owner: ActorId) {
        let market = self.domain();
        if market.at_risk.iter().all(|it| it.owner != owner) {
            return;
        }
        let held = market.replays_held(owner).into_iter().next();
        if let Some(exchange) = held.and_then(|listing| market.replaying_exchange(listing)) {
            self.wake_for_ruin(exchange);
        }
    }

    /// Does so for all accounts that pay interest.
    pub(super) fn watch_financed(&mut self) {
        let owners: Vec<ActorId> = self.domain().at_risk.iter().map(|it| it.owner).collect();
        for owner in owners {
            if self.domain().account(owner).is_some_and(Account::is_financed) {
                self.watch_ruin_of(owner);
            }
        }
    }

    /// Returns whose equity is gone, or below the maintenance margin, at this instant, in the order of their
    /// ids; with `again`, or where somebody has asked the exchange to look, also those that were found to be
    /// so before.
    pub(crate) fn ruined_now(&mut self, again: bool) -> Vec<Ruined> {
        let (now, exchange) = (self.now(), self.id());
        let asked = &mut self.domain_mut().to_look_for_ruin;
        let asked = asked.iter().position(|it| *it == exchange).map(|index| asked.swap_remove(index));
        let again = again || asked.is_some();
        let market = self.domain();
        if market.at_risk.is_empty() && !again {
            return Vec::new();
        }
        let mut owners = market.owners_to_restrict(now);
        if again {
            owners.extend(market.restricted());
            owners.sort_unstable();
            owners.dedup();
        }
        owners.into_iter().map(|owner| Ruined { owner, held: market.replays_held(owner) }).collect()
    }

    /// Notes that an account is ruined or called, and marks it; returns what is to be done at the replayed
    /// listings of the exchange at hand, and sees to the rest.
    pub(crate) fn liquidate(&mut self, owner: ActorId) -> Liquidation {
        let (now, exchange) = (self.now(), self.id());
        let noted = self.domain_mut().note_ruin_of(owner, now);
        let is_new = noted.unwrap_or_else(|error| {
            self.fail(error);
            false
        });
        if is_new {
            self.mark_ruined(owner);
            self.publish_margin_calls();
            self.publish_auctions();
        }
        let market = self.domain();
        let found = market.account(owner).and_then(|account| Some((account, account.restriction()?)));
        let Some((account, restriction)) = found else { return Liquidation::NONE };
        let is_here = |listing| market.replaying_exchange(listing) == Some(exchange);
        // Also those whose cancel is on its way: it comes too late.
        let orders = account.open_orders().iter().filter(|order| account.restriction_of(order.id).is_some());
        let orders = orders.map(|order| (order.listing, order.id));
        let cancels = orders.filter(|(listing, _)| is_here(*listing)).collect();
        let positions = account.positions_to_close().into_iter();
        let positions = positions.filter_map(|id| market.closing_listing(id).map(|listing| (id, listing)));
        let positions: Vec<_> = positions.filter(|(_, listing)| is_here(*listing)).collect();
        let mut closes = Vec::new();
        for (instrument, listing) in positions {
            // What a bar has no volume for goes on at the next open.
            let terms = self.domain().closing_terms(owner, instrument).with(TimeInForce::Gtc);
            let order = self.enter_for(owner, listing, terms);
            closes.extend(order.map(|order| Closing { listing, order, terms }));
        }
        // Once: an exchange that is woken for it wakes no other.
        if is_new {
            self.enforce_ruin_of(owner);
        }
        Liquidation { reason: restriction.cancel_reason(), cancels, closes }
    }

    /// Tells owners that they have been called: as their feed of what they hold would.
    fn publish_margin_calls(&mut self) {
        let at = self.now();
        for (owner, call) in std::mem::take(&mut self.domain_mut().new_calls) {
            let market = self.domain_mut();
            let held = market.account(owner).and_then(|account| account.held().next());
            let listing = held.and_then(|(id, _)| market.instruments[id.index()].primary);
            let Some((listing, found)) = listing.and_then(|id| Some((id, market.listing(id)?.venue))) else {
                continue;
            };
            let Some(link) = market.links.get(owner, found) else { continue };
            let arrival = link.feed.arrival(at);
            let data = MarketData { listing, at, update: Update::MarginCall(call) };
            self.send_at(owner, arrival, Message::Market(Arc::new(data)));
        }
    }

    /// Writes the marks of an account that has just been ruined or called, of what it holds.
    fn mark_ruined(&mut self, owner: ActorId) {
        let now = self.now();
        let held: Vec<InstrumentId> =
            self.domain().account(owner).into_iter().flat_map(Account::held).map(|(id, _)| id).collect();
        for instrument in held {
            if let Err(error) = self.domain_mut().mark_after_fill(now, owner, instrument) {
                self.fail(error);
            }
        }
    }

    pub(super) fn cancel_for(&mut self, owner: ActorId, order: OrderId) {
        let Some(account) = self.domain_mut().accounts.get_mut(owner.index()) else { return };
        let listing = account.order(order).map(|order| order.listing);
        if let (Some(listing), Ok(approved)) = (listing, account.admit_cancel(order)) {
            self.dispatch_for(owner, order, listing, approved.map(|_| CommandKind::Cancel));
        }
    }

    fn close_for(&mut self, owner: ActorId, instrument: InstrumentId, listing: ListingId) {
        let now = self.now();
        let market = self.domain_mut();
        let order = OrderId::new(market.next_order);
        let terms = market.closing_terms(owner, instrument);
        let Some((account, at)) = market.gate(owner, listing, now) else { return };
        let approved = account.force(order, terms, &at);
        market.next_order += 1;
        self.dispatch_for(owner, order, listing, approved.map(CommandKind::New));
    }
}
