//! The journal has every request before it takes effect, and replays to the same digest.

use super::*;

use bearpit_core::kernel::{
    ExchangeError, InjectError, Injected, JournalError, JournalSink, MemoryJournal, ReplayError, SimContext,
};
use bearpit_core::market::{Funding, Reference, Transfer};
use bearpit_core::units::OrderId;

/// A day of orders, cancels, newcomers and transfers, at unlike stamps, with a crowd around.
fn eventful_day(market: &mut Market) {
    let (a, b) = (market.participant("a").unwrap().id, market.participant("b").unwrap().id);
    for second in 1..55 {
        let now = after(1_000 * second);
        market.step(now, u64::MAX).unwrap();
        let stamp = now + SimDuration::from_micros(17 * second);
        let side = if second % 3 == 0 { Side::Sell } else { Side::Buy };
        let instruction = Instruction::Submit { listing: LISTING, terms: limit(side, 7, 9_990 + second) };
        let participant = if second % 2 == 0 { a } else { b };
        let mut ask = |stamp, kind| {
            let tag = Some(RequestTag::new(second.unsigned_abs()));
            market.request(stamp, Request { tag, kind }).unwrap();
        };
        ask(stamp, RequestKind::Instruct { participant, instruction });
        if second % 4 == 0 {
            let (terms, notional) = (limit(side, 0, 9_995), Money::from_whole(30 * second));
            let instruction = Instruction::SubmitNotional { listing: LISTING, terms, notional };
            ask(stamp, RequestKind::Instruct { participant, instruction });
        }
        if second % 5 == 0 {
            let order = OrderId::new(second.unsigned_abs() * 3);
            ask(stamp, RequestKind::Instruct { participant, instruction: Instruction::Cancel(order) });
        }
        if second % 7 == 0 {
            let (name, spec) = (format!("late-{}", second / 14), ActorSpec::new("greeter"));
            // Every second name is taken already; one stamp lies in the future.
            let stamp = stamp + SimDuration::from_millis(700);
            ask(stamp, RequestKind::Join { name, spec, config: desk(1_000, 5) });
        }
        if second % 11 == 0 {
            let transfer = Transfer::Cash(Money::from_whole(second - 40));
            let reference = Reference::new("a payment").unwrap();
            ask(stamp, RequestKind::Fund { participant, funding: Funding { transfer, reference } });
        }
    }
    market.step(market.close(), u64::MAX).unwrap();
    market.settle().unwrap();
}

#[test]
fn a_day_replays_from_its_journal_to_the_same_digest_and_answers() {
    let journal = MemoryJournal::new();
    let mut journalled = builder(12);
    journalled.journal(journal.clone());
    let mut live = journalled.open().unwrap();
    live.start();
    eventful_day(&mut live);
    let answers: Vec<Answer> = live.take_answers().collect();
    let entries = journal.entries();
    assert_eq!(entries.len(), answers.len());
    let refused = answers.iter().filter(|answer| answer.outcome.is_err()).count();
    assert!(refused > 3 && refused < answers.len() / 2, "{refused} of {}", answers.len());
    assert!(live.world().domain().tape().trades() > 30);
    assert!(live.participant("late-3").is_some());

    let mut replayed = builder(12).open().unwrap();
    replayed.start();
    for entry in entries {
        replayed.replay(entry).unwrap();
    }
    replayed.step(replayed.close(), u64::MAX).unwrap();
    replayed.settle().unwrap();
    assert_eq!(replayed.digest(), live.digest());
    assert_eq!(replayed.take_answers().collect::<Vec<Answer>>(), answers);
}

#[test]
fn a_journal_of_another_world_is_noticed() {
    let journal = MemoryJournal::new();
    let mut journalled = builder(12);
    journalled.journal(journal.clone());
    eventful_day(&mut {
        let mut market = journalled.open().unwrap();
        market.start();
        market
    });
    let mut other = builder(2).open().unwrap();
    other.start();
    let replayed = journal.entries().into_iter().try_for_each(|entry| other.replay(entry));
    assert!(matches!(replayed, Err(ReplayError::Diverged { .. })), "{replayed:?}");
    other.step(after(30_000), u64::MAX).unwrap();
    let first = journal.entries().remove(0);
    assert!(matches!(other.replay(first), Err(ReplayError::Passed { .. })));
}

/// Takes so many requests, and notes what the world looked like when each came.
struct Bounded {
    left: usize,
    seen: Rc<RefCell<Vec<(u64, SimTime)>>>,
}

impl JournalSink<Request> for Bounded {
    fn append(&mut self, entry: &Injected<Request>) -> Result<(), JournalError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| JournalError::new("the disk is full"))?;
        self.seen.borrow_mut().push((entry.after_events, entry.stamp));
        Ok(())
    }
}

#[test]
fn what_the_journal_does_not_take_does_not_happen() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let mut builder = builder(0);
    builder.journal(Bounded { left: 1, seen: Rc::clone(&seen) });
    let mut live = Live::start(builder);
    let a = live.id("a");
    let events = live.market.world().events();
    live.submit(1, "a", limit(Side::Buy, 1, 100)).unwrap();
    assert_eq!(*seen.borrow(), [(events, after(1))]);
    let instruction = Instruction::Submit { listing: LISTING, terms: limit(Side::Buy, 1, 100) };
    let refused = live.market.instruct(after(2), a, instruction);
    let full = JournalError::new("the disk is full");
    assert_eq!(refused, Err(InjectError::Journal(full.clone())));
    assert_eq!(full.to_string(), "the journal did not take the request: the disk is full");
    live.market.step(after(3), u64::MAX).unwrap();
    assert_eq!(live.market.world().domain().account(a).unwrap().open_orders().len(), 1);
    // What is refused before is not journalled.
    assert!(matches!(live.market.instruct(open(), a, instruction), Err(InjectError::Late { .. })));
    assert_eq!(seen.borrow().len(), 1);
    live.finish();
}

#[test]
fn nothing_acts_past_the_journal() {
    let mut builder = builder(0);
    builder.journal(MemoryJournal::new());
    let mut live = Live::start(builder);
    let mut ctx = SimContext::vacant(MarketState::vacant());
    let a = live.id("a");
    assert_eq!(live.market.exchange_context(a, &mut ctx), Err(ExchangeError::Journalled));
    live.finish();
}

#[test]
fn a_test_may_act_through_a_context_where_there_is_no_journal() {
    let mut market = builder(0).open().unwrap();
    let mut ctx = SimContext::vacant(MarketState::vacant());
    let a = market.participant("a").unwrap().id;
    assert_eq!(market.exchange_context(a, &mut ctx), Err(ExchangeError::NotStarted));
    assert_eq!(market.instruct(open(), a, Instruction::Disconnect), Err(InjectError::NotRunning));
    market.start();
    let nobody = ActorId::new(99);
    assert_eq!(market.exchange_context(nobody, &mut ctx), Err(ExchangeError::NoSuchActor(nobody)));
    market.exchange_context(a, &mut ctx).unwrap();
    assert_eq!(ctx.name(), "a");
    ctx.submit(LISTING, limit(Side::Buy, 1, 100)).unwrap();
    market.exchange_context(a, &mut ctx).unwrap();
    market.step(after(1), u64::MAX).unwrap();
    assert_eq!(market.world().domain().account(a).unwrap().open_orders().len(), 1);
}
