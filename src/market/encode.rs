//! The bytes of a fact that go into the digest: little-endian, each variant with its own tag.
//!
//! The encoding is part of what a digest means: a change here changes every digest, and the golden
//! digests in `tests/` with them.

use super::bar::Bar;
use super::fact::{AccountMark, Fact, Trade};
use super::order::{OrderKind, OrderTerms, Side};
use super::quote::{Quote, QuoteLevel};
use crate::units::{Money, Price, SimTime};

/// Appends the bytes of `fact` at `at` to `out`.
pub(super) fn encode(at: SimTime, fact: &Fact, out: &mut Vec<u8>) {
    let mut bytes = Bytes(out);
    bytes.i64(at.nanos());
    match fact {
        Fact::OrderRefused { owner, listing, terms, reason } => {
            bytes.tag(0).u32(owner.get()).u32(listing.get()).terms(terms).text(reason.name());
        }
        Fact::OrderAccepted { order, owner, listing, terms } => {
            bytes.tag(1).u64(order.get()).u32(owner.get()).u32(listing.get()).terms(terms);
        }
        Fact::OrderRejected { order, owner, listing, terms, reason } => {
            bytes
                .tag(2)
                .u64(order.get())
                .u32(owner.get())
                .u32(listing.get())
                .terms(terms)
                .text(reason.name());
        }
        Fact::CommandRejected { order, owner, listing, reason } => {
            bytes.tag(3).u64(order.get()).u32(owner.get()).u32(listing.get()).text(reason.name());
        }
        Fact::OrderReplaced { order, listing, price, leaves, kept_priority } => {
            bytes.tag(4).u64(order.get()).u32(listing.get()).price(*price).u64(leaves.lots());
            bytes.tag(u8::from(*kept_priority));
        }
        Fact::OrderCanceled { order, listing, quantity, reason } => {
            bytes.tag(5).u64(order.get()).u32(listing.get()).u64(quantity.lots()).text(reason.name());
        }
        Fact::OrderExpired { order, listing, quantity } => {
            bytes.tag(6).u64(order.get()).u32(listing.get()).u64(quantity.lots());
        }
        Fact::Traded(trade) => bytes.tag(7).trade(trade),
        Fact::TouchChanged { listing, quote } => bytes.tag(8).u32(listing.get()).quote(quote),
        Fact::BarClosed { listing, bar } => bytes.tag(9).u32(listing.get()).bar(bar),
        Fact::AccountMarked(mark) => bytes.tag(10).mark(mark),
        Fact::Logged { actor, text } => {
            bytes.tag(11).u32(actor.get()).text(text);
        }
        Fact::StrategyFailed { actor, text } => {
            bytes.tag(12).u32(actor.get()).text(text);
        }
    }
}

/// Appends plain values, chained.
struct Bytes<'a>(&'a mut Vec<u8>);

impl Bytes<'_> {
    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn tag(&mut self, tag: u8) -> &mut Self {
        self.put(&[tag])
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.put(&value.to_le_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.put(&value.to_le_bytes())
    }

    fn i64(&mut self, value: i64) -> &mut Self {
        self.put(&value.to_le_bytes())
    }

    fn money(&mut self, value: Money) -> &mut Self {
        self.put(&value.units().to_le_bytes())
    }

    fn price(&mut self, value: Price) -> &mut Self {
        self.i64(value.ticks())
    }

    fn side(&mut self, side: Side) -> &mut Self {
        self.tag(match side {
            Side::Buy => 0,
            Side::Sell => 1,
        })
    }

    /// Length first, so that no two sequences of texts have the same bytes.
    fn text(&mut self, text: &str) -> &mut Self {
        self.u64(text.len() as u64).put(text.as_bytes())
    }

    fn optional(&mut self, value: Option<i64>) -> &mut Self {
        match value {
            None => self.tag(0),
            Some(value) => self.tag(1).i64(value),
        }
    }

    fn terms(&mut self, terms: &OrderTerms) -> &mut Self {
        self.side(terms.side).u64(terms.quantity.lots());
        match terms.kind {
            OrderKind::Limit(price) => self.tag(0).price(price),
            OrderKind::Market { protection } => self.tag(1).optional(protection.map(Price::ticks)),
        };
        self.tag(match terms.time_in_force {
            super::TimeInForce::Gtc => 0,
            super::TimeInForce::Ioc => 1,
            super::TimeInForce::Fok => 2,
        })
    }

    fn trade(&mut self, trade: &Trade) {
        self.u64(trade.id.get()).u32(trade.listing.get()).price(trade.price).u64(trade.quantity.lots());
        self.side(trade.aggressor);
        self.u64(trade.maker_order.get()).u32(trade.maker.get()).money(trade.maker_fee);
        self.u64(trade.taker_order.get()).u32(trade.taker.get()).money(trade.taker_fee);
    }

    fn level(&mut self, level: Option<QuoteLevel>) -> &mut Self {
        match level {
            None => self.tag(0),
            Some(level) => self.tag(1).price(level.price).u64(level.size.lots()),
        }
    }

    fn quote(&mut self, quote: &Quote) {
        self.level(quote.bid).level(quote.ask);
    }

    fn bar(&mut self, bar: &Bar) {
        self.i64(bar.start.nanos()).i64(bar.end.nanos());
        self.price(bar.open).price(bar.high).price(bar.low).price(bar.close).u64(bar.volume.lots());
    }

    fn mark(&mut self, mark: &AccountMark) {
        self.u32(mark.owner.get()).u32(mark.instrument.get()).i64(mark.position.lots());
        self.optional(mark.mark_half_ticks).money(mark.cost).money(mark.realized).money(mark.unrealized);
        self.money(mark.fees).money(mark.cash).money(mark.equity);
    }
}
