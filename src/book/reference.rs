//! The naive engine: a list of orders and scans over it; obviously right, and slow.

use super::event::{BookEvent, MatchingEngine};
use crate::market::{
    CancelReason, Command, CommandKind, OrderKind, OrderTerms, Quote, QuoteLevel, RejectReason, Side,
    TimeInForce,
};
use crate::units::{ActorId, OrderId, Price, Quantity};

/// A price-time-priority book kept as one list in order of time.
#[derive(Debug, Clone, Default)]
pub struct ReferenceBook {
    /// The earlier came first.
    orders: Vec<Resting>,
}

#[derive(Debug, Clone, Copy)]
struct Resting {
    id: OrderId,
    owner: ActorId,
    side: Side,
    price: Price,
    leaves: Quantity,
    filled: Quantity,
}

impl ReferenceBook {
    /// Makes an empty book.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the place of the best order of `side`: best price, then earliest.
    fn best(&self, side: Side) -> Option<usize> {
        let key = |index: &usize| (-side.sign() * self.orders[*index].price.ticks(), *index);
        (0..self.orders.len()).filter(|index| self.orders[*index].side == side).min_by_key(key)
    }

    fn tradable(&self, side: Side, limit: Option<Price>) -> Quantity {
        let fits = |order: &&Resting| {
            order.side == side.opposite() && limit.is_none_or(|limit| side.accepts(limit, order.price))
        };
        self.orders.iter().filter(fits).map(|order| order.leaves).sum()
    }

    /// Trades `taker` against the book up to `limit`; what is left of it stays in `taker`.
    fn sweep(&mut self, taker: &mut Resting, limit: Option<Price>, out: &mut Vec<BookEvent>) {
        while !taker.leaves.is_zero() {
            let Some(index) = self.best(taker.side.opposite()) else { return };
            let maker = &mut self.orders[index];
            if limit.is_some_and(|limit| !taker.side.accepts(limit, maker.price)) {
                return;
            }
            let quantity = maker.leaves.min(taker.leaves);
            maker.leaves -= quantity;
            maker.filled += quantity;
            taker.leaves -= quantity;
            taker.filled += quantity;
            out.push(BookEvent::Traded {
                price: maker.price,
                quantity,
                aggressor: taker.side,
                maker_order: maker.id,
                maker_owner: maker.owner,
                maker_leaves: maker.leaves,
                taker_order: taker.id,
                taker_owner: taker.owner,
                taker_leaves: taker.leaves,
            });
            if maker.leaves.is_zero() {
                self.orders.remove(index);
            }
        }
    }

    fn submit(&mut self, id: OrderId, owner: ActorId, terms: &OrderTerms, out: &mut Vec<BookEvent>) {
        let limit = terms.kind.worst_price();
        let tradable = self.tradable(terms.side, limit);
        let is_market = matches!(terms.kind, OrderKind::Market { .. });
        let reason = if terms.quantity.is_zero() {
            Some(RejectReason::ZeroQuantity)
        } else if self.orders.iter().any(|order| order.id == id) {
            Some(RejectReason::DuplicateOrder)
        } else if terms.time_in_force == TimeInForce::Fok && tradable < terms.quantity {
            Some(RejectReason::FokUnfillable)
        } else if is_market && tradable.is_zero() {
            Some(RejectReason::NoLiquidity)
        } else {
            None
        };
        if let Some(reason) = reason {
            return out.push(BookEvent::Rejected { order: id, reason });
        }
        out.push(BookEvent::Accepted { order: id });
        let price = limit.unwrap_or(Price::new(0));
        let mut order =
            Resting { id, owner, side: terms.side, price, leaves: terms.quantity, filled: Quantity::ZERO };
        self.sweep(&mut order, limit, out);
        if order.leaves.is_zero() {
            return;
        }
        if is_market || terms.time_in_force != TimeInForce::Gtc {
            out.push(canceled(&order, CancelReason::IocRemainder));
        } else {
            self.orders.push(order);
        }
    }

    fn find(&self, command: &Command) -> Result<usize, RejectReason> {
        let index = self.orders.iter().position(|order| order.id == command.order);
        let index = index.ok_or(RejectReason::UnknownOrder)?;
        if self.orders[index].owner == command.owner { Ok(index) } else { Err(RejectReason::NotOwner) }
    }

    fn replace(&mut self, index: usize, price: Price, quantity: Quantity, out: &mut Vec<BookEvent>) {
        let mut order = self.orders[index];
        if quantity <= order.filled {
            self.orders.remove(index);
            return out.push(canceled(&order, CancelReason::ReplacedToFilled));
        }
        let leaves = quantity - order.filled;
        let kept_priority = price == order.price && leaves <= order.leaves;
        out.push(BookEvent::Replaced { order: order.id, side: order.side, price, leaves, kept_priority });
        if kept_priority {
            self.orders[index].leaves = leaves;
            return;
        }
        self.orders.remove(index);
        order.price = price;
        order.leaves = leaves;
        self.sweep(&mut order, Some(price), out);
        if !order.leaves.is_zero() {
            self.orders.push(order);
        }
    }
}

const fn canceled(order: &Resting, reason: CancelReason) -> BookEvent {
    BookEvent::Canceled {
        order: order.id,
        owner: order.owner,
        side: order.side,
        quantity: order.leaves,
        reason,
    }
}

impl MatchingEngine for ReferenceBook {
    fn execute(&mut self, command: &Command, out: &mut Vec<BookEvent>) {
        match command.kind {
            CommandKind::New(terms) => self.submit(command.order, command.owner, &terms, out),
            CommandKind::Cancel => match self.find(command) {
                Ok(index) => out.push(canceled(&self.orders.remove(index), CancelReason::Requested)),
                Err(reason) => out.push(BookEvent::CommandRejected { order: command.order, reason }),
            },
            CommandKind::Replace { price, quantity } => match self.find(command) {
                Ok(_) if quantity.is_zero() => {
                    out.push(BookEvent::CommandRejected {
                        order: command.order,
                        reason: RejectReason::ZeroQuantity,
                    });
                }
                Ok(index) => self.replace(index, price, quantity, out),
                Err(reason) => out.push(BookEvent::CommandRejected { order: command.order, reason }),
            },
        }
    }

    fn expire_all(&mut self, out: &mut Vec<BookEvent>) {
        for side in Side::BOTH {
            while let Some(index) = self.best(side) {
                let order = self.orders.remove(index);
                let Resting { id, owner, side, leaves, .. } = order;
                out.push(BookEvent::Expired { order: id, owner, side, quantity: leaves });
            }
        }
    }

    fn quote(&self) -> Quote {
        let touch = |side| self.levels(side).first().copied();
        Quote { bid: touch(Side::Buy), ask: touch(Side::Sell) }
    }

    fn levels(&self, side: Side) -> Vec<QuoteLevel> {
        let mut orders: Vec<&Resting> = self.orders.iter().filter(|order| order.side == side).collect();
        orders.sort_by_key(|order| -side.sign() * order.price.ticks());
        let mut levels: Vec<QuoteLevel> = Vec::new();
        for order in orders {
            match levels.last_mut() {
                Some(level) if level.price == order.price => level.size += order.leaves,
                _ => levels.push(QuoteLevel { price: order.price, size: order.leaves }),
            }
        }
        levels
    }
}
