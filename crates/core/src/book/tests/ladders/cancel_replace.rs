//! Cancel, replace, mass cancel, disconnect.

use super::*;

#[test]
fn a_canceled_order_leaves_its_queue_as_it_was() {
    let mut rig = Rig::quoted();
    rig.send(cancel(1));
    rig.emits(&["1 canceled 10: requested"]);
    rig.draws(
        "
         bid |  price | ask
             | 100.03 | 4:30
             | 100.02 | 3:10
        2:20 | 100.00 |",
    );
}

#[test]
fn a_pure_decrease_keeps_its_place() {
    let mut rig = Rig::quoted();
    rig.send(replace(1, 5, 100_00));
    rig.emits(&["1 replaced: 5 @ 100.00, keeps its place"]);
    rig.draws(
        "
             bid |  price | ask
                 | 100.03 | 4:30
                 | 100.02 | 3:10
        1:5 2:20 | 100.00 |",
    );
    rig.send(sell(5, 6));
    rig.emits(&["5 sells 5 @ 100.00 to 1", "5 sells 1 @ 100.00 to 2"]);
}

#[test]
fn an_unchanged_order_keeps_its_place() {
    let mut rig = Rig::quoted();
    rig.send(replace(1, 10, 100_00));
    rig.emits(&["1 replaced: 10 @ 100.00, keeps its place"]);
    rig.draws(QUOTED);
}

#[test]
fn an_increase_goes_to_the_back() {
    let mut rig = Rig::quoted();
    rig.send(replace(1, 11, 100_00));
    rig.emits(&["1 replaced: 11 @ 100.00, loses its place"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        2:20 1:11 | 100.00 |",
    );
}

#[test]
fn another_price_goes_to_the_back_there_even_if_it_is_smaller() {
    let mut rig = Rig::quoted();
    rig.send(replace(3, 5, 100_03));
    rig.emits(&["3 replaced: 5 @ 100.03, loses its place"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30 3:5
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn a_replace_through_the_touch_trades() {
    let mut rig = Rig::quoted();
    rig.send(replace(1, 15, 100_02));
    rig.emits(&["1 replaced: 15 @ 100.02, loses its place", "1 buys 10 @ 100.02 from 3"]);
    rig.draws(
        "
         bid |  price | ask
             | 100.03 | 4:30
         1:5 | 100.02 |
        2:20 | 100.00 |",
    );
}

#[test]
fn a_replace_names_the_total_so_that_what_was_filled_counts() {
    let mut rig = Rig::quoted();
    rig.send(sell(5, 4));
    rig.send(replace(1, 9, 100_00));
    rig.emits(&["1 replaced: 5 @ 100.00, keeps its place"]);
    rig.send(replace(1, 4, 100_00));
    rig.emits(&["1 canceled 5: replaced_to_filled"]);
    rig.draws(
        "
         bid |  price | ask
             | 100.03 | 4:30
             | 100.02 | 3:10
        2:20 | 100.00 |",
    );
}

#[test]
fn a_waiting_stop_is_replaced_at_its_trigger() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10).stop(100_03));
    rig.send(replace(5, 8, 100_02));
    rig.emits(&["5 replaced: 8 @ 100.02, loses its place"]);
    rig.send(buy(6, 2));
    rig.emits(&["6 buys 2 @ 100.02 from 3", "5 triggered at 100.02", "5 buys 8 @ 100.02 from 3"]);
}

#[test]
fn a_waiting_stop_limit_order_is_replaced_at_its_limit() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10).stop_limit(100_02, 100_02));
    rig.send(replace(5, 10, 100_01));
    rig.send(buy(6, 2));
    rig.emits(&["6 buys 2 @ 100.02 from 3", "5 triggered at 100.02"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:8
             5:10 | 100.01 |
        1:10 2:20 | 100.00 |",
    );
}

/// Owner 7 has an order of each kind that can wait or rest.
fn of_owner_7() -> Rig {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).at(99_99).of(7));
    rig.send(sell(6, 6).at(100_03).showing(1).of(7));
    rig.send(buy(7, 7).stop(100_05).of(7));
    rig.send(sell(8, 8).pegged(Peg::Touch, 2).of(7));
    rig.send(buy(9, 9).until(TimeInForce::AtClose).of(7));
    rig.draws(
        "
              bid |  price | ask
                  | 100.04 | 8:8
                  | 100.03 | 4:30 6:1+5
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
              5:5 |  99.99 |
        waiting: buy 7:7, buy 9:9",
    );
    rig
}

#[test]
fn a_mass_cancel_takes_all_of_one_owner_out_in_order_of_time() {
    let mut rig = of_owner_7();
    rig.send(command(0, 7, CommandKind::MassCancel { side: None }));
    rig.emits(&[
        "5 canceled 5: mass_cancel",
        "6 canceled 6: mass_cancel",
        "7 canceled 7: mass_cancel",
        "8 canceled 8: mass_cancel",
        "9 canceled 9: mass_cancel",
    ]);
    rig.draws(QUOTED);
}

#[test]
fn a_mass_cancel_may_be_for_one_side() {
    let mut rig = of_owner_7();
    rig.send(command(0, 7, CommandKind::MassCancel { side: Some(Side::Sell) }));
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
              5:5 |  99.99 |
        waiting: buy 7:7, buy 9:9",
    );
}

#[test]
fn a_disconnected_owner_has_no_orders_left() {
    let mut rig = of_owner_7();
    rig.send(command(0, 7, CommandKind::Disconnect));
    rig.emits(&[
        "5 canceled 5: disconnected",
        "6 canceled 6: disconnected",
        "7 canceled 7: disconnected",
        "8 canceled 8: disconnected",
        "9 canceled 9: disconnected",
    ]);
    rig.draws(QUOTED);
}

#[test]
fn a_closing_venue_expires_all_in_order_of_entry() {
    let mut book = OrderBook::default();
    let mut events = Vec::new();
    for order in [buy(1, 1).at(100), sell(2, 1).at(101), buy(3, 1).stop(105), buy(4, 1).at(99)] {
        book.execute(at(0), &order.into(), &mut events);
    }
    events.clear();
    book.expire_all(&mut events);
    let order = |event: &BookEvent| match event {
        BookEvent::Expired { order, .. } => order.get(),
        _ => panic!("{event:?}"),
    };
    assert_eq!(events.iter().map(order).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(book.is_empty());
}
