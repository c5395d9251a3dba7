//! Orders by themselves: every kind's worst case, and what reports make of it.

use super::*;

#[test]
fn every_kind_of_purchase_holds_its_worst_price() {
    let trailing = |distance| OrderKind::TrailingStop { distance, protection: None };
    let stop_limit = OrderKind::StopLimit { trigger: Price::new(110), limit: Price::new(90) };
    for (terms, price) in [
        (buy(1, 95), 95),
        (OrderTerms::market(Side::Buy, Quantity::new(1)), 106),
        (stop(Side::Buy, 1, 200), 211),
        (OrderTerms { kind: stop_limit, ..buy(1, 1) }, 90),
        (OrderTerms { kind: trailing(TrailingDistance::Ticks(20)), ..buy(1, 1) }, 127),
        (OrderTerms { kind: trailing(TrailingDistance::BasisPoints(2_000)), ..buy(1, 1) }, 127),
        (pegged(Side::Buy, 1, Some(120)), 120),
    ] {
        let mut desk = Desk::new(1_000, 0, 0);
        let id = desk.submit(terms).unwrap();
        assert_eq!((desk.order(id).price, desk.free()), (Some(Price::new(price)), 1_000 - i128::from(price)));
    }
    let without = Desk::new(1_000, 0, 0).submit(pegged(Side::Buy, 1, None));
    assert_eq!(without, Err(Refusal::NeedsLimit));
}

#[test]
fn a_pegged_sale_never_goes_below_one_tick() {
    let mut desk = Desk::new(0, 1, 0);
    let id = desk.submit(pegged(Side::Sell, 1, None)).unwrap();
    assert_eq!(desk.order(id).price, Some(Price::new(1)));
}

#[test]
fn a_pegged_purchase_holds_its_limit_wherever_it_rests() {
    let mut desk = Desk::new(1_000, 0, 0);
    let id = desk.submit(pegged(Side::Buy, 5, Some(120))).unwrap();
    for price in [None, Some(Price::new(90)), Some(Price::new(110))] {
        desk.hear(id, ReportKind::Repriced { price });
        assert_eq!((desk.free(), desk.order(id).price), (400, Some(Price::new(120))));
    }
}

#[test]
fn a_slide_and_the_rest_of_a_market_to_limit_order_lower_the_hold() {
    let to_limit = OrderKind::MarketToLimit { protection: None };
    for terms in [buy(5, 105), OrderTerms { kind: to_limit, ..buy(5, 1) }] {
        let mut desk = Desk::new(1_000, 0, 0);
        let id = desk.submit(terms).unwrap();
        desk.hear(id, ReportKind::Repriced { price: Some(Price::new(99)) });
        assert_eq!(desk.free(), 505);
        assert_eq!(desk.order(id).kind, OrderKind::Limit(Price::new(99)));
    }
}

#[test]
fn a_replace_of_a_waiting_stop_moves_the_trigger_and_not_the_worst_case() {
    let mut desk = Desk::new(1_000, 0, 0);
    let id = desk.submit(stop(Side::Buy, 2, 120)).unwrap();
    assert_eq!((desk.order(id).price, desk.free()), (Some(Price::new(127)), 746));
    desk.replace(id, 110, 3).unwrap();
    assert_eq!(desk.free(), 1_000 - 3 * 127);
    desk.hear(id, ReportKind::Replaced { price: Price::new(110), leaves: Quantity::new(3) });
    assert_eq!((desk.order(id).price, desk.free()), (Some(Price::new(127)), 1_000 - 3 * 127));
    assert_eq!(desk.order(id).kind.trigger(), Some(Price::new(110)));
    desk.hear(id, ReportKind::Triggered { trigger: Price::new(110) });
    assert_eq!(desk.order(id).kind, OrderKind::Market { protection: Some(Price::new(127)) });
    assert_eq!(desk.free(), 1_000 - 3 * 127);
}

#[test]
fn a_trigger_beyond_the_protection_is_refused() {
    let mut desk = Desk::new(10_000, 10, 0);
    let id = desk.submit(stop(Side::Buy, 2, 120)).unwrap();
    assert_eq!(desk.replace(id, 128, 2), Err(Refusal::BeyondProtection(Price::new(127))));
    assert_eq!(desk.replace(id, 127, 2), Ok(()));
    let kind = OrderKind::Stop { trigger: Price::new(90), protection: Some(Price::new(80)) };
    let sale = desk.submit(OrderTerms { kind, ..sell(2, 1) }).unwrap();
    assert_eq!(desk.replace(sale, 79, 2), Err(Refusal::BeyondProtection(Price::new(80))));
}

#[test]
fn an_elected_stop_limit_order_is_replaced_as_what_it_is() {
    let mut desk = Desk::new(1_000, 0, 0);
    let kind = OrderKind::StopLimit { trigger: Price::new(110), limit: Price::new(90) };
    let id = desk.submit(OrderTerms { kind, ..buy(2, 1) }).unwrap();
    desk.hear(id, ReportKind::Triggered { trigger: Price::new(110) });
    assert_eq!(desk.order(id).kind, OrderKind::Limit(Price::new(90)));
    desk.replace(id, 95, 2).unwrap();
    assert_eq!(desk.free(), 810);
}

#[test]
fn what_keeps_its_price_is_not_replaced() {
    let mut desk = Desk::new(1_000, 0, 0);
    let distance = TrailingDistance::Ticks(20);
    let trailing = OrderKind::TrailingStop { distance, protection: None };
    for terms in [pegged(Side::Buy, 1, Some(100)), OrderTerms { kind: trailing, ..buy(1, 1) }] {
        let id = desk.submit(terms).unwrap();
        assert_eq!(desk.replace(id, 90, 1), Err(Refusal::Unfit(RejectReason::NotReplaceable)));
    }
    assert_eq!(desk.account.refused(), 2);
}

#[test]
fn a_replace_on_its_way_holds_what_both_terms_can_cost_together() {
    // Ten may trade at 100 before thirty are asked at 50, of which twenty are left then.
    let mut desk = Desk::new(2_000, 0, 0);
    let id = desk.submit(buy(10, 100)).unwrap();
    desk.replace(id, 50, 30).unwrap();
    assert_eq!(desk.free(), 0);
    desk.fill(id, 100, 9);
    assert_eq!(desk.free(), 0);
    desk.hear(id, ReportKind::Replaced { price: Price::new(50), leaves: Quantity::new(21) });
    assert_eq!(desk.free(), 50);
    let mut poorer = Desk::new(1_999, 0, 0);
    let id = poorer.submit(buy(10, 100)).unwrap();
    assert!(matches!(poorer.replace(id, 50, 30), Err(Refusal::InsufficientCash { .. })));
    assert_eq!(poorer.free(), 999);
}

#[test]
fn an_order_made_smaller_by_the_venue_holds_less() {
    let mut desk = Desk::new(1_000, 0, 0);
    let id = desk.submit(buy(10, 50)).unwrap();
    desk.fill(id, 50, 2);
    let reason = ReduceReason::SelfTrade;
    desk.hear(id, ReportKind::Reduced { leaves: Quantity::new(3), reason });
    assert_eq!((desk.free(), desk.order(id).quantity), (750, Quantity::new(5)));
}

#[test]
fn rounded_fees_are_covered() {
    let mut desk = Desk::new(110, 0, 0);
    desk.fees = Fees { taker: FeeRate::from_bps("10".parse().unwrap()).unwrap(), ..Fees::default() }.into();
    assert!(matches!(desk.submit(buy(1, 110)), Err(Refusal::InsufficientCash { .. })));
    assert!(desk.submit(buy(1, 109)).is_ok());
}

#[test]
fn a_mass_cancel_marks_one_side_of_one_listing() {
    let mut desk = Desk::new(1_000, 10, 0);
    let (bid, ask) = (desk.submit(buy(1, 10)).unwrap(), desk.submit(sell(1, 20)).unwrap());
    desk.account.admit_mass_cancel(ListingId::new(1), None);
    assert!(desk.account.open_orders().iter().all(|order| !order.cancel_sent));
    desk.account.admit_mass_cancel(ListingId::new(0), Some(Side::Sell));
    assert!(!desk.order(bid).cancel_sent && desk.order(ask).cancel_sent);
}

#[test]
fn contradictory_or_absurd_terms_are_refused() {
    let mut desk = Desk::new(1_000, 10, 0);
    let never_rests = or(sell(1, 10), 0).with(TimeInForce::Ioc);
    assert_eq!(desk.submit(never_rests), Err(Refusal::Unfit(RejectReason::ContradictoryTerms)));
    let backward = bracket(buy(1, 100), 90, 110);
    assert_eq!(desk.submit(backward), Err(Refusal::Unfit(RejectReason::ExitsCross)));
    assert_eq!(desk.submit(bracket(buy(1, 100), 110, 0)), Err(Refusal::PriceOutOfRange));
    assert_eq!(desk.submit(buy(0, 100)), Err(Refusal::QuantityOutOfRange(Quantity::ZERO)));
    assert_eq!((desk.free(), desk.sellable(), desk.account.refused()), (1_000, 10, 4));
}

#[test]
fn purchases_may_take_cash_below_zero_as_far_as_the_account_may_owe() {
    let config = |max_debit| AccountConfig {
        cash: Money::from_whole(100),
        holdings: vec![(ACME, Quantity::new(5))],
        max_debit: Money::from_whole(max_debit),
        ..AccountConfig::default()
    };
    let mut desk = Desk::of(&config(400));
    // A sale for an auction, and the purchase that it is to pay for.
    desk.submit(limit(Side::Sell, 5, 100)).unwrap();
    let bought = desk.submit(limit(Side::Buy, 5, 100)).unwrap();
    assert_eq!(desk.free(), -400);
    let refused = desk.submit(limit(Side::Buy, 1, 1)).unwrap_err();
    assert!(matches!(refused, Refusal::InsufficientCash { free, .. } if free == Money::ZERO), "{refused}");
    desk.fill(bought, 100, 5);
    assert_eq!(desk.account.cash(), Money::from_whole(-400));
    // A market order reaches as far as what may be owed.
    let mut desk = Desk::of(&config(303));
    let order = desk.submit(OrderTerms::market(Side::Buy, Quantity::new(4))).unwrap();
    assert_eq!(desk.order(order).price, Some(Price::new(100)));
    assert_eq!(config(-1).check(1), Err(AccountError::DebitOutOfRange));
    assert_eq!(config(0).check(1), Ok(()));
}
