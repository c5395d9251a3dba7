//! Stops: which trades elect them, in which order, and what they then do.

use super::*;

#[test]
fn a_stop_becomes_a_market_order_once_a_trade_reaches_its_trigger() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 12).stop(100_03));
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
        waiting: buy 5:12",
    );
    rig.send(buy(6, 10));
    rig.emits(&["6 buys 10 @ 100.02 from 3"]);
    rig.send(buy(7, 1));
    rig.emits(&["7 buys 1 @ 100.03 from 4", "5 triggered at 100.03", "5 buys 12 @ 100.03 from 4"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:17
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_quote_alone_elects_nothing() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10).stop(100_01));
    rig.send(buy(6, 10).at(100_01));
    rig.emits(&[]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
             6:10 | 100.01 |
        1:10 2:20 | 100.00 |
        waiting: buy 5:10",
    );
}

#[test]
fn buys_that_one_trade_reaches_are_elected_from_the_lowest_trigger_then_by_time() {
    let mut rig = Rig::quoted();
    for (order, trigger) in [(5, 100_03), (6, 100_01), (7, 100_03), (8, 100_02), (9, 100_01), (10, 100_04)] {
        rig.send(buy(order, 1).stop(trigger));
    }
    // A pure decrease keeps the place in time, a new trigger loses it.
    rig.send(replace(5, 2, 100_04));
    rig.send(replace(5, 1, 100_03));
    rig.send(replace(3, 5, 100_03));
    rig.send(buy(20, 1).at(100_03));
    rig.emits(&[
        "20 buys 1 @ 100.03 from 4",
        "6 triggered at 100.01",
        "6 buys 1 @ 100.03 from 4",
        "9 triggered at 100.01",
        "9 buys 1 @ 100.03 from 4",
        "8 triggered at 100.02",
        "8 buys 1 @ 100.03 from 4",
        "7 triggered at 100.03",
        "7 buys 1 @ 100.03 from 4",
        "5 triggered at 100.03",
        "5 buys 1 @ 100.03 from 4",
    ]);
}

#[test]
fn of_both_sides_that_the_first_trade_reaches_buys_come_first() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 1).stop(100_05));
    rig.send(buy(6, 1).stop(100_01));
    rig.send(buy(20, 1));
    rig.emits(&[
        "20 buys 1 @ 100.02 from 3",
        "6 triggered at 100.01",
        "6 buys 1 @ 100.02 from 3",
        "5 triggered at 100.05",
        "5 sells 1 @ 100.00 to 1",
    ]);
}

#[test]
fn sales_that_one_trade_reaches_are_elected_from_the_highest_trigger() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 10).stop(100_00));
    rig.send(sell(6, 10).stop(100_01));
    rig.send(sell(7, 10).stop(99_99));
    rig.send(sell(8, 10));
    rig.emits(&[
        "8 sells 10 @ 100.00 to 1",
        "6 triggered at 100.01",
        "6 sells 10 @ 100.00 to 2",
        "5 triggered at 100.00",
        "5 sells 10 @ 100.00 to 2",
    ]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10
        waiting: sell 7:10",
    );
}

#[test]
fn a_stop_that_trades_may_elect_the_next() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10).at(99_99));
    rig.send(sell(6, 10).stop(99_99));
    rig.send(sell(7, 25).stop(100_00));
    rig.send(sell(8, 10));
    rig.emits(&[
        "8 sells 10 @ 100.00 to 1",
        "7 triggered at 100.00",
        "7 sells 20 @ 100.00 to 2",
        "7 sells 5 @ 99.99 to 5",
        "6 triggered at 99.99",
        "6 sells 5 @ 99.99 to 5",
        "6 canceled 5: ioc_remainder",
    ]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10",
    );
}

#[test]
fn an_elected_stop_limit_rests_at_its_limit() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 50).stop_limit(100_00, 100_00));
    rig.send(sell(6, 5));
    rig.emits(&[
        "6 sells 5 @ 100.00 to 1",
        "5 triggered at 100.00",
        "5 sells 5 @ 100.00 to 1",
        "5 sells 20 @ 100.00 to 2",
    ]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10
            | 100.00 | 5:25",
    );
}

#[test]
fn a_stop_whose_trigger_was_reached_before_is_elected_at_entry() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10));
    rig.send(buy(6, 5).stop(100_02));
    rig.emits(&["6 triggered at 100.02", "6 buys 5 @ 100.03 from 4"]);
    rig.send(sell(7, 5).stop_limit(100_03, 100_01));
    rig.emits(&["7 triggered at 100.03"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:25
                  | 100.01 | 7:5
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_trailing_stop_follows_the_market_and_never_goes_back() {
    let mut rig = Rig::quoted();
    rig.send(buy(11, 1).at(100_02).until(TimeInForce::Ioc));
    // Its trigger is 100.00: two ticks behind the last trade.
    rig.send(sell(5, 10).trailing(2));
    // The market rises to 100.03, the trigger to 100.01.
    rig.send(buy(12, 10));
    rig.emits(&["12 buys 9 @ 100.02 from 3", "12 buys 1 @ 100.03 from 4"]);
    rig.send(buy(13, 1).at(100_02));
    rig.send(buy(14, 1).at(100_01));
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:29
             13:1 | 100.02 |
             14:1 | 100.01 |
        1:10 2:20 | 100.00 |
        waiting: sell 5:10",
    );
    // It falls to 100.02; the trigger stays.
    rig.send(sell(15, 1));
    rig.emits(&["15 sells 1 @ 100.02 to 13"]);
    rig.send(sell(16, 1));
    rig.emits(&["16 sells 1 @ 100.01 to 14", "5 triggered at 100.01", "5 sells 10 @ 100.00 to 1"]);
    rig.draws(
        "
         bid |  price | ask
             | 100.03 | 4:29
        2:20 | 100.00 |",
    );
}

#[test]
fn a_percentage_follows_the_market_and_is_rounded_toward_it() {
    let mut rig = Rig::quoted();
    rig.send(buy(11, 1).at(100_02).until(TimeInForce::Ioc));
    // 0.02% of 100.02 are 2.0004 ticks: its trigger is 100.00.
    rig.send(sell(5, 10).trailing_bps(2));
    rig.send(buy(12, 10));
    rig.emits(&["12 buys 9 @ 100.02 from 3", "12 buys 1 @ 100.03 from 4"]);
    rig.send(buy(13, 1).at(100_02));
    rig.send(buy(14, 1).at(100_01));
    // The market has risen to 100.03, the trigger to 100.01; it stays there when the market falls.
    rig.send(sell(15, 1));
    rig.emits(&["15 sells 1 @ 100.02 to 13"]);
    rig.send(sell(16, 1));
    rig.emits(&["16 sells 1 @ 100.01 to 14", "5 triggered at 100.01", "5 sells 10 @ 100.00 to 1"]);
}

#[test]
fn a_percentage_of_less_than_a_tick_is_one_tick() {
    let mut rig = Rig::quoted();
    rig.send(sell(6, 1));
    rig.emits(&["6 sells 1 @ 100.00 to 1"]);
    // 0.01% of 100.00 are a tick exactly, and of 99.99 less than one.
    rig.send(buy(5, 3).trailing_bps(1));
    rig.send(buy(7, 1));
    rig.emits(&["7 buys 1 @ 100.02 from 3", "5 triggered at 100.01", "5 buys 3 @ 100.02 from 3"]);
}

#[test]
fn a_trailing_stop_before_the_first_trade_follows_from_there() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 3).trailing(1));
    rig.send(sell(6, 1));
    rig.emits(&["6 sells 1 @ 100.00 to 1"]);
    // The trigger is 100.01 from now on.
    rig.send(buy(7, 1));
    rig.emits(&["7 buys 1 @ 100.02 from 3", "5 triggered at 100.01", "5 buys 3 @ 100.02 from 3"]);
}

#[test]
fn an_elected_stop_minds_its_protection_and_its_time_in_force() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 20).stop(100_02).protected(100_02));
    rig.send(buy(6, 60).stop(100_02).until(TimeInForce::Fok));
    rig.send(buy(7, 1));
    rig.emits(&[
        "7 buys 1 @ 100.02 from 3",
        "5 triggered at 100.02",
        "5 buys 9 @ 100.02 from 3",
        "5 canceled 11: ioc_remainder",
        "6 triggered at 100.02",
        "6 canceled 60: fok_unfillable",
    ]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn stops_reached_in_an_auction_trade_once_trading_goes_on() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).stop(100_02));
    rig.enter(Phase::OpeningAuction);
    rig.send(buy(6, 10).at(100_02));
    rig.enter(Phase::Continuous);
    rig.emits(&[
        "uncrosses 10 @ 100.02",
        "6 buys 10 @ 100.02 from 3",
        "phase: continuous",
        "5 triggered at 100.02",
        "5 buys 5 @ 100.03 from 4",
    ]);
}
