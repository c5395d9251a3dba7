//! What a live market needs from the engine: requests from outside with answers, participants that join,
//! funding, the journal and its replay.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod auctions;
mod carried;
mod days;
mod days_phases;
mod funding;
mod futures;
mod joining;
mod journal;
mod kill_switch;
mod latencies;
mod looking;
mod margin;
mod marks;
mod money;
mod operator;
mod reseat;
mod unread;
mod value_quotes;

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, ActorContext, Handler};
use bearpit_agents::{Desk, NoiseConfig, NoiseTrader, Wakeups};
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{Market, MarketBuilder};
use bearpit_core::kernel::{
    ActorFactory, ActorSpec, FactoryError, LatencyModel, RequestTag, SimActor, Wakeup,
};
use bearpit_core::market::{
    ExecutionReport, Fact, Fees, Instrument, OrderTerms, Side, SinkError, Stamped, TapeSink,
};
use bearpit_core::participant::{
    Answer, Context, Feed, Instruction, Latencies, MarketData, MarketState, Outcome, ParticipantConfig,
    Request, RequestKind, RequestRefusal, Trader,
};
use bearpit_core::units::{
    ActorId, InstrumentId, ListingId, Money, Price, Quantity, Seed, SimDuration, SimTime,
};

const ACME: InstrumentId = InstrumentId::new(0);
const LISTING: ListingId = ListingId::new(0);

fn open() -> SimTime {
    "2025-03-03T09:30:00".parse().unwrap()
}

fn after(millis: i64) -> SimTime {
    open() + SimDuration::from_millis(millis)
}

fn account(cash: i64, shares: u64) -> AccountConfig {
    AccountConfig {
        cash: Money::from_whole(cash),
        holdings: vec![(ACME, Quantity::new(shares))],
        tracked: true,
        ..AccountConfig::default()
    }
}

fn desk(cash: i64, shares: u64) -> ParticipantConfig {
    ParticipantConfig::new("desk").with_account(account(cash, shares))
}

fn limit(side: Side, lots: u64, ticks: i64) -> OrderTerms {
    OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks))
}

/// One instrument at one venue, two desks, and a crowd of `noise` traders; a minute long.
fn builder(noise: u32) -> MarketBuilder {
    builder_from(0, noise)
}

/// The same, but from a later time on.
fn builder_from(millis: i64, noise: u32) -> MarketBuilder {
    let mut builder = MarketBuilder::new(Seed::new(7), after(millis), after(millis + 60_000)).unwrap();
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(acme, None);
    let venue =
        LatencyModel::Uniform { min: SimDuration::from_micros(10), max: SimDuration::from_micros(90) };
    let latencies = Latencies::all(venue);
    builder.venue("PIT", Fees::default(), if noise == 0 { Latencies::NONE } else { latencies }, &[acme]);
    builder.agent("a", desk(100_000, 1_000), Desk).unwrap();
    builder.agent("b", desk(100_000, 1_000), Desk).unwrap();
    for number in 0..noise {
        let config = NoiseConfig {
            listing: LISTING,
            wakeups: Wakeups::every(SimDuration::from_millis(500)),
            market_share: 0.4,
            max_quantity: Quantity::new(15),
            depth_ticks: 4.0,
            patience: SimDuration::from_secs(5),
        };
        let participant = ParticipantConfig::new("noise").with_account(account(50_000, 500));
        builder.agent(&format!("noise-{number}"), participant, NoiseTrader::new(config)).unwrap();
    }
    builder.factory(Factory);
    builder
}

/// Builds desks, and greeters.
struct Factory;

impl ActorFactory<MarketState> for Factory {
    fn build(&mut self, _: &str, spec: &ActorSpec) -> Result<Box<dyn SimActor<MarketState>>, FactoryError> {
        match spec.kind.as_str() {
            "desk" => Ok(Box::new(Trader(Desk))),
            "greeter" => Ok(Box::new(Trader(Greeter { leaves_after: spec.parameters.parse().ok() }))),
            kind => Err(FactoryError::UnknownKind(kind.to_owned())),
        }
    }
}

/// Logs its start and each quote, and stops after so many milliseconds.
struct Greeter {
    leaves_after: Option<i64>,
}

impl Actor for Greeter {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.log(format!("{} starts", ctx.name()));
        ctx.subscribe(LISTING, Feed::Quotes).unwrap();
        if let Some(millis) = self.leaves_after {
            ctx.wake_after(SimDuration::from_millis(millis), 0);
        }
    }
}

impl Handler<Wakeup> for Greeter {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        ctx.stop();
    }
}

impl Handler<MarketData> for Greeter {
    type Result = ();

    fn handle(&mut self, _: MarketData, ctx: &mut Context) {
        ctx.log("quote");
    }
}

bearpit_core::ignore_messages!(Greeter: ExecutionReport);

/// Keeps all facts.
#[derive(Clone, Default)]
struct Facts(Rc<RefCell<Vec<(SimTime, Fact)>>>);

impl TapeSink for Facts {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        self.0.borrow_mut().push((stamped.at, stamped.fact.clone()));
        Ok(())
    }
}

/// A market that is asked one thing after another.
struct Live {
    market: Market,
    tags: u64,
}

impl Live {
    fn start(builder: MarketBuilder) -> Self {
        let mut market = builder.open().unwrap();
        market.start();
        Self { market, tags: 0 }
    }

    fn id(&self, name: &str) -> ActorId {
        self.market.participant(name).unwrap().id
    }

    /// Asks at `millis`, steps there, and returns the one answer.
    fn ask(&mut self, millis: i64, kind: RequestKind) -> Answer {
        self.tags += 1;
        let tag = Some(RequestTag::new(self.tags));
        self.market.request(after(millis), Request { tag, kind }).unwrap();
        self.market.step(after(millis), u64::MAX).unwrap();
        let answers: Vec<Answer> = self.market.take_answers().collect();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!((answers[0].tag, answers[0].at), (RequestTag::new(self.tags), after(millis)));
        answers[0].clone()
    }

    fn instruct(
        &mut self,
        millis: i64,
        name: &str,
        instruction: Instruction,
    ) -> Result<Outcome, RequestRefusal> {
        let participant = self.id(name);
        self.ask(millis, RequestKind::Instruct { participant, instruction }).outcome
    }

    fn submit(&mut self, millis: i64, name: &str, terms: OrderTerms) -> Result<Outcome, RequestRefusal> {
        self.instruct(millis, name, Instruction::Submit { listing: LISTING, terms })
    }

    fn join(&mut self, millis: i64, name: &str, kind: &str) -> Result<Outcome, RequestRefusal> {
        let (name, spec) = (name.to_owned(), ActorSpec::new(kind));
        self.ask(millis, RequestKind::Join { name, spec, config: desk(5_000, 10) }).outcome
    }

    /// Trades to the close and settles, which checks that nothing was lost or made.
    fn finish(mut self) -> Market {
        self.market.step(self.market.close(), u64::MAX).unwrap();
        self.market.settle().unwrap();
        self.market
    }
}
