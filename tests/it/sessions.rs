//! Sessions through the front door: phases, auctions, halts, and what happens to orders in them.

use std::cell::RefCell;
use std::rc::Rc;

use bearpit::book::{BookConfig, Matching, PriceBands};
use bearpit::exchange::{ListingConfig, Market};
use bearpit::market::{
    ExpiryReason, Fact, OrderKind, OrderTerms, Phase, Side, SinkError, Stamped, TapeSink, TimeInForce, Trade,
};
use bearpit::participant::Instruction;
use bearpit::units::{InstrumentId, ListingId, Price, Quantity, SimDuration, SimTime};

use crate::market::{bps, desks, open};

const ACME: InstrumentId = InstrumentId::new(0);
const LISTING: ListingId = ListingId::new(0);

/// Everything that happened, each fact after its time.
type Facts = Rc<RefCell<Vec<(SimTime, Fact)>>>;

struct Watcher(Facts);

impl TapeSink for Watcher {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        self.0.borrow_mut().push((stamped.at, stamped.fact.clone()));
        Ok(())
    }
}

fn second(second: i64) -> SimTime {
    open() + SimDuration::from_secs(second)
}

/// A market of desks over ten minutes under the given rules, and what it writes.
fn market(rules: ListingConfig) -> (Market, Facts) {
    let mut builder = desks(600);
    let facts = Facts::default();
    builder.listing_config(LISTING, rules);
    builder.sink(Box::new(Watcher(Rc::clone(&facts))));
    let mut market = builder.open().unwrap();
    market.start();
    (market, facts)
}

/// Two sessions of three minutes, with auctions.
fn two_sessions() -> ListingConfig {
    let session = |start: i64| {
        [
            (second(start), Phase::OpeningAuction),
            (second(start + 30), Phase::Continuous),
            (second(start + 150), Phase::ClosingAuction),
            (second(start + 180), Phase::Closed),
        ]
    };
    ListingConfig { schedule: [session(0), session(300)].concat(), ..ListingConfig::default() }
}

fn submit(market: &mut Market, at: i64, desk: &str, terms: OrderTerms) {
    let id = market.participant(desk).unwrap().id;
    market.instruct(second(at), id, Instruction::Submit { listing: LISTING, terms }).unwrap();
}

fn run(mut market: Market) -> Market {
    market.step(market.close(), 1_000_000).unwrap();
    market.settle().unwrap();
    market
}

fn limit(side: Side, lots: u64, ticks: i64) -> OrderTerms {
    OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks))
}

fn phases(facts: &Facts) -> Vec<(i64, Phase)> {
    let seconds = |at: SimTime| (at.nanos() - open().nanos()) / 1_000_000_000;
    let phase = |(at, fact): &(SimTime, Fact)| match fact {
        Fact::PhaseChanged { phase, .. } => Some((seconds(*at), *phase)),
        _ => None,
    };
    facts.borrow().iter().filter_map(phase).collect()
}

fn trades(facts: &Facts) -> Vec<Trade> {
    let trade = |(_, fact): &(SimTime, Fact)| match fact {
        Fact::Traded(trade) => Some(*trade),
        _ => None,
    };
    facts.borrow().iter().filter_map(trade).collect()
}

fn expiries(facts: &Facts) -> Vec<(SimTime, u64, ExpiryReason)> {
    let expiry = |(at, fact): &(SimTime, Fact)| match fact {
        Fact::OrderExpired { order, reason, .. } => Some((*at, order.get(), *reason)),
        _ => None,
    };
    facts.borrow().iter().filter_map(expiry).collect()
}

#[test]
fn phases_follow_the_schedule() {
    let (market, facts) = market(two_sessions());
    run(market);
    use Phase::{Closed, ClosingAuction, Continuous, OpeningAuction};
    assert_eq!(
        phases(&facts),
        [
            (0, OpeningAuction),
            (30, Continuous),
            (150, ClosingAuction),
            (180, Closed),
            (300, OpeningAuction),
            (330, Continuous),
            (450, ClosingAuction),
            (480, Closed),
        ]
    );
}

#[test]
fn an_auction_publishes_what_it_would_do_and_trades_at_one_price() {
    let (mut market, facts) = market(two_sessions());
    submit(&mut market, 5, "a", limit(Side::Sell, 30, 9_900));
    submit(&mut market, 6, "b", limit(Side::Buy, 20, 10_100));
    submit(&mut market, 7, "c", limit(Side::Buy, 10, 10_050));
    run(market);
    let indicative: Vec<Option<(i64, u64)>> = facts
        .borrow()
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::IndicativeChanged { indicative, .. } => Some(*indicative),
            _ => None,
        })
        .map(|indicative| indicative.map(|(price, volume)| (price.ticks(), volume.lots())))
        .collect();
    // After b sellers are left over, so the lowest; after c the middle of 99.00 to 100.50; none once it is
    // over.
    assert_eq!(indicative, [Some((9_900, 20)), Some((9_975, 30)), None]);
    let trades = trades(&facts);
    assert!(trades.iter().all(|trade| trade.price.ticks() == 9_975 && trade.phase == Phase::OpeningAuction));
    assert_eq!(trades.iter().map(|trade| trade.quantity.lots()).sum::<u64>(), 30);
    // No touch is published during an auction call.
    let facts = facts.borrow();
    let touches =
        facts.iter().filter(|(at, fact)| matches!(fact, Fact::TouchChanged { .. }) && *at < second(30));
    assert_eq!(touches.count(), 0);
}

#[test]
fn both_sides_of_an_auction_pay_its_fee() {
    let mut builder = desks(600);
    let facts = Facts::default();
    let fees = bearpit::market::Fees { maker: bps("-1"), taker: bps("3"), auction: bps("2") };
    let auction = builder.venue("AUCTION", fees, bearpit::participant::Latencies::NONE, &[ACME]);
    assert_eq!(auction.index(), 1);
    let listing = ListingId::new(1);
    builder.listing_config(listing, two_sessions());
    builder.sink(Box::new(Watcher(Rc::clone(&facts))));
    let mut market = builder.open().unwrap();
    market.start();
    for (at, desk, side) in
        [(1, "a", Side::Sell), (2, "b", Side::Buy), (40, "a", Side::Sell), (41, "b", Side::Buy)]
    {
        let id = market.participant(desk).unwrap().id;
        let terms = limit(side, 100, 10_000);
        market.instruct(second(at), id, Instruction::Submit { listing, terms }).unwrap();
    }
    run(market);
    let fees: Vec<[String; 2]> = trades(&facts)
        .iter()
        .map(|trade| [trade.maker_fee.to_string(), trade.taker_fee.to_string()])
        .collect();
    assert_eq!(fees, [["2.00", "2.00"], ["-1.00", "3.00"]].map(|pair| pair.map(str::to_owned)));
}

#[test]
fn day_orders_end_with_their_session_dated_ones_on_time_and_others_stay() {
    let (mut market, facts) = market(two_sessions());
    submit(&mut market, 40, "a", limit(Side::Buy, 1, 9_000).with(TimeInForce::Day));
    submit(&mut market, 41, "a", limit(Side::Buy, 1, 9_001).with(TimeInForce::Gtd(second(77))));
    submit(&mut market, 42, "a", limit(Side::Buy, 1, 9_002));
    submit(&mut market, 43, "a", limit(Side::Sell, 1, 11_000).with(TimeInForce::AtClose));
    submit(&mut market, 305, "b", limit(Side::Sell, 1, 9_002));
    run(market);
    let seconds = |seconds| open() + SimDuration::from_secs(seconds);
    assert_eq!(
        expiries(&facts),
        [
            (seconds(77), 1, ExpiryReason::DateReached),
            (seconds(180), 3, ExpiryReason::AuctionOver),
            (seconds(180), 0, ExpiryReason::SessionClosed),
        ]
    );
    let trades = trades(&facts);
    assert_eq!(trades.len(), 1, "the order without a date trades in the next session's auction");
    assert_eq!((trades[0].maker_order.get(), trades[0].phase), (2, Phase::OpeningAuction));
}

#[test]
fn a_closed_book_takes_no_orders() {
    let (mut market, facts) = market(two_sessions());
    submit(&mut market, 200, "a", limit(Side::Buy, 1, 9_000));
    run(market);
    let rejected = |fact: &Fact| matches!(fact, Fact::OrderRejected { .. });
    assert_eq!(facts.borrow().iter().filter(|(_, fact)| rejected(fact)).count(), 1);
}

#[test]
fn a_trade_beyond_the_band_halts_and_an_auction_reopens() {
    let bands = PriceBands { dynamic_bps: Some(100), ..PriceBands::default() };
    let rules = ListingConfig {
        book: BookConfig { bands, ..BookConfig::default() },
        halt: SimDuration::from_secs(20),
        reopening: SimDuration::from_secs(10),
        ..ListingConfig::default()
    };
    let (mut market, facts) = market(rules);
    submit(&mut market, 1, "a", limit(Side::Sell, 2, 10_000));
    submit(&mut market, 1, "c", limit(Side::Buy, 1, 10_000));
    submit(&mut market, 2, "a", limit(Side::Sell, 5, 10_200));
    // One at 100.00; the rest would trade two percent higher.
    submit(&mut market, 3, "b", limit(Side::Buy, 4, 10_300));
    // Rejected in the halt, taken in the auction.
    submit(&mut market, 10, "c", limit(Side::Buy, 1, 10_250));
    submit(&mut market, 25, "c", limit(Side::Buy, 1, 10_250));
    run(market);
    assert_eq!(phases(&facts), [(3, Phase::Halt), (23, Phase::ReopeningAuction), (33, Phase::Continuous)]);
    let drawn: Vec<(i64, u64, Phase)> = trades(&facts)
        .iter()
        .map(|trade| (trade.price.ticks(), trade.quantity.lots(), trade.phase))
        .collect();
    assert_eq!(
        drawn,
        [
            (10_000, 1, Phase::Continuous),
            (10_000, 1, Phase::Continuous),
            (10_200, 3, Phase::ReopeningAuction),
            (10_200, 1, Phase::ReopeningAuction),
        ]
    );
}

#[test]
fn a_halt_that_the_schedule_ended_does_not_shorten_the_next() {
    let bands = PriceBands { dynamic_bps: Some(100), ..PriceBands::default() };
    let rules = ListingConfig {
        book: BookConfig { bands, ..BookConfig::default() },
        schedule: vec![(second(0), Phase::Continuous), (second(10), Phase::Continuous)],
        halt: SimDuration::from_secs(20),
        reopening: SimDuration::from_secs(10),
        replay: None,
    };
    let (mut market, facts) = market(rules);
    submit(&mut market, 1, "a", limit(Side::Sell, 1, 10_000));
    submit(&mut market, 1, "c", limit(Side::Buy, 1, 10_000));
    submit(&mut market, 2, "a", limit(Side::Sell, 5, 10_200));
    submit(&mut market, 3, "b", limit(Side::Buy, 1, 10_300));
    // The schedule goes on at 10; the next halt begins at 12, and lasts as long as any.
    submit(&mut market, 11, "a", limit(Side::Sell, 1, 10_500));
    submit(&mut market, 12, "b", limit(Side::Buy, 9, 10_600));
    run(market);
    assert_eq!(
        phases(&facts),
        [
            (3, Phase::Halt),
            (10, Phase::Continuous),
            (12, Phase::Halt),
            (32, Phase::ReopeningAuction),
            (42, Phase::Continuous)
        ]
    );
}

#[test]
fn a_pro_rata_venue_shares_by_size() {
    let book = BookConfig { matching: Matching::ProRata, ..BookConfig::default() };
    let (mut market, facts) = market(ListingConfig { book, ..ListingConfig::default() });
    submit(&mut market, 1, "a", limit(Side::Sell, 30, 10_000));
    submit(&mut market, 2, "b", limit(Side::Sell, 10, 10_000));
    submit(&mut market, 3, "c", OrderTerms::market(Side::Buy, Quantity::new(20)));
    run(market);
    let shares: Vec<(u64, u64, u64)> = trades(&facts)
        .iter()
        .map(|trade| (trade.maker_order.get(), trade.quantity.lots(), trade.maker_queue_ahead.lots()))
        .collect();
    assert_eq!(shares, [(0, 15, 0), (1, 5, 30)]);
}

#[test]
fn a_stop_waits_for_its_trigger_and_its_owner_gets_a_report() {
    let (mut market, facts) = market(ListingConfig::default());
    let kind = OrderKind::Stop { trigger: Price::new(9_900), protection: None };
    submit(&mut market, 1, "a", limit(Side::Buy, 10, 9_900));
    submit(&mut market, 2, "a", limit(Side::Buy, 10, 9_800));
    submit(&mut market, 3, "b", OrderTerms::new(Side::Sell, Quantity::new(12), kind));
    submit(&mut market, 4, "c", limit(Side::Sell, 1, 9_900));
    let market = run(market);
    let triggered = |fact: &Fact| matches!(fact, Fact::OrderTriggered { .. });
    assert_eq!(facts.borrow().iter().filter(|(_, fact)| triggered(fact)).count(), 1);
    let desk = market.participant("b").unwrap().id;
    let account = market.world().domain().account(desk).unwrap();
    assert_eq!(account.holding(ACME).lots(), 1_000 - 12);
    assert_eq!(account.cash().to_string(), "101185.00", "nine at 99.00 and three at 98.00");
}
