//! [`BarBuilder`]: trades summed up into bars of any intervals.

use bearpit_core::market::{Bar, BarInterval, SplitRatio};
use bearpit_core::units::{ListingId, Price, Quantity, SimTime};

/// The open bars: one for each listing and interval.
#[derive(Debug)]
pub(in crate::record) struct BarBuilder {
    intervals: Vec<BarInterval>,
    /// By listing, then interval.
    open: Vec<Option<Bar>>,
    /// The earliest end of an open bar.
    due: Option<SimTime>,
}

/// A price of which bars are made.
#[derive(Debug, Clone, Copy)]
pub(in crate::record) struct BarPrice {
    pub(in crate::record) listing: ListingId,
    pub(in crate::record) price: Price,
    /// Absent where a file does not know it.
    pub(in crate::record) quantity: Option<Quantity>,
}

impl BarBuilder {
    pub(in crate::record) fn new(intervals: Vec<BarInterval>, listings: usize) -> Self {
        Self { open: vec![None; listings * intervals.len()], intervals, due: None }
    }

    /// Appends the bars that have ended by `now` to `ended`: listing by listing, and each interval in order.
    pub(in crate::record) fn close_until(&mut self, now: SimTime, ended: &mut Vec<(ListingId, Bar)>) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        // A bar is open, so there is at least one interval.
        let by_listing = self.open.chunks_mut(self.intervals.len());
        for (listing, bars) in (0..).map(ListingId::new).zip(by_listing) {
            for open in bars {
                ended.extend(open.take_if(|bar| bar.end <= now).map(|bar| (listing, bar)));
            }
        }
        self.due = self.open.iter().flatten().map(|bar| bar.end).min();
    }

    /// Adds a bar of a file: it is the bar of its own interval and of shorter ones, and a part of longer
    /// ones.
    pub(in crate::record) fn add_bar(
        &mut self,
        listing: ListingId,
        bar: &Bar,
        ended: &mut Vec<(ListingId, Bar)>,
    ) {
        let first = listing.index() * self.intervals.len();
        for (open, interval) in self.open.iter_mut().skip(first).zip(&self.intervals) {
            if let Some(own) = bar.as_bar_of(*interval) {
                ended.push((listing, own));
                continue;
            }
            match open {
                Some(longer) => longer.add_bar(bar),
                None => {
                    let longer = Bar::of_bar(bar, *interval);
                    self.due = Some(self.due.map_or(longer.end, |due| due.min(longer.end)));
                    *open = Some(longer);
                }
            }
        }
    }

    /// Applies a split of a listing to its open bars.
    pub(in crate::record) fn split(&mut self, listing: ListingId, ratio: SplitRatio) {
        let first = listing.index() * self.intervals.len();
        for open in self.open.iter_mut().skip(first).take(self.intervals.len()) {
            *open = open.map(|bar| bar.after_split(ratio));
        }
    }

    /// Adds a price, with its quantity if that is known; what has ended by then is to be closed first.
    pub(in crate::record) fn add(&mut self, at: SimTime, of: BarPrice) {
        let BarPrice { listing, price, quantity } = of;
        let first = listing.index() * self.intervals.len();
        for (open, interval) in self.open.iter_mut().skip(first).zip(&self.intervals) {
            match open {
                Some(bar) => bar.add(price, quantity),
                None => {
                    let bar = Bar::open_at(at, *interval, price, quantity);
                    self.due = Some(self.due.map_or(bar.end, |due| due.min(bar.end)));
                    *open = Some(bar);
                }
            }
        }
    }
}
