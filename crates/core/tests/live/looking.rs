//! What can be asked of a market between two steps, without changing it.

use super::*;

use bearpit_core::market::{OrderKind, Refusal, TimeInForce};
use bearpit_core::units::OrderId;

fn submitted(outcome: Result<Outcome, RequestRefusal>) -> OrderId {
    let order = match outcome.unwrap() {
        Outcome::Submitted { order, .. } => Some(order),
        _ => None,
    };
    order.unwrap()
}

#[test]
fn an_order_knows_what_is_displayed_ahead_of_it_in_its_queue() {
    let mut live = Live::start(builder(0));
    let iceberg = OrderTerms { display: Some(Quantity::new(3)), ..limit(Side::Buy, 10, 9_900) };
    let ahead = submitted(live.submit(1, "a", limit(Side::Buy, 7, 9_900)));
    submitted(live.submit(2, "a", iceberg));
    let own = submitted(live.submit(3, "b", limit(Side::Buy, 5, 9_900)));
    submitted(live.submit(4, "a", limit(Side::Buy, 9, 9_900)));
    live.market.step(after(5), u64::MAX).unwrap();
    assert_eq!(live.market.queue_ahead(LISTING, own), Some(Quantity::new(10)), "7, and 3 displayed of 10");
    assert_eq!(live.market.queue_ahead(LISTING, ahead), Some(Quantity::ZERO));
    submitted(live.submit(6, "b", limit(Side::Sell, 9, 9_900)));
    live.market.step(after(7), u64::MAX).unwrap();
    assert_eq!(live.market.queue_ahead(LISTING, own), Some(Quantity::new(1)));
    assert_eq!(live.market.queue_ahead(LISTING, ahead), None, "it is over");
    assert_eq!(live.market.queue_ahead(ListingId::new(9), own), None);
    live.finish();
}

#[test]
fn a_preview_says_what_an_order_would_hold_or_its_refusal_and_changes_nothing() {
    let mut live = Live::start(builder(0));
    submitted(live.submit(1, "b", limit(Side::Sell, 100, 10_000)));
    live.market.step(after(2), u64::MAX).unwrap();
    let participant = live.id("a");
    let market = OrderTerms::new(Side::Buy, Quantity::new(100), OrderKind::Market { protection: None })
        .with(TimeInForce::Ioc);
    let digest = live.market.digest();
    let preview = live.market.preview(participant, LISTING, market).unwrap();
    assert_eq!(preview.terms.kind.worst_price(), Some(Price::new(10_501)), "five percent, and a tick");
    assert_eq!(preview.held, Money::from_whole(10_501));
    assert_eq!(preview.free_cash, Money::from_whole(89_499));
    let refused = live.market.preview(participant, LISTING, limit(Side::Buy, 2_000, 10_000)).unwrap_err();
    assert!(matches!(refused, Refusal::InsufficientCash { .. }), "{refused}");
    let unknown = live.market.preview(participant, ListingId::new(9), market);
    assert_eq!(unknown, Err(Refusal::UnknownListing));
    assert_eq!(live.market.digest(), digest);
    // The order itself then holds just that.
    let sent = live.submit(3, "a", market).unwrap();
    let Outcome::Submitted { terms, .. } = sent else { panic!("{sent:?}") };
    assert_eq!(terms, preview.terms);
    live.finish();
}
