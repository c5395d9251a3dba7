//! Engines with planted flaws: the suite must catch every one, the auditor alone those that break a law.

use super::audit::Auditor;
use super::differential::Twins;
use super::traffic::{SMALL, Step, apply, config, rng, step};
use super::*;
use crate::book::reference::{Breaks, Flaw};

const SEQUENCES: u64 = 200;

/// Returns the sequences of the suite's traffic with their numbers.
fn sequences() -> impl Iterator<Item = (u64, Vec<Step>)> {
    (0..SEQUENCES).map(|number| {
        let mut rng = rng(number);
        (number, (0..300).map(|index| step(&mut rng, &SMALL, index)).collect())
    })
}

/// Runs a naive engine beside the engine; returns whether they differ.
fn twins_differ(number: u64, steps: &[Step], flaw: Option<Flaw>) -> bool {
    let config = config(number);
    let mut twins = Twins::new(config, ReferenceBook::flawed(config, flaw));
    steps.iter().any(|step| twins.follow(step, true).is_err())
}

/// Runs a naive engine alone, and returns the law that the auditor finds broken.
fn audit(number: u64, steps: &[Step], flaw: Option<Flaw>) -> Result<(), String> {
    let config = config(number);
    let mut book = ReferenceBook::flawed(config, flaw);
    let mut auditor = Auditor::new(config.matching);
    let mut events = Vec::new();
    for (now, step) in (1..).zip(steps) {
        // Expiries come first, so that the auditor knows the book to which the step is applied.
        for step in [&Step::Pass, step] {
            let before = book.open_orders();
            apply(&mut book, now, step, &mut events);
            auditor.follow(step, &before, &events)?;
            auditor.check(step, &events, &before, &book)?;
        }
    }
    Ok(())
}

#[test]
fn every_broken_engine_is_caught() {
    for flaw in Flaw::ALL {
        let caught = sequences().any(|(number, steps)| twins_differ(number, &steps, Some(*flaw)));
        assert!(caught, "{flaw:?} was not noticed");
    }
}

#[test]
fn the_auditor_alone_catches_what_breaks_a_law_and_only_that() {
    for flaw in Flaw::ALL {
        let found = sequences().find_map(|(number, steps)| audit(number, &steps, Some(*flaw)).err());
        assert_eq!(found.is_some(), flaw.breaks() == Breaks::Law, "{flaw:?}: {found:?}");
    }
}

#[test]
fn without_a_flaw_nobody_complains() {
    for (number, steps) in sequences() {
        assert!(!twins_differ(number, &steps, None));
        assert_eq!(audit(number, &steps, None), Ok(()), "sequence {number}");
    }
}
