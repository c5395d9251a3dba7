//! Time in force: how long an order stays.

use super::*;

#[test]
fn an_immediate_order_leaves_nothing_behind() {
    let mut desk = Desk::quoted();
    desk.send(sell(5, 40).at(100_00).until(TimeInForce::Ioc));
    desk.tells(&["5 sells 10 @ 100.00 to 1", "5 sells 20 @ 100.00 to 2", "5 canceled 10: ioc_remainder"]);
    desk.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10",
    );
}

#[test]
fn an_immediate_limit_order_that_meets_nobody_is_canceled() {
    let mut desk = Desk::quoted();
    desk.send(sell(5, 40).at(100_01).until(TimeInForce::Ioc));
    desk.tells(&["5 canceled 40: ioc_remainder"]);
    desk.draws(QUOTED);
}

#[test]
fn fill_or_kill_fills_whole_over_levels_or_changes_nothing() {
    let mut desk = Desk::quoted();
    desk.send(buy(5, 41).at(100_03).until(TimeInForce::Fok));
    desk.tells(&["5 rejected: fok_unfillable"]);
    desk.send(buy(6, 40).at(100_02).until(TimeInForce::Fok));
    desk.tells(&["6 rejected: fok_unfillable"]);
    desk.draws(QUOTED);
    desk.send(buy(7, 40).at(100_03).until(TimeInForce::Fok));
    desk.tells(&["7 buys 10 @ 100.02 from 3", "7 buys 30 @ 100.03 from 4"]);
    desk.draws(
        "
              bid |  price | ask
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn fill_or_kill_counts_on_what_icebergs_hide() {
    let mut desk = Desk::quoted();
    desk.send(sell(5, 30).at(100_02).showing(5));
    desk.send(buy(6, 40).until(TimeInForce::Fok).protected(100_02));
    desk.tells(&[
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
    let mut desk = Desk::quoted();
    desk.send(buy(5, 10).at(100_01).until(TimeInForce::Gtd(at(50))));
    desk.wait_until(49);
    desk.tells(&[]);
    desk.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
             5:10 | 100.01 |
        1:10 2:20 | 100.00 |",
    );
    desk.wait_until(50);
    desk.tells(&["5 expired 10: date_reached"]);
    desk.draws(QUOTED);
}

#[test]
fn what_comes_at_the_date_no_longer_meets_a_dated_order() {
    let mut desk = Desk::quoted();
    desk.send(buy(5, 10).at(100_01).until(TimeInForce::Gtd(at(6))));
    desk.wait_until(5);
    desk.send(sell(6, 10));
    desk.tells(&["5 expired 10: date_reached", "6 sells 10 @ 100.00 to 1"]);
}

#[test]
fn a_day_order_ends_with_its_session_and_a_good_till_canceled_one_does_not() {
    let mut desk = Desk::quoted();
    desk.send(buy(5, 10).at(100_01).until(TimeInForce::Day));
    desk.send(sell(6, 10).stop(99_00).until(TimeInForce::Day));
    desk.send(sell(7, 10).stop(99_00));
    desk.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
             5:10 | 100.01 |
        1:10 2:20 | 100.00 |
        waiting: sell 6:10, sell 7:10",
    );
    desk.enter(Phase::Closed);
    desk.tells(&["phase: closed", "5 expired 10: session_closed", "6 expired 10: session_closed"]);
    desk.enter(Phase::PreOpen);
    desk.enter(Phase::Continuous);
    desk.draws(
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
    let mut desk = Desk::quoted();
    desk.enter(Phase::PreOpen);
    desk.send(sell(5, 15).at(100_00).until(TimeInForce::AtOpen));
    desk.send(sell(6, 20).at(100_00).until(TimeInForce::AtOpen));
    desk.send(sell(7, 5).at(100_04).until(TimeInForce::AtOpen));
    desk.draws(
        "
              bid |  price | ask
                  | 100.04 | 7:5
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 | 5:15 6:20",
    );
    desk.enter(Phase::Continuous);
    desk.tells(&[
        "uncrosses 30 @ 100.00",
        "5 sells 10 @ 100.00 to 1",
        "5 sells 5 @ 100.00 to 2",
        "6 sells 15 @ 100.00 to 2",
        "phase: continuous",
        "6 expired 5: auction_over",
        "7 expired 5: auction_over",
    ]);
    desk.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10",
    );
}

#[test]
fn an_at_close_order_waits_for_the_closing_auction() {
    let mut desk = Desk::quoted();
    desk.send(sell(5, 15).until(TimeInForce::AtClose));
    desk.send(buy(6, 50).at(100_03).until(TimeInForce::AtClose));
    desk.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
        waiting: sell 5:15, buy 6:50",
    );
    desk.enter(Phase::ClosingAuction);
    desk.draws(
        "
              bid |  price | ask
             6:50 | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
        waiting: sell 5:15",
    );
    assert_eq!(desk.indicative(), "50 @ 100.03");
    desk.enter(Phase::Closed);
    desk.tells(&[
        "uncrosses 50 @ 100.03",
        "6 buys 15 @ 100.03 from 5",
        "6 buys 10 @ 100.03 from 3",
        "6 buys 25 @ 100.03 from 4",
        "phase: closed",
    ]);
    desk.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:5
        1:10 2:20 | 100.00 |",
    );
}
