//! Orders from their entry to their end.

use super::open_places::OpenPlaces;
use super::order_row::{OrderRow, OrderStatus};
use bearpit_core::market::{Fact, OrderKind, Trade};
use bearpit_core::units::{OrderId, Quantity, SimTime};

/// Follows the orders that are open; memory follows them, and not the run.
#[derive(Debug, Default)]
pub(in crate::record) struct OpenOrders {
    /// Where in `rows` each open order stands.
    places: OpenPlaces,
    rows: Vec<OrderRow>,
    /// Places of orders that have ended, the last first: that one is still in the processor's cache.
    free: Vec<usize>,
    /// Since when the orders of the last trade, maker and taker, had had their terms; none of one that is
    /// not followed.
    traded_quoted_at: [Option<SimTime>; 2],
}

impl OpenOrders {
    pub(in crate::record) fn open(&self) -> usize {
        self.places.len()
    }

    /// Returns an open order.
    pub(in crate::record) fn get(&self, order: OrderId) -> Option<&OrderRow> {
        self.rows.get(self.places.get(order)?)
    }

    /// Returns since when the orders of the last trade, maker and taker, had had their terms.
    pub(in crate::record) const fn traded_quoted_at(&self) -> [Option<SimTime>; 2] {
        self.traded_quoted_at
    }

    /// Follows a fact that is no trade, and hands the order that ends with it to `ended`.
    ///
    /// # Errors
    /// What `ended` says.
    pub(in crate::record) fn follow<E>(
        &mut self,
        at: SimTime,
        fact: &Fact,
        ended: impl FnOnce(&OrderRow) -> Result<(), E>,
    ) -> Result<(), E> {
        match *fact {
            Fact::OrderAccepted { order, owner, listing, terms, sent_at } => {
                let row = OrderRow::new(Some(order), owner, listing, terms, at);
                self.begin(order, OrderRow { sent_at, ..row });
            }
            Fact::OrderRejected { order, owner, listing, terms, sent_at, reason } => {
                let row = OrderRow::new(Some(order), owner, listing, terms, at);
                let (status, reason) = (OrderStatus::Rejected, Some(reason.name()));
                return ended(&OrderRow { sent_at: Some(sent_at), status, reason, ..row });
            }
            Fact::OrderRefused { owner, listing, terms, reason } => {
                let row = OrderRow::new(None, owner, listing, terms, at);
                return ended(&OrderRow { status: OrderStatus::Refused, reason: Some(reason.name()), ..row });
            }
            Fact::OrderReplaced { order, price, leaves, kept_priority, .. } => {
                if let Some(row) = self.row(order) {
                    row.replace(price, leaves);
                    row.quoted_at = if kept_priority { row.quoted_at } else { at };
                }
            }
            Fact::OrderTermsReplaced { order, kind, time_in_force, leaves, kept_priority, .. } => {
                if let Some(row) = self.row(order) {
                    row.replace_terms(kind, time_in_force, leaves);
                    row.quoted_at = if kept_priority { row.quoted_at } else { at };
                }
            }
            Fact::OrderCanceled { order, reason, .. } => {
                let row = self.end(order, at, OrderStatus::Canceled, Some(reason.name()));
                return row.map_or(Ok(()), ended);
            }
            Fact::OrderExpired { order, reason, .. } => {
                let row = self.end(order, at, OrderStatus::Expired, Some(reason.name()));
                return row.map_or(Ok(()), ended);
            }
            Fact::OrderRepriced { order, price: Some(price), .. } => {
                if let Some(row) = self.row(order)
                    && !matches!(row.terms.kind, OrderKind::Pegged { .. })
                {
                    row.terms.kind = OrderKind::Limit(price);
                }
            }
            Fact::OrderTriggered { order, trigger, .. } => {
                if let Some(row) = self.row(order) {
                    row.elected_at = Some(trigger);
                }
            }
            Fact::OrderReduced { order, leaves, .. } | Fact::OrderGrown { order, leaves, .. } => {
                if let Some(row) = self.row(order) {
                    row.terms.quantity = Quantity::new(row.filled_lots) + leaves;
                }
            }
            Fact::OrderRestated { order, terms, leaves, .. } => {
                if let Some(row) = self.row(order) {
                    row.terms = terms;
                    row.filled_lots = terms.quantity.saturating_sub(leaves).lots();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Follows a trade, and hands the orders that end with it to `ended`.
    ///
    /// # Errors
    /// What `ended` says.
    pub(in crate::record) fn fill<E>(
        &mut self,
        at: SimTime,
        trade: &Trade,
        mut ended: impl FnMut(&OrderRow) -> Result<(), E>,
    ) -> Result<(), E> {
        self.traded_quoted_at = [None; 2];
        for (side, order) in [trade.maker_order, trade.taker_order].into_iter().enumerate() {
            let Some(row) = self.row(order) else { continue };
            let quoted_at = row.quoted_at;
            row.filled_lots += trade.quantity.lots();
            row.filled_value += i128::from(trade.price.ticks()) * i128::from(trade.quantity.lots());
            let is_filled = row.filled_lots == row.terms.quantity.lots();
            self.traded_quoted_at[side] = Some(quoted_at);
            if is_filled {
                self.end(order, at, OrderStatus::Filled, None).map_or(Ok(()), &mut ended)?;
            }
        }
        Ok(())
    }

    /// Ends an order, and returns its row; its place is free for the next one.
    fn end(
        &mut self,
        order: OrderId,
        at: SimTime,
        status: OrderStatus,
        reason: Option<&'static str>,
    ) -> Option<&OrderRow> {
        let place = self.places.remove(order)?;
        self.free.push(place);
        let row = &mut self.rows[place];
        (row.ended_at, row.status, row.reason) = (at, status, reason);
        Some(row)
    }

    fn begin(&mut self, order: OrderId, row: OrderRow) {
        let place = self.free.pop().unwrap_or(self.rows.len());
        match self.rows.get_mut(place) {
            Some(vacant) => *vacant = row,
            None => self.rows.push(row),
        }
        self.places.insert(order, place);
    }

    fn row(&mut self, order: OrderId) -> Option<&mut OrderRow> {
        self.rows.get_mut(self.places.get(order)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::market::{CancelReason, OrderTerms, Side, TrailingDistance};
    use bearpit_core::units::{ActorId, ListingId, Price};

    #[test]
    fn a_trailing_stop_has_the_trigger_at_which_it_was_elected() {
        let (order, listing, at) = (OrderId::new(1), ListingId::new(0), SimTime::from_nanos(5));
        let kind = OrderKind::TrailingStop { distance: TrailingDistance::Ticks(5), protection: None };
        let terms = OrderTerms::new(Side::Sell, Quantity::new(3), kind);
        let accepted =
            Fact::OrderAccepted { order, owner: ActorId::new(2), listing, terms, sent_at: Some(at) };
        let triggered = Fact::OrderTriggered { order, listing, trigger: Price::new(95) };
        let canceled = Fact::OrderCanceled {
            order,
            listing,
            quantity: Quantity::new(3),
            reason: CancelReason::IocRemainder,
        };
        let mut orders = OpenOrders::default();
        let mut triggers = Vec::new();
        for fact in [&accepted, &canceled, &accepted, &triggered, &canceled] {
            let taken = orders.follow(at, fact, |row| {
                triggers.push(row.trigger());
                Ok::<(), ()>(())
            });
            taken.unwrap();
        }
        assert_eq!(triggers, [None, Some(Price::new(95))]);
    }
}
