//! One-exit brackets and pairs, and replaces of more than price and quantity.

use super::*;

fn linked(terms: OrderTerms, link: Link) -> OrderTerms {
    OrderTerms { link, ..terms }
}

const fn stop_at(trigger: i64) -> StopLoss {
    StopLoss::at(Price::new(trigger))
}

const fn limited(trigger: i64, limit: i64) -> StopLoss {
    StopLoss::Limit { trigger: Price::new(trigger), limit: Price::new(limit) }
}

fn profit_only(terms: OrderTerms, take_profit: i64) -> OrderTerms {
    linked(terms, Link::Bracket { take_profit: Some(Price::new(take_profit)), stop_loss: None })
}

fn loss_only(terms: OrderTerms, stop: StopLoss) -> OrderTerms {
    linked(terms, Link::Bracket { take_profit: None, stop_loss: Some(stop) })
}

fn replaced(order: OrderKind, time_in_force: TimeInForce, leaves: u64) -> ReportKind {
    ReportKind::TermsReplaced { kind: order, time_in_force, leaves: Quantity::new(leaves) }
}

#[test]
fn the_only_exit_holds_what_the_entry_has_traded_and_may_yet_trade() {
    let mut desk = Desk::new(2_000, 0, 10);
    let entry = desk.submit(profit_only(sell(10, 100), 90)).unwrap();
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![entry, entry + 1], 1_100, 0));
    desk.fill(entry, 100, 4);
    desk.hear(entry + 1, ReportKind::Accepted);
    assert_eq!((desk.order(entry + 1).leaves, desk.free()), (Quantity::new(4), 1_500));
    desk.hear(entry, REQUESTED);
    assert_eq!(desk.free(), 2_400 - 360);
    desk.fill(entry + 1, 90, 4);
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![], 2_040, 10));

    // A stop without a limit is protected, one with a limit holds that.
    for (stop, held) in [(stop_at(110), 1_160), (limited(110, 112), 1_120)] {
        let mut desk = Desk::new(2_000, 0, 10);
        let entry = desk.submit(loss_only(sell(10, 100), stop)).unwrap();
        assert_eq!((desk.open(), desk.free()), (vec![entry, entry + 2], 2_000 - held));
        desk.hear(entry, UNLINKABLE);
        assert_eq!((desk.open(), desk.free()), (vec![], 2_000));
    }
}

#[test]
fn the_only_exit_is_neither_linked_nor_resized_by_its_owner() {
    let mut desk = Desk::new(2_000, 0, 0);
    let entry = desk.submit(profit_only(buy(10, 100), 120)).unwrap();
    let before = Replacement::at(Price::new(119), Quantity::new(10));
    assert_eq!(desk.change(entry + 1, before), Err(Refusal::NotEntered(OrderId::new(entry + 1))));
    desk.fill(entry, 100, 10);
    desk.hear(entry + 1, ReportKind::Accepted);
    let unfit = Refusal::LinkUnfit(OrderId::new(entry + 1));
    assert_eq!(desk.submit(or(stop(Side::Sell, 10, 90), entry + 1)), Err(unfit));
    let smaller = desk.replace(entry + 1, 120, 9);
    assert_eq!(smaller, Err(Refusal::Unfit(RejectReason::NotReplaceable)));
    assert_eq!(desk.replace(entry + 1, 119, 10), Ok(()));
}

#[test]
fn a_pair_is_held_once() {
    // To sell ten at 120, or at the market from 90 on: ten shares, not twenty.
    let mut desk = Desk::new(0, 0, 10);
    let first = desk.submit(linked(sell(10, 120), Link::Pair(stop_at(90)))).unwrap();
    assert_eq!((desk.open(), desk.sellable()), (vec![first, first + 1], 0));
    assert_eq!(desk.account.admit_cancel(OrderId::new(first + 1)).unwrap_err().name(), "not_entered");
    desk.hear(first, ReportKind::Accepted);
    desk.hear(first + 1, ReportKind::Accepted);
    desk.fill(first, 120, 4);
    assert_eq!((desk.order(first + 1).leaves, desk.sellable()), (Quantity::new(6), 0));
    desk.fill(first, 120, 6);
    desk.hear(first + 1, LINKED);
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![], 1_200, 0));

    // To buy ten at 90, or from 110 on at 116 at worst: the dearer of the two.
    let mut desk = Desk::new(1_160, 0, 0);
    let first = desk.submit(linked(buy(10, 90), Link::Pair(stop_at(110)))).unwrap();
    assert_eq!((desk.order(first + 1).price, desk.free()), (Some(Price::new(116)), 0));
    // Where cash ends within the collar, so does the protection; below the trigger there is none.
    let mut just = Desk::new(1_100, 0, 0);
    let first = just.submit(linked(buy(10, 90), Link::Pair(stop_at(110)))).unwrap();
    assert_eq!((just.order(first + 1).price, just.free()), (Some(Price::new(110)), 0));
    let mut poor = Desk::new(1_099, 0, 0);
    let refused = poor.submit(linked(buy(10, 90), Link::Pair(stop_at(110))));
    assert!(matches!(refused, Err(Refusal::InsufficientCash { .. })));
    assert_eq!((poor.open(), poor.free()), (vec![], 1_099));
}

#[test]
fn a_pair_that_is_rejected_leaves_nothing() {
    let mut desk = Desk::new(0, 0, 10);
    let first = desk.submit(linked(sell(10, 120), Link::Pair(limited(90, 80)))).unwrap();
    desk.hear(first, ReportKind::Rejected(RejectReason::PhaseForbids));
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![], 0, 10));
    let crossed = desk.submit(linked(sell(10, 120), Link::Pair(stop_at(120))));
    assert_eq!(crossed, Err(Refusal::Unfit(RejectReason::ExitsCross)));
}

#[test]
fn a_pair_of_reduce_only_orders_counts_once_and_goes_with_the_position() {
    let mut desk = Desk::new(0, 10, 0);
    let pair = OrderTerms { reduce_only: true, ..linked(sell(10, 120), Link::Pair(stop_at(90))) };
    let first = desk.submit(pair).unwrap();
    assert_eq!(desk.unfit(), [0; 0]);
    let more = OrderTerms { reduce_only: true, ..sell(1, 100) };
    assert!(matches!(desk.submit(more), Err(Refusal::WouldNotReduce { .. })));
    desk.hear(first, ReportKind::Accepted);
    desk.hear(first + 1, ReportKind::Accepted);
    assert_eq!(desk.unfit(), [0; 0]);
}

#[test]
fn a_replace_of_a_trailing_stop_keeps_what_it_holds() {
    let distance = TrailingDistance::Ticks(10);
    let kind = OrderKind::TrailingStop { distance, protection: None };
    let mut desk = Desk::new(2_000, 0, 0);
    // It trails the ask of 100 at 110, and may reach 116.
    let id = desk.submit(OrderTerms { kind, ..buy(10, 1) }).unwrap();
    assert_eq!(desk.free(), 2_000 - 1_160);
    let closer = Replacement { distance: Some(TrailingDistance::BasisPoints(500)), ..Replacement::default() };
    desk.change(id, closer).unwrap();
    assert_eq!(desk.free(), 2_000 - 1_160);
    let kind = closer.kind(desk.order(id).kind).unwrap();
    desk.hear(id, replaced(kind, TimeInForce::Day, 10));
    assert_eq!((desk.order(id).kind, desk.order(id).pending, desk.free()), (kind, None, 840));
    assert_eq!(desk.order(id).time_in_force, TimeInForce::Day);
    let zero = Replacement { distance: Some(TrailingDistance::Ticks(0)), ..Replacement::default() };
    assert_eq!(desk.change(id, zero), Err(Refusal::PriceOutOfRange));
}

#[test]
fn a_replace_asks_for_what_the_kind_has_and_what_may_wait() {
    let mut desk = Desk::new(2_000, 0, 0);
    let id = desk.submit(buy(10, 100)).unwrap();
    let nothing = Replacement::default();
    let trail = Replacement { distance: Some(TrailingDistance::Ticks(5)), ..nothing };
    let trigger = Replacement { trigger: Some(Price::new(90)), ..nothing };
    for new in [trail, trigger] {
        assert_eq!(desk.change(id, new), Err(Refusal::Unfit(RejectReason::NotReplaceable)));
    }
    let at_once = Replacement { time_in_force: Some(TimeInForce::Ioc), ..nothing };
    assert_eq!(desk.change(id, at_once), Err(Refusal::Unfit(RejectReason::ContradictoryTerms)));
    let day = Replacement { time_in_force: Some(TimeInForce::Day), ..nothing };
    desk.change(id, day).unwrap();
    assert_eq!((desk.free(), desk.order(id).most_leaves()), (1_000, Quantity::new(10)));
    desk.hear(id, replaced(OrderKind::Limit(Price::new(100)), TimeInForce::Day, 10));
    assert_eq!((desk.free(), desk.order(id).time_in_force), (1_000, TimeInForce::Day));
    // A stop's trigger must stay within what it may cost.
    let id = desk.submit(stop(Side::Buy, 1, 110)).unwrap();
    let beyond = Replacement { trigger: Some(Price::new(117)), ..nothing };
    assert_eq!(desk.change(id, beyond), Err(Refusal::BeyondProtection(Price::new(116))));
    assert_eq!(desk.change(id, Replacement { trigger: Some(Price::new(116)), ..nothing }), Ok(()));
}
