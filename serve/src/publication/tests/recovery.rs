//! A publication that is filled anew is the one that was there before.

use bearpit_core::units::{ListingId, SimDuration};
use proptest::prelude::*;

use super::reader::{Learnt, Reader};
use super::recorded::{LISTINGS, Recorded, SEATS, Step, publisher, record, take};
use crate::publication::{CandleInterval, Channel, ListingSnapshot, Publication, Publisher};

const CASES: u32 = if cfg!(debug_assertions) { 12 } else { 200 };

fn channels() -> Vec<Channel> {
    let of_listing = |listing| {
        let candles = CandleInterval::ALL.map(|interval| Channel::Candles(listing, interval));
        let others = [Channel::Book(listing), Channel::Trades(listing), Channel::Phases(listing)];
        others.into_iter().chain(candles)
    };
    let listings = (0..LISTINGS).map(ListingId::new).flat_map(of_listing);
    listings.chain(SEATS.map(|seat| Channel::Own(seat.into()))).collect()
}

fn readers(publication: &Publication) -> Vec<Reader> {
    let mut readers: Vec<_> = channels().iter().map(|channel| Reader::new(publication, channel)).collect();
    // Snapshots are of the same moment for all.
    readers.iter_mut().for_each(|reader| assert_eq!(reader.read_all(), None));
    readers
}

/// Takes steps in batches of so many; the readers read after some of them.
fn run(publisher: &mut Publisher, readers: &mut [Reader], steps: &[Step], batch: usize, read_every: usize) {
    for (number, steps) in steps.chunks(batch).enumerate() {
        steps.iter().for_each(|step| take(publisher, step));
        publisher.publish(steps.last().unwrap().now);
        if number % read_every == 0 {
            readers.iter_mut().for_each(|reader| assert_eq!(reader.read_all(), None));
        }
    }
    readers.iter_mut().for_each(|reader| assert_eq!(reader.read_all(), None));
}

fn started(recorded: &Recorded) -> Publisher {
    let mut publisher = publisher();
    publisher.begin_day(&recorded.day);
    publisher
}

fn learnt(readers: &[Reader]) -> Vec<Learnt> {
    readers.iter().map(|reader| reader.learnt.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn prop_a_reader_that_resumes_after_a_restart_misses_nothing_and_gets_nothing_twice(
        acts in prop::collection::vec(any::<u64>(), 20..150),
        crash in any::<prop::sample::Index>(),
        batches in (1_usize..60, 1_usize..60, 1_usize..5),
    ) {
        let recorded = record(0, 2, &acts);
        let (before, after, read_every) = batches;

        let mut undisturbed = started(&recorded);
        let mut expected = readers(undisturbed.publication());
        run(&mut undisturbed, &mut expected, &recorded.steps, 1, 1);

        let mut first = started(&recorded);
        let mut found = readers(first.publication());
        let (seen, unseen) = recorded.steps.split_at(1 + crash.index(recorded.steps.len() - 1));
        run(&mut first, &mut found, seen, before, read_every);
        drop(first);

        // The journal may have more than anybody saw; all of it comes at once.
        let crashed = seen.last().unwrap().now;
        let more = unseen.iter().take_while(|step| step.now <= crashed + SimDuration::from_secs(40)).count() / 2;
        let (journalled, rest) = unseen.split_at(more);
        let mut second = started(&recorded);
        seen.iter().chain(journalled).for_each(|step| take(&mut second, step));
        second.publish(journalled.last().map_or(crashed, |step| step.now));
        found.iter_mut().for_each(|reader| reader.resume(second.publication()));
        run(&mut second, &mut found, rest, after, read_every);

        for (found, expected) in found.iter().zip(&expected) {
            prop_assert_eq!(&found.learnt, &expected.learnt, "{:?}", found.channel);
            prop_assert_eq!(found.subscription.position(), expected.subscription.position());
        }
        for (found, expected) in second.publication().snapshots().iter().zip(undisturbed.publication().snapshots()) {
            // The moment is that of a batch.
            prop_assert_eq!(found.as_ref(), &ListingSnapshot { at: found.at, ..ListingSnapshot::clone(&expected) });
        }
        prop_assert_eq!(second.state(), undisturbed.state());
    }
}

#[test]
fn facts_that_come_again_to_readers_who_stayed_change_nothing() {
    let acts: Vec<u64> = (1..60).map(|number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    let recorded = record(0, 2, &acts);
    let mut publisher = started(&recorded);
    let mut readers = readers(publisher.publication());
    let (seen, unseen) = recorded.steps.split_at(recorded.steps.len() / 2);
    run(&mut publisher, &mut readers, seen, 3, 1);
    let before = learnt(&readers);
    run(&mut publisher, &mut readers, seen, 1, 1);
    assert_eq!(learnt(&readers), before);
    run(&mut publisher, &mut readers, unseen, 5, 2);
    let mut undisturbed = started(&recorded);
    run(&mut undisturbed, &mut [], &recorded.steps, 1, 1);
    assert_eq!(publisher.state(), undisturbed.state());
}
