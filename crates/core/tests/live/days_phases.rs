//! What of phases, halts, values, interest and seats goes from one day to the next, and what is refused.

use super::*;

use std::collections::BTreeSet;

use bearpit_core::account::Financing;
use bearpit_core::book::{BookConfig, PriceBands};
use bearpit_core::exchange::{
    BuildError, ClosingState, ListingConfig, MarketEnd, OpeningError, ProcessConfig,
};
use bearpit_core::kernel::JoinRefusal;
use bearpit_core::market::{Phase, Reference, Refusal, TimeInForce};
use bearpit_core::process::{Gbm, Merton, MertonConfig};
use bearpit_core::units::FeeRate;

/// A market from `millis` on that goes on, with a schedule, and halts of two seconds with auctions of one.
fn scheduled(millis: i64, schedule: &[(i64, Phase)], bands: PriceBands) -> (MarketBuilder, Facts) {
    let facts = Facts::default();
    let mut builder = builder_from(millis, 0);
    builder.sink(Box::new(facts.clone()));
    builder.goes_on();
    let schedule = schedule.iter().map(|(millis, phase)| (after(*millis), *phase)).collect();
    let (halt, reopening) = (SimDuration::from_secs(2), SimDuration::from_secs(1));
    let book = BookConfig { bands, ..BookConfig::default() };
    builder.listing_config(LISTING, ListingConfig { book, schedule, halt, reopening, replay: None });
    (builder, facts)
}

fn stopped(mut live: Live, millis: i64) -> ClosingState {
    live.market.step(after(millis), u64::MAX).unwrap();
    live.market.settle().unwrap();
    live.market.closing_state().unwrap().clone()
}

fn phases(facts: &Facts) -> Vec<String> {
    let line = |(at, fact): &(SimTime, Fact)| {
        let millis = (*at - open()).nanos() / 1_000_000;
        match fact {
            Fact::PhaseChanged { phase, .. } => Some(format!("{millis} {phase}")),
            Fact::OrderExpired { reason, .. } => Some(format!("{millis} {reason}")),
            Fact::Traded(trade) => Some(format!("{millis} {} lots", trade.quantity)),
            _ => None,
        }
    };
    facts.0.borrow().iter().filter_map(line).collect()
}

fn bands() -> PriceBands {
    PriceBands { dynamic_bps: Some(100), ..PriceBands::default() }
}

#[test]
fn a_halt_of_price_bands_goes_on_where_it_was() {
    let (builder, _) = scheduled(0, &[], bands());
    let mut live = Live::start(builder);
    live.submit(1, "a", limit(Side::Sell, 5, 10_000)).unwrap();
    live.submit(2, "b", limit(Side::Buy, 1, 10_000)).unwrap();
    live.submit(3, "a", limit(Side::Sell, 5, 11_000)).unwrap();
    live.instruct(4, "a", Instruction::MassCancel { listing: LISTING, side: None }).unwrap();
    live.submit(5, "a", limit(Side::Sell, 5, 11_000)).unwrap();
    live.submit(6, "b", limit(Side::Buy, 2, 11_000)).unwrap();
    let state = stopped(live, 1_000);
    assert_eq!(state.listings[0].halt.and_then(|halt| halt.goes_on), Some(after(2_006)));
    let (mut builder, facts) = scheduled(1_500, &[], bands());
    builder.opening(state);
    let live = Live::start(builder);
    let state = stopped(live, 2_500);
    assert_eq!(phases(&facts), ["1500 halt", "2006 reopening_auction"]);
    // The auction, too, and from beyond its end it ends at once.
    let (mut builder, facts) = scheduled(10_000, &[], bands());
    builder.opening(state);
    let mut live = Live::start(builder);
    live.market.step(after(11_000), u64::MAX).unwrap();
    assert_eq!(phases(&facts), ["10000 reopening_auction", "10000 2 lots", "10000 continuous"]);
}

#[test]
fn a_halt_of_an_operator_goes_on_until_it_is_lifted() {
    let schedule = [(0, Phase::Continuous), (5_000, Phase::Closed), (8_000, Phase::Continuous)];
    let (builder, _) = scheduled(0, &schedule, PriceBands::default());
    let mut live = Live::start(builder);
    live.ask(100, RequestKind::Halt { listing: None }).outcome.unwrap();
    let participant = live.id("b");
    let reason = Reference::new("too fast").unwrap();
    live.ask(101, RequestKind::Block { participant, reason }).outcome.unwrap();
    let state = stopped(live, 1_000);
    let (mut builder, facts) = scheduled(6_000, &schedule, PriceBands::default());
    builder.opening(state);
    let mut live = Live::start(builder);
    live.market.step(after(9_000), u64::MAX).unwrap();
    assert_eq!(phases(&facts), ["6000 halt", "6000 closed", "8000 halt"]);
    assert_eq!(live.submit(9_001, "b", limit(Side::Buy, 1, 1)), Err(Refusal::Blocked.into()));
    let auction = SimDuration::ZERO;
    live.ask(9_002, RequestKind::Reopen { listing: None, auction }).outcome.unwrap();
    assert_eq!(phases(&facts).last().unwrap(), "9002 continuous");
}

#[test]
fn a_stop_within_a_session_expires_nothing_and_one_across_its_close_does() {
    let schedule = [
        (0, Phase::Closed),
        (1_000, Phase::PreOpen),
        (2_000, Phase::Continuous),
        (9_000, Phase::ClosingAuction),
        (10_000, Phase::Closed),
    ];
    let (builder, _) = scheduled(0, &schedule, PriceBands::default());
    let mut live = Live::start(builder);
    live.submit(3_000, "a", limit(Side::Sell, 5, 10_000).with(TimeInForce::Day)).unwrap();
    live.submit(3_001, "b", limit(Side::Buy, 2, 10_000).with(TimeInForce::AtClose)).unwrap();
    let state = stopped(live, 4_000);
    assert_eq!(state.listings[0].book.as_ref().unwrap().orders.len(), 2);
    let (mut builder, facts) = scheduled(5_000, &schedule, PriceBands::default());
    builder.opening(state.clone());
    let mut live = Live::start(builder);
    live.market.step(after(10_500), u64::MAX).unwrap();
    let expected = ["9000 closing_auction", "10000 2 lots", "10000 closed", "10000 the session closed"];
    assert_eq!(phases(&facts), expected);
    // The session was over before the market was there again.
    let (mut builder, facts) = scheduled(12_000, &schedule, PriceBands::default());
    builder.opening(state);
    Live::start(builder);
    assert_eq!(phases(&facts), ["12000 closed", "12000 its auction is over", "12000 the session closed"]);
}

#[test]
fn an_auction_call_that_was_stopped_uncrosses_when_its_session_goes_on() {
    let schedule = [(0, Phase::OpeningAuction), (2_000, Phase::Continuous)];
    let (builder, _) = scheduled(0, &schedule, PriceBands::default());
    let mut live = Live::start(builder);
    live.submit(100, "a", limit(Side::Sell, 5, 10_000)).unwrap();
    live.submit(101, "b", limit(Side::Buy, 3, 10_010)).unwrap();
    let state = stopped(live, 1_000);
    let (mut builder, facts) = scheduled(3_000, &schedule, PriceBands::default());
    builder.opening(state);
    Live::start(builder);
    assert_eq!(phases(&facts), ["3000 opening_auction", "3000 3 lots", "3000 continuous"]);
}

/// A market whose instruments have values.
fn valued(millis: i64) -> MarketBuilder {
    let mut builder = MarketBuilder::new(Seed::new(5), after(millis), after(millis + 60_000)).unwrap();
    let instrument =
        |symbol: &str| Instrument::new(symbol, "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let grid = SimDuration::from_secs(1);
    let config = MertonConfig {
        initial: 50.0,
        drift: 0.0,
        volatility: 0.4,
        jumps_per_year: 1e6,
        jump_mean: 0.0,
        jump_volatility: 0.05,
        hours_per_year: 1_638.0,
    };
    let processes: [(&str, f64, Box<dyn bearpit_core::process::PriceProcess>); 2] = [
        ("ACME", 100.0, Box::new(Gbm::new(100.0, 0.0, 0.5, 1_638.0))),
        ("BOLT", 50.0, Box::new(Merton::new(config))),
    ];
    for (symbol, initial, process) in processes {
        builder.instrument(instrument(symbol), Some(ProcessConfig { process, initial, grid }));
    }
    builder.goes_on();
    builder
}

#[test]
fn values_go_on_from_where_they_stopped() {
    let state = stopped(Live::start(valued(0)), 60_000);
    let values = |state: &ClosingState| -> Vec<f64> {
        state.instruments.iter().map(|it| it.value.as_ref().unwrap().value).collect()
    };
    let first = values(&state);
    assert!((first[0] - 100.0).abs() > 1e-3 && (first[1] - 50.0).abs() > 1e-3, "{first:?}");
    let mut builder = valued(60_000);
    builder.opening(state.clone());
    let idle = stopped(Live::start(builder), 60_000);
    assert_eq!(idle.instruments, state.instruments);
    let mut builder = valued(60_000);
    builder.opening(state.clone());
    let later = values(&stopped(Live::start(builder), 61_000));
    // A second moves them a little, and not back to where they began.
    let moved = (later[0] / first[0] - 1.0).abs();
    assert!(moved > 0.0 && moved < 0.01, "{first:?} {later:?}");
}

/// The numbers of both kinds are two: without a name for them, a time until a jump would be a variance.
#[test]
fn a_value_does_not_go_on_by_a_process_of_another_kind() {
    let mut state = stopped(Live::start(valued(0)), 60_000);
    let process = &mut state.instruments[1].value.as_mut().unwrap().process;
    assert_eq!((process.kind.as_deref(), process.numbers.len()), (Some("merton"), 2));
    process.kind = Some("heston".to_owned());
    let mut builder = valued(60_000);
    builder.opening(state);
    assert_eq!(
        builder.open().err().map(|error| error.to_string()).as_deref(),
        Some(
            "the value of BOLT was that of a process of kind `heston` when the last market stopped, and would go on by \
             one of kind `merton`: give it the kind `heston` again, or open a new market, which begins with no opening \
             state"
        )
    );
}

#[test]
fn interest_of_the_night_is_paid_and_agents_begin_anew() {
    let rate = FeeRate::from_bps("100".parse().unwrap()).unwrap();
    let financing = Financing { credit: rate, ..Financing::NONE };
    let day = |millis| {
        let (mut builder, facts) = scheduled(millis, &[], PriceBands::default());
        let mut config = desk(31_536_000, 0);
        config.account.financing = financing;
        builder.agent("agent", config.clone(), Desk).unwrap();
        (builder, facts, config)
    };
    let (builder, _, config) = day(0);
    let mut live = Live::start(builder);
    let (name, spec) = ("anne".to_owned(), ActorSpec::new("desk"));
    live.ask(0, RequestKind::Join { name, spec, config }).outcome.unwrap();
    let state = stopped(live, 60_000);
    let (mut builder, _, _) = day(100_000);
    builder.opening(state);
    let market = Live::start(builder).finish();
    let brought = |name: &str| {
        let id = market.participant(name).unwrap().id;
        market.world().domain().account(id).unwrap().financed().to_string()
    };
    // A hundredth of a unit a second: for 160 seconds, and for the 60 of the second day.
    assert_eq!((&brought("anne")[..4], &brought("agent")[..4]), ("1.60", "0.60"));
}

#[test]
fn a_market_that_goes_on_has_the_digest_of_one_that_does_not() {
    let run = |goes_on: bool| {
        let mut builder = builder(12);
        if goes_on {
            builder.goes_on();
        }
        let mut live = Live::start(builder);
        live.submit(1, "a", limit(Side::Buy, 50, 9_990)).unwrap();
        live.submit(2, "b", limit(Side::Sell, 50, 10_010).with(TimeInForce::Day)).unwrap();
        let market = live.finish();
        (market.digest(), market.closing_state().is_some())
    };
    let ((without, nothing), (with, something)) = (run(false), run(true));
    assert_eq!(without, with);
    assert_eq!((nothing, something), (false, true));
}

#[test]
fn a_crowd_trades_on_after_a_stop_and_begins_anew_after_a_day() {
    let run = |millis: i64| {
        let mut first = builder(12);
        first.goes_on();
        let mut live = Live::start(first);
        live.submit(1, "a", limit(Side::Buy, 50, 9_990)).unwrap();
        live.submit(2, "b", limit(Side::Sell, 50, 10_010)).unwrap();
        let state = stopped(live, millis);
        let facts = Facts::default();
        let mut second = builder_from(millis, 12);
        second.goes_on();
        second.sink(Box::new(facts.clone()));
        second.opening(state.clone());
        let mut live = Live::start(second);
        if state.end == MarketEnd::DayOver {
            live.submit(millis + 1, "a", limit(Side::Buy, 50, 9_990)).unwrap();
            live.submit(millis + 2, "b", limit(Side::Sell, 50, 10_010)).unwrap();
        }
        live.finish();
        let open = state.listings[0].book.as_ref().unwrap().orders.len();
        let trades = facts.0.borrow().iter().filter(|(_, fact)| matches!(fact, Fact::Traded(_))).count();
        let funded: BTreeSet<ActorId> = facts
            .0
            .borrow()
            .iter()
            .filter_map(|(_, fact)| match fact {
                Fact::AccountFunded { owner, .. } => Some(*owner),
                _ => None,
            })
            .collect();
        (open, trades, funded.len())
    };
    let (open, trades, funded) = run(30_000);
    assert!(open > 2 && trades > 50 && funded == 0, "{open} {trades} {funded}");
    let (open, trades, funded) = run(60_000);
    assert!(open == 0 && trades > 50 && funded > 5, "{open} {trades} {funded}");
}

#[test]
fn a_state_that_does_not_fit_the_market_is_refused_in_words() {
    let mut live = Live::start({
        let mut builder = builder(0);
        builder.goes_on();
        builder
    });
    live.join(1, "anne", "desk").unwrap();
    live.submit(2, "anne", limit(Side::Sell, 5, 10_000)).unwrap();
    let state = stopped(live, 1_000);
    let refused = |millis, change: &dyn Fn(&mut ClosingState)| {
        let mut state = state.clone();
        change(&mut state);
        let mut builder = builder_from(millis, 0);
        builder.opening(state);
        match builder.open() {
            Err(BuildError::Opening(error)) => error.to_string(),
            other => panic!("{:?}", other.map(|_| "a market")),
        }
    };
    let found = |change: &dyn Fn(&mut ClosingState)| refused(1_000, change);
    assert_eq!(
        found(&|state| state.version = 9),
        "the opening state has version 9, and this engine reads version 3"
    );
    assert_eq!(
        refused(999, &|_| ()),
        "the market would open at 2025-03-03T09:30:00.999, before the last one stopped at 2025-03-03T09:30:01"
    );
    assert_eq!(
        found(&|state| state.instruments[0].symbol = "BOLT".to_owned()),
        "\"a\" holds BOLT, which the market does not have"
    );
    assert_eq!(
        found(&|state| state.listings[0].venue = "DARK".to_owned()),
        "orders are open for ACME at DARK, where the market has no book"
    );
    let disagree = "the books and accounts of the opening state do not agree on order 0";
    assert_eq!(found(&|state| state.participants[2].account.orders.clear()), disagree);
    assert_eq!(found(&|state| state.listings[0].book.as_mut().unwrap().orders.clear()), disagree);
    assert_eq!(found(&|state| state.next_order = 0), disagree);
    assert_eq!(found(&|state| state.participants[2].account.orders[0].leaves = Quantity::new(4)), disagree);
    let spec =
        |state: &mut ClosingState| state.participants[2].seat.as_mut().unwrap().spec.kind = "wizard".into();
    assert_eq!(found(&spec), "\"anne\" cannot be seated again: there is no kind of actor called `wizard`");
    let mut bare = MarketBuilder::new(Seed::new(1), after(1_000), after(2_000)).unwrap();
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = bare.instrument(acme, None);
    bare.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    bare.opening(state.clone());
    let cause = JoinRefusal::NoFactory;
    let participant = "anne".to_owned();
    assert_eq!(bare.open().err(), Some(OpeningError::Seat { participant, cause }.into()));
    let named = |state: &mut ClosingState| state.participants[2].name = "a".to_owned();
    let mut state = state;
    named(&mut state);
    let mut builder = builder_from(1_000, 0);
    builder.opening(state);
    assert!(matches!(builder.open(), Err(BuildError::Agent(_))), "a name is taken");
}
