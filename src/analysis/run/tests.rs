//! A maker that quotes anew: each fill is measured from the quote that was filled.

use super::RunAnalysis;
use crate::record::{AccountSummary, Manifest, Names, Output, RecordConfig, Recorder, RunLabel};
use bearpit_core::market::{
    Fact, Instrument, Listing, OrderTerms, Phase, Quote, QuoteLevel, Side, Stamped, TapeSink, Trade,
};
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, OrderId, Price, Quantity, Seed, SimTime, TradeId, VenueId,
};

const LISTING: ListingId = ListingId::new(0);
const MAKER: ActorId = ActorId::new(0);
const TAKER: ActorId = ActorId::new(1);

fn names() -> Names {
    let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let listing = Listing {
        instrument: InstrumentId::new(0),
        venue: VenueId::new(0),
        exchange: ActorId::new(9),
        reference: None,
        replay: None,
    };
    Names {
        actors: vec!["maker".into(), "taker".into()],
        instruments: vec![instrument],
        venues: vec!["PIT".into()],
        listings: vec![listing],
        tracked: vec![MAKER],
        openings: Vec::new(),
    }
}

fn touch(bid: i64) -> Fact {
    let level = |ticks| Some(QuoteLevel { price: Price::new(ticks), size: Quantity::new(5) });
    Fact::TouchChanged { listing: LISTING, quote: Quote { bid: level(bid), ask: level(bid + 2) } }
}

fn accepted(order: u64, owner: ActorId, side: Side, ticks: i64) -> Fact {
    let terms = OrderTerms::limit(side, Quantity::new(10), Price::new(ticks));
    Fact::OrderAccepted { order: OrderId::new(order), owner, listing: LISTING, terms, sent_at: None }
}

fn replaced(ticks: i64, kept_priority: bool) -> Fact {
    let leaves = Quantity::new(10);
    Fact::OrderReplaced {
        order: OrderId::new(1),
        listing: LISTING,
        price: Price::new(ticks),
        leaves,
        kept_priority,
    }
}

fn trade(ticks: i64) -> Fact {
    Fact::Traded(Trade {
        id: TradeId::new(0),
        listing: LISTING,
        price: Price::new(ticks),
        quantity: Quantity::new(10),
        aggressor: Side::Sell,
        phase: Phase::Continuous,
        maker_queue_ahead: Quantity::ZERO,
        maker_order: OrderId::new(1),
        maker: MAKER,
        maker_fee: Money::ZERO,
        taker_order: OrderId::new(2),
        taker: TAKER,
        taker_fee: Money::ZERO,
        clamped: 0,
    })
}

/// Returns slippage since arrival and messages per fill of the maker.
fn measured(facts: &[Fact]) -> (f64, f64) {
    let at = |second: i64| SimTime::from_nanos(second * 1_000_000_000);
    let label = RunLabel { scenario: "m".into(), seed: Seed::new(1), start: at(0), end: at(60) };
    let config = RecordConfig::default();
    let analysis = RunAnalysis::new(&names(), &label, &config);
    let (mut recorder, recording) =
        Recorder::start(Output::Nothing, &config, label, names(), analysis).unwrap();
    for ((sequence, second), fact) in (0..).zip(1..).zip(facts) {
        recorder.take(Stamped { at: at(second), sequence, fact }).unwrap();
    }
    drop(recorder);
    let manifest = serde_json::json!({
        "layout": Manifest::VERSION, "bearpit": "0", "scenario": "m", "seed": 1,
        "start": "1970-01-01T00:00:00", "end": "1970-01-01T00:01:00", "digest": "", "inputs": "",
        "events": 0, "facts": 0, "trades": 1, "bar_interval": "1m", "sample_interval": "1m",
        "format": "parquet", "tables": [], "not_recorded": [], "bars": ["1m"], "books": null,
        "instruments": [{ "symbol": "ACME", "tick_size": "0.01", "lot_size": "1" }],
        "venues": ["PIT"], "accounts": [],
    });
    let account =
        AccountSummary { owner: "maker".into(), kind: "script".into(), ..AccountSummary::default() };
    let manifest = Manifest { accounts: vec![account], ..serde_json::from_value(manifest).unwrap() };
    let data = recording.finish().unwrap().sink.finish(manifest).unwrap();
    let metric = |key: &str| data.accounts[0].metrics.get(key).unwrap();
    (metric("slippage_arrival_bps"), metric("order_to_trade_ratio"))
}

#[test]
fn a_fill_is_measured_from_the_quote_that_was_filled_and_replaces_are_messages() {
    // The mid is 100 when the maker bids first, and 101 when it bids anew.
    let first = accepted(1, MAKER, Side::Buy, 9_990);
    let taker = accepted(2, TAKER, Side::Sell, 10_090);
    let anew = |kept| {
        [touch(9_999), first.clone(), touch(10_099), replaced(10_090, kept), taker.clone(), trade(10_090)]
    };
    let (slippage, messages) = measured(&anew(false));
    assert!((slippage + 0.1 / 101.0 * 10_000.0).abs() < 1e-9, "{slippage}");
    assert!((messages - 2.0).abs() < 1e-12, "{messages}");
    // A replace that keeps its place in the queue is the same quote.
    let (slippage, _) = measured(&anew(true));
    assert!((slippage - 0.9 / 100.0 * 10_000.0).abs() < 1e-9, "{slippage}");
}
