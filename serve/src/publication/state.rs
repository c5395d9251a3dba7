//! [`PublicationState`]: what one day leaves to the next, also in another process.

use bearpit_core::units::{Decimal, Price, SimDuration, SimTime};
use serde::{Deserialize, Serialize};

use super::candle::{Candle, CandleProgress, ClosedCandle};
use super::day::ListingInfo;
use super::trade::TradePrint;

/// What the publication of a day leaves to the next: the numbers that its channels have come to, candles,
/// and the last 24 hours.
///
/// It is to be kept beside the opening state of the next day's market: a publication that is resumed from it
/// and takes that day's facts from the first is the one that was there before. About 500 kB a listing after
/// some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationState {
    /// When the first day began that these numbers count.
    pub(super) epoch: SimTime,
    pub(super) listings: Vec<ListingState>,
    pub(super) own: Vec<OwnCount>,
    /// The number of the next news of auctions; last, since older files have none.
    pub(super) auctions_next: u64,
}

impl PublicationState {
    /// Returns the state of a publication that takes all of this one back: positions in it are unknown there.
    #[must_use]
    pub fn anew(&self) -> Self {
        let epoch = self.epoch.saturating_add(SimDuration::from_nanos(1));
        Self { epoch, listings: Vec::new(), own: Vec::new(), auctions_next: 0 }
    }
}

/// What is left of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListingState {
    pub(super) key: ListingKey,
    pub(super) book_next: u64,
    pub(super) trades_next: u64,
    pub(super) phases_next: u64,
    pub(super) last: Option<Price>,
    pub(super) trades: Vec<TradePrint>,
    pub(super) minutes: Vec<Candle>,
    /// Of each interval.
    pub(super) candles: Vec<CandleState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CandleState {
    pub(super) progress: CandleProgress,
    pub(super) closed: Vec<ClosedCandle>,
}

/// What must be the same for a listing to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListingKey {
    venue: String,
    symbol: String,
    tick_size: String,
    lot_size: String,
}

impl ListingKey {
    pub(super) fn of(info: &ListingInfo) -> Self {
        let text = |decimal: Decimal| decimal.to_string();
        Self {
            venue: info.venue.clone(),
            symbol: info.instrument.symbol().to_owned(),
            tick_size: text(info.instrument.tick_size()),
            lot_size: text(info.instrument.lot_size()),
        }
    }
}

/// The number of a participant's next event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OwnCount {
    pub(super) name: String,
    pub(super) next: u64,
}
