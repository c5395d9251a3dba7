//! Reduce-only: orders that may only bring a position nearer to zero.
//!
//! The gate enforces it, since a venue knows no positions: an order larger than what is left to reduce is
//! refused, and one that no longer fits the position is canceled. Until that cancel arrives the order may
//! still trade; so in a race a reduce-only order can cross zero, though never beyond what the account covers.

use super::ledger::Account;
use super::orders::OpenOrder;
use crate::market::{Refusal, Side};
use crate::units::{InstrumentId, OrderId, Quantity};

impl Account {
    /// Returns whether any open order is reduce-only.
    #[must_use]
    pub const fn has_reducing_orders(&self) -> bool {
        self.orders.has_reducing()
    }

    /// Returns how much of a position orders of `side` can reduce: nothing if they would enlarge it.
    pub(super) fn position_against(&self, side: Side, instrument: InstrumentId) -> Quantity {
        let holding = self.holding(instrument);
        if holding.lots() * side.sign() < 0 { holding.magnitude() } else { Quantity::ZERO }
    }

    /// Returns how much of the position is left to reduce after all open orders of `side`, linked ones
    /// counted once; `except` and the order it is linked with are not counted.
    #[must_use]
    pub fn reducible(&self, side: Side, instrument: InstrumentId, except: Option<OrderId>) -> Quantity {
        let counts = |order: &OpenOrder| {
            order.side == side
                && order.instrument == instrument
                && Some(order.id) != except
                && (except.is_none() || order.partner != except)
                && order.partner.is_none_or(|partner| partner > order.id)
        };
        let open = self.orders.iter().filter(counts).map(|order| order.most_leaves()).sum();
        self.position_against(side, instrument).saturating_sub(open)
    }

    pub(super) fn check_reduces(
        &self,
        side: Side,
        asked: Quantity,
        instrument: InstrumentId,
        except: Option<OrderId>,
    ) -> Result<(), Refusal> {
        let reducible = self.reducible(side, instrument, except);
        if asked > reducible {
            return Err(Refusal::WouldNotReduce { asked, reducible });
        }
        Ok(())
    }

    /// Returns the reduce-only orders that no longer fit the position, newest first: as many of the newest
    /// as must go for the others together to be no more than it. Of linked orders both are returned; those
    /// whose cancel has been sent count as gone.
    #[must_use]
    pub fn unfit_orders(&self, instrument: InstrumentId) -> Vec<OrderId> {
        // The stop of a pair that has yet to enter ends with the first.
        let is_live = |order: &OpenOrder| {
            let is_there = !order.cancel_sent && order.awaits_entry.is_none();
            order.reduce_only && is_there && order.instrument == instrument
        };
        let mut unfit = Vec::new();
        if !self.orders.has_reducing() || !self.orders.iter().any(|order| is_live(&order)) {
            return unfit;
        }
        for side in Side::BOTH {
            let live = || self.orders.iter().filter(|order| is_live(order) && order.side == side);
            // The newer of two linked orders counts for both.
            let is_counted_elsewhere = |order: &OpenOrder| {
                order
                    .partner
                    .is_some_and(|id| id > order.id && self.order(id).is_some_and(|order| is_live(&order)))
            };
            let counted = live().filter(|order| !is_counted_elsewhere(order));
            let open: Quantity = counted.map(|order| order.most_leaves()).sum();
            let mut excess = open.saturating_sub(self.position_against(side, instrument));
            for order in live().rev() {
                if is_counted_elsewhere(&order) {
                    if order.partner.is_some_and(|partner| unfit.contains(&partner)) {
                        unfit.push(order.id);
                    }
                } else if !excess.is_zero() {
                    excess = excess.saturating_sub(order.most_leaves());
                    unfit.push(order.id);
                }
            }
        }
        unfit
    }
}
