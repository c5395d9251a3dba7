//! Snapshots, differences, resuming, falling behind.

use std::collections::BTreeMap;

use bearpit_core::market::{Fact, Ladders, Phase, QuoteLevel, Side};
use bearpit_core::units::SimDuration;
use serde_json::{Value, json};

use super::client::{Client, Fixture};
use crate::domain::Number;
use crate::driver::Stage;
use crate::http::WsConfig;
use crate::publication::PublicationConfig;
use crate::services::market_data::fixture::{ALFA, CROWD, Hand};

/// A book as a client keeps it: both sides, by price.
type Sides = [BTreeMap<String, String>; 2];

#[derive(Debug, Default)]
struct Follower {
    sides: Sides,
    next: Option<u64>,
    epoch: String,
}

impl Follower {
    fn follow(&mut self, message: &Value) {
        let next = message["next"].as_u64().unwrap();
        match message["type"].as_str().unwrap() {
            "snapshot" => {
                self.sides = Sides::default();
                message["epoch"].as_str().unwrap().clone_into(&mut self.epoch);
            }
            "changes" => assert_eq!(message["first"].as_u64(), self.next, "{message}"),
            other => panic!("{other}"),
        }
        self.next = Some(next);
        for (side, name) in self.sides.iter_mut().zip(["bids", "asks"]) {
            for level in message[name].as_array().unwrap() {
                let [price, size] = [0, 1].map(|place| level[place].as_str().unwrap().to_owned());
                if size == "0" {
                    side.remove(&price)
                } else {
                    side.insert(price, size)
                };
            }
        }
    }
}

fn sides(ladders: &Ladders) -> Sides {
    let side = |levels: &[QuoteLevel]| {
        let price = |level: &QuoteLevel| Number::of_units(level.price.ticks(), "0.01".parse().unwrap());
        levels.iter().map(|it| (price(it).unwrap().to_string(), it.size.lots().to_string())).collect()
    };
    [side(&ladders.bids), side(&ladders.asks)]
}

/// Changes the book at random, and notes how it is at each number at which it was published.
struct Mover {
    books: BTreeMap<u64, Sides>,
    orders: Vec<(bearpit_core::units::OrderId, u64)>,
    dice: u64,
}

impl Mover {
    fn new(hand: &Hand) -> Self {
        let mut mover = Self { books: BTreeMap::new(), orders: Vec::new(), dice: 7 };
        mover.note(hand);
        mover
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides
    }

    fn note(&mut self, hand: &Hand) {
        let book = hand.publisher.publication().book(ALFA).unwrap();
        self.books.insert(book.next, sides(&book.state));
    }

    fn step(&mut self, hand: &mut Hand) {
        for _ in 0..=self.roll(4) {
            let size = 1 + self.roll(9);
            if self.roll(3) == 0 && !self.orders.is_empty() {
                let place = usize::try_from(self.roll(self.orders.len() as u64)).unwrap();
                let (order, lots) = self.orders.swap_remove(place);
                hand.cancel(order, lots);
            } else {
                let (side, base) = if self.roll(2) == 0 { (Side::Buy, 9_000) } else { (Side::Sell, 10_000) };
                let ticks = base + i64::try_from(self.roll(30)).unwrap();
                self.orders.push((hand.enter(CROWD, side, ticks, size), size));
            }
        }
        if self.roll(40) == 0 {
            for phase in [Phase::Halt, Phase::Continuous] {
                hand.take(&Fact::PhaseChanged { listing: ALFA, phase });
            }
        }
        hand.publish();
        self.note(hand);
    }
}

fn follow_until(client: &mut Client, follower: &mut Follower, mover: &Mover, next: u64) -> usize {
    let mut messages = 0;
    while follower.next != Some(next) {
        let message = client.next();
        follower.follow(&message);
        if let Some(book) = mover.books.get(&follower.next.unwrap()) {
            assert_eq!(follower.sides, *book, "at {:?}", follower.next);
        } else {
            panic!("nothing was published at {:?}", follower.next);
        }
        messages += 1;
    }
    messages
}

#[test]
fn snapshot_and_differences_are_the_book_at_each_number() {
    let mut fixture = Fixture::new();
    let mut mover = Mover::new(&fixture.hand);
    (0..20).for_each(|_| mover.step(&mut fixture.hand));
    // One that reads all the time, and one that comes in the middle.
    let mut early = (fixture.connect(), Follower::default());
    early.0.ask(r#"{"op":"subscribe","channel":"book","symbol":"ALFA"}"#);
    let mut late = None;
    let mut messages = 0;
    for round in 0..300 {
        mover.step(&mut fixture.hand);
        let next = *mover.books.keys().next_back().unwrap();
        if round % 3 == 0 {
            messages += follow_until(&mut early.0, &mut early.1, &mover, next);
        }
        if round == 150 {
            let mut client = fixture.connect();
            client.ask(r#"{"op":"subscribe","channel":"book","symbol":"ALFA@PIT"}"#);
            late = Some((client, Follower::default()));
        }
    }
    let next = *mover.books.keys().next_back().unwrap();
    follow_until(&mut early.0, &mut early.1, &mover, next);
    let mut late = late.unwrap();
    follow_until(&mut late.0, &mut late.1, &mover, next);
    assert!(messages > 90, "{messages}");
}

#[test]
fn a_client_goes_on_where_it_was_and_starts_over_where_it_cannot() {
    let mut fixture = Fixture::new();
    let mut mover = Mover::new(&fixture.hand);
    (0..20).for_each(|_| mover.step(&mut fixture.hand));
    let mut client = fixture.connect();
    client.ask(r#"{"op":"subscribe","channel":"book","symbol":"ALFA"}"#);
    let mut follower = Follower::default();
    follow_until(&mut client, &mut follower, &mover, *mover.books.keys().next_back().unwrap());
    drop(client);
    (0..20).for_each(|_| mover.step(&mut fixture.hand));
    let mut client = fixture.connect();
    let resume = |epoch: &str, next: u64| {
        json!({
            "op": "subscribe", "channel": "book", "symbol": "ALFA", "id": "again",
            "from": { "epoch": epoch, "next": next },
        })
        .to_string()
    };
    for (epoch, next) in [("1", 0), (follower.epoch.as_str(), 1 << 40)] {
        let refused = client.ask(&resume(epoch, next));
        assert_eq!((&refused["code"], &refused["id"]), (&json!("start_over"), &json!("again")));
    }
    assert_eq!(client.ask(&resume("now", 0))["field"], "from.epoch");
    let answer = client.ask(&resume(&follower.epoch, follower.next.unwrap()));
    assert_eq!((&answer["type"], answer["next"].as_u64()), (&json!("subscribed"), follower.next));
    // The changes join what it had: `follow` sees to that.
    let first = client.next();
    assert_eq!(first["type"], "changes");
    follower.follow(&first);
    let next = *mover.books.keys().next_back().unwrap();
    follow_until(&mut client, &mut follower, &mover, next);
    assert_eq!(follower.sides, mover.books[&next]);
}

#[test]
fn every_trade_comes_once_also_across_connections() {
    let mut fixture = Fixture::new();
    let mut client = fixture.connect();
    let subscribed = client.ask(r#"{"op":"subscribe","channel":"trades","symbol":"ALFA"}"#);
    assert_eq!(subscribed["next"], 0);
    let mut seen = Vec::new();
    let mut read = |client: &mut Client, count: usize| {
        for _ in 0..count {
            let trade = client.next();
            assert_eq!((&trade["type"], &trade["first"]), (&json!("trade"), &trade["number"]));
            seen.push(trade["price"].as_str().unwrap().to_owned());
        }
    };
    for ticks in 1..=5 {
        fixture.hand.print(ticks * 100, 1);
        fixture.hand.publish();
    }
    read(&mut client, 5);
    drop(client);
    (6..=400).for_each(|ticks| fixture.hand.print(ticks * 100, 1));
    fixture.hand.publish();
    let mut client = fixture.connect();
    let from = json!({ "epoch": subscribed["epoch"], "next": 5 });
    client
        .ask(&json!({ "op": "subscribe", "channel": "trades", "symbol": "ALFA", "from": from }).to_string());
    read(&mut client, 395);
    assert_eq!(seen, (1..=400).map(|price| price.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_client_that_reads_too_slowly_is_closed_with_the_reason_and_delays_nobody() {
    let publication = PublicationConfig { events_max: 2_000, ..PublicationConfig::default() };
    let mut fixture = Fixture::with(WsConfig::default(), publication);
    let mut slow = fixture.connect();
    slow.ask(r#"{"op":"subscribe","channel":"trades","symbol":"ALFA"}"#);
    let mut quick = fixture.connect();
    quick.ask(r#"{"op":"subscribe","channel":"trades","symbol":"ALFA"}"#);
    // 80,000 messages of about 220 bytes, which is more than sockets hold, and soon: a client that reads
    // nothing for ten seconds is closed as `stalled`.
    let mut next = 0;
    for _ in 0..400 {
        (0..200).for_each(|_| fixture.hand.print(10_000, 1));
        fixture.hand.pass(SimDuration::from_millis(10));
        for _ in 0..200 {
            assert!(quick.next_text().contains(&format!("\"number\":{next},")));
            next += 1;
        }
    }
    let mut got = 0;
    let end = loop {
        match slow.told_text() {
            Ok(trade) => {
                assert!(
                    trade.contains(&format!("\"number\":{got},")),
                    "a trade was left out silently: {trade}"
                );
                got += 1;
            }
            Err(closed) => break closed,
        }
    };
    assert_eq!(end, (4408, "fell_behind".to_owned()));
    assert!(got < next, "{got}");
}

#[test]
fn quotes_status_and_candles_show_the_newest() {
    let mut fixture = Fixture::new();
    let mut client = fixture.connect();
    for channel in ["quotes", "candles", "status"] {
        client.say(&json!({ "op": "subscribe", "channel": channel, "symbol": "ALFA" }).to_string());
    }
    client.say(r#"{"op":"subscribe","channel":"status"}"#);
    let mut wait_for = |what: &str, is: &dyn Fn(&Value) -> bool| loop {
        let message = client.next();
        assert_ne!(message["type"], "error", "{message}");
        if message["type"] == what && is(&message) {
            return message;
        }
    };
    assert_eq!(wait_for("phase", &|_| true)["phase"], "continuous");
    assert_eq!(wait_for("market", &|_| true)["day"]["name"], "2025-03-03");
    fixture.hand.print(10_000, 3);
    fixture.hand.publish();
    assert_eq!(wait_for("quote", &|it| it["last"] == "100")["volume"], "3");
    fixture.hand.pass(SimDuration::from_secs(61));
    let candle = wait_for("candle", &|it| it["is_closed"] == true);
    assert_eq!((&candle["interval"], &candle["volume"]), (&json!("1m"), &json!("3")));
    fixture.hand.take(&Fact::PhaseChanged { listing: ALFA, phase: Phase::Halt });
    fixture.hand.publish();
    wait_for("phase", &|it| it["phase"] == "halt");
    fixture.hand.change_status(|status| status.stage = Stage::Failed("cash differs".to_owned()));
    wait_for("market", &|it| it["stage"] == "failed" && it["takes_orders"] == false);
}

#[test]
fn what_is_unsubscribed_comes_no_more() {
    let mut fixture = Fixture::new();
    let mut client = fixture.connect();
    let trades = |op: &str| json!({ "op": op, "channel": "trades", "symbol": "ALFA", "id": "x" }).to_string();
    assert_eq!(client.ask(&trades("unsubscribe"))["code"], "not_subscribed");
    assert_eq!(client.ask(&trades("subscribe"))["type"], "subscribed");
    assert_eq!(client.ask(&trades("subscribe"))["code"], "already_subscribed");
    fixture.hand.print(10_000, 1);
    fixture.hand.publish();
    assert_eq!(client.next()["type"], "trade");
    assert_eq!(client.ask(&trades("unsubscribe"))["type"], "unsubscribed");
    fixture.hand.print(10_000, 1);
    fixture.hand.publish();
    client.say(r#"{"op":"ping","id":"p"}"#);
    assert_eq!(client.next(), json!({ "type": "pong", "id": "p" }));
}

#[test]
fn a_market_that_is_rebuilt_begins_anew_for_its_readers() {
    let mut fixture = Fixture::new();
    fixture.hand.enter(CROWD, Side::Buy, 9_000, 5);
    fixture.hand.publish();
    let mut client = fixture.connect();
    client.ask(r#"{"op":"subscribe","channel":"book","symbol":"ALFA"}"#);
    let before = client.next();
    fixture.hand.begin_anew();
    fixture.hand.enter(CROWD, Side::Buy, 8_000, 7);
    fixture.hand.publish();
    let reset = client.next();
    assert_eq!((&reset["type"], &reset["channel"]), (&json!("reset"), &json!("book")));
    assert_ne!(reset["epoch"], before["epoch"]);
    let mut follower = Follower::default();
    while !follower.sides[0].contains_key("80") {
        follower.follow(&client.next());
    }
    assert_eq!(follower.sides[0].len(), 1);
    assert_eq!(reset["epoch"], follower.epoch);
}
