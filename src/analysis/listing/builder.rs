//! One listing over time.

use super::data::ListingData;
use crate::analysis::listing::depth_profile::ProfileBuilder;
use crate::analysis::listing::entry_latencies::LatencyBuilder;
use crate::analysis::listing::flow::{Flow, FlowEnd};
use crate::analysis::metrics::{Absence, MarketTotals, Measures, market};
use crate::analysis::rows::market_rows::{Print, Touch};
use crate::analysis::sampling::periods::Periods;
use crate::analysis::sampling::trading_year::TradingDays;
use crate::analysis::series::time_buckets::TimeBuckets;
use crate::analysis::series::{LineDownsampler, MeanDownsampler};
use bearpit_core::market::SplitRatio;
use bearpit_core::units::SimDuration;

/// How many columns the volume is summed up in.
const VOLUME_COLUMNS: usize = 100;

/// Collects one listing.
#[derive(Debug, Clone)]
pub(crate) struct ListingBuilder {
    price: LineDownsampler,
    bid: LineDownsampler,
    ask: LineDownsampler,
    volume: TimeBuckets,
    spread: MeanDownsampler,
    spread_bps: MeanDownsampler,
    bid_size: MeanDownsampler,
    ask_size: MeanDownsampler,
    flow: Flow,
    /// How deep the book is.
    pub(crate) profile: ProfileBuilder,
    /// How long orders were on their way.
    pub(crate) latencies: LatencyBuilder,
    has_rows: bool,
    trading_days: TradingDays,
    period_nanos: i64,
    /// How many shares one of the start has become by splits: prices are shown and compared as those of one
    /// of the start.
    shares: f64,
}

/// What the builder of a listing is told at the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListingClose {
    pub(crate) end: i64,
    pub(crate) lacks_trades: bool,
    /// How many periods a year has, where the scenario says so.
    pub(crate) periods_per_year: Option<f64>,
}

/// Returns the metrics of a listing, and why some are absent.
fn metrics(totals: &MarketTotals, periods_per_year: f64) -> Measures {
    let metrics = Measures::take(market::METRICS, totals, periods_per_year);
    if !totals.has_no_logs {
        return metrics;
    }
    metrics.without(&["volatility_realized_annualised", "amihud_illiquidity"], Absence::PricesNotAboveZero)
}

impl ListingBuilder {
    /// Begins a listing of which a price of one is worth `multiplier` for each unit.
    pub(crate) fn new(periods: Periods, multiplier: f64) -> Self {
        let extent = periods.extent;
        Self {
            price: LineDownsampler::new(extent),
            bid: LineDownsampler::new(extent),
            ask: LineDownsampler::new(extent),
            volume: TimeBuckets::new(extent, VOLUME_COLUMNS),
            spread: MeanDownsampler::new(extent),
            spread_bps: MeanDownsampler::new(extent),
            bid_size: MeanDownsampler::new(extent),
            ask_size: MeanDownsampler::new(extent),
            flow: Flow::new(periods, multiplier),
            profile: ProfileBuilder::default(),
            latencies: LatencyBuilder::new(),
            has_rows: false,
            trading_days: TradingDays::default(),
            period_nanos: periods.interval,
            shares: 1.0,
        }
    }

    /// Returns what a price of one is worth for each unit.
    pub(crate) const fn multiplier(&self) -> f64 {
        self.flow.multiplier()
    }

    /// Returns the mid as it stands.
    pub(crate) fn mid(&self) -> Option<f64> {
        self.flow.mid().map(|mid| mid / self.shares)
    }

    /// Takes a split: what follows is in new shares.
    pub(crate) fn split(&mut self, ratio: SplitRatio) {
        self.shares *= ratio.factors().volume;
    }

    /// Takes a change of the touch.
    pub(crate) fn quote(&mut self, at: i64, touch: &Touch) {
        let touch = &touch.in_shares_of(self.shares);
        self.has_rows = true;
        self.trading_days.note(at);
        for (line, price) in [(&mut self.bid, touch.bid), (&mut self.ask, touch.ask)] {
            match price {
                Some(price) => line.add((at, price)),
                None => line.gap(),
            }
        }
        let both = touch.bid.zip(touch.ask);
        let mid = both.map(|(bid, ask)| f64::midpoint(bid, ask));
        // The price of a replayed bar stands for both sides, and has no sizes and no spread; a file of quotes
        // may have no sizes either.
        let is_quote = |(bid, ask): &(f64, f64)| touch.bid_size.is_some() || (ask - bid).abs() > 0.0;
        let spread = both.filter(is_quote).map(|(bid, ask)| ask - bid);
        self.spread.set(at, spread);
        let share = spread.zip(mid).filter(|(_, mid)| *mid > 0.0);
        self.spread_bps.set(at, share.map(|(spread, mid)| spread / mid * 10_000.0));
        self.bid_size.set(at, touch.bid_size);
        self.ask_size.set(at, touch.ask_size);
        self.flow.quote(at, touch, mid);
        if touch.bid.or(touch.ask).is_none() {
            self.flow.shut(at);
        }
    }

    /// Takes a trade.
    pub(crate) fn trade(&mut self, at: i64, print: &Print) {
        let print = &print.in_shares_of(self.shares);
        self.has_rows = true;
        self.trading_days.note(at);
        self.price.add((at, print.price));
        self.volume.add(at, print.quantity);
        self.flow.trade(at, print);
    }

    /// Returns the listing as it stands at the close, unless nothing was ever quoted or traded there.
    pub(crate) fn finish(self, venue: &str, symbol: &str, close: ListingClose) -> Option<ListingData> {
        let ListingClose { end, lacks_trades, periods_per_year } = close;
        if !self.has_rows {
            return None;
        }
        let (price, trades) = self.price.finish();
        let (spread, mean_spread) = self.spread.finish(end);
        let (bid_size, mean_bid) = self.bid_size.finish(end);
        let (ask_size, mean_ask) = self.ask_size.finish(end);
        let own_year = || self.trading_days.year().periods(self.period_nanos);
        let periods_per_year = periods_per_year.unwrap_or_else(own_year);
        let FlowEnd { mut totals, mut volatility, signs, mut stylized } =
            self.flow.finish(end, periods_per_year);
        if totals.has_no_logs {
            volatility.clear();
            stylized = stylized.without_returns();
        }
        totals.lacks_trades = lacks_trades;
        totals.spread = mean_spread;
        totals.spread_bps = self.spread_bps.finish(end).1;
        totals.depth = mean_bid.zip(mean_ask).map(|(bid, ask)| f64::midpoint(bid, ask));
        Some(ListingData {
            venue: venue.to_owned(),
            symbol: symbol.to_owned(),
            price,
            bid: self.bid.finish().0,
            ask: self.ask.finish().0,
            volume: self.volume.sums(end),
            volume_width: SimDuration::from_nanos(self.volume.width()),
            volatility,
            order_sign_acf: signs,
            stylized,
            spread,
            bid_size,
            ask_size,
            profile: self.profile.finish(),
            latencies: self.latencies.finish(),
            trades,
            metrics: metrics(&totals, periods_per_year),
        })
    }
}
