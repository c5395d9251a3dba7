//! Futures in a market of books: trades move no money, days do, and the sides of perpetuals pay each other.

use bearpit_core::account::{Credit, Financing, FundingRefusal, MarginRate, MarginTerms};
use bearpit_core::exchange::BuildError;
use bearpit_core::market::{
    Clearing, Contract, DailySettlement, Funding, FundingRate, FundingTerms, PaymentReason, Reference,
    Refusal, Transfer,
};
use bearpit_core::units::{FeeRate, NetQuantity};

use super::money::cents;
use super::*;

const INDEX: InstrumentId = InstrumentId::new(1);
const NO_LATENCY: LatencyModel = LatencyModel::Constant(SimDuration::ZERO);
const INDEX_LISTING: ListingId = ListingId::new(1);

fn on_margin(cash: i64, leverage: u32) -> AccountConfig {
    let [initial, maintenance] = [leverage, 2 * leverage].map(|of| MarginRate::new(1, of).unwrap());
    let credit = Credit::Margin(MarginTerms::new(initial, maintenance).unwrap());
    AccountConfig { credit, ..account(cash, 0) }
}

fn daily(at: &str) -> Contract {
    let at: SimTime = format!("2025-03-03T{at}").parse().unwrap();
    let midnight: SimTime = "2025-03-03T00:00:00".parse().unwrap();
    Contract::Future(DailySettlement { time_of_day: at - midnight })
}

fn perpetual(seconds: i64, index: Option<InstrumentId>) -> FundingTerms {
    let rate = |parts| FundingRate::new(parts).unwrap();
    FundingTerms {
        index,
        interval: SimDuration::from_secs(seconds),
        interest: rate(10_000),
        band: rate(50_000),
        cap: rate(750_000),
    }
}

/// A future of 10 each, what it is an index of, two traders on margin, and a dealer of unlimited credit;
/// accounts are marked every second.
fn builder_of(contract: Contract, latency: LatencyModel) -> (MarketBuilder, Facts) {
    let mut builder = MarketBuilder::new(Seed::new(7), open(), after(120_000)).unwrap();
    builder.sample_interval(SimDuration::from_secs(1));
    let instrument = |symbol| Instrument::new(symbol, "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let future = instrument("F").with_multiplier("10".parse().unwrap()).unwrap().with_contract(contract);
    let listed = [builder.instrument(future, None), builder.instrument(instrument("S"), None)];
    let latencies = Latencies::all(latency);
    builder.venue("PIT", Fees::default(), latencies, &listed);
    for (name, config) in [("a", on_margin(10_000, 10)), ("b", on_margin(10_000, 10))] {
        builder.agent(name, ParticipantConfig::new("desk").with_account(config), Desk).unwrap();
    }
    let dealer = AccountConfig { credit: Credit::Unlimited, ..account(1_000_000, 0) };
    builder.agent("dealer", ParticipantConfig::new("desk").with_account(dealer), Desk).unwrap();
    let facts = Facts::default();
    builder.sink(Box::new(facts.clone()));
    (builder, facts)
}

fn market(contract: Contract) -> (Live, Facts) {
    let (builder, facts) = builder_of(contract, NO_LATENCY);
    (Live::start(builder), facts)
}

/// What the tape says of clearing.
fn told(facts: &Facts) -> Vec<String> {
    let facts = facts.0.borrow();
    let line = |(at, fact): &(SimTime, Fact)| {
        let second = (*at - open()).nanos() / 1_000_000_000;
        Some(match fact {
            Fact::ContractCleared { clearing: Clearing::Settlement { price }, .. } => {
                format!("{second} settled at {price}")
            }
            Fact::ContractCleared { clearing: Clearing::Funding { rate, per_lot }, .. } => {
                format!("{second} rate {rate}, {per_lot} a lot")
            }
            Fact::AccountPaid { owner, reason, amount, .. } => {
                format!("{second} {}: {} {amount}", owner.get(), reason.name())
            }
            Fact::MarginCalled { owner, equity, maintenance } => {
                format!("{second} {} called: {equity} below {maintenance}", owner.get())
            }
            _ => return None,
        })
    };
    facts.iter().filter_map(line).collect()
}

impl Live {
    fn cash(&self, name: &str) -> Money {
        self.account_of(name).cash()
    }

    fn equity(&self, name: &str) -> Money {
        self.market.world().domain().equity(self.id(name)).unwrap()
    }
}

#[test]
fn a_day_pays_what_positions_have_gained_and_takes_what_they_have_lost() {
    let (mut live, facts) = market(daily("09:30:30"));
    live.quote(1, 100, 10_000);
    live.submit(2, "a", limit(Side::Buy, 20, 10_001)).unwrap();
    live.submit(3, "b", limit(Side::Sell, 10, 9_999)).unwrap();
    assert_eq!(live.cash("a"), cents("10000"));
    // A cent above the mark, on 200 units.
    assert_eq!(live.equity("a"), cents("9998"));
    let standing = live.market.world().domain().margin(live.id("a")).unwrap();
    assert_eq!((standing.exposure, standing.initial), (cents("20000"), cents("2000")));
    live.quote(4, 100, 10_500);
    live.market.step(after(30_500), u64::MAX).unwrap();
    // From 100.01 to 105.00, and from 99.99; the dealer has had 2.00 of it when it bought ten back.
    assert_eq!(live.cash("a"), cents("10998"));
    assert_eq!(live.cash("b"), cents("9499"));
    assert_eq!(live.equity("a"), live.cash("a"), "all is paid");
    let [a, b, dealer] = ["a", "b", "dealer"].map(|name| live.id(name).get());
    assert_eq!(
        told(&facts),
        [
            "30 settled at 105".to_owned(),
            format!("30 {a}: variation_margin 998.00"),
            format!("30 {b}: variation_margin -501.00"),
            format!("30 {dealer}: variation_margin -499.00"),
        ]
    );
    // Half of it is closed at 104.99, and nothing of the rest is paid before the next day.
    live.submit(31_000, "a", limit(Side::Sell, 10, 10_499)).unwrap();
    assert_eq!(live.cash("a"), cents("10997"));
    live.finish();
}

#[test]
fn a_future_that_falls_calls_the_account_and_closes_it_out() {
    let (mut live, facts) = market(daily("23:00:00"));
    live.quote(1, 1_000, 10_000);
    live.submit(2, "a", limit(Side::Buy, 90, 10_001)).unwrap();
    let refused = live.submit(3, "a", limit(Side::Buy, 20, 10_001));
    assert!(matches!(refused, Err(RequestRefusal::Instruction(Refusal::InsufficientMargin { .. }))));
    // At 94.50 the 90 have lost 4,959, and five percent of 85,050 are 4,252.50; at 93.00 it is too little.
    live.quote(4, 1_000, 9_450);
    live.market.step(after(1_500), u64::MAX).unwrap();
    assert_eq!(told(&facts), [""; 0]);
    live.quote(1_600, 1_000, 9_300);
    live.market.step(after(2_500), u64::MAX).unwrap();
    let a = live.id("a").get();
    assert_eq!(told(&facts), [format!("2 {a} called: 3691.00 below 4185.00")]);
    // They are sold at 92.99.
    assert_eq!(live.cash("a"), cents("10000") - cents("6318"));
    assert_eq!(live.account_of("a").holding(ACME).lots(), 0);
    live.finish();
}

#[test]
fn the_side_that_is_above_the_index_pays_the_other() {
    let (mut live, facts) = market(Contract::Perpetual(perpetual(30, Some(INDEX))));
    let quote_index = |live: &mut Live, millis, ticks: i64| {
        for (side, ticks) in [(Side::Buy, ticks - 1), (Side::Sell, ticks + 1)] {
            let terms = limit(side, 100, ticks);
            live.instruct(millis, "dealer", Instruction::Submit { listing: INDEX_LISTING, terms }).unwrap();
        }
    };
    live.quote(1, 100, 10_000);
    live.submit(2, "a", limit(Side::Buy, 20, 10_001)).unwrap();
    live.submit(3, "b", limit(Side::Sell, 10, 9_999)).unwrap();
    live.market.step(after(31_000), u64::MAX).unwrap();
    assert_eq!(told(&facts), [""; 0], "there is no index yet");
    // 100.20 over 100.00: 0.2 percent, of which the band takes 0.05.
    quote_index(&mut live, 31_001, 10_000);
    live.quote(31_002, 100, 10_020);
    live.market.step(after(60_500), u64::MAX).unwrap();
    let [a, b, dealer] = ["a", "b", "dealer"].map(|name| live.id(name).get());
    assert_eq!(
        told(&facts),
        [
            "60 rate 0.0015, 1.503 a lot".to_owned(),
            format!("60 {a}: funding -30.06"),
            format!("60 {b}: funding 15.03"),
            format!("60 {dealer}: funding 15.03"),
        ]
    );
    assert_eq!(live.cash("a"), cents("10000") - cents("30.06"));
    assert_eq!(live.account_of("b").position(ACME).realized(), cents("15.03"));
    // 99.00 is one percent below: 0.95 after the band, and 0.75 by the cap. Both samples of a minute count.
    live.quote(61_000, 100, 9_900);
    live.market.step(after(90_500), u64::MAX).unwrap();
    assert_eq!(told(&facts)[4], "90 rate -0.0075, -7.425 a lot");
    assert_eq!(live.cash("a"), cents("10000") - cents("30.06") + cents("148.50"));
    live.finish();
}

#[test]
fn a_perpetual_near_its_index_costs_the_interest() {
    let terms = FundingTerms { interval: SimDuration::from_secs(20), ..perpetual(30, Some(INDEX)) };
    let (mut live, facts) = market(Contract::Perpetual(terms));
    live.quote(1, 100, 10_000);
    for (side, ticks) in [(Side::Buy, 9_999), (Side::Sell, 10_003)] {
        let terms = limit(side, 100, ticks);
        live.instruct(2, "dealer", Instruction::Submit { listing: INDEX_LISTING, terms }).unwrap();
    }
    live.submit(3, "a", limit(Side::Buy, 1, 10_001)).unwrap();
    live.market.step(after(20_500), u64::MAX).unwrap();
    assert_eq!(told(&facts)[0], "20 rate 0.0001, 0.10 a lot");
    live.finish();
}

#[test]
fn interest_is_paid_on_cash_alone_and_nothing_is_borrowed() {
    let bps = |rate: &str| FeeRate::from_bps(rate.parse().unwrap()).unwrap();
    let (mut builder, _) = builder_of(daily("23:00:00"), NO_LATENCY);
    let financing = Financing { credit: bps("365"), debit: bps("730"), borrow: bps("10000") };
    let config = AccountConfig { financing, ..on_margin(10_000, 10) };
    builder.agent("c", ParticipantConfig::new("desk").with_account(config), Desk).unwrap();
    let mut live = Live::start(builder);
    live.quote(1, 100, 10_000);
    live.submit(2, "c", limit(Side::Sell, 20, 9_999)).unwrap();
    live.market.step(after(1_000), u64::MAX).unwrap();
    assert_eq!(live.cash("c"), cents("10000") + cents("365").share(1, 31_536_000));
    live.finish();
}

#[test]
fn a_position_in_a_future_is_neither_brought_along_nor_taken_out() {
    let (mut live, _) = market(daily("23:00:00"));
    live.quote(1, 100, 10_000);
    live.submit(2, "a", limit(Side::Buy, 20, 10_001)).unwrap();
    for lots in [5, -5] {
        let transfer = Transfer::Shares { instrument: ACME, quantity: NetQuantity::new(lots) };
        let funding = Funding { transfer, reference: Reference::new("moved").unwrap() };
        let participant = live.id("a");
        let refused = live.ask(3, RequestKind::Fund { participant, funding }).outcome;
        assert_eq!(refused, Err(FundingRefusal::Future.into()));
    }
    live.finish();
    let (mut builder, _) = builder_of(daily("23:00:00"), NO_LATENCY);
    let holder = AccountConfig { holdings: vec![(ACME, Quantity::new(3))], ..on_margin(1_000, 2) };
    let agent = ParticipantConfig::new("desk").with_account(holder);
    let refused = builder.agent("c", agent.clone(), Desk).unwrap_err();
    assert!(refused.to_string().contains("whose positions are opened by trading alone"), "{refused}");
    builder.factory(Factory);
    let mut live = Live::start(builder);
    let (name, spec) = ("late".to_owned(), ActorSpec::new("desk"));
    let refused = live.ask(1, RequestKind::Join { name, spec, config: agent }).outcome.unwrap_err();
    assert!(refused.to_string().contains("whose positions are opened by trading alone"), "{refused}");
}

#[test]
fn a_perpetual_without_an_index_is_not_opened() {
    for index in [None, Some(ACME), Some(InstrumentId::new(9))] {
        let (builder, _) = builder_of(Contract::Perpetual(perpetual(30, index)), NO_LATENCY);
        assert!(matches!(builder.open(), Err(BuildError::NoIndex(symbol)) if symbol == "F"), "{index:?}");
    }
}

/// A crowd trades a future over latencies, so that payments fall between what the two sides of trades hear.
fn crowd(contract: Contract) -> (Market, Facts) {
    let [min, max] = [100, 900].map(SimDuration::from_millis);
    let (mut builder, facts) = builder_of(contract, LatencyModel::Uniform { min, max });
    for number in 0..40 {
        let config = NoiseConfig {
            listing: LISTING,
            wakeups: Wakeups::every(SimDuration::from_millis(200)),
            market_share: 0.4,
            max_quantity: Quantity::new(15),
            depth_ticks: 40.0,
            patience: SimDuration::from_secs(5),
        };
        let participant = ParticipantConfig::new("noise").with_account(on_margin(40_000, 10));
        builder.agent(&format!("noise-{number}"), participant, NoiseTrader::new(config)).unwrap();
    }
    let mut live = Live::start(builder);
    live.quote(0, 10, 10_000);
    for (side, ticks) in [(Side::Buy, 9_900), (Side::Sell, 9_902)] {
        let terms = limit(side, 100, ticks);
        live.instruct(1, "dealer", Instruction::Submit { listing: INDEX_LISTING, terms }).unwrap();
    }
    (live.finish(), facts)
}

fn paid(facts: &Facts, of: PaymentReason) -> (usize, Money) {
    let facts = facts.0.borrow();
    let amounts = facts.iter().filter_map(|(_, fact)| match fact {
        Fact::AccountPaid { reason, amount, .. } if *reason == of => Some(*amount),
        _ => None,
    });
    (amounts.clone().count(), amounts.sum())
}

#[test]
fn nothing_is_lost_where_one_side_of_a_trade_has_yet_to_hear_of_it() {
    // To settle checks that all money is there.
    let (market, facts) = crowd(Contract::Perpetual(perpetual(1, Some(INDEX))));
    let (count, sum) = paid(&facts, PaymentReason::Funding);
    assert!(count > 1_000, "{count}");
    assert_ne!(sum, Money::ZERO, "some had not heard yet");
    let cash = |market: &Market| -> Money {
        let accounts = market.world().domain().accounts();
        accounts.iter().map(|it| it.cash_less_futures()).sum()
    };
    assert_eq!(cash(&market), cents("1000000") + cents("10000") * 2 + cents("40000") * 40 + sum);
    let (market, facts) = crowd(daily("09:31:00"));
    assert!(paid(&facts, PaymentReason::VariationMargin).0 > 30);
    assert_eq!(cash(&market), cents("1000000") + cents("10000") * 2 + cents("40000") * 40);
}

#[test]
fn what_is_settled_when_moves_no_trade() {
    let trades = |contract| {
        let (_, facts) = crowd(contract);
        let facts = facts.0.borrow();
        let traded = facts.iter().filter_map(|(at, fact)| match fact {
            Fact::Traded(trade) => Some((*at, *trade)),
            _ => None,
        });
        traded.collect::<Vec<_>>()
    };
    let spot = trades(Contract::Spot);
    assert!(spot.len() > 1_000, "{}", spot.len());
    assert!(spot == trades(daily("09:31:00")), "a margin account buys the thing itself on the same terms");
}
