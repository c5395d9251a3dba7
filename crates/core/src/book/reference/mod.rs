//! The naive reference engine: one list of orders and scans over it; obviously right, and slow.
//!
//! The list is in order of time: an order that loses its priority goes to the end. Everything else is
//! searched when it is needed, and what a fill-or-kill order would trade is found by a trial on a copy.

mod auction;
mod brackets;
mod flaw;
mod matching;
mod order_entry;
mod replaces;
pub mod steps;

use std::collections::VecDeque;

use self::brackets::Bracket;
pub use flaw::{Breaks, Flaw};

use super::config::BookConfig;
use super::event::{BookEvent, EventSink, Indicative, MatchingEngine, OpenState};
use crate::market::{
    CancelReason, Command, CommandKind, ExpiryReason, OrderKind, OrderTerms, Phase, Quote, QuoteLevel,
    ReduceReason, RejectReason, Side, TimeInForce,
};
use crate::units::{ActorId, OrderId, Price, Quantity, SimTime};

/// The reference against which [`OrderBook`](super::OrderBook) is tested.
#[derive(Debug, Clone, Default)]
pub struct ReferenceBook {
    config: BookConfig,
    phase: Phase,
    /// In order of time.
    orders: Vec<Order>,
    last: Option<Price>,
    anchor: Option<Price>,
    /// Prices of trades that have not been compared with triggers yet.
    prices: VecDeque<Price>,
    /// Elected stops, in the order of their election.
    elected: VecDeque<OrderId>,
    /// Brackets whose exits have yet to follow their entry's last trade.
    brackets: Vec<Bracket>,
    /// Entries that have traded or ended since the last follow-up.
    due: VecDeque<OrderId>,
    flaw: Option<Flaw>,
}

#[derive(Debug, Clone, Copy)]
struct Order {
    id: OrderId,
    owner: ActorId,
    /// Its current terms, after replaces and repricing.
    terms: OrderTerms,
    state: State,
    displayed: Quantity,
    hidden: Quantity,
    filled: Quantity,
    queue_ahead: Quantity,
    partner: Option<OrderId>,
    /// Of a trailing stop: the best trade since its entry.
    mark: Option<Price>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// On its way in.
    Taking,
    Resting(Price),
    /// In an auction, without a limit.
    Unpriced,
    /// A stop; a trailing one has no trigger before the first trade.
    Stop(Option<Price>),
    /// An elected stop.
    Elected(Price),
    /// A pegged order without a reference price.
    Parked,
    /// For the closing auction.
    AtClose,
    /// Canceled on its way.
    Over,
}

impl Order {
    fn leaves(&self) -> Quantity {
        self.displayed + self.hidden
    }

    const fn side(&self) -> Side {
        self.terms.side
    }

    const fn is_pegged(&self) -> bool {
        matches!(self.terms.kind, OrderKind::Pegged { .. })
    }

    /// Displays as much of `leaves` as the order may.
    fn show(&mut self, leaves: Quantity) {
        self.displayed = self.terms.display.map_or(leaves, |display| display.min(leaves));
        self.hidden = leaves - self.displayed;
    }

    /// Reduces the order: its hidden quantity first.
    fn shrink(&mut self, less: Quantity) {
        let hidden = self.hidden.min(less);
        self.hidden -= hidden;
        self.displayed -= less - hidden;
    }

    fn canceled(&self, reason: CancelReason) -> BookEvent {
        let (order, owner, side, quantity) = (self.id, self.owner, self.side(), self.leaves());
        BookEvent::Canceled { order, owner, side, quantity, reason }
    }

    fn expired(&self, reason: ExpiryReason) -> BookEvent {
        let (order, owner, side, quantity) = (self.id, self.owner, self.side(), self.leaves());
        BookEvent::Expired { order, owner, side, quantity, reason }
    }

    const fn repriced(&self, price: Option<Price>) -> BookEvent {
        BookEvent::Repriced { order: self.id, owner: self.owner, side: self.side(), price }
    }
}

impl ReferenceBook {
    /// Makes an empty book in continuous trading.
    #[must_use]
    pub fn new(config: BookConfig) -> Self {
        Self { config, anchor: config.reference, ..Self::default() }
    }

    /// Makes an empty book with a deliberate flaw.
    #[must_use]
    pub fn flawed(config: BookConfig, flaw: Option<Flaw>) -> Self {
        Self { flaw, ..Self::new(config) }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn find(&self, id: OrderId) -> Option<usize> {
        self.orders.iter().position(|order| order.id == id)
    }

    /// Finds the order of a cancel or replace.
    fn find_own(&self, command: &Command) -> Result<usize, RejectReason> {
        let index = self.find(command.order).ok_or(RejectReason::UnknownOrder)?;
        let is_own = self.orders[index].owner == command.owner || self.has(Flaw::ForeignCancel);
        if is_own { Ok(index) } else { Err(RejectReason::NotOwner) }
    }

    fn is_resting_at(&self, index: usize, side: Side, price: Price) -> bool {
        self.orders[index].side() == side && self.orders[index].state == State::Resting(price)
    }

    /// Returns the displayed quantity at a price.
    fn displayed_at(&self, side: Side, price: Price) -> Quantity {
        let there = (0..self.orders.len()).filter(|index| self.is_resting_at(*index, side, price));
        let (shows_hidden, is_stale) = (self.has(Flaw::TotalShowsHidden), self.has(Flaw::StaleTotal));
        let seen = |order: &Order| {
            let hidden = if shows_hidden { order.hidden } else { Quantity::ZERO };
            order.displayed + hidden + if is_stale { order.filled } else { Quantity::ZERO }
        };
        there.map(|index| seen(&self.orders[index])).sum()
    }

    /// Returns the best price at which an order rests that satisfies `which`.
    fn best_where(&self, side: Side, which: impl Fn(&Order) -> bool) -> Option<Price> {
        let resting = self.orders.iter().filter(|order| order.side() == side && which(order));
        let prices = resting.filter_map(|order| match order.state {
            State::Resting(price) => Some(price),
            _ => None,
        });
        prices.max_by_key(|price| side.sign() * price.ticks())
    }

    fn best(&self, side: Side) -> Option<Price> {
        self.best_where(side, |_| true)
    }

    /// Returns whether an order at `limit` could trade now.
    fn crosses(&self, side: Side, limit: Price) -> bool {
        self.best(side.opposite()).is_some_and(|best| side.accepts(limit, best))
    }

    /// Moves an order to the end of the list.
    fn put(&mut self, mut order: Order, state: State) {
        order.queue_ahead = match state {
            State::Resting(price) => self.displayed_at(order.side(), price),
            State::Unpriced => {
                let unpriced = |other: &&Order| other.state == state && other.side() == order.side();
                self.orders.iter().filter(unpriced).map(|other| other.displayed).sum()
            }
            _ => Quantity::ZERO,
        };
        order.state = state;
        self.orders.push(order);
    }

    /// Handles the end of an order: its partner is canceled, and so is the rest of its bracket's entry; what
    /// an entry has traded is due for its exits.
    fn ended(&mut self, order: &Order, out: &mut impl EventSink) {
        if let Some(index) = order.partner.and_then(|partner| self.find(partner)) {
            let partner = self.orders.remove(index);
            out.take(partner.canceled(CancelReason::Linked));
        }
        self.end_entry(order, out);
        self.entry_traded(order);
        if order.filled.is_zero() {
            self.brackets.retain(|bracket| bracket.entry.id != order.id);
        }
    }

    /// Reduces an order's partner by what the order has lost.
    fn reduce_partner(&mut self, order: &Order, lost: Quantity, out: &mut impl EventSink) {
        let Some(index) = order.partner.and_then(|partner| self.find(partner)) else { return };
        if self.orders[index].leaves() == lost {
            let partner = self.orders.remove(index);
            out.take(partner.canceled(CancelReason::Linked));
            return;
        }
        let partner = &mut self.orders[index];
        partner.shrink(lost);
        let (order, owner, side, leaves) = (partner.id, partner.owner, partner.side(), partner.leaves());
        out.take(BookEvent::Reduced { order, owner, side, leaves, reason: ReduceReason::Linked });
    }

    fn cancel(&mut self, index: usize, reason: CancelReason, out: &mut impl EventSink) {
        let order = self.orders.remove(index);
        out.take(order.canceled(reason));
        if reason.is_by_owner() {
            self.detach(&order);
        }
        self.ended(&order, out);
    }

    fn expire(&mut self, index: usize, reason: ExpiryReason, out: &mut impl EventSink) {
        let order = self.orders.remove(index);
        out.take(order.expired(reason));
        self.ended(&order, out);
    }

    /// Applies `action` to each order that satisfies `which` and is still there, in order of time.
    fn for_each(&mut self, which: impl Fn(&Order) -> bool, mut action: impl FnMut(&mut Self, usize)) {
        let chosen: Vec<OrderId> = self.orders.iter().filter(|order| which(order)).map(|it| it.id).collect();
        for id in chosen {
            if let Some(index) = self.find(id) {
                action(self, index);
            }
        }
    }

    fn mass_cancel(
        &mut self,
        owner: ActorId,
        side: Option<Side>,
        reason: CancelReason,
        out: &mut impl EventSink,
    ) {
        let chosen = |order: &Order| order.owner == owner && side.is_none_or(|side| order.side() == side);
        self.for_each(chosen, |book, index| book.cancel(index, reason, out));
    }

    fn expire_dated(&mut self, now: SimTime, out: &mut impl EventSink) {
        loop {
            let due =
                self.orders.iter().enumerate().filter_map(|(index, order)| match order.terms.time_in_force {
                    TimeInForce::Gtd(date) if date <= now && !self.has(Flaw::DateLives) => {
                        Some((date, index))
                    }
                    _ => None,
                });
            let Some((_, index)) = due.min() else { return };
            self.expire(index, ExpiryReason::DateReached, out);
        }
    }

    fn change(
        &mut self,
        now: SimTime,
        command: &Command,
        out: &mut impl EventSink,
    ) -> Result<(), RejectReason> {
        match command.kind {
            CommandKind::New(terms) => self.submit(now, command, terms, out),
            CommandKind::Cancel => {
                let index = self.find_own(command)?;
                self.cancel(index, CancelReason::Requested, out);
            }
            CommandKind::Replace(new) => {
                let index = self.find_own(command)?;
                self.replace(now, index, &new, out)?;
            }
            CommandKind::MassCancel { side } => {
                self.mass_cancel(command.owner, side, CancelReason::MassCancel, out);
            }
            CommandKind::Disconnect => {
                self.mass_cancel(command.owner, None, CancelReason::Disconnected, out);
            }
        }
        Ok(())
    }
}

impl MatchingEngine for ReferenceBook {
    fn execute(&mut self, now: SimTime, command: &Command, out: &mut impl EventSink) {
        self.advance(now, out);
        if let Err(reason) = self.change(now, command, out) {
            out.take(BookEvent::CommandRejected { order: command.order, owner: command.owner, reason });
        }
        self.follow_up(out);
    }

    fn enter_phase(&mut self, now: SimTime, phase: Phase, out: &mut impl EventSink) {
        self.advance(now, out);
        self.change_phase(phase, out);
        self.follow_up(out);
    }

    fn advance(&mut self, now: SimTime, out: &mut impl EventSink) {
        self.expire_dated(now, out);
        self.follow_up(out);
    }

    fn expire_all(&mut self, out: &mut impl EventSink) {
        self.brackets.clear();
        for order in std::mem::take(&mut self.orders) {
            out.take(order.expired(ExpiryReason::VenueClosed));
        }
    }

    fn phase(&self) -> Phase {
        self.phase
    }

    fn quote(&self) -> Quote {
        let level = |side, price| QuoteLevel { price, size: self.displayed_at(side, price) };
        let touch = |side| self.best(side).map(|price| level(side, price));
        Quote { bid: touch(Side::Buy), ask: touch(Side::Sell) }
    }

    fn levels(&self, side: Side) -> Vec<QuoteLevel> {
        let mut levels = Vec::new();
        let mut next = self.best(side);
        while let Some(price) = next {
            levels.push(QuoteLevel { price, size: self.displayed_at(side, price) });
            let worse = |order: &Order| match order.state {
                State::Resting(other) => other != price && !side.accepts(other, price),
                _ => false,
            };
            next = self.best_where(side, worse);
        }
        levels
    }

    fn indicative(&self) -> Option<Indicative> {
        self.auction_price()
    }

    fn open_orders(&self) -> Vec<OpenState> {
        let state = |order: &Order| OpenState {
            order: order.id,
            owner: order.owner,
            side: order.side(),
            price: match order.state {
                State::Resting(price) => Some(price),
                _ => None,
            },
            displayed: order.displayed,
            hidden: order.hidden,
            filled: order.filled,
        };
        self.orders.iter().map(state).collect()
    }
}
