//! The book that a replay of messages keeps: orders by their own ids, and what is unknown as one order a
//! level.

use rustc_hash::FxHashSet;

use super::difference::Reason;
use super::is_behind;
use bearpit_core::book::{BookEvent, MatchingEngine, OrderBook, RestingOrder};
use bearpit_core::market::{
    Command, CommandKind, MessageKind, OrderMessage, OrderTerms, QuoteLevel, Replacement, Side, TimeInForce,
};
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};

/// The matching engine, behind the few operations that a replay needs.
#[derive(Debug, Default)]
struct Engine {
    book: OrderBook,
    events: Vec<BookEvent>,
}

/// The owner of resting orders, and of taking ones: two, so that no order trades with its own owner.
const MAKER: ActorId = ActorId::new(0);
const TAKER: ActorId = ActorId::new(1);

/// The only listing: a file has the messages of one book.
const LISTING: ListingId = ListingId::new(0);

/// When everything happens: no order here expires, so that one time does for all.
const WHEN: SimTime = SimTime::from_nanos(0);

/// The id of every taking order; none of them ever rests.
const TAKING: OrderId = OrderId::new(u64::MAX);

impl Engine {
    fn execute(&mut self, order: OrderId, owner: ActorId, kind: CommandKind) {
        self.events.clear();
        let command = Command { order, owner, listing: LISTING, kind };
        self.book.execute(WHEN, &command, &mut self.events);
    }

    /// Adds an order, and returns how much of it traded at once.
    fn add(&mut self, order: OrderId, side: Side, price: Price, size: Quantity) -> Quantity {
        self.execute(order, MAKER, CommandKind::New(OrderTerms::limit(side, size, price)));
        self.traded()
    }

    /// Takes from the first order of `side`, as an aggressor would.
    fn take(&mut self, side: Side, price: Price, size: Quantity) {
        let terms = OrderTerms::limit(side.opposite(), size, price).with(TimeInForce::Ioc);
        self.execute(TAKING, TAKER, CommandKind::New(terms));
    }

    /// Takes `size` off an order that keeps its place; all of it where it has no more.
    fn reduce(&mut self, order: RestingOrder, size: Quantity) {
        if size >= order.leaves {
            return self.execute(order.order, MAKER, CommandKind::Cancel);
        }
        // A replace names the total, what has traded included.
        let quantity = order.filled + order.leaves - size;
        self.execute(order.order, MAKER, CommandKind::Replace(Replacement::at(order.price, quantity)));
    }

    fn traded(&self) -> Quantity {
        let quantity = |event: &BookEvent| match event {
            BookEvent::Traded(trade) => Some(trade.quantity),
            _ => None,
        };
        self.events.iter().filter_map(quantity).sum()
    }
}

/// What replaying one message showed.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// What does not fit the book as it was.
    pub(super) anomaly: Option<Reason>,
    /// The order, by the engine's id, that would have traded instead by price-time priority.
    pub(super) overtaken: Option<OrderId>,
    /// The message names an order that is not known.
    pub(super) unknown: Option<Unknown>,
}

/// Why an order is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// It is older than the messages.
    Older,
    /// Its level was out of sight in between, so all that was known there was forgotten.
    Forgotten,
}

/// A book under replay.
///
/// What the messages added is known by its id. What was there before, or came into sight later, is one
/// order a level, the *unknown order*: all of it is older than what is known at its level, so it stands
/// first in the queue, and a reference to an order that is not known takes from it.
#[derive(Debug, Default)]
pub(super) struct ReplayBook {
    engine: Engine,
    /// All ids that were ever added; only looked up in, never walked.
    seen: FxHashSet<u64>,
}

/// The id of the unknown order of a level: apart from all of the files, which are below 2^63.
fn unknown_order(side: Side, price: Price) -> OrderId {
    let half = if side == Side::Buy { 1 << 62 } else { 0 };
    OrderId::new(1 << 63 | half | price.ticks().unsigned_abs())
}

/// Returns the file's id of an order of the engine; `None` if it is an unknown order.
pub(super) fn file_id(order: OrderId) -> Option<u64> {
    Some(order.get()).filter(|id| *id < 1 << 63)
}

impl ReplayBook {
    /// Returns one side's levels, the best first.
    pub(super) fn levels(&self, side: Side) -> Vec<QuoteLevel> {
        self.engine.book.levels(side)
    }

    /// Adds an unknown order at a level.
    pub(super) fn reveal(&mut self, side: Side, level: QuoteLevel) {
        self.engine.add(unknown_order(side, level.price), side, level.price, level.size);
    }

    /// Forgets all orders of a side that rest behind `horizon`.
    pub(super) fn forget_behind(&mut self, side: Side, horizon: Price) {
        while let Some(order) =
            self.engine.book.last(side).filter(|order| is_behind(side, horizon, order.price))
        {
            self.engine.reduce(order, order.leaves);
        }
    }

    /// Does what a message says.
    pub(super) fn apply(&mut self, message: &OrderMessage) -> Applied {
        match message.kind {
            MessageKind::Add => Applied { anomaly: self.add(message), ..Applied::default() },
            MessageKind::Reduce | MessageKind::Delete | MessageKind::Execute => {
                match self.engine.book.order(OrderId::new(message.order)) {
                    Some(order) => self.take_from_known(message, order),
                    None => self.take_from_unknown(message),
                }
            }
            MessageKind::ExecuteHidden | MessageKind::CrossTrade | MessageKind::Halt(_) => Applied::default(),
        }
    }

    fn add(&mut self, message: &OrderMessage) -> Option<Reason> {
        let &OrderMessage { order, side, size, .. } = message;
        if self.engine.book.order(OrderId::new(order)).is_some() {
            return Some(Reason::RestsAlready { order });
        }
        self.seen.insert(order);
        let opposite = self.engine.book.first(side.opposite()).map(|first| first.price);
        let traded = self.engine.add(OrderId::new(order), side, message.tick_price(), size);
        let price = opposite.filter(|_| !traded.is_zero())?;
        Some(Reason::Crosses { order, traded, price })
    }

    fn take_from_known(&mut self, message: &OrderMessage, resting: RestingOrder) -> Applied {
        let &OrderMessage { order, side, size, kind, .. } = message;
        let price = message.tick_price();
        let leaves = resting.leaves;
        let anomaly = if resting.price != price || resting.side != side {
            Some(Reason::RestsElsewhere {
                order,
                side: resting.side,
                at: resting.price,
                side_named: side,
                named: price,
            })
        } else if size > leaves || (kind == MessageKind::Delete && size != leaves) {
            Some(Reason::SizeOfOrder { order, size, leaves })
        } else {
            None
        };
        let whole = kind == MessageKind::Delete;
        let overtaken = self.carry_out(kind, resting, if whole { leaves } else { size });
        Applied { anomaly, overtaken, unknown: None }
    }

    fn take_from_unknown(&mut self, message: &OrderMessage) -> Applied {
        let &OrderMessage { order, side, size, kind, .. } = message;
        let price = message.tick_price();
        let unknown = if self.seen.contains(&order) { Unknown::Forgotten } else { Unknown::Older };
        let resting = self.engine.book.order(unknown_order(side, price));
        let there = resting.map_or(Quantity::ZERO, |resting| resting.leaves);
        let anomaly = (there < size).then_some(Reason::NothingUnknown { order, size, price, there });
        let overtaken = resting.and_then(|resting| self.carry_out(kind, resting, size));
        Applied { anomaly, overtaken, unknown: Some(unknown) }
    }

    /// Takes `size` off an order, and returns the order that is overtaken, if it is an execution.
    ///
    /// An execution of the order whose turn it is goes through matching; any other is taken off by id.
    fn carry_out(&mut self, kind: MessageKind, resting: RestingOrder, size: Quantity) -> Option<OrderId> {
        let next = self.engine.book.first(resting.side).map(|first| first.order);
        let next = next.filter(|_| kind == MessageKind::Execute);
        if next == Some(resting.order) {
            self.engine.take(resting.side, resting.price, size.min(resting.leaves));
            return None;
        }
        self.engine.reduce(resting, size);
        next
    }
}
