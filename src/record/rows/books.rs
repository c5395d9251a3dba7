//! [`BookSnapshots`]: snapshots of what books show, at regular times.

use crate::record::config::BookSnapshotConfig;
use bearpit_core::market::{Fact, QuoteLevel, Side, VisibleBook};
use bearpit_core::units::{ListingId, SimDuration, SimTime};

/// One level of one side of a book at a time.
#[derive(Debug, Clone, Copy)]
pub struct LevelRow {
    /// When.
    pub at: SimTime,
    /// The listing.
    pub listing: ListingId,
    /// The side.
    pub side: Side,
    /// From one, the best.
    pub number: u32,
    /// Its price and size.
    pub level: QuoteLevel,
}

/// Follows all books, and takes snapshots of them.
///
/// A snapshot of a time is what the book showed before anything happened at that time. So no command is
/// half done in it.
#[derive(Debug)]
pub(in crate::record) struct BookSnapshots {
    plan: BookSnapshotConfig,
    books: Vec<VisibleBook>,
    next: SimTime,
}

impl BookSnapshots {
    /// Begins at `start`; times are whole multiples of the interval.
    pub(in crate::record) fn new(plan: BookSnapshotConfig, listings: usize, start: SimTime) -> Self {
        let ids = (0..u32::MAX).map(ListingId::new).take(listings);
        let next = start.floor_to(plan.interval).saturating_add(plan.interval);
        Self { plan, books: ids.map(VisibleBook::new).collect(), next }
    }

    /// Takes the next snapshot into `rows` if its time has come by `now`; returns whether it had.
    pub(in crate::record) fn take_next(&mut self, now: SimTime, rows: &mut Vec<LevelRow>) -> bool {
        let at = self.next;
        if at > now {
            return false;
        }
        for (book, id) in self.books.iter().zip(0..) {
            let ladders = book.ladders(self.plan.levels);
            for (side, levels) in [(Side::Buy, ladders.bids), (Side::Sell, ladders.asks)] {
                let listing = ListingId::new(id);
                let row = |(number, level)| LevelRow { at, listing, side, number, level };
                rows.extend((1..).zip(levels).map(row));
            }
        }
        self.next = at.saturating_add(self.plan.interval.max(SimDuration::from_nanos(1)));
        true
    }

    /// Follows a fact; the snapshots up to its time are to be taken first.
    pub(in crate::record) fn follow(&mut self, fact: &Fact) {
        if let Some(book) = fact.listing().and_then(|listing| self.books.get_mut(listing.index())) {
            book.follow(fact);
        }
    }
}
