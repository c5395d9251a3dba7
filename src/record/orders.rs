//! Orders from their entry to their end.

use rustc_hash::FxHashMap;

use super::rows::{OrderRow, Status};
use crate::market::{Fact, OrderKind, Trade};
use crate::units::{OrderId, Quantity, SimTime};

/// Follows the orders that are open; memory follows them, and not the run.
#[derive(Debug, Default)]
pub(super) struct OrderLives {
    open: FxHashMap<OrderId, OrderRow>,
}

impl OrderLives {
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// Follows a fact, and appends the orders that end with it to `ended`.
    pub(super) fn follow(&mut self, at: SimTime, fact: &Fact, ended: &mut Vec<OrderRow>) {
        match *fact {
            Fact::OrderAccepted { order, owner, listing, terms } => {
                self.open.insert(order, OrderRow::new(Some(order), owner, listing, terms, at));
            }
            Fact::OrderRejected { order, owner, listing, terms, reason } => {
                let row = OrderRow::new(Some(order), owner, listing, terms, at);
                ended.push(OrderRow { status: Status::Rejected, reason: Some(reason.name()), ..row });
            }
            Fact::OrderRefused { owner, listing, terms, reason } => {
                let row = OrderRow::new(None, owner, listing, terms, at);
                ended.push(OrderRow { status: Status::Refused, reason: Some(reason.name()), ..row });
            }
            Fact::OrderReplaced { order, price, leaves, .. } => {
                if let Some(row) = self.open.get_mut(&order) {
                    row.terms.kind = row.terms.kind.at(price);
                    row.terms.quantity = Quantity::new(row.filled_lots) + leaves;
                }
            }
            Fact::OrderCanceled { order, reason, .. } => {
                self.end(order, at, (Status::Canceled, Some(reason.name())), ended);
            }
            Fact::OrderExpired { order, reason, .. } => {
                self.end(order, at, (Status::Expired, Some(reason.name())), ended);
            }
            Fact::OrderRepriced { order, price: Some(price), .. } => {
                if let Some(row) = self.open.get_mut(&order)
                    && !matches!(row.terms.kind, OrderKind::Pegged { .. })
                {
                    row.terms.kind = OrderKind::Limit(price);
                }
            }
            Fact::OrderReduced { order, leaves, .. } => {
                if let Some(row) = self.open.get_mut(&order) {
                    row.terms.quantity = Quantity::new(row.filled_lots) + leaves;
                }
            }
            Fact::Traded(ref trade) => self.fill(at, trade, ended),
            _ => {}
        }
    }

    fn fill(&mut self, at: SimTime, trade: &Trade, ended: &mut Vec<OrderRow>) {
        for order in [trade.maker_order, trade.taker_order] {
            let Some(row) = self.open.get_mut(&order) else { continue };
            row.filled_lots += trade.quantity.lots();
            row.filled_value += i128::from(trade.price.ticks()) * i128::from(trade.quantity.lots());
            if row.filled_lots == row.terms.quantity.lots() {
                self.end(order, at, (Status::Filled, None), ended);
            }
        }
    }

    fn end(
        &mut self,
        order: OrderId,
        at: SimTime,
        (status, reason): (Status, Option<&'static str>),
        ended: &mut Vec<OrderRow>,
    ) {
        if let Some(row) = self.open.remove(&order) {
            ended.push(OrderRow { ended_at: at, status, reason, ..row });
        }
    }
}
