//! Pegged orders: they follow the touch or the mid of orders that are not pegged.

use super::*;

#[test]
fn a_peg_to_the_mid_rounds_away_from_the_other_side() {
    let mut rig = Rig::quoted();
    rig.send(cancel(3));
    // The mid is 100.015.
    rig.send(buy(5, 5).pegged(Peg::Mid, 0));
    rig.emits(&["5 moves to 100.01"]);
    rig.send(sell(6, 6).pegged(Peg::Mid, 0));
    rig.emits(&["6 moves to 100.02"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 6:6
              5:5 | 100.01 |
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn two_pegs_to_a_whole_mid_trade_with_each_other() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).pegged(Peg::Mid, 0));
    rig.send(sell(6, 6).pegged(Peg::Mid, 0));
    rig.emits(&["6 moves to 100.01", "6 sells 5 @ 100.01 to 5"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
                  | 100.01 | 6:1
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_peg_follows_the_touch_up_and_down() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).pegged(Peg::Touch, 1));
    rig.emits(&["5 moves to 99.99"]);
    rig.send(buy(6, 10).at(100_01));
    rig.emits(&["5 moves to 100.00"]);
    rig.draws(
        "
                  bid |  price | ask
                      | 100.03 | 4:30
                      | 100.02 | 3:10
                 6:10 | 100.01 |
        1:10 2:20 5:5 | 100.00 |",
    );
    rig.send(cancel(6));
    rig.emits(&["6 canceled 10: requested", "5 moves to 99.99"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
              5:5 |  99.99 |",
    );
}

#[test]
fn a_peg_that_moves_loses_its_place_and_one_that_stays_keeps_it() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).pegged(Peg::Touch, 0));
    rig.send(buy(6, 6).at(100_00));
    rig.draws(
        "
                      bid |  price | ask
                          | 100.03 | 4:30
                          | 100.02 | 3:10
        1:10 2:20 5:5 6:6 | 100.00 |",
    );
    rig.send(buy(7, 7).at(100_01));
    rig.send(cancel(7));
    rig.draws(
        "
                      bid |  price | ask
                          | 100.03 | 4:30
                          | 100.02 | 3:10
        1:10 2:20 6:6 5:5 | 100.00 |",
    );
}

#[test]
fn a_peg_goes_no_further_than_its_limit() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).pegged(Peg::Touch, 0).protected(100_00));
    rig.send(buy(6, 10).at(100_01));
    rig.emits(&[]);
    rig.draws(
        "
                  bid |  price | ask
                      | 100.03 | 4:30
                      | 100.02 | 3:10
                 6:10 | 100.01 |
        1:10 2:20 5:5 | 100.00 |",
    );
}

#[test]
fn a_peg_before_the_touch_never_takes_from_orders_that_are_not_pegged() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).pegged(Peg::Touch, -5));
    rig.emits(&["5 moves to 100.01"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
              5:5 | 100.01 |
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_peg_without_anything_to_follow_parks_and_comes_back() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 5).pegged(Peg::Mid, 0));
    rig.send(cancel(1));
    rig.send(cancel(2));
    rig.emits(&["2 canceled 20: requested", "5 parks"]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10
        waiting: sell 5:5",
    );
    rig.send(buy(6, 10).at(99_98));
    rig.emits(&["5 moves to 100.00"]);
    rig.draws(
        "
         bid |  price | ask
             | 100.03 | 4:30
             | 100.02 | 3:10
             | 100.00 | 5:5
        6:10 |  99.98 |",
    );
}

#[test]
fn pegs_take_no_part_in_auctions() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).pegged(Peg::Touch, 0));
    rig.enter(Phase::ClosingAuction);
    rig.emits(&["phase: closing_auction", "5 parks"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
        waiting: buy 5:5",
    );
}
