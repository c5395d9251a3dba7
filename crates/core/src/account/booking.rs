//! Booking execution reports.

use thiserror::Error;

use super::charging::{FeeFill, FeePlan};
use super::ledger::Account;
use super::order_context::OrderContext;
use super::orders::OpenOrder;
use crate::market::{ExecutionReport, OrderKind, ReportKind};
use crate::units::{Money, NetQuantity, OrderId, Price, Quantity};

/// Says that a report came for an order that is not open in the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a report {kind:?} came for order {order}, which is not open")]
pub struct BookingError {
    /// The order.
    pub order: OrderId,
    /// What was reported.
    pub kind: ReportKind,
}

impl Account {
    /// Books a report that has arrived.
    ///
    /// # Errors
    /// [`BookingError`] if the report does not fit the account: a fault of the venue or of this code, since
    /// reports of one venue arrive in order.
    pub fn book(&mut self, report: &ExecutionReport, at: &OrderContext<'_>) -> Result<(), BookingError> {
        let Some(index) = self.order_index(report.order) else {
            return match report.kind {
                // The order had ended before the command arrived: nothing to book.
                ReportKind::CommandRejected(_) => Ok(()),
                kind => Err(BookingError { order: report.order, kind }),
            };
        };
        let order = *self.orders.at(index);
        if report.kind == ReportKind::Accepted && order.partner.is_none() && order.awaits_entry.is_none() {
            // The most frequent report changes nothing: the order counts as open since it was sent.
            return Ok(());
        }
        let change = |account: &mut Self| {
            if let ReportKind::Filled { price, quantity, fee, .. } = report.kind {
                account.settle(&order, at.instrument.notional(price, quantity), quantity, fee);
                account.follow_fees(&order, report.kind, at);
            }
            account.follow(index, report.kind);
        };
        if order.is_alone() {
            self.rehold_alone(index, report.kind.is_terminal(), at, change);
        } else {
            self.rehold(self.family(index), at, change);
        }
        Ok(())
    }

    /// Updates an order, and those linked with it, by a report.
    fn follow(&mut self, index: usize, kind: ReportKind) {
        let order = self.orders.at_mut(index);
        match kind {
            ReportKind::Rejected(_) | ReportKind::Canceled(_) | ReportKind::Expired(_) => {}
            // It was split with its account.
            ReportKind::Restated(_) => return,
            ReportKind::Accepted => order.awaits_entry = None,
            ReportKind::CommandRejected(_) => order.pending = None,
            ReportKind::Replaced { price, leaves } => {
                order.set_kind(order.kind.at(price));
                order.set_leaves(leaves);
                order.pending = None;
            }
            ReportKind::Repriced { price } => order.reprice(price),
            ReportKind::Reduced { leaves, .. } | ReportKind::Grown { leaves } => order.set_leaves(leaves),
            ReportKind::Triggered { .. } => order.elect(),
            ReportKind::Filled { leaves, .. } => order.leaves = leaves,
        }
        let order = *order;
        if let Some(partner) = order.partner {
            self.follow_partner(partner, &order, kind);
        }
        if self.exits(index).is_some() {
            self.follow_entry(index, kind);
        }
        if kind.is_terminal() {
            self.order_fees.remove(&order.id);
            self.orders.remove(index);
        }
    }

    /// Notes what an order was charged for a fill, where its next fills' fees depend on that.
    fn follow_fees(&mut self, order: &OpenOrder, kind: ReportKind, at: &OrderContext<'_>) {
        let ReportKind::Filled { price, quantity, fee, liquidity, .. } = kind else { return };
        let plan = FeePlan { venue: at.fees, broker: self.commission.as_deref() };
        if plan.is_proportional() {
            return;
        }
        let fill = FeeFill { side: order.side, liquidity, price, quantity, instrument: at.instrument };
        self.order_fees.entry(order.id).or_default().follow(plan, &fill, fee);
    }

    /// Updates the `partner` of an order at once, before the venue's report of it arrives, so that the
    /// account never holds more than the two can cost together.
    ///
    /// This is right even if the partner has not reached the venue: it will be rejected there, since the
    /// order it names has changed or is gone.
    fn follow_partner(&mut self, partner: OrderId, order: &OpenOrder, kind: ReportKind) {
        let Some(index) = self.order_index(partner) else { return };
        let partner = self.orders.at_mut(index);
        if !kind.is_terminal() {
            return partner.cap(order.leaves);
        }
        partner.partner = None;
        partner.grows_with = None;
        // The newer of two linked orders names the elder; if it is rejected, no link has come about.
        let was_never_linked = matches!(kind, ReportKind::Rejected(_)) && partner.id < order.id;
        if !was_never_linked {
            partner.cap(Quantity::ZERO);
        }
    }

    /// Enlarges the exits of the entry at `index` with what it trades, at once: the venue's reports of them
    /// follow. Removes them if it ends without a trade.
    fn follow_entry(&mut self, index: usize, kind: ReportKind) {
        let has_traded = !self.orders.at(index).filled().is_zero();
        let exits = [index + 1, index + 2];
        if kind.is_terminal() && !has_traded {
            exits.into_iter().for_each(|exit| self.orders.remove(exit));
            return;
        }
        for exit in exits {
            let exit = self.orders.at_mut(exit);
            if let ReportKind::Filled { quantity, .. } = kind {
                exit.grow(quantity);
            }
            if kind.is_terminal() {
                exit.grows_with = None;
            }
        }
    }

    /// Moves cash and shares for a fill.
    fn settle(&mut self, order: &OpenOrder, notional: Money, quantity: Quantity, fee: Money) {
        let sign = order.side.sign();
        self.cash -= notional * i128::from(sign) + fee;
        self.fees += fee;
        self.fills += 1;
        let change = NetQuantity::new(quantity.net().lots() * sign);
        self.lines[order.instrument.index()].fill(change, notional);
    }
}

impl OpenOrder {
    /// Takes on the price that the venue gave the order by its own terms.
    fn reprice(&mut self, price: Option<Price>) {
        match (self.kind, price) {
            // It may come back to its limit at any time, so that stays the worst case.
            (OrderKind::Pegged { .. }, _) | (_, None) => {}
            // A post-only order that slid, or the rest of a market-to-limit order: a limit order from now
            // on, and a more patient one.
            (_, Some(price)) => self.set_kind(OrderKind::Limit(price)),
        }
    }

    /// Turns an elected stop into the order it becomes; its worst price stays.
    fn elect(&mut self) {
        match self.kind {
            OrderKind::StopLimit { limit, .. } => self.set_kind(OrderKind::Limit(limit)),
            OrderKind::Stop { protection, .. } | OrderKind::TrailingStop { protection, .. } => {
                self.set_kind(OrderKind::Market { protection });
            }
            _ => {}
        }
    }
}
