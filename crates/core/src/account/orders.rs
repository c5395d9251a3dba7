//! An account's open orders.

use super::holds::Need;
use super::order_context::{OrderContext, Pricing};
use crate::market::{BracketExit, Link, OrderKind, OrderTerms, Replacement, Side, SplitRatio, TimeInForce};
use crate::units::{InstrumentId, ListingId, Money, OrderId, Price, Quantity, SimTime};

/// An order that has been sent and is not known to be over, or a bracket's exit that has yet to enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOrder {
    /// The order.
    pub id: OrderId,
    /// The book.
    pub listing: ListingId,
    /// What it trades.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// At what price and when it trades, as far as is known: a stop that was elected is a market or limit
    /// order.
    pub kind: OrderKind,
    /// The worst price it may trade at: its limit, or the protection of an order that has none. A pegged
    /// order's is its limit, wherever it rests meanwhile.
    pub price: Option<Price>,
    /// Its total, filled part included; a bracket's exit grows with what its entry trades.
    pub quantity: Quantity,
    /// What is open, as far as is known.
    pub leaves: Quantity,
    /// When it was sent.
    pub sent_at: SimTime,
    /// Whether a cancel has been sent.
    pub cancel_sent: bool,
    /// A replace that is on its way.
    pub pending: Option<PendingReplace>,
    /// Whether it may only bring the position nearer to zero.
    pub reduce_only: bool,
    /// Whether it is a bracket's exit, entered or not.
    pub is_exit: bool,
    /// The order it is linked with: what one of them trades the other loses.
    pub partner: Option<OrderId>,
    /// The bracket's entry without whose first fill this exit does not enter, or the first of a pair with
    /// whose acceptance this stop does; absent once it has entered, and for all other orders.
    pub awaits_entry: Option<OrderId>,
    /// The bracket's entry, while what it trades enlarges this exit: until the entry is over, or the exits
    /// are; absent for all other orders.
    pub grows_with: Option<OrderId>,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// The price at which cash is held for it.
    pub(super) hold_price: Option<Price>,
    /// Whether it closes a position whatever that costs, and was never covered.
    pub(super) is_forced: bool,
    /// Whether the account is asked for the cash when it fills, as in a replay.
    pub(super) is_asked_at_fill: bool,
    /// What a sale that waits for a replayed open is expected to bring for its whole quantity.
    pub(super) proceeds: Money,
    /// Whether it is a bracket's entry, whose exits follow it.
    pub(super) has_exits: bool,
    /// What the account holds for it.
    pub(super) held: Need,
}

/// A replace that has been sent and not been answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingReplace {
    /// The kind that the order has then.
    pub kind: OrderKind,
    /// The new total.
    pub quantity: Quantity,
}

/// So much of an order at its worst price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WorstPart {
    /// Absent for a sale at any price.
    pub(super) price: Option<Price>,
    pub(super) quantity: Quantity,
}

impl OpenOrder {
    /// An order of `terms` as it is sent.
    pub(super) fn leaving(id: OrderId, terms: &OrderTerms, at: &OrderContext<'_>) -> Self {
        Self {
            id,
            listing: at.listing,
            instrument: at.instrument_id,
            side: terms.side,
            kind: terms.kind,
            price: terms.kind.worst_price(),
            quantity: terms.quantity,
            leaves: terms.quantity,
            sent_at: at.now,
            cancel_sent: false,
            pending: None,
            reduce_only: terms.reduce_only,
            is_exit: false,
            partner: None,
            awaits_entry: None,
            grows_with: None,
            time_in_force: terms.time_in_force,
            hold_price: hold_price(terms, at),
            is_forced: false,
            is_asked_at_fill: at.is_asked_at_fill(),
            proceeds: Money::ZERO,
            has_exits: matches!(terms.link, Link::Bracket { .. }),
            held: Need::default(),
        }
    }

    /// Returns whether no other order's hold depends on it, nor its own on another: nearly all orders are so.
    pub(super) const fn is_alone(&self) -> bool {
        self.partner.is_none() && self.grows_with.is_none() && self.awaits_entry.is_none() && !self.has_exits
    }

    /// Returns whether it is there to leave a position: a bracket's exit, or a reduce-only order.
    #[must_use]
    pub const fn leaves_position(&self) -> bool {
        self.is_exit || self.reduce_only
    }

    /// Returns what has been filled, as far as is known.
    #[must_use]
    pub fn filled(&self) -> Quantity {
        self.quantity.saturating_sub(self.leaves)
    }

    /// Returns the most lots that can still trade, whichever way a pending replace goes.
    #[must_use]
    pub fn most_leaves(&self) -> Quantity {
        let replaced = self.pending.map_or(Quantity::ZERO, |new| new.quantity.saturating_sub(self.filled()));
        self.leaves.max(replaced)
    }

    /// Returns the parts that may still trade, for every worst case.
    ///
    /// Until a replace is answered, the order may still trade on its old terms, in part or whole, and what
    /// the new total leaves of it then on the new ones. What that comes to is linear in the part, so the
    /// worst is at one of the ends: nothing trades before the replace arrives, or everything. An exit may
    /// have grown by `growth` until then.
    pub(super) fn worst_cases(&self, growth: Quantity) -> [[WorstPart; 2]; 2] {
        let leaves = self.leaves + growth;
        let now = WorstPart { price: self.hold_price, quantity: leaves };
        let none = WorstPart { price: None, quantity: Quantity::ZERO };
        let Some(new) = self.pending else { return [[now, none], [none, none]] };
        // In a replay a trailing stop keeps what it held, whatever its distance.
        let price = self.hold_price_of(new.kind).or(self.kept_hold_price());
        let open = (new.quantity + growth).saturating_sub(self.filled());
        let after = |quantity| WorstPart { price, quantity };
        [[after(open), none], [now, after(open.saturating_sub(leaves))]]
    }

    /// Takes on another kind, and with it another worst price.
    pub(super) fn set_kind(&mut self, kind: OrderKind) {
        self.kind = kind;
        self.price = kind.worst_price();
        if !matches!(kind, OrderKind::Market { .. }) {
            self.proceeds = Money::ZERO;
        }
        // An elected stop of a replay keeps what it held.
        self.hold_price = self.hold_price_of(kind).or(self.kept_hold_price());
    }

    fn kept_hold_price(&self) -> Option<Price> {
        self.hold_price.filter(|_| self.is_asked_at_fill)
    }

    /// Returns the worst price of the order, and that of a pending replace, where they have one; each with
    /// the trigger without which the order does not trade, if it waits for one.
    pub(super) fn priced_forms(&self) -> impl Iterator<Item = (Price, Option<Price>)> {
        // In a replay a trailing stop has the price at which it would be elected by now.
        let trigger_of = move |kind: OrderKind, price| match kind {
            OrderKind::TrailingStop { .. } if self.is_asked_at_fill => Some(price),
            _ => kind.trigger(),
        };
        let own = self.hold_price.map(move |price| (price, trigger_of(self.kind, price)));
        let replaced = self.pending.and_then(move |new| {
            let price = self.hold_price_of(new.kind)?;
            Some((price, trigger_of(new.kind, price)))
        });
        own.into_iter().chain(replaced)
    }

    /// Returns what a replace would make of the order, as far as is known.
    pub(super) fn replaced(&self, new: &Replacement) -> PendingReplace {
        let kind = new.kind(self.kind).unwrap_or_else(|| match new.price {
            // It may be a limit order at the venue by now.
            Some(price) => self.kind.at(price),
            None => self.kind,
        });
        PendingReplace { kind, quantity: new.quantity.unwrap_or(self.quantity) }
    }

    /// Returns the price at which cash is held for the order as one of another kind, if that says so.
    const fn hold_price_of(&self, kind: OrderKind) -> Option<Price> {
        if self.is_asked_at_fill { price_of(kind) } else { kind.worst_price() }
    }

    /// Returns what a market order to sell is expected to bring at a replayed open for what is open of it, if
    /// it can trade there; `opens_day` says whether the open is the first of its day.
    #[must_use]
    pub fn expected_proceeds(&self, open: SimTime, opens_day: bool) -> Money {
        let is_dealt_there = match self.time_in_force {
            TimeInForce::AtClose => false,
            TimeInForce::AtOpen => opens_day,
            TimeInForce::Gtd(date) => date > open,
            TimeInForce::Gtc | TimeInForce::Day | TimeInForce::Ioc | TimeInForce::Fok => true,
        };
        if self.proceeds == Money::ZERO || !is_dealt_there {
            return Money::ZERO;
        }
        self.proceeds.share(i128::from(self.leaves.lots()), i128::from(self.quantity.lots().max(1)))
    }

    /// Sets what is open, and the total accordingly.
    pub(super) fn set_leaves(&mut self, leaves: Quantity) {
        self.quantity = self.filled() + leaves;
        self.leaves = leaves;
    }

    /// Enlarges the order, also in a pending replace.
    pub(super) fn grow(&mut self, more: Quantity) {
        self.quantity += more;
        self.leaves += more;
        if let Some(new) = &mut self.pending {
            new.quantity += more;
        }
    }

    /// Takes on the prices and quantities that a split makes of its own, also in a pending replace.
    pub(super) fn split(&mut self, ratio: SplitRatio) {
        if let Some(new) = &mut self.pending {
            new.kind = ratio.kind(self.side, new.kind);
            new.quantity = ratio.quantity(new.quantity);
        }
        let (filled, leaves) = (ratio.part(self.filled()), ratio.quantity(self.leaves));
        (self.quantity, self.leaves) = (filled + leaves, leaves);
        self.kind = ratio.kind(self.side, self.kind);
        self.price = self.kind.worst_price();
        let held_at = self.hold_price.map(|price| ratio.price_of(Side::Sell, price));
        self.hold_price = self.hold_price_of(self.kind).or(held_at);
    }

    /// Caps what is open at `leaves`, also in a pending replace.
    pub(super) fn cap(&mut self, leaves: Quantity) {
        self.set_leaves(self.leaves.min(leaves));
        if let Some(new) = &mut self.pending {
            new.quantity = new.quantity.min(self.quantity);
        }
    }
}

/// Returns the price at which cash is held for an order of a kind in a replay, if the kind says so.
const fn price_of(kind: OrderKind) -> Option<Price> {
    match kind.worst_price() {
        None => kind.trigger(),
        worst => worst,
    }
}

/// Returns the price at which cash is held for a new order.
fn hold_price(terms: &OrderTerms, at: &OrderContext<'_>) -> Option<Price> {
    let Pricing::AskedAtFill { reference, .. } = at.pricing else { return terms.kind.worst_price() };
    price_of(terms.kind).or(match terms.kind {
        OrderKind::TrailingStop { distance, .. } => {
            reference.map(|price| distance.trigger(terms.side, price))
        }
        _ => reference,
    })
}

/// Returns the exits of a bracket's entry, as they wait for its first fill.
pub(super) fn exits(entry: OrderId, terms: &OrderTerms, at: &OrderContext<'_>) -> [Option<OpenOrder>; 2] {
    let exit = |BracketExit { id, partner, terms }| OpenOrder {
        partner,
        is_exit: true,
        awaits_entry: Some(entry),
        grows_with: Some(entry),
        ..OpenOrder::leaving(id, &terms, at)
    };
    terms.exits(entry, Quantity::ZERO).map(|it| it.map(exit))
}

/// Returns the stop of a pair, as it waits for the acceptance of the first, if an order is that.
pub(super) fn paired_stop(first: OrderId, terms: &OrderTerms, at: &OrderContext<'_>) -> Option<OpenOrder> {
    let BracketExit { id, partner, terms } = terms.paired_stop(first)?;
    Some(OpenOrder { partner, awaits_entry: Some(first), ..OpenOrder::leaving(id, &terms, at) })
}
