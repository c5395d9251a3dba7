//! [`FactBatch`]: facts on their way to the writer, in as few bytes as each takes.
//!
//! Any fact takes as much memory as the largest kind, which few are. So the kinds that come most are kept in
//! lists of their own, plain orders without the terms that they have not.

use super::row_builder::Taken;
use bearpit_core::market::{
    AccountMark, CancelReason, Fact, OrderKind, OrderTerms, Quote, Side, TimeInForce, Trade,
};
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};

/// Some facts, in their order.
#[derive(Debug, Default)]
pub(super) struct FactBatch {
    /// When each happened, and in which list it stands.
    order: Vec<(SimTime, List)>,
    accepted: Vec<PlainOrder>,
    canceled: Vec<Canceled>,
    replaced: Vec<Replaced>,
    quotes: Vec<(ListingId, Quote)>,
    trades: Vec<Trade>,
    marks: Vec<AccountMark>,
    others: Vec<Taken>,
}

/// What comes next in a batch.
#[derive(Debug)]
pub(super) enum Next<'a> {
    Trade(&'a Trade),
    /// A change of the touch.
    Quote(ListingId, &'a Quote),
    Mark(&'a AccountMark),
    /// Any other that is kept in a list of its own.
    Fact(&'a Fact),
    Other(&'a Taken),
}

#[derive(Debug, Clone, Copy)]
enum List {
    Accepted,
    Canceled,
    Replaced,
    Quotes,
    Trades,
    Marks,
    Others,
}

/// An accepted limit or market order without conditions.
#[derive(Debug, Clone, Copy)]
struct PlainOrder {
    order: OrderId,
    owner: ActorId,
    listing: ListingId,
    quantity: Quantity,
    /// The limit, or the protection of a market order.
    price: Option<Price>,
    time_in_force: TimeInForce,
    sent_at: Option<SimTime>,
    side: Side,
    is_market: bool,
    reduce_only: bool,
}

#[derive(Debug, Clone, Copy)]
struct Canceled {
    order: OrderId,
    listing: ListingId,
    quantity: Quantity,
    reason: CancelReason,
}

#[derive(Debug, Clone, Copy)]
struct Replaced {
    order: OrderId,
    listing: ListingId,
    price: Price,
    leaves: Quantity,
    kept_priority: bool,
}

impl FactBatch {
    /// Makes an empty batch with room for so many facts.
    pub(super) fn with_capacity(facts: usize) -> Self {
        Self { order: Vec::with_capacity(facts), ..Self::default() }
    }

    /// Returns how many facts there are.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Empties it, but keeps its memory.
    pub(super) fn clear(&mut self) {
        let Self { order, accepted, canceled, replaced, quotes, trades, marks, others } = self;
        order.clear();
        accepted.clear();
        canceled.clear();
        replaced.clear();
        quotes.clear();
        trades.clear();
        marks.clear();
        others.clear();
    }

    /// Adds a fact.
    pub(super) fn push(&mut self, at: SimTime, fact: &Fact) {
        let list = match fact {
            Fact::OrderAccepted { order, owner, listing, terms, sent_at } => {
                match PlainOrder::new((*order, *owner, *listing), terms, *sent_at) {
                    Some(plain) => {
                        self.accepted.push(plain);
                        List::Accepted
                    }
                    None => return self.push_other(at, Taken::Fact(fact.clone())),
                }
            }
            Fact::OrderCanceled { order, listing, quantity, reason } => {
                let (order, listing, quantity, reason) = (*order, *listing, *quantity, *reason);
                self.canceled.push(Canceled { order, listing, quantity, reason });
                List::Canceled
            }
            Fact::OrderReplaced { order, listing, price, leaves, kept_priority } => {
                let (order, listing, price, leaves) = (*order, *listing, *price, *leaves);
                let kept_priority = *kept_priority;
                self.replaced.push(Replaced { order, listing, price, leaves, kept_priority });
                List::Replaced
            }
            Fact::TouchChanged { listing, quote } => {
                self.quotes.push((*listing, *quote));
                List::Quotes
            }
            Fact::Traded(trade) => {
                self.trades.push(*trade);
                List::Trades
            }
            Fact::AccountMarked(mark) => {
                self.marks.push(*mark);
                List::Marks
            }
            other => return self.push_other(at, Taken::Fact(other.clone())),
        };
        self.order.push((at, list));
    }

    /// Adds what is no fact, or one that is not plain.
    pub(super) fn push_other(&mut self, at: SimTime, other: Taken) {
        self.others.push(other);
        self.order.push((at, List::Others));
    }

    /// Hands over each, in order, until one is not taken.
    ///
    /// # Errors
    /// What `take` says.
    pub(super) fn each<E>(&self, mut take: impl FnMut(SimTime, Next<'_>) -> Result<(), E>) -> Result<(), E> {
        let (mut accepted, mut canceled) = (self.accepted.iter(), self.canceled.iter());
        let (mut replaced, mut quotes) = (self.replaced.iter(), self.quotes.iter());
        let (mut trades, mut marks, mut others) = (self.trades.iter(), self.marks.iter(), self.others.iter());
        for (at, list) in &self.order {
            let fact;
            // Each list has as many as stand in the order.
            let next = match list {
                List::Trades => trades.next().map(Next::Trade),
                List::Quotes => quotes.next().map(|(listing, quote)| Next::Quote(*listing, quote)),
                List::Marks => marks.next().map(Next::Mark),
                List::Others => others.next().map(Next::Other),
                List::Accepted => {
                    let Some(order) = accepted.next() else { continue };
                    fact = order.fact();
                    Some(Next::Fact(&fact))
                }
                List::Canceled => {
                    let Some(Canceled { order, listing, quantity, reason }) = canceled.next().copied() else {
                        continue;
                    };
                    fact = Fact::OrderCanceled { order, listing, quantity, reason };
                    Some(Next::Fact(&fact))
                }
                List::Replaced => {
                    let Some(replaced) = replaced.next().copied() else { continue };
                    let Replaced { order, listing, price, leaves, kept_priority } = replaced;
                    fact = Fact::OrderReplaced { order, listing, price, leaves, kept_priority };
                    Some(Next::Fact(&fact))
                }
            };
            next.map_or(Ok(()), |next| take(*at, next))?;
        }
        Ok(())
    }
}

impl PlainOrder {
    /// Returns an order without conditions; none of any other.
    fn new(
        (order, owner, listing): (OrderId, ActorId, ListingId),
        terms: &OrderTerms,
        sent_at: Option<SimTime>,
    ) -> Option<Self> {
        let (is_market, price) = match terms.kind {
            OrderKind::Limit(price) => (false, Some(price)),
            OrderKind::Market { protection } => (true, protection),
            _ => return None,
        };
        if !terms.is_plain() {
            return None;
        }
        // The fields that a plain order has as all others do.
        let &OrderTerms {
            side,
            quantity,
            time_in_force,
            reduce_only,
            kind: _,
            display: _,
            minimum: _,
            post_only: _,
            self_trade: _,
            link: _,
        } = terms;
        Some(Self {
            order,
            owner,
            listing,
            quantity,
            price,
            time_in_force,
            sent_at,
            side,
            is_market,
            reduce_only,
        })
    }

    #[inline]
    fn fact(&self) -> Fact {
        let kind = match self.price {
            Some(price) if !self.is_market => OrderKind::Limit(price),
            protection => OrderKind::Market { protection },
        };
        let terms = OrderTerms::new(self.side, self.quantity, kind).with(self.time_in_force);
        Fact::OrderAccepted {
            order: self.order,
            owner: self.owner,
            listing: self.listing,
            terms: OrderTerms { reduce_only: self.reduce_only, ..terms },
            sent_at: self.sent_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use bearpit_core::market::{Link, PostOnly, SelfTrade};

    use super::*;
    use crate::record::tests::{accepted, trade};

    #[test]
    fn facts_come_out_as_they_went_in_and_in_their_order() {
        let (order, listing, owner) = (OrderId::new(7), ListingId::new(0), ActorId::new(1));
        let (quantity, price) = (Quantity::new(10), Price::new(10_001));
        let market = |protection| OrderTerms::new(Side::Sell, quantity, OrderKind::Market { protection });
        let limit = OrderTerms::limit(Side::Buy, quantity, price);
        let conditions = [
            OrderTerms { display: Some(Quantity::new(1)), ..limit },
            OrderTerms { minimum: Some(Quantity::new(1)), ..limit },
            OrderTerms { post_only: PostOnly::Slide, ..limit },
            OrderTerms { self_trade: SelfTrade::CancelBoth, ..limit },
            OrderTerms { link: Link::OneCancelsOther(order), ..limit },
            OrderTerms { reduce_only: true, ..limit },
            limit.with(TimeInForce::Gtd(SimTime::from_nanos(9))),
            OrderTerms { kind: OrderKind::StopLimit { trigger: price, limit: price }, ..limit },
        ];
        let orders = [limit, market(None), market(Some(price))].into_iter().chain(conditions);
        let mut facts: Vec<Fact> = orders.map(|terms| accepted(3, owner, terms)).collect();
        facts.extend([
            Fact::OrderCanceled { order, listing, quantity, reason: CancelReason::Requested },
            trade(0, 1, 2, 10, 10_000),
            Fact::OrderReplaced { order, listing, price, leaves: quantity, kept_priority: true },
            Fact::TouchChanged { listing, quote: Quote::default() },
            Fact::OrderTriggered { order, listing, trigger: price },
            Fact::OrderReplaced { order, listing, price, leaves: quantity, kept_priority: false },
            trade(1, 1, 2, 10, 9_000),
        ]);
        let mut batch = FactBatch::with_capacity(4);
        // The second time there is nothing left of the first.
        for _ in 0..2 {
            for (at, fact) in (0..).map(SimTime::from_nanos).zip(&facts) {
                batch.push(at, fact);
            }
            let mut out = Vec::new();
            let taken = batch.each(|at, next| {
                let fact = match next {
                    Next::Trade(trade) => Fact::Traded(*trade),
                    Next::Quote(listing, quote) => Fact::TouchChanged { listing, quote: *quote },
                    Next::Mark(mark) => Fact::AccountMarked(*mark),
                    Next::Fact(fact) | Next::Other(Taken::Fact(fact)) => fact.clone(),
                    Next::Other(_) => return Err(at),
                };
                out.push((at.nanos(), fact));
                Ok(())
            });
            assert_eq!(taken, Ok(()));
            assert_eq!(batch.len(), facts.len());
            assert_eq!(out, (0..).zip(facts.iter().cloned()).collect::<Vec<_>>());
            batch.clear();
        }
    }
}
