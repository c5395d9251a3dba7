//! Cash and shares from outside, and back.

use super::*;

use bearpit_core::account::{Credit, FundingRefusal};
use bearpit_core::market::{Funding, Reference, Transfer};
use bearpit_core::units::NetQuantity;

fn fund(live: &mut Live, millis: i64, name: &str, transfer: Transfer) -> Result<Outcome, RequestRefusal> {
    let reference = Reference::new(&format!("payment {millis}")).unwrap();
    let participant = live.id(name);
    live.ask(millis, RequestKind::Fund { participant, funding: Funding { transfer, reference } }).outcome
}

fn cash(whole: i64) -> Transfer {
    Transfer::Cash(Money::from_whole(whole))
}

fn shares(lots: i64) -> Transfer {
    Transfer::Shares { instrument: ACME, quantity: NetQuantity::new(lots) }
}

#[test]
fn cash_comes_and_goes_and_is_counted() {
    let facts = Facts::default();
    let mut builder = builder(0);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    assert_eq!(fund(&mut live, 1, "a", cash(500)), Ok(Outcome::Funded));
    // 100 lots at 10.00 are held.
    live.submit(2, "a", limit(Side::Buy, 100, 1_000)).unwrap();
    let (asked, free) = (Money::from_whole(99_501), Money::from_whole(99_500));
    let held = FundingRefusal::InsufficientCash { asked, free };
    assert_eq!(fund(&mut live, 3, "a", cash(-99_501)), Err(held.into()));
    assert_eq!(fund(&mut live, 4, "a", cash(-99_500)), Ok(Outcome::Funded));
    let account = |live: &Live| live.market.world().domain().account(live.id("a")).unwrap().clone();
    assert_eq!((account(&live).free_cash(), account(&live).cash()), (Money::ZERO, Money::from_whole(1_000)));
    assert_eq!(account(&live).contributed(), Money::from_whole(-99_000));
    live.finish();
    let facts = facts.0.borrow();
    let funded: Vec<String> = facts
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::AccountFunded { funding, .. } => Some(funding.reference.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(funded, ["payment 1", "payment 4"], "a refused transfer is no fact");
}

#[test]
fn shares_move_at_their_mark_so_that_nothing_is_gained() {
    let mut live = Live::start(builder(0));
    live.submit(1, "a", limit(Side::Sell, 10, 1_010)).unwrap();
    live.submit(2, "b", limit(Side::Buy, 10, 990)).unwrap();
    let state = |live: &Live| {
        let (id, domain) = (live.id("a"), live.market.world().domain());
        let account = domain.account(id).unwrap();
        let profit = domain.equity(id).unwrap() - account.contributed();
        (account.holding(ACME).lots(), profit, account.sellable(ACME).lots())
    };
    let before = state(&live);
    assert_eq!(fund(&mut live, 3, "a", shares(50)), Ok(Outcome::Funded));
    assert_eq!(state(&live), (before.0 + 50, before.1, before.2 + 50));
    assert_eq!(fund(&mut live, 4, "a", shares(-1_040)), Ok(Outcome::Funded));
    assert_eq!(state(&live), (10, before.1, 0));
    let refused = FundingRefusal::InsufficientShares { asked: Quantity::new(1), free: NetQuantity::ZERO };
    assert_eq!(fund(&mut live, 5, "a", shares(-1)), Err(refused.into()), "an order to sell holds the rest");
    live.finish();
}

#[test]
fn reduce_only_orders_that_no_longer_fit_are_canceled() {
    let mut builder = builder(0);
    let mut short = desk(10_000, 0);
    short.account.max_short = vec![(ACME, Quantity::new(100))];
    builder.agent("short", short, Desk).unwrap();
    let mut live = Live::start(builder);
    live.submit(1, "a", limit(Side::Buy, 10, 1_000)).unwrap();
    live.submit(2, "short", limit(Side::Sell, 10, 1_000)).unwrap();
    live.market.step(after(3), u64::MAX).unwrap();
    live.submit(4, "short", OrderTerms { reduce_only: true, ..limit(Side::Buy, 10, 900) }).unwrap();
    assert_eq!(fund(&mut live, 5, "short", shares(4)), Ok(Outcome::Funded));
    live.market.step(after(6), u64::MAX).unwrap();
    let account = live.market.world().domain().account(live.id("short")).unwrap();
    assert_eq!((account.holding(ACME).lots(), account.open_orders().len()), (-6, 0));
    live.finish();
}

#[test]
fn transfers_of_nothing_or_beyond_bounds_are_refused() {
    let mut live = Live::start(builder(0));
    let mut refusal = |millis, transfer| match fund(&mut live, millis, "a", transfer) {
        Err(RequestRefusal::Funding(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(1, cash(0)), FundingRefusal::Nothing);
    assert_eq!(refusal(2, shares(0)), FundingRefusal::Nothing);
    for (millis, units) in [(3, i128::MAX), (4, i128::MIN), (5, Money::UNITS * 10_i128.pow(20))] {
        assert_eq!(refusal(millis, Transfer::Cash(Money::from_units(units))), FundingRefusal::OutOfRange);
    }
    assert_eq!(refusal(6, shares(i64::MIN)), FundingRefusal::OutOfRange);
    assert_eq!(refusal(7, shares(1 << 40)), FundingRefusal::OutOfRange);
    let nowhere = InstrumentId::new(3);
    let transfer = Transfer::Shares { instrument: nowhere, quantity: NetQuantity::new(1) };
    assert_eq!(refusal(8, transfer), FundingRefusal::UnknownInstrument(nowhere));
    live.finish();
}

#[test]
fn debt_is_bounded_even_where_credit_is_not() {
    let mut builder = builder(0);
    let dealer = AccountConfig { credit: Credit::Unlimited, ..account(0, 0) };
    builder.agent("dealer", ParticipantConfig::new("desk").with_account(dealer), Desk).unwrap();
    let mut live = Live::start(builder);
    let most = Money::from_units(Money::UNITS * 10_i128.pow(20));
    assert_eq!(fund(&mut live, 1, "dealer", Transfer::Cash(-most)), Ok(Outcome::Funded));
    assert_eq!(fund(&mut live, 2, "dealer", cash(-1)), Err(FundingRefusal::OutOfRange.into()));
    assert_eq!(fund(&mut live, 3, "dealer", cash(1)), Ok(Outcome::Funded));
    assert_eq!(fund(&mut live, 4, "dealer", cash(-1)), Ok(Outcome::Funded));
    live.finish();
}

#[test]
fn shares_that_come_before_the_first_mark_are_no_profit() {
    let mut live = Live::start(builder(0));
    assert_eq!(fund(&mut live, 1, "a", shares(50)), Ok(Outcome::Funded));
    assert_eq!(fund(&mut live, 2, "a", shares(-20)), Ok(Outcome::Funded));
    live.join(3, "c", "desk").unwrap();
    assert_eq!(fund(&mut live, 4, "c", shares(5)), Ok(Outcome::Funded));
    assert_eq!(fund(&mut live, 5, "b", shares(-1_000)), Ok(Outcome::Funded));
    // The first mark: 10.00.
    live.submit(6, "a", limit(Side::Sell, 10, 1_010)).unwrap();
    live.submit(7, "b", limit(Side::Buy, 10, 990)).unwrap();
    let expect = |live: &Live, name: &str, contributed, cost| {
        let participant = live.market.participant(name).unwrap();
        let (opening, now) = live.market.equity_span(participant);
        let account = live.market.world().domain().account(participant.id).unwrap();
        assert_eq!(account.contributed(), Money::from_whole(contributed), "{name}");
        assert_eq!(now - opening, account.contributed(), "{name}: nothing was gained");
        let position = account.position(ACME);
        assert_eq!((position.cost(), position.realized()), (Money::from_whole(cost), Money::ZERO), "{name}");
    };
    expect(&live, "a", 300, 10_300);
    expect(&live, "b", -10_000, 0);
    expect(&live, "c", 50, 150);
    // From now on at once.
    assert_eq!(fund(&mut live, 8, "a", shares(1)), Ok(Outcome::Funded));
    expect(&live, "a", 310, 10_310);
    live.finish();
}
