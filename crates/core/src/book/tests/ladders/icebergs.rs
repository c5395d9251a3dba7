//! Icebergs: they display a part at a time, and each part joins the end of the queue.

use super::*;

#[test]
fn each_part_of_an_iceberg_goes_to_the_back_of_the_queue() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 30).at(100_01).showing(10));
    rig.send(sell(6, 10).at(100_01));
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
                  | 100.01 | 5:10+20 6:10
        1:10 2:20 | 100.00 |",
    );
    rig.send(buy(7, 15));
    rig.emits(&["7 buys 10 @ 100.01 from 5", "5 shows 10", "7 buys 5 @ 100.01 from 6"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
                  | 100.01 | 6:5 5:10+10
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn one_sweep_takes_several_parts_before_a_worse_price() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 25).at(100_01).showing(10));
    rig.send(buy(6, 27));
    rig.emits(&[
        "6 buys 10 @ 100.01 from 5",
        "5 shows 10",
        "6 buys 10 @ 100.01 from 5",
        "5 shows 5",
        "6 buys 5 @ 100.01 from 5",
        "6 buys 2 @ 100.02 from 3",
    ]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:8
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn an_iceberg_that_takes_trades_all_it_has_and_shows_a_part_of_the_rest() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 35).at(100_02).showing(10));
    rig.emits(&["5 buys 10 @ 100.02 from 3"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
          5:10+15 | 100.02 |
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_smaller_iceberg_loses_what_it_hides_first_and_keeps_its_place() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 30).at(100_01).showing(10));
    rig.send(sell(6, 10).at(100_01));
    rig.send(replace(5, 12, 100_01));
    rig.emits(&["5 replaced: 12 @ 100.01, keeps its place"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
                  | 100.01 | 5:10+2 6:10
        1:10 2:20 | 100.00 |",
    );
    rig.send(replace(5, 7, 100_01));
    rig.send(cancel(6));
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
                  | 100.01 | 5:7
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_stop_limit_order_may_be_an_iceberg() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 30).stop_limit(100_02, 100_01).showing(10));
    rig.send(buy(6, 1));
    rig.emits(&["6 buys 1 @ 100.02 from 3", "5 triggered at 100.02"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:9
          5:10+20 | 100.01 |
        1:10 2:20 | 100.00 |",
    );
}
