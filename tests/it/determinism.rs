//! The same inputs give the same facts: at any step size, beside an idle agent, from a journal.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use bearpit::agents::Desk;
use bearpit::exchange::{Market, MarketBuilder};
use bearpit::kernel::{MemoryJournal, StepEnd};
use bearpit::market::{Fact, OrderTerms, Side, SinkError, Stamped, TapeSink};
use bearpit::participant::{Instruction, ParticipantConfig};
use bearpit::units::{ListingId, OrderId, Price, Quantity, SimDuration};

use crate::market::{account, crowd, desks, open};

fn finished(builder: MarketBuilder) -> Market {
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    market
}

#[test]
fn one_seed_gives_one_digest_and_another_seed_another() {
    let digest = |seed| finished(crowd(seed, 60)).digest();
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}

#[test]
fn the_size_of_the_steps_does_not_show() {
    let whole = finished(crowd(5, 60)).digest();
    let mut market = crowd(5, 60).open().unwrap();
    market.start();
    let mut now = open();
    while now < market.close() {
        now += SimDuration::from_millis(333);
        while market.step(now, 7).unwrap() == StepEnd::Budget {}
    }
    market.settle().unwrap();
    assert_eq!(market.digest(), whole);
}

/// Keeps every order that was accepted, by its owner's name.
#[derive(Debug, Default)]
struct Orders {
    accepted: Rc<RefCell<Vec<(u32, i64, OrderTerms)>>>,
}

impl TapeSink for Orders {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if let Fact::OrderAccepted { owner, terms, .. } = stamped.fact {
            self.accepted.borrow_mut().push((owner.get(), stamped.at.nanos(), *terms));
        }
        Ok(())
    }
}

fn orders_by_name(mut builder: MarketBuilder) -> BTreeMap<String, Vec<(i64, OrderTerms)>> {
    let orders = Orders::default();
    let accepted = Rc::clone(&orders.accepted);
    builder.sink(Box::new(orders));
    let market = finished(builder);
    let names: BTreeMap<u32, String> =
        market.participants().iter().map(|it| (it.id.get(), it.name.clone())).collect();
    let mut by_name: BTreeMap<String, Vec<(i64, OrderTerms)>> = BTreeMap::new();
    for (owner, at, terms) in accepted.borrow().iter() {
        by_name.entry(names[owner].clone()).or_default().push((*at, *terms));
    }
    by_name
}

#[test]
fn an_idle_agent_leaves_all_others_as_they_were() {
    let without = orders_by_name(crowd(9, 60));
    let mut builder = crowd(9, 60);
    builder.agent("idle", ParticipantConfig::new("desk").with_account(account(1, &[])), Desk).unwrap();
    let with = orders_by_name(builder);
    assert!(without.len() > 30);
    assert_eq!(without, with);
}

#[test]
fn a_world_fed_its_own_journal_gives_the_same_digest() {
    let listing = ListingId::new(0);
    let journal = MemoryJournal::new();
    let mut builder = desks(60);
    builder.journal(journal.clone());
    let mut live = builder.open().unwrap();
    live.start();
    let desk = live.participant("a").unwrap().id;
    for second in 1..50 {
        let now = open() + SimDuration::from_secs(second);
        live.step(now, u64::MAX).unwrap();
        let side = if second % 3 == 0 { Side::Sell } else { Side::Buy };
        let terms = OrderTerms::limit(side, Quantity::new(1 + second.unsigned_abs() % 5), Price::new(10_000));
        let stamp = now + SimDuration::from_millis(second % 7);
        live.instruct(stamp, desk, Instruction::Submit { listing, terms }).unwrap();
        if second % 5 == 0 {
            live.instruct(stamp, desk, Instruction::Cancel(OrderId::new(second.unsigned_abs() / 2))).unwrap();
        }
    }
    live.step(live.close(), u64::MAX).unwrap();
    live.settle().unwrap();

    let mut replayed = desks(60).open().unwrap();
    replayed.start();
    for entry in journal.entries() {
        replayed.replay(entry).unwrap();
    }
    replayed.step(replayed.close(), u64::MAX).unwrap();
    replayed.settle().unwrap();
    assert!(live.world().domain().tape().trades() > 5);
    assert_eq!(replayed.digest(), live.digest());
}

#[test]
fn the_past_cannot_be_changed_from_outside() {
    let journal = MemoryJournal::new();
    let mut builder = desks(60);
    builder.journal(journal.clone());
    let mut market = builder.open().unwrap();
    market.start();
    market.step(open() + SimDuration::from_secs(10), u64::MAX).unwrap();
    let desk = market.participant("a").unwrap().id;
    let late = market.instruct(open(), desk, Instruction::Cancel(OrderId::new(0)));
    assert!(late.unwrap_err().to_string().contains("the past cannot be changed"));
    assert!(journal.entries().is_empty());
}
