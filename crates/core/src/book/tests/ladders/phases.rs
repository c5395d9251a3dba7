//! Phases: which commands each of them takes.

use super::*;

/// The orders and commands of the table below; each on a fresh quoted book.
fn columns() -> [(&'static str, Command); 10] {
    [
        ("limit", buy(5, 1).at(99_00).into()),
        ("market", buy(5, 1).into()),
        ("stop", buy(5, 1).stop(101_00).into()),
        ("pegged", buy(5, 1).pegged(Peg::Touch, 0).into()),
        ("FOK", buy(5, 1).until(TimeInForce::Fok).into()),
        ("minimum", buy(5, 1).at(100_02).at_least(1).into()),
        ("at-open", buy(5, 1).until(TimeInForce::AtOpen).into()),
        ("at-close", buy(5, 1).until(TimeInForce::AtClose).into()),
        ("replace", replace(1, 11, 100_00)),
        ("cancel", cancel(1)),
    ]
}

#[test]
fn each_phase_takes_what_it_can_deal_with() {
    let mut table = format!("{:<18}", "phase");
    table.extend(columns().map(|(name, _)| format!("{name:<9}")));
    for phase in Phase::ALL {
        table.push_str(&format!("\n{:<18}", phase.name()));
        for (_, command) in columns() {
            let mut rig = Rig::quoted();
            rig.enter(phase);
            assert_eq!(rig.phase(), phase);
            rig.send(command);
            let is_taken = rig.drawn() != super::drawn_quoted();
            table.push_str(&format!("{:<9}", if is_taken { "yes" } else { "-" }));
        }
    }
    let lines: Vec<&str> = table.lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            "phase             limit    market   stop     pegged   FOK      minimum  at-open  at-close replace  cancel",
            "pre_open          yes      yes      yes      yes      -        -        yes      yes      yes      yes",
            "opening_auction   yes      yes      yes      yes      -        -        yes      yes      yes      yes",
            "continuous        yes      yes      yes      yes      yes      yes      -        yes      yes      yes",
            "halt              -        -        -        -        -        -        -        -        -        yes",
            "reopening_auction yes      yes      yes      yes      -        -        -        yes      yes      yes",
            "closing_auction   yes      yes      yes      yes      -        -        -        yes      yes      yes",
            "closed            -        -        -        -        -        -        -        -        -        yes",
        ]
    );
}

#[test]
fn a_book_that_collects_may_cross_and_trades_as_it_goes_on() {
    let mut rig = Rig::quoted();
    rig.enter(Phase::PreOpen);
    rig.send(buy(5, 15).at(100_03));
    rig.emits(&[]);
    rig.draws(
        "
              bid |  price | ask
             5:15 | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |",
    );
    rig.enter(Phase::OpeningAuction);
    rig.emits(&["phase: opening_auction"]);
    rig.enter(Phase::Continuous);
    rig.emits(&[
        "uncrosses 15 @ 100.03",
        "5 buys 10 @ 100.03 from 3",
        "5 buys 5 @ 100.03 from 4",
        "phase: continuous",
    ]);
}

#[test]
fn a_phase_that_is_already_there_changes_nothing() {
    let mut rig = Rig::quoted();
    rig.enter(Phase::Continuous);
    rig.emits(&[]);
    rig.draws(QUOTED);
}
