//! The engine: matching over a slab of orders and two windows of levels.
//!
//! # Layout
//! Orders live in one array ([`Slab`]), forty bytes each, and are linked into the queue of their level; an id
//! is found through a table of tags ([`id_table`]), a level by its offset in a window ([`BookSide`]). What is read
//! seldom, and what plain limit orders do not need, stands apart.
//!
//! # Rules
//! - A better price trades first; at one price, who came first, unless [`Matching`](super::Matching) says
//!   otherwise. The maker sets the price.
//! - A replace that only lowers the quantity keeps the place in the queue; any other goes to the back,
//!   and trades first if its new price crosses. So does the next part of an iceberg, a pegged order that
//!   moves, an elected stop.
//! - In continuous trading the book is never crossed between commands.
//! - A rejected command changes nothing.
//! - What follows from a command happens before the next: first exits of brackets, then stops in the order
//!   in which trades reached them, then pegged orders in order of time, until nothing follows.
//!
//! # Limits
//! Ids of orders that are over are forgotten, so that memory follows what is open and not what passed; an
//! id is a duplicate only while its order is open.

mod allocation;
mod auction;
mod bitmap;
mod book_side;
mod fast_path;
mod id_table;
mod invariants;
mod l3_view;
mod linked_orders;
mod location;
mod matching;
mod order_entry;
mod pegs;
mod slab;
mod slot;
mod stops;

use std::collections::{BTreeSet, VecDeque};

use self::book_side::BookSide;
pub use self::invariants::{InvariantError, check_invariants};
pub use self::l3_view::RestingOrder;
use self::slab::{Activation, Details, NewNode, Node, Slab};
use self::slot::{NONE, Slot};
use self::stops::Stops;
use super::config::BookConfig;
use super::event::{BookEvent, EventSink, Indicative, MatchingEngine, OpenState};
use crate::market::{
    CancelReason, Command, CommandKind, ExpiryReason, Link, OrderKind, OrderTerms, Phase, Quote, QuoteLevel,
    RejectReason, Side, TimeInForce,
};
use crate::units::{ActorId, OrderId, Price, Quantity, SimTime};

/// A book of one listing.
#[derive(Debug, Clone)]
pub struct OrderBook {
    config: BookConfig,
    phase: Phase,
    slab: Slab,
    /// Bids and asks, by [`Side::index`]: whether an order buys is as good as random, so that a branch on it
    /// would often be foretold wrongly.
    sides: [BookSide; 2],
    /// The rank in time of the last order that came.
    sequence: u64,
    last: Option<Price>,
    anchor: Option<Price>,
    stops: Stops,
    pegs: Vec<Slot>,
    /// Orders with a date, by it.
    dated: BTreeSet<(SimTime, OrderId)>,
    /// Entries of brackets, to whose exits ids are promised.
    brackets: BTreeSet<OrderId>,
    /// Brackets whose entry is over, and whose exits enter next.
    ended_entries: VecDeque<Order>,
    /// How many pairs of linked orders there are.
    pairs: usize,
    /// The queue of a level while it is shared; kept for its memory.
    allocation_queue: Vec<(OrderId, Quantity)>,
}

/// An order that is not in the book: on its way through it, or just taken out.
#[derive(Debug, Clone, Copy)]
struct Order {
    id: OrderId,
    owner: ActorId,
    terms: OrderTerms,
    leaves: Quantity,
    filled: Quantity,
    partner: Option<OrderId>,
}

impl Order {
    const fn new(id: OrderId, owner: ActorId, terms: OrderTerms) -> Self {
        Self { id, owner, terms, leaves: terms.quantity, filled: Quantity::ZERO, partner: None }
    }

    const fn side(&self) -> Side {
        self.terms.side
    }

    const fn canceled(&self, reason: CancelReason) -> BookEvent {
        let Self { id: order, owner, leaves: quantity, .. } = *self;
        BookEvent::Canceled { order, owner, side: self.terms.side, quantity, reason }
    }

    const fn expired(&self, reason: ExpiryReason) -> BookEvent {
        let Self { id: order, owner, leaves: quantity, .. } = *self;
        BookEvent::Expired { order, owner, side: self.terms.side, quantity, reason }
    }

    const fn repriced(&self, price: Option<Price>) -> BookEvent {
        BookEvent::Repriced { order: self.id, owner: self.owner, side: self.terms.side, price }
    }

    /// Tells whether the order rests as one of which nothing but the limit needs to be remembered.
    const fn is_plain(&self) -> bool {
        matches!(self.terms.kind, OrderKind::Limit(_))
            && matches!(self.terms.time_in_force, TimeInForce::Gtc)
            && self.terms.is_plain()
            && self.partner.is_none()
    }
}

impl OrderBook {
    /// Makes an empty book in continuous trading.
    #[must_use]
    pub fn new(config: BookConfig) -> Self {
        Self {
            config,
            phase: Phase::Continuous,
            slab: Slab::new(),
            sides: Side::BOTH.map(BookSide::new),
            sequence: 0,
            last: None,
            anchor: config.reference,
            stops: Stops::default(),
            pegs: Vec::new(),
            dated: BTreeSet::new(),
            brackets: BTreeSet::new(),
            ended_entries: VecDeque::new(),
            pairs: 0,
            allocation_queue: Vec::new(),
        }
    }

    /// Returns how many orders are open.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slab.len()
    }

    /// Tells whether no order is open.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the price of the last trade, if there was one.
    #[must_use]
    pub const fn last_price(&self) -> Option<Price> {
        self.last
    }

    /// Returns when the next order expires by its date, if one has a date.
    #[must_use]
    pub fn next_expiry(&self) -> Option<SimTime> {
        self.dated.first().map(|(date, _)| *date)
    }

    /// Returns the orders that rest at a price with what each displays, in order of time.
    pub fn queue(&self, side: Side, price: Price) -> impl Iterator<Item = (OrderId, Quantity)> {
        let head = self.side(side).level(price).map_or(NONE, |level| level.head);
        let following = move |slot: &Slot| Some(self.slab.get(*slot).next).filter(|next| *next != NONE);
        let slots = std::iter::successors(Some(head).filter(|head| *head != NONE), following);
        slots.map(|slot| (self.slab.get(slot).id, self.slab.displayed(slot)))
    }

    const fn side(&self, side: Side) -> &BookSide {
        &self.sides[side.index()]
    }

    /// Returns one side together with the slab, both to be changed.
    #[inline]
    const fn side_mut(&mut self, side: Side) -> (&mut BookSide, &mut Slab) {
        (&mut self.sides[side.index()], &mut self.slab)
    }

    const fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Finds the order that a cancel or replace names.
    #[inline]
    fn find_own(&self, command: &Command) -> Result<Slot, RejectReason> {
        let slot = self.slab.find(command.order).ok_or(RejectReason::UnknownOrder)?;
        if self.slab.get(slot).owner == command.owner { Ok(slot) } else { Err(RejectReason::NotOwner) }
    }

    /// Returns where an order rests, if it does.
    #[inline]
    fn price_of(&self, slot: Slot) -> Option<Price> {
        let location = self.slab.get(slot).location;
        self.side(location.side()).price_of(location.level()?)
    }

    /// Lets what is left of an order rest at `price`, at the back of its queue.
    #[inline]
    fn rest(&mut self, order: &Order, price: Price) {
        let slot = self.insert(order, Activation::None);
        let (book_side, slab) = self.side_mut(order.side());
        book_side.append(slab, slot, price);
    }

    /// Lets an order wait outside of the book.
    fn keep_dormant(&mut self, order: &Order, activation: Activation) {
        let slot = self.insert(order, activation);
        let sequence = self.slab.get(slot).sequence;
        if let Activation::Trigger(trigger) = activation {
            self.stops.add(slot, sequence, &order.terms, trigger);
        }
    }

    /// Lets an order without limit queue up for an auction.
    fn rest_unpriced(&mut self, order: &Order) {
        let slot = self.insert(order, Activation::None);
        let (book_side, slab) = self.side_mut(order.side());
        book_side.append_unpriced(slab, slot);
    }

    /// Gives an order its slot, with details if it needs any; it stands in no queue yet.
    fn insert(&mut self, order: &Order, activation: Activation) -> Slot {
        let displayed = order.terms.display.map_or(order.leaves, |display| display.min(order.leaves));
        let sequence = self.next_sequence();
        let Order { id, owner, filled, .. } = *order;
        let slot = self.slab.insert(&NewNode { id, owner, side: order.side(), sequence, displayed, filled });
        if order.is_plain() && activation == Activation::None {
            return slot;
        }
        let hidden = order.leaves - displayed;
        self.slab.attach(slot, Details::new(order.terms, hidden, order.partner, activation));
        if let TimeInForce::Gtd(date) = order.terms.time_in_force {
            self.dated.insert((date, order.id));
        }
        if matches!(order.terms.link, Link::Bracket { .. }) {
            self.brackets.insert(order.id);
        }
        if matches!(order.terms.kind, OrderKind::Pegged { .. }) {
            self.pegs.push(slot);
        }
        slot
    }

    /// Takes an order out, and returns it.
    fn remove(&mut self, slot: Slot) -> Order {
        let order = self.order_at(slot);
        if let Some(Activation::Trigger(trigger)) = self.slab.details(slot).map(|details| details.activation)
        {
            self.stops.remove(slot, self.slab.get(slot).sequence, &order.terms, trigger);
        }
        let (book_side, slab) = self.side_mut(order.side());
        book_side.unlink(slab, slot);
        self.release(slot, &order);
        order
    }

    /// Frees the slot of an order that is in no queue any more.
    fn release(&mut self, slot: Slot, order: &Order) {
        if let TimeInForce::Gtd(date) = order.terms.time_in_force {
            self.dated.remove(&(date, order.id));
        }
        if matches!(order.terms.link, Link::Bracket { .. }) {
            self.brackets.remove(&order.id);
        }
        if matches!(order.terms.kind, OrderKind::Pegged { .. }) {
            self.pegs.retain(|peg| *peg != slot);
        }
        self.slab.remove(slot);
    }

    /// Returns an order of the book.
    fn order_at(&self, slot: Slot) -> Order {
        let Node { id, owner, .. } = *self.slab.get(slot);
        let (leaves, filled) = (self.slab.leaves(slot), self.slab.filled(slot));
        let (terms, partner) = match self.slab.details(slot) {
            Some(details) => (details.terms, details.partner),
            None => {
                let kind =
                    self.price_of(slot).map_or(OrderKind::Market { protection: None }, OrderKind::Limit);
                (OrderTerms::new(self.slab.get(slot).side(), leaves + filled, kind), None)
            }
        };
        Order { id, owner, terms, leaves, filled, partner }
    }

    #[inline]
    fn cancel(&mut self, slot: Slot, reason: CancelReason, out: &mut impl EventSink) {
        if self.cancel_plain(slot, reason, out) {
            return;
        }
        let order = self.remove(slot);
        out.take(order.canceled(reason));
        self.on_end(&order, out);
    }

    fn expire(&mut self, slot: Slot, reason: ExpiryReason, out: &mut impl EventSink) {
        let order = self.remove(slot);
        out.take(order.expired(reason));
        self.on_end(&order, out);
    }

    /// Does `action` to each of the chosen orders, in order of entry, while it is there.
    fn for_each(&mut self, chosen: Vec<Slot>, mut action: impl FnMut(&mut Self, Slot)) {
        let mut chosen: Vec<(u64, OrderId)> =
            chosen.into_iter().map(|slot| (self.slab.get(slot).sequence, self.slab.get(slot).id)).collect();
        chosen.sort_unstable();
        for (_, id) in chosen {
            if let Some(slot) = self.slab.find(id) {
                action(self, slot);
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
        let is_chosen = |slot: &Slot| {
            let node = self.slab.get(*slot);
            node.owner == owner && side.is_none_or(|side| node.side() == side)
        };
        let chosen = self.slab.slots().filter(is_chosen).collect();
        self.for_each(chosen, |book, slot| book.cancel(slot, reason, out));
    }

    #[cold]
    fn expire_dated(&mut self, now: SimTime, out: &mut impl EventSink) {
        while let Some((date, _)) = self.dated.first().copied().filter(|(date, _)| *date <= now) {
            let due = self.dated.iter().take_while(|(other, _)| *other == date);
            let due = due.filter_map(|(_, id)| self.slab.find(*id)).collect();
            self.for_each(due, |book, slot| book.expire(slot, ExpiryReason::DateReached, out));
        }
    }

    #[inline]
    fn change(
        &mut self,
        now: SimTime,
        command: &Command,
        out: &mut impl EventSink,
    ) -> Result<(), RejectReason> {
        match &command.kind {
            CommandKind::New(terms) => {
                if !self.submit_plain(command.order, command.owner, terms, out) {
                    self.submit(now, command, terms, out);
                }
            }
            CommandKind::Cancel => self.cancel_by_id(command.order, command.owner, out)?,
            CommandKind::Replace { price, quantity } => {
                let slot = self.find_own(command)?;
                if !self.replace_plain(slot, *price, *quantity, out)? {
                    self.replace(slot, *price, *quantity, out)?;
                }
            }
            CommandKind::MassCancel { side } => {
                self.mass_cancel(command.owner, *side, CancelReason::MassCancel, out);
            }
            CommandKind::Disconnect => {
                self.mass_cancel(command.owner, None, CancelReason::Disconnected, out);
            }
        }
        Ok(())
    }
}

impl Default for OrderBook {
    fn default() -> Self {
        Self::new(BookConfig::default())
    }
}

impl MatchingEngine for OrderBook {
    #[inline]
    fn execute(&mut self, now: SimTime, command: &Command, out: &mut impl EventSink) {
        if !self.dated.is_empty() {
            self.advance(now, out);
        }
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
        let all = self.slab.slots().collect();
        self.pairs = 0;
        self.for_each(all, |book, slot| {
            let order = book.remove(slot);
            out.take(order.expired(ExpiryReason::VenueClosed));
        });
    }

    fn phase(&self) -> Phase {
        self.phase
    }

    fn quote(&self) -> Quote {
        let [bid, ask] = Side::BOTH.map(|side| self.side(side).quote());
        Quote { bid, ask }
    }

    fn levels(&self, side: Side) -> Vec<QuoteLevel> {
        self.best_levels(side, usize::MAX)
    }

    fn indicative(&self) -> Option<Indicative> {
        self.auction_price()
    }

    fn open_orders(&self) -> Vec<OpenState> {
        let mut slots: Vec<Slot> = self.slab.slots().collect();
        slots.sort_unstable_by_key(|slot| self.slab.get(*slot).sequence);
        let state = |slot: Slot| {
            let Node { id: order, owner, location, .. } = *self.slab.get(slot);
            OpenState {
                order,
                owner,
                side: location.side(),
                price: self.price_of(slot),
                displayed: self.slab.displayed(slot),
                hidden: self.slab.hidden(slot),
                filled: self.slab.filled(slot),
            }
        };
        slots.into_iter().map(state).collect()
    }
}
