//! Rows of what the market did: trades, fills, quotes, books, phases, bars.

use super::Sheets;
use crate::record::books::LevelRow;
use crate::record::table::Table;
use crate::record::writer::RecordError;
use bearpit_core::market::{Bar, Phase, Quote, Side, Trade};
use bearpit_core::units::{ListingId, Price, Quantity, SimTime};

impl Sheets {
    /// Adds a trade, and its two fills, the maker's first.
    pub(in super::super) fn trade(&mut self, at: SimTime, trade: &Trade) -> Result<(), RecordError> {
        let listing = trade.listing;
        self.add(Table::Trades, |sheet, names, words| {
            let (maker, taker) = (words.actor(trade.maker), words.actor(trade.taker));
            sheet.time(at).count(Some(trade.id.get())).place(words, listing);
            sheet.price(names, listing, Some(trade.price)).quantity(names, listing, Some(trade.quantity));
            sheet.say(words, trade.aggressor.name()).say(words, trade.phase.name());
            sheet.word(maker).word(taker);
        })?;
        [true, false].into_iter().try_for_each(|is_maker| self.fill(at, trade, is_maker))
    }

    /// Adds one side of a trade.
    fn fill(&mut self, at: SimTime, trade: &Trade, is_maker: bool) -> Result<(), RecordError> {
        let [maker_role, taker_role] = trade.roles();
        let maker = (trade.maker_order, trade.maker, trade.aggressor.opposite(), maker_role, trade.maker_fee);
        let taker = (trade.taker_order, trade.taker, trade.aggressor, taker_role, trade.taker_fee);
        let ((order, owner, side, role, fee), other) =
            if is_maker { (maker, trade.taker_order) } else { (taker, trade.maker_order) };
        let queue_ahead = is_maker.then_some(trade.maker_queue_ahead);
        let listing = trade.listing;
        self.add(Table::Fills, |sheet, names, words| {
            sheet.time(at).count(Some(trade.id.get())).count(Some(order.get())).count(Some(other.get()));
            sheet.word(words.actor(owner)).place(words, listing);
            sheet.say(words, side.name()).say(words, role.name()).say(words, trade.phase.name());
            sheet.price(names, listing, Some(trade.price)).quantity(names, listing, Some(trade.quantity));
            sheet.quantity(names, listing, queue_ahead).money(fee);
        })
    }

    /// Adds a change of the touch.
    pub(in super::super) fn quote(
        &mut self,
        at: SimTime,
        listing: ListingId,
        quote: &Quote,
    ) -> Result<(), RecordError> {
        self.add(Table::Quotes, |sheet, names, words| {
            sheet.time(at).place(words, listing);
            for level in [quote.bid, quote.ask] {
                sheet.price(names, listing, level.map(|level| level.price));
                sheet.quantity(names, listing, level.map(|level| level.size));
            }
        })
    }

    /// Adds a level of a snapshot.
    pub(in super::super) fn level(&mut self, row: &LevelRow) -> Result<(), RecordError> {
        let side = match row.side {
            Side::Buy => "bid",
            Side::Sell => "ask",
        };
        self.add(Table::Books, |sheet, names, words| {
            sheet.time(row.at).place(words, row.listing).say(words, side).small(row.number);
            sheet.price(names, row.listing, Some(row.level.price));
            sheet.quantity(names, row.listing, Some(row.level.size));
        })
    }

    /// Adds a change of a book's phase, with price and volume of the auction that ended with it.
    pub(in super::super) fn phase(
        &mut self,
        at: SimTime,
        (listing, phase): (ListingId, Phase),
        auction: Option<(Price, Quantity)>,
    ) -> Result<(), RecordError> {
        let (price, volume) = auction.unzip();
        self.add(Table::Phases, |sheet, names, words| {
            sheet.time(at).place(words, listing).say(words, phase.name());
            sheet.price(names, listing, price).quantity(names, listing, volume);
        })
    }

    /// Adds a bar.
    pub(in super::super) fn bar(&mut self, listing: ListingId, bar: &Bar) -> Result<(), RecordError> {
        self.add(Table::Bars, |sheet, names, words| {
            let interval = words.number(&bar.interval().to_string());
            sheet.time(bar.start).time(bar.end).word(Some(interval));
            sheet.place(words, listing);
            for price in [bar.open, bar.high, bar.low, bar.close] {
                sheet.price(names, listing, Some(price));
            }
            sheet.quantity(names, listing, Some(bar.volume));
        })
    }
}
