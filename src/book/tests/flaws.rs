//! Broken engines: the suite must catch every one.

use super::differential::Twins;
use super::traffic::{SMALL, config, rng, step};
use super::*;
use crate::book::reference::Flaw;

const FLAWS: [Flaw; 24] = [
    Flaw::LastComesFirst,
    Flaw::LostRemainder,
    Flaw::DoubleFill,
    Flaw::TakerPrice,
    Flaw::ThroughLimit,
    Flaw::TotalShowsHidden,
    Flaw::IncreaseKeepsPlace,
    Flaw::DecreaseLosesPlace,
    Flaw::FokPartial,
    Flaw::IocRests,
    Flaw::RefreshKeepsPlace,
    Flaw::ForeignCancel,
    Flaw::EarlyStop,
    Flaw::TrailingGoesBack,
    Flaw::PartnerSurvives,
    Flaw::SlideTakes,
    Flaw::SelfTradeIgnored,
    Flaw::AuctionAtReference,
    Flaw::AuctionLeavesOne,
    Flaw::MinimumIgnored,
    Flaw::PegStays,
    Flaw::BandIgnored,
    Flaw::ProRataRoundsUp,
    Flaw::DayLives,
];

/// Runs the suite's traffic on an engine with a flaw; tells how many sequences passed before one failed.
fn sequences_until_caught(flaw: Flaw, most: u64) -> Option<u64> {
    (0..most).find(|number| {
        let config = config(*number);
        let mut twins = Twins::new(config, ReferenceBook::flawed(config, flaw));
        let mut rng = rng(*number);
        (0..300).any(|index| twins.follow(&step(&mut rng, &SMALL, index), true).is_err())
    })
}

#[test]
fn every_broken_engine_is_caught() {
    for flaw in FLAWS {
        assert!(sequences_until_caught(flaw, 200).is_some(), "{flaw:?} was not noticed");
    }
}
