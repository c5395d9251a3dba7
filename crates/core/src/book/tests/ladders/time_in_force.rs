//! Time in force: how long an order stays.

use super::*;

#[test]
fn an_immediate_order_leaves_nothing_behind() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 40).at(100_00).until(TimeInForce::Ioc));
    rig.emits(&["5 sells 10 @ 100.00 to 1", "5 sells 20 @ 100.00 to 2", "5 canceled 10: ioc_remainder"]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10",
    );
}

#[test]
fn an_immediate_limit_order_that_meets_nobody_is_canceled() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 40).at(100_01).until(TimeInForce::Ioc));
    rig.emits(&["5 canceled 40: ioc_remainder"]);
    rig.draws(QUOTED);
}

#[test]
fn fill_or_kill_fills_whole_over_levels_or_changes_nothing() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 41).at(100_03).until(TimeInForce::Fok));
    rig.emits(&["5 rejected: fok_unfillable"]);
    rig.send(buy(6, 40).at(100_02).until(TimeInForce::Fok));
    rig.emits(&["6 rejected: fok_unfillable"]);
    rig.draws(QUOTED);
    rig.send(buy(7, 40).at(100_03).until(TimeInForce::Fok));
    rig.emits(&["7 buys 10 @ 100.02 from 3", "7 buys 30 @ 100.03 from 4"]);
    rig.draws(
        "
              bid |  price | ask
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn fill_or_kill_counts_on_what_icebergs_hide() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 30).at(100_02).showing(5));
    rig.send(buy(6, 40).until(TimeInForce::Fok).protected(100_02));
    rig.emits(&[
        "6 buys 10 @ 100.02 from 3",
        "6 buys 5 @ 100.02 from 5",
        "5 shows 5",
        "6 buys 5 @ 100.02 from 5",
        "5 shows 5",
        "6 buys 5 @ 100.02 from 5",
        "5 shows 5",
        "6 buys 5 @ 100.02 from 5",
        "5 shows 5",
        "6 buys 5 @ 100.02 from 5",
        "5 shows 5",
        "6 buys 5 @ 100.02 from 5",
    ]);
}

#[test]
fn a_dated_order_rests_until_its_date() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10).at(100_01).until(TimeInForce::Gtd(at(50))));
    rig.wait_until(49);
    rig.emits(&[]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
             5:10 | 100.01 |
        1:10 2:20 | 100.00 |",
    );
    rig.wait_until(50);
    rig.emits(&["5 expired 10: date_reached"]);
    rig.draws(QUOTED);
}

#[test]
fn what_comes_at_the_date_no_longer_meets_a_dated_order() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10).at(100_01).until(TimeInForce::Gtd(at(6))));
    rig.wait_until(5);
    rig.send(sell(6, 10));
    rig.emits(&["5 expired 10: date_reached", "6 sells 10 @ 100.00 to 1"]);
}

#[test]
fn a_day_order_ends_with_its_session_and_a_good_till_canceled_one_does_not() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10).at(100_01).until(TimeInForce::Day));
    rig.send(sell(6, 10).stop(99_00).until(TimeInForce::Day));
    rig.send(sell(7, 10).stop(99_00));
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
             5:10 | 100.01 |
        1:10 2:20 | 100.00 |
        waiting: sell 6:10, sell 7:10",
    );
    rig.enter(Phase::Closed);
    rig.emits(&["phase: closed", "5 expired 10: session_closed", "6 expired 10: session_closed"]);
    rig.enter(Phase::PreOpen);
    rig.enter(Phase::Continuous);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
        waiting: sell 7:10",
    );
}

#[test]
fn an_at_open_order_takes_part_in_the_opening_only() {
    let mut rig = Rig::quoted();
    rig.enter(Phase::PreOpen);
    rig.send(sell(5, 15).at(100_00).until(TimeInForce::AtOpen));
    rig.send(sell(6, 20).at(100_00).until(TimeInForce::AtOpen));
    rig.send(sell(7, 5).at(100_04).until(TimeInForce::AtOpen));
    rig.draws(
        "
              bid |  price | ask
                  | 100.04 | 7:5
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 | 5:15 6:20",
    );
    rig.enter(Phase::Continuous);
    rig.emits(&[
        "uncrosses 30 @ 100.00",
        "5 sells 10 @ 100.00 to 1",
        "5 sells 5 @ 100.00 to 2",
        "6 sells 15 @ 100.00 to 2",
        "phase: continuous",
        "6 expired 5: auction_over",
        "7 expired 5: auction_over",
    ]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10",
    );
}

#[test]
fn an_at_close_order_waits_for_the_closing_auction() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 15).until(TimeInForce::AtClose));
    rig.send(buy(6, 50).at(100_03).until(TimeInForce::AtClose));
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
        waiting: sell 5:15, buy 6:50",
    );
    rig.enter(Phase::ClosingAuction);
    rig.draws(
        "
              bid |  price | ask
             6:50 | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
        waiting: sell 5:15",
    );
    assert_eq!(rig.indicative(), "50 @ 100.03");
    rig.enter(Phase::Closed);
    rig.emits(&[
        "uncrosses 50 @ 100.03",
        "6 buys 15 @ 100.03 from 5",
        "6 buys 10 @ 100.03 from 3",
        "6 buys 25 @ 100.03 from 4",
        "phase: closed",
    ]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:5
        1:10 2:20 | 100.00 |",
    );
}
