//! One listing over time.

use super::columns::Columns;
use super::flow::{Flow, FlowEnd};
use super::latencies::EntryLatencies;
use super::metrics::{Measures, market};
use super::profile::DepthProfile;
use super::sampling::Periods;
use super::stylized::StylizedFacts;
use super::thin::{LineThinner, MeanThinner, Point};
use bearpit_core::units::SimDuration;

/// One listing: its series for figures, and its metrics.
#[derive(Debug, Clone)]
pub struct ListingData {
    /// The venue.
    pub venue: String,
    /// The symbol.
    pub symbol: String,
    /// Trade prices.
    pub price: Vec<Point>,
    /// The best bid; a value that is no number is a gap.
    pub bid: Vec<Point>,
    /// The best ask, likewise.
    pub ask: Vec<Point>,
    /// How much was traded in each stretch of [`ListingData::volume_width`].
    pub volume: Vec<Point>,
    /// How long such a stretch is.
    pub volume_width: SimDuration,
    /// The volatility of the mid over time, annualised, as a share; no number where there was no mid.
    pub volatility: Vec<Point>,
    /// The autocorrelation of the aggressors' signs at lags of 1, 2 ... trades; none of few trades.
    pub signs: Option<Vec<f64>>,
    /// Whether its mid and its trades look like those of real markets.
    pub stylized: StylizedFacts,
    /// The spread, as a mean over time.
    pub spread: Vec<Point>,
    /// The size at the best bid, as a mean over time.
    pub bid_size: Vec<Point>,
    /// The size at the best ask, as a mean over time.
    pub ask_size: Vec<Point>,
    /// How much stood how deep in the book; of no snapshots where books were not recorded.
    pub profile: DepthProfile,
    /// How long orders were on their way; of no orders where they were not recorded.
    pub latencies: EntryLatencies,
    /// How many trades there were.
    pub trades: u64,
    /// All its metrics, of [`market::METRICS`].
    pub metrics: Measures,
}

impl ListingData {
    /// Returns `symbol at venue`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} at {}", self.symbol, self.venue)
    }
}

/// The touch of a listing; prices and sizes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Touch {
    pub(super) bid: Option<f64>,
    pub(super) bid_size: Option<f64>,
    pub(super) ask: Option<f64>,
    pub(super) ask_size: Option<f64>,
}

/// A trade of a listing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Print {
    pub(super) price: f64,
    pub(super) quantity: f64,
    /// The aggressor's side: +1 for a buy. None in an auction, where nobody is.
    pub(super) sign: Option<f64>,
}

/// How many columns the volume is summed up in.
const VOLUME_COLUMNS: usize = 100;

/// Gathers one listing.
#[derive(Debug)]
pub(super) struct ListingBuilder {
    price: LineThinner,
    bid: LineThinner,
    ask: LineThinner,
    volume: Columns,
    spread: MeanThinner,
    spread_bps: MeanThinner,
    bid_size: MeanThinner,
    ask_size: MeanThinner,
    flow: Flow,
    has_rows: bool,
}

impl ListingBuilder {
    pub(super) fn new(periods: Periods) -> Self {
        let extent = periods.extent;
        Self {
            price: LineThinner::new(extent),
            bid: LineThinner::new(extent),
            ask: LineThinner::new(extent),
            volume: Columns::new(extent, VOLUME_COLUMNS),
            spread: MeanThinner::new(extent),
            spread_bps: MeanThinner::new(extent),
            bid_size: MeanThinner::new(extent),
            ask_size: MeanThinner::new(extent),
            flow: Flow::new(periods),
            has_rows: false,
        }
    }

    /// Returns the mid as it stands.
    pub(super) const fn mid(&self) -> Option<f64> {
        self.flow.mid()
    }

    /// Takes a change of the touch.
    pub(super) fn quote(&mut self, at: i64, touch: &Touch) {
        self.has_rows = true;
        for (line, price) in [(&mut self.bid, touch.bid), (&mut self.ask, touch.ask)] {
            match price {
                Some(price) => line.add((at, price)),
                None => line.gap(),
            }
        }
        let both = touch.bid.zip(touch.ask);
        let mid = both.map(|(bid, ask)| f64::midpoint(bid, ask));
        let spread = both.map(|(bid, ask)| ask - bid);
        self.spread.set(at, spread);
        let share = spread.zip(mid).filter(|(_, mid)| *mid > 0.0);
        self.spread_bps.set(at, share.map(|(spread, mid)| spread / mid * 10_000.0));
        self.bid_size.set(at, touch.bid_size);
        self.ask_size.set(at, touch.ask_size);
        self.flow.quote(at, mid);
        if touch.bid.or(touch.ask).is_none() {
            self.flow.shut(at);
        }
    }

    /// Takes a trade.
    pub(super) fn trade(&mut self, at: i64, print: &Print) {
        self.has_rows = true;
        self.price.add((at, print.price));
        self.volume.add(at, print.quantity);
        self.flow.trade(at, print);
    }

    /// Returns the listing, unless nothing was ever quoted or traded there.
    pub(super) fn finish(self, (venue, symbol): (&str, &str), lacks_trades: bool) -> Option<ListingData> {
        if !self.has_rows {
            return None;
        }
        let (price, trades) = self.price.finish();
        let (spread, mean_spread) = self.spread.finish();
        let (bid_size, mean_bid) = self.bid_size.finish();
        let (ask_size, mean_ask) = self.ask_size.finish();
        let FlowEnd { mut totals, periods_per_year, volatility, signs, stylized } = self.flow.finish();
        totals.lacks_trades = lacks_trades;
        totals.spread = mean_spread;
        totals.spread_bps = self.spread_bps.finish().1;
        totals.depth = mean_bid.zip(mean_ask).map(|(bid, ask)| f64::midpoint(bid, ask));
        Some(ListingData {
            venue: venue.to_owned(),
            symbol: symbol.to_owned(),
            price,
            bid: self.bid.finish().0,
            ask: self.ask.finish().0,
            volume: self.volume.sums(),
            volume_width: SimDuration::from_nanos(self.volume.width()),
            volatility,
            signs,
            stylized,
            spread,
            bid_size,
            ask_size,
            profile: DepthProfile::default(),
            latencies: EntryLatencies::default(),
            trades,
            metrics: Measures::take(market::METRICS, &totals, periods_per_year),
        })
    }
}
