//! Trips by hand, and against matching unit by unit.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn instrument() -> Instrument {
    Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap()
}

fn execution(at: i64, change: i64, ticks: i64, fee: i128) -> Execution {
    let side = if change > 0 { Side::Buy } else { Side::Sell };
    let quantity = Quantity::new(change.unsigned_abs());
    Execution { at, side, quantity, price: Price::new(ticks), fee: Money::from_units(fee) }
}

fn average(fills: &[Execution]) -> (AverageTrips, Vec<RoundTrip>) {
    let mut trips = AverageTrips::new(instrument(), 0, NetQuantity::ZERO, Money::ZERO);
    let ended = fills.iter().filter_map(|fill| trips.fill(fill)).collect();
    (trips, ended)
}

fn fifo(fills: &[Execution]) -> (FifoTrips, Vec<RoundTrip>) {
    let mut trips = FifoTrips::new(instrument(), 0, NetQuantity::ZERO, Money::ZERO);
    let mut ended = Vec::new();
    fills.iter().for_each(|fill| trips.fill(fill, &mut ended));
    (trips, ended)
}

#[test]
fn a_trip_goes_from_flat_to_flat() {
    let fills = [execution(1, 10, 10_000, 300), execution(2, 10, 10_200, 0), execution(5, -20, 10_150, -40)];
    let (trips, ended) = average(&fills);
    let [trip] = ended.as_slice() else { panic!("one trip: {ended:?}") };
    assert_eq!((trip.side, trip.entered_at, trip.exited_at), (Side::Buy, 1, 5));
    assert_eq!((trip.quantity, trip.gross()), (Quantity::new(20), Money::from_whole(10)));
    assert_eq!(trip.fees, Money::from_units(260));
    assert_eq!(trips.realized(), trip.gross());
    // At the second fill ten lots were two better: twenty; never below the entry.
    assert_eq!((trip.worst, trip.best), (Money::ZERO, Money::from_whole(20)));
    assert!((trip.share().unwrap() - 10.0 / 2_020.0).abs() < 1e-9);
}

#[test]
fn a_fill_across_zero_ends_a_trip_and_begins_one() {
    let (trips, ended) = average(&[execution(1, 10, 10_000, 0), execution(2, -30, 10_100, 300)]);
    assert_eq!(ended.len(), 1);
    assert_eq!((ended[0].gross(), ended[0].fees), (Money::from_whole(10), Money::from_units(100)));
    assert_eq!(trips.holding(), NetQuantity::new(-20));
    let (_, ended) =
        average(&[execution(1, 10, 10_000, 0), execution(2, -30, 10_100, 300), execution(3, 20, 10_000, 7)]);
    assert_eq!((ended[1].side, ended[1].gross()), (Side::Sell, Money::from_whole(20)));
    assert_eq!(ended[1].fees, Money::from_units(207));
}

#[test]
fn the_oldest_entry_leaves_first() {
    let (trips, ended) =
        fifo(&[execution(1, 10, 10_000, 100), execution(2, 10, 10_200, 0), execution(3, -15, 10_100, 30)]);
    let found: Vec<_> =
        ended.iter().map(|trip| (trip.entered_at, trip.quantity.lots(), trip.gross())).collect();
    assert_eq!(found, [(1, 10, Money::from_whole(10)), (2, 5, Money::from_whole(-5))]);
    assert_eq!((ended[0].fees, ended[1].fees), (Money::from_units(120), Money::from_units(10)));
    assert_eq!((trips.realized(), trips.holding()), (Money::from_whole(5), NetQuantity::new(5)));
    assert_eq!(trips.cost(), Money::from_whole(510));
}

#[test]
fn what_a_trip_saw_on_its_way_are_its_marks() {
    let opening = execution(1, -10, 10_000, 0);
    let (mut one, mut other) = (average(&[opening]).0, fifo(&[opening]).0);
    for ticks in [10_050, 9_900, 9_975] {
        one.mark(2 * ticks);
        other.mark(2 * ticks);
    }
    let closing = execution(9, 10, 9_980, 0);
    let mut ended = Vec::from_iter(one.fill(&closing));
    other.fill(&closing, &mut ended);
    assert_eq!(ended[0], ended[1], "both ways of matching describe one trip alike");
    assert_eq!((ended[0].worst, ended[0].best), (Money::from_whole(-5), Money::from_whole(10)));
    assert_eq!(ended[0].gross(), Money::from_whole(2));
}

#[test]
fn what_was_held_at_the_start_is_a_trip_that_began_then() {
    let mut trips = AverageTrips::new(instrument(), 7, NetQuantity::new(10), Money::from_whole(1_000));
    let trip = trips.fill(&execution(9, -10, 10_300, 0)).unwrap();
    assert_eq!((trip.entered_at, trip.gross(), trips.realized()), (7, Money::from_whole(30), trip.gross()));
    let mut ended = Vec::new();
    FifoTrips::new(instrument(), 7, NetQuantity::new(10), Money::from_whole(1_000))
        .fill(&execution(9, -4, 10_300, 0), &mut ended);
    assert_eq!((ended[0].entered_at, ended[0].gross()), (7, Money::from_whole(12)));
}

/// Matches unit by unit: a queue of entry prices in ticks, one for each lot. Returns what was realized, in
/// ticks, and what is left, signed.
fn unit_by_unit(fills: &[Execution]) -> (i64, i64) {
    let mut held: VecDeque<i64> = VecDeque::new();
    let (mut sign, mut realized) = (0, 0);
    for fill in fills {
        for _ in 0..fill.quantity.lots() {
            if held.is_empty() {
                sign = fill.side.sign();
            }
            if fill.side.sign() == sign {
                held.push_back(fill.price.ticks());
            } else if let Some(entry) = held.pop_front() {
                realized += (fill.price.ticks() - entry) * sign;
            }
        }
    }
    (realized, sign * i64::try_from(held.len()).unwrap())
}

mod property_tests {
    use super::*;

    fn fills() -> impl Strategy<Value = Vec<Execution>> {
        let fill = ((1..40_i64, any::<bool>()), 9_000..11_000_i64, -50..500_i128);
        prop::collection::vec(fill, 1..60).prop_map(|fills| {
            let one = |(at, ((lots, buys), ticks, fee)): (usize, ((i64, bool), i64, i128))| {
                execution(i64::try_from(at).unwrap(), if buys { lots } else { -lots }, ticks, fee)
            };
            fills.into_iter().enumerate().map(one).collect()
        })
    }

    proptest! {
        #[test]
        fn prop_fifo_is_matching_unit_by_unit(fills in fills()) {
            let (trips, ended) = fifo(&fills);
            let (realized, held) = unit_by_unit(&fills);
            prop_assert_eq!(trips.realized(), Money::from_units(i128::from(realized) * 100_000_000));
            prop_assert_eq!(trips.holding(), NetQuantity::new(held));
            prop_assert_eq!(ended.iter().map(RoundTrip::gross).sum::<Money>(), trips.realized());
        }

        #[test]
        fn prop_both_ways_bring_what_the_fills_brought(fills in fills()) {
            let brought: Money = fills
                .iter()
                .map(|fill| instrument().notional(fill.price, fill.quantity) * i128::from(-fill.side.sign()))
                .sum();
            let (one, _) = average(&fills);
            let (other, _) = fifo(&fills);
            prop_assert_eq!(one.realized() - one.cost(), brought);
            prop_assert_eq!(other.realized() - other.cost(), brought);
            prop_assert_eq!(one.holding(), other.holding());
        }

        #[test]
        fn prop_trips_that_are_over_have_all_that_was_realized_and_paid(fills in fills()) {
            let held: i64 = fills.iter().map(|fill| fill.quantity.net().lots() * fill.side.sign()).sum();
            let mut fills = fills;
            if held != 0 {
                fills.push(execution(99, -held, 10_000, 77));
            }
            let fees: Money = fills.iter().map(|fill| fill.fee).sum();
            let (trips, ended) = average(&fills);
            let (_, matched) = fifo(&fills);
            for ended in [&ended, &matched] {
                prop_assert_eq!(ended.iter().map(RoundTrip::gross).sum::<Money>(), trips.realized());
                prop_assert_eq!(ended.iter().map(|trip| trip.fees).sum::<Money>(), fees);
                prop_assert!(ended.iter().all(|trip| trip.worst <= Money::ZERO && trip.best >= Money::ZERO));
            }
            prop_assert!(ended.iter().all(|trip| trip.worst <= trip.gross() && trip.gross() <= trip.best));
            prop_assert!(matched.iter().all(|trip| trip.worst <= trip.gross() && trip.gross() <= trip.best));
        }
    }
}
