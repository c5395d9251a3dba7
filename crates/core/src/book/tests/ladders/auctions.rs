//! Call auctions: the single price, and which orders trade at it.

use super::*;

/// An auction in which these orders have come, in this order.
fn auction(reference: Option<i64>, tickets: &[Ticket]) -> Rig {
    let mut rig = Rig::new(BookConfig { reference: reference.map(Price::new), ..BookConfig::default() });
    rig.enter(Phase::OpeningAuction);
    for ticket in tickets {
        rig.send(*ticket);
    }
    rig
}

#[test]
fn the_price_is_that_of_the_most_volume() {
    let mut rig = auction(
        None,
        &[buy(1, 10).at(100_03), buy(2, 20).at(100_02), sell(3, 10).at(100_01), sell(4, 25).at(100_02)],
    );
    rig.draws(
        "
         bid |  price | ask
        1:10 | 100.03 |
        2:20 | 100.02 | 4:25
             | 100.01 | 3:10",
    );
    assert_eq!(rig.indicative(), "30 @ 100.02");
    rig.enter(Phase::Continuous);
    rig.emits(&[
        "uncrosses 30 @ 100.02",
        "3 sells 10 @ 100.02 to 1",
        "4 sells 20 @ 100.02 to 2",
        "phase: continuous",
    ]);
    rig.draws(
        "
        bid |  price | ask
            | 100.02 | 4:5",
    );
}

#[test]
fn at_equal_volume_the_price_is_that_of_the_least_imbalance() {
    // Ten trade at each of the three prices; only at 100.03 is no quantity left over.
    let mut rig =
        auction(Some(100_01), &[buy(1, 10).at(100_03), buy(2, 5).at(100_02), sell(3, 10).at(100_01)]);
    assert_eq!(rig.indicative(), "10 @ 100.03");
    rig.enter(Phase::Continuous);
    rig.draws(
        "
        bid |  price | ask
        2:5 | 100.02 |",
    );
}

#[test]
fn at_equal_imbalance_the_price_is_nearest_to_the_reference() {
    let both = [buy(1, 10).at(100_05), sell(2, 10).at(100_01)];
    for (reference, price) in
        [(Some(100_04), "100.04"), (Some(100_09), "100.05"), (Some(99_00), "100.01"), (None, "100.03")]
    {
        assert_eq!(auction(reference, &both).indicative(), format!("10 @ {price}"), "{reference:?}");
    }
}

#[test]
fn the_last_trade_is_a_nearer_reference_than_the_configured_one() {
    let mut rig =
        Rig::quoted_with(BookConfig { reference: Some(Price::new(99_00)), ..BookConfig::default() });
    rig.send(buy(5, 10));
    rig.enter(Phase::ClosingAuction);
    rig.send(buy(6, 10).at(100_05));
    rig.send(sell(7, 10).at(100_01));
    assert_eq!(rig.indicative(), "10 @ 100.02");
}

#[test]
fn what_does_not_cross_does_not_trade() {
    let mut rig = Rig::quoted();
    rig.enter(Phase::OpeningAuction);
    assert_eq!(rig.indicative(), "nothing");
    rig.enter(Phase::Continuous);
    rig.emits(&["phase: continuous"]);
    rig.draws(QUOTED);
}

#[test]
fn market_orders_come_first_then_better_limits_then_time() {
    let mut rig = auction(
        None,
        &[
            sell(1, 5).at(100_01),
            sell(2, 5).at(100_00),
            sell(3, 5).at(100_00),
            sell(4, 5),
            buy(5, 17).at(100_01),
        ],
    );
    rig.draws(
        "
         bid |  price | ask
        5:17 | 100.01 | 1:5
             | 100.00 | 2:5 3:5
        waiting: sell 4:5",
    );
    rig.enter(Phase::Continuous);
    rig.emits(&[
        "uncrosses 17 @ 100.01",
        "5 buys 5 @ 100.01 from 4",
        "5 buys 5 @ 100.01 from 2",
        "5 buys 5 @ 100.01 from 3",
        "5 buys 2 @ 100.01 from 1",
        "phase: continuous",
    ]);
}

#[test]
fn market_orders_alone_trade_at_the_reference_or_not_at_all() {
    let both = [buy(1, 10), sell(2, 15)];
    let mut rig = auction(None, &both);
    assert_eq!(rig.indicative(), "nothing");
    rig.enter(Phase::Continuous);
    rig.emits(&["phase: continuous", "1 canceled 10: ioc_remainder", "2 canceled 15: ioc_remainder"]);
    let mut rig = auction(Some(100_00), &both);
    rig.enter(Phase::Continuous);
    rig.emits(&[
        "uncrosses 10 @ 100.00",
        "2 sells 10 @ 100.00 to 1",
        "phase: continuous",
        "2 canceled 5: ioc_remainder",
    ]);
}

#[test]
fn an_iceberg_trades_all_it_has_and_shows_its_next_part_afterwards() {
    let mut rig =
        auction(None, &[sell(1, 30).at(100_01).showing(10), sell(2, 10).at(100_01), buy(3, 25).at(100_01)]);
    rig.draws(
        "
         bid |  price | ask
        3:25 | 100.01 | 1:10+20 2:10",
    );
    rig.enter(Phase::Continuous);
    rig.emits(&["uncrosses 25 @ 100.01", "3 buys 25 @ 100.01 from 1", "1 shows 5", "phase: continuous"]);
    rig.draws(
        "
        bid |  price | ask
            | 100.01 | 2:10 1:5",
    );
}

#[test]
fn of_what_is_left_over_limits_rest_and_the_others_go() {
    let mut rig = auction(
        None,
        &[
            buy(1, 4).market_to_limit(),
            buy(2, 4).market_to_limit(),
            buy(3, 3).at(100_02).until(TimeInForce::Ioc),
            buy(4, 2).at(100_02).until(TimeInForce::AtOpen),
            buy(5, 9).at(100_02),
            buy(6, 9),
            sell(7, 15).at(100_02),
        ],
    );
    rig.enter(Phase::Continuous);
    rig.emits(&[
        "uncrosses 15 @ 100.02",
        "7 sells 4 @ 100.02 to 1",
        "7 sells 4 @ 100.02 to 2",
        "7 sells 7 @ 100.02 to 6",
        "phase: continuous",
        "3 canceled 3: ioc_remainder",
        "4 expired 2: auction_over",
        "6 canceled 2: ioc_remainder",
    ]);
    rig.draws(
        "
        bid |  price | ask
        5:9 | 100.02 |",
    );
}

#[test]
fn a_surplus_of_market_orders_lifts_the_price_to_the_highest_limit_and_no_further() {
    let mut rig = auction(Some(100_00), &[buy(1, 10).at(100_02), sell(2, 1).at(100_01), buy(3, 10)]);
    assert_eq!(rig.indicative(), "1 @ 100.02");
    rig.enter(Phase::Continuous);
    rig.draws(
        "
         bid |  price | ask
        1:10 | 100.02 |",
    );
}

#[test]
fn with_buyers_left_over_the_price_is_the_highest_with_sellers_the_lowest() {
    let both = |bought, sold| [buy(1, bought).at(100_05), sell(2, sold).at(100_01)];
    for reference in [Some(99_00), Some(100_00), Some(100_03), Some(200_00), None] {
        assert_eq!(auction(reference, &both(200, 100)).indicative(), "100 @ 100.05", "{reference:?}");
        assert_eq!(auction(reference, &both(100, 200)).indicative(), "100 @ 100.01", "{reference:?}");
    }
}

#[test]
fn the_touch_bounds_the_price_wherever_the_reference_is() {
    for reference in [Some(1), Some(200_00), None] {
        let of = |tickets: &[Ticket]| auction(reference, tickets).indicative();
        assert_eq!(of(&[buy(1, 10), sell(2, 10).at(101_00)]), "10 @ 101.00");
        assert_eq!(of(&[buy(1, 10).at(101_00), sell(2, 10)]), "10 @ 101.00");
        // Next to zero, too.
        assert_eq!(of(&[buy(1, 10).at(1), sell(2, 10)]), "10 @ 0.01");
        // Market orders of both sides, between limits that do not overlap: buyers are left over at the ask,
        // sellers at the bid, nobody between them.
        let near = match reference {
            Some(1) => "10 @ 99.01",
            Some(_) => "10 @ 100.99",
            None => "10 @ 100.00",
        };
        assert_eq!(of(&[buy(1, 10), sell(2, 10), buy(3, 5).at(99_00), sell(4, 5).at(101_00)]), near);
    }
}

#[test]
fn market_orders_that_trade_the_most_beyond_the_touch_trade_there() {
    let asks = [sell(1, 40).at(100_02), sell(2, 40).at(100_04), sell(3, 40).at(100_09), buy(4, 80)];
    assert_eq!(auction(Some(100_00), &asks).indicative(), "80 @ 100.04");
    let [first, second, third, fourth] = asks;
    let overlapping = [first, second, third, fourth, buy(5, 10).at(100_03)];
    assert_eq!(auction(Some(100_00), &overlapping).indicative(), "80 @ 100.04");
}

#[test]
fn market_orders_alone_never_trade_below_the_lowest_price() {
    let config = |reference| BookConfig { reference: Some(Price::new(reference)), ..BookConfig::default() };
    for (reference, price) in [(0, "0.01"), (-50, "0.01"), (i64::MIN, "0.01"), (7, "0.07")] {
        let mut rig = Rig::new(config(reference));
        rig.enter(Phase::OpeningAuction);
        rig.send(buy(1, 10));
        rig.send(sell(2, 10));
        assert_eq!(rig.indicative(), format!("10 @ {price}"));
    }
}

#[test]
fn a_market_to_limit_order_rests_at_the_price_of_the_auction() {
    let mut rig = auction(None, &[buy(1, 9).market_to_limit(), sell(2, 4).at(100_02)]);
    assert_eq!(rig.indicative(), "4 @ 100.02");
    rig.enter(Phase::Continuous);
    rig.emits(&["uncrosses 4 @ 100.02", "2 sells 4 @ 100.02 to 1", "phase: continuous", "1 moves to 100.02"]);
    rig.draws(
        "
        bid |  price | ask
        1:5 | 100.02 |",
    );
}

#[test]
fn a_market_order_left_alone_in_an_auction_is_canceled() {
    let mut rig = auction(None, &[buy(1, 9).market_to_limit(), buy(2, 4), buy(3, 1).at(100_00)]);
    rig.enter(Phase::Continuous);
    rig.emits(&["phase: continuous", "1 canceled 9: ioc_remainder", "2 canceled 4: ioc_remainder"]);
    rig.draws(
        "
        bid |  price | ask
        3:1 | 100.00 |",
    );
}

#[test]
fn of_two_linked_orders_an_auction_counts_one() {
    let mut rig =
        auction(None, &[sell(1, 10).at(100_00), sell(2, 10).at(100_01).or(1), buy(3, 20).at(100_01)]);
    assert_eq!(rig.indicative(), "10 @ 100.01");
    rig.enter(Phase::Continuous);
    rig.emits(&[
        "uncrosses 10 @ 100.01",
        "3 buys 10 @ 100.01 from 1",
        "2 canceled 10: linked",
        "phase: continuous",
    ]);
    rig.draws(
        "
         bid |  price | ask
        3:10 | 100.01 |",
    );
}

#[test]
fn an_auction_trades_own_orders_with_each_other_whatever_they_say() {
    for setting in [
        SelfTrade::Allow,
        SelfTrade::CancelNewest,
        SelfTrade::CancelOldest,
        SelfTrade::CancelBoth,
        SelfTrade::Decrement,
    ] {
        for phase in [Phase::OpeningAuction, Phase::ReopeningAuction, Phase::ClosingAuction] {
            let mut rig = Rig::new(BookConfig::default());
            rig.enter(phase);
            rig.send(sell(1, 10).at(100_00).meeting_own(setting));
            rig.send(buy(2, 15).at(100_00).meeting_own(setting));
            rig.enter(Phase::Continuous);
            rig.emits(&["uncrosses 10 @ 100.00", "2 buys 10 @ 100.00 from 1", "phase: continuous"]);
            // What is left of it heeds its setting from then on.
            rig.send(sell(3, 1).at(100_00).meeting_own(SelfTrade::CancelNewest));
            rig.emits(&["3 canceled 1: self_trade"]);
        }
    }
}

#[test]
fn of_two_linked_orders_the_one_without_a_limit_counts_whichever_came_first() {
    let ways = [
        ("the first", [buy(1, 10), buy(2, 10).at(100_05).or(1)]),
        ("the second", [buy(1, 10).at(100_05), buy(2, 10).or(1)]),
    ];
    for (first, tickets) in ways {
        let mut rig = auction(Some(100_00), &tickets);
        rig.send(sell(3, 30).at(100_01));
        assert_eq!(rig.indicative(), "10 @ 100.01", "{first}");
        rig.send(buy(4, 20).at(100_03));
        assert_eq!(rig.indicative(), "30 @ 100.01", "{first}");
        // With one of them the other ends: what is left over is what the fourth has.
        rig.send(cancel(1));
        assert_eq!(rig.indicative(), "20 @ 100.01", "{first}");
    }
}
