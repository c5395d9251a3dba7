//! [`ChannelSink`]: takes the news out of what the market shows, on its thread.

use std::sync::Arc;

use bearpit_core::exchange::Market;
use bearpit_core::market::{CorporateAction, Fact};
use bearpit_core::units::{ListingId, SimTime};
use tokio::sync::mpsc::Sender;

use super::news::{Content, News, Stretch};
use super::outbox::Position;
use crate::driver::{Begun, OutputSink};
use crate::live::Output;
use crate::publication::{AuctionFollower, Day, ListingInfo};
use crate::store::journal::segment_number;

/// How many news go to a reader at once, at most.
const TOGETHER_MAX: usize = 1_000;

/// Who reads the news.
#[derive(Debug)]
pub struct Reader {
    /// How far it has come, if it ever read any: what was before is not sent to it.
    pub known: Option<Position>,
    /// Whether it wants trades; all others it gets in any case.
    pub wants_trades: bool,
    /// Where they are sent. If there is no room, they are not: the reader sees what is missing by the
    /// numbers of the next stretch.
    pub news: Sender<Stretch>,
}

/// Takes the news out of what the market shows. It never waits: for a reader that is too slow something will
/// be missing.
#[derive(Debug)]
pub struct ChannelSink {
    readers: Vec<Reading>,
    listings: Vec<Arc<ListingInfo>>,
    auctions: AuctionFollower,
    segment: u64,
    voids: u32,
    /// The number of the next news.
    next: u64,
}

#[derive(Debug)]
struct Reading {
    reader: Reader,
    from: u64,
    waiting: Vec<News>,
}

impl ChannelSink {
    /// Makes one for some readers.
    #[must_use]
    pub fn new(readers: Vec<Reader>) -> Self {
        let reading = |reader| Reading { reader, from: 0, waiting: Vec::new() };
        Self {
            readers: readers.into_iter().map(reading).collect(),
            listings: Vec::new(),
            auctions: AuctionFollower::default(),
            segment: 0,
            voids: 0,
            next: 0,
        }
    }

    fn listing(&self, id: ListingId) -> Option<Arc<ListingInfo>> {
        self.listings.get(id.index()).cloned()
    }

    /// Returns what a fact tells, if it tells anything.
    fn content(&mut self, at: SimTime, fact: &Fact) -> Option<Content> {
        Some(match fact {
            Fact::Traded(trade) => Content::Traded(self.listing(trade.listing)?, Box::new(*trade)),
            Fact::PhaseChanged { listing, phase } => Content::Phase(self.listing(*listing)?, *phase),
            Fact::TradingHalted { listing } => Content::Halted(self.listing(*listing)?),
            Fact::HaltLifted { listing } => Content::HaltLifted(self.listing(*listing)?),
            Fact::CorporateAction { listing, action: CorporateAction::Split(ratio) } => {
                Content::Split(self.listing(*listing)?, *ratio)
            }
            Fact::Auction(_) => Content::Auction(Box::new(self.auctions.follow(at, fact)?)),
            _ => return None,
        })
    }

    fn take_fact(&mut self, sequence: u64, at: SimTime, fact: &Fact) {
        let number = sequence.saturating_add(1);
        self.next = number.saturating_add(1);
        let is_trade = matches!(fact, Fact::Traded(_));
        let wanted = |reading: &Reading| reading.reader.wants_trades || !is_trade;
        if !self.readers.iter().any(wanted) {
            return;
        }
        let Some(content) = self.content(at, fact) else { return };
        let segment = self.segment;
        self.spread(&News { segment, number, at, content }, is_trade);
    }

    fn spread(&mut self, news: &News, is_trade: bool) {
        let stretch = self.covered();
        for reading in &mut self.readers {
            if (is_trade && !reading.reader.wants_trades) || reading.knows(&stretch, news.number) {
                continue;
            }
            reading.waiting.push(news.clone());
            if reading.waiting.len() >= TOGETHER_MAX {
                reading.send(&stretch);
            }
        }
    }

    /// Returns a stretch of all that was shown so far.
    const fn covered(&self) -> Stretch {
        let Self { segment, voids, next, .. } = self;
        Stretch { segment: *segment, voids: *voids, from: 0, to: *next, news: Vec::new(), is_end: false }
    }
}

impl Reading {
    /// Returns whether the reader had a number when the process started.
    fn knows(&self, stretch: &Stretch, number: u64) -> bool {
        let Some(known) = self.reader.known else { return false };
        // Of a tape with other void requests the numbers count on: what it had in place of those is gone.
        known.segment > stretch.segment || (known.segment == stretch.segment && number < known.next)
    }

    fn send(&mut self, covered: &Stretch) {
        let news = std::mem::take(&mut self.waiting);
        let stretch = Stretch { from: self.from, news, ..covered.clone() };
        // If there is no room the next stretch begins here all the same: the reader sees what is missing.
        self.from = covered.to;
        self.reader.news.try_send(stretch).unwrap_or_default();
    }
}

impl OutputSink for ChannelSink {
    fn begin(&mut self, market: &Market, begun: &Begun<'_>) {
        let open = begun.header.opens.unwrap_or_else(|| market.world().now());
        let day = Day::of(market, open, |_| false);
        self.auctions.begin_day(&day);
        self.listings = day.listings;
        self.segment = segment_number(begun.path).unwrap_or_default();
        (self.voids, self.next) = (begun.voids, 1);
        for reading in &mut self.readers {
            reading.waiting.clear();
            reading.from = 0;
        }
        let (number, name, listings) =
            (begun.header.day, begun.header.day_name.clone(), self.listings.clone());
        let content = Content::DayBegan { day: number, name, listings };
        let segment = self.segment;
        self.spread(&News { segment, number: 0, at: open, content }, false);
    }

    fn take(&mut self, output: &Output) {
        if let Output::Fact { sequence, at, fact } = output {
            self.take_fact(*sequence, *at, fact);
        }
    }

    fn flush(&mut self, _reached: SimTime) {
        let covered = self.covered();
        for reading in self.readers.iter_mut().filter(|reading| !reading.waiting.is_empty()) {
            reading.send(&covered);
        }
    }

    fn end(&mut self, _left: &[u8]) {
        let covered = Stretch { is_end: true, ..self.covered() };
        self.readers.iter_mut().for_each(|reading| reading.send(&covered));
    }
}
