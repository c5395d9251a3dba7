//! [`HeardBook`]: what a router has heard of a venue's book, less what it has taken of it since.

use bearpit_core::market::{Ladders, QuoteLevel, Side};
use bearpit_core::units::{ListingId, Price, Quantity, SimDuration, SimTime};

/// What a router knows of one venue.
#[derive(Debug)]
pub(super) struct HeardBook {
    pub(super) listing: ListingId,
    /// How long an order usually takes there.
    pub(super) latency: SimDuration,
    ladders: Ladders,
    /// The venue's time of the ladders.
    at: SimTime,
}

impl HeardBook {
    pub(super) fn new(listing: ListingId, latency: SimDuration) -> Self {
        Self { listing, latency, ladders: Ladders::default(), at: SimTime::from_nanos(i64::MIN) }
    }

    /// Takes what was published at a time.
    pub(super) fn hear(&mut self, at: SimTime, ladders: &Ladders) {
        self.ladders = ladders.clone();
        self.at = at;
    }

    /// Returns the best level on the own side of an order.
    pub(super) fn own_best(&self, side: Side) -> Option<Price> {
        let levels = match side {
            Side::Buy => &self.ladders.bids,
            Side::Sell => &self.ladders.asks,
        };
        levels.first().map(|level| level.price)
    }

    /// Returns the levels that an order with a limit can trade with, less `in_flight`, which is on its way to
    /// them already.
    pub(super) fn open_to(&self, side: Side, limit: Option<Price>, in_flight: Quantity) -> Vec<QuoteLevel> {
        let mut gone = in_flight;
        let within = self.opposite(side).iter().take_while(|level| is_within(side, level.price, limit));
        let left = within.map(|level| {
            let taken = gone.min(level.size);
            gone = gone.saturating_sub(taken);
            QuoteLevel { size: level.size.saturating_sub(taken), ..*level }
        });
        left.filter(|level| !level.size.is_zero()).collect()
    }

    /// Takes off what an own order has traded at a price, unless the levels heard last have it already.
    pub(super) fn take(&mut self, side: Side, price: Price, quantity: Quantity, at: SimTime) {
        if self.at >= at {
            return;
        }
        if let Some(level) = self.opposite_mut(side).iter_mut().find(|level| level.price == price) {
            level.size = level.size.saturating_sub(quantity);
        }
        self.opposite_mut(side).retain(|level| !level.size.is_zero());
    }

    /// Drops the levels that an own order with a limit would have traded with, had they been there at a time;
    /// all of them if it had none.
    pub(super) fn drop_up_to(&mut self, side: Side, limit: Option<Price>, at: SimTime) {
        if self.at <= at {
            self.opposite_mut(side).retain(|level| !is_within(side, level.price, limit));
        }
    }

    fn opposite(&self, side: Side) -> &[QuoteLevel] {
        match side {
            Side::Buy => &self.ladders.asks,
            Side::Sell => &self.ladders.bids,
        }
    }

    const fn opposite_mut(&mut self, side: Side) -> &mut Vec<QuoteLevel> {
        match side {
            Side::Buy => &mut self.ladders.asks,
            Side::Sell => &mut self.ladders.bids,
        }
    }
}

fn is_within(side: Side, price: Price, limit: Option<Price>) -> bool {
    limit.is_none_or(|limit| match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(asks: &[(i64, u64)], nanos: i64) -> HeardBook {
        let mut book = HeardBook::new(ListingId::new(0), SimDuration::ZERO);
        let level =
            |&(ticks, lots): &(i64, u64)| QuoteLevel { price: Price::new(ticks), size: Quantity::new(lots) };
        let asks = asks.iter().map(level).collect();
        book.hear(SimTime::from_nanos(nanos), &Ladders { bids: Vec::new(), asks });
        book
    }

    fn open(book: &HeardBook, limit: i64, in_flight: u64) -> Vec<(i64, u64)> {
        let levels = book.open_to(Side::Buy, Some(Price::new(limit)), Quantity::new(in_flight));
        levels.iter().map(|level| (level.price.ticks(), level.size.lots())).collect()
    }

    #[test]
    fn what_is_under_way_to_a_level_is_not_there_for_a_second_order() {
        let book = book(&[(100, 5), (101, 5), (102, 5)], 10);
        assert_eq!(open(&book, 101, 0), [(100, 5), (101, 5)]);
        assert_eq!(open(&book, 102, 7), [(101, 3), (102, 5)]);
        assert_eq!(open(&book, 99, 0), []);
    }

    #[test]
    fn fills_and_misses_are_taken_off_until_the_venue_has_published_after_them() {
        let mut it = book(&[(100, 5), (101, 5)], 10);
        it.take(Side::Buy, Price::new(100), Quantity::new(5), SimTime::from_nanos(11));
        assert_eq!(open(&it, 102, 0), [(101, 5)]);
        it.drop_up_to(Side::Buy, Some(Price::new(101)), SimTime::from_nanos(11));
        assert_eq!(open(&it, 102, 0), []);
        let mut newer = book(&[(100, 5)], 12);
        newer.take(Side::Buy, Price::new(100), Quantity::new(5), SimTime::from_nanos(11));
        newer.drop_up_to(Side::Buy, None, SimTime::from_nanos(11));
        assert_eq!(open(&newer, 102, 0), [(100, 5)], "the venue has published since");
    }
}
