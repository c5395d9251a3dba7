//! Conditions of orders that a history does not have: minimum quantity, post-only, protection, reduce-only.

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{ListingConfig, MarketBuilder};
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{
    ExecutionReport, Fees, Instrument, OrderKind, OrderTerms, PostOnly, ReportKind, Side,
};
use bearpit_core::participant::{Context, Latencies, MarketData, ParticipantConfig};
use bearpit_core::replay::{ReplayBar, ReplayConfig};
use bearpit_core::units::{ListingId, Money, Price, Quantity, Seed, SimDuration, SimTime};

const LISTING: ListingId = ListingId::new(0);

type Lines = Rc<RefCell<Vec<String>>>;

/// Sends orders, each so many minutes after eight, and writes down what becomes of them.
struct Sender {
    orders: Vec<(i64, OrderTerms)>,
    lines: Lines,
}

impl Actor for Sender {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        for (tag, (minute, _)) in (0..).zip(&self.orders) {
            ctx.wake_at(ctx.now() + SimDuration::from_secs(60 * minute), tag);
        }
    }
}

impl Handler<Wakeup> for Sender {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        let terms = self.orders[usize::try_from(wakeup.tag).unwrap()].1;
        if let Err(refusal) = ctx.submit(LISTING, terms) {
            self.lines.borrow_mut().push(format!("refused {}", refusal.name()));
        }
    }
}

impl Handler<ExecutionReport> for Sender {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, _: &mut Context) {
        let line = match report.kind {
            ReportKind::Rejected(reason) => format!("rejected {}", reason.name()),
            ReportKind::Canceled(reason) => format!("canceled {}", reason.name()),
            ReportKind::Expired(reason) => format!("expired {}", reason.name()),
            ReportKind::Repriced { price } => format!("repriced {:?}", price.map(Price::ticks)),
            ReportKind::Filled { price, quantity, .. } => format!("filled {quantity} at {}", price.ticks()),
            _ => return,
        };
        self.lines.borrow_mut().push(line);
    }
}

bearpit_core::ignore_messages!(Sender: MarketData);

/// Says what becomes of orders in a bar of six lots from nine to ten: from 100 up to 110 at twenty past, down
/// to 90 at forty past, and back; their owner has ten lots.
fn told(orders: &[(i64, OrderTerms)]) -> Vec<String> {
    let open: SimTime = "2025-03-04T08:00:00".parse().unwrap();
    let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_secs(10_000)).unwrap();
    let acme = Instrument::new("ACME", "1".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(acme, None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    let hour = SimDuration::from_secs(3_600);
    let [first, high, low] = [100, 110, 90].map(Price::new);
    let (start, volume) = (open + hour, Some(Quantity::new(6)));
    let bar = ReplayBar { start, end: start + hour, open: first, high, low, close: first, volume };
    let replay = ReplayConfig::new([bar].into(), SimDuration::from_secs(1));
    let replay = Some(replay.into());
    builder.listing_config(LISTING, ListingConfig { replay, ..ListingConfig::default() });
    let lines = Lines::default();
    let holdings = vec![(acme, Quantity::new(10))];
    let max_short = vec![(acme, Quantity::new(50))];
    let cash = Money::from_whole(10_000);
    let account = AccountConfig { cash, holdings, max_short, ..AccountConfig::default() };
    let sender = Sender { orders: orders.to_vec(), lines: Rc::clone(&lines) };
    builder.agent("sender", ParticipantConfig::new("sender").with_account(account), sender).unwrap();
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    lines.take()
}

fn limit(side: Side, lots: u64, price: i64) -> OrderTerms {
    OrderTerms::limit(side, Quantity::new(lots), Price::new(price))
}

#[test]
fn a_minimum_that_the_bar_does_not_have_ends_the_order_when_it_is_due() {
    let minimum = |lots| OrderTerms { minimum: Some(Quantity::new(lots)), ..limit(Side::Buy, 8, 95) };
    assert_eq!(told(&[(30, minimum(7))]), ["canceled volume_exhausted"]);
    assert_eq!(told(&[(30, minimum(6))]), ["filled 6 at 95", "expired venue_closed"]);
}

#[test]
fn a_post_only_order_that_would_fill_on_arrival_is_rejected_or_slides_behind_the_path() {
    let post_only = |post_only, side, price| OrderTerms { post_only, ..limit(side, 2, price) };
    // At ten past, the path is at 104.
    for (side, price) in [(Side::Buy, 104), (Side::Sell, 104)] {
        assert_eq!(
            told(&[(70, post_only(PostOnly::Reject, side, price))]),
            ["rejected post_only_would_take"]
        );
    }
    assert_eq!(told(&[(70, post_only(PostOnly::Reject, Side::Buy, 103))]), ["filled 2 at 103"]);
    let slid = ["repriced Some(103)", "filled 2 at 103"];
    assert_eq!(told(&[(70, post_only(PostOnly::Slide, Side::Buy, 108))]), slid);
    // Between bars there is nothing to take: at the open it is one order of the auction.
    assert_eq!(told(&[(30, post_only(PostOnly::Reject, Side::Buy, 104))]), ["filled 2 at 100"]);
}

#[test]
fn a_market_order_does_not_fill_beyond_its_protection() {
    let protected = |price| {
        let kind = OrderKind::Market { protection: Some(Price::new(price)) };
        OrderTerms::new(Side::Buy, Quantity::new(2), kind)
    };
    assert_eq!(told(&[(30, protected(99))]), ["canceled ioc_remainder"]);
    assert_eq!(told(&[(30, protected(100))]), ["filled 2 at 100"]);
    // A stop is protected when it is elected, at its trigger.
    let stop = |worst| {
        let kind = OrderKind::Stop { trigger: Price::new(105), protection: Some(Price::new(worst)) };
        OrderTerms::new(Side::Buy, Quantity::new(2), kind)
    };
    assert_eq!(told(&[(30, stop(105))]), ["filled 2 at 105"]);
}

#[test]
fn a_reduce_only_order_only_brings_the_position_nearer_to_zero() {
    let reduces = |terms| OrderTerms { reduce_only: true, ..terms };
    assert_eq!(told(&[(30, reduces(limit(Side::Buy, 1, 95)))]), ["refused would_not_reduce"]);
    assert_eq!(told(&[(30, reduces(limit(Side::Sell, 11, 105)))]), ["refused would_not_reduce"]);
    assert_eq!(told(&[(30, reduces(limit(Side::Sell, 6, 105)))]), ["filled 6 at 105"]);
    // A sale of four at the open leaves six, of which it would sell seven: it is canceled.
    let sales = [(30, reduces(limit(Side::Sell, 7, 105))), (31, limit(Side::Sell, 4, 100))];
    assert_eq!(told(&sales), ["filled 4 at 100", "canceled requested"]);
}
