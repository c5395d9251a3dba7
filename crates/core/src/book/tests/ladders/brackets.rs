//! Brackets: an entry, and two exits that grow with it.

use super::*;

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

/// Order 10 has bought 6 of 15: its exits 11 and 12 sell them, and the rest bids.
const HALFWAY: &str = "
          bid |  price | ask
              | 100.05 | 11:6
              | 100.03 | 4:30
              | 100.02 | 3:10
         10:9 | 100.01 |
    1:10 2:20 | 100.00 |
    waiting: sell 12:6";

fn halfway() -> Rig {
    let mut rig = Rig::quoted();
    rig.send(buy(10, 15).at(100_01).bracket(100_05, 99_98));
    rig.emits(&[]);
    rig.send(sell(20, 6).of(1));
    rig.emits(&[
        "20 sells 6 @ 100.01 to 10",
        "11 enters as exit of 10: sell 6, limit",
        "12 enters as exit of 10: sell 6, stop",
    ]);
    rig.draws(HALFWAY);
    rig
}

#[test]
fn the_exits_of_a_bracket_enter_with_its_first_fill_and_grow_with_each_further_one() {
    let mut rig = halfway();
    // A later order at the price of the exit comes before what is enlarged: it goes to the back.
    rig.send(sell(21, 1).at(100_05).of(1));
    rig.send(sell(22, 4).of(1));
    rig.emits(&["22 sells 4 @ 100.01 to 10", "11 grows to 10", "12 grows to 10"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.05 | 21:1 11:10
                  | 100.03 | 4:30
                  | 100.02 | 3:10
             10:5 | 100.01 |
        1:10 2:20 | 100.00 |
        waiting: sell 12:10",
    );
    rig.send(sell(23, 7).of(1));
    rig.emits(&["23 sells 5 @ 100.01 to 10", "23 sells 2 @ 100.00 to 1", "11 grows to 15", "12 grows to 15"]);
}

#[test]
fn several_fills_of_one_command_are_one_growth() {
    let mut rig = halfway();
    rig.send(buy(30, 1).at(100_02).of(1));
    rig.send(replace(10, 20, 100_03));
    rig.emits(&[
        "10 replaced: 14 @ 100.03, loses its place",
        "10 buys 9 @ 100.02 from 3",
        "10 buys 5 @ 100.03 from 4",
        "11 grows to 20",
        "12 grows to 20",
    ]);
}

#[test]
fn the_ids_of_exits_are_reserved_while_the_entry_is_open() {
    let mut rig = Rig::quoted();
    rig.send(buy(10, 15).at(100_01).bracket(100_05, 99_98));
    rig.send(sell(11, 5).at(100_04));
    rig.emits(&["11 rejected: duplicate_order"]);
    rig.send(sell(20, 6));
    rig.send(cancel(11));
    rig.send(sell(11, 5).at(100_04));
    rig.emits(&["11 rejected: duplicate_order"]);
    rig.send(cancel(10));
    rig.send(sell(11, 5).at(100_04));
    rig.emits(&[]);
}

#[test]
fn an_entry_that_is_canceled_leaves_its_exits() {
    let mut rig = halfway();
    rig.send(cancel(10));
    rig.emits(&["10 canceled 9: requested"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.05 | 11:6
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
        waiting: sell 12:6",
    );
}

#[test]
fn an_exit_in_part_lets_the_entry_go_on_and_growth_counts_from_there() {
    let mut rig = halfway();
    rig.send(buy(20, 42).of(1));
    rig.emits(&[
        "20 buys 10 @ 100.02 from 3",
        "20 buys 30 @ 100.03 from 4",
        "20 buys 2 @ 100.05 from 11",
        "12 reduced to 4: linked",
    ]);
    rig.send(sell(21, 3).of(1));
    rig.emits(&["21 sells 3 @ 100.01 to 10", "11 grows to 7", "12 grows to 7"]);
}

#[test]
fn a_profit_taken_in_full_cancels_the_rest_of_the_entry() {
    let mut rig = halfway();
    rig.send(buy(20, 46).of(1));
    rig.emits(&[
        "20 buys 10 @ 100.02 from 3",
        "20 buys 30 @ 100.03 from 4",
        "20 buys 6 @ 100.05 from 11",
        "12 canceled 6: linked",
        "10 canceled 9: linked",
    ]);
}

#[test]
fn a_stop_that_fires_cancels_the_rest_of_the_entry_before_it_trades() {
    // Its owner has drawn the stop close: it would sell to its own entry otherwise.
    let mut rig = halfway();
    rig.send(replace(12, 6, 100_01));
    rig.emits(&[
        "12 replaced: 6 @ 100.01, loses its place",
        "12 triggered at 100.01",
        "10 canceled 9: linked",
        "12 sells 6 @ 100.00 to 1",
        "11 canceled 6: linked",
    ]);
    rig.draws(
        "
             bid |  price | ask
                 | 100.03 | 4:30
                 | 100.02 | 3:10
        1:4 2:20 | 100.00 |",
    );
}

#[test]
fn a_stop_elected_by_the_trade_that_fills_the_entry_sells_all_of_it() {
    let mut rig = halfway();
    rig.send(replace(12, 6, 100_00));
    rig.send(sell(20, 10).of(1));
    rig.emits(&[
        "20 sells 9 @ 100.01 to 10",
        "20 sells 1 @ 100.00 to 1",
        "11 grows to 15",
        "12 grows to 15",
        "12 triggered at 100.00",
        "12 sells 9 @ 100.00 to 1",
        "11 reduced to 6: linked",
        "12 sells 6 @ 100.00 to 2",
        "11 canceled 6: linked",
    ]);
}

#[test]
fn exits_that_their_owner_cancels_let_the_entry_go_on_without_any() {
    for exit in [11, 12] {
        let mut rig = halfway();
        rig.send(cancel(exit));
        rig.emits(&[&format!("{exit} canceled 6: requested"), &format!("{} canceled 6: linked", 23 - exit)]);
        rig.send(sell(20, 9).of(1));
        rig.emits(&["20 sells 9 @ 100.01 to 10"]);
    }
    // So does a mass cancel of their side.
    let mut rig = halfway();
    rig.send(command(50, 0, CommandKind::MassCancel { side: Some(Side::Sell) }));
    rig.send(sell(20, 9).of(1));
    rig.emits(&["20 sells 9 @ 100.01 to 10"]);
}

#[test]
fn an_entry_and_its_exits_never_trade_with_each_other() {
    let mut rig = halfway();
    rig.send(replace(10, 15, 100_05));
    rig.emits(&["10 unchanged: crosses_own_bracket"]);
    rig.send(replace(11, 6, 100_01));
    rig.emits(&["11 unchanged: crosses_own_bracket"]);
    rig.send(replace(11, 6, 100_04));
    rig.send(replace(10, 15, 100_03));
    rig.emits(&[
        "10 replaced: 9 @ 100.03, loses its place",
        "10 buys 9 @ 100.02 from 3",
        "11 grows to 15",
        "12 grows to 15",
    ]);
    // The limit lies beyond the profit to take: what is left of the entry would buy from it.
    let mut rig = Rig::quoted();
    rig.send(buy(10, 45).at(100_06).bracket(100_05, 99_98));
    rig.emits(&[
        "10 buys 10 @ 100.02 from 3",
        "10 buys 30 @ 100.03 from 4",
        "10 canceled 5: linked",
        "11 enters as exit of 10: sell 40, limit",
        "12 enters as exit of 10: sell 40, stop",
    ]);
}

#[test]
fn growth_in_an_auction_and_at_the_close_is_that_of_its_fills() {
    let mut rig = halfway();
    rig.enter(Phase::ClosingAuction);
    rig.send(sell(20, 4).at(100_01).of(1));
    rig.enter(Phase::Closed);
    rig.emits(&[
        "uncrosses 4 @ 100.01",
        "20 sells 4 @ 100.01 to 10",
        "phase: closed",
        "11 grows to 10",
        "12 grows to 10",
    ]);
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

#[test]
fn a_kill_switch_leaves_no_working_order_of_a_bracket() {
    for kind in [CommandKind::MassCancel { side: None }, CommandKind::Disconnect] {
        // The entry is older than its exits, or has moved behind them.
        for moved in [false, true] {
            let mut rig = halfway();
            if moved {
                rig.send(replace(10, 15, 100_00));
            }
            rig.send(command(50, 0, kind));
            rig.draws("bid | price | ask");
        }
    }
}
