//! Linked orders: one cancels the other, and brackets.

use super::*;

/// Orders 5 and 6 sell ten, at 100.03 or once 99.99 trades.
const LINKED: &str = "
          bid |  price | ask
              | 100.03 | 4:30 5:10
              | 100.02 | 3:10
    1:10 2:20 | 100.00 |
    waiting: sell 6:10";

fn linked() -> Rig {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 10).at(100_03));
    rig.send(sell(6, 10).stop(99_99).or(5));
    rig.draws(LINKED);
    rig
}

#[test]
fn what_one_of_two_linked_orders_trades_the_other_loses() {
    let mut rig = linked();
    rig.send(buy(7, 44));
    rig.emits(&[
        "7 buys 10 @ 100.02 from 3",
        "7 buys 30 @ 100.03 from 4",
        "7 buys 4 @ 100.03 from 5",
        "6 reduced to 6: linked",
    ]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 5:6
        1:10 2:20 | 100.00 |
        waiting: sell 6:6",
    );
    rig.send(buy(8, 6));
    rig.emits(&["8 buys 6 @ 100.03 from 5", "6 canceled 6: linked"]);
}

#[test]
fn the_end_of_one_is_the_end_of_both() {
    let mut rig = linked();
    rig.send(cancel(6));
    rig.emits(&["6 canceled 10: requested", "5 canceled 10: linked"]);
    rig.draws(QUOTED);
}

#[test]
fn an_elected_stop_takes_its_limit_order_along() {
    let mut rig = linked();
    rig.send(buy(7, 10).at(99_99));
    rig.send(sell(8, 35));
    rig.emits(&[
        "8 sells 10 @ 100.00 to 1",
        "8 sells 20 @ 100.00 to 2",
        "8 sells 5 @ 99.99 to 7",
        "6 triggered at 99.99",
        "6 sells 5 @ 99.99 to 7",
        "5 reduced to 5: linked",
        "6 canceled 5: ioc_remainder",
        "5 canceled 5: linked",
    ]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10",
    );
}

#[test]
fn linked_orders_keep_their_quantity_but_may_move() {
    let mut rig = linked();
    rig.send(replace(5, 8, 100_03));
    rig.emits(&["5 unchanged: not_replaceable"]);
    rig.send(replace(5, 10, 100_01));
    rig.emits(&["5 replaced: 10 @ 100.01, loses its place"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
                  | 100.01 | 5:10
        1:10 2:20 | 100.00 |
        waiting: sell 6:10",
    );
}

/// Order 10 has bought 15, and its exits 11 and 12 sell them.
const BRACKETED: &str = "
          bid |  price | ask
              | 100.05 | 11:15
              | 100.03 | 4:25
    1:10 2:20 | 100.00 |
    waiting: sell 12:15";

fn bracketed() -> Rig {
    let mut rig = Rig::quoted();
    rig.send(buy(10, 15).at(100_03).bracket(100_05, 99_98));
    rig.emits(&[
        "10 buys 10 @ 100.02 from 3",
        "10 buys 5 @ 100.03 from 4",
        "11 enters as exit of 10: sell 15, limit",
        "12 enters as exit of 10: sell 15, stop",
    ]);
    rig.draws(BRACKETED);
    rig
}

#[test]
fn a_bracket_takes_its_profit() {
    let mut rig = bracketed();
    rig.send(buy(20, 40));
    rig.emits(&["20 buys 25 @ 100.03 from 4", "20 buys 15 @ 100.05 from 11", "12 canceled 15: linked"]);
    rig.draws(
        "
              bid |  price | ask
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_bracket_limits_its_loss() {
    let mut rig = bracketed();
    rig.send(buy(20, 16).at(99_98));
    rig.send(sell(21, 31));
    rig.emits(&[
        "21 sells 10 @ 100.00 to 1",
        "21 sells 20 @ 100.00 to 2",
        "21 sells 1 @ 99.98 to 20",
        "12 triggered at 99.98",
        "12 sells 15 @ 99.98 to 20",
        "11 canceled 15: linked",
    ]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:25",
    );
}

#[test]
fn the_exits_of_a_bracket_enter_once_its_entry_is_over() {
    let mut rig = Rig::quoted();
    rig.send(buy(10, 15).at(100_02).bracket(100_05, 99_98));
    rig.emits(&["10 buys 10 @ 100.02 from 3"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
             10:5 | 100.02 |
        1:10 2:20 | 100.00 |",
    );
    // The ids of its exits are reserved meanwhile.
    rig.send(sell(11, 5).at(100_04));
    rig.emits(&["11 rejected: duplicate_order"]);
    rig.send(cancel(10));
    rig.emits(&[
        "10 canceled 5: requested",
        "11 enters as exit of 10: sell 10, limit",
        "12 enters as exit of 10: sell 10, stop",
    ]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.05 | 11:10
                  | 100.03 | 4:30
        1:10 2:20 | 100.00 |
        waiting: sell 12:10",
    );
}

#[test]
fn a_bracket_that_never_traded_has_no_exits() {
    let mut rig = Rig::quoted();
    rig.send(sell(10, 15).at(100_02).bracket(100_00, 100_05));
    rig.send(cancel(10));
    rig.emits(&["10 canceled 15: requested"]);
    rig.draws(QUOTED);
}

#[test]
fn the_exits_of_a_day_bracket_outlive_its_day_with_the_position() {
    // Filled before the close, by the closing auction, or over by the clock with a part: each time there is
    // a position to leave, and the exits wait for the next session.
    let drawn = "
              bid |  price | ask
                  | 100.05 | 11:10
                  | 100.03 | 4:30
        1:10 2:20 | 100.00 |
        waiting: sell 12:10";
    let day = |lots| buy(10, lots).at(100_02).bracket(100_05, 99_98).until(TimeInForce::Day);
    let mut rig = Rig::quoted();
    rig.send(day(10));
    rig.enter(Phase::Closed);
    rig.draws(drawn);
    let mut rig = Rig::quoted();
    rig.enter(Phase::ClosingAuction);
    rig.send(day(10));
    rig.enter(Phase::Closed);
    rig.draws(drawn);
    let mut rig = Rig::quoted();
    rig.send(day(15));
    rig.enter(Phase::Closed);
    rig.draws(drawn);
}
