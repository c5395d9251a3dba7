//! Orders that trade on arrival: limit, market, market-to-limit, minimum quantity, post-only.

use super::*;

#[test]
fn a_limit_order_trades_up_to_its_limit_and_rests() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 25).at(100_02));
    rig.emits(&["5 buys 10 @ 100.02 from 3"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
             5:15 | 100.02 |
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_limit_order_away_from_the_touch_joins_the_back_of_its_queue() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).at(100_00));
    rig.send(sell(6, 5).at(100_04));
    rig.draws(
        "
                  bid |  price | ask
                      | 100.04 | 6:5
                      | 100.03 | 4:30
                      | 100.02 | 3:10
        1:10 2:20 5:5 | 100.00 |",
    );
}

#[test]
fn who_came_first_is_filled_first_and_the_maker_sets_the_price() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 25).at(99_00));
    rig.emits(&["5 sells 10 @ 100.00 to 1", "5 sells 15 @ 100.00 to 2"]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10
        2:5 | 100.00 |",
    );
}

#[test]
fn a_market_order_walks_the_book_and_never_rests() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 50));
    rig.emits(&["5 buys 10 @ 100.02 from 3", "5 buys 30 @ 100.03 from 4", "5 canceled 10: ioc_remainder"]);
    rig.draws(
        "
              bid |  price | ask
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_protected_market_order_stops_at_its_protection() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 50).protected(100_02));
    rig.emits(&["5 buys 10 @ 100.02 from 3", "5 canceled 40: ioc_remainder"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_market_order_that_would_meet_nobody_is_rejected() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 50).protected(100_01));
    rig.emits(&["5 rejected: no_liquidity"]);
    rig.draws(QUOTED);
    rig.send(sell(6, 30));
    rig.send(sell(7, 1));
    rig.emits(&["7 rejected: no_liquidity"]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10",
    );
}

#[test]
fn a_market_to_limit_order_rests_at_the_touch_it_took_from() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 25).market_to_limit());
    rig.emits(&["5 buys 10 @ 100.02 from 3", "5 moves to 100.02"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
             5:15 | 100.02 |
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_market_to_limit_order_that_is_filled_moves_nowhere() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 30).market_to_limit());
    rig.emits(&["5 sells 10 @ 100.00 to 1", "5 sells 20 @ 100.00 to 2"]);
    rig.send(sell(6, 1).market_to_limit());
    rig.emits(&["6 rejected: no_liquidity"]);
    rig.send(buy(7, 1).market_to_limit().protected(100_01));
    rig.emits(&["7 rejected: no_liquidity"]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10",
    );
}

#[test]
fn a_minimum_trades_at_entry_or_the_order_is_rejected() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 25).at(100_02).at_least(11));
    rig.emits(&["5 rejected: minimum_unavailable"]);
    rig.draws(QUOTED);
    rig.send(buy(6, 25).at(100_02).at_least(10));
    rig.emits(&["6 buys 10 @ 100.02 from 3"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
             6:15 | 100.02 |
        1:10 2:20 | 100.00 |",
    );
    // The minimum was for the entry: what rests trades in any part.
    rig.send(sell(7, 1).at(100_02));
    rig.emits(&["7 sells 1 @ 100.02 to 6"]);
}

#[test]
fn a_post_only_order_that_would_take_is_rejected() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).at(100_02).post_only(PostOnly::Reject));
    rig.emits(&["5 rejected: post_only_would_take"]);
    rig.draws(QUOTED);
    rig.send(buy(6, 5).at(100_01).post_only(PostOnly::Reject));
    rig.send(replace(6, 5, 100_03));
    rig.emits(&["6 unchanged: post_only_would_take"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
              6:5 | 100.01 |
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_sliding_post_only_order_rests_one_tick_behind_the_touch() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).at(100_07).post_only(PostOnly::Slide));
    rig.emits(&["5 moves to 100.01"]);
    rig.send(sell(6, 5).at(99_00).post_only(PostOnly::Slide));
    rig.emits(&["6 moves to 100.02"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10 6:5
              5:5 | 100.01 |
        1:10 2:20 | 100.00 |",
    );
    rig.send(replace(5, 5, 100_09));
    rig.emits(&["5 replaced: 5 @ 100.09, loses its place", "5 moves to 100.01"]);
}

#[test]
fn the_largest_order_at_the_highest_price_has_a_value() {
    let unit = crate::market::Instrument::new("X", "1".parse().unwrap(), "1000".parse().unwrap()).unwrap();
    let (price, lots) = (Price::new(Price::MAX_TICKS), Quantity::new(Quantity::MAX_LOTS));
    assert!(unit.notional(price, lots) > crate::units::Money::ZERO);
    let mut rig = Rig::new(BookConfig::default());
    rig.send(buy(1, Quantity::MAX_LOTS).at(Price::MAX_TICKS));
    rig.send(sell(2, Quantity::MAX_LOTS).at(-Price::MAX_TICKS));
    assert!(rig.drawn().lines().count() == 1, "they trade");
}
