//! Reduce-only: never more than the position, own orders counted.

use super::*;

fn would_not(asked: u64, reducible: u64) -> Result<u64, Refusal> {
    let (asked, reducible) = (Quantity::new(asked), Quantity::new(reducible));
    Err(Refusal::WouldNotReduce { asked, reducible })
}

#[test]
fn only_what_is_left_of_the_position_can_be_reduced() {
    let mut desk = Desk::new(1_000, 10, 100);
    assert_eq!(desk.submit(reducing(buy(1, 10))), would_not(1, 0));
    assert_eq!(desk.submit(reducing(sell(11, 10))), would_not(11, 10));
    desk.submit(sell(4, 10)).unwrap();
    assert_eq!(desk.submit(reducing(sell(7, 10))), would_not(7, 6));
    desk.submit(reducing(sell(6, 10))).unwrap();
    assert_eq!(desk.submit(reducing(sell(1, 10))), would_not(1, 0));
}

#[test]
fn a_short_position_is_reduced_by_buying() {
    let mut desk = Desk::new(1_000, 0, 10);
    let sale = desk.submit(sell(5, 10)).unwrap();
    desk.fill(sale, 10, 5);
    assert_eq!(desk.submit(reducing(sell(1, 10))), would_not(1, 0));
    assert_eq!(desk.submit(reducing(buy(6, 10))), would_not(6, 5));
    desk.submit(reducing(buy(5, 10))).unwrap();
}

#[test]
fn linked_orders_count_once() {
    let mut desk = Desk::new(1_000, 10, 100);
    let first = desk.submit(reducing(sell(8, 20))).unwrap();
    desk.submit(or(reducing(stop(Side::Sell, 8, 5)), first)).unwrap();
    assert_eq!(desk.submit(reducing(sell(3, 10))), would_not(3, 2));
    desk.submit(reducing(sell(2, 10))).unwrap();
}

#[test]
fn a_replace_up_is_checked_likewise() {
    let mut desk = Desk::new(1_000, 10, 100);
    let id = desk.submit(reducing(sell(4, 20))).unwrap();
    desk.submit(sell(3, 20)).unwrap();
    assert_eq!(desk.replace(id, 20, 8).map(|()| 0), would_not(8, 7));
    assert_eq!(desk.replace(id, 20, 7), Ok(()));
}

#[test]
fn credit_without_limit_does_not_lift_it() {
    let config = AccountConfig { credit: Credit::Unlimited, ..AccountConfig::default() };
    assert_eq!(Desk::of(&config).submit(reducing(sell(1, 10))), would_not(1, 0));
}

#[test]
fn the_newest_orders_no_longer_fit_once_the_position_has_shrunk() {
    let mut desk = Desk::new(1_000, 10, 100);
    let [a, b, c] = [2, 3, 5].map(|lots| desk.submit(reducing(sell(lots, 20))).unwrap());
    assert_eq!(desk.unfit(), Vec::<u64>::new());
    let sale = desk.submit(sell(6, 10)).unwrap();
    assert_eq!(desk.unfit(), Vec::<u64>::new());
    desk.fill(sale, 10, 6);
    assert_eq!(desk.unfit(), vec![c, b]);
    desk.account.admit_cancel(OrderId::new(c)).unwrap();
    assert_eq!(desk.unfit(), vec![b]);
    desk.account.admit_cancel(OrderId::new(b)).unwrap();
    assert_eq!(desk.unfit(), Vec::<u64>::new());
    assert!(!desk.order(a).cancel_sent);
}

#[test]
fn of_linked_orders_both_go_or_none() {
    let mut desk = Desk::new(1_000, 10, 100);
    let a = desk.submit(reducing(sell(4, 20))).unwrap();
    let b = desk.submit(reducing(sell(6, 20))).unwrap();
    let c = desk.submit(or(reducing(stop(Side::Sell, 4, 5)), a)).unwrap();
    let sale = desk.submit(sell(4, 10)).unwrap();
    desk.fill(sale, 10, 4);
    assert_eq!(desk.unfit(), vec![c, a]);
    let sale = desk.submit(sell(6, 10)).unwrap();
    desk.fill(sale, 10, 1);
    assert_eq!(desk.unfit(), vec![c, b, a]);
}
