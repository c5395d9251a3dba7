//! Rows of what the market did: quotes, books, phases, bars.

use super::RowGroups;
use crate::record::error::RecordError;
use crate::record::rows::books::LevelRow;
use crate::record::table::Table;
use bearpit_core::market::{Bar, Phase, Side};
use bearpit_core::units::{ListingId, Price, Quantity, SimTime};

impl RowGroups {
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
