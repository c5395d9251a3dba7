//! [`OrderHandle`]: a script's handle to one of its orders, with the order's current state.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::script::value::listing::ListingInfo;
use bearpit_core::account::OpenOrder;
use bearpit_core::market::{
    CancelReason, ExpiryReason, OrderKind, OrderTerms, Refusal, RejectReason, ReportKind, Side, TimeInForce,
};
use bearpit_core::units::{OrderId, Price, Quantity};

/// A handle to an order; clones are the same order.
///
/// The host keeps the handles of open orders and updates them with each report. The handle of an order that
/// is done lives as long as the script holds it.
#[derive(Debug, Clone)]
pub(crate) struct OrderHandle(Rc<OrderInner>);

#[derive(Debug)]
struct OrderInner {
    /// Absent where the account gate refused the order.
    id: Option<OrderId>,
    listing: Rc<ListingInfo>,
    side: Side,
    /// How much of it others see at a time, where that is not all.
    display: Option<Quantity>,
    state: RefCell<OrderState>,
}

/// What is known of an order.
#[derive(Debug, Clone, Copy)]
struct OrderState {
    kind: OrderKind,
    quantity: Quantity,
    leaves: Quantity,
    filled: Quantity,
    time_in_force: TimeInForce,
    /// The sum over fills of ticks times lots.
    filled_ticks: i128,
    /// Where an order rests that has no limit of its own, such as a pegged order.
    rests_at: Option<Price>,
    status: OrderStatus,
    reason: Option<OrderReason>,
}

/// The status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderStatus {
    Refused,
    Sent,
    Open,
    PartiallyFilled,
    Filled,
    Canceled,
    Rejected,
    Expired,
}

impl OrderStatus {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Sent => "sent",
            Self::Open => "open",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Sent | Self::Open | Self::PartiallyFilled)
    }
}

/// Why an order is done, or why a request about it was not carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OrderReason {
    Refused(Refusal),
    Rejected(RejectReason),
    Canceled(CancelReason),
    Expired(ExpiryReason),
    /// An exit of a bracket whose entry ended without a fill, or the stop of a pair that was rejected.
    EntryOver,
    /// The script's arguments make no valid order.
    Unfit(&'static str),
}

impl fmt::Display for OrderReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Rejected(reason) => reason.fmt(f),
            Self::Canceled(reason) => reason.fmt(f),
            Self::Expired(reason) => reason.fmt(f),
            Self::EntryOver => f.write_str("the order that would have entered it ended before"),
            Self::Unfit(why) => f.write_str(why),
        }
    }
}

impl OrderHandle {
    /// Makes the handle of an order that was sent.
    pub(crate) fn sent(id: OrderId, listing: Rc<ListingInfo>, terms: &OrderTerms) -> Self {
        Self::new(Some(id), listing, terms, OrderStatus::Sent, None)
    }

    /// Makes the handle of an order that was refused and never sent.
    pub(crate) fn refused(listing: Rc<ListingInfo>, terms: &OrderTerms, reason: OrderReason) -> Self {
        Self::new(None, listing, terms, OrderStatus::Refused, Some(reason))
    }

    /// Makes the handle of a bracket's exit, which enters when the entry fills, or of a pair's stop.
    pub(crate) fn exit(listing: Rc<ListingInfo>, open: &OpenOrder) -> Self {
        let terms = OrderTerms::new(open.side, open.quantity, open.kind).with(open.time_in_force);
        Self::sent(open.id, listing, &terms)
    }

    fn new(
        id: Option<OrderId>,
        listing: Rc<ListingInfo>,
        terms: &OrderTerms,
        status: OrderStatus,
        reason: Option<OrderReason>,
    ) -> Self {
        let state = OrderState {
            kind: terms.kind,
            quantity: terms.quantity,
            time_in_force: terms.time_in_force,
            leaves: if status.is_open() { terms.quantity } else { Quantity::ZERO },
            filled: Quantity::ZERO,
            filled_ticks: 0,
            rests_at: None,
            status,
            reason,
        };
        let (side, display) = (terms.side, terms.display);
        Self(Rc::new(OrderInner { id, listing, side, display, state: RefCell::new(state) }))
    }

    /// Applies a report; `open` is the order in the account after the report, if it is still open.
    pub(crate) fn follow(&self, report: ReportKind, open: Option<&OpenOrder>) {
        let mut state = self.0.state.borrow_mut();
        if let Some(open) = open {
            (state.kind, state.quantity, state.leaves) = (open.kind, open.quantity, open.leaves);
            state.time_in_force = open.time_in_force;
        }
        match report {
            ReportKind::Accepted => state.status = OrderStatus::Open,
            ReportKind::Repriced { price } => state.rests_at = price,
            ReportKind::Filled { price, quantity, leaves, .. } => {
                state.filled += quantity;
                state.filled_ticks += i128::from(price.ticks()) * i128::from(quantity.lots());
                state.leaves = leaves;
                state.status =
                    if leaves.is_zero() { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
            }
            ReportKind::Rejected(reason) => state.end(OrderStatus::Rejected, OrderReason::Rejected(reason)),
            ReportKind::Canceled(reason) => state.end(OrderStatus::Canceled, OrderReason::Canceled(reason)),
            ReportKind::Expired(reason) => state.end(OrderStatus::Expired, OrderReason::Expired(reason)),
            ReportKind::Restated(ratio) => {
                state.filled = ratio.part(state.filled);
                state.rests_at = state.rests_at.map(|price| ratio.price_of(self.0.side, price));
            }
            ReportKind::CommandRejected(_)
            | ReportKind::Replaced { .. }
            | ReportKind::TermsReplaced { .. }
            | ReportKind::Reduced { .. }
            | ReportKind::Grown { .. }
            | ReportKind::Triggered { .. } => {}
        }
    }

    /// Ends an exit whose entry ended without a fill.
    pub(crate) fn end_with_entry(&self) {
        self.0.state.borrow_mut().end(OrderStatus::Canceled, OrderReason::EntryOver);
    }

    pub(crate) fn id(&self) -> Option<OrderId> {
        self.0.id
    }

    pub(crate) fn listing(&self) -> &Rc<ListingInfo> {
        &self.0.listing
    }

    pub(crate) fn side(&self) -> Side {
        self.0.side
    }

    pub(crate) fn time_in_force(&self) -> TimeInForce {
        self.0.state.borrow().time_in_force
    }

    pub(crate) fn kind(&self) -> OrderKind {
        self.0.state.borrow().kind
    }

    pub(crate) fn status(&self) -> OrderStatus {
        self.0.state.borrow().status
    }

    pub(crate) fn is_open(&self) -> bool {
        self.status().is_open()
    }

    pub(crate) fn quantity(&self) -> Quantity {
        self.0.state.borrow().quantity
    }

    pub(crate) fn leaves(&self) -> Quantity {
        self.0.state.borrow().leaves
    }

    pub(crate) fn filled(&self) -> Quantity {
        self.0.state.borrow().filled
    }

    pub(crate) fn reason(&self) -> Option<OrderReason> {
        self.0.state.borrow().reason
    }

    /// Returns the limit, or the price at which the order rests.
    pub(crate) fn price(&self) -> Option<f64> {
        let state = self.0.state.borrow();
        state.kind.limit().or(state.rests_at).map(|price| self.0.listing.price(price))
    }

    /// Returns where it rests in the book, and how much of it others see there at most.
    pub(crate) fn displayed(&self) -> Option<(Price, Quantity)> {
        let state = self.0.state.borrow();
        let rests = matches!(state.status, OrderStatus::Open | OrderStatus::PartiallyFilled)
            && matches!(
                state.kind,
                OrderKind::Limit(_) | OrderKind::Pegged { .. } | OrderKind::MarketToLimit { .. }
            );
        let price = state.rests_at.or(state.kind.limit()).filter(|_| rests)?;
        Some((price, self.0.display.map_or(state.leaves, |display| display.min(state.leaves))))
    }

    pub(crate) fn trigger(&self) -> Option<f64> {
        self.kind().trigger().map(|price| self.0.listing.price(price))
    }

    /// Returns the distance of a trailing stop as a difference of prices, if it is one.
    pub(crate) fn trailing_distance(&self) -> Option<f64> {
        let ticks = self.kind().trailing()?.ticks()?;
        Some(self.0.listing.price(Price::new(ticks)))
    }

    /// Returns the distance of a trailing stop in percent, if it is one.
    pub(crate) fn trailing_percent(&self) -> Option<f64> {
        self.kind().trailing()?.percent()
    }

    /// Returns the average fill price.
    #[expect(clippy::cast_precision_loss, reason = "a mean price is for looking at; the account is exact")]
    pub(crate) fn average_price(&self) -> Option<f64> {
        let state = self.0.state.borrow();
        let (ticks, lots) = (state.filled_ticks, i128::from(state.filled.lots()));
        if lots == 0 {
            return None;
        }
        // A price on the grid is converted exactly, so that it prints as people write it.
        let on_grid = i64::try_from(ticks / lots).ok().filter(|_| ticks % lots == 0);
        let exact = on_grid.map(|ticks| self.0.listing.price(Price::new(ticks)));
        exact.or_else(|| Some(ticks as f64 / lots as f64 * self.0.listing.instrument.tick_size().to_f64()))
    }

    /// Returns whether two handles refer to the same order.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl OrderState {
    const fn end(&mut self, status: OrderStatus, reason: OrderReason) {
        self.leaves = Quantity::ZERO;
        self.status = status;
        self.reason = Some(reason);
    }
}

impl fmt::Display for OrderHandle {
    /// Writes `buy 10 ACME at 99.5: open, 10 left (order 7)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OrderInner { listing, side, .. } = &*self.0;
        write!(f, "{side} {} {}", listing.quantity(self.quantity()), listing.symbol)?;
        if let Some(price) = self.price() {
            write!(f, " at {price}")?;
        }
        if let Some(trigger) = self.trigger() {
            write!(f, " from {trigger}")?;
        }
        if let Some(distance) = self.trailing_distance() {
            write!(f, " trailing by {distance}")?;
        }
        if let Some(percent) = self.trailing_percent() {
            write!(f, " trailing by {percent}%")?;
        }
        write!(f, ": {}", self.status().name())?;
        if self.is_open() {
            write!(f, ", {} left", listing.quantity(self.leaves()))?;
        }
        match (self.id(), self.reason()) {
            (_, Some(reason)) => write!(f, " ({reason})"),
            (Some(id), None) => write!(f, " (order {id})"),
            (None, None) => Ok(()),
        }
    }
}
