//! One cancels other: the pair holds the larger of its two cases.

use super::*;

#[test]
fn linked_sales_hold_their_lots_once() {
    let mut desk = Desk::new(0, 10, 0);
    let profit = desk.submit(sell(10, 120)).unwrap();
    let loss = desk.submit(or(stop(Side::Sell, 10, 90), profit)).unwrap();
    assert_eq!(desk.sellable(), 0);
    desk.fill(profit, 120, 4);
    assert_eq!((desk.sellable(), desk.order(loss).leaves), (0, Quantity::new(6)));
    desk.hear(loss, ReportKind::Reduced { leaves: Quantity::new(6), reason: ReduceReason::Linked });
    desk.fill(loss, 90, 1);
    desk.fill(loss, 90, 5);
    assert_eq!((desk.sellable(), desk.order(profit).leaves), (0, Quantity::ZERO));
    desk.hear(profit, LINKED);
    assert_eq!((desk.sellable(), desk.open()), (0, vec![]));
}

#[test]
fn linked_purchases_hold_the_larger_cash() {
    let mut desk = Desk::new(1_100, 0, 0);
    let cheap = desk.submit(buy(10, 80)).unwrap();
    let dear = desk.submit(or(stop(Side::Buy, 10, 100), cheap)).unwrap();
    assert_eq!((desk.order(dear).price, desk.free()), (Some(Price::new(106)), 40));
    desk.fill(cheap, 80, 4);
    // Six are open of both, at 106 at worst.
    assert_eq!(desk.free(), 1_100 - 320 - 636);
    desk.hear(dear, ReportKind::Reduced { leaves: Quantity::new(6), reason: ReduceReason::Linked });
    desk.hear(cheap, REQUESTED);
    assert_eq!(desk.free(), 780);
    desk.hear(dear, LINKED);
    assert_eq!(desk.free(), 780);
}

#[test]
fn what_a_pair_does_not_cover_is_refused_and_the_protection_ends_where_cash_does() {
    let mut desk = Desk::new(1_000, 0, 0);
    let cheap = desk.submit(buy(10, 80)).unwrap();
    let too_dear = desk.submit(or(buy(10, 101), cheap));
    let needed = Money::from_whole(1_010);
    assert_eq!(too_dear, Err(Refusal::InsufficientCash { needed, free: Money::from_whole(1_000) }));
    assert_eq!((desk.free(), desk.order(cheap).partner), (200, None));
    let dear = desk.submit(or(stop(Side::Buy, 10, 98), cheap)).unwrap();
    assert_eq!((desk.order(dear).price, desk.free()), (Some(Price::new(100)), 0));
}

#[test]
fn a_rejected_leg_leaves_the_first_as_it_was() {
    let mut desk = Desk::new(0, 10, 0);
    let first = desk.submit(sell(10, 120)).unwrap();
    let second = desk.submit(or(sell(10, 130), first)).unwrap();
    desk.hear(second, UNLINKABLE);
    assert_eq!((desk.sellable(), desk.order(first).partner), (0, None));
    assert_eq!(desk.order(first).leaves, Quantity::new(10));
    // And it can be linked with another.
    assert!(desk.submit(or(sell(10, 130), first)).is_ok());
}

#[test]
fn a_first_leg_that_fills_or_ends_while_the_second_is_on_its_way_underflows_nothing() {
    for (lots, end) in [(10, None), (3, Some(REQUESTED)), (0, Some(UNLINKABLE))] {
        let mut desk = Desk::new(0, 10, 0);
        let first = desk.submit(sell(10, 120)).unwrap();
        let second = desk.submit(or(sell(10, 130), first)).unwrap();
        if lots > 0 {
            desk.fill(first, 120, lots);
        }
        if let Some(end) = end {
            desk.hear(first, end);
        }
        assert_eq!((desk.open(), desk.sellable()), (vec![second], 10 - i64::try_from(lots).unwrap()));
        desk.hear(second, UNLINKABLE);
        assert_eq!((desk.open(), desk.sellable()), (vec![], 10 - i64::try_from(lots).unwrap()));
    }
}

#[test]
fn a_part_fill_before_the_second_leg_comes_stays_with_the_first() {
    let mut desk = Desk::new(1_000, 0, 0);
    let first = desk.submit(buy(10, 80)).unwrap();
    let second = desk.submit(or(buy(10, 100), first)).unwrap();
    assert_eq!(desk.free(), 0);
    desk.fill(first, 80, 4);
    assert_eq!(desk.free(), 80);
    desk.hear(second, UNLINKABLE);
    assert_eq!((desk.free(), desk.order(first).leaves), (200, Quantity::new(6)));
}

#[test]
fn only_what_fits_can_be_linked() {
    let mut desk = Desk::new(10_000, 50, 0);
    let first = desk.submit(sell(10, 120)).unwrap();
    let unfit = |id: u64| Err(Refusal::LinkUnfit(OrderId::new(id)));
    assert_eq!(desk.submit(or(sell(10, 120), 99)), unfit(99));
    assert_eq!(desk.submit(or(buy(10, 120), first)), unfit(first));
    assert_eq!(desk.submit(or(sell(9, 120), first)), unfit(first));
    let entry = desk.submit(bracket(sell(10, 100), 90, 110)).unwrap();
    assert_eq!(desk.submit(or(sell(10, 120), entry)), unfit(entry));
    assert_eq!(desk.submit(or(sell(10, 120), entry + 1)), unfit(entry + 1));
    desk.replace(first, 121, 10).unwrap();
    let pending = Refusal::ReplacePending(OrderId::new(first));
    assert_eq!(desk.submit(or(sell(10, 120), first)), Err(pending));
    desk.hear(first, ReportKind::CommandRejected(RejectReason::PhaseForbids));
    desk.submit(or(sell(10, 120), first)).unwrap();
    assert_eq!(desk.submit(or(sell(10, 120), first)), unfit(first));
}

#[test]
fn an_order_of_another_listing_cannot_be_linked() {
    let mut desk = Desk::new(0, 20, 0);
    let first = desk.submit(sell(10, 120)).unwrap();
    let refused = desk.with(|account, at| {
        let elsewhere = OrderContext { listing: ListingId::new(1), ..*at };
        account.admit(OrderId::new(7), or(sell(10, 130), first), &elsewhere, None)
    });
    assert_eq!(refused, Err(Refusal::LinkUnfit(OrderId::new(first))));
}

#[test]
fn a_linked_order_keeps_its_quantity_but_may_change_its_price() {
    let mut desk = Desk::new(1_000, 0, 0);
    let first = desk.submit(buy(10, 80)).unwrap();
    let second = desk.submit(or(buy(10, 90), first)).unwrap();
    assert_eq!(desk.replace(second, 90, 9), Err(Refusal::Unfit(RejectReason::NotReplaceable)));
    desk.replace(first, 95, 10).unwrap();
    assert_eq!(desk.free(), 50);
    // The other trades first: the replace will be rejected, or concern what is left.
    desk.fill(second, 90, 4);
    assert_eq!(desk.free(), 1_000 - 360 - 570);
    desk.hear(first, ReportKind::Reduced { leaves: Quantity::new(6), reason: ReduceReason::Linked });
    desk.hear(first, ReportKind::CommandRejected(RejectReason::NotReplaceable));
    assert_eq!(desk.free(), 1_000 - 360 - 540);
}
