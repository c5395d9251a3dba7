//! Pairs: a limit order and a stop that enter together, of which one cancels the other.

use super::*;

/// Order 5 sells 8 at 100.05, or 6 does from 99.98 on.
const PAIRED: &str = "
          bid |  price | ask
              | 100.05 | 5:8
              | 100.03 | 4:30
              | 100.02 | 3:10
    1:10 2:20 | 100.00 |
    waiting: sell 6:8";

fn paired() -> Rig {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 8).at(100_05).with_stop(StopLoss::at(Price::new(99_98))));
    rig.emits(&["6 enters as exit of 5: sell 8, stop"]);
    rig.draws(PAIRED);
    rig
}

#[test]
fn what_the_limit_of_a_pair_trades_the_stop_loses() {
    let mut rig = paired();
    rig.send(buy(20, 43).of(1));
    rig.emits(&[
        "20 buys 10 @ 100.02 from 3",
        "20 buys 30 @ 100.03 from 4",
        "20 buys 3 @ 100.05 from 5",
        "6 reduced to 5: linked",
    ]);
    rig.send(buy(21, 5).of(1));
    rig.emits(&["21 buys 5 @ 100.05 from 5", "6 canceled 5: linked"]);
    rig.draws(
        "
              bid |  price | ask
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn the_stop_of_a_pair_takes_the_limit_with_it() {
    let mut rig = paired();
    rig.send(buy(20, 9).at(99_98).of(1));
    rig.send(sell(21, 31).of(1));
    rig.emits(&[
        "21 sells 10 @ 100.00 to 1",
        "21 sells 20 @ 100.00 to 2",
        "21 sells 1 @ 99.98 to 20",
        "6 triggered at 99.98",
        "6 sells 8 @ 99.98 to 20",
        "5 canceled 8: linked",
    ]);
}

#[test]
fn a_cancel_of_either_of_a_pair_ends_both() {
    let mut rig = paired();
    rig.send(cancel(5));
    rig.emits(&["5 canceled 8: requested", "6 canceled 8: linked"]);
    rig.draws(QUOTED);
    let mut rig = paired();
    rig.send(cancel(6));
    rig.emits(&["6 canceled 8: requested", "5 canceled 8: linked"]);
    rig.draws(QUOTED);
}

#[test]
fn a_pair_that_is_rejected_leaves_nothing() {
    let mut rig = Rig::quoted();
    let at_bid = sell(5, 8).at(100_00).post_only(PostOnly::Reject);
    rig.send(at_bid.with_stop(StopLoss::at(Price::new(99_98))));
    rig.emits(&["5 rejected: post_only_would_take"]);
    rig.draws(QUOTED);
    rig.send(sell(2, 8).at(100_05).with_stop(StopLoss::at(Price::new(99_98))));
    rig.emits(&["2 rejected: duplicate_order"]);
    // The id of its stop is in use.
    rig.send(cancel(1));
    rig.send(sell(1, 8).at(100_05).with_stop(StopLoss::at(Price::new(99_98))));
    rig.emits(&["1 rejected: duplicate_order"]);
}

#[test]
fn the_limit_of_a_pair_may_trade_as_it_enters() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 8).at(100_00).with_stop(StopLoss::at(Price::new(99_98))));
    rig.emits(&["6 enters as exit of 5: sell 8, stop", "5 sells 8 @ 100.00 to 1", "6 canceled 8: linked"]);
    rig.send(sell(7, 25).at(100_00).with_stop(stop_with_limit(99_98, 99_90)));
    rig.emits(&[
        "8 enters as exit of 7: sell 25, stop_limit",
        "7 sells 2 @ 100.00 to 1",
        "8 reduced to 23: linked",
        "7 sells 20 @ 100.00 to 2",
        "8 reduced to 3: linked",
    ]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10
            | 100.00 | 7:3
        waiting: sell 8:3",
    );
}

#[test]
fn a_stop_of_a_pair_that_the_last_trade_has_reached_is_elected_at_once() {
    let mut rig = Rig::quoted();
    rig.send(sell(20, 1).of(1));
    rig.send(sell(5, 8).at(100_05).with_stop(StopLoss::at(Price::new(100_01))));
    rig.emits(&[
        "6 enters as exit of 5: sell 8, stop",
        "6 triggered at 100.01",
        "6 sells 8 @ 100.00 to 1",
        "5 canceled 8: linked",
    ]);
}

#[test]
fn both_of_a_pair_have_the_same_time_in_force() {
    let mut rig = Rig::quoted();
    let of_day = sell(5, 8).at(100_05).until(TimeInForce::Day);
    rig.send(of_day.with_stop(StopLoss::at(Price::new(99_98))));
    rig.send(command(
        6,
        0,
        CommandKind::Replace(Replacement { time_in_force: Some(TimeInForce::Gtc), ..Replacement::default() }),
    ));
    rig.emits(&["6 replaced: 8 from 99.98, GTC, keeps its place"]);
    rig.enter(Phase::Closed);
    rig.emits(&["phase: closed", "5 expired 8: session_closed", "6 canceled 8: linked"]);
}

#[test]
fn a_pair_keeps_its_open_quantity_and_can_be_moved() {
    let mut rig = paired();
    rig.send(replace(5, 7, 100_05));
    rig.emits(&["5 unchanged: not_replaceable"]);
    rig.send(replace(5, 8, 100_04));
    rig.emits(&["5 replaced: 8 @ 100.04, loses its place"]);
    rig.send(change(6, Replacement { trigger: Some(Price::new(99_95)), ..Replacement::default() }));
    rig.emits(&["6 replaced: 8 @ 99.95, loses its place"]);
}
