//! What a day leaves is the same after it was bytes in a journal, and a market opens with it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bearpit_agents::Desk;
use bearpit_core::account::{AccountConfig, Credit, MarginRate, MarginTerms};
use bearpit_core::exchange::{ClosingState, MarketBuilder, ProcessConfig};
use bearpit_core::kernel::{ActorFactory, ActorSpec, FactoryError, SimActor};
use bearpit_core::market::{
    Fees, Funding, Instrument, Link, OrderKind, OrderTerms, Peg, Reference, Refusal, Side, StopLoss,
    TimeInForce, TrailingDistance, Transfer,
};
use bearpit_core::participant::{
    Instruction, Latencies, MarketState, ParticipantConfig, Request, RequestKind, Trader,
};
use bearpit_core::process::Gbm;
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, NetQuantity, Price, Quantity, Seed, SimDuration, SimTime,
};

const LISTING: ListingId = ListingId::new(0);
const ACME: InstrumentId = InstrumentId::new(0);

struct Desks;

impl ActorFactory<MarketState> for Desks {
    fn build(&mut self, _: &str, _: &ActorSpec) -> Result<Box<dyn SimActor<MarketState>>, FactoryError> {
        Ok(Box::new(Trader(Desk)))
    }
}

fn after(seconds: i64) -> SimTime {
    let open: SimTime = "2025-03-03T09:30:00".parse().unwrap();
    open + SimDuration::from_secs(seconds)
}

fn builder(from: i64) -> MarketBuilder {
    let mut builder = MarketBuilder::new(Seed::new(1), after(from), after(from + 60)).unwrap();
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let process = Box::new(Gbm::new(100.0, 0.0, 0.3, 1_638.0));
    let process = ProcessConfig { process, initial: 100.0, grid: SimDuration::from_secs(1) };
    let acme = builder.instrument(acme, Some(process));
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    builder.agent("maker", config(), Desk).unwrap();
    builder.factory(Desks);
    builder.goes_on();
    builder
}

fn config() -> ParticipantConfig {
    let account = AccountConfig {
        cash: Money::from_whole(1_000_000),
        holdings: vec![(ACME, Quantity::new(1_000))],
        max_short: vec![(ACME, Quantity::new(500))],
        ..AccountConfig::default()
    };
    ParticipantConfig::new("desk").with_account(account)
}

/// One order of each kind, in several conditions.
fn all_kinds() -> Vec<OrderTerms> {
    let price = Price::new;
    let order = |side, kind| OrderTerms::new(side, Quantity::new(10), kind);
    let limit = |side, ticks| order(side, OrderKind::Limit(price(ticks)));
    let peg = OrderKind::Pegged { to: Peg::Mid, offset: 2, limit: Some(price(9_990)) };
    let bracket = Link::Bracket {
        take_profit: Some(price(10_100)),
        stop_loss: Some(StopLoss::Market { trigger: price(9_800), protection: Some(price(9_700)) }),
    };
    let trailing = |distance| OrderKind::TrailingStop { distance, protection: None };
    vec![
        OrderTerms { display: Some(Quantity::new(3)), ..limit(Side::Sell, 10_000) },
        OrderTerms { link: bracket, ..limit(Side::Buy, 9_950) },
        order(Side::Sell, OrderKind::Stop { trigger: price(9_900), protection: Some(price(9_850)) }),
        order(Side::Buy, OrderKind::StopLimit { trigger: price(10_200), limit: price(10_300) }),
        order(Side::Sell, trailing(TrailingDistance::Ticks(50))),
        order(Side::Sell, trailing(TrailingDistance::BasisPoints(200))),
        order(Side::Buy, peg),
        limit(Side::Buy, 9_940).with(TimeInForce::Gtd(after(1_000))),
        limit(Side::Buy, 9_930).with(TimeInForce::Day),
        limit(Side::Buy, 9_920).with(TimeInForce::AtClose),
    ]
}

/// Returns what a market of all that leaves.
fn state() -> ClosingState {
    let mut market = builder(0).open().unwrap();
    market.start();
    let ask = |market: &mut bearpit_core::exchange::Market, kind| {
        let now = market.world().now();
        market.request(now, Request { tag: None, kind }).unwrap();
        market.step(now, u64::MAX).unwrap();
    };
    let (name, spec) = ("anne".to_owned(), ActorSpec::new("desk"));
    ask(&mut market, RequestKind::Join { name, spec, config: config() });
    let anne = market.participant("anne").unwrap().id;
    let submit = |participant, terms| {
        let instruction = Instruction::Submit { listing: LISTING, terms };
        RequestKind::Instruct { participant, instruction }
    };
    for terms in all_kinds() {
        ask(&mut market, submit(anne, terms));
    }
    // A part of the iceberg's first part trades.
    let maker: ActorId = market.participant("maker").unwrap().id;
    ask(&mut market, submit(maker, OrderTerms::limit(Side::Buy, Quantity::new(2), Price::new(10_000))));
    let transfer = Transfer::Shares { instrument: ACME, quantity: NetQuantity::new(7) };
    let funding = Funding { transfer, reference: Reference::new("gift").unwrap() };
    ask(&mut market, RequestKind::Fund { participant: anne, funding });
    ask(&mut market, RequestKind::Halt { listing: None });
    let reason = Reference::new("an inquiry").unwrap();
    ask(&mut market, RequestKind::Block { participant: maker, reason });
    market.step(after(10), u64::MAX).unwrap();
    market.settle().unwrap();
    market.closing_state().unwrap().clone()
}

#[test]
fn a_state_survives_as_bytes_and_the_market_that_opens_with_it_leaves_the_same() {
    let state = state();
    assert_eq!(state.listings[0].book.as_ref().unwrap().orders.len(), all_kinds().len());
    let bytes = postcard::to_stdvec(&state).unwrap();
    let read: ClosingState = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(read, state);
    let mut builder = builder(10);
    builder.opening(read);
    let mut market = builder.open().unwrap();
    market.start();
    market.settle().unwrap();
    assert_eq!(market.closing_state(), Some(&state));
}

#[test]
fn bytes_that_were_cut_are_no_state() {
    let state = state();
    let bytes = postcard::to_stdvec(&state).unwrap();
    for length in 0..bytes.len() {
        assert!(postcard::from_bytes::<ClosingState>(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn margin_terms_that_no_constructor_makes_are_none() {
    let rate = |part: u32, of: u32| postcard::to_stdvec(&(part, of)).unwrap();
    let half: MarginRate = postcard::from_bytes(&rate(1, 2)).unwrap();
    assert_eq!(Some(half), MarginRate::new(1, 2));
    for (part, of) in [(1, 0), (0, 0), (0, 2), (3, 2), (1, 10_001)] {
        assert!(postcard::from_bytes::<MarginRate>(&rate(part, of)).is_err(), "{part} of {of}");
    }
    let quarter = MarginRate::new(1, 4).unwrap();
    let read = |rates: [MarginRate; 2]| {
        let bytes = postcard::to_stdvec(&(rates[0], rates[1])).unwrap();
        postcard::from_bytes::<MarginTerms>(&bytes)
    };
    assert_eq!(read([half, quarter]).ok(), MarginTerms::new(half, quarter));
    assert!(read([quarter, half]).is_err());
}

#[test]
fn what_was_stored_before_there_was_margin_still_means_what_it_did() {
    let number = |bytes: Vec<u8>| bytes[0];
    assert_eq!(number(postcard::to_stdvec(&Credit::Unlimited).unwrap()), 1);
    assert_eq!(number(postcard::to_stdvec(&Refusal::NoReferencePrice).unwrap()), 4);
    assert_eq!(number(postcard::to_stdvec(&Refusal::Ended).unwrap()), 23);
}
