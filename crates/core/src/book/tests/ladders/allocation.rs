//! Matching policies: how the orders at one price share what comes in.

use super::*;
use crate::book::Matching;

/// Three bids at one price: ten, twenty and thirty.
const THREE: &str = "
               bid |  price | ask
    1:10 2:20 3:30 | 100.00 |
               4:9 |  99.99 |";

fn after_selling(matching: Matching, lots: u64) -> Rig {
    let mut rig = Rig::new(BookConfig { matching, ..BookConfig::default() });
    rig.send(buy(1, 10).at(100_00));
    rig.send(buy(2, 20).at(100_00));
    rig.send(buy(3, 30).at(100_00));
    rig.send(buy(4, 9).at(99_99));
    rig.draws(THREE);
    rig.send(sell(5, lots));
    rig
}

#[test]
fn by_time_who_came_first_is_filled_first() {
    let rig = after_selling(Matching::PriceTime, 20);
    rig.emits(&["5 sells 10 @ 100.00 to 1", "5 sells 10 @ 100.00 to 2"]);
    rig.draws(
        "
              bid |  price | ask
        2:10 3:30 | 100.00 |
              4:9 |  99.99 |",
    );
}

#[test]
fn pro_rata_rounds_down_and_what_is_left_over_goes_by_time() {
    // A third of each: 3.3, 6.7 and 10.
    let rig = after_selling(Matching::ProRata, 20);
    rig.emits(&[
        "5 sells 3 @ 100.00 to 1",
        "5 sells 6 @ 100.00 to 2",
        "5 sells 10 @ 100.00 to 3",
        "5 sells 1 @ 100.00 to 1",
    ]);
    rig.draws(
        "
                  bid |  price | ask
        1:6 2:14 3:20 | 100.00 |
                  4:9 |  99.99 |",
    );
}

#[test]
fn pro_rata_too_small_to_share_goes_by_time() {
    let rig = after_selling(Matching::ProRata, 1);
    rig.emits(&["5 sells 1 @ 100.00 to 1"]);
}

#[test]
fn pro_rata_with_enough_for_all_fills_all_and_goes_on() {
    let rig = after_selling(Matching::ProRata, 61);
    rig.emits(&[
        "5 sells 10 @ 100.00 to 1",
        "5 sells 20 @ 100.00 to 2",
        "5 sells 30 @ 100.00 to 3",
        "5 sells 1 @ 99.99 to 4",
    ]);
}

#[test]
fn pro_rata_goes_by_what_is_displayed() {
    let matching = Matching::ProRata;
    let mut rig = Rig::new(BookConfig { matching, ..BookConfig::default() });
    rig.send(buy(1, 30).at(100_00).showing(10));
    rig.send(buy(2, 10).at(100_00));
    rig.send(sell(3, 10));
    rig.emits(&["3 sells 5 @ 100.00 to 1", "3 sells 5 @ 100.00 to 2"]);
    rig.draws(
        "
               bid |  price | ask
        1:5+20 2:5 | 100.00 |",
    );
}

#[test]
fn the_first_gets_its_share_and_the_others_follow_by_time() {
    // Forty percent of twenty are eight.
    let rig = after_selling(Matching::TopShare { percent: 40 }, 20);
    rig.emits(&["5 sells 8 @ 100.00 to 1", "5 sells 12 @ 100.00 to 2"]);
    rig.draws(
        "
                 bid |  price | ask
        1:2 2:8 3:30 | 100.00 |
                 4:9 |  99.99 |",
    );
}

#[test]
fn what_the_others_leave_over_goes_to_the_first_again() {
    let rig = after_selling(Matching::TopShare { percent: 10 }, 59);
    rig.emits(&[
        "5 sells 5 @ 100.00 to 1",
        "5 sells 20 @ 100.00 to 2",
        "5 sells 30 @ 100.00 to 3",
        "5 sells 4 @ 100.00 to 1",
    ]);
}

#[test]
fn a_share_of_nothing_is_for_the_others() {
    let rig = after_selling(Matching::TopShare { percent: 0 }, 20);
    rig.emits(&["5 sells 20 @ 100.00 to 2"]);
    let rig = after_selling(Matching::TopShare { percent: 100 }, 20);
    rig.emits(&["5 sells 10 @ 100.00 to 1", "5 sells 10 @ 100.00 to 2"]);
}
