//! [`ListingConfig`]: how a listing trades, and when.

use super::calendar::Schedule;
use crate::book::BookConfig;
use crate::replay::Replay;
use crate::units::SimDuration;

/// How one listing trades, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct ListingConfig {
    /// How its book matches.
    pub book: BookConfig,
    /// When it goes into which phase; before the first change it trades continuously.
    pub schedule: Schedule,
    /// How long a halt lasts before the re-opening auction.
    pub halt: SimDuration,
    /// How long the re-opening auction lasts.
    pub reopening: SimDuration,
    /// What is replayed there in the place of a book; all else is of no use then.
    pub replay: Option<Replay>,
}

impl Default for ListingConfig {
    /// Continuous trading by price and time; halts and re-openings of a minute, for books with bands.
    fn default() -> Self {
        let minute = SimDuration::from_secs(60);
        Self {
            book: BookConfig::default(),
            schedule: Vec::new(),
            halt: minute,
            reopening: minute,
            replay: None,
        }
    }
}
