//! Margin accounts in a market of books: calls, liquidation through the market, and what is left of it.

use std::cell::Cell;

use bearpit_core::account::{Credit, Financing, FundingRefusal, MarginRate, MarginTerms};
use bearpit_core::exchange::ClosingState;
use bearpit_core::market::{FeeSchedule, Funding, Reference, Refusal, Transfer};
use bearpit_core::participant::Update;
use bearpit_core::units::{FeeRate, NetQuantity};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::money::{cents, market};
use super::*;

/// Initial margin of a half, maintenance margin of a quarter.
fn on_margin(cash: i64) -> AccountConfig {
    let [half, quarter] = [2, 4].map(|of| MarginRate::new(1, of).unwrap());
    AccountConfig { credit: Credit::Margin(MarginTerms::new(half, quarter).unwrap()), ..account(cash, 0) }
}

/// What the tape says of calls and ruin.
fn told(facts: &Facts) -> Vec<String> {
    let facts = facts.0.borrow();
    let line = |(at, fact): &(SimTime, Fact)| {
        let second = (*at - open()).nanos() / 1_000_000;
        Some(match fact {
            Fact::MarginCalled { equity, maintenance, .. } => {
                format!("{second} called: {equity} below {maintenance}")
            }
            Fact::MarginCallEnded { equity, .. } => format!("{second} over: {equity}"),
            Fact::AccountRuined { equity, .. } => format!("{second} ruined: {equity}"),
            _ => return None,
        })
    };
    facts.iter().filter_map(line).collect()
}

/// Buys 200 lots at 100.01 with 10,003 of cash: half of that, and the cent by which it is above the mark.
fn bought() -> (Live, Facts) {
    let (mut live, facts) = market(FeeSchedule::FREE, 1, on_margin(10_003));
    live.quote(1, 200, 10_000);
    live.submit(2, "a", limit(Side::Buy, 200, 10_001)).unwrap();
    assert_eq!(live.account_of("a").cash(), cents("-9999"));
    (live, facts)
}

#[test]
fn a_called_account_is_closed_out_through_the_market_and_trades_on_with_the_rest() {
    let (mut live, facts) = bought();
    live.quote(3, 500, 7_000);
    live.submit(4, "a", limit(Side::Sell, 50, 9_000)).unwrap();
    live.market.step(after(1_500), u64::MAX).unwrap();
    assert_eq!(told(&facts), [""; 0], "4,001 is more than a quarter of 14,000");
    // At 66.00 it is 3,201 of 13,200. The book takes 150 lots at once, and the rest after the next mark.
    live.quote(1_600, 150, 6_600);
    live.market.step(after(2_500), u64::MAX).unwrap();
    assert_eq!(told(&facts), ["2000 called: 3201.00 below 3300.00"]);
    assert_eq!(live.account_of("a").holding(ACME).lots(), 50);
    assert!(live.account_of("a").open_orders().is_empty(), "its order was canceled");
    let refused = live.submit(2_600, "a", limit(Side::Sell, 50, 6_600));
    assert_eq!(refused, Err(RequestRefusal::Instruction(Refusal::MarginCall)));
    live.quote(2_700, 150, 6_500);
    live.market.step(after(3_500), u64::MAX).unwrap();
    // 150 lots at 65.99 and 50 at 64.99.
    let left = cents("-9999") + cents("9898.50") + cents("3249.50");
    assert_eq!(live.account_of("a").cash(), left);
    assert_eq!(told(&facts)[1..], [format!("3000 over: {left}")]);
    live.submit(3_600, "a", limit(Side::Buy, 10, 6_501)).unwrap();
    assert_eq!(live.account_of("a").holding(ACME).lots(), 10);
    live.finish();
}

#[test]
fn a_short_that_costs_more_than_there_is_leaves_its_owner_in_debt_and_nobody_else() {
    let (mut live, facts) = market(FeeSchedule::FREE, 1, on_margin(5_001));
    live.quote(1, 100, 10_000);
    live.submit(2, "a", limit(Side::Sell, 100, 9_999)).unwrap();
    assert_eq!(live.account_of("a").cash(), cents("15000"));
    // At 130.00 equity is 2,000 of 13,000, and most of what is offered costs more.
    live.quote(3, 200, 13_000);
    let sells = Instruction::MassCancel { listing: LISTING, side: Some(Side::Sell) };
    live.instruct(4, "dealer", sells).unwrap();
    live.submit(5, "dealer", limit(Side::Sell, 40, 13_001)).unwrap();
    live.submit(6, "dealer", limit(Side::Sell, 60, 16_000)).unwrap();
    live.market.step(after(1_500), u64::MAX).unwrap();
    // 40 at 130.01 and 60 at 160.00 cost 14,800.40.
    assert_eq!(told(&facts), ["1000 called: 2000.00 below 3250.00", "1000 over: 199.60"]);
    live.quote(1_600, 10, 10_000);
    live.submit(1_601, "a", limit(Side::Sell, 3, 9_999)).unwrap();
    // From 100 to 300 at once: the equity is gone before anybody could act.
    live.quote(1_700, 10, 30_000);
    live.market.step(after(2_500), u64::MAX).unwrap();
    assert_eq!(told(&facts)[2..], ["2000 ruined: -400.43"]);
    let debt = cents("199.60") + cents("299.97") - cents("900.03");
    assert_eq!((live.account_of("a").cash(), live.account_of("a").holding(ACME).lots()), (debt, 0));
    let refused = live.submit(2_600, "a", limit(Side::Buy, 1, 30_001));
    assert_eq!(refused, Err(RequestRefusal::Instruction(Refusal::Ruined)));
    // It checks that all cash is where it was: what `a` owes the dealer has.
    live.finish();
}

#[test]
fn interest_and_borrowing_are_booked_by_the_second_on_what_is_owed_then() {
    let bps = |rate: &str| FeeRate::from_bps(rate.parse().unwrap()).unwrap();
    let financing = Financing { credit: bps("200"), debit: bps("730"), borrow: bps("365") };
    let config = AccountConfig { financing, ..on_margin(10_003) };
    let (mut live, facts) = market(FeeSchedule::FREE, 1, config);
    live.quote(1, 200, 10_000);
    live.submit(2, "a", limit(Side::Buy, 200, 10_001)).unwrap();
    live.market.step(after(1_000), u64::MAX).unwrap();
    // 7.3 percent of 9,999 for a second of 31,536,000.
    let second = cents("729.927").share(1, 31_536_000);
    assert_eq!(live.account_of("a").cash(), cents("-9999") - second);
    live.submit(1_001, "a", limit(Side::Sell, 200, 9_999)).unwrap();
    live.quote(1_002, 50, 10_000);
    live.submit(1_003, "a", limit(Side::Sell, 50, 9_999)).unwrap();
    let cash = live.account_of("a").cash();
    live.market.step(after(2_000), u64::MAX).unwrap();
    // 2 percent on all cash, the proceeds too; 3.65 percent of fifty lots at 100.00.
    let credit = financing.credit.of(cash).share(1, 31_536_000);
    let borrow = cents("182.50").share(1, 31_536_000);
    assert_eq!(live.account_of("a").cash(), cash + credit - borrow);
    let booked = facts.0.borrow().iter().filter(|it| matches!(it.1, Fact::AccountFinanced { .. })).count();
    assert_eq!(booked, 2);
    live.finish();
}

#[test]
fn cash_can_be_taken_out_as_far_as_margin_does_not_need_it() {
    let (mut live, _) = market(FeeSchedule::FREE, 1, on_margin(20_000));
    live.quote(1, 200, 10_000);
    live.submit(2, "a", limit(Side::Buy, 100, 10_001)).unwrap();
    let mut take = |millis, amount: &str| {
        let (participant, transfer) = (live.id("a"), Transfer::Cash(-cents(amount)));
        let funding = Funding { transfer, reference: Reference::new("out").unwrap() };
        live.ask(millis, RequestKind::Fund { participant, funding }).outcome
    };
    // Equity is 19,999, and half of 10,000 is taken; there are 9,999 of cash.
    assert!(take(3, "9999.01").is_err());
    take(4, "9999").unwrap();
    assert!(take(5, "1").is_err());
    live.finish();
}

fn moved(live: &mut Live, millis: i64, transfer: Transfer) -> Result<Outcome, RequestRefusal> {
    let funding = Funding { transfer, reference: Reference::new("moved").unwrap() };
    let participant = live.id("a");
    live.ask(millis, RequestKind::Fund { participant, funding }).outcome
}

fn shares(lots: i64) -> Transfer {
    Transfer::Shares { instrument: ACME, quantity: NetQuantity::new(lots) }
}

#[test]
fn a_call_ends_where_shares_from_outside_leave_nothing_to_close() {
    let (mut live, facts) = market(FeeSchedule::FREE, 1, on_margin(5_001));
    live.quote(1, 100, 10_000);
    live.submit(2, "a", limit(Side::Sell, 100, 9_999)).unwrap();
    live.quote(3, 200, 13_000);
    live.ask(4, RequestKind::Halt { listing: None }).outcome.unwrap();
    live.market.step(after(1_500), u64::MAX).unwrap();
    assert_eq!(told(&facts), ["1000 called: 2000.00 below 3250.00"]);
    moved(&mut live, 1_600, shares(100)).unwrap();
    assert_eq!(told(&facts)[1..], ["1600 over: 15000.00"]);
    assert!(!live.account_of("a").is_called());
    live.finish();
}

#[test]
fn closing_that_costs_more_than_there_was_ruins_at_once_and_ends_no_call() {
    let (mut live, facts) = market(FeeSchedule::FREE, 1, on_margin(5_001));
    live.quote(1, 100, 10_000);
    live.submit(2, "a", limit(Side::Sell, 100, 9_999)).unwrap();
    live.quote(3, 200, 13_000);
    let sells = Instruction::MassCancel { listing: LISTING, side: Some(Side::Sell) };
    live.instruct(4, "dealer", sells).unwrap();
    live.submit(5, "dealer", limit(Side::Sell, 40, 13_001)).unwrap();
    live.submit(6, "dealer", limit(Side::Sell, 60, 20_000)).unwrap();
    live.market.step(after(1_500), u64::MAX).unwrap();
    // 40 at 130.01 and 60 at 200.00 cost 17,200.40 of 15,000.
    assert_eq!(told(&facts), ["1000 called: 2000.00 below 3250.00", "1000 ruined: -2200.40"]);
    live.finish();
}

/// Near zero, a share of what a position is worth covers no loss.
#[test]
fn what_may_be_worth_less_than_nothing_is_neither_held_nor_traded_on_margin() {
    let (mut live, _) = market(FeeSchedule::FREE, -100, on_margin(10_000));
    live.quote(1, 100, 50);
    for side in [Side::Buy, Side::Sell] {
        let refused = live.submit(2, "a", limit(side, 1, 50));
        assert_eq!(refused, Err(RequestRefusal::Instruction(Refusal::InstrumentNotAllowed)));
    }
    let refused = RequestRefusal::Funding(FundingRefusal::NegativeOnMargin(ACME));
    assert_eq!(moved(&mut live, 3, shares(5)), Err(refused));
    live.submit(4, "dealer", limit(Side::Buy, 1, 40)).unwrap();
    let account = AccountConfig { holdings: vec![(ACME, Quantity::new(1))], ..on_margin(10_000) };
    let config = ParticipantConfig::new("desk").with_account(account);
    let mut other = MarketBuilder::new(Seed::new(7), open(), after(60_000)).unwrap();
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    other.instrument(acme.with_min_price(Price::new(0)), None);
    let refused = other.agent("anne", config.clone(), Desk).unwrap_err().to_string();
    assert!(refused.contains("holds no instrument whose prices may be negative"), "{refused}");
    other.factory(Factory);
    let mut other = Live::start(other);
    let (name, spec) = ("anne".to_owned(), ActorSpec::new("desk"));
    let refused = other.ask(5, RequestKind::Join { name, spec, config }).outcome.unwrap_err().to_string();
    assert!(refused.contains("holds no instrument whose prices may be negative"), "{refused}");
    live.finish();
}

#[test]
fn amounts_beyond_all_bounds_are_refused_as_such() {
    let (mut live, _) = market(FeeSchedule::FREE, 1, on_margin(5_000));
    let least = Transfer::Cash(Money::from_units(i128::MIN));
    assert_eq!(moved(&mut live, 1, least), Err(FundingRefusal::OutOfRange.into()));
    live.finish();
}

#[test]
fn shares_are_taken_out_as_far_as_the_margin_of_the_rest_is_covered() {
    let config = AccountConfig { holdings: vec![(ACME, Quantity::new(10))], ..on_margin(0) };
    let (mut live, _) = market(FeeSchedule::FREE, 1, config);
    assert_eq!(moved(&mut live, 1, shares(-10)), Err(FundingRefusal::NoMark.into()));
    live.finish();
    let (mut live, _) = bought();
    // At 120.00 equity is 14,001, and 12,000 of it are taken: 33 lots take 1,980 of the excess with them.
    live.quote(3, 200, 12_000);
    let refused = moved(&mut live, 4, shares(-34));
    let [equity, initial] = ["9921", "9960"].map(cents);
    assert_eq!(refused, Err(FundingRefusal::InsufficientMargin { equity, initial }.into()));
    moved(&mut live, 5, shares(-33)).unwrap();
    assert_eq!(live.account_of("a").holding(ACME).lots(), 167);
    live.finish();
}

/// What it is told of margin calls.
struct Listener(Rc<RefCell<Vec<String>>>);

impl Actor for Listener {
    type Context = Context;
}

impl Handler<MarketData> for Listener {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        if let Update::MarginCall(call) = data.update {
            let millis = (ctx.now() - open()).nanos() / 1_000_000;
            self.0.borrow_mut().push(format!("{millis} {} below {}", call.equity, call.maintenance));
        }
    }
}

bearpit_core::ignore_messages!(Listener: Wakeup, ExecutionReport);

/// A market that goes on, from `millis` on.
fn lasting(millis: i64, opening: Option<ClosingState>) -> (Live, Facts, Rc<RefCell<Vec<String>>>) {
    let mut builder = MarketBuilder::new(Seed::new(7), after(millis), after(60_000)).unwrap();
    builder.sample_interval(SimDuration::from_secs(1));
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(acme, None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    let (facts, heard) = (Facts::default(), Rc::default());
    let listener = Listener(Rc::clone(&heard));
    builder.agent("a", ParticipantConfig::new("desk").with_account(on_margin(10_003)), listener).unwrap();
    let dealer = AccountConfig { credit: Credit::Unlimited, ..account(1_000_000, 10_000) };
    builder.agent("dealer", ParticipantConfig::new("desk").with_account(dealer), Desk).unwrap();
    builder.sink(Box::new(facts.clone()));
    builder.goes_on();
    if let Some(state) = opening {
        builder.opening(state);
    }
    (Live::start(builder), facts, heard)
}

#[test]
fn a_call_that_is_found_as_a_day_is_settled_is_told_and_enforced_as_the_next_begins() {
    let (mut live, facts, heard) = lasting(0, None);
    live.quote(1, 200, 10_000);
    live.submit(2, "a", limit(Side::Buy, 200, 10_001)).unwrap();
    live.quote(1_600, 200, 6_600);
    live.market.settle().unwrap();
    assert_eq!(told(&facts), ["1600 called: 3201.00 below 3300.00"]);
    assert!(heard.borrow().is_empty());
    let state = live.market.closing_state().unwrap().clone();
    let (mut live, facts, heard) = lasting(1_600, Some(state));
    live.market.step(after(1_700), u64::MAX).unwrap();
    assert_eq!(*heard.borrow(), ["1600 3201.00 below 3300.00"]);
    assert_eq!(told(&facts), ["1600 over: 3199.00"]);
    live.finish();
}

/// What a random account does and comes to.
#[derive(Debug, Clone)]
struct Case {
    /// What each step sends: an order at a limit or at the market, how much, at what price, which way.
    steps: Vec<(usize, u64, i64, bool)>,
    /// Where the dealer quotes at each fifth step.
    jumps: Vec<i64>,
    fee: i32,
}

impl Case {
    fn any() -> impl Strategy<Value = Self> {
        let step = (0..3_usize, 1..80_u64, 9_000..11_000_i64, any::<bool>());
        let parts =
            (prop::collection::vec(step, 1..40), prop::collection::vec(5_000..16_000_i64, 8), 0..50_i32);
        parts.prop_map(|(steps, jumps, fee)| Self { steps, jumps, fee })
    }

    /// Runs it, and returns what the tape says of calls and ruin.
    fn run(self) -> Result<Vec<String>, TestCaseError> {
        let fee = FeeRate::from_bps(self.fee.to_string().parse().unwrap()).unwrap();
        let financing = Financing { credit: fee, debit: fee, borrow: fee };
        let config = AccountConfig { financing, ..on_margin(5_000) };
        let venue = FeeSchedule::from(Fees { maker: fee, taker: fee, auction: fee });
        let (mut live, facts) = market(venue, 1, config);
        let mut millis = 1;
        let mut jumps = self.jumps.into_iter();
        for (index, (what, lots, ticks, buys)) in self.steps.into_iter().enumerate() {
            millis += 97;
            if index % 5 == 0
                && let Some(price) = jumps.next()
            {
                live.quote(millis, 60, price);
            }
            let side = if buys { Side::Buy } else { Side::Sell };
            let terms = match what {
                0 => limit(side, lots, ticks),
                _ => OrderTerms::market(side, Quantity::new(lots)),
            };
            let before = live.market.world().domain().margin(live.id("a")).unwrap();
            let asked = live.submit(millis + 1, "a", terms);
            if let Err(RequestRefusal::Instruction(Refusal::InsufficientMargin { needed, free })) = asked {
                prop_assert!(needed > free);
                prop_assert_eq!(free, before.excess());
            }
        }
        // Settling checks the sums; the auditor here adds up facts alone.
        let owner = live.id("a");
        let market = live.finish();
        let account = market.world().domain().account(owner).unwrap();
        prop_assert_eq!(account.cash(), Money::from_whole(5_000) + audited(owner, &facts));
        let calls = told(&facts);
        let count = |word| calls.iter().filter(|line| line.contains(word)).count();
        let (called, over) = (count(" called"), count(" over"));
        prop_assert!(over <= called && called <= over + 1, "{:?}", calls);
        Ok(calls)
    }
}

/// Adds up what facts say that an account has been paid, less what it has paid.
fn audited(owner: ActorId, facts: &Facts) -> Money {
    let mut cash = Money::ZERO;
    for (_, fact) in facts.0.borrow().iter() {
        match fact {
            Fact::Traded(trade) => {
                for (who, is_maker, fee) in
                    [(trade.maker, true, trade.maker_fee), (trade.taker, false, trade.taker_fee)]
                {
                    if who == owner {
                        let side = if is_maker { trade.aggressor.opposite() } else { trade.aggressor };
                        let notional = trade.price.ticks() * trade.quantity.net().lots() * side.sign();
                        cash -= Money::from_whole(notional).share(1, 100) + fee;
                    }
                }
            }
            Fact::AccountFinanced { owner: who, interest, borrow } if *who == owner => {
                cash += *interest - *borrow;
            }
            _ => {}
        }
    }
    cash
}

#[test]
fn prop_nothing_is_lost_or_made_whatever_margin_accounts_do_and_come_to() {
    let [called, ended, ruined] = [const { Cell::new(0_u32) }; 3];
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    let outcome = runner.run(&Case::any(), |case| {
        let calls = case.run()?;
        for (word, count) in [(" called", &called), (" over", &ended), (" ruined", &ruined)] {
            count.set(count.get() + u32::from(calls.iter().any(|line| line.contains(word))));
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    // It says nothing of margin calls unless there are some.
    let counts = [called.get(), ended.get(), ruined.get()];
    assert!(counts.into_iter().all(|count| count > 0), "called, ended, ruined: {counts:?}");
}
