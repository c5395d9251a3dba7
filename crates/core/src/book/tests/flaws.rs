//! Broken engines: the suite must catch every one, the auditor alone those that break a law.

use super::audit::Auditor;
use super::differential::Twins;
use super::traffic::{SMALL, Step, apply, config, rng, step};
use super::*;
use crate::book::reference::Flaw;

/// Flaws that break a law of any market: the events and the book of the one engine give them away.
const AGAINST_LAWS: [Flaw; 23] = [
    Flaw::LastComesFirst,
    Flaw::LostRemainder,
    Flaw::DoubleFill,
    Flaw::TakerPrice,
    Flaw::ThroughLimit,
    Flaw::TotalShowsHidden,
    Flaw::StaleTotal,
    Flaw::BestPassedOver,
    Flaw::IncreaseKeepsPlace,
    Flaw::DecreaseLosesPlace,
    Flaw::RejectLosesPlace,
    Flaw::FokPartial,
    Flaw::MinimumIgnored,
    Flaw::IocRests,
    Flaw::RefreshKeepsPlace,
    Flaw::ForeignCancel,
    Flaw::EarlyStop,
    Flaw::PartnerSurvives,
    Flaw::SlideTakes,
    Flaw::SelfTradeIgnored,
    Flaw::AuctionAtReference,
    Flaw::AuctionLeavesOne,
    Flaw::DayLives,
];

/// Flaws against what this venue has promised: only who knows its rules sees them.
const AGAINST_CONVENTIONS: [Flaw; 5] =
    [Flaw::TrailingGoesBack, Flaw::BandIgnored, Flaw::ProRataRoundsUp, Flaw::DateLives, Flaw::ExitsForgotten];

const SEQUENCES: u64 = 200;

/// Returns the sequences of the suite's traffic, each with its number.
fn sequences() -> impl Iterator<Item = (u64, Vec<Step>)> {
    (0..SEQUENCES).map(|number| {
        let mut rng = rng(number);
        (number, (0..300).map(|index| step(&mut rng, &SMALL, index)).collect())
    })
}

/// Runs a naive engine beside the engine; tells whether they are told apart.
fn twins_differ(number: u64, steps: &[Step], flaw: Option<Flaw>) -> bool {
    let config = config(number);
    let mut twins = Twins::new(config, ReferenceBook::flawed(config, flaw));
    steps.iter().any(|step| twins.follow(step, true).is_err())
}

/// Runs a naive engine alone, and returns what the auditor says against it.
fn audit(number: u64, steps: &[Step], flaw: Option<Flaw>) -> Result<(), String> {
    let config = config(number);
    let mut book = ReferenceBook::flawed(config, flaw);
    let mut auditor = Auditor::new(config.matching);
    let mut events = Vec::new();
    for (now, step) in (1..).zip(steps) {
        // What expires does so first, so that the auditor knows the book that the step finds.
        for step in [&Step::Pass, step] {
            let before = book.open_orders();
            apply(&mut book, now, step, &mut events);
            auditor.follow(step, &before, &events)?;
            auditor.check(&events, &before, &book)?;
        }
    }
    Ok(())
}

#[test]
fn every_broken_engine_is_caught() {
    for flaw in AGAINST_LAWS.into_iter().chain(AGAINST_CONVENTIONS) {
        let caught = sequences().any(|(number, steps)| twins_differ(number, &steps, Some(flaw)));
        assert!(caught, "{flaw:?} was not noticed");
    }
}

#[test]
fn the_auditor_alone_catches_what_breaks_a_law() {
    for flaw in AGAINST_LAWS {
        let said = sequences().find_map(|(number, steps)| audit(number, &steps, Some(flaw)).err());
        assert!(said.is_some(), "{flaw:?} was not noticed");
    }
}

#[test]
fn without_a_flaw_nobody_complains() {
    for (number, steps) in sequences() {
        assert!(!twins_differ(number, &steps, None));
        assert_eq!(audit(number, &steps, None), Ok(()), "sequence {number}");
    }
}
