//! Self-trade prevention: an order meets one of its own owner. Owner 0 has all of the quoted book.

use super::*;

/// Order 5, of owner 7, stands before the own orders 1 and 2.
const BEHIND_ANOTHER: &str = "
          bid |  price | ask
              | 100.03 | 4:30
              | 100.02 | 3:10
          5:5 | 100.01 |
    1:10 2:20 | 100.00 |";

fn after_selling_20(self_trade: SelfTrade) -> Rig {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).at(100_01).of(7));
    rig.draws(BEHIND_ANOTHER);
    rig.send(sell(6, 20).at(100_00).meeting_own(self_trade));
    rig
}

#[test]
fn own_orders_trade_if_they_may() {
    let rig = after_selling_20(SelfTrade::Allow);
    rig.emits(&["6 sells 5 @ 100.01 to 5", "6 sells 10 @ 100.00 to 1", "6 sells 5 @ 100.00 to 2"]);
}

#[test]
fn the_newest_is_canceled() {
    let rig = after_selling_20(SelfTrade::CancelNewest);
    rig.emits(&["6 sells 5 @ 100.01 to 5", "6 canceled 15: self_trade"]);
    rig.draws(QUOTED);
}

#[test]
fn the_oldest_is_canceled_and_the_newest_goes_on() {
    let rig = after_selling_20(SelfTrade::CancelOldest);
    rig.emits(&["6 sells 5 @ 100.01 to 5", "1 canceled 10: self_trade", "2 canceled 20: self_trade"]);
    rig.draws(
        "
        bid |  price | ask
            | 100.03 | 4:30
            | 100.02 | 3:10
            | 100.00 | 6:15",
    );
}

#[test]
fn both_are_canceled() {
    let rig = after_selling_20(SelfTrade::CancelBoth);
    rig.emits(&["6 sells 5 @ 100.01 to 5", "1 canceled 10: self_trade", "6 canceled 15: self_trade"]);
    rig.draws(
        "
         bid |  price | ask
             | 100.03 | 4:30
             | 100.02 | 3:10
        2:20 | 100.00 |",
    );
}

#[test]
fn both_lose_the_smaller_quantity_without_a_trade() {
    let rig = after_selling_20(SelfTrade::Decrement);
    rig.emits(&[
        "6 sells 5 @ 100.01 to 5",
        "1 canceled 10: self_trade",
        "6 reduced to 5: self_trade",
        "2 reduced to 15: self_trade",
        "6 canceled 5: self_trade",
    ]);
    rig.draws(
        "
         bid |  price | ask
             | 100.03 | 4:30
             | 100.02 | 3:10
        2:15 | 100.00 |",
    );
}

#[test]
fn fill_or_kill_does_not_count_on_own_orders() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 5).at(100_00).of(7));
    let fok = |order, lots, mode| sell(order, lots).until(TimeInForce::Fok).meeting_own(mode);
    rig.send(fok(6, 6, SelfTrade::CancelOldest));
    rig.emits(&["6 rejected: fok_unfillable"]);
    rig.send(fok(7, 5, SelfTrade::CancelOldest));
    rig.emits(&["1 canceled 10: self_trade", "2 canceled 20: self_trade", "7 sells 5 @ 100.00 to 5"]);
}

/// Owner 0 asks 10 at 100.02 and, behind another's five, 30 at 100.03; it buys 12 at the market, then
/// limited.
fn buying_past_its_own_ask(self_trade: SelfTrade, protection: Option<i64>) -> Rig {
    let mut rig = Rig::new(BookConfig::default());
    rig.send(sell(3, 10).at(100_02));
    rig.send(sell(5, 5).at(100_03).of(7));
    rig.send(sell(4, 30).at(100_04).of(7));
    let order = buy(6, 12).market_to_limit().meeting_own(self_trade);
    rig.send(protection.map_or(order, |worst| order.protected(worst)));
    rig
}

#[test]
fn a_market_to_limit_order_trades_at_the_next_level_where_its_own_touch_gives_way() {
    let rig = buying_past_its_own_ask(SelfTrade::CancelOldest, None);
    rig.emits(&["3 canceled 10: self_trade", "6 buys 5 @ 100.03 from 5", "6 moves to 100.03"]);
    rig.draws(
        "
        bid |  price | ask
            | 100.04 | 4:30
        6:7 | 100.03 |",
    );
    let rig = buying_past_its_own_ask(SelfTrade::Decrement, None);
    rig.emits(&["3 canceled 10: self_trade", "6 reduced to 2: self_trade", "6 buys 2 @ 100.03 from 5"]);
    // It ends where its owner's order does not give way.
    let rig = buying_past_its_own_ask(SelfTrade::CancelNewest, None);
    rig.emits(&["6 canceled 12: self_trade"]);
}

#[test]
fn a_market_to_limit_order_goes_no_further_than_its_protection_past_its_own_touch() {
    let rig = buying_past_its_own_ask(SelfTrade::CancelOldest, Some(100_02));
    rig.emits(&["3 canceled 10: self_trade", "6 moves to 100.02"]);
    rig.draws(
        "
         bid |  price | ask
             | 100.04 | 4:30
             | 100.03 | 5:5
        6:12 | 100.02 |",
    );
    // With nobody else on the other side it rests at the price that it took out.
    let mut rig = Rig::new(BookConfig::default());
    rig.send(sell(3, 10).at(100_02));
    rig.send(buy(6, 12).market_to_limit().meeting_own(SelfTrade::CancelOldest));
    rig.emits(&["3 canceled 10: self_trade", "6 moves to 100.02"]);
}

#[test]
fn what_a_market_to_limit_order_can_fill_is_counted_past_its_own_touch() {
    for (lots, is_taken) in [(5, true), (6, false)] {
        let mut rig = Rig::new(BookConfig::default());
        rig.send(sell(3, 10).at(100_02));
        rig.send(sell(5, 5).at(100_03).of(7));
        let order = buy(6, lots).market_to_limit().meeting_own(SelfTrade::CancelOldest);
        rig.send(order.until(TimeInForce::Fok));
        let filled = format!("6 buys {lots} @ 100.03 from 5");
        if is_taken {
            rig.emits(&["3 canceled 10: self_trade", &filled]);
        } else {
            rig.emits(&["6 rejected: fok_unfillable"]);
        }
    }
}
