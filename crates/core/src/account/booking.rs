//! Booking execution reports.

use thiserror::Error;

use super::charging::{FeeFill, FeePlan};
use super::holds::Need;
use super::ledger::Account;
use super::order_context::OrderContext;
use super::orders::{OpenOrder, WorstPart};
use super::plain_order::PlainOrder;
use crate::market::{ExecutionReport, Instrument, OrderKind, ReportKind, Side};
use crate::units::{InstrumentId, Money, NetQuantity, OrderId, Price, Quantity};

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
        if let Some(order) = self.orders.plain(index).copied()
            && self.book_plain(index, &order, report, at)
        {
            return Ok(());
        }
        let order = self.orders.at(index);
        if report.kind == ReportKind::Accepted && order.partner.is_none() && order.awaits_entry.is_none() {
            // The most frequent report changes nothing: the order counts as open since it was sent.
            return Ok(());
        }
        let change = |account: &mut Self| {
            if let ReportKind::Filled { price, quantity, fee, .. } = report.kind {
                let notional = at.instrument.notional(price, quantity);
                account.settle(order.side, &SettledFill { notional, quantity, fee }, at);
                account.follow_fees(order.id, order.side, report.kind, at);
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

    /// Books a report of a plain order, and returns whether it was one of those that leave it plain or end
    /// it: nearly all are.
    fn book_plain(
        &mut self,
        index: usize,
        order: &PlainOrder,
        report: &ExecutionReport,
        at: &OrderContext<'_>,
    ) -> bool {
        let after = match report.kind {
            // The order counts as open since it was sent.
            ReportKind::Accepted => return true,
            ReportKind::Rejected(_) | ReportKind::Canceled(_) | ReportKind::Expired(_) => Need::default(),
            ReportKind::Filled { price, quantity, leaves, fee, .. } => {
                let notional = at.instrument.notional(price, quantity);
                self.settle(order.side, &SettledFill { notional, quantity, fee }, at);
                self.follow_fees(report.order, order.side, report.kind, at);
                if leaves.is_zero() {
                    Need::default()
                } else {
                    let part = WorstPart { price: order.worst_price(), quantity: leaves };
                    let need = self.need_alone(Some(report.order), order.side, part, at);
                    match (order.filled_to(leaves, need), self.orders.plain_mut(index)) {
                        (Some(filled), Some(place)) => *place = filled,
                        _ => self.orders.change(index, |order| (order.leaves, order.held) = (leaves, need)),
                    }
                    need
                }
            }
            _ => return false,
        };
        self.change_held(order.held(), after, order.instrument);
        if report.kind.is_terminal() {
            self.order_fees.remove(&report.order);
            self.orders.remove(index);
        }
        true
    }

    /// Updates an order, and those linked with it, by a report.
    fn follow(&mut self, index: usize, kind: ReportKind) {
        if matches!(kind, ReportKind::Restated(_)) {
            // It was split with its account.
            return;
        }
        let order = self.orders.change(index, |order| {
            order.follow(kind);
            *order
        });
        if let Some(partner) = order.partner {
            self.follow_partner(partner, &order, kind);
        }
        if self.has_growing_exits(index) {
            self.follow_entry(index, kind);
        }
        if kind.is_terminal() {
            self.order_fees.remove(&order.id);
            self.orders.remove(index);
        }
    }

    /// Notes what an order was charged for a fill, where its next fills' fees depend on that.
    fn follow_fees(&mut self, order: OrderId, side: Side, kind: ReportKind, at: &OrderContext<'_>) {
        let ReportKind::Filled { price, quantity, fee, liquidity, .. } = kind else { return };
        let plan = FeePlan { venue: at.fees, broker: self.commission.as_deref() };
        if plan.is_proportional() {
            return;
        }
        let fill = FeeFill { side, liquidity, price, quantity, instrument: at.instrument };
        self.order_fees.entry(order).or_default().follow(plan, &fill, fee);
    }

    /// Updates the `partner` of an order at once, before the venue's report of it arrives, so that the
    /// account never holds more than the two can cost together.
    ///
    /// This is right even if the partner has not reached the venue: it will be rejected there, since the
    /// order it names has changed or is gone.
    fn follow_partner(&mut self, partner: OrderId, order: &OpenOrder, kind: ReportKind) {
        let Some(index) = self.order_index(partner) else { return };
        if kind.is_terminal() && self.orders.at(index).awaits_entry == Some(order.id) {
            // The stop of a pair whose first was rejected: it never was at the venue.
            return self.orders.remove(index);
        }
        self.orders.change(index, |partner| {
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
        });
    }

    /// Enlarges the exits of the entry at `index` with what it trades, at once: the venue's reports of them
    /// follow. Removes them if it ends without a trade.
    fn follow_entry(&mut self, index: usize, kind: ReportKind) {
        let has_traded = !self.orders.at(index).filled().is_zero();
        let exits: Vec<usize> =
            self.exits(index).iter().flatten().filter_map(|exit| self.order_index(exit.id)).collect();
        if kind.is_terminal() && !has_traded {
            exits.into_iter().for_each(|exit| self.orders.remove(exit));
            return;
        }
        for exit in exits {
            self.orders.change(exit, |exit| {
                if let ReportKind::Filled { quantity, .. } = kind {
                    exit.grow(quantity);
                }
                if kind.is_terminal() {
                    exit.grows_with = None;
                }
            });
        }
    }

    /// Moves cash and shares for a fill.
    fn settle(&mut self, side: Side, fill: &SettledFill, at: &OrderContext<'_>) {
        let SettledFill { notional, quantity, fee } = *fill;
        self.cash -= fee;
        self.fees += fee;
        self.fills += 1;
        let change = NetQuantity::new(quantity.net().lots() * side.sign());
        self.exchange(at.instrument_id, at.instrument, change, notional);
    }

    /// Takes in so much of an instrument for its notional, or gives it away if negative. Of a future no money
    /// is paid for it: what a part of a position that is closed has gained is.
    pub(super) fn exchange(
        &mut self,
        id: InstrumentId,
        instrument: &Instrument,
        change: NetQuantity,
        notional: Money,
    ) {
        let line = &mut self.lines[id.index()];
        let before = line.position.cost();
        line.fill(change, notional);
        self.cash -= notional * i128::from(change.lots().signum());
        if instrument.is_future() {
            let cost = line.position.cost() - before;
            self.cash += cost;
            self.futures_cost += cost;
        }
    }
}

/// What a fill moves.
#[derive(Debug, Clone, Copy)]
struct SettledFill {
    notional: Money,
    quantity: Quantity,
    fee: Money,
}

impl OpenOrder {
    /// Takes on what a report says of it.
    fn follow(&mut self, kind: ReportKind) {
        match kind {
            ReportKind::Rejected(_)
            | ReportKind::Canceled(_)
            | ReportKind::Expired(_)
            | ReportKind::Restated(_) => {}
            ReportKind::Accepted => self.awaits_entry = None,
            ReportKind::CommandRejected(_) => self.pending = None,
            ReportKind::Replaced { price, leaves } => {
                self.set_kind(self.kind.at(price));
                self.set_leaves(leaves);
                self.pending = None;
            }
            ReportKind::TermsReplaced { kind, time_in_force, leaves } => {
                self.set_kind(kind);
                self.time_in_force = time_in_force;
                self.set_leaves(leaves);
                self.pending = None;
            }
            ReportKind::Repriced { price } => self.reprice(price),
            ReportKind::Reduced { leaves, .. } | ReportKind::Grown { leaves } => self.set_leaves(leaves),
            ReportKind::Triggered { .. } => self.elect(),
            ReportKind::Filled { leaves, .. } => self.leaves = leaves,
        }
    }

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
