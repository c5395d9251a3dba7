//! Another actor takes the place of a participant, and what an actor keeps for its next beginning.

use super::*;

use bearpit_core::exchange::ClosingState;
use bearpit_core::kernel::JoinRefusal;
use bearpit_core::market::{Refusal, Replacement};
use bearpit_core::participant::RequestError;

fn reseat(live: &mut Live, millis: i64, name: &str, kind: &str) -> Result<Outcome, RequestRefusal> {
    let (participant, spec) = (live.id(name), ActorSpec::new(kind));
    live.ask(millis, RequestKind::Reseat { participant, spec }).outcome
}

/// Returns what a participant has logged, and how its place was given away.
fn lines(facts: &Facts, owner: ActorId) -> Vec<String> {
    let line = |(at, fact): &(SimTime, Fact)| {
        let millis = (at.nanos() - open().nanos()) / 1_000_000;
        match fact {
            Fact::Logged { actor, text } if *actor == owner => Some(format!("{millis} {text}")),
            Fact::ParticipantReseated { owner: of, kind } if *of == owner => {
                Some(format!("{millis} is a {kind}"))
            }
            _ => None,
        }
    };
    facts.0.borrow().iter().filter_map(line).collect()
}

#[test]
fn another_actor_takes_a_place_with_all_that_is_there() {
    let facts = Facts::default();
    let mut builder = builder(0);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    live.join(1, "anne", "greeter").unwrap();
    let anne = live.id("anne");
    let Ok(Outcome::Submitted { order, .. }) = live.submit(2, "anne", limit(Side::Sell, 5, 10_000)) else {
        panic!("no order")
    };
    assert_eq!(reseat(&mut live, 3, "anne", "desk"), Ok(Outcome::Reseated));
    assert_eq!(live.market.participant("anne").unwrap().kind, "desk");
    live.submit(4, "a", limit(Side::Buy, 2, 10_000)).unwrap();
    let account = live.market.world().domain().account(anne).unwrap();
    assert_eq!(account.order(order).unwrap().leaves, Quantity::new(3), "her order rests, and trades");
    live.instruct(5, "anne", Instruction::Cancel(order)).unwrap();
    live.market.step(after(6), u64::MAX).unwrap();
    assert!(live.market.world().domain().account(anne).unwrap().order(order).is_none());
    assert_eq!(reseat(&mut live, 7, "anne", "greeter"), Ok(Outcome::Reseated));
    live.submit(8, "a", limit(Side::Buy, 2, 9_990)).unwrap();
    live.market.step(after(9), u64::MAX).unwrap();
    let expected = ["1 anne starts", "2 quote", "3 is a desk", "7 is a greeter", "7 anne starts", "8 quote"];
    assert_eq!(lines(&facts, anne), expected, "the desk had no quotes");
    live.finish();
}

#[test]
fn the_place_of_an_actor_that_has_stopped_is_taken_too() {
    let mut live = Live::start(builder(0));
    let spec = ActorSpec { kind: "greeter".to_owned(), parameters: "5".to_owned() };
    let join = RequestKind::Join { name: "anne".to_owned(), spec, config: desk(5_000, 10) };
    live.ask(1, join).outcome.unwrap();
    let order = live.submit(2, "anne", limit(Side::Sell, 5, 10_000)).unwrap();
    let Outcome::Submitted { order, .. } = order else { panic!("{order:?}") };
    let new = Replacement::at(Price::new(10_010), Quantity::new(5));
    let refused = live.instruct(10, "anne", Instruction::Replace { order, new });
    assert_eq!(refused, Err(Refusal::Stopped.into()));
    reseat(&mut live, 11, "anne", "desk").unwrap();
    assert_eq!(live.instruct(12, "anne", Instruction::Cancel(order)), Ok(Outcome::CancelSent { order }));
    live.finish();
}

#[test]
fn who_cannot_be_replaced_goes_on() {
    let facts = Facts::default();
    let mut builder = builder(0);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    live.join(1, "anne", "greeter").unwrap();
    let unknown = JoinRefusal::Factory(FactoryError::UnknownKind("wizard".to_owned()));
    assert_eq!(reseat(&mut live, 2, "anne", "wizard"), Err(unknown.into()));
    live.submit(3, "a", limit(Side::Buy, 2, 9_990)).unwrap();
    live.market.step(after(4), u64::MAX).unwrap();
    assert_eq!(lines(&facts, live.id("anne")), ["1 anne starts", "3 quote"]);
    let of_scenario = RequestKind::Reseat { participant: live.id("a"), spec: ActorSpec::new("desk") };
    let request = Request { tag: None, kind: of_scenario };
    let refused = live.market.request(after(5), request).unwrap_err();
    assert_eq!(refused.to_string(), RequestError::NoSeat(live.id("a")).to_string());
    let late = RequestKind::Reseat { participant: live.id("anne"), spec: ActorSpec::new("desk") };
    live.market.request(after(60_001), Request { tag: Some(RequestTag::new(99)), kind: late }).unwrap();
    let answers: Vec<Answer> = live.finish().take_answers().collect();
    assert_eq!(answers[0].outcome, Err(JoinRefusal::Ended.into()));
}

/// Counts its beginnings.
struct Counter;

impl Actor for Counter {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        let before = ctx.saved().map_or(0, |text| text.parse().unwrap());
        ctx.log(format!("beginning {}", before + 1));
        ctx.save((before + 1).to_string());
    }
}

bearpit_core::ignore_messages!(Counter: Wakeup, ExecutionReport, MarketData);

fn with_counters(mut builder: MarketBuilder, left: Option<ClosingState>) -> (MarketBuilder, Facts) {
    let facts = Facts::default();
    builder.sink(Box::new(facts.clone()));
    builder.agent("agent", desk(0, 0), Counter).unwrap();
    builder.factory(Counters);
    builder.goes_on();
    if let Some(left) = left {
        builder.opening(left);
    }
    (builder, facts)
}

struct Counters;

impl ActorFactory<MarketState> for Counters {
    fn build(&mut self, _: &str, _: &ActorSpec) -> Result<Box<dyn SimActor<MarketState>>, FactoryError> {
        Ok(Box::new(Trader(Counter)))
    }
}

#[test]
fn what_an_actor_keeps_is_there_when_it_begins_again() {
    let (builder, facts) = with_counters(builder(0), None);
    let mut live = Live::start(builder);
    live.join(1, "anne", "counter").unwrap();
    reseat(&mut live, 2, "anne", "counter").unwrap();
    let anne = live.id("anne");
    assert_eq!(lines(&facts, anne), ["1 beginning 1", "2 is a counter", "2 beginning 2"]);
    live.market.step(after(60_000), u64::MAX).unwrap();
    live.market.settle().unwrap();
    let left = live.market.closing_state().unwrap().clone();
    for (day, part) in [(1, left.clone()), (2, left)] {
        // Alike, however often it is read.
        let (builder, facts) = with_counters(builder_from(day * 60_000, 0), Some(part));
        let live = Live::start(builder);
        let millis = day * 60_000;
        assert_eq!(lines(&facts, live.id("anne")), [format!("{millis} beginning 3")]);
        assert_eq!(lines(&facts, live.id("agent")), [format!("{millis} beginning 2")]);
        live.finish();
    }
}
