//! Each tagged request has one answer: what was done, or the typed reason why nothing was.

use super::*;

use bearpit_core::kernel::InjectError;
use bearpit_core::market::{ExitIds, Link, Refusal, Replacement, StopLoss};
use bearpit_core::participant::RequestError;
use bearpit_core::units::OrderId;

#[test]
fn an_order_is_answered_with_its_id_or_with_the_refusal() {
    let facts = Facts::default();
    let mut builder = builder(0);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    let terms = limit(Side::Buy, 10, 9_900);
    let order = OrderId::new(0);
    assert_eq!(
        live.submit(1, "a", terms),
        Ok(Outcome::Submitted { order, exits: ExitIds::default(), terms })
    );
    // The venue's word comes as a fact, under the id.
    live.market.step(after(2), u64::MAX).unwrap();
    let accepted =
        |fact: &Fact| matches!(fact, Fact::OrderAccepted { order: accepted, .. } if *accepted == order);
    assert!(facts.0.borrow().iter().any(|(_, fact)| accepted(fact)));
    let refused = live.submit(3, "a", limit(Side::Buy, 1_000_000, 9_900)).unwrap_err();
    let RequestRefusal::Instruction(Refusal::InsufficientCash { needed, free }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((needed, free), (Money::from_whole(99_000_000), Money::from_whole(99_010)));
    live.finish();
}

#[test]
fn an_answer_names_its_place_among_the_facts() {
    let mut live = Live::start(builder(0));
    let participant = live.id("a");
    let terms = limit(Side::Sell, 1_001, 10_000);
    let instruction = Instruction::Submit { listing: LISTING, terms };
    let before = live.market.world().domain().tape().facts();
    let answer = live.ask(1, RequestKind::Instruct { participant, instruction });
    assert!(answer.outcome.is_err());
    assert_eq!(answer.facts, before + 1, "after the fact of the refusal");
}

#[test]
fn the_exits_of_a_bracket_are_named() {
    let mut live = Live::start(builder(0));
    let link = Link::Bracket {
        take_profit: Some(Price::new(10_100)),
        stop_loss: Some(StopLoss::at(Price::new(9_800))),
    };
    let entry = OrderTerms { link, ..limit(Side::Buy, 5, 10_000) };
    let Ok(Outcome::Submitted { order, exits, terms }) = live.submit(1, "a", entry) else { panic!() };
    let [take_profit, stop_loss] = [1, 2].map(|step| Some(OrderId::new(order.get() + step)));
    assert_eq!(exits, ExitIds { take_profit, stop_loss });
    assert_eq!(terms, entry, "only a bracket that buys back needs a protection");
    let Ok(Outcome::Submitted { order: next, .. }) = live.submit(2, "b", limit(Side::Buy, 1, 9_000)) else {
        panic!()
    };
    assert_eq!(next.get(), order.get() + 3);
    live.finish();
}

#[test]
fn cancels_and_replaces_are_answered_too() {
    let mut live = Live::start(builder(0));
    let Ok(Outcome::Submitted { order, .. }) = live.submit(1, "a", limit(Side::Buy, 10, 9_900)) else {
        panic!()
    };
    let nobodys = OrderId::new(77);
    let unknown = |order| Err(RequestRefusal::Instruction(Refusal::UnknownOrder(order)));
    assert_eq!(live.instruct(2, "a", Instruction::Cancel(nobodys)), unknown(nobodys));
    assert_eq!(live.instruct(3, "b", Instruction::Cancel(order)), unknown(order), "another's order");
    let replace = |order, lots| Instruction::Replace {
        order,
        new: Replacement::at(Price::new(9_901), Quantity::new(lots)),
    };
    assert_eq!(live.instruct(4, "a", replace(nobodys, 5)), unknown(nobodys));
    assert_eq!(
        live.instruct(5, "a", replace(order, 0)),
        Err(Refusal::QuantityOutOfRange(Quantity::ZERO).into())
    );
    assert_eq!(live.instruct(6, "a", replace(order, 5)), Ok(Outcome::ReplaceSent { order }));
    assert_eq!(live.instruct(7, "a", Instruction::Cancel(order)), Ok(Outcome::CancelSent { order }));
    let sweep = |listing| Instruction::MassCancel { listing, side: None };
    assert_eq!(live.instruct(8, "a", sweep(LISTING)), Ok(Outcome::MassCancelSent { listing: LISTING }));
    let nowhere = ListingId::new(9);
    assert_eq!(live.instruct(9, "a", sweep(nowhere)), Err(Refusal::UnknownListing.into()));
    assert_eq!(live.instruct(10, "a", Instruction::Disconnect), Ok(Outcome::Disconnected));
    live.finish();
}

#[test]
fn without_a_tag_there_is_no_answer() {
    let mut live = Live::start(builder(0));
    let (a, terms) = (live.id("a"), limit(Side::Buy, 10, 9_900));
    live.market.instruct(after(1), a, Instruction::Submit { listing: LISTING, terms }).unwrap();
    live.market.step(after(1), u64::MAX).unwrap();
    assert_eq!(live.market.take_answers().count(), 0);
    assert_eq!(live.market.world().domain().account(a).unwrap().open_orders().len(), 1);
}

#[test]
fn an_actor_that_has_stopped_answers_nevertheless() {
    let mut live = Live::start(builder(0));
    let (name, spec) =
        ("fleeting".to_owned(), ActorSpec { kind: "greeter".to_owned(), parameters: "5".to_owned() });
    live.ask(1, RequestKind::Join { name, spec, config: desk(1_000, 0) }).outcome.unwrap();
    assert!(live.submit(3, "fleeting", limit(Side::Buy, 1, 100)).is_ok());
    assert_eq!(live.submit(7, "fleeting", limit(Side::Buy, 1, 100)), Err(Refusal::Stopped.into()));
    live.finish();
}

#[test]
fn what_would_arrive_after_the_close_is_answered_when_the_market_settles() {
    let mut live = Live::start(builder(0));
    let (participant, tag) = (live.id("a"), RequestTag::new(1));
    let kind = RequestKind::Instruct { participant, instruction: Instruction::Disconnect };
    live.market.request(after(60_001), Request { tag: Some(tag), kind }).unwrap();
    let mut market = live.finish();
    let answers: Vec<Answer> = market.take_answers().collect();
    assert_eq!(answers.len(), 1);
    assert_eq!((answers[0].tag, answers[0].outcome.clone()), (tag, Err(Refusal::Closed.into())));
    let late = market.instruct(after(60_002), participant, Instruction::Disconnect);
    assert_eq!(late, Err(InjectError::NotRunning));
}

#[test]
fn the_house_takes_no_requests() {
    let mut live = Live::start(builder(0));
    for nobody in [0, 1, 99].map(ActorId::new) {
        let refused = live.market.instruct(after(1), nobody, Instruction::Disconnect);
        assert_eq!(refused, Err(InjectError::Request(RequestError::NotAParticipant(nobody))));
    }
    live.finish();
}

#[test]
fn an_order_for_an_amount_of_money_has_the_lots_that_it_pays_for() {
    let facts = Facts::default();
    let mut builder = builder(0);
    builder.sink(Box::new(facts.clone()));
    let mut live = Live::start(builder);
    let enter = |terms, notional| Instruction::SubmitNotional { listing: LISTING, terms, notional };
    let bid = limit(Side::Buy, 0, 9_900);
    let Ok(Outcome::Submitted { order, terms, .. }) =
        live.instruct(1, "a", enter(bid, Money::from_whole(1_000)))
    else {
        panic!()
    };
    assert_eq!(terms, limit(Side::Buy, 10, 9_900), "990 pays for ten lots, and 1,089 for eleven");
    let account = live.market.world().domain().account(live.id("a")).unwrap();
    assert_eq!(account.order(order).unwrap().leaves, Quantity::new(10));
    // What is refused is a fact, under the reason, as any refused order is.
    let (notional, lot) = (Money::from_whole(98), Money::from_whole(99));
    let refused = live.instruct(2, "a", enter(bid, notional));
    let reason = Refusal::BelowOneLot { notional, lot };
    assert_eq!(refused, Err(reason.into()));
    let all = Money::from_whole(10_000_000);
    let refused = live.instruct(3, "a", enter(bid, all)).unwrap_err();
    assert!(matches!(refused, RequestRefusal::Instruction(Refusal::InsufficientCash { .. })), "{refused:?}");
    let quantities: Vec<(Quantity, &str)> = facts
        .0
        .borrow()
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::OrderRefused { terms, reason, .. } => Some((terms.quantity, reason.name())),
            _ => None,
        })
        .collect();
    let lots = Quantity::new(10_000_000 / 99);
    assert_eq!(quantities, [(Quantity::ZERO, "below_one_lot"), (lots, "insufficient_cash")]);
    live.finish();
}
