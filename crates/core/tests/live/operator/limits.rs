//! What an operator lets a participant do: instruments, positions, rates, an end, and a sealed account.

use std::collections::BTreeMap;

use bearpit_core::market::{Link, StopLoss};
use bearpit_core::participant::{AccountLimits, OrderRate};

use super::*;

fn limited(live: &mut Live, at: i64, limits: AccountLimits) {
    let participant = live.id("a");
    let outcome = live.ask(at, RequestKind::Limit { participant, limits }).outcome;
    assert_eq!(outcome, Ok(Outcome::Limited));
}

fn may_trade(symbols: &[(&str, Option<u64>)]) -> AccountLimits {
    let instruments: BTreeMap<_, _> =
        symbols.iter().map(|(symbol, most)| ((*symbol).to_owned(), most.map(Quantity::new))).collect();
    AccountLimits { instruments: Some(instruments), ..AccountLimits::default() }
}

#[test]
fn only_the_instruments_that_are_named_are_traded() {
    let (mut live, _) = market(&[]);
    limited(&mut live, 1, may_trade(&[("OTHER", None)]));
    let refusal = live.submit(2, "a", limit(Side::Buy, 1, 9_000));
    assert_eq!(refusal, Err(Refusal::InstrumentNotAllowed.into()));
    // Others are not limited, and limits can be lifted.
    live.submit(3, "b", limit(Side::Buy, 1, 9_000)).unwrap();
    limited(&mut live, 4, AccountLimits::default());
    live.submit(5, "a", limit(Side::Buy, 1, 9_000)).unwrap();
    live.finish();
}

#[test]
fn open_orders_count_as_if_all_of_a_side_traded() {
    let (mut live, _) = market(&[]);
    let held = live.cash_and_shares("a").1.unsigned_abs();
    limited(&mut live, 1, may_trade(&[("ACME", Some(held + 10))]));
    let first = order_of(live.submit(2, "a", limit(Side::Buy, 6, 9_000)));
    let beyond = |reached| {
        Err(Refusal::PositionLimit {
            reached: Quantity::new(held + reached),
            limit: Quantity::new(held + 10),
        }
        .into())
    };
    assert_eq!(live.submit(3, "a", limit(Side::Buy, 5, 9_000)), beyond(11));
    live.submit(4, "a", limit(Side::Buy, 4, 9_000)).unwrap();
    let replace = |quantity| Instruction::Replace {
        order: first,
        new: Replacement { quantity: Some(Quantity::new(quantity)), ..Replacement::default() },
    };
    assert_eq!(live.instruct(5, "a", replace(7)), beyond(11));
    live.instruct(6, "a", replace(5)).unwrap();
    // What is sold leads away from the limit, and a bracket's exits come after its entry.
    live.submit(7, "a", limit(Side::Sell, 3, 20_000)).unwrap();
    let bracket = Link::Bracket {
        take_profit: Some(Price::new(12_000)),
        stop_loss: Some(StopLoss::Market { trigger: Price::new(8_000), protection: None }),
    };
    live.submit(8, "a", OrderTerms { link: bracket, ..limit(Side::Buy, 1, 9_000) }).unwrap();
    assert_eq!(live.submit(9, "a", limit(Side::Buy, 1, 9_000)), beyond(11));
    live.finish();
}

#[test]
fn the_exit_of_a_bracket_that_has_traded_counts_as_any_sale() {
    let (mut live, _) = market(&[]);
    let held = live.cash_and_shares("a").1;
    live.submit(1, "b", limit(Side::Sell, 50, 9_500)).unwrap();
    let bracket = Link::Bracket {
        take_profit: Some(Price::new(12_000)),
        stop_loss: Some(StopLoss::Market { trigger: Price::new(8_000), protection: None }),
    };
    live.submit(2, "a", OrderTerms { link: bracket, ..limit(Side::Buy, 50, 9_600) }).unwrap();
    // The entry trades, and its exits enter.
    live.submit(1_000, "b", limit(Side::Buy, 1, 9_000)).unwrap();
    assert_eq!(live.cash_and_shares("a").1, held + 50);
    // Its exits, of which one trades, and this sale would come to owe one lot more than it may.
    limited(&mut live, 1_001, may_trade(&[("ACME", Some(0))]));
    let most = u64::try_from(held).unwrap();
    let refusal = live.submit(1_002, "a", limit(Side::Sell, most + 1, 20_000));
    let beyond = Refusal::PositionLimit { reached: Quantity::new(1), limit: Quantity::new(0) };
    assert_eq!(refusal, Err(beyond.into()));
    live.submit(1_003, "a", limit(Side::Sell, most, 20_000)).unwrap();
    live.finish();
}

#[test]
fn an_open_order_of_an_instrument_that_is_not_allowed_any_more_cannot_grow() {
    let (mut live, _) = market(&[]);
    let order = order_of(live.submit(1, "a", limit(Side::Buy, 5, 9_000)));
    limited(&mut live, 2, may_trade(&[("OTHER", None)]));
    let replace = |quantity| Instruction::Replace {
        order,
        new: Replacement { quantity: Some(Quantity::new(quantity)), ..Replacement::default() },
    };
    assert_eq!(live.instruct(3, "a", replace(6)), Err(Refusal::InstrumentNotAllowed.into()));
    live.instruct(4, "a", replace(4)).unwrap();
    live.instruct(5, "a", Instruction::Cancel(order)).unwrap();
    live.finish();
}

#[test]
fn a_stop_counts_and_an_order_that_only_reduces_does_not() {
    let (mut live, _) = market(&[]);
    limited(&mut live, 1, may_trade(&[("ACME", Some(0))]));
    let stop = OrderKind::Stop { trigger: Price::new(11_000), protection: None };
    let refusal = live.submit(2, "a", OrderTerms::new(Side::Buy, Quantity::new(1), stop));
    assert!(
        matches!(refusal, Err(RequestRefusal::Instruction(Refusal::PositionLimit { .. }))),
        "{refusal:?}"
    );
    let reducing = OrderTerms { reduce_only: true, ..limit(Side::Sell, 2, 9_000) };
    live.submit(3, "a", reducing).unwrap();
    live.finish();
}

#[test]
fn orders_and_replaces_are_counted_and_cancels_are_not() {
    let (mut live, facts) = market(&[]);
    let rate = OrderRate { count: 2, per: SimDuration::from_secs(1) };
    let limits = AccountLimits { rate: Some(rate), ..AccountLimits::default() };
    limited(&mut live, 1, limits);
    let order = order_of(live.submit(2, "a", limit(Side::Buy, 5, 9_000)));
    live.submit(3, "a", limit(Side::Buy, 1_000_000, 9_000)).unwrap_err();
    let less = Replacement { quantity: Some(Quantity::new(4)), ..Replacement::default() };
    live.instruct(4, "a", Instruction::Replace { order, new: less }).unwrap();
    let too_many: Result<Outcome, RequestRefusal> =
        Err(Refusal::OrderRate { count: 2, per: SimDuration::from_secs(1) }.into());
    assert_eq!(live.submit(5, "a", limit(Side::Buy, 1, 9_000)), too_many.clone());
    assert_eq!(live.instruct(6, "a", Instruction::Replace { order, new: less }), too_many);
    live.instruct(7, "a", Instruction::Cancel(order)).unwrap();
    live.submit(1_000, "a", limit(Side::Buy, 1, 9_000)).unwrap();
    let words = facts.0.borrow().iter().any(|(_, fact)| {
        matches!(fact, Fact::OrderRefused { reason, .. } if reason.to_string().contains("may send 2 orders"))
    });
    assert!(words, "the tape says why");
    live.finish();
}

#[test]
fn from_its_end_on_orders_can_only_be_canceled() {
    let (mut live, _) = market(&[]);
    let limits = AccountLimits { until: Some(after(100)), ..AccountLimits::default() };
    limited(&mut live, 1, limits);
    let order = order_of(live.submit(99, "a", limit(Side::Buy, 5, 9_000)));
    assert_eq!(live.submit(100, "a", limit(Side::Buy, 1, 9_000)), Err(Refusal::Ended.into()));
    let new = Replacement::at(Price::new(8_000), Quantity::new(5));
    assert_eq!(live.instruct(101, "a", Instruction::Replace { order, new }), Err(Refusal::Ended.into()));
    live.instruct(102, "a", Instruction::Cancel(order)).unwrap();
    live.finish();
}

#[test]
fn neither_cash_nor_shares_enter_or_leave_a_sealed_account() {
    let (mut live, _) = market(&[]);
    live.join(1, "anne", "desk").unwrap();
    let limits = AccountLimits { is_sealed: true, ..AccountLimits::default() };
    limited(&mut live, 2, limits);
    let sealed: Result<Outcome, RequestRefusal> = Err(FundingRefusal::Sealed.into());
    let fund = |live: &mut Live, millis, name, transfer| {
        let funding = Funding { transfer, reference: Reference::new("a gift").unwrap() };
        let participant = live.id(name);
        live.ask(millis, RequestKind::Fund { participant, funding }).outcome
    };
    let cash = Transfer::Cash(Money::from_whole(5));
    assert_eq!(live.transfer(3, ["a", "anne"], cash), sealed.clone());
    assert_eq!(live.transfer(4, ["anne", "a"], cash), sealed.clone());
    assert_eq!(fund(&mut live, 5, "a", cash), sealed);
    fund(&mut live, 6, "anne", cash).unwrap();
    live.submit(7, "a", limit(Side::Buy, 1, 9_000)).unwrap();
    live.finish();
}
