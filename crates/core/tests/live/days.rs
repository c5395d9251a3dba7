//! A market that goes on: what one day leaves, and what the next begins with.

use super::*;

use bearpit_core::exchange::{ClosingState, MarketEnd};
use bearpit_core::market::{QuoteLevel, TimeInForce, Transfer};
use bearpit_core::units::OrderId;

/// The market of a later day: as [`builder`], but from then on, with what the last one left.
fn next(state: ClosingState, millis: i64, noise: u32) -> (MarketBuilder, Facts) {
    let facts = Facts::default();
    let mut builder = builder_from(millis, noise);
    builder.sink(Box::new(facts.clone()));
    builder.goes_on();
    builder.opening(state);
    (builder, facts)
}

fn lasting(noise: u32) -> MarketBuilder {
    let mut builder = builder(noise);
    builder.goes_on();
    builder
}

fn submitted(outcome: Result<Outcome, RequestRefusal>) -> OrderId {
    let order = match outcome.unwrap() {
        Outcome::Submitted { order, .. } => Some(order),
        _ => None,
    };
    order.unwrap()
}

/// Settles at `millis`, and returns what is left.
fn left(mut live: Live, millis: i64) -> ClosingState {
    live.market.step(after(millis), u64::MAX).unwrap();
    live.market.settle().unwrap();
    live.market.closing_state().unwrap().clone()
}

/// Returns the open orders of a book, by time.
fn open_orders(state: &ClosingState) -> Vec<u64> {
    state.listings[0].book.iter().flat_map(|book| &book.orders).map(|order| order.id.get()).collect()
}

#[test]
fn after_a_stop_within_a_day_all_orders_are_there_in_their_order_of_time() {
    let mut live = Live::start(lasting(0));
    live.join(1, "anne", "desk").unwrap();
    let day = |terms: OrderTerms| terms.with(TimeInForce::Day);
    let first = submitted(live.submit(10, "anne", day(limit(Side::Sell, 4, 10_000))));
    let second = submitted(live.submit(11, "a", limit(Side::Sell, 3, 10_000)));
    let third = submitted(live.submit(12, "b", limit(Side::Buy, 9, 9_000)));
    // Half of the first is gone.
    live.submit(13, "b", limit(Side::Buy, 2, 10_000)).unwrap();
    let state = left(live, 14);
    assert_eq!((state.end, state.at), (MarketEnd::Stopped, after(14)));
    assert_eq!(open_orders(&state), [first, second, third].map(OrderId::get));

    let (builder, facts) = next(state.clone(), 14, 0);
    let mut live = Live::start(builder);
    let opened: Vec<String> = facts.0.borrow().iter().map(|(at, fact)| described(*at, fact)).collect();
    let expected = [
        "14 a opens with 100000.00 and 1000 lots",
        "14 b opens with 99800.00 and 1002 lots",
        "14 anne opens with 5200.00 and 8 lots",
        "14 order 0: 2 lots at 10000",
        "14 order 1: 3 lots at 10000",
        "14 order 2: 9 lots at 9000",
        "14 touch 9 at 9000, 5 at 10000",
    ];
    assert_eq!(opened, expected);
    let anne = live.id("anne");
    let account = |live: &Live, owner| live.market.world().domain().account(owner).unwrap().clone();
    assert_eq!(account(&live, anne).sellable(ACME).lots(), 6, "two of her eight are offered");
    let order = account(&live, anne).order(first).unwrap();
    assert_eq!((order.quantity.lots(), order.leaves.lots(), order.sent_at), (4, 2, after(10)));
    // The older one trades first, whoever comes, and ids go on.
    let taker = submitted(live.submit(20, "b", limit(Side::Buy, 3, 10_000)));
    assert_eq!(taker.get(), state.next_order);
    let trades: Vec<(u64, u64, u64)> = facts
        .0
        .borrow()
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::Traded(trade) => Some((trade.id.get(), trade.maker_order.get(), trade.quantity.lots())),
            _ => None,
        })
        .collect();
    let next_trade = state.next_trade;
    assert_eq!(trades, [(next_trade, first.get(), 2), (next_trade + 1, second.get(), 1)]);
    live.instruct(30, "anne", Instruction::Cancel(first)).unwrap_err();
    live.instruct(31, "b", Instruction::Cancel(third)).unwrap();
    live.finish();
}

#[test]
fn a_day_that_ends_leaves_only_lasting_orders_of_people_and_the_crowd_begins_anew() {
    let facts = Facts::default();
    let mut builder = lasting(0);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    live.join(1, "anne", "desk").unwrap();
    let kept = submitted(live.submit(10, "anne", limit(Side::Sell, 4, 10_000)));
    let day = submitted(live.submit(11, "anne", limit(Side::Sell, 4, 10_000).with(TimeInForce::Day)));
    let dated = TimeInForce::Gtd(after(90_000));
    let dated = submitted(live.submit(12, "anne", limit(Side::Buy, 1, 9_000).with(dated)));
    let crowd = submitted(live.submit(13, "a", limit(Side::Sell, 5, 10_010)));
    // The crowd buys one lot from a person, and loses money to her.
    live.submit(14, "b", limit(Side::Buy, 1, 10_000)).unwrap();
    let state = left(live, 60_000);
    assert_eq!(state.end, MarketEnd::DayOver);
    assert_eq!(open_orders(&state), [kept, dated].map(OrderId::get));
    let ended: Vec<String> = facts
        .0
        .borrow()
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::OrderExpired { order, reason, .. } => Some(format!("{order}: {reason}")),
            _ => None,
        })
        .collect();
    let expired = [format!("{crowd}: the venue closed for good"), format!("{day}: the session closed")];
    assert_eq!(ended, expired);

    let (builder, facts) = next(state, 80_000, 0);
    let live = Live::start(builder);
    let opened: Vec<String> = facts.0.borrow().iter().map(|(at, fact)| described(*at, fact)).collect();
    let expected = [
        "80000 b is funded with 100.00",
        "80000 b is funded with -1 lots",
        "80000 a opens with 100000.00 and 1000 lots",
        "80000 b opens with 100000.00 and 1000 lots",
        "80000 anne opens with 5100.00 and 9 lots",
        "80000 order 0: 3 lots at 10000",
        "80000 order 2: 1 lots at 9000",
        "80000 touch 1 at 9000, 3 at 10000",
    ];
    assert_eq!(opened, expected);
    // The date comes on the second day, and money is conserved over both.
    let state = left(live, 140_000);
    assert_eq!(open_orders(&state), [kept.get()]);
    let date: Vec<String> = facts.0.borrow().iter().map(|(at, fact)| described(*at, fact)).skip(8).collect();
    assert_eq!(date[0], "90000 order 2 expires: its date was reached");
}

/// Returns a fact in words, for the participants of these tests.
fn described(at: SimTime, fact: &Fact) -> String {
    let millis = (at - open()).nanos() / 1_000_000;
    let name = |owner: &ActorId| ["a", "b", "anne"].get(owner.index() - 2).copied().unwrap_or("?");
    let text = match fact {
        Fact::AccountOpened(opening) => {
            let lots: i64 = opening.holdings.iter().map(|(_, holding)| holding.lots()).sum();
            format!("{} opens with {} and {lots} lots", opening.name, opening.cash)
        }
        Fact::AccountFunded { owner, funding } => match funding.transfer {
            Transfer::Cash(amount) => format!("{} is funded with {amount}", name(owner)),
            Transfer::Shares { quantity, .. } => format!("{} is funded with {quantity} lots", name(owner)),
        },
        Fact::OrderAccepted { order, terms, .. } => {
            let price = terms.kind.limit().map_or(0, Price::ticks);
            format!("order {order}: {} lots at {price}", terms.quantity)
        }
        Fact::OrderExpired { order, reason, .. } => format!("order {order} expires: {reason}"),
        Fact::TouchChanged { quote, .. } => {
            let level = |level: Option<QuoteLevel>| {
                level.map_or_else(|| "none".to_owned(), |level| format!("{} at {}", level.size, level.price))
            };
            format!("touch {}, {}", level(quote.bid), level(quote.ask))
        }
        other => format!("{other:?}"),
    };
    format!("{millis} {text}")
}
