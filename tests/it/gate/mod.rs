//! The account gate in front of a real book: random orders of all kinds, commands and reports with
//! separate delays, and an auditor at every step.

mod auditor;
mod floor;
mod tariff;
mod traffic;

use std::collections::BTreeMap;

use proptest::prelude::*;

use self::floor::Floor;

/// How many kinds of floors there are; in the second half of them prices move around zero.
const FLOORS: u64 = 12;

/// Sequences of steps, each from a number of its own, so that a counter-example shrinks step by step.
fn sequence() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(any::<u64>(), 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 30 } else { 1_500 }))]

    #[test]
    fn prop_no_sequence_leads_into_debt_or_too_short(seeds in sequence(), number in 0..FLOORS) {
        let mut floor = Floor::new(number);
        for seed in seeds {
            floor.step(seed).map_err(TestCaseError::fail)?;
        }
        floor.finish().map_err(TestCaseError::fail)?;
    }
}

/// Runs one long sequence, and returns the floor after it.
fn long_run(number: u64, steps: u64) -> Floor {
    let mut floor = Floor::new(number);
    for seed in 0..steps {
        let done = floor.step(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number);
        assert_eq!(done, Ok(()), "step {seed}");
    }
    floor
}

#[test]
fn long_runs_end_with_everything_released_and_nothing_lost() {
    for number in 0..FLOORS {
        let mut floor = long_run(number, 3_000);
        assert_eq!(floor.finish(), Ok(()));
    }
}

#[test]
fn the_traffic_reaches_what_it_is_to_test() {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for number in 0..3 {
        for (what, times) in long_run(number, 20_000).seen {
            *seen.entry(what).or_default() += times;
        }
    }
    for what in [
        "filled",
        "exit entered",
        "grown",
        "terms replaced",
        "linked reduced",
        "linked canceled",
        "link_unfit rejected",
        "triggered",
        "replaced",
        "command rejected",
        "repriced",
        "unfit canceled",
        "insufficient_cash refused",
        "insufficient_shares refused",
        "would_not_reduce refused",
        "link_unfit refused",
        "not_entered refused",
        "beyond_protection refused",
        "replace_pending refused",
        "reduce-only entered",
        "filled with a replace pending",
    ] {
        let times = seen.get(what).copied().unwrap_or(0);
        assert!(times > 0, "never: {what}; seen: {seen:?}");
    }
}
