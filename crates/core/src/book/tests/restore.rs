//! A book that is taken apart to data and put together again matches as the one that never was; what a day's
//! end takes out and leaves.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::traffic::{Profile, SMALL, Step, apply, config, rng, step};
use super::*;
use crate::book::BookTrade;
use crate::market::ExpiryReason;

/// Returns events without what a restored book counts anew: how much stood ahead of a maker when it joined
/// its queue.
fn comparable(events: &[BookEvent]) -> Vec<BookEvent> {
    let comparable = |event: &BookEvent| match *event {
        BookEvent::Traded(trade) => {
            BookEvent::Traded(BookTrade { maker_queue_ahead: Quantity::ZERO, ..trade })
        }
        event => event,
    };
    events.iter().map(comparable).collect()
}

/// Applies steps to two books, of which one is restored from its own state at each of `restored`.
fn run(steps: &[Step], restored: &BTreeSet<usize>, number: u64) -> TestCaseResult {
    let config = config(number);
    let (mut kept, mut other) = (OrderBook::new(config), OrderBook::new(config));
    let (mut expected, mut events) = (Vec::new(), Vec::new());
    for (index, step) in steps.iter().enumerate() {
        if restored.contains(&index) {
            let state = other.state();
            other = OrderBook::restore(config, &state);
            prop_assert_eq!(&other.state(), &state);
            prop_assert_eq!(check_invariants(&other), Ok(()));
        }
        let now = i64::try_from(index).unwrap();
        apply(&mut kept, now, step, &mut expected);
        apply(&mut other, now, step, &mut events);
        prop_assert_eq!(comparable(&events), comparable(&expected), "step {}: {:?}", index, step);
        prop_assert_eq!(kept.indicative(), other.indicative(), "step {}: {:?}", index, step);
    }
    prop_assert_eq!(kept.state(), other.state());
    prop_assert_eq!(kept.open_orders(), other.open_orders());
    Ok(())
}

/// Much of all kinds, where no id comes twice, as in a market.
const VARIED: Profile = Profile { ids_grow: true, ..SMALL };

/// Returns the steps without orders of an id that has been used.
fn with_new_ids(steps: impl Iterator<Item = Step>) -> Vec<Step> {
    let mut used = BTreeSet::new();
    let is_new = |step: &Step| match step {
        Step::Execute(Command { order, kind: CommandKind::New(_), .. }) => used.insert(*order),
        _ => true,
    };
    steps.filter(is_new).collect()
}

/// Steps of which each has a number of its own, and the places at which the book is restored.
fn history() -> impl Strategy<Value = (Vec<Step>, BTreeSet<usize>)> {
    let steps = prop::collection::vec(any::<u64>(), 300).prop_map(|seeds| {
        let seeds = seeds.into_iter().enumerate();
        with_new_ids(seeds.map(|(index, seed)| step(&mut rng(seed), &VARIED, index as u64)))
    });
    (steps, prop::collection::btree_set(0..300_usize, 0..20))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 100 } else { 2_000 }))]

    #[test]
    fn prop_a_restored_book_does_what_it_would_have_done((steps, restored) in history(), number in 0..64_u64) {
        run(&steps, &restored, number)?;
    }

    #[test]
    fn prop_a_days_end_keeps_the_lasting_orders_of_those_who_stay((steps, _) in history(), number in 0..64_u64) {
        let mut book = OrderBook::new(config(number));
        let mut events = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            apply(&mut book, i64::try_from(index).unwrap(), step, &mut events);
        }
        end_of_day(book)?;
    }
}

/// Ends the day of a book in which the first owner stays, and looks at every order.
fn end_of_day(mut book: OrderBook) -> TestCaseResult {
    let stays = |owner: ActorId| owner == ActorId::new(0);
    let (before, now) = (book.state(), at(300));
    let mut events = Vec::new();
    book.end_day(now, stays, &mut events);
    prop_assert_eq!(check_invariants(&book), Ok(()));
    prop_assert!(!events.iter().any(|event| matches!(event, BookEvent::Traded(_))));
    let after = book.state();
    let kept: BTreeSet<OrderId> = after.orders.iter().map(|order| order.id).collect();
    for order in &before.orders {
        let lasts = match order.terms.time_in_force {
            TimeInForce::Gtc => true,
            TimeInForce::Gtd(date) => date > now,
            TimeInForce::Ioc | TimeInForce::Fok => order.terms.kind.is_stop(),
            TimeInForce::Day | TimeInForce::AtOpen | TimeInForce::AtClose => false,
        };
        // An order ends with the one that it is linked with, whether it would last by itself or not.
        let linked = events.iter().any(|event| {
            matches!(*event, BookEvent::Canceled { order: id, reason: CancelReason::Linked, .. } if id == order.id)
        });
        prop_assert!(!linked || stays(order.owner), "{:?}", order);
        let is_kept = stays(order.owner) && lasts && !linked;
        prop_assert_eq!(kept.contains(&order.id), is_kept, "{:?}", order);
        let told = events.iter().filter(|event| match **event {
            BookEvent::Expired { order: id, reason, .. } if id == order.id => {
                stays(order.owner) || reason == ExpiryReason::VenueClosed
            }
            _ => false,
        });
        prop_assert_eq!(told.count(), usize::from(!is_kept && !linked), "{:?}", order);
    }
    // Those that stay keep their order of time.
    let order_of = |state: &crate::book::BookState| -> Vec<OrderId> {
        let pegged = |it: &&crate::book::BookOrder| matches!(it.terms.kind, OrderKind::Pegged { .. });
        state.orders.iter().filter(|it| kept.contains(&it.id) && !pegged(it)).map(|it| it.id).collect()
    };
    prop_assert_eq!(order_of(&before), order_of(&after));
    let restored = OrderBook::restore(BookConfig::default(), &after);
    prop_assert_eq!(restored.state(), after);
    Ok(())
}

/// Long histories of each kind of traffic, restored every so often.
#[test]
fn long_histories_go_on_from_their_states() {
    let steps = if cfg!(debug_assertions) { 10_000 } else { 100_000 };
    let busy = Profile { ids: 100, ids_grow: true, phases: 20, special: 800, ..SMALL };
    for number in 0..8 {
        let mut rng = rng(number);
        let steps = with_new_ids((0..steps).map(|index| step(&mut rng, &busy, index)));
        let restored = (0..steps.len()).step_by(97).collect();
        if let Err(error) = run(&steps, &restored, number) {
            panic!("{error}");
        }
    }
}
