//! Brackets with one exit, and stops with a limit as exits.

use super::*;

const fn stop(trigger: i64) -> StopLoss {
    StopLoss::at(Price::new(trigger))
}

/// Order 10 has bought 6 of 15, of which its only exit, to take profit, sells as many.
fn with_profit_only() -> Rig {
    let mut rig = Rig::quoted();
    rig.send(buy(10, 15).at(100_01).exits(Some(100_05), None));
    rig.send(sell(20, 6).of(1));
    rig.emits(&["20 sells 6 @ 100.01 to 10", "11 enters as exit of 10: sell 6, limit"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.05 | 11:6
                  | 100.03 | 4:30
                  | 100.02 | 3:10
             10:9 | 100.01 |
        1:10 2:20 | 100.00 |",
    );
    rig
}

/// Order 10 has bought 6 of 15, of which its only exit, a stop, sells as many.
fn with_loss_only() -> Rig {
    let mut rig = Rig::quoted();
    rig.send(buy(10, 15).at(100_01).exits(None, Some(stop(99_98))));
    rig.send(sell(20, 6).of(1));
    rig.emits(&["20 sells 6 @ 100.01 to 10", "12 enters as exit of 10: sell 6, stop"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
             10:9 | 100.01 |
        1:10 2:20 | 100.00 |
        waiting: sell 12:6",
    );
    rig
}

#[test]
fn the_only_exit_grows_with_each_fill_at_the_back_of_its_queue() {
    let mut rig = with_profit_only();
    rig.send(sell(21, 1).at(100_05).of(1));
    rig.send(sell(22, 4).of(1));
    rig.emits(&["22 sells 4 @ 100.01 to 10", "11 grows to 10"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.05 | 21:1 11:10
                  | 100.03 | 4:30
                  | 100.02 | 3:10
             10:5 | 100.01 |
        1:10 2:20 | 100.00 |",
    );
    let mut rig = with_loss_only();
    rig.send(sell(22, 4).of(1));
    rig.emits(&["22 sells 4 @ 100.01 to 10", "12 grows to 10"]);
}

#[test]
fn a_profit_taken_in_full_cancels_the_rest_of_the_entry() {
    let mut rig = with_profit_only();
    rig.send(buy(23, 46).of(1));
    rig.emits(&[
        "23 buys 10 @ 100.02 from 3",
        "23 buys 30 @ 100.03 from 4",
        "23 buys 6 @ 100.05 from 11",
        "10 canceled 9: linked",
    ]);
}

#[test]
fn the_only_stop_cancels_the_rest_of_the_entry_before_it_trades() {
    let mut rig = with_loss_only();
    rig.send(sell(23, 39).of(1));
    rig.send(buy(24, 20).at(99_98).of(1));
    rig.emits(&[]);
    rig.send(sell(25, 1).at(99_98).of(1));
    rig.emits(&["25 sells 1 @ 99.98 to 24", "12 triggered at 99.98", "12 sells 15 @ 99.98 to 24"]);
    let mut rig = with_loss_only();
    rig.send(cancel(1));
    rig.send(cancel(2));
    rig.send(buy(24, 20).at(99_98).of(1));
    rig.send(replace(10, 15, 99_97));
    rig.send(sell(25, 1).at(99_98).of(1));
    rig.emits(&[
        "25 sells 1 @ 99.98 to 24",
        "12 triggered at 99.98",
        "10 canceled 9: linked",
        "12 sells 6 @ 99.98 to 24",
    ]);
}

#[test]
fn an_owner_that_cancels_the_only_exit_lets_the_entry_go_on() {
    for (mut rig, exit) in [(with_profit_only(), 11), (with_loss_only(), 12)] {
        rig.send(cancel(exit));
        rig.emits(&[&format!("{exit} canceled 6: requested")]);
        rig.send(sell(22, 4).of(1));
        rig.emits(&["22 sells 4 @ 100.01 to 10"]);
    }
}

#[test]
fn a_kill_switch_leaves_neither_entry_nor_its_only_exit() {
    for (mut rig, exit) in [(with_profit_only(), 11), (with_loss_only(), 12)] {
        rig.send(command(99, 0, CommandKind::MassCancel { side: None }));
        rig.draws("bid | price | ask");
        rig.send(cancel(exit));
        rig.emits(&[&format!("{exit} unchanged: unknown_order")]);
    }
}

#[test]
fn the_ids_of_both_exits_are_reserved_where_there_is_one() {
    let mut rig = with_profit_only();
    for id in [11, 12] {
        rig.send(buy(id, 1).at(99_90));
        rig.emits(&[&format!("{id} rejected: duplicate_order")]);
    }
}

#[test]
fn neither_the_entry_nor_its_only_exit_is_moved_to_where_they_would_meet() {
    let mut rig = with_profit_only();
    rig.send(replace(10, 15, 100_05));
    rig.emits(&["10 unchanged: crosses_own_bracket"]);
    rig.send(replace(11, 6, 100_01));
    rig.emits(&["11 unchanged: crosses_own_bracket"]);
    rig.send(replace(11, 6, 100_04));
    rig.emits(&["11 replaced: 6 @ 100.04, loses its place"]);
}

#[test]
fn the_rest_of_an_entry_beyond_its_only_profit_is_canceled() {
    let mut rig = Rig::quoted();
    rig.send(buy(10, 50).at(100_05).exits(Some(100_04), None));
    rig.emits(&[
        "10 buys 10 @ 100.02 from 3",
        "10 buys 30 @ 100.03 from 4",
        "10 canceled 10: linked",
        "11 enters as exit of 10: sell 40, limit",
    ]);
}

#[test]
fn a_stop_with_a_limit_limits_the_loss_and_then_rests() {
    for profit in [None, Some(100_05)] {
        let mut rig = Rig::quoted();
        rig.send(buy(10, 10).at(100_02).exits(profit, Some(stop_with_limit(99_99, 99_97))));
        rig.send(cancel(1));
        rig.send(cancel(2));
        rig.send(buy(20, 3).at(99_98).of(1));
        rig.send(sell(21, 1).at(99_98).of(1));
        let mut expected =
            vec!["21 sells 1 @ 99.98 to 20", "12 triggered at 99.99", "12 sells 2 @ 99.98 to 20"];
        if profit.is_some() {
            expected.push("11 reduced to 8: linked");
        }
        rig.emits(&expected);
        rig.send(cancel(11));
        if profit.is_some() {
            rig.emits(&["11 canceled 8: requested", "12 canceled 8: linked"]);
            continue;
        }
        rig.draws(
            "
            bid |  price | ask
                | 100.03 | 4:30
                |  99.97 | 12:8",
        );
    }
}

#[test]
fn an_exit_beyond_the_price_limits_is_rejected_with_its_entry() {
    let bands = crate::book::PriceBands { limit_bps: Some(100), ..crate::book::PriceBands::default() };
    let reference = Some(Price::new(100_00));
    let mut rig = Rig::quoted_with(BookConfig { bands, reference, ..BookConfig::default() });
    rig.send(buy(10, 5).at(100_01).exits(Some(101_01), None));
    rig.emits(&["10 rejected: beyond_price_limits"]);
    rig.send(buy(10, 5).at(100_01).exits(None, Some(stop_with_limit(99_50, 98_99))));
    rig.emits(&["10 rejected: beyond_price_limits"]);
    rig.send(buy(10, 5).at(100_01).with_stop(stop_with_limit(100_50, 101_01)));
    rig.emits(&["10 rejected: beyond_price_limits"]);
    rig.draws(QUOTED);
}
