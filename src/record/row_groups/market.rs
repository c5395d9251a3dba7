//! Rows of what the market did: trades, fills, quotes, books, phases, bars.

use super::RowGroups;
use crate::record::error::RecordError;
use crate::record::rows::books::LevelRow;
use crate::record::table::Table;
use bearpit_core::market::{Bar, Phase, Quote, Side, Trade};
use bearpit_core::units::{ListingId, Price, Quantity, SimTime};

/// Which side of a trade a fill is.
#[derive(Debug, Clone, Copy)]
struct FilledSide {
    is_maker: bool,
    /// Whether it traded with bars of a file.
    is_replayed: bool,
    /// Since when its order had had its terms.
    quoted_at: SimTime,
}

impl RowGroups {
    /// Adds a trade, and its two fills, the maker's first.
    pub(super) fn trade(
        &mut self,
        at: SimTime,
        trade: &Trade,
        quoted_at: [Option<SimTime>; 2],
    ) -> Result<(), RecordError> {
        let listing = trade.listing;
        self.add(Table::Trades, |group, names, interner| {
            let (maker, taker) = (interner.actor(trade.maker), interner.actor(trade.taker));
            group.time(at).count(Some(trade.id.get())).place(interner, listing);
            group.price(names, listing, Some(trade.price)).quantity(names, listing, Some(trade.quantity));
            group.say(interner, trade.aggressor.name()).say(interner, trade.phase.name());
            group.word(maker).word(taker);
        })?;
        // A replayed market is no participant, and has no fills.
        let place = self.names().listings.get(listing.index()).filter(|listing| listing.is_replayed());
        let replayed = place.map(|listing| listing.exchange);
        let [maker_quoted, taker_quoted] = quoted_at;
        let sides = [(trade.maker, true, maker_quoted), (trade.taker, false, taker_quoted)];
        let own = sides.into_iter().filter(|(owner, ..)| Some(*owner) != replayed);
        for (_, is_maker, quoted_at) in own {
            let side =
                FilledSide { is_maker, is_replayed: replayed.is_some(), quoted_at: quoted_at.unwrap_or(at) };
            self.fill(at, trade, side)?;
        }
        Ok(())
    }

    /// Adds one side of a trade.
    fn fill(&mut self, at: SimTime, trade: &Trade, side: FilledSide) -> Result<(), RecordError> {
        let FilledSide { is_maker, is_replayed, quoted_at } = side;
        let [maker_role, taker_role] = trade.roles();
        let maker = (trade.maker_order, trade.maker, trade.aggressor.opposite(), maker_role, trade.maker_fee);
        let taker = (trade.taker_order, trade.taker, trade.aggressor, taker_role, trade.taker_fee);
        let ((order, owner, side, role, fee), other) =
            if is_maker { (maker, trade.taker_order) } else { (taker, trade.maker_order) };
        let queue_ahead = is_maker.then_some(trade.maker_queue_ahead);
        let listing = trade.listing;
        self.add(Table::Fills, |group, names, interner| {
            group.time(at).count(Some(trade.id.get())).count(Some(order.get())).count(Some(other.get()));
            group.word(interner.actor(owner)).place(interner, listing);
            group.say(interner, side.name()).say(interner, role.name()).say(interner, trade.phase.name());
            group.price(names, listing, Some(trade.price)).quantity(names, listing, Some(trade.quantity));
            group.quantity(names, listing, queue_ahead).money(fee);
            group.price(names, listing, is_replayed.then_some(Price::new(trade.clamped))).time(quoted_at);
        })
    }

    /// Adds the price of a replayed listing.
    pub(super) fn price(&mut self, at: SimTime, listing: ListingId, price: Price) -> Result<(), RecordError> {
        self.add(Table::Quotes, |group, names, interner| {
            group.time(at).place(interner, listing);
            for _ in Side::BOTH {
                group.price(names, listing, Some(price)).quantity(names, listing, None);
            }
        })
    }

    /// Adds a change of the touch.
    pub(super) fn quote(
        &mut self,
        at: SimTime,
        listing: ListingId,
        quote: &Quote,
    ) -> Result<(), RecordError> {
        self.add(Table::Quotes, |group, names, interner| {
            group.time(at).place(interner, listing);
            for level in [quote.bid, quote.ask] {
                group.price(names, listing, level.map(|level| level.price));
                group.quantity(names, listing, level.and_then(|level| level.known_size()));
            }
        })
    }

    /// Adds a level of a snapshot.
    pub(super) fn level(&mut self, row: &LevelRow) -> Result<(), RecordError> {
        let side = match row.side {
            Side::Buy => "bid",
            Side::Sell => "ask",
        };
        self.add(Table::Books, |group, names, interner| {
            group.time(row.at).place(interner, row.listing).say(interner, side).small(row.number);
            group.price(names, row.listing, Some(row.level.price));
            group.quantity(names, row.listing, Some(row.level.size));
        })
    }

    /// Adds a change of a book's phase, with price and volume of the auction that ended with it.
    pub(super) fn phase(
        &mut self,
        at: SimTime,
        listing: ListingId,
        phase: Phase,
        auction: Option<(Price, Quantity)>,
    ) -> Result<(), RecordError> {
        let (price, volume) = auction.unzip();
        self.add(Table::Phases, |group, names, interner| {
            group.time(at).place(interner, listing).say(interner, phase.name());
            group.price(names, listing, price).quantity(names, listing, volume);
        })
    }

    /// Adds a bar.
    pub(super) fn bar(&mut self, listing: ListingId, bar: &Bar) -> Result<(), RecordError> {
        self.add(Table::Bars, |group, names, interner| {
            let interval = interner.number(&bar.interval.to_string());
            group.time(bar.start).time(bar.end).word(Some(interval));
            group.place(interner, listing);
            for price in [bar.open, bar.high, bar.low, bar.close] {
                group.price(names, listing, Some(price));
            }
            group.quantity(names, listing, bar.volume);
        })
    }
}
