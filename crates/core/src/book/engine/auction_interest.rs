//! The interest in an auction: which orders count, and how much of them, as they come and go.
//!
//! All queued orders count with all of their open quantity, but of two linked ones only the first. During an
//! auction call an [`AuctionCurve`] has the sums by price; without a call it is made when it is asked for.

use super::OrderBook;
use super::auction_curve::AuctionCurve;
use super::auction_price::{self, Call};
use super::slot::Slot;
use crate::book::event::Indicative;
use crate::market::Side;
use crate::units::{Price, Quantity};

impl OrderBook {
    /// Returns the price and volume of an auction that ended now, if anything would trade.
    ///
    /// The rule itself is [`auction_price::price`].
    pub(super) fn auction_price(&self) -> Option<Indicative> {
        let unpriced = |side: Side| {
            let level = self.side(side).unpriced();
            (level.displayed + level.hidden).lots()
        };
        let call = Call {
            touch: Side::BOTH.map(|side| self.side(side).best_price()),
            unpriced: Side::BOTH.map(unpriced),
            reference: self.last.or(self.config.reference).map(|price| self.config.legal(price)),
        };
        let steps = match call.touch {
            [None, None] => Vec::new(),
            [bid, ask] => {
                let (one, other) = bid.or(ask).zip(ask.or(bid))?;
                let touch = [one.min(other), one.max(other)];
                match &self.curve {
                    Some(curve) => curve.steps(touch, call.unpriced),
                    None => self.new_curve().steps(touch, call.unpriced),
                }
            }
        };
        auction_price::price(&call, steps)
    }

    /// Adds up demand and supply.
    pub(super) fn new_curve(&self) -> AuctionCurve {
        let mut curve = AuctionCurve::new();
        for side in Side::BOTH {
            for (price, level) in self.side(side).iter() {
                curve.add(side, price, (level.displayed + level.hidden).lots());
            }
        }
        if self.pairs > 0 {
            for (slot, _) in self.slab.detailed().filter(|(slot, _)| self.is_after_partner(*slot)) {
                if let Some(price) = self.price_of(slot) {
                    curve.subtract(self.slab.get(slot).side(), price, self.slab.leaves(slot).lots());
                }
            }
        }
        curve
    }

    /// Notes that an order has been queued.
    #[cold]
    pub(super) fn count(&mut self, slot: Slot) {
        if !self.is_after_partner(slot) {
            self.change_curve(slot, AuctionCurve::add, self.slab.leaves(slot));
        }
        if let Some(partner) = self.partner_behind(slot) {
            self.change_curve(partner, AuctionCurve::subtract, self.slab.leaves(partner));
        }
    }

    /// Notes that an order is about to leave its queue.
    #[cold]
    pub(super) fn discount(&mut self, slot: Slot) {
        self.discount_part(slot, self.slab.leaves(slot));
        if let Some(partner) = self.partner_behind(slot) {
            self.change_curve(partner, AuctionCurve::add, self.slab.leaves(partner));
        }
    }

    /// Notes that an order is about to lose a part of its quantity.
    #[cold]
    pub(super) fn discount_part(&mut self, slot: Slot, less: Quantity) {
        if !self.is_after_partner(slot) {
            self.change_curve(slot, AuctionCurve::subtract, less);
        }
    }

    /// Returns the partner that does not count since this order does.
    fn partner_behind(&self, slot: Slot) -> Option<Slot> {
        let partner = self.slab.details(slot)?.partner().and_then(|partner| self.slab.find(partner))?;
        self.is_after_partner(partner).then_some(partner)
    }

    fn change_curve(&mut self, slot: Slot, change: fn(&mut AuctionCurve, Side, Price, u64), lots: Quantity) {
        if let (Some(price), Some(curve)) = (self.price_of(slot), &mut self.curve) {
            change(curve, self.slab.get(slot).side(), price, lots.lots());
        }
    }
}
