//! Price bands: halts, re-opening, limits. Of 100.00 a hundredth of a percent is one tick.

use super::*;
use crate::book::PriceBands;

fn banded(bands: PriceBands) -> Rig {
    Rig::quoted_with(BookConfig { bands, reference: Some(Price::new(100_00)), ..BookConfig::default() })
}

fn static_band(ticks: u32) -> Rig {
    banded(PriceBands { static_bps: Some(ticks), ..PriceBands::default() })
}

#[test]
fn a_trade_beyond_the_static_band_halts_instead() {
    let mut rig = static_band(2);
    rig.send(buy(5, 25));
    rig.emits(&["5 buys 10 @ 100.02 from 3", "phase: halt", "5 canceled 15: halted"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
        1:10 2:20 | 100.00 |",
    );
    rig.send(buy(6, 1).at(99_00));
    rig.emits(&["6 rejected: phase_forbids"]);
}

#[test]
fn a_halted_limit_order_waits_for_the_reopening_auction() {
    let mut rig = static_band(2);
    rig.send(buy(5, 25).at(100_03));
    rig.emits(&["5 buys 10 @ 100.02 from 3", "phase: halt"]);
    rig.draws(
        "
              bid |  price | ask
             5:15 | 100.03 | 4:30
        1:10 2:20 | 100.00 |",
    );
    rig.enter(Phase::ReopeningAuction);
    rig.send(buy(6, 5).at(100_03));
    assert_eq!(rig.indicative(), "20 @ 100.03");
    rig.enter(Phase::Continuous);
    rig.emits(&[
        "uncrosses 20 @ 100.03",
        "5 buys 15 @ 100.03 from 4",
        "6 buys 5 @ 100.03 from 4",
        "phase: continuous",
    ]);
    // The band lies around the auction's price from now on.
    rig.send(sell(7, 1).at(100_05));
    rig.send(buy(8, 11));
    rig.emits(&["8 buys 10 @ 100.03 from 4", "8 buys 1 @ 100.05 from 7"]);
}

#[test]
fn a_trade_too_far_from_the_last_one_halts_instead() {
    let mut rig = banded(PriceBands { dynamic_bps: Some(2), ..PriceBands::default() });
    // Before the first trade nothing binds.
    rig.send(buy(5, 10));
    rig.emits(&["5 buys 10 @ 100.02 from 3"]);
    rig.send(buy(6, 10));
    rig.emits(&["6 buys 10 @ 100.03 from 4"]);
    rig.send(sell(7, 5));
    rig.emits(&["phase: halt", "7 canceled 5: halted"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:20
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn fill_or_kill_does_not_count_on_what_lies_beyond_a_band() {
    let mut rig = static_band(2);
    rig.send(buy(5, 11).until(TimeInForce::Fok));
    rig.emits(&["5 rejected: fok_unfillable"]);
    rig.draws(QUOTED);
}

#[test]
fn a_halt_stops_what_would_have_followed() {
    let mut rig = static_band(2);
    rig.send(buy(5, 5).stop(100_02));
    rig.send(buy(6, 25));
    rig.emits(&["6 buys 10 @ 100.02 from 3", "phase: halt", "6 canceled 15: halted"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
        1:10 2:20 | 100.00 |
        waiting: buy 5:5",
    );
    rig.enter(Phase::ReopeningAuction);
    rig.enter(Phase::Continuous);
    rig.emits(&["phase: continuous", "5 triggered at 100.02", "phase: halt", "5 canceled 5: halted"]);
}

#[test]
fn a_limit_beyond_the_price_limits_is_rejected() {
    let mut rig = banded(PriceBands { limit_bps: Some(3), ..PriceBands::default() });
    for (ticket, is_taken) in [
        (buy(5, 1).at(99_96), false),
        (buy(6, 1).at(99_97), true),
        (sell(7, 1).at(100_04), false),
        (sell(8, 1).stop_limit(99_00, 99_96), false),
        (sell(9, 1).stop_limit(99_00, 100_03), true),
    ] {
        let before = rig.drawn();
        rig.send(ticket);
        assert_eq!(rig.drawn() != before, is_taken, "{:?}", ticket.terms);
    }
    rig.send(replace(6, 1, 99_96));
    rig.emits(&["6 unchanged: beyond_price_limits"]);
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
              6:1 |  99.97 |
        waiting: sell 9:1",
    );
}

#[test]
fn a_bracket_that_would_take_its_profit_beyond_the_price_limits_is_rejected() {
    let mut rig = banded(PriceBands { limit_bps: Some(3), ..PriceBands::default() });
    rig.send(buy(10, 1).at(99_99).bracket(100_04, 99_98));
    rig.emits(&["10 rejected: beyond_price_limits"]);
    rig.send(sell(20, 1).at(100_01).bracket(99_96, 100_02));
    rig.emits(&["20 rejected: beyond_price_limits"]);
    // A stop has no limit, as one that is entered by itself.
    rig.send(buy(30, 1).at(99_99).bracket(100_03, 90_00));
    rig.emits(&[]);
}
