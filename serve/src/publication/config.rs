//! [`PublicationConfig`]: how much of the past is kept.

use bearpit_core::units::SimDuration;

/// How much of the past is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicationConfig {
    /// For how long a subscription can be resumed, in virtual time: at a speed of 60, an hour is a minute of
    /// its reader's time.
    pub retention: SimDuration,
    /// The most events of one channel that are kept for that: whoever is further behind has fallen behind.
    /// It may be up to a block of 128 more.
    pub events_max: u64,
    /// How many levels of each side a [`ListingSnapshot`](super::ListingSnapshot) has.
    pub depth: usize,
    /// How many trades it has.
    pub trades: usize,
    /// How many trades, and how many quotes, of a listing can be looked up; it may be up to a block of 128
    /// more.
    pub history_max: u64,
}

impl Default for PublicationConfig {
    fn default() -> Self {
        let retention = SimDuration::from_secs(60);
        Self { retention, events_max: 16_384, depth: 50, trades: 50, history_max: 16_384 }
    }
}
