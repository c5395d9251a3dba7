//! The matching engine: a slab of orders, and a radix tree of price levels for each side.
//!
//! # Layout
//! Orders are stored in one array ([`Slab`]), half a cache line each, linked into the queue of their level,
//! in blocks by owner ([`owners`]). An id is looked up in a table of tags ([`id_table`]), a level by its
//! offset in a page of neighboring prices ([`level_index`]). Arrays grow by chunks and tables by shards, so
//! that no command copies what is there. Data that is rarely read, or that plain limit orders do not need,
//! is stored separately: extra terms are packed into one cache line ([`details`]), and stops, pegs, links and
//! dates each have a structure of their own, which only orders that need it touch. Plain limit and market
//! orders take a [`fast_path`].
//!
//! # Rules
//! - A better price trades first; at one price the older order, unless [`Matching`](super::Matching) says
//!   otherwise. The maker sets the price of a trade.
//! - A replace that only lowers the quantity keeps its priority; after any other the order goes to the back
//!   of the queue, trading first if its new price crosses. The next part of an iceberg, a repriced pegged
//!   order and an elected stop go to the back, too.
//! - In continuous trading the book is never crossed between commands.
//! - A rejected command changes nothing.
//! - Follow-ups of a command are executed before the next command: first brackets' exits, then stops in the
//!   order in which trades elected them (of one trade: buys from the lowest trigger, sales from the highest,
//!   then by time), then pegged orders in order of time, until there are none.
//!
//! # Limits
//! The ids of ended orders are not kept, so memory grows with the number of open orders only; an id is a
//! duplicate only while its order is open.

mod allocation;
mod auction;
mod auction_curve;
mod auction_interest;
mod auction_price;
mod book_side;
mod brackets;
mod chunked;
mod dated;
mod day_end;
mod details;
mod fast_path;
mod id_table;
mod invariants;
mod l3_view;
mod level_index;
mod linked_orders;
mod location;
mod matching;
mod order_entry;
mod owners;
mod pegs;
mod preload;
mod replaces;
mod slab;
mod slot;
mod state;
mod stops;
mod trailing;

use self::auction_curve::AuctionCurve;
use self::book_side::BookSide;
use self::brackets::Brackets;
use self::dated::Dates;
use self::details::{Activation, Details};
pub use self::invariants::{InvariantError, check_invariants};
pub use self::l3_view::RestingOrder;
use self::pegs::Pegs;
use self::slab::{NewNode, Node, Slab};
use self::slot::{NONE, Slot};
use self::stops::Stops;
use super::config::BookConfig;
use super::event::{BookEvent, EventSink, Indicative, MatchingEngine, OpenState};
use crate::market::{
    CancelReason, Command, CommandKind, ExpiryReason, OrderKind, OrderTerms, Phase, Quote, QuoteLevel,
    RejectReason, Side, TimeInForce,
};
use crate::units::{ActorId, OrderId, Price, Quantity, SimTime};

/// A book of one listing.
///
/// ```
/// use bearpit_core::book::{BookEvent, MatchingEngine, OrderBook};
/// use bearpit_core::market::{Command, CommandKind, OrderTerms, Phase, Side};
/// use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};
///
/// let (now, listing) = (SimTime::from_nanos(0), ListingId::new(0));
/// let mut book = OrderBook::default();
/// let mut events = Vec::new();
/// let mut execute = |book: &mut OrderBook, order, owner, kind| {
///     let (order, owner) = (OrderId::new(order), ActorId::new(owner));
///     book.execute(now, &Command { order, owner, listing, kind }, &mut events);
/// };
/// let limit = |side, lots, ticks| {
///     CommandKind::New(OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks)))
/// };
///
/// // Alice offers, Bob takes a part, Alice cancels the rest.
/// execute(&mut book, 1, 0, limit(Side::Sell, 10, 101));
/// execute(&mut book, 2, 1, limit(Side::Buy, 4, 102));
/// assert_eq!(book.last_price(), Some(Price::new(101)));
/// execute(&mut book, 1, 0, CommandKind::Cancel);
/// assert!(book.is_empty());
///
/// // An auction call: orders may cross, and trade at one price when it ends.
/// book.enter_phase(now, Phase::ClosingAuction, &mut Vec::new());
/// execute(&mut book, 3, 0, limit(Side::Sell, 10, 99));
/// execute(&mut book, 4, 1, limit(Side::Buy, 7, 103));
/// assert_eq!(book.indicative().map(|it| (it.price.ticks(), it.volume.lots())), Some((99, 7)));
/// let mut closing = Vec::new();
/// book.enter_phase(now, Phase::Closed, &mut closing);
/// assert!(closing.iter().any(|event| matches!(event, BookEvent::Traded(_))));
/// assert_eq!(events.iter().filter(|event| matches!(event, BookEvent::Accepted { .. })).count(), 4);
/// ```
#[derive(Debug, Clone)]
pub struct OrderBook {
    config: BookConfig,
    phase: Phase,
    slab: Slab,
    /// Bids and asks, by [`Side::index`]: whether an order buys is effectively random, so branching on it
    /// mispredicts half the time.
    sides: [BookSide; 2],
    /// The time rank of the newest order.
    sequence: u64,
    last: Option<Price>,
    anchor: Option<Price>,
    stops: Stops,
    pegs: Pegs,
    /// GTD orders by date.
    dated: Dates,
    brackets: Brackets,
    /// Demand and supply, during an auction call.
    curve: Option<AuctionCurve>,
    /// The number of pairs of linked orders.
    pairs: usize,
    /// Orders that something is about to happen to; kept to reuse its memory.
    chosen: Vec<(u64, OrderId)>,
    /// The queue of a level during an allocation; kept to reuse its memory.
    allocation_queue: Vec<(OrderId, Quantity)>,
}

/// An order outside of the book: on its way in, or just removed.
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

    /// Returns whether the order rests as a plain one, of which only the limit needs to be stored.
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
            pegs: Pegs::default(),
            dated: Dates::default(),
            brackets: Brackets::default(),
            curve: None,
            pairs: 0,
            chosen: Vec::new(),
            allocation_queue: Vec::new(),
        }
    }

    /// Returns how many orders are open.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slab.len()
    }

    /// Returns whether no order is open.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the price of the last trade, if there was one.
    #[must_use]
    pub const fn last_price(&self) -> Option<Price> {
        self.last
    }

    /// Returns the date of the next GTD order to expire, if there is one.
    #[must_use]
    pub const fn next_expiry(&self) -> Option<SimTime> {
        self.dated.first()
    }

    /// Returns the orders that rest at a price, each with its displayed quantity, in order of time.
    pub fn queue(&self, side: Side, price: Price) -> impl Iterator<Item = (OrderId, Quantity)> {
        let head = self.side(side).level(price).map_or(NONE, |level| level.head);
        let following = move |slot: &Slot| Some(self.slab.get(*slot).next).filter(|next| *next != NONE);
        let slots = std::iter::successors(Some(head).filter(|head| *head != NONE), following);
        slots.map(|slot| (self.slab.get(slot).id, self.slab.displayed(slot)))
    }

    /// Returns the displayed quantity that is ahead of an order at its price; nothing if it does not rest.
    #[must_use]
    pub fn queue_ahead(&self, order: OrderId) -> Option<Quantity> {
        let slot = self.slab.find(order)?;
        let price = self.price_of(slot)?;
        let queue = self.queue(self.slab.get(slot).location.side(), price);
        Some(queue.take_while(|(id, _)| *id != order).map(|(_, displayed)| displayed).sum())
    }

    /// Returns the best trade that a trailing stop has followed since its entry: the highest of one that
    /// sells, the lowest of one that buys. Nothing of any other order, or while there was no trade.
    #[must_use]
    pub fn trailing_mark(&self, order: OrderId) -> Option<Price> {
        self.trailing_mark_at(self.slab.find(order)?)
    }

    const fn side(&self, side: Side) -> &BookSide {
        &self.sides[side.index()]
    }

    /// Returns one side together with the slab, both mutably.
    #[inline]
    const fn side_mut(&mut self, side: Side) -> (&mut BookSide, &mut Slab) {
        (&mut self.sides[side.index()], &mut self.slab)
    }

    const fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Finds the order of a cancel or replace.
    #[inline]
    fn find_own(&self, command: &Command) -> Result<Slot, RejectReason> {
        let slot = self.slab.find(command.order).ok_or(RejectReason::UnknownOrder)?;
        if self.slab.get(slot).owner == command.owner { Ok(slot) } else { Err(RejectReason::NotOwner) }
    }

    /// Returns the price at which an order rests, if it does.
    #[inline]
    fn price_of(&self, slot: Slot) -> Option<Price> {
        let location = self.slab.get(slot).location;
        self.side(location.side()).price_of(location.level()?)
    }

    /// Adds the open quantity of an order at `price`, at the back of the queue.
    #[inline]
    fn rest(&mut self, order: &Order, price: Price) {
        let slot = self.insert(order, Activation::None);
        self.append(slot, price);
        if matches!(order.terms.kind, OrderKind::Pegged { .. }) {
            self.note_placed_peg(slot);
        }
    }

    /// Appends an order to the queue of a price.
    #[inline]
    fn append(&mut self, slot: Slot, price: Price) {
        let (book_side, slab) = self.side_mut(self.slab.get(slot).side());
        book_side.append(slab, slot, price);
        if self.curve.is_some() {
            self.count(slot);
        }
    }

    /// Removes an order from its queue, if it is in one.
    #[inline]
    fn unlink(&mut self, slot: Slot) {
        if self.curve.is_some() {
            self.discount(slot);
        }
        let (book_side, slab) = self.side_mut(self.slab.get(slot).side());
        book_side.unlink(slab, slot);
    }

    /// Adds an order outside of the queues, until its activation.
    fn keep_dormant(&mut self, order: &Order, activation: Activation) {
        let slot = self.insert(order, activation);
        if let (Activation::Trigger, Some(trigger)) = (activation, order.terms.kind.trigger()) {
            self.stops.add(slot, order.side(), trigger);
        }
    }

    /// Adds an order without a limit to the queue for an auction.
    fn rest_unpriced(&mut self, order: &Order) {
        let slot = self.insert(order, Activation::None);
        let (book_side, slab) = self.side_mut(order.side());
        book_side.append_unpriced(slab, slot);
        if self.curve.is_some() {
            // It has no price itself, but trades before an order that it is linked with.
            self.count(slot);
        }
    }

    /// Stores an order in the slab, with details if it needs them; it is in no queue yet.
    fn insert(&mut self, order: &Order, activation: Activation) -> Slot {
        let displayed = order.terms.display.map_or(order.leaves, |display| display.min(order.leaves));
        let sequence = self.next_sequence();
        let Order { id, owner, filled, .. } = *order;
        let slot = self.slab.insert(&NewNode { id, owner, side: order.side(), sequence, displayed, filled });
        if order.is_plain() && activation == Activation::None {
            return slot;
        }
        let hidden = order.leaves - displayed;
        let mut details = Details::new(&order.terms, hidden, activation);
        details.set_partner(order.partner);
        self.slab.attach(slot, details);
        if let TimeInForce::Gtd(date) = order.terms.time_in_force {
            self.dated.insert(date, slot);
        }
        if matches!(order.terms.kind, OrderKind::Pegged { .. }) {
            self.note_peg(slot);
        }
        slot
    }

    /// Removes an order and returns it.
    fn remove(&mut self, slot: Slot) -> Order {
        let order = self.order_at(slot);
        if let Some(details) = self.slab.details(slot) {
            match details.activation() {
                Activation::Trigger => {
                    self.stops.remove(slot, order.side(), details.trigger());
                }
                Activation::Trails => self.stops.trailing.remove(details.trailing_index()),
                _ => {}
            }
        }
        if matches!(order.terms.kind, OrderKind::Pegged { .. }) {
            self.forget_peg(slot);
        }
        self.unlink(slot);
        self.release(slot, &order);
        order
    }

    /// Frees the slot of an order that has left its queue.
    fn release(&mut self, slot: Slot, order: &Order) {
        if let TimeInForce::Gtd(date) = order.terms.time_in_force {
            self.dated.remove(date, slot);
        }
        self.slab.remove(slot);
    }

    /// Returns an order of the book.
    fn order_at(&self, slot: Slot) -> Order {
        let Node { id, owner, .. } = *self.slab.get(slot);
        let (leaves, filled) = (self.slab.leaves(slot), self.slab.filled(slot));
        let (side, quantity) = (self.slab.get(slot).side(), leaves + filled);
        let (terms, partner) = match self.slab.details(slot) {
            Some(details) => {
                let terms = details.terms(side, quantity, || self.brackets.link(id));
                (terms, details.partner())
            }
            None => {
                let kind =
                    self.price_of(slot).map_or(OrderKind::Market { protection: None }, OrderKind::Limit);
                (OrderTerms::new(side, quantity, kind), None)
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
        if reason.is_by_owner() {
            self.brackets.detach(&order);
        }
        self.on_end(&order, out);
    }

    fn expire(&mut self, slot: Slot, reason: ExpiryReason, out: &mut impl EventSink) {
        let order = self.remove(slot);
        out.take(order.expired(reason));
        self.on_end(&order, out);
    }

    /// Applies `action` to each of the chosen orders that is still there, in order of time.
    fn for_each(&mut self, chosen: Vec<Slot>, mut action: impl FnMut(&mut Self, Slot)) {
        self.chosen.extend(chosen.into_iter().map(|slot| by_time(&self.slab, slot)));
        self.for_each_chosen(&mut action);
    }

    /// Applies `action` to each order in `chosen` that is still there, in order of time.
    fn for_each_chosen(&mut self, action: &mut impl FnMut(&mut Self, Slot)) {
        let mut chosen = std::mem::take(&mut self.chosen);
        chosen.sort_unstable();
        for (_, id) in chosen.drain(..) {
            if let Some(slot) = self.slab.find(id) {
                action(self, slot);
            }
        }
        self.chosen = chosen;
    }

    fn mass_cancel(
        &mut self,
        owner: ActorId,
        side: Option<Side>,
        reason: CancelReason,
        out: &mut impl EventSink,
    ) {
        let is_chosen = |slot: &Slot| side.is_none_or(|side| self.slab.get(*slot).side() == side);
        let chosen = self.slab.slots_of(owner).filter(is_chosen);
        self.chosen.extend(chosen.map(|slot| by_time(&self.slab, slot)));
        self.for_each_chosen(&mut |book, slot| book.cancel(slot, reason, out));
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
                if !self.submit_plain(command.order, command.owner, terms, out)
                    && !self.submit_dated(now, command, terms, out)
                {
                    self.submit(now, command, terms, out);
                }
            }
            CommandKind::Cancel => self.cancel_by_id(command.order, command.owner, out)?,
            CommandKind::Replace(new) => {
                let slot = self.find_own(command)?;
                let is_done = match new.price_and_quantity() {
                    Some((price, quantity)) => self.replace_plain(slot, price, quantity, out)?,
                    None => false,
                };
                if !is_done {
                    self.replace(now, slot, new, out)?;
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

/// Returns what sorts orders by time, and finds them again.
fn by_time(slab: &Slab, slot: Slot) -> (u64, OrderId) {
    (slab.sequence(slot), slab.get(slot).id)
}

impl Default for OrderBook {
    fn default() -> Self {
        Self::new(BookConfig::default())
    }
}

impl MatchingEngine for OrderBook {
    #[inline]
    fn execute(&mut self, now: SimTime, command: &Command, out: &mut impl EventSink) {
        if self.next_expiry().is_some_and(|date| date <= now) {
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
        self.brackets.clear();
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
        slots.sort_unstable_by_key(|slot| self.slab.sequence(*slot));
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
