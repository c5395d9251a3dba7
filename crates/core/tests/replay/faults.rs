//! References with planted faults: the histories must tell every one of them from the market.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::comparison::both;
use super::histories::history;
use super::reference::Flaw;

#[test]
fn every_planted_fault_is_caught() {
    let mut runner = TestRunner::deterministic();
    let strategy = history();
    let mut unnoticed = Flaw::ALL.to_vec();
    for _ in 0..super::HISTORIES {
        let history = strategy.new_tree(&mut runner).unwrap().current();
        // A fault is caught where the rules agree with the market, and the fault does not.
        let differs = |flaw| {
            let [market, expected] = both(&history, flaw);
            market != expected
        };
        if !differs(None) {
            unnoticed.retain(|flaw| !differs(Some(*flaw)));
        }
        if unnoticed.is_empty() {
            return;
        }
    }
    assert_eq!(unnoticed, [], "these faults were not noticed");
}
