//! The book, ladder by ladder, and against the reference, event by event.

use proptest::prelude::*;

use super::{BookEvent, MatchingEngine, OrderBook, ReferenceBook, check_invariants, ladder};
use crate::market::{
    CancelReason, Command, CommandKind, Instrument, OrderKind, OrderTerms, RejectReason, Side, TimeInForce,
};
use crate::units::{ActorId, ListingId, OrderId, Price, Quantity};

fn acme() -> Instrument {
    Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap()
}

fn command(order: u64, owner: u32, kind: CommandKind) -> Command {
    Command { order: OrderId::new(order), owner: ActorId::new(owner), listing: ListingId::new(0), kind }
}

fn limit(order: u64, side: Side, lots: u64, ticks: i64) -> Command {
    let terms = OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks));
    command(order, 0, CommandKind::New(terms))
}

fn with(mut command: Command, time_in_force: TimeInForce) -> Command {
    if let CommandKind::New(terms) = &mut command.kind {
        terms.time_in_force = time_in_force;
    }
    command
}

fn replace(order: u64, lots: u64, ticks: i64) -> Command {
    command(order, 0, CommandKind::Replace { price: Price::new(ticks), quantity: Quantity::new(lots) })
}

/// Carries out commands on a fresh book that holds four orders:
/// bids 1 (10) and 2 (20) at 100.00, asks 3 (10) at 100.02 and 4 (30) at 100.03.
struct Pit {
    book: OrderBook,
    events: Vec<BookEvent>,
}

const BEFORE: &str = "\
bid |  price | ask
    | 100.03 |  30
    | 100.02 |  10
 30 | 100.00 |";

impl Pit {
    fn new() -> Self {
        let mut pit = Self { book: OrderBook::new(), events: Vec::new() };
        for order in [
            limit(1, Side::Buy, 10, 10_000),
            limit(2, Side::Buy, 20, 10_000),
            limit(3, Side::Sell, 10, 10_002),
            limit(4, Side::Sell, 30, 10_003),
        ] {
            pit.book.execute(&order, &mut pit.events);
        }
        assert_eq!(pit.drawn(), BEFORE);
        pit.events.clear();
        pit
    }

    fn drawn(&self) -> String {
        ladder(&self.book, &acme())
    }

    fn after(mut self, command: &Command) -> (String, Vec<BookEvent>) {
        self.book.execute(command, &mut self.events);
        check_invariants(&self.book).unwrap();
        (self.drawn(), self.events)
    }
}

/// Returns (maker order, quantity, price) of each trade.
fn trades(events: &[BookEvent]) -> Vec<(u64, u64, i64)> {
    let trade = |event: &BookEvent| match *event {
        BookEvent::Traded { maker_order, quantity, price, .. } => {
            Some((maker_order.get(), quantity.lots(), price.ticks()))
        }
        _ => None,
    };
    events.iter().filter_map(trade).collect()
}

#[test]
fn a_limit_order_trades_up_to_its_limit_and_rests() {
    let (after, events) = Pit::new().after(&limit(5, Side::Buy, 25, 10_002));
    assert_eq!(trades(&events), [(3, 10, 10_002)]);
    assert_eq!(
        after,
        "\
bid |  price | ask
    | 100.03 |  30
 15 | 100.02 |
 30 | 100.00 |"
    );
}

#[test]
fn a_market_order_walks_the_book_and_never_rests() {
    let market = command(5, 0, CommandKind::New(OrderTerms::market(Side::Buy, Quantity::new(50))));
    let (after, events) = Pit::new().after(&market);
    assert_eq!(trades(&events), [(3, 10, 10_002), (4, 30, 10_003)]);
    let quantity = Quantity::new(10);
    let (order, owner) = (OrderId::new(5), ActorId::new(0));
    let reason = CancelReason::IocRemainder;
    assert_eq!(events.last(), Some(&BookEvent::Canceled { order, owner, side: Side::Buy, quantity, reason }));
    assert_eq!(after, "bid |  price | ask\n 30 | 100.00 |");
}

#[test]
fn a_protected_market_order_stops_at_its_protection() {
    let kind = OrderKind::Market { protection: Some(Price::new(10_002)) };
    let terms = OrderTerms { kind, ..OrderTerms::market(Side::Buy, Quantity::new(50)) };
    let (_, events) = Pit::new().after(&command(5, 0, CommandKind::New(terms)));
    assert_eq!(trades(&events), [(3, 10, 10_002)]);
}

#[test]
fn a_market_order_without_anybody_to_trade_with_is_rejected() {
    let mut pit = Pit::new();
    for order in [3, 4] {
        pit.book.execute(&command(order, 0, CommandKind::Cancel), &mut pit.events);
    }
    pit.events.clear();
    let market = command(5, 0, CommandKind::New(OrderTerms::market(Side::Buy, Quantity::new(1))));
    let (_, events) = pit.after(&market);
    let reason = RejectReason::NoLiquidity;
    assert_eq!(events, [BookEvent::Rejected { order: OrderId::new(5), reason }]);
}

#[test]
fn an_immediate_order_leaves_nothing_behind() {
    let (after, events) = Pit::new().after(&with(limit(5, Side::Sell, 40, 10_000), TimeInForce::Ioc));
    assert_eq!(trades(&events), [(1, 10, 10_000), (2, 20, 10_000)]);
    assert_eq!(after, "bid |  price | ask\n    | 100.03 |  30\n    | 100.02 |  10");
}

#[test]
fn fill_or_kill_fills_whole_over_levels_or_changes_nothing() {
    let fok = |lots| with(limit(5, Side::Buy, lots, 10_003), TimeInForce::Fok);
    let (_, events) = Pit::new().after(&fok(40));
    assert_eq!(trades(&events), [(3, 10, 10_002), (4, 30, 10_003)]);
    let (after, events) = Pit::new().after(&fok(41));
    assert_eq!(events, [BookEvent::Rejected { order: OrderId::new(5), reason: RejectReason::FokUnfillable }]);
    assert_eq!(after, BEFORE);
}

#[test]
fn a_pure_decrease_keeps_its_place_and_all_else_loses_it() {
    for (change, first) in
        [(replace(1, 5, 10_000), (1, 5)), (replace(1, 10, 10_000), (1, 8)), (replace(1, 11, 10_000), (2, 8))]
    {
        let mut pit = Pit::new();
        pit.book.execute(&change, &mut pit.events);
        let (_, events) = pit.after(&limit(9, Side::Sell, 8, 10_000));
        assert_eq!(trades(&events)[0], (first.0, first.1, 10_000), "{change:?}");
    }
}

#[test]
fn a_replace_through_the_touch_trades() {
    let (after, events) = Pit::new().after(&replace(1, 10, 10_002));
    assert!(matches!(events[0], BookEvent::Replaced { kept_priority: false, .. }));
    assert_eq!(trades(&events), [(3, 10, 10_002)]);
    assert_eq!(after, "bid |  price | ask\n    | 100.03 |  30\n 20 | 100.00 |");
}

#[test]
fn a_replace_to_what_has_been_filled_cancels() {
    let mut pit = Pit::new();
    pit.book.execute(&limit(5, Side::Sell, 4, 10_000), &mut pit.events);
    pit.events.clear();
    let (_, events) = pit.after(&replace(1, 4, 10_000));
    let reason = CancelReason::ReplacedToFilled;
    let (order, owner, quantity) = (OrderId::new(1), ActorId::new(0), Quantity::new(6));
    assert_eq!(events, [BookEvent::Canceled { order, owner, side: Side::Buy, quantity, reason }]);
}

#[test]
fn a_rejected_command_changes_nothing() {
    let foreign = |kind| command(1, 7, kind);
    let zero = CommandKind::Replace { price: Price::new(1), quantity: Quantity::ZERO };
    for (wrong, reason) in [
        (limit(1, Side::Buy, 5, 10_001), RejectReason::DuplicateOrder),
        (limit(9, Side::Buy, 0, 10_001), RejectReason::ZeroQuantity),
        (command(9, 0, CommandKind::Cancel), RejectReason::UnknownOrder),
        (foreign(CommandKind::Cancel), RejectReason::NotOwner),
        (foreign(zero), RejectReason::NotOwner),
        (command(1, 0, zero), RejectReason::ZeroQuantity),
    ] {
        let (after, events) = Pit::new().after(&wrong);
        assert_eq!(after, BEFORE);
        match events[..] {
            [
                BookEvent::Rejected { reason: given, .. } | BookEvent::CommandRejected { reason: given, .. },
            ] => {
                assert_eq!(given, reason);
            }
            _ => panic!("{wrong:?} gave {events:?}"),
        }
    }
}

#[test]
fn expiry_goes_from_the_touch_outward_in_order_of_time() {
    let mut pit = Pit::new();
    pit.book.execute(&limit(5, Side::Buy, 1, 9_999), &mut pit.events);
    pit.events.clear();
    pit.book.expire_all(&mut pit.events);
    let order = |event: &BookEvent| match event {
        BookEvent::Expired { order, .. } => order.get(),
        _ => panic!("{event:?}"),
    };
    assert_eq!(pit.events.iter().map(order).collect::<Vec<_>>(), [1, 2, 5, 3, 4]);
    assert!(pit.book.is_empty());
}

/// Commands over few ids, owners and prices, so that they meet.
fn any_command() -> impl Strategy<Value = Command> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let price = (90..110_i64).prop_map(Price::new);
    let quantity = prop_oneof![10 => 1..30_u64, 1 => Just(0)].prop_map(Quantity::new);
    let time_in_force =
        prop_oneof![4 => Just(TimeInForce::Gtc), 1 => Just(TimeInForce::Ioc), 1 => Just(TimeInForce::Fok)];
    let kind = prop_oneof![
        6 => price.clone().prop_map(OrderKind::Limit),
        1 => prop::option::of(price.clone()).prop_map(|protection| OrderKind::Market { protection }),
    ];
    let terms = (side, quantity.clone(), kind, time_in_force)
        .prop_map(|(side, quantity, kind, time_in_force)| OrderTerms { side, quantity, kind, time_in_force });
    let kind = prop_oneof![
        5 => terms.prop_map(CommandKind::New),
        2 => Just(CommandKind::Cancel),
        2 => (price, quantity).prop_map(|(price, quantity)| CommandKind::Replace { price, quantity }),
    ];
    (0..60_u64, 0..2_u32, kind).prop_map(|(order, owner, kind)| command(order, owner, kind))
}

/// Checks one command's trades against the levels before it: makers' prices, best first, within the limit.
fn check_trades(
    before: &[(Side, Vec<i64>)],
    events: &[BookEvent],
    limit: Option<Price>,
) -> Result<(), TestCaseError> {
    let mut last: Option<(Side, i64)> = None;
    for event in events {
        let BookEvent::Traded { price, aggressor, .. } = *event else { continue };
        prop_assert!(limit.is_none_or(|limit| aggressor.accepts(limit, price)), "traded through the limit");
        let rank = price.ticks() * aggressor.sign();
        prop_assert!(last.is_none_or(|(_, worse)| worse <= rank), "a better price was passed over");
        let levels = before.iter().find(|(side, _)| *side == aggressor.opposite());
        prop_assert!(levels.is_some_and(|(_, prices)| prices.contains(&price.ticks())), "no maker was there");
        if last.is_none() {
            prop_assert_eq!(levels.and_then(|(_, prices)| prices.first()), Some(&price.ticks()));
        }
        last = Some((aggressor, rank));
    }
    Ok(())
}

/// Counts lots in and out: (accepted or changed by replaces, traded on both sides, taken out).
fn count(events: &[BookEvent], command: &Command, lots: &mut [i64; 3], leaves_before: i64) {
    for event in events {
        match *event {
            BookEvent::Accepted { .. } => {
                if let CommandKind::New(terms) = command.kind {
                    lots[0] += terms.quantity.net().lots();
                }
            }
            BookEvent::Replaced { leaves, .. } => lots[0] += leaves.net().lots() - leaves_before,
            BookEvent::Traded { quantity, .. } => lots[1] += 2 * quantity.net().lots(),
            BookEvent::Canceled { quantity, .. } | BookEvent::Expired { quantity, .. } => {
                lots[2] += quantity.net().lots();
            }
            BookEvent::Rejected { .. } | BookEvent::CommandRejected { .. } => {}
        }
    }
}

fn resting(book: &OrderBook) -> i64 {
    Side::BOTH.iter().flat_map(|side| book.levels(*side)).map(|level| level.size.net().lots()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn prop_the_engine_does_what_the_reference_does(commands in prop::collection::vec(any_command(), 1..250)) {
        let (mut engine, mut reference) = (OrderBook::new(), ReferenceBook::new());
        let mut lots = [0_i64; 3];
        for command in commands {
            let (mut events, mut expected) = (Vec::new(), Vec::new());
            let before = Side::BOTH.map(|side| {
                (side, engine.levels(side).iter().map(|level| level.price.ticks()).collect::<Vec<_>>())
            });
            let leaves = engine.slab.find(command.order).map_or(0, |slot| engine.slab.get(slot).leaves.net().lots());
            engine.execute(&command, &mut events);
            reference.execute(&command, &mut expected);
            prop_assert_eq!(&events, &expected, "{:?}", command);
            for side in Side::BOTH {
                prop_assert_eq!(engine.levels(side), reference.levels(side));
            }
            prop_assert_eq!(engine.quote(), reference.quote());
            prop_assert_eq!(check_invariants(&engine), Ok(()));
            let limit = match command.kind {
                CommandKind::New(terms) => terms.kind.worst_price(),
                CommandKind::Replace { price, .. } => Some(price),
                CommandKind::Cancel => None,
            };
            check_trades(&before, &events, limit)?;
            count(&events, &command, &mut lots, leaves);
            prop_assert_eq!(lots[0], lots[1] + lots[2] + resting(&engine), "lots were lost or made");
        }
        let (mut events, mut expected) = (Vec::new(), Vec::new());
        engine.expire_all(&mut events);
        reference.expire_all(&mut expected);
        prop_assert_eq!(events, expected);
        prop_assert!(engine.is_empty());
    }
}
