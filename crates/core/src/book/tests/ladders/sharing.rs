//! Matching policies: how the orders at one price share what comes in.

use super::*;
use crate::book::Matching;

/// Three bids at one price: ten, twenty and thirty.
const THREE: &str = "
               bid |  price | ask
    1:10 2:20 3:30 | 100.00 |
               4:9 |  99.99 |";

fn after_selling(matching: Matching, lots: u64) -> Desk {
    let mut desk = Desk::new(BookConfig { matching, ..BookConfig::default() });
    desk.send(buy(1, 10).at(100_00));
    desk.send(buy(2, 20).at(100_00));
    desk.send(buy(3, 30).at(100_00));
    desk.send(buy(4, 9).at(99_99));
    desk.draws(THREE);
    desk.send(sell(5, lots));
    desk
}

#[test]
fn by_time_who_came_first_is_filled_first() {
    let desk = after_selling(Matching::PriceTime, 20);
    desk.tells(&["5 sells 10 @ 100.00 to 1", "5 sells 10 @ 100.00 to 2"]);
    desk.draws(
        "
              bid |  price | ask
        2:10 3:30 | 100.00 |
              4:9 |  99.99 |",
    );
}

#[test]
fn pro_rata_rounds_down_and_what_is_left_over_goes_by_time() {
    // A third of each: 3.3, 6.7 and 10.
    let desk = after_selling(Matching::ProRata, 20);
    desk.tells(&[
        "5 sells 3 @ 100.00 to 1",
        "5 sells 6 @ 100.00 to 2",
        "5 sells 10 @ 100.00 to 3",
        "5 sells 1 @ 100.00 to 1",
    ]);
    desk.draws(
        "
                  bid |  price | ask
        1:6 2:14 3:20 | 100.00 |
                  4:9 |  99.99 |",
    );
}

#[test]
fn pro_rata_too_small_to_share_goes_by_time() {
    let desk = after_selling(Matching::ProRata, 1);
    desk.tells(&["5 sells 1 @ 100.00 to 1"]);
}

#[test]
fn pro_rata_with_enough_for_all_fills_all_and_goes_on() {
    let desk = after_selling(Matching::ProRata, 61);
    desk.tells(&[
        "5 sells 10 @ 100.00 to 1",
        "5 sells 20 @ 100.00 to 2",
        "5 sells 30 @ 100.00 to 3",
        "5 sells 1 @ 99.99 to 4",
    ]);
}

#[test]
fn pro_rata_goes_by_what_is_displayed() {
    let matching = Matching::ProRata;
    let mut desk = Desk::new(BookConfig { matching, ..BookConfig::default() });
    desk.send(buy(1, 30).at(100_00).showing(10));
    desk.send(buy(2, 10).at(100_00));
    desk.send(sell(3, 10));
    desk.tells(&["3 sells 5 @ 100.00 to 1", "3 sells 5 @ 100.00 to 2"]);
    desk.draws(
        "
               bid |  price | ask
        1:5+20 2:5 | 100.00 |",
    );
}

#[test]
fn the_first_gets_its_share_and_the_others_follow_by_time() {
    // Forty percent of twenty are eight.
    let desk = after_selling(Matching::TopShare { percent: 40 }, 20);
    desk.tells(&["5 sells 8 @ 100.00 to 1", "5 sells 12 @ 100.00 to 2"]);
    desk.draws(
        "
                 bid |  price | ask
        1:2 2:8 3:30 | 100.00 |
                 4:9 |  99.99 |",
    );
}

#[test]
fn what_the_others_leave_over_goes_to_the_first_again() {
    let desk = after_selling(Matching::TopShare { percent: 10 }, 59);
    desk.tells(&[
        "5 sells 5 @ 100.00 to 1",
        "5 sells 20 @ 100.00 to 2",
        "5 sells 30 @ 100.00 to 3",
        "5 sells 4 @ 100.00 to 1",
    ]);
}

#[test]
fn a_share_of_nothing_is_for_the_others() {
    let desk = after_selling(Matching::TopShare { percent: 0 }, 20);
    desk.tells(&["5 sells 20 @ 100.00 to 2"]);
    let desk = after_selling(Matching::TopShare { percent: 100 }, 20);
    desk.tells(&["5 sells 10 @ 100.00 to 1", "5 sells 10 @ 100.00 to 2"]);
}
