//! [`BarBuilder`]: trades and bars of files summed up into bars of any intervals.

use bearpit_core::market::{Bar, BarAdded, BarInterval, OpenBar, SplitRatio};
use bearpit_core::units::{ListingId, Price, Quantity, SimTime};

/// The open bars: one for each listing and interval.
#[derive(Debug)]
pub(in crate::record) struct BarBuilder {
    /// How many intervals there are.
    intervals: usize,
    /// By listing, then interval.
    open: Vec<OpenBar>,
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
    pub(in crate::record) fn new(intervals: &[BarInterval], listings: usize) -> Self {
        let of_all = (0..listings).flat_map(|_| intervals.iter().copied().map(OpenBar::new));
        Self { intervals: intervals.len(), open: of_all.collect(), due: None }
    }

    /// Appends the bars that have ended by `now` to `ended`: listing by listing, and each interval in order.
    pub(in crate::record) fn close_until(&mut self, now: SimTime, ended: &mut Vec<(ListingId, Bar)>) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        // A bar is open, so there is at least one interval.
        let by_listing = self.open.chunks_mut(self.intervals);
        for (listing, bars) in (0..).map(ListingId::new).zip(by_listing) {
            ended.extend(bars.iter_mut().filter_map(|open| open.take_ended(now)).map(|bar| (listing, bar)));
        }
        self.due = self.open.iter().filter_map(OpenBar::end).min();
    }

    /// Adds a bar of a file.
    pub(in crate::record) fn add_bar(
        &mut self,
        listing: ListingId,
        bar: &Bar,
        ended: &mut Vec<(ListingId, Bar)>,
    ) {
        for open in of_listing(&mut self.open, self.intervals, listing) {
            match open.add_bar(bar) {
                BarAdded::Own(own) => ended.push((listing, own)),
                BarAdded::Began(end) => self.due = Some(self.due.map_or(end, |due| due.min(end))),
                BarAdded::Continued => {}
            }
        }
    }

    /// Applies a split of a listing to its open bars.
    pub(in crate::record) fn split(&mut self, listing: ListingId, ratio: SplitRatio) {
        of_listing(&mut self.open, self.intervals, listing).for_each(|open| open.split(ratio));
    }

    /// Adds a price, with its quantity if that is known; what has ended by then is to be closed first.
    pub(in crate::record) fn add(&mut self, at: SimTime, of: BarPrice) {
        let BarPrice { listing, price, quantity } = of;
        for open in of_listing(&mut self.open, self.intervals, listing) {
            if let Some(end) = open.add_trade(at, price, quantity) {
                self.due = Some(self.due.map_or(end, |due| due.min(end)));
            }
        }
    }
}

fn of_listing(
    open: &mut [OpenBar],
    intervals: usize,
    listing: ListingId,
) -> impl Iterator<Item = &mut OpenBar> {
    open.iter_mut().skip(listing.index() * intervals).take(intervals)
}
