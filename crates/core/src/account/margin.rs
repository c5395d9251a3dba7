//! Margin: what an account must have of its own for what it holds and has ordered.
//!
//! # Rules
//! - Equity is cash plus what holdings are worth at their marks; one without a mark is worth what it cost.
//! - Of each instrument, purchases that are open can make it hold so much, sales that it owes so much: the
//!   larger of the two, at [initial margin](MarginTerms::initial), is what it takes. Orders that only bring a
//!   position nearer to zero take nothing: of those of one side, the most expensive are taken to go beyond.
//! - Exits of brackets and reduce-only orders never open: they are the first to reduce a position, and what
//!   the others sell of it besides counts as opening, but for losses.
//! - A purchase counts at its worst price; a sale at its limit, or at the mark if that is higher or it has no
//!   limit. What an order that opens can lose against the mark at once, by its price, is taken in full; of a
//!   stop that waits, against its trigger.
//! - Open orders hold the fees that they can cost at worst.
//! - An order that takes more than equity leaves is refused; one that takes nothing more never is.
//! - Below [maintenance margin](MarginTerms::maintenance), of what holdings are worth without their signs,
//!   the account is called: see the module `ruin`.

use std::cmp::Reverse;
use std::fmt;

use super::ledger::{Account, Credit};
use super::margin_terms::MarginTerms;
use super::order_context::OrderContext;
use super::orders::OpenOrder;
use crate::market::{Refusal, Side};
use crate::units::{InstrumentId, Money, NetQuantity, OrderId, Price, Quantity};

/// What instruments are worth, as whoever keeps the account may know it.
pub trait Marks: fmt::Debug {
    /// Returns what a holding is worth at its mark, if there is one.
    fn worth(&self, instrument: InstrumentId, holding: NetQuantity) -> Option<Money>;

    /// Returns what so much costs at a price.
    fn notional(&self, instrument: InstrumentId, price: Price, quantity: Quantity) -> Money;
}

/// How a margin account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarginStanding {
    /// Cash, and holdings at their marks.
    pub equity: Money,
    /// What holdings are worth without their signs.
    pub exposure: Money,
    /// What holdings and open orders take at initial margin, losses and fees of the orders included.
    pub initial: Money,
    /// What holdings take at maintenance margin.
    pub maintenance: Money,
    terms: MarginTerms,
}

impl MarginStanding {
    /// Returns what equity leaves beyond the initial margin; below zero if it is not covered.
    #[must_use]
    pub fn excess(&self) -> Money {
        self.equity - self.initial
    }

    /// Returns how much more the account can buy or sell short, before fees.
    #[must_use]
    pub fn buying_power(&self) -> Money {
        self.terms.initial().covered_by(self.excess())
    }
}

/// What an order takes, and what there is for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MarginNeed {
    /// What more it takes of margin.
    taken: Money,
    /// That and its fees.
    pub(super) needed: Money,
    /// What equity leaves.
    pub(super) free: Money,
}

impl MarginNeed {
    /// Returns whether the account covers it: what takes no more margin is always covered.
    pub(super) fn is_covered(&self) -> bool {
        self.taken <= Money::ZERO || self.needed <= self.free
    }
}

/// Orders as they are to be, in place of those of the same ids.
#[derive(Debug, Clone, Copy)]
struct Changed<'a> {
    orders: &'a [OpenOrder],
    /// The one that fills at this instant, before all others.
    filling: Option<OrderId>,
}

/// When an order counts as trading, as far as a position is reduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reduces {
    /// It fills now.
    Filling,
    /// It only leaves a position, and never opens one.
    Leaving,
    /// After those.
    Other,
}

/// What an open order takes if it opens a position.
#[derive(Debug, Clone, Copy)]
struct OrderMargin {
    instrument: InstrumentId,
    side: Side,
    lots: u64,
    /// What a lot is worth.
    worth: Money,
    /// What it loses against the mark at once.
    loss: Money,
    reduces: Reduces,
}

/// What orders of one side take beyond those that reduce a position.
#[derive(Debug, Clone, Copy, Default)]
struct Opening {
    worth: Money,
    loss: Money,
}

impl Account {
    /// Returns the terms of a margin account; nothing for others.
    #[must_use]
    pub const fn margin_terms(&self) -> Option<MarginTerms> {
        match self.credit {
            Credit::Margin(terms) => Some(terms),
            Credit::Covered | Credit::Unlimited => None,
        }
    }

    /// Returns how a margin account stands; nothing for others.
    #[must_use]
    pub fn margin(&self, marks: &dyn Marks) -> Option<MarginStanding> {
        let terms = self.margin_terms()?;
        let worths = || self.held().map(|(id, holding)| self.worth(id, holding, marks));
        let exposure = worths().map(Money::abs).sum();
        Some(MarginStanding {
            equity: self.cash_less_futures() + worths().sum(),
            exposure,
            initial: self.margin_taken(terms, marks, UNCHANGED) + self.held_cash,
            maintenance: terms.maintenance().of(exposure),
            terms,
        })
    }

    /// Checks that a margin account covers new orders, or new forms of those that it has, which may cost so
    /// much more in fees.
    pub(super) fn cover_margin(
        &self,
        terms: MarginTerms,
        orders: &[OpenOrder],
        fees: Money,
        at: &OrderContext<'_>,
    ) -> Result<(), Refusal> {
        let marks = at.marks.ok_or(Refusal::NoMark)?;
        // Nothing would be known of it beside other orders, either, whatever it reduces by itself.
        let is_unknown = |order: &OpenOrder| !order.leaves_position() && self.demand(order, marks).is_none();
        if orders.iter().any(is_unknown) {
            return Err(Refusal::NoMark);
        }
        let need = self.margin_need(terms, marks, [UNCHANGED, Changed { orders, filling: None }], fees);
        let MarginNeed { needed, free, .. } = need;
        if need.is_covered() { Ok(()) } else { Err(Refusal::InsufficientMargin { needed, free }) }
    }

    /// Returns what a fill of an open order takes of margin, with so much more in fees than the order holds,
    /// and what is free for it; `filling` is what is filled, with the order's id. What that trades, the order
    /// that it is linked with loses.
    pub(super) fn margin_for(
        &self,
        terms: MarginTerms,
        filling: &OpenOrder,
        fees: Money,
        at: &OrderContext<'_>,
    ) -> MarginNeed {
        let Some(marks) = at.marks else {
            return MarginNeed { needed: fees, free: Money::ZERO, taken: fees };
        };
        let partner = filling.partner.and_then(|id| self.order(id)).map(|partner| {
            let mut rest = OpenOrder { partner: None, ..partner };
            rest.cap(partner.most_leaves().saturating_sub(filling.leaves));
            rest
        });
        let filling = OpenOrder { partner: None, ..*filling };
        let with = |filling| [Some(filling), partner].into_iter().flatten().collect::<Vec<OpenOrder>>();
        let (from, to) = (with(OpenOrder { is_forced: true, ..filling }), with(filling));
        let from = Changed { orders: &from, filling: None };
        self.margin_need(terms, marks, [from, Changed { orders: &to, filling: Some(filling.id) }], fees)
    }

    /// Returns what it takes to go from open orders with the forms `from` to such with the forms `to`.
    fn margin_need(
        &self,
        terms: MarginTerms,
        marks: &dyn Marks,
        [from, to]: [Changed<'_>; 2],
        fees: Money,
    ) -> MarginNeed {
        let before = self.margin_taken(terms, marks, from);
        let taken = self.margin_taken(terms, marks, to) - before;
        let worths = self.held().map(|(id, holding)| self.worth(id, holding, marks));
        let free = self.cash_less_futures() + worths.sum() - before - self.held_cash;
        MarginNeed { taken, needed: taken + fees, free }
    }

    /// Returns what a holding is worth, or what it cost before there is a mark.
    fn worth(&self, id: InstrumentId, holding: NetQuantity, marks: &dyn Marks) -> Money {
        marks.worth(id, holding).unwrap_or_else(|| self.position(id).cost())
    }

    /// Returns what holdings and open orders take at initial margin, fees apart; with orders that are new, or
    /// changed.
    fn margin_taken(&self, terms: MarginTerms, marks: &dyn Marks, with: Changed<'_>) -> Money {
        let demands = self.demands(marks, with);
        let mut taken = Money::ZERO;
        let mut rest = demands.as_slice();
        for (id, line) in (0..).map(InstrumentId::new).zip(self.lines.iter()) {
            let (own, others) = rest.split_at(rest.iter().take_while(|it| it.instrument == id).count());
            rest = others;
            let holding = line.position.holding();
            if own.is_empty() && holding.lots() == 0 {
                continue;
            }
            let held = self.worth(id, holding, marks).abs();
            let (buys, sells) = own.split_at(own.iter().take_while(|it| it.side == Side::Buy).count());
            let [long, short] = [(buys, 1), (sells, -1)].map(|(orders, sign)| {
                let against = if holding.lots() * sign < 0 { holding.magnitude().lots() } else { 0 };
                let along = if holding.lots() * sign > 0 { held } else { Money::ZERO };
                let opening = opening(orders, against);
                taken += opening.loss;
                along + opening.worth
            });
            taken += terms.initial().of(long.max(short));
        }
        taken
    }

    /// Returns what open orders take where they open, by instrument and side, the most expensive first.
    fn demands(&self, marks: &dyn Marks, with: Changed<'_>) -> Vec<OrderMargin> {
        let stands = |id| with.orders.iter().find(|order| order.id == id).copied();
        let find = |id| stands(id).or_else(|| self.order(id));
        let own = self.orders.iter().filter(|order| stands(order.id).is_none());
        let mut demands: Vec<OrderMargin> = own
            .chain(with.orders.iter().copied())
            .filter(|order| {
                // Of two linked orders one trades: the one that takes more, or else the older.
                let partner = order.partner.and_then(find);
                partner.is_none_or(|other| self.rank(order, marks) > self.rank(&other, marks))
            })
            .filter_map(|order| {
                let demand = self.demand(&order, marks)?;
                let is_filling = with.filling == Some(order.id);
                Some(if is_filling { OrderMargin { reduces: Reduces::Filling, ..demand } } else { demand })
            })
            .collect();
        demands.sort_by_key(|it| (it.instrument, it.side == Side::Sell, Reverse((it.worth, it.loss))));
        demands
    }

    /// Orders linked orders by what they take.
    fn rank(&self, order: &OpenOrder, marks: &dyn Marks) -> (Money, Reverse<u64>) {
        let taken = self.demand(order, marks).map(|it| (it.worth + it.loss) * i128::from(it.lots));
        (taken.unwrap_or(Money::ZERO), Reverse(order.id.get()))
    }

    /// Returns what an order takes where it opens a position; nothing if it cannot, or if it is not known
    /// what a lot is worth.
    fn demand(&self, order: &OpenOrder, marks: &dyn Marks) -> Option<OrderMargin> {
        let (instrument, side) = (order.instrument, order.side);
        let lots = order.most_leaves().lots();
        if order.is_forced || lots == 0 {
            return None;
        }
        let lot = Quantity::new(1);
        let mark = marks.worth(instrument, lot.net());
        let priced = |price| marks.notional(instrument, price, lot);
        let dearest = order.priced_forms().map(|(price, _)| priced(price)).reduce(Money::max);
        let worth = match side {
            Side::Buy => dearest.or(mark)?,
            Side::Sell => dearest.into_iter().chain(mark).reduce(Money::max)?,
        };
        let lost = |(price, trigger): (Price, Option<Price>)| {
            let from = mark.into_iter().chain(trigger.map(priced));
            match side {
                Side::Buy => from.reduce(Money::max).map(|from| priced(price) - from),
                Side::Sell => from.reduce(|a, b| if b < a { b } else { a }).map(|from| from - priced(price)),
            }
        };
        let losses = order.priced_forms().filter(|_| mark.is_some()).filter_map(lost);
        let loss = losses.fold(Money::ZERO, Money::max);
        let reduces = if order.leaves_position() { Reduces::Leaving } else { Reduces::Other };
        Some(OrderMargin { instrument, side, lots, worth: worth.abs(), loss, reduces })
    }
}

/// No order is new or changed.
const UNCHANGED: Changed<'static> = Changed { orders: &[], filling: None };

/// What a lot of an order takes in one way.
type Part = fn(&OrderMargin) -> Money;

/// Sums up what orders of one side take beyond so many lots that reduce a position: what fills now reduces it
/// first, then what only leaves it; of the others the most expensive, which stand first, go beyond.
///
/// A loss is only taken of what goes beyond without those that leave: either of them loses at most once.
fn opening(orders: &[OrderMargin], reducing: u64) -> Opening {
    let of = |reduces| orders.iter().filter(move |it| it.reduces == reduces);
    let lots = |reduces| of(reduces).map(|order| order.lots).sum::<u64>();
    let left = reducing.saturating_sub(lots(Reduces::Filling));
    let sum = |reduces, reducing, part: Part| -> Money {
        let mut beyond = lots(reduces).saturating_sub(reducing);
        let taken = of(reduces).map(|order| {
            let lots = order.lots.min(beyond);
            beyond -= lots;
            part(order) * i128::from(lots)
        });
        taken.sum()
    };
    let (worth, loss): (Part, Part) = (|it| it.worth, |it| it.loss);
    Opening {
        worth: sum(Reduces::Filling, reducing, worth)
            + sum(Reduces::Other, left.saturating_sub(lots(Reduces::Leaving)), worth),
        loss: sum(Reduces::Filling, reducing, loss) + sum(Reduces::Other, left, loss),
    }
}
