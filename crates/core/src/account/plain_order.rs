//! [`PlainOrder`]: an open order without rare parts, in less than a line of the processor's cache.

use super::holds::Need;
use super::order_context::OrderContext;
use super::orders::OpenOrder;
use crate::market::{OrderKind, OrderTerms, PlainTime, Side, TimeInForce};
use crate::units::{InstrumentId, ListingId, Money, OrderId, Price, Quantity, ShortQuantity, SimTime};

/// An open order as nearly all are: a limit or market order by itself, with nothing on its way but a cancel.
///
/// What it does not say is what [`PlainOrder::open_order`] fills in. Its id is kept beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlainOrder {
    /// The limit or the protection; without meaning for a market order that has none.
    price: Price,
    sent_at: SimTime,
    /// The date of an order that has one.
    until: SimTime,
    /// The cash that is held for it, in units of money; of a sale, what is open is held besides.
    held_units: i64,
    pub(super) listing: ListingId,
    pub(super) instrument: InstrumentId,
    quantity: ShortQuantity,
    leaves: ShortQuantity,
    pub(super) side: Side,
    kind: PlainKind,
    /// Absent of an order with a date.
    time: Option<PlainTime>,
    pub(super) cancel_sent: bool,
    pub(super) reduce_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlainKind {
    Limit,
    Protected,
    Unprotected,
}

impl PlainOrder {
    /// Returns an order of `terms`, which has no links and is priced before it is sent, in its plain form, if
    /// it has one; `held` is what is held for it.
    #[inline]
    pub(super) fn leaving(terms: &OrderTerms, held: Need, at: &OrderContext<'_>) -> Option<Self> {
        let (kind, price) = match terms.kind {
            OrderKind::Limit(price) => (PlainKind::Limit, price),
            OrderKind::Market { protection: Some(price) } => (PlainKind::Protected, price),
            OrderKind::Market { protection: None } => (PlainKind::Unprotected, Price::new(0)),
            _ => return None,
        };
        let (side, leaves) = (terms.side, terms.quantity);
        let quantity = ShortQuantity::of(leaves)?;
        let (time, until) = time_and_date(terms.time_in_force);
        Some(Self {
            price,
            quantity,
            leaves: quantity,
            sent_at: at.now,
            until,
            held_units: units_held(side, leaves, held)?,
            listing: at.listing,
            instrument: at.instrument_id,
            side,
            kind,
            time,
            cancel_sent: false,
            reduce_only: terms.reduce_only,
        })
    }

    /// Returns an order in its plain form, if it has one.
    pub(super) fn of(order: &OpenOrder) -> Option<Self> {
        let (kind, price) = match (order.kind, order.price) {
            (OrderKind::Limit(_), Some(price)) => (PlainKind::Limit, price),
            (OrderKind::Market { .. }, Some(price)) => (PlainKind::Protected, price),
            (OrderKind::Market { .. }, None) => (PlainKind::Unprotected, Price::new(0)),
            _ => return None,
        };
        let OpenOrder { quantity, leaves, sent_at, listing, instrument, side, .. } = *order;
        let (time, until) = time_and_date(order.time_in_force);
        let plain = Self {
            price,
            quantity: ShortQuantity::of(quantity)?,
            leaves: ShortQuantity::of(leaves)?,
            sent_at,
            until,
            held_units: units_held(side, leaves, order.held)?,
            listing,
            instrument,
            side,
            kind,
            time,
            cancel_sent: order.cancel_sent,
            reduce_only: order.reduce_only,
        };
        (plain.open_order(order.id) == *order).then_some(plain)
    }

    /// Returns the order with all its parts.
    #[inline]
    pub(super) fn open_order(&self, id: OrderId) -> OpenOrder {
        let price = self.worst_price();
        let kind = match self.kind {
            PlainKind::Limit => OrderKind::Limit(self.price),
            PlainKind::Protected | PlainKind::Unprotected => OrderKind::Market { protection: price },
        };
        OpenOrder {
            id,
            listing: self.listing,
            instrument: self.instrument,
            side: self.side,
            kind,
            price,
            quantity: self.quantity.get(),
            leaves: self.leaves.get(),
            sent_at: self.sent_at,
            cancel_sent: self.cancel_sent,
            pending: None,
            reduce_only: self.reduce_only,
            is_exit: false,
            partner: None,
            awaits_entry: None,
            grows_with: None,
            time_in_force: self.time.map_or(TimeInForce::Gtd(self.until), PlainTime::time_in_force),
            hold_price: price,
            is_forced: false,
            is_asked_at_fill: false,
            proceeds: Money::ZERO,
            has_exits: false,
            held: self.held(),
        }
    }

    /// Returns the worst price that it may trade at.
    #[inline]
    pub(super) const fn worst_price(&self) -> Option<Price> {
        match self.kind {
            PlainKind::Limit | PlainKind::Protected => Some(self.price),
            PlainKind::Unprotected => None,
        }
    }

    /// Returns what the account holds for it.
    #[inline]
    pub(super) fn held(&self) -> Need {
        let lots = if self.side == Side::Sell { self.leaves.get() } else { Quantity::ZERO };
        Need { cash: Money::from_units(i128::from(self.held_units)), lots }
    }

    /// Returns the order after a fill that leaves so much open, for which `held` is held; nothing if that
    /// does not fit.
    #[inline]
    pub(super) fn filled_to(&self, leaves: Quantity, held: Need) -> Option<Self> {
        let held_units = units_held(self.side, leaves, held)?;
        Some(Self { leaves: ShortQuantity::of(leaves)?, held_units, ..*self })
    }
}

/// Returns a time in force as plain orders have it: in a byte, or as a date.
#[inline]
fn time_and_date(time: TimeInForce) -> (Option<PlainTime>, SimTime) {
    match time {
        TimeInForce::Gtd(date) => (None, date),
        _ => (PlainTime::of(time), SimTime::from_nanos(0)),
    }
}

/// Returns the cash held for an order of which `leaves` is open, in units of money, if it fits, and if the
/// shares held for it are what follows from side and leaves.
#[inline]
fn units_held(side: Side, leaves: Quantity, held: Need) -> Option<i64> {
    let lots = if side == Side::Sell { leaves } else { Quantity::ZERO };
    i64::try_from(held.cash.units()).ok().filter(|_| held.lots == lots)
}
