//! [`Flow`]: how a listing's mid and its trades go together.

use std::collections::VecDeque;

use crate::analysis::listing::order_sign_acf::OrderSignAcf;
use crate::analysis::metrics::{MarketTotals, MidsOfTrade};
use crate::analysis::rows::market_rows::{Print, Touch};
use crate::analysis::sampling::mid_periods::{Ended, MidPeriods};
use crate::analysis::sampling::periods::Periods;
use crate::analysis::series::extent::Point;
use crate::analysis::series::time_buckets::TimeBuckets;
use crate::analysis::stylized::{StylizedBuilder, StylizedFacts};

/// The delay after which the mid shows the impact of a trade: a minute.
const LATER_NANOS: i64 = 60_000_000_000;

/// A trade that waits for the mid a minute later.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    due: i64,
    sign: f64,
    price: f64,
    mid: f64,
    notional: f64,
}

/// Follows a listing's mid and trades.
///
/// A mid is that of the last quote with two sides; periods end with what [`MidPeriods`] says.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    totals: MarketTotals,
    mid: Option<f64>,
    mids: MidPeriods,
    waiting: VecDeque<Waiting>,
    /// Squared log returns of the mid, per period.
    squares: TimeBuckets,
    signs: OrderSignAcf,
    stylized: StylizedBuilder,
}

/// The results of the flow of a listing.
#[derive(Debug, Clone)]
pub(crate) struct FlowEnd {
    pub(crate) totals: MarketTotals,
    /// Volatility of the mid over time, annualised, as a share.
    pub(crate) volatility: Vec<Point>,
    /// The autocorrelation of the aggressors' signs.
    pub(crate) signs: Option<Vec<f64>>,
    /// Whether the mid and the trades look like those of real markets.
    pub(crate) stylized: StylizedFacts,
}

impl Flow {
    pub(crate) fn new(periods: Periods, multiplier: f64) -> Self {
        let mut totals = MarketTotals::default();
        totals.multiplier = multiplier;
        let squares =
            TimeBuckets::new(periods.extent, TimeBuckets::fitting(periods.extent, periods.interval));
        let (mids, stylized) = (MidPeriods::new(periods), StylizedBuilder::new(periods));
        let (waiting, signs) = (VecDeque::new(), OrderSignAcf::default());
        Self { totals, mid: None, mids, waiting, squares, signs, stylized }
    }

    /// Returns what a price of one is worth for each unit.
    pub(crate) const fn multiplier(&self) -> f64 {
        self.totals.multiplier
    }

    /// Returns the last mid.
    pub(crate) const fn mid(&self) -> Option<f64> {
        self.mid
    }

    /// Takes the touch, and the mid of it, or that there is none at the moment.
    pub(crate) fn quote(&mut self, at: i64, touch: &Touch, mid: Option<f64>) {
        self.settle_before(at);
        self.roll(at);
        self.stylized.quote(at, touch, mid);
        self.mids.quote(mid);
        self.mid = mid.or(self.mid);
    }

    /// Takes that the book shows nothing on either side.
    pub(crate) fn shut(&mut self, at: i64) {
        self.stylized.shut(at);
    }

    /// Takes a trade.
    pub(crate) fn trade(&mut self, at: i64, print: &Print) {
        self.settle_before(at);
        self.roll(at);
        let notional = print.price * print.quantity * self.totals.multiplier;
        self.totals.trades += 1.0;
        self.totals.volume += print.quantity;
        self.totals.notional += notional;
        self.mids.trade(print.price, print.sign.unwrap_or(0.0) * print.quantity, notional);
        self.stylized.trade(at, print);
        if let Some(sign) = print.sign {
            self.signs.add(sign);
        }
        if let Some((sign, mid)) = print.sign.zip(self.mid) {
            let due = at.saturating_add(LATER_NANOS);
            self.totals.add_cost(sign, print.price, mid, notional);
            self.waiting.push_back(Waiting { due, sign, price: print.price, mid, notional });
        }
    }

    /// Ends the periods that end before `at`.
    fn roll(&mut self, at: i64) {
        let (totals, squares) = (&mut self.totals, &mut self.squares);
        self.mids.roll(at, |ended| close(totals, squares, ended));
    }

    /// Looks at the mid for the trades that were a minute ago before `at`.
    fn settle_before(&mut self, at: i64) {
        while let Some(trade) = self.waiting.pop_front_if(|trade| trade.due < at) {
            if let Some(later) = self.mid {
                let mids = MidsOfTrade { before: trade.mid, later };
                self.totals.add_later(trade.sign, trade.price, mids, trade.notional);
            }
        }
    }

    /// Returns the results up to `end`, annualised with so many periods a year.
    pub(crate) fn finish(mut self, end: i64, periods_per_year: f64) -> FlowEnd {
        self.settle_before(end);
        if let Some(ended) = self.mids.finish() {
            close(&mut self.totals, &mut self.squares, &ended);
        }
        self.totals.periods_per_year = periods_per_year;
        let annualised = |(at, square): Point| (at, (square * periods_per_year).sqrt());
        FlowEnd {
            totals: self.totals,
            volatility: self.squares.means(end).into_iter().map(annualised).collect(),
            signs: self.signs.autocorrelation(),
            stylized: self.stylized.finish(end),
        }
    }
}

/// Ends a period.
fn close(totals: &mut MarketTotals, squares: &mut TimeBuckets, ended: &Ended) {
    totals.add(&ended.period);
    if let Some(log_return) = ended.period.log_return() {
        squares.add(ended.end.saturating_sub(1), log_return * log_return);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::metrics::{Measures, market};
    use crate::analysis::sampling::periods::DAY_NANOS;
    use crate::analysis::series::extent::Extent;
    use bearpit_core::units::{SimDuration, SimTime};

    const MINUTE: i64 = 60_000_000_000;
    const NO_SIZES: Touch = Touch { bid: None, bid_size: None, ask: None, ask_size: None };

    fn flow() -> Flow {
        let extent = Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(2 * DAY_NANOS));
        Flow::new(Periods::new(extent, SimDuration::from_secs(60)), 1.0)
    }

    fn measures(flow: Flow) -> Measures {
        let FlowEnd { totals, .. } = flow.finish(2 * DAY_NANOS, 98_280.0);
        Measures::take(market::METRICS, &totals, 98_280.0)
    }

    #[test]
    fn a_quiet_minute_counts_and_a_night_does_not() {
        let mut flow = flow();
        flow.quote(1, &NO_SIZES, Some(100.0));
        flow.quote(3 * MINUTE + 1, &NO_SIZES, Some(101.0));
        // A night, and a jump over it in the first minute of the next day.
        flow.quote(DAY_NANOS + 600 * MINUTE + 1, &NO_SIZES, Some(102.0));
        let squares = (1.01_f64).ln().powi(2) + (102.0_f64 / 101.0).ln().powi(2);
        // Three quiet minutes, the fourth, and the one next day.
        let expected = (squares / 5.0 * 98_280.0).sqrt();
        let found = measures(flow).get("volatility_realized_annualised").unwrap();
        assert!((found / expected - 1.0).abs() < 1e-12, "{found}, not {expected}");
    }

    #[test]
    fn a_day_ends_with_its_last_trade_where_the_quotes_are_gone() {
        let mut flow = flow();
        let print = |price| Print { price, quantity: 1.0, sign: None };
        flow.quote(1, &NO_SIZES, Some(100.0));
        // The close is printed while a quote stands, which is withdrawn at once; the next day's is found in
        // an auction.
        flow.trade(10, &print(101.0));
        flow.quote(10, &NO_SIZES, None);
        flow.quote(DAY_NANOS + 1, &NO_SIZES, Some(101.0));
        flow.quote(DAY_NANOS + 20, &NO_SIZES, None);
        flow.trade(DAY_NANOS + 30, &print(102.0));
        let squares = (1.01_f64).ln().powi(2) + (102.0_f64 / 101.0).ln().powi(2);
        let expected = (squares / 2.0 * 98_280.0).sqrt();
        let found = measures(flow).get("volatility_realized_annualised").unwrap();
        assert!((found / expected - 1.0).abs() < 1e-12, "{found}, not {expected}");
    }

    #[test]
    fn the_first_quote_at_the_start_makes_no_period_of_its_own() {
        let mut flow = flow();
        flow.quote(0, &NO_SIZES, Some(100.0));
        flow.quote(MINUTE - 1, &NO_SIZES, Some(101.0));
        flow.quote(MINUTE + 1, &NO_SIZES, Some(100.0));
        let squares = 2.0 * (1.01_f64).ln().powi(2);
        let expected = (squares / 2.0 * 98_280.0).sqrt();
        let found = measures(flow).get("volatility_realized_annualised").unwrap();
        assert!((found / expected - 1.0).abs() < 1e-12, "{found}, not {expected}");
    }

    #[test]
    fn what_an_opening_auction_trades_counts_to_the_first_period() {
        let print = |quantity, sign| Print { price: 100.0, quantity, sign };
        for (auction, counts) in [(MINUTE, true), (2 * MINUTE - 1, true), (MINUTE - 1, false)] {
            let mut flow = flow();
            flow.trade(auction, &print(90.0, None));
            flow.quote(2 * MINUTE - 1, &NO_SIZES, Some(100.0));
            flow.trade(2 * MINUTE - 1, &print(10.0, Some(1.0)));
            flow.quote(2 * MINUTE, &NO_SIZES, Some(101.0));
            let traded = if counts { 100.0 * 100.0 } else { 10.0 * 100.0 };
            let found = measures(flow).get("amihud_illiquidity").unwrap();
            assert!((found / (0.01 / traded * 1e6) - 1.0).abs() < 1e-12, "{found} with {traded} traded");
        }
    }

    #[test]
    fn a_trade_is_measured_against_the_mid_before_it_and_a_minute_later() {
        let mut flow = flow();
        flow.quote(0, &NO_SIZES, Some(100.0));
        flow.trade(10, &Print { price: 100.1, quantity: 10.0, sign: Some(1.0) });
        flow.quote(11, &NO_SIZES, Some(100.5));
        flow.quote(10 + LATER_NANOS, &NO_SIZES, Some(100.3));
        flow.quote(11 + LATER_NANOS, &NO_SIZES, Some(90.0));
        let measures = measures(flow);
        let close = |key: &str, value: f64| {
            let found = measures.get(key).unwrap();
            assert!((found - value).abs() < 1e-9, "{key}: {found}, not {value}");
        };
        close("effective_spread_bps", 20.0);
        close("price_impact_60s_bps", 60.0);
        close("realized_spread_60s_bps", -40.0);
    }

    #[test]
    fn an_auction_has_volume_and_no_aggressor() {
        let mut flow = flow();
        flow.quote(0, &NO_SIZES, Some(100.0));
        flow.trade(10, &Print { price: 101.0, quantity: 10.0, sign: None });
        let measures = measures(flow);
        assert_eq!(measures.get("volume"), Some(10.0));
        assert_eq!(measures.get("effective_spread_bps"), None);
    }
}
