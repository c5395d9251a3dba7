//! What is published of books and own orders is what venues and accounts have, after every event.

use std::collections::BTreeMap;

use bearpit_core::market::{Fact, Ladders, LevelChange, Phase, QuoteLevel, Side};
use bearpit_core::units::{ListingId, Price, Quantity};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::recorded::{LISTINGS, Recorded, SEATS, Step, Taken, publisher, record, take};
use crate::publication::{Channel, Content, OwnState, Publication, Subscription};

const CASES: u32 = if cfg!(debug_assertions) { 12 } else { 200 };

/// Removes repetitions.
fn distinct(mut books: Vec<Ladders>) -> Vec<Ladders> {
    books.dedup();
    books
}

/// A reader that has the book from a subscription alone.
struct Follower {
    subscription: Subscription,
    levels: [BTreeMap<Price, Quantity>; 2],
    next: u64,
}

impl Follower {
    fn new(publication: &Publication, listing: ListingId) -> Self {
        let subscription = publication.subscribe(&Channel::Book(listing), None).unwrap();
        Self { subscription, levels: Default::default(), next: 0 }
    }

    fn set(&mut self, side: Side, price: Price, size: Quantity) {
        let levels = &mut self.levels[usize::from(side == Side::Sell)];
        if size.is_zero() {
            levels.remove(&price);
        } else {
            levels.insert(price, size);
        }
    }

    fn catch_up(&mut self) {
        while let Some(update) = self.subscription.try_next() {
            let update = update.unwrap();
            match update.content {
                Content::BookSnapshot(ladders) => {
                    assert_eq!(update.numbers.start, 0);
                    self.levels = Default::default();
                    for (side, levels) in [(Side::Buy, ladders.bids), (Side::Sell, ladders.asks)] {
                        levels.into_iter().for_each(|level| self.set(side, level.price, level.size));
                    }
                }
                Content::BookChanges(changes) => {
                    assert_eq!(update.numbers.start, self.next, "numbers join");
                    for LevelChange { side, price, size } in changes {
                        self.set(side, price, size);
                    }
                }
                other => panic!("{other:?}"),
            }
            assert!(update.numbers.end > self.next);
            self.next = update.numbers.end;
        }
    }

    fn ladders(&self) -> Ladders {
        let level = |(price, size): (&Price, &Quantity)| QuoteLevel { price: *price, size: *size };
        let [bids, asks] = &self.levels;
        Ladders { bids: bids.iter().rev().map(level).collect(), asks: asks.iter().map(level).collect() }
    }
}

/// Returns the steps of a day, those with several commands in parts: a command ends with its change of the
/// touch, if it has one.
fn commands(recorded: &Recorded) -> Vec<Step> {
    let parts = |step: &Step| -> Vec<Step> {
        let is_end = |taken: &Taken| matches!(taken.fact, Fact::TouchChanged { .. });
        let parts = step.facts.split_inclusive(is_end).map(<[Taken]>::to_vec);
        parts.map(|facts| Step { facts, now: step.now, open: None }).collect()
    };
    recorded.steps.iter().flat_map(parts).collect()
}

fn check_books(recorded: &Recorded, look_every: usize) -> TestCaseResult {
    let mut publisher = publisher();
    publisher.begin_day(&recorded.day);
    let publication = publisher.publication().clone();
    let listings: Vec<_> = (0..LISTINGS).map(ListingId::new).collect();
    let mut followers: Vec<_> =
        listings.iter().map(|listing| Follower::new(&publication, *listing)).collect();
    let mut published: Vec<Vec<Ladders>> = vec![vec![Ladders::default()]; listings.len()];
    for (number, step) in commands(recorded).iter().enumerate() {
        take(&mut publisher, step);
        publisher.publish(step.now);
        for listing in &listings {
            let snapshot = publication.snapshot(*listing).unwrap();
            let book = publication.book(*listing).unwrap();
            prop_assert_eq!(&book.state, &snapshot.book, "{} levels are all there are", 50);
            prop_assert_eq!(snapshot.book_number, book.next.checked_sub(1));
            prop_assert!(snapshot.phase.phase == Phase::Continuous || book.state.is_empty());
            published[listing.index()].push(book.state);
            if number % look_every == 0 {
                let follower = &mut followers[listing.index()];
                follower.catch_up();
                prop_assert_eq!(follower.ladders(), snapshot.book.clone());
                prop_assert_eq!(follower.next, book.next);
            }
        }
    }
    for listing in listings {
        let own = |(at, ladders): &(ListingId, Ladders)| (*at == listing).then(|| ladders.clone());
        let shown = [Ladders::default()].into_iter().chain(recorded.shown.iter().filter_map(own));
        let (published, shown) = (distinct(published[listing.index()].clone()), distinct(shown.collect()));
        let same = published.iter().zip(&shown).take_while(|(a, b)| a == b).count();
        let next = (published.get(same), shown.get(same));
        prop_assert_eq!(next, (None, None), "{} after {} of {}", listing, same, published.len());
    }
    Ok(())
}

fn check_own(recorded: &Recorded) -> TestCaseResult {
    let mut publisher = publisher();
    publisher.begin_day(&recorded.day);
    let publication = publisher.publication().clone();
    let subscribe = |seat: &str| publication.subscribe(&Channel::Own(seat.into()), None).unwrap();
    let mut subscriptions = SEATS.map(subscribe);
    let mut states = SEATS.map(|_| OwnState::default());
    for step in &recorded.steps {
        take(&mut publisher, step);
        publisher.publish(step.now);
        for (index, seat) in SEATS.into_iter().enumerate() {
            let own = publication.own(seat).unwrap();
            if let Some(open) = &step.open {
                prop_assert_eq!(own.state.orders.keys().copied().collect::<Vec<_>>(), open[index].clone());
                prop_assert!(own.state.orders.values().all(|order| !order.leaves.is_zero()));
                for (order, known) in &own.state.orders {
                    let one = publication.own_order(seat, *order).unwrap();
                    prop_assert_eq!(one.orders.iter().collect::<Vec<_>>(), [(order, known)]);
                    prop_assert!(one.sent.is_empty() && one.closed.is_empty());
                }
            }
            // What is older than a minute is kept for nobody.
            let mut next = subscriptions[index].position().map_or(0, |position| position.next);
            while let Some(update) = subscriptions[index].try_next() {
                let update = update.unwrap();
                match update.content {
                    Content::OwnSnapshot(state) => states[index] = *state,
                    Content::Own(event) => {
                        prop_assert_eq!(update.numbers.clone(), next..next + 1);
                        states[index].follow(&event);
                    }
                    other => panic!("{other:?}"),
                }
                next = update.numbers.end;
            }
            prop_assert_eq!(&states[index], &own.state);
            prop_assert_eq!(next, own.next);
        }
    }
    prop_assert!(publication.own("maker-0").is_none(), "the crowd has no channel");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn prop_books_are_those_of_the_venues_after_every_event(
        acts in prop::collection::vec(any::<u64>(), 20..200),
        look_every in 1_usize..40,
    ) {
        check_books(&record(0, 1, &acts), look_every)?;
    }

    #[test]
    fn prop_own_orders_are_those_of_the_accounts(acts in prop::collection::vec(any::<u64>(), 20..200)) {
        check_own(&record(0, 2, &acts))?;
    }
}
