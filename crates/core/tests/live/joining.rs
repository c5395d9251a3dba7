//! Participants that join a running market.

use super::*;

use std::collections::BTreeMap;

use bearpit_core::account::{AccountError, Financing};
use bearpit_core::kernel::{AddError, JoinRefusal};
use bearpit_core::units::FeeRate;

#[test]
fn a_newcomer_starts_at_its_stamp_subscribes_and_trades() {
    let facts = Facts::default();
    let mut builder = builder(0);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    let last = live.market.participants().last().unwrap().id;
    let joined = live.join(10, "greeter", "greeter");
    let participant = ActorId::new(last.get() + 1);
    assert_eq!(joined, Ok(Outcome::Joined { participant }), "ids stay dense");
    let newcomer = live.market.participant("greeter").unwrap();
    assert_eq!((newcomer.id, newcomer.kind.as_str()), (participant, "desk"));
    live.submit(20, "a", limit(Side::Sell, 5, 10_000)).unwrap();
    live.submit(30, "greeter", limit(Side::Buy, 5, 10_000)).unwrap();
    live.market.step(after(40), u64::MAX).unwrap();
    let account = live.market.world().domain().account(participant).unwrap();
    assert_eq!((account.holding(ACME).lots(), account.cash()), (15, Money::from_whole(4_500)));
    let lines: Vec<(SimTime, String)> = facts
        .0
        .borrow()
        .iter()
        .filter_map(|(at, fact)| match fact {
            Fact::AccountOpened(opening) => {
                Some((*at, format!("{} opens with {}", opening.name, opening.cash)))
            }
            Fact::Logged { actor, text } if *actor == participant => Some((*at, text.to_string())),
            _ => None,
        })
        .collect();
    let line = |millis, text: &str| (after(millis), text.to_owned());
    let expected = [
        line(10, "greeter opens with 5000.00"),
        line(10, "greeter starts"),
        line(20, "quote"),
        line(30, "quote"),
    ];
    assert_eq!(lines, expected);
    live.finish();
}

#[test]
fn reasons_why_nobody_joins_are_typed() {
    let mut live = Live::start(builder(0));
    live.join(1, "c", "desk").unwrap();
    let refused = |live: &mut Live, millis, name: &str, kind: &str| match live.join(millis, name, kind) {
        Err(RequestRefusal::Join(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let taken = |name: &str| JoinRefusal::Add(AddError::DuplicateName(name.to_owned()));
    assert_eq!(refused(&mut live, 2, "c", "desk"), taken("c"));
    assert_eq!(refused(&mut live, 3, "venue/PIT", "desk"), taken("venue/PIT"));
    assert_eq!(refused(&mut live, 4, "", "desk"), JoinRefusal::NameUnfit);
    assert_eq!(refused(&mut live, 5, "a\nb", "desk"), JoinRefusal::NameUnfit);
    assert_eq!(refused(&mut live, 6, &"x".repeat(129), "desk"), JoinRefusal::NameUnfit);
    let unknown = JoinRefusal::Factory(FactoryError::UnknownKind("wizard".to_owned()));
    assert_eq!(refused(&mut live, 7, "d", "wizard"), unknown);
    let nowhere = InstrumentId::new(5);
    let mut config = desk(1, 1);
    config.account.holdings[0].0 = nowhere;
    let join = RequestKind::Join { name: "e".to_owned(), spec: ActorSpec::new("desk"), config };
    let cause = AccountError::UnknownInstrument(nowhere);
    let unfit = JoinRefusal::Add(AddError::Unfit { name: "e".to_owned(), cause });
    assert_eq!(live.ask(8, join).outcome, Err(unfit.into()));
    let ask = |live: &mut Live, millis, holdings: &[u64], short: &[u64]| {
        let of = |lots: &[u64]| lots.iter().map(|lots| (ACME, Quantity::new(*lots))).collect();
        let account = AccountConfig { holdings: of(holdings), max_short: of(short), ..account(1, 0) };
        let config = ParticipantConfig::new("desk").with_account(account);
        let join = RequestKind::Join { name: "f".to_owned(), spec: ActorSpec::new("desk"), config };
        live.ask(millis, join).outcome
    };
    let beyond = Quantity::MAX_LOTS + 1;
    let cases: [(&[u64], &[u64], AccountError); 5] = [
        (&[beyond], &[], AccountError::HoldingOutOfRange(ACME)),
        (&[], &[beyond], AccountError::ShortLimitOutOfRange(ACME)),
        (&[], &[u64::MAX], AccountError::ShortLimitOutOfRange(ACME)),
        (&[5, 7], &[], AccountError::NamedTwice(ACME)),
        (&[], &[5, 5], AccountError::NamedTwice(ACME)),
    ];
    for (holdings, short, cause) in cases {
        let unfit = JoinRefusal::Add(AddError::Unfit { name: "f".to_owned(), cause });
        assert_eq!(ask(&mut live, 9, holdings, short), Err(unfit.into()));
    }
    // None of them has taken a name or an id.
    let Ok(Outcome::Joined { participant }) = live.join(10, "d", "desk") else { panic!() };
    assert_eq!(participant.get(), live.id("c").get() + 1);
    live.finish();
}

#[test]
fn without_a_factory_nobody_joins() {
    let mut bare = MarketBuilder::new(Seed::new(7), open(), after(1_000)).unwrap();
    bare.venue("PIT", Fees::default(), Latencies::NONE, &[]);
    let mut live = Live::start(bare);
    let config = ParticipantConfig::new("desk");
    let join = RequestKind::Join { name: "x".to_owned(), spec: ActorSpec::new("desk"), config };
    assert_eq!(live.ask(1, join.clone()).outcome, Err(JoinRefusal::NoFactory.into()));
    live.market.request(after(1_001), Request { tag: Some(RequestTag::new(9)), kind: join }).unwrap();
    let answers: Vec<Answer> = live.finish().take_answers().collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].outcome, Err(JoinRefusal::Ended.into()));
}

/// Returns what each participant has sent to the venue, by name.
fn orders(join: bool) -> BTreeMap<String, Vec<(SimTime, OrderTerms)>> {
    let facts = Facts::default();
    let mut builder = builder(12);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    // Something for the crowd to go by.
    live.submit(1, "a", limit(Side::Buy, 50, 9_990)).unwrap();
    live.submit(2, "b", limit(Side::Sell, 50, 10_010)).unwrap();
    if join {
        live.join(20_000, "late", "greeter").unwrap();
        live.join(20_000, "later", "desk").unwrap();
    }
    let market = live.finish();
    let mut orders: BTreeMap<String, Vec<(SimTime, OrderTerms)>> = BTreeMap::new();
    for (at, fact) in facts.0.borrow().iter() {
        if let Fact::OrderAccepted { owner, terms, .. } = fact {
            let name = market.world().name_of(*owner).unwrap().to_owned();
            orders.entry(name).or_default().push((*at, *terms));
        }
    }
    orders
}

#[test]
fn newcomers_that_do_not_trade_leave_all_others_as_they_were() {
    let without = orders(false);
    assert!(without.values().map(Vec::len).sum::<usize>() > 100);
    assert_eq!(without, orders(true));
}

#[test]
fn interest_accrues_from_the_day_of_joining() {
    let rate = FeeRate::from_bps("100".parse().unwrap()).unwrap();
    let financing = Financing { credit: rate, ..Financing::NONE };
    let mut builder = builder(0);
    builder.sample_interval(SimDuration::from_secs(60));
    let mut live = Live::start(builder);
    let mut interest = |name: &str, millis| {
        let mut config = desk(31_536_000, 0);
        config.account.financing = financing;
        let spec = ActorSpec::new("desk");
        live.ask(millis, RequestKind::Join { name: name.to_owned(), spec, config }).outcome.unwrap();
    };
    interest("early", 20_000);
    interest("late", 50_000);
    let market = live.finish();
    let brought = |name: &str| {
        let id = market.participant(name).unwrap().id;
        market.world().domain().account(id).unwrap().financed().to_string()
    };
    // A hundredth of as many as a year has seconds, for 40 and 10 of them.
    assert_eq!((brought("early"), brought("late")), ("0.40".to_owned(), "0.10".to_owned()));
}
