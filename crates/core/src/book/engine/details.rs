//! [`Details`]: what an order has beyond a plain limit order, packed into one cache line.
//!
//! Terms as commands have them take two hundred bytes, most of which say that something is absent. Here
//! prices and lots take the bits that they need, and whether something is there takes one. Not stored is what
//! nobody asks once an order is open: the quantity that it had at entry, and its minimum. The prices of a
//! bracket's exits are stored with the [`brackets`](super::brackets).

use super::slot::{NONE, Slot};
use super::trailing::TrailingIndex;
use crate::market::{
    Link, OrderKind, OrderTerms, Peg, PostOnly, SelfTrade, Side, TimeInForce, TrailingDistance,
};
use crate::units::{OrderId, Price, Quantity, SimTime};

/// What makes a dormant order enter the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    /// Nothing: the order is active.
    None,
    /// A trade at its trigger.
    Trigger,
    /// A trade at the trigger that follows the trades.
    Trails,
    /// Its turn among the stops whose trigger a trade has reached.
    Elected,
    /// A reference price: a pegged order.
    PegReference,
    /// The closing auction.
    ClosingAuction,
}

/// What an order has beyond a plain limit order.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Details {
    /// The numbers of its kind: a limit, a trigger, a distance or an offset, and a worst price.
    numbers: [i64; 2],
    /// The date of a GTD order.
    date: i64,
    partner: u64,
    /// The displayed lots ahead of it when it joined its queue; of a trailing stop, its [`TrailingIndex`].
    place: u64,
    /// The [`Field`]s.
    bits: u64,
    /// The lower halves of the hidden, filled and `display` lots.
    lots: [u32; 3],
    /// The order's slot, or the index of the next free details.
    pub(super) slot: Slot,
}

const _: () = assert!(size_of::<Details>() == 64);

/// Neighboring bits of a word.
#[derive(Debug, Clone, Copy)]
struct Field {
    shift: u32,
    width: u32,
}

impl Field {
    const fn then(self, width: u32) -> Self {
        Self { shift: self.shift + self.width, width }
    }

    const fn mask(self) -> u64 {
        ((1 << self.width) - 1) << self.shift
    }
}

/// Bits of lots above the lower 32: no order has more than 2^40 lots at entry.
const UPPER: u32 = 10;
const HIDDEN: Field = Field { shift: 0, width: UPPER };
const FILLED: Field = HIDDEN.then(UPPER);
const DISPLAY: Field = FILLED.then(UPPER);
/// The lower 32 bits of the lots that are displayed are in the node.
const DISPLAYED: Field = DISPLAY.then(UPPER);
const KIND: Field = DISPLAYED.then(4);
/// Whether a kind with an optional worst price has one.
const IS_BOUNDED: Field = KIND.then(1);
const TIME_IN_FORCE: Field = IS_BOUNDED.then(3);
const HAS_DISPLAY: Field = TIME_IN_FORCE.then(1);
const POST_ONLY: Field = HAS_DISPLAY.then(2);
const SELF_TRADE: Field = POST_ONLY.then(3);
const REDUCE_ONLY: Field = SELF_TRADE.then(1);
const LINK: Field = REDUCE_ONLY.then(2);
const HAS_PARTNER: Field = LINK.then(1);
const ACTIVATION: Field = HAS_PARTNER.then(3);
const IS_FREE: Field = ACTIVATION.then(1);

const _: () = assert!(IS_FREE.shift + IS_FREE.width <= 64 && Quantity::MAX_LOTS >> 32 < 1 << UPPER);

/// Which lots: the lower half's place, and the upper one's.
#[derive(Debug, Clone, Copy)]
struct Lots(usize, Field);

const HIDDEN_LOTS: Lots = Lots(0, HIDDEN);
const FILLED_LOTS: Lots = Lots(1, FILLED);
const DISPLAY_LOTS: Lots = Lots(2, DISPLAY);

const POST_ONLYS: [PostOnly; 3] = [PostOnly::No, PostOnly::Reject, PostOnly::Slide];

const SELF_TRADES: [SelfTrade; 5] = [
    SelfTrade::Allow,
    SelfTrade::CancelNewest,
    SelfTrade::CancelOldest,
    SelfTrade::CancelBoth,
    SelfTrade::Decrement,
];

const ACTIVATIONS: [Activation; 6] = [
    Activation::None,
    Activation::Trigger,
    Activation::Trails,
    Activation::Elected,
    Activation::PegReference,
    Activation::ClosingAuction,
];

const LINKED: u64 = 1;
const ENTRY: u64 = 2;
/// The only exit of a bracket, whose entry is stored in place of a partner.
const LONE_EXIT: u64 = 3;

impl Details {
    pub(super) fn new(terms: &OrderTerms, hidden: Quantity, activation: Activation) -> Self {
        let mut details =
            Self { numbers: [0; 2], date: 0, partner: 0, place: 0, bits: 0, lots: [0; 3], slot: NONE };
        details.set_kind(terms.kind);
        details.set_time_in_force(terms.time_in_force);
        details.set_hidden(hidden);
        if let Some(display) = terms.display {
            details.put(HAS_DISPLAY, 1);
            details.set_lots(DISPLAY_LOTS, display);
        }
        details.put(POST_ONLY, terms.post_only as u64);
        details.put(SELF_TRADE, terms.self_trade as u64);
        details.put(REDUCE_ONLY, terms.reduce_only.into());
        let link = match terms.link {
            Link::None => 0,
            // The first of a pair is linked with the stop that enters before it.
            Link::OneCancelsOther(_) | Link::Pair(_) => LINKED,
            Link::Bracket { .. } => ENTRY,
            Link::ExitOf(entry) => {
                details.partner = entry.get();
                LONE_EXIT
            }
        };
        details.put(LINK, link);
        details.set_activation(activation);
        details
    }

    #[inline]
    const fn get(&self, field: Field) -> u64 {
        (self.bits & field.mask()) >> field.shift
    }

    #[inline]
    const fn has(&self, field: Field) -> bool {
        self.bits & field.mask() != 0
    }

    #[inline]
    const fn put(&mut self, field: Field, value: u64) {
        self.bits = self.bits & !field.mask() | value << field.shift & field.mask();
    }

    fn lots(&self, Lots(lower, upper): Lots) -> Quantity {
        Quantity::new(u64::from(self.lots[lower]) | self.get(upper) << 32)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    const fn set_lots(&mut self, Lots(lower, upper): Lots, lots: Quantity) {
        self.lots[lower] = lots.lots() as u32;
        self.put(upper, lots.lots() >> 32);
    }

    pub(super) fn hidden(&self) -> Quantity {
        self.lots(HIDDEN_LOTS)
    }

    pub(super) const fn set_hidden(&mut self, hidden: Quantity) {
        self.set_lots(HIDDEN_LOTS, hidden);
    }

    pub(super) fn filled(&self) -> Quantity {
        self.lots(FILLED_LOTS)
    }

    pub(super) const fn set_filled(&mut self, filled: Quantity) {
        self.set_lots(FILLED_LOTS, filled);
    }

    pub(super) fn display(&self) -> Option<Quantity> {
        self.has(HAS_DISPLAY).then(|| self.lots(DISPLAY_LOTS))
    }

    /// Returns the upper half of the displayed lots.
    #[expect(clippy::cast_possible_truncation, reason = "a few bits")]
    pub(super) const fn displayed_upper(&self) -> u32 {
        self.get(DISPLAYED) as u32
    }

    pub(super) fn set_displayed_upper(&mut self, upper: u32) {
        self.put(DISPLAYED, upper.into());
    }

    pub(super) const fn queue_ahead(&self) -> Quantity {
        Quantity::new(self.place)
    }

    pub(super) const fn set_queue_ahead(&mut self, ahead: Quantity) {
        self.place = ahead.lots();
    }

    /// Returns the place of a trailing stop among the others, until it is elected.
    #[expect(clippy::cast_possible_truncation, reason = "made from one")]
    pub(super) const fn trailing_index(&self) -> TrailingIndex {
        self.place as TrailingIndex
    }

    pub(super) fn set_trailing_index(&mut self, index: TrailingIndex) {
        self.place = index.into();
    }

    pub(super) fn partner(&self) -> Option<OrderId> {
        self.has(HAS_PARTNER).then_some(OrderId::new(self.partner))
    }

    pub(super) fn set_partner(&mut self, partner: Option<OrderId>) {
        if let Some(partner) = partner {
            self.partner = partner.get();
        }
        self.put(HAS_PARTNER, partner.is_some().into());
    }

    pub(super) fn activation(&self) -> Activation {
        choose(&ACTIVATIONS, self.get(ACTIVATION))
    }

    pub(super) const fn set_activation(&mut self, activation: Activation) {
        self.put(ACTIVATION, activation as u64);
    }

    pub(super) const fn is_free(&self) -> bool {
        self.has(IS_FREE)
    }

    /// Frees the details; `next` are those that were freed before.
    pub(super) const fn free(&mut self, next: Slot) {
        self.put(IS_FREE, 1);
        self.slot = next;
    }

    /// Returns the order's terms, with its open and filled quantity and, if it is the entry of a bracket, the
    /// link of that.
    pub(super) fn terms(&self, side: Side, quantity: Quantity, bracket: impl Fn() -> Link) -> OrderTerms {
        let link = match (self.get(LINK), self.partner()) {
            (LINKED, Some(partner)) => Link::OneCancelsOther(partner),
            (ENTRY, _) => bracket(),
            (LONE_EXIT, _) => Link::ExitOf(OrderId::new(self.partner)),
            _ => Link::None,
        };
        OrderTerms {
            side,
            quantity,
            kind: self.kind(),
            time_in_force: self.time_in_force(),
            display: self.display(),
            minimum: None,
            post_only: choose(&POST_ONLYS, self.get(POST_ONLY)),
            self_trade: choose(&SELF_TRADES, self.get(SELF_TRADE)),
            reduce_only: self.has(REDUCE_ONLY),
            link,
        }
    }
}

/// Returns the item of a number that was made from one.
fn choose<T: Copy, const N: usize>(items: &[T; N], number: u64) -> T {
    let index = usize::try_from(number).unwrap_or(0);
    items[index.min(N - 1)]
}

/// Numbers of kinds.
const LIMIT: u64 = 0;
const MARKET: u64 = 1;
const MARKET_TO_LIMIT: u64 = 2;
const STOP: u64 = 3;
const STOP_LIMIT: u64 = 4;
const TRAILS_BY_TICKS: u64 = 5;
const TRAILS_BY_BPS: u64 = 6;
const PEGGED_TO_MID: u64 = 7;
const PEGGED_TO_TOUCH: u64 = 8;

/// Numbers of times in force.
const GTC: u64 = 0;
const DAY: u64 = 1;
const IOC: u64 = 2;
const FOK: u64 = 3;
const GTD: u64 = 4;
const AT_OPEN: u64 = 5;
const AT_CLOSE: u64 = 6;

impl Details {
    pub(super) fn is_pegged(&self) -> bool {
        self.get(KIND) >= PEGGED_TO_MID
    }

    /// Returns the trigger of a stop that does not trail.
    pub(super) const fn trigger(&self) -> Price {
        Price::new(self.numbers[0])
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made from such numbers")]
    pub(super) fn kind(&self) -> OrderKind {
        let [first, second] = self.numbers;
        let price = Price::new(first);
        let protection = self.has(IS_BOUNDED).then_some(Price::new(second));
        match self.get(KIND) {
            LIMIT => OrderKind::Limit(price),
            MARKET => OrderKind::Market { protection },
            MARKET_TO_LIMIT => OrderKind::MarketToLimit { protection },
            STOP => OrderKind::Stop { trigger: price, protection },
            STOP_LIMIT => OrderKind::StopLimit { trigger: price, limit: Price::new(second) },
            TRAILS_BY_TICKS => {
                OrderKind::TrailingStop { distance: TrailingDistance::Ticks(first), protection }
            }
            TRAILS_BY_BPS => {
                OrderKind::TrailingStop { distance: TrailingDistance::BasisPoints(first as u32), protection }
            }
            PEGGED_TO_MID => OrderKind::Pegged { to: Peg::Mid, offset: first as i32, limit: protection },
            _ => OrderKind::Pegged { to: Peg::Touch, offset: first as i32, limit: protection },
        }
    }

    pub(super) fn set_kind(&mut self, kind: OrderKind) {
        let (number, first) = match kind {
            OrderKind::Limit(limit) => (LIMIT, limit.ticks()),
            OrderKind::Market { .. } => (MARKET, 0),
            OrderKind::MarketToLimit { .. } => (MARKET_TO_LIMIT, 0),
            OrderKind::Stop { trigger, .. } => (STOP, trigger.ticks()),
            OrderKind::StopLimit { trigger, .. } => (STOP_LIMIT, trigger.ticks()),
            OrderKind::TrailingStop { distance: TrailingDistance::Ticks(ticks), .. } => {
                (TRAILS_BY_TICKS, ticks)
            }
            OrderKind::TrailingStop { distance: TrailingDistance::BasisPoints(bps), .. } => {
                (TRAILS_BY_BPS, bps.into())
            }
            OrderKind::Pegged { to: Peg::Mid, offset, .. } => (PEGGED_TO_MID, offset.into()),
            OrderKind::Pegged { to: Peg::Touch, offset, .. } => (PEGGED_TO_TOUCH, offset.into()),
        };
        self.put(KIND, number);
        self.put(IS_BOUNDED, kind.worst_price().is_some().into());
        self.numbers = [first, kind.worst_price().map_or(0, Price::ticks)];
    }

    pub(super) const fn time_in_force(&self) -> TimeInForce {
        match self.get(TIME_IN_FORCE) {
            GTC => TimeInForce::Gtc,
            DAY => TimeInForce::Day,
            IOC => TimeInForce::Ioc,
            FOK => TimeInForce::Fok,
            GTD => TimeInForce::Gtd(SimTime::from_nanos(self.date)),
            AT_OPEN => TimeInForce::AtOpen,
            _ => TimeInForce::AtClose,
        }
    }

    pub(super) const fn set_time_in_force(&mut self, time: TimeInForce) {
        let number = match time {
            TimeInForce::Gtc => GTC,
            TimeInForce::Day => DAY,
            TimeInForce::Ioc => IOC,
            TimeInForce::Fok => FOK,
            TimeInForce::Gtd(date) => {
                self.date = date.nanos();
                GTD
            }
            TimeInForce::AtOpen => AT_OPEN,
            TimeInForce::AtClose => AT_CLOSE,
        };
        self.put(TIME_IN_FORCE, number);
    }
}
