//! Orders of desks, from the instruction to the account.

use bearpit::account::{Account, AccountConfig};
use bearpit::agents::Desk;
use bearpit::exchange::Market;
use bearpit::market::{Link, OrderTerms, Replacement, Side, StopLoss, TimeInForce};
use bearpit::participant::{Instruction, ParticipantConfig};
use bearpit::units::{ActorId, InstrumentId, ListingId, Money, OrderId, Price, Quantity, SimDuration};

use crate::market::{desks, open};

const ACME: InstrumentId = InstrumentId::new(0);
const LISTING: ListingId = ListingId::new(0);

/// A market of desks that get one instruction a millisecond.
struct Floor {
    market: Market,
    millis: i64,
}

impl Floor {
    fn new() -> Self {
        let mut builder = desks(60);
        // A desk without shares that may go short.
        let terms = AccountConfig {
            max_short: vec![(ACME, Quantity::new(100))],
            ..crate::market::account(1_000, &[])
        };
        builder.agent("short", ParticipantConfig::new("desk").with_account(terms), Desk).unwrap();
        let mut market = builder.open().unwrap();
        market.start();
        Self { market, millis: 0 }
    }

    fn id(&self, name: &str) -> ActorId {
        self.market.participant(name).unwrap().id
    }

    fn instruct(&mut self, name: &str, what: Instruction) {
        self.millis += 1;
        let at = open() + SimDuration::from_millis(self.millis);
        let id = self.id(name);
        self.market.instruct(at, id, what).unwrap();
        self.market.step(at, 1_000).unwrap();
    }

    fn submit(&mut self, name: &str, terms: OrderTerms) {
        self.instruct(name, Instruction::Submit { listing: LISTING, terms });
    }

    fn account(&self, name: &str) -> &Account {
        self.market.world().domain().account(self.id(name)).unwrap()
    }

    fn holding(&self, name: &str) -> i64 {
        self.account(name).holding(ACME).lots()
    }

    fn cash(&self, name: &str) -> String {
        self.account(name).cash().to_string()
    }
}

fn limit(side: Side, lots: u64, ticks: i64) -> OrderTerms {
    OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks))
}

#[test]
fn earlier_orders_at_a_price_trade_first() {
    let mut floor = Floor::new();
    floor.submit("a", limit(Side::Sell, 10, 10_000));
    floor.submit("b", limit(Side::Sell, 10, 10_000));
    floor.submit("c", limit(Side::Buy, 15, 10_000));
    assert_eq!((floor.holding("a"), floor.holding("b"), floor.holding("c")), (990, 995, 1_015));
    assert_eq!(
        (floor.cash("a"), floor.cash("b"), floor.cash("c")),
        ("101000.00".into(), "100500.00".into(), "98500.00".into())
    );
}

#[test]
fn the_maker_sets_the_price() {
    let mut floor = Floor::new();
    floor.submit("a", limit(Side::Sell, 10, 10_000));
    floor.submit("b", limit(Side::Buy, 10, 12_000));
    assert_eq!(floor.cash("b"), "99000.00");
}

#[test]
fn a_resting_order_holds_what_it_could_cost_and_gives_it_back() {
    let mut floor = Floor::new();
    floor.submit("a", limit(Side::Buy, 10, 10_000));
    assert_eq!(floor.account("a").free_cash(), Money::from_whole(99_000));
    let order = floor.account("a").open_orders().first().unwrap().id;
    floor.instruct(
        "a",
        Instruction::Replace { order, new: Replacement::at(Price::new(20_000), Quantity::new(10)) },
    );
    assert_eq!(floor.account("a").free_cash(), Money::from_whole(98_000));
    floor.instruct("a", Instruction::Cancel(order));
    assert_eq!(floor.account("a").free_cash(), Money::from_whole(100_000));
    assert!(floor.account("a").open_orders().is_empty());
}

#[test]
fn what_cash_or_shares_do_not_cover_is_refused() {
    let mut floor = Floor::new();
    floor.submit("a", limit(Side::Buy, 10, 1_000_001));
    floor.submit("a", limit(Side::Sell, 1_001, 10_000));
    floor.submit("a", limit(Side::Sell, 600, 10_000));
    floor.submit("a", limit(Side::Sell, 401, 10_000));
    assert_eq!(floor.account("a").refused(), 3);
    assert_eq!(floor.account("a").open_orders().len(), 1);
}

#[test]
fn a_market_order_to_buy_is_protected_where_cash_ends() {
    let mut floor = Floor::new();
    floor.submit("a", limit(Side::Sell, 500, 10_000));
    floor.submit("b", limit(Side::Sell, 500, 10_300));
    // 990 at 100.00 is covered, 990 at 103.00 is not: the rest stops short of the second level.
    floor.submit("c", OrderTerms::market(Side::Buy, Quantity::new(990)));
    assert_eq!(floor.holding("c"), 1_500);
    assert_eq!(floor.cash("c"), "50000.00");
    assert_eq!(floor.account("c").free_cash(), floor.account("c").cash());
}

#[test]
fn fill_or_kill_trades_whole_or_not_at_all() {
    let mut floor = Floor::new();
    floor.submit("a", limit(Side::Sell, 10, 10_000));
    floor.submit("b", limit(Side::Buy, 11, 10_000).with(TimeInForce::Fok));
    assert_eq!(floor.holding("b"), 1_000);
    floor.submit("b", limit(Side::Buy, 10, 10_000).with(TimeInForce::Fok));
    assert_eq!(floor.holding("b"), 1_010);
}

#[test]
fn the_rest_of_an_immediate_order_is_canceled() {
    let mut floor = Floor::new();
    floor.submit("a", limit(Side::Sell, 10, 10_000));
    floor.submit("b", limit(Side::Buy, 25, 10_000).with(TimeInForce::Ioc));
    assert_eq!(floor.holding("b"), 1_010);
    assert!(floor.account("b").open_orders().is_empty());
    assert_eq!(floor.account("b").free_cash(), floor.account("b").cash());
}

#[test]
fn nobody_cancels_the_order_of_another() {
    let mut floor = Floor::new();
    floor.submit("a", limit(Side::Buy, 10, 10_000));
    floor.instruct("b", Instruction::Cancel(OrderId::new(0)));
    assert_eq!(floor.account("a").open_orders().len(), 1);
    assert_eq!(floor.account("b").refused(), 1);
}

#[test]
fn resting_orders_expire_at_the_close_and_everything_is_settled() {
    let mut floor = Floor::new();
    floor.submit("a", limit(Side::Buy, 10, 10_000));
    floor.submit("b", limit(Side::Sell, 10, 11_000));
    let close = floor.market.close();
    floor.market.step(close, u64::MAX).unwrap();
    floor.market.settle().unwrap();
    assert!(floor.account("a").open_orders().is_empty() && floor.account("b").open_orders().is_empty());
    assert_eq!(floor.account("a").free_cash(), Money::from_whole(100_000));
}

fn open_ids(floor: &Floor, name: &str) -> Vec<u64> {
    floor.account(name).open_orders().iter().map(|order| order.id.get()).collect()
}

#[test]
fn a_bracket_takes_three_ids_and_its_exits_enter_once_it_is_filled() {
    let mut floor = Floor::new();
    let link = Link::Bracket {
        take_profit: Some(Price::new(11_000)),
        stop_loss: Some(StopLoss::at(Price::new(9_000))),
    };
    floor.submit("a", OrderTerms { link, ..limit(Side::Buy, 10, 10_000) });
    floor.submit("a", limit(Side::Buy, 1, 8_000));
    assert_eq!(open_ids(&floor, "a"), [0, 1, 2, 3]);
    floor.instruct("a", Instruction::Cancel(OrderId::new(1)));
    assert_eq!(floor.account("a").refused(), 1);
    floor.submit("b", limit(Side::Sell, 10, 10_000));
    assert_eq!(open_ids(&floor, "a"), [1, 2, 3]);
    assert!(floor.account("a").open_orders().iter().all(|order| order.awaits_entry.is_none()));
    assert_eq!(floor.account("a").sellable(ACME).lots(), 1_000);
    floor.submit("c", limit(Side::Buy, 10, 11_000));
    assert_eq!((open_ids(&floor, "a"), floor.holding("a")), (vec![3], 1_000));
}

#[test]
fn a_mass_cancel_takes_one_side_out_and_a_disconnect_everything() {
    let mut floor = Floor::new();
    for price in [9_000, 9_100] {
        floor.submit("a", limit(Side::Buy, 10, price));
        floor.submit("a", limit(Side::Sell, 10, price + 2_000));
    }
    floor.instruct("a", Instruction::MassCancel { listing: LISTING, side: Some(Side::Buy) });
    assert_eq!(open_ids(&floor, "a"), [1, 3]);
    assert_eq!(floor.account("a").free_cash(), Money::from_whole(100_000));
    floor.submit("b", limit(Side::Buy, 10, 9_000));
    floor.instruct("a", Instruction::Disconnect);
    assert_eq!((open_ids(&floor, "a"), open_ids(&floor, "b").len()), (vec![], 1));
    floor.submit("a", limit(Side::Buy, 10, 9_000));
    assert_eq!(open_ids(&floor, "a").len(), 1);
    let nowhere = Instruction::MassCancel { listing: ListingId::new(9), side: None };
    floor.instruct("a", nowhere);
    assert_eq!(open_ids(&floor, "a").len(), 1);
}

#[test]
fn reduce_only_orders_that_no_longer_fit_are_canceled_after_a_fill() {
    let mut floor = Floor::new();
    let reducing = |lots, ticks| OrderTerms { reduce_only: true, ..limit(Side::Buy, lots, ticks) };
    floor.submit("short", limit(Side::Sell, 10, 10_000));
    floor.submit("b", limit(Side::Buy, 10, 10_000));
    floor.submit("short", reducing(6, 8_000));
    floor.submit("short", reducing(4, 8_000));
    floor.submit("short", reducing(1, 8_000));
    assert_eq!((floor.holding("short"), floor.account("short").refused()), (-10, 1));
    // Bought back by an ordinary order; the newest of the others goes, the older still fits.
    floor.submit("b", limit(Side::Sell, 3, 9_000));
    floor.submit("short", limit(Side::Buy, 3, 9_000));
    let first = open_ids(&floor, "short")[0];
    assert_eq!((floor.holding("short"), open_ids(&floor, "short").len()), (-7, 1));
    floor.submit("b", limit(Side::Sell, 2, 9_000));
    floor.submit("short", limit(Side::Buy, 2, 9_000));
    assert_eq!((first, open_ids(&floor, "short")), (2, vec![]));
}
