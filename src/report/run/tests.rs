//! A day of a million fills is downsampled to a page small enough to send.

use crate::analysis::metrics::MarketTotals;
use crate::analysis::metrics::{Measures, Sample, TradingTotals, account, market, trading};
use crate::analysis::{
    AccountData, AccountTrip, Attribution, DepthProfile, EntryLatencies, EvenSample, Extent, FillMark,
    LineDownsampler, ListingData, LogLine, Margin, Material, MeanDownsampler, OpenPosition, OwnerLog,
    Plotted, PlottedSeries, Point, PositionSeries, RunData, Statistic, StylizedFact, StylizedFactKind,
    StylizedFacts, TopTrips, Verdict,
};
use crate::record::Manifest;
use crate::report::render;
use bearpit_core::account::trips::RoundTrip;
use bearpit_core::market::Side;
use bearpit_core::units::{Money, Quantity, SimDuration, SimTime};

const FILLS: i64 = 1_000_000;
const ACCOUNTS: usize = 20;
const LISTINGS: usize = 12;

/// A deterministic random walk.
struct Walk(u64);

impl Walk {
    /// Returns a number of either sign.
    fn bits(&mut self) -> i32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [.., a, b, c, d] = (self.0 >> 32).to_be_bytes();
        i32::from_be_bytes([a, b, c, d])
    }

    /// Returns a number from -1 to 1.
    fn step(&mut self) -> f64 {
        f64::from(self.bits()) / f64::from(i32::MAX)
    }
}

fn extent() -> Extent {
    let time = |text: &str| text.parse::<SimTime>().unwrap();
    Extent::new(time("2025-03-03T09:30:00"), time("2025-03-03T16:00:00"))
}

fn at(number: i64, of: i64) -> i64 {
    let extent = extent();
    extent.start() + (extent.end() - extent.start()) / of * number
}

/// A line of a million points, downsampled.
fn line(seed: u64) -> Vec<Point> {
    let (mut walk, mut level) = (Walk(seed), 1_000_000.0);
    let mut line = LineDownsampler::new(extent());
    for number in 0..FILLS {
        level += walk.step();
        line.add((at(number, FILLS), level));
    }
    line.finish().0
}

fn mean(seed: u64) -> Vec<Point> {
    let mut walk = Walk(seed);
    let mut mean = MeanDownsampler::new(extent());
    (0..FILLS).for_each(|number| mean.set(at(number, FILLS), Some(1.0 + walk.step())));
    mean.finish(extent().end()).0
}

fn sample() -> Sample {
    let mut walk = Walk(7);
    let returns: Vec<f64> = (0..23_400).map(|_| walk.step() * 1e-4).collect();
    let ends = (1..=23_400).map(|second| at(second, 23_400)).collect();
    Sample { benchmark: returns.clone(), returns, ends, periods_per_year: 5_896_800.0, trials: None }
}

fn trips() -> (Vec<AccountTrip>, u64) {
    let mut walk = Walk(9);
    let mut trips = EvenSample::new(AccountData::TRIPS_MAX);
    for number in 0..FILLS / 2 {
        let mut amount = || Money::from_units(i128::from(walk.bits()) << 10);
        let trip = RoundTrip {
            side: Side::Buy,
            entered_at: at(number, FILLS / 2),
            exited_at: at(number + 1, FILLS / 2),
            quantity: Quantity::new(100),
            entry: Money::from_units(100_000_000_000_000),
            exit: Money::from_units(100_000_000_000_000) + amount(),
            income: Money::ZERO,
            fees: amount(),
            worst: amount(),
            best: amount(),
        };
        trips.add(AccountTrip { symbol: "S0".to_owned(), trip });
    }
    trips.finish()
}

fn account(number: usize, template: &Template) -> AccountData {
    let summary = serde_json::json!({
        "owner": format!("strategy-{number}"), "kind": "script", "initial_cash": "1000000.00",
        "initial_holdings": [], "initial_equity": "1000000.00", "final_equity": "1000100.00", "profit": "100.00",
        "fees": "12.50", "financing": "0.00", "fills": FILLS, "refused": 0, "failure": null,
    });
    let mut fills = EvenSample::new(AccountData::MARKS_MAX);
    for fill in 0..FILLS {
        let symbol = "S0".to_owned();
        fills.add(FillMark {
            at: at(fill, FILLS),
            symbol,
            buys: fill % 2 == 0,
            price: 100.0,
            quantity: 10.0,
        });
    }
    let (fills, fills_total) = fills.finish();
    let (trips, trips_total) = template.trips.clone();
    let last: Vec<AccountTrip> = trips.iter().take(TopTrips::EACH_MAX).cloned().collect();
    let series =
        |name: &str| PlottedSeries { name: name.to_owned(), points: template.line.clone(), total: 1 };
    AccountData {
        summary: serde_json::from_value(summary).unwrap(),
        ruin: None,
        margin_calls: Vec::new(),
        endings: Vec::new(),
        equity: template.line.clone(),
        drawdown: template.line.iter().map(|point| (point.0, -0.1)).collect(),
        open_positions: vec![OpenPosition { symbol: "S0".to_owned(), quantity: 10.0, mark: Some(100.0) }],
        positions: vec![PositionSeries { symbol: "S0".to_owned(), points: template.line.clone() }],
        fills,
        fills_total,
        sample: template.sample.clone(),
        buy_and_hold: template.sample.benchmark.clone(),
        trips,
        trips_total,
        top_trips: TopTrips { wins: last.clone(), losses: last.clone(), last: last.into() },
        fifo_trips: Vec::new(),
        fifo_trips_total: 0,
        attribution: Some(Attribution { spread: 50.0, inventory: 62.5, fees: 12.5, financing: 0.0 }),
        plotted: Plotted { series: vec![series("fast"), series("slow")], total: 2 },
        metrics: template.metrics.clone(),
    }
}

struct Template {
    line: Vec<Point>,
    mean: Vec<Point>,
    sample: Sample,
    trips: (Vec<AccountTrip>, u64),
    metrics: Measures,
}

fn stylized() -> StylizedFacts {
    let statistic =
        Statistic { name: "autocorrelation of |r|".to_owned(), value: 0.1, margin: Margin::Around(0.05) };
    let fact = |fact| StylizedFact {
        fact,
        statistics: vec![statistic.clone(); 4],
        sample: 23_400,
        verdict: Verdict::Seen,
    };
    StylizedFacts {
        interval: SimDuration::from_secs(15),
        returns: 1_560,
        autocorrelation: vec![0.1; 40],
        autocorrelation_of_sizes: vec![0.1; 40],
        density: (-20..=20).map(|bar| (f64::from(bar) / 2.0, 0.01)).collect(),
        normal: (-30..=30).map(|bar| (f64::from(bar) / 10.0, 0.1)).collect(),
        impact_of_orders: (1..=40).map(|bin| (f64::from(bin), 1e-4)).collect(),
        impact_of_runs: (1..=40).map(|bin| (f64::from(bin), 1e-4)).collect(),
        day_profile: vec![1.0; 13],
        material: Material::default(),
        facts: StylizedFactKind::ALL.map(fact).to_vec(),
    }
}

fn listing(number: usize, template: &Template) -> ListingData {
    let columns: Vec<Point> = (0..=100).map(|column| (at(column, 100), 5_000.0)).collect();
    ListingData {
        venue: "PIT".to_owned(),
        symbol: format!("S{number}"),
        price: template.line.clone(),
        bid: template.line.clone(),
        ask: template.line.clone(),
        volume: columns.clone(),
        volume_width: SimDuration::from_secs(234),
        volatility: columns,
        order_sign_acf: Some(vec![0.1; 20]),
        stylized: stylized(),
        spread: template.mean.clone(),
        bid_size: template.mean.clone(),
        ask_size: template.mean.clone(),
        latencies: EntryLatencies {
            orders: 2_000_000,
            longest: 9e6,
            sample: (0..20_000).map(|number| f64::from(number) * 3.0).collect(),
        },
        profile: DepthProfile { snapshots: 10, bids: vec![1.0; 10], asks: vec![1.0; 10] },
        trades: 500_000,
        metrics: Measures::take(market::METRICS, &MarketTotals::new(252.0), 252.0),
    }
}

fn manifest() -> Manifest {
    let symbols: Vec<String> = (0..LISTINGS).map(|number| format!("S{number}")).collect();
    let instrument =
        |symbol: &String| serde_json::json!({ "symbol": symbol, "tick_size": "0.01", "lot_size": "1" });
    let instruments: Vec<serde_json::Value> = symbols.iter().map(instrument).collect();
    let manifest = serde_json::json!({
        "layout": Manifest::VERSION, "bearpit": "0", "scenario": "large", "seed": 1,
        "start": "2025-03-03T09:30:00", "end": "2025-03-03T16:00:00", "digest": "00", "inputs": "00",
        "changes": [], "events": 9, "facts": 9, "trades": FILLS / 2, "bar_interval": "1m",
        "bars": ["1m"], "not_recorded": [], "books": { "interval": "1s", "levels": 10 },
        "sample_interval": "1s", "format": "parquet", "tables": [], "instruments": instruments,
        "venues": ["PIT"], "accounts": [],
    });
    serde_json::from_value(manifest).unwrap()
}

#[test]
fn a_day_of_a_million_fills_is_a_page_of_less_than_four_megabytes() {
    let sample = sample();
    let metrics = Measures::take(account::METRICS, &sample, sample.periods_per_year);
    let metrics = metrics.followed_by(Measures::take(trading::METRICS, &TradingTotals::default(), 252.0));
    let template = Template { line: line(1), mean: mean(2), sample, trips: trips(), metrics };
    let line = |number: i64| LogLine {
        at: SimTime::from_nanos(at(number, 60)),
        is_error: false,
        text: "a line of a log, as long as they usually are".to_owned(),
    };
    let log = |number| OwnerLog {
        owner: format!("strategy-{number}"),
        lines: (0..60).map(line).collect(),
        total: 100_000,
    };
    let data = RunData {
        manifest: manifest(),
        extent: extent(),
        accounts: (0..ACCOUNTS).map(|number| account(number, &template)).collect(),
        period: SimDuration::from_secs(1),
        periods_per_year: 5_896_800.0,
        year: None,
        listings: (0..LISTINGS).map(|number| listing(number, &template)).collect(),
        logs: (0..ACCOUNTS).map(log).collect(),
    };
    let page = render(&data).unwrap().page;
    assert!(page.len() < 4_000_000, "{} bytes", page.len());
    assert!(page.contains("of all 1,000,000 fills is shown."));
    assert!(page.contains("of 500,000 round trips, with the largest gains and losses."));
    assert!(page.contains("of 20 accounts have their own section"));
    assert!(page.contains("The last 60 of 100,000 lines"));
}
