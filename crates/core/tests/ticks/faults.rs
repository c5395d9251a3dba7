//! References with planted faults: the histories must tell every one of them from the market.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::histories::history;
use super::laws::agreed;
use super::reference::{Flaw, fates};

#[test]
fn every_planted_fault_is_caught() {
    let mut runner = TestRunner::deterministic();
    let strategy = history();
    let mut unnoticed = Flaw::ALL.to_vec();
    for _ in 0..super::HISTORIES {
        let history = strategy.new_tree(&mut runner).unwrap().current();
        let expected = agreed(&history, fates(&history, None));
        unnoticed.retain(|flaw| agreed(&history, fates(&history, Some(*flaw))) == expected);
        if unnoticed.is_empty() {
            return;
        }
    }
    assert_eq!(unnoticed, [], "these faults were not noticed");
}
