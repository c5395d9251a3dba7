//! [`News`]: what happened in the market that channels tell.

use std::sync::Arc;

use bearpit_core::market::{Phase, SplitRatio, Trade};
use bearpit_core::units::SimTime;

use crate::publication::{AuctionNews, ListingInfo};

/// Something that happened in the market.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// The segment of the journal that it is of.
    pub segment: u64,
    /// Its number in its segment: 0 is the beginning, and the fact `n` of the tape has the number `n + 1`.
    pub number: u64,
    /// When, in virtual time.
    pub at: SimTime,
    /// What.
    pub content: Content,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A day began, or a part of one after a stop.
    DayBegan {
        /// Its number in the market, from one.
        day: u32,
        /// Its name.
        name: String,
        /// What is listed on it.
        listings: Vec<Arc<ListingInfo>>,
    },
    /// Two orders traded.
    Traded(Arc<ListingInfo>, Box<Trade>),
    /// A listing entered another phase.
    Phase(Arc<ListingInfo>, Phase),
    /// An operator halted a listing; its phase follows.
    Halted(Arc<ListingInfo>),
    /// An operator ended a halt; the phase follows.
    HaltLifted(Arc<ListingInfo>),
    /// Something happened in an auction between participants.
    Auction(Box<AuctionNews>),
    /// The issuer of a replayed listing split it.
    Split(Arc<ListingInfo>, SplitRatio),
}

/// The news of a stretch of a segment: all that there were.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// The segment of the journal.
    pub segment: u64,
    /// How many of its requests are void: with another number, it is another tape.
    pub voids: u32,
    /// The first number that it covers.
    pub from: u64,
    /// The number behind the last that it covers.
    pub to: u64,
    /// Its news, in order.
    pub news: Vec<News>,
    /// Whether the segment ends with it.
    pub is_end: bool,
}
