//! Fees of venue and broker, prices below zero, and what happens to an account whose equity is gone.

use std::sync::Arc;

use super::*;

use bearpit_core::account::{Account, Credit, OnRuin};
use bearpit_core::market::{Charge, FeeSchedule, Refusal};

pub(super) fn cents(text: &str) -> Money {
    Money::from_decimal(text.parse().unwrap()).unwrap()
}

/// A dealer of unlimited credit, and an account `a` as given; accounts are marked every second.
pub(super) fn market(venue: FeeSchedule, min_price: i64, a: AccountConfig) -> (Live, Facts) {
    let mut builder = MarketBuilder::new(Seed::new(7), open(), after(60_000)).unwrap();
    builder.sample_interval(SimDuration::from_secs(1));
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(acme.with_min_price(Price::new(min_price)), None);
    builder.venue("PIT", venue, Latencies::NONE, &[acme]);
    builder.agent("a", ParticipantConfig::new("desk").with_account(a), Desk).unwrap();
    let dealer = AccountConfig { credit: Credit::Unlimited, ..account(1_000_000, 10_000) };
    builder.agent("dealer", ParticipantConfig::new("desk").with_account(dealer), Desk).unwrap();
    let facts = Facts::default();
    builder.sink(Box::new(facts.clone()));
    (Live::start(builder), facts)
}

impl Live {
    pub(super) fn account_of(&self, name: &str) -> &Account {
        self.market.world().domain().account(self.id(name)).unwrap()
    }

    /// The dealer quotes a cent around `ticks`, for so many lots.
    pub(super) fn quote(&mut self, millis: i64, lots: u64, ticks: i64) {
        self.instruct(millis, "dealer", Instruction::MassCancel { listing: LISTING, side: None }).unwrap();
        self.submit(millis, "dealer", limit(Side::Buy, lots, ticks - 1)).unwrap();
        self.submit(millis, "dealer", limit(Side::Sell, lots, ticks + 1)).unwrap();
    }
}

#[test]
fn venue_and_broker_charge_a_purchase_in_two_fills() {
    let ticket = Charge { minimum: Some(cents("1")), ..Charge::default() };
    let venue = FeeSchedule::new(vec![ticket]).unwrap();
    let broker = FeeSchedule::new(vec![Charge { per_order: cents("4.95"), ..Charge::default() }]).unwrap();
    let commission = Some(Arc::new(broker));
    let config = AccountConfig { commission, ..account(2_000, 0) };
    let (mut live, _) = market(venue, 1, config);
    live.submit(1, "dealer", limit(Side::Sell, 5, 6_730)).unwrap();
    live.submit(2, "a", limit(Side::Buy, 15, 6_730)).unwrap();
    assert_eq!(live.account_of("a").fees(), cents("5.95"));
    // What is held is ten lots, and nothing for fees, which are paid.
    assert_eq!(live.account_of("a").free_cash(), cents("2000") - cents("1009.50") - cents("5.95"));
    live.submit(3, "dealer", limit(Side::Sell, 10, 6_730)).unwrap();
    assert_eq!(live.account_of("a").fees(), cents("5.95"));
    assert_eq!(live.account_of("a").cash(), cents("2000") - cents("1009.50") - cents("5.95"));
    live.finish();
}

#[test]
fn all_cash_buys_what_it_pays_for_fees_included_and_all_of_it_can_be_sold() {
    let ticket = Charge { per_order: cents("4.95"), ..Charge::default() };
    let (mut live, _) = market(FeeSchedule::new(vec![ticket]).unwrap(), 1, account(1_000, 0));
    live.quote(1, 1_000, 100);
    // 985 lots at 1.01 are 994.85, and 4.95 make 999.80.
    let refused = live.submit(2, "a", limit(Side::Buy, 986, 101));
    assert!(
        matches!(refused, Err(RequestRefusal::Instruction(Refusal::InsufficientCash { .. }))),
        "{refused:?}"
    );
    live.submit(3, "a", limit(Side::Buy, 985, 101)).unwrap();
    assert_eq!(live.account_of("a").cash(), cents("0.20"));
    live.submit(4, "a", OrderTerms::market(Side::Sell, Quantity::new(985))).unwrap();
    assert_eq!(live.account_of("a").cash(), cents("0.20") + cents("975.15") - cents("4.95"));
    live.finish();
}

#[test]
fn a_sale_below_zero_holds_what_it_costs() {
    // Oil of 20 April 2020: the May contract settled at -37.63.
    let (mut live, _) = market(FeeSchedule::FREE, -50_000, account(1_000, 100));
    live.quote(1, 1_000, -3_763);
    let refused = live.submit(2, "a", limit(Side::Sell, 27, -3_764));
    assert!(
        matches!(refused, Err(RequestRefusal::Instruction(Refusal::InsufficientCash { .. }))),
        "{refused:?}"
    );
    let beyond = live.submit(3, "a", limit(Side::Sell, 1, -50_001));
    assert_eq!(beyond, Err(RequestRefusal::Instruction(Refusal::PriceOutOfRange)));
    live.submit(4, "a", limit(Side::Sell, 20, -3_700)).unwrap();
    assert_eq!(live.account_of("a").free_cash(), cents("1000") - cents("740"), "it may cost 37.00 a lot");
    let order = live.account_of("a").open_orders().first().unwrap().id;
    live.instruct(5, "a", Instruction::Cancel(order)).unwrap();
    live.submit(6, "a", OrderTerms::market(Side::Sell, Quantity::new(26))).unwrap();
    assert_eq!(live.account_of("a").cash(), cents("1000") - cents("978.64"));
    assert_eq!(live.account_of("a").holding(ACME).lots(), 74);
    // A purchase brings money.
    live.submit(7, "a", OrderTerms::market(Side::Buy, Quantity::new(26))).unwrap();
    assert_eq!(live.account_of("a").cash(), cents("1000") - cents("0.52"));
    live.finish();
}

/// Sells 50 lots at 100.00 short with 1,000 of cash, and lets the price rise to 150.00; a tick is a cent.
fn ruined(on_ruin: Option<OnRuin>) -> (Live, Facts) {
    let max_short = vec![(ACME, Quantity::new(100))];
    let (mut live, facts) =
        market(FeeSchedule::FREE, 1, AccountConfig { max_short, on_ruin, ..account(1_000, 0) });
    live.quote(1, 30, 10_000);
    live.submit(2, "a", limit(Side::Sell, 30, 9_999)).unwrap();
    live.quote(3, 20, 10_000);
    live.submit(4, "a", limit(Side::Sell, 20, 9_999)).unwrap();
    live.submit(5, "a", limit(Side::Sell, 10, 20_000)).unwrap();
    live.quote(6, 35, 15_000);
    // The first mark after it; what the book has then is bought, and the rest after the next mark.
    live.market.step(after(1_500), u64::MAX).unwrap();
    (live, facts)
}

fn ruins(facts: &Facts) -> Vec<(SimTime, Money)> {
    let facts = facts.0.borrow();
    let ruin = facts.iter().filter_map(|(at, fact)| match fact {
        Fact::AccountRuined { equity, .. } => Some((*at, *equity)),
        _ => None,
    });
    ruin.collect()
}

#[test]
fn a_ruined_account_is_liquidated_and_takes_no_more_orders() {
    let (mut live, facts) = ruined(Some(OnRuin::Liquidate));
    // 1,000 and 4,999.50 of proceeds, less fifty at 150.00.
    assert_eq!(ruins(&facts), [(after(1_000), cents("-1500.50"))]);
    assert_eq!(live.account_of("a").holding(ACME).lots(), -15);
    assert!(live.account_of("a").open_orders().is_empty(), "{:?}", live.account_of("a").open_orders());
    for (millis, side) in [(1_600, Side::Buy), (1_601, Side::Sell)] {
        let refused = live.submit(millis, "a", limit(side, 1, 15_000));
        assert_eq!(refused, Err(RequestRefusal::Instruction(Refusal::Ruined)));
    }
    live.quote(1_700, 35, 15_000);
    live.market.step(after(2_500), u64::MAX).unwrap();
    assert_eq!(live.account_of("a").holding(ACME).lots(), 0);
    assert_eq!(live.account_of("a").cash(), cents("5999.50") - cents("7500.50"));
    live.finish();
    assert_eq!(ruins(&facts).len(), 1, "once");
}

#[test]
fn a_ruined_account_that_keeps_its_positions_may_only_reduce_them() {
    let (mut live, facts) = ruined(Some(OnRuin::Keep));
    assert_eq!(ruins(&facts).len(), 1);
    assert_eq!(live.account_of("a").holding(ACME).lots(), -50);
    assert!(live.account_of("a").open_orders().is_empty(), "the sale that would enlarge it is canceled");
    let refused = live.submit(1_600, "a", limit(Side::Sell, 1, 20_000));
    assert_eq!(refused, Err(RequestRefusal::Instruction(Refusal::Ruined)));
    let refused = live.submit(1_601, "a", limit(Side::Buy, 51, 10_000));
    assert_eq!(refused, Err(RequestRefusal::Instruction(Refusal::Ruined)));
    live.submit(1_602, "a", limit(Side::Buy, 20, 15_001)).unwrap();
    assert_eq!(live.account_of("a").holding(ACME).lots(), -30);
    live.finish();
}

#[test]
fn without_a_rule_for_ruin_nothing_happens() {
    let (mut live, facts) = ruined(None);
    assert_eq!(ruins(&facts), []);
    assert_eq!(live.account_of("a").open_orders().len(), 1);
    live.submit(1_600, "a", limit(Side::Buy, 1, 15_000)).unwrap();
    live.finish();
}

#[test]
fn what_was_traded_before_the_first_mark_keeps_its_price() {
    let mut builder = MarketBuilder::new(Seed::new(7), open(), after(60_000)).unwrap();
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(acme, None);
    builder.venue("PIT", FeeSchedule::FREE, Latencies::NONE, &[acme]);
    builder.venue("SIDE", FeeSchedule::FREE, Latencies::NONE, &[acme]);
    let short = AccountConfig { max_short: vec![(ACME, Quantity::new(100))], ..account(100_000, 0) };
    for (name, account) in [("a", account(100_000, 1_000)), ("b", account(100_000, 1_000)), ("short", short)]
    {
        builder.agent(name, ParticipantConfig::new("desk").with_account(account), Desk).unwrap();
    }
    let mut live = Live::start(builder);
    let aside = |live: &mut Live, millis, name: &str, terms| {
        live.instruct(millis, name, Instruction::Submit { listing: ListingId::new(1), terms }).unwrap();
    };
    aside(&mut live, 1, "a", limit(Side::Buy, 150, 1_200));
    aside(&mut live, 2, "b", limit(Side::Sell, 100, 1_200));
    aside(&mut live, 3, "short", limit(Side::Sell, 50, 1_200));
    // The first mark: 10.00.
    live.submit(4, "a", limit(Side::Sell, 10, 1_010)).unwrap();
    live.submit(5, "b", limit(Side::Buy, 10, 990)).unwrap();
    live.market.step(after(6), u64::MAX).unwrap();
    let expect = |name: &str, cost, realized, profit| {
        let participant = live.market.participant(name).unwrap();
        let (position, (opening, now)) =
            (live.account_of(name).position(ACME), live.market.equity_span(participant));
        let of = (position.cost(), position.realized(), now - opening);
        assert_eq!(of, (cents(cost), cents(realized), cents(profit)), "{name}");
    };
    // 1,000 at the mark and 150 at 12.00; 900 of 1,000 at the mark, and 100 sold; 50 sold short.
    expect("a", "11800", "0", "-300");
    expect("b", "9000", "200", "200");
    expect("short", "-600", "0", "100");
    live.finish();
}
