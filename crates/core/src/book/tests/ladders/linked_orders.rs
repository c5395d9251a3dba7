//! Linked orders: one cancels the other.

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
