//! Replaces of more than price and quantity: triggers, distances, times in force.

use super::*;

const SAME: Replacement =
    Replacement { price: None, quantity: None, trigger: None, distance: None, time_in_force: None };

fn distance(by: TrailingDistance) -> Replacement {
    Replacement { distance: Some(by), ..SAME }
}

const fn stay(time: TimeInForce) -> Replacement {
    Replacement { time_in_force: Some(time), ..SAME }
}

/// A sale of 10 that trails by 5 ticks: the best trade since its entry was at 100.03, so that it waits for
/// 99.98.
fn trailing() -> Rig {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 10).trailing(5));
    rig.send(buy(20, 11).of(1));
    rig.emits(&["20 buys 10 @ 100.02 from 3", "20 buys 1 @ 100.03 from 4"]);
    rig.send(sell(21, 1).of(1));
    rig.emits(&["21 sells 1 @ 100.00 to 1"]);
    rig
}

#[test]
fn another_distance_counts_from_the_best_trade_since_the_entry() {
    let mut rig = trailing();
    rig.send(change(5, distance(TrailingDistance::Ticks(4))));
    rig.emits(&["5 replaced: 10 by 4 ticks, GTC, loses its place"]);
    // From 99.99 on, not from 99.96, which would be counted from the last trade.
    rig.send(buy(22, 20).at(99_99).of(1));
    rig.send(sell(23, 30).of(1));
    rig.emits(&[
        "23 sells 9 @ 100.00 to 1",
        "23 sells 20 @ 100.00 to 2",
        "23 sells 1 @ 99.99 to 22",
        "5 triggered at 99.99",
        "5 sells 10 @ 99.99 to 22",
    ]);
}

#[test]
fn a_smaller_distance_that_the_last_trade_has_reached_elects_at_once() {
    let mut rig = trailing();
    rig.send(change(5, distance(TrailingDistance::Ticks(3))));
    rig.emits(&[
        "5 replaced: 10 by 3 ticks, GTC, loses its place",
        "5 triggered at 100.00",
        "5 sells 9 @ 100.00 to 1",
        "5 sells 1 @ 100.00 to 2",
    ]);
}

#[test]
fn a_distance_in_ticks_can_become_a_percentage_and_back() {
    let mut rig = trailing();
    rig.send(change(5, distance(TrailingDistance::BasisPoints(4))));
    rig.emits(&["5 replaced: 10 by 0.04%, GTC, loses its place"]);
    // 0.04% of 100.03 are 4.0012 ticks, so four.
    rig.send(buy(22, 20).at(99_99).of(1));
    rig.send(change(5, distance(TrailingDistance::BasisPoints(500))));
    rig.send(sell(23, 30).of(1));
    rig.emits(&["23 sells 9 @ 100.00 to 1", "23 sells 20 @ 100.00 to 2", "23 sells 1 @ 99.99 to 22"]);
    rig.send(change(5, distance(TrailingDistance::Ticks(4))));
    rig.emits(&[
        "5 replaced: 10 by 4 ticks, GTC, loses its place",
        "5 triggered at 99.99",
        "5 sells 10 @ 99.99 to 22",
    ]);
}

#[test]
fn a_trailing_stop_keeps_its_trigger_whatever_its_quantity() {
    let mut rig = trailing();
    for (lots, place) in [(7, "keeps"), (9, "loses")] {
        rig.send(change(5, Replacement { quantity: Some(Quantity::new(lots)), ..SAME }));
        rig.emits(&[&format!("5 replaced: {lots} by 5 ticks, GTC, {place} its place")]);
    }
    rig.send(buy(22, 20).at(99_98).of(1));
    rig.send(sell(23, 30).of(1));
    rig.emits(&[
        "23 sells 9 @ 100.00 to 1",
        "23 sells 20 @ 100.00 to 2",
        "23 sells 1 @ 99.98 to 22",
        "5 triggered at 99.98",
        "5 sells 9 @ 99.98 to 22",
    ]);
}

#[test]
fn trigger_and_limit_of_a_stop_limit_order_are_replaced_one_by_one_or_together() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 10).stop_limit(99_98, 99_95));
    let [trigger, limit] = [99_97, 99_94].map(|ticks| Some(Price::new(ticks)));
    rig.send(change(5, Replacement { trigger, ..SAME }));
    rig.emits(&["5 replaced: 10 @ 99.95 from 99.97, GTC, loses its place"]);
    rig.send(change(5, Replacement { price: limit, ..SAME }));
    rig.emits(&["5 replaced: 10 @ 99.94, loses its place"]);
    rig.send(change(5, Replacement { price: Some(Price::new(100_01)), trigger: limit, ..SAME }));
    rig.emits(&["5 replaced: 10 @ 100.01 from 99.94, GTC, loses its place"]);
    // A trigger that the last trade has reached elects it.
    rig.send(sell(20, 1).of(1));
    rig.send(change(5, Replacement { trigger: Some(Price::new(100_00)), ..SAME }));
    rig.emits(&["5 replaced: 10 @ 100.01 from 100.00, GTC, loses its place", "5 triggered at 100.00"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
                  | 100.01 | 5:10
         1:9 2:20 | 100.00 |",
    );
}

#[test]
fn the_trigger_of_a_stop_is_its_price() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 10).stop(99_98));
    rig.send(change(5, Replacement { trigger: Some(Price::new(99_97)), ..SAME }));
    rig.emits(&["5 replaced: 10 @ 99.97, loses its place"]);
    let [price, trigger] = [99_97, 99_97].map(|ticks| Some(Price::new(ticks)));
    rig.send(change(5, Replacement { price, trigger, ..SAME }));
    rig.emits(&["5 unchanged: not_replaceable"]);
}

#[test]
fn another_time_in_force_keeps_the_place_in_the_queue() {
    let mut rig = Rig::quoted();
    rig.send(change(1, stay(TimeInForce::Day)));
    rig.emits(&["1 replaced: 10 @ 100.00, DAY, keeps its place"]);
    rig.send(change(1, Replacement { quantity: Some(Quantity::new(6)), ..stay(TimeInForce::Gtd(at(900))) }));
    rig.emits(&["1 replaced: 6 @ 100.00, GTD, keeps its place"]);
    rig.send(change(3, Replacement { quantity: Some(Quantity::new(11)), ..stay(TimeInForce::Day) }));
    rig.emits(&["3 replaced: 11 @ 100.02, DAY, loses its place"]);
    rig.draws(
        "
             bid |  price | ask
                 | 100.03 | 4:30
                 | 100.02 | 3:11
        1:6 2:20 | 100.00 |",
    );
    rig.wait_until(900);
    rig.emits(&["1 expired 6: date_reached"]);
    rig.send(change(2, stay(TimeInForce::Gtd(at(2_000)))));
    rig.send(change(2, stay(TimeInForce::Gtc)));
    rig.emits(&["2 replaced: 20 @ 100.00, GTC, keeps its place"]);
    rig.wait_until(2_000);
    rig.emits(&[]);
    rig.enter(Phase::Closed);
    rig.emits(&["phase: closed", "3 expired 11: session_closed"]);
}

#[test]
fn an_iceberg_keeps_what_it_shows_with_another_time_in_force() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 12).at(100_00).showing(4));
    rig.send(buy(6, 1).at(100_00));
    rig.send(change(5, stay(TimeInForce::Day)));
    rig.draws(
        "
                        bid |  price | ask
                            | 100.03 | 4:30
                            | 100.02 | 3:10
        1:10 2:20 5:4+8 6:1 | 100.00 |",
    );
}

#[test]
fn a_stop_may_be_given_any_time_in_force_but_those_for_an_auction() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 40).stop(99_99));
    for (time, said) in [(TimeInForce::Day, "DAY"), (TimeInForce::Fok, "FOK")] {
        rig.send(change(5, stay(time)));
        rig.emits(&[&format!("5 replaced: 40 from 99.99, {said}, keeps its place")]);
    }
    rig.send(change(5, stay(TimeInForce::AtClose)));
    rig.emits(&["5 unchanged: contradictory_terms"]);
    rig.send(buy(20, 1).at(99_99).of(1));
    rig.send(sell(21, 31).of(1));
    rig.emits(&[
        "21 sells 10 @ 100.00 to 1",
        "21 sells 20 @ 100.00 to 2",
        "21 sells 1 @ 99.99 to 20",
        "5 triggered at 99.99",
        "5 canceled 40: fok_unfillable",
    ]);
}

#[test]
fn an_order_for_the_close_that_shall_stay_enters_at_the_back() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10).at(100_00).until(TimeInForce::AtClose));
    rig.send(buy(6, 10).at(100_00));
    rig.send(change(5, stay(TimeInForce::Gtc)));
    rig.emits(&["5 replaced: 10 @ 100.00, GTC, loses its place"]);
    rig.draws(
        "
                        bid |  price | ask
                            | 100.03 | 4:30
                            | 100.02 | 3:10
        1:10 2:20 6:10 5:10 | 100.00 |",
    );
}
