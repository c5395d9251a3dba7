//! What is answered about a market whose facts are made by hand.

use std::sync::Mutex;
use std::time::Duration;

use bearpit_core::market::{Fact, OrderTerms, Phase, Side};
use bearpit_core::units::{ListingId, Price, Quantity, SimDuration, SimTime};
use serde_json::{Value, json};

use super::fixture::{ALFA, ANNE, CROWD, Hand};
use super::*;
use crate::domain::{Problem, ProblemKind};
use crate::driver::{DiskTrouble, Stage};
use crate::publication::Candle;

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

fn json_of(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn book(service: &MarketData, depth: usize) -> Value {
    serde_json::from_slice(&service.book("ALFA", depth).unwrap().json).unwrap()
}

#[test]
fn a_listing_is_found_by_symbol_and_by_venue_and_a_typo_gets_the_nearest() {
    let hand = Hand::new();
    let service = hand.plain_service();
    for (name, id) in [("ALFA", 0), ("ALFA@PIT", 0), ("GAMA@HALL", 3), ("GAMA@PIT", 2), ("ALFA", 0)] {
        assert_eq!(service.find(name).unwrap().1.id, ListingId::new(id), "{name}");
    }
    let fault = |name: &str| service.find(name).unwrap_err();
    assert_eq!((fault("GAMA").kind, &*fault("GAMA").code), (ProblemKind::Refused, "ambiguous_symbol"));
    assert!(fault("GAMA").message.contains("GAMA@PIT, GAMA@HALL"));
    for (name, hint) in [
        ("ALFAA", "did you mean ALFA?"),
        ("beta", "did you mean BETA?"),
        ("GAMA@HAL", "did you mean GAMA@HALL?"),
        ("ZZZZZZ", "GET /api/instruments lists what there is"),
    ] {
        let problem = fault(name);
        assert_eq!((problem.kind, problem.hint.as_deref()), (ProblemKind::NotFound, Some(hint)), "{name}");
    }
    assert_eq!(fault("@PIT").code, "bad_symbol");
}

#[test]
fn instruments_have_scale_hours_and_phase() {
    let hand = Hand::new();
    let view = json_of(&hand.plain_service().instruments());
    assert_eq!(view["instruments"].as_array().unwrap().len(), 4);
    assert_eq!(
        view["instruments"][1],
        json!({
            "symbol": "BETA", "venue": "PIT", "name": "BETA", "currency": "USD", "tick_size": "0.5",
            "lot_size": "0.001", "min_price": "0.5", "phase": "continuous", "is_replayed": false, "issued": "2500000.5",
            "hours": {
                "open": "09:30:00", "close": "16:00:00", "zone": "America/New_York",
                "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            },
        })
    );
    assert_eq!(view["instruments"][3]["hours"], Value::Null);
}

#[test]
fn a_quote_has_touch_last_change_and_the_last_day() {
    let mut hand = Hand::new();
    let service = hand.plain_service();
    let empty = json_of(&service.quote("ALFA").unwrap());
    assert_eq!(
        [&empty["bid"], &empty["last"], &empty["change"], &empty["volume"]],
        [&Value::Null, &Value::Null, &Value::Null, &json!("0")]
    );
    hand.enter(CROWD, Side::Buy, 9_990, 5);
    hand.enter(CROWD, Side::Sell, 10_010, 7);
    hand.print(10_000, 2);
    hand.print(9_900, 1);
    hand.pass(SimDuration::from_millis(250));
    let quote = json_of(&service.quote("ALFA").unwrap());
    assert_eq!(
        quote,
        json!({
            "symbol": "ALFA", "venue": "PIT", "at": "2025-03-03T09:30:00.25-05:00", "phase": "continuous",
            "bid": "99.9", "bid_size": "5", "ask": "100.1", "ask_size": "7", "last": "99", "change": "-1",
            "change_percent": "-1", "open": "100", "high": "100", "low": "99", "volume": "3",
            "notional": "299", "trades": 2, "indicative_price": null, "indicative_volume": null,
        })
    );
    let listing = ALFA;
    hand.take(&Fact::PhaseChanged { listing, phase: Phase::Halt });
    hand.take(&Fact::PhaseChanged { listing, phase: Phase::ReopeningAuction });
    let indicative = Some((Price::new(9_950), Quantity::new(4)));
    hand.take(&Fact::IndicativeChanged { listing, indicative });
    hand.publish();
    let quote = json_of(&service.quote("ALFA").unwrap());
    assert_eq!(
        [&quote["phase"], &quote["bid"], &quote["indicative_price"], &quote["indicative_volume"]],
        [&json!("reopening_auction"), &Value::Null, &json!("99.5"), &json!("4")]
    );
}

#[test]
fn many_quotes_come_in_the_order_that_was_asked_for() {
    let hand = Hand::new();
    let service = hand.plain_service();
    let venues = |names: Option<&str>| -> Vec<String> {
        let quotes = service.quotes(names).unwrap().quotes;
        quotes.into_iter().map(|quote| format!("{}@{}", quote.symbol, quote.venue)).collect()
    };
    assert_eq!(venues(Some("BETA, ALFA,GAMA@HALL")), ["BETA@PIT", "ALFA@PIT", "GAMA@HALL"]);
    assert_eq!(venues(None).len(), 4);
    assert_eq!(service.quotes(Some("ALFA,NONE")).unwrap_err().field.as_deref(), Some("symbols"));
    assert_eq!(service.quotes(Some("")).unwrap_err().code, "bad_symbol");
    assert_eq!(service.quotes(Some(&"ALFA,".repeat(300))).unwrap_err().code, "too_many_symbols");
}

#[test]
fn a_book_is_written_once_for_each_version_and_depth() {
    let mut hand = Hand::new();
    let service = hand.plain_service();
    for level in 0..60 {
        hand.enter(CROWD, Side::Buy, 9_000 - level, 5);
    }
    hand.enter_at(
        ListingId::new(1),
        CROWD,
        OrderTerms::limit(Side::Sell, Quantity::new(1_500), Price::new(3)),
    );
    hand.publish();
    let first = service.book("ALFA", 2).unwrap();
    let same = service.book("ALFA@PIT", 2).unwrap();
    assert_eq!((first.json.as_ptr(), &first.tag), (same.json.as_ptr(), &same.tag));
    let json: Value = serde_json::from_slice(&first.json).unwrap();
    assert_eq!(json["bids"], json!([["90", "5"], ["89.99", "5"]]));
    // What begins a day is the first change of a book.
    assert_eq!((&json["next"], &json["asks"]), (&json!(61), &json!([])));
    assert_eq!(json["epoch"], hand.publisher.publication().epoch().nanos().to_string());
    assert_eq!(book(&service, 50)["bids"].as_array().unwrap().len(), 50);
    let other: Value = serde_json::from_slice(&service.book("BETA", 50).unwrap().json).unwrap();
    assert_eq!(other["asks"], json!([["1.5", "1.5"]]));

    hand.print(9_000, 1);
    hand.publish();
    let second = service.book("ALFA", 2).unwrap();
    assert_ne!(first.tag, second.tag);
    let json: Value = serde_json::from_slice(&second.json).unwrap();
    assert_eq!(json["trades"][0]["price"], "90");
    for depth in [0, 51, usize::MAX] {
        assert_eq!(service.book("ALFA", depth).unwrap_err().field.as_deref(), Some("depth"));
    }
}

#[test]
fn trades_come_newest_first() {
    let mut hand = Hand::new();
    let service = hand.plain_service();
    for ticks in 1..=60 {
        hand.print(ticks, 1);
    }
    hand.publish();
    let trades = service.recent_trades("ALFA", 3).unwrap().trades;
    let prices: Vec<_> = trades.iter().map(|trade| trade.price.to_string()).collect();
    assert_eq!(prices, ["0.6", "0.59", "0.58"]);
    assert_eq!((trades[0].number, trades[0].aggressor), (59, Some(SideName::Sell)));
    assert_eq!(service.recent_trades("ALFA", 51).unwrap_err().field.as_deref(), Some("limit"));
}

#[test]
fn the_status_says_why_no_order_is_taken_and_what_is_planned() {
    let hand = Hand::new();
    let service = hand.plain_service();
    let open = json_of(&service.market_status());
    assert_eq!((&open["stage"], &open["takes_orders"]), (&json!("open"), &json!(true)));
    assert_eq!(
        open["day"],
        json!({
            "number": 1, "name": "2025-03-03", "open": "2025-03-03T09:00:00-05:00",
            "close": "2025-03-03T17:00:00-05:00",
        })
    );
    assert_eq!(open["listings"][0]["next"], json!({ "phase": "closed", "at": "2025-03-03T16:00:00-05:00" }));
    assert_eq!(open["listings"][3]["next"], Value::Null);
    hand.change_status(|status| status.disk = Some(DiskTrouble::Full));
    assert_eq!(json_of(&service.market_status())["reason"], "disk_full");
    let opens_at = Duration::from_secs(1_741_046_400);
    hand.change_status(|status| status.stage = Stage::BetweenDays { opens_at });
    let between = json_of(&service.market_status());
    assert_eq!(
        (&between["reason"], &between["next_open"]),
        (&json!("between_days"), &json!("2025-03-03T19:00:00-05:00"))
    );
    hand.change_status(|status| status.day = None);
    assert_eq!(json_of(&service.market_status())["day"], Value::Null);
}

#[test]
fn the_clock_shows_both_times_and_the_zone() {
    let hand = Hand::new();
    let service = hand.plain_service();
    hand.change_status(|status| status.day.as_mut().unwrap().is_paused = true);
    assert_eq!(
        json_of(&service.clock()),
        json!({
            "now": "2025-03-03T09:30:00-05:00", "speed": "1", "is_paused": true, "behind": "0.003",
            "zone": "America/New_York", "offset": "-05:00", "wall": "2025-03-03T14:30:00+00:00",
        })
    );
}

/// An archive that has what memory had, and notes what it was asked for.
#[derive(Default)]
struct Archive {
    candles: Vec<Candle>,
    asked: Arc<Mutex<Vec<ArchivedCandles>>>,
}

impl CandleArchive for Archive {
    fn candles(&self, wanted: ArchivedCandles) -> ReadingArchive<'_> {
        let all = self.candles.iter().copied().filter(|candle| wanted.span.contains(&candle.start));
        let mut found: Vec<_> = all.collect();
        match wanted.end {
            End::Oldest => found.truncate(wanted.limit),
            End::Newest => drop(found.drain(..found.len().saturating_sub(wanted.limit))),
        }
        self.asked.lock().unwrap().push(wanted);
        Box::pin(async move { Ok(found) })
    }
}

/// More seconds with a trade each than memory keeps; every candle that ever was is in the archive.
fn long_series() -> (Hand, MarketData, Vec<SimTime>, Arc<Mutex<Vec<ArchivedCandles>>>) {
    let mut hand = Hand::new();
    let mut archive = Archive::default();
    let mut starts = Vec::new();
    for second in 0..4_000 {
        starts.push(hand.now);
        hand.print(10_000 + second, 1);
        hand.pass(SimDuration::from_secs(1));
        let last = hand.publisher.publication().candles(ALFA, crate::publication::CandleInterval::Second, 1);
        archive.candles.extend(last.unwrap());
    }
    starts.push(hand.now);
    hand.print(20_000, 1);
    hand.publish();
    let asked = Arc::clone(&archive.asked);
    let service = hand.service(archive);
    (hand, service, starts, asked)
}

fn query(limit: usize) -> CandleQuery {
    let symbol = "ALFA".to_owned();
    CandleQuery { symbol, interval: IntervalName::Second, from: None, to: None, cursor: None, limit }
}

#[test]
fn memory_and_archive_are_one_series_without_gap_or_double() {
    let (hand, service, starts, asked) = long_series();
    let time = |at: SimTime| crate::domain::MarketTime::new(at, &service.zone);
    let expected: Vec<_> = starts.iter().map(|at| time(*at)).collect();
    let mut query = CandleQuery { from: Some(starts[0]), ..query(700) };
    let mut all = Vec::new();
    loop {
        let page = wait(service.candles(query.clone())).unwrap();
        assert!(page.candles.len() == 700 || page.next_cursor.is_none());
        all.extend(page.candles);
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(all.iter().map(|candle| candle.start).collect::<Vec<_>>(), expected);
    let closed = all.iter().filter(|candle| candle.is_closed).count();
    assert_eq!((closed, all.last().unwrap().is_closed), (4_000, false));
    assert_eq!(all[17].close.to_string(), "100.17");
    let memory = hand.publisher.publication().candles(ALFA, IntervalName::Second.interval(), usize::MAX);
    let first = memory.unwrap()[0].start;
    assert!(first > starts[0], "memory holds all, and the test shows nothing");
    assert!(asked.lock().unwrap().iter().all(|wanted| wanted.span.end <= first));
}

#[test]
fn the_last_candles_come_from_memory_where_it_has_them() {
    let (_hand, service, starts, asked) = long_series();
    let page = wait(service.candles(query(10))).unwrap();
    assert_eq!((page.candles.len(), asked.lock().unwrap().len()), (10, 0));
    let all = wait(service.candles(query(CANDLES_MAX))).unwrap();
    assert_eq!((all.candles.len(), all.next_cursor), (4_001, None));
    let to = Some(starts[5]);
    let early = wait(service.candles(CandleQuery { to, ..query(3) })).unwrap();
    let starts: Vec<_> =
        starts[2..5].iter().map(|at| crate::domain::MarketTime::new(*at, &service.zone)).collect();
    assert_eq!(early.candles.iter().map(|candle| candle.start).collect::<Vec<_>>(), starts);
}

#[test]
fn what_is_no_range_of_candles_is_refused() {
    let hand = Hand::new();
    let service = hand.plain_service();
    let at = |text: &str| Some(text.parse::<SimTime>().unwrap());
    let field = |query: CandleQuery| {
        wait(service.candles(query)).map_err(|problem: Problem| problem.field.unwrap_or_default())
    };
    let (later, sooner) = (at("2025-03-04"), at("2025-03-03"));
    assert_eq!(field(CandleQuery { from: later, to: sooner, ..query(5) }), Err("from".to_owned()));
    assert_eq!(field(query(0)), Err("limit".to_owned()));
    assert_eq!(field(query(CANDLES_MAX + 1)), Err("limit".to_owned()));
    let cursor = Some("yesterday".to_owned());
    assert_eq!(field(CandleQuery { cursor, ..query(5) }), Err("cursor".to_owned()));
    assert_eq!(field(query(5)).unwrap().candles, []);
}

#[test]
fn an_account_of_anne_changes_nothing_that_everybody_sees() {
    let mut hand = Hand::new();
    let service = hand.plain_service();
    let order = hand.enter(ANNE, Side::Buy, 500, 3);
    hand.publish();
    let text = book(&service, 5).to_string();
    assert!(text.contains("[\"5\",\"3\"]") && !text.contains(&hand.anne.to_string()), "{text}");
    hand.hit(ANNE, order, 500, 3);
    hand.publish();
    let text = json_of(&service.recent_trades("ALFA", 1).unwrap()).to_string();
    assert!(!text.contains(&hand.anne.to_string()) && !text.contains("order"), "{text}");
}
