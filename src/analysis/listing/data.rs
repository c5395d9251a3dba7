//! [`ListingData`]: what is known of one listing.

use super::depth_profile::DepthProfile;
use super::entry_latencies::EntryLatencies;
use crate::analysis::metrics::Measures;
use crate::analysis::series::Point;
use crate::analysis::stylized::StylizedFacts;
use bearpit_core::units::SimDuration;

/// One listing: its series for figures, and its metrics.
#[derive(Debug, Clone)]
pub struct ListingData {
    /// The venue.
    pub venue: String,
    /// The symbol.
    pub symbol: String,
    /// Trade prices.
    pub price: Vec<Point>,
    /// The best bid; a value that is no number is a gap.
    pub bid: Vec<Point>,
    /// The best ask, likewise.
    pub ask: Vec<Point>,
    /// How much was traded in each stretch of [`ListingData::volume_width`].
    pub volume: Vec<Point>,
    /// How long such a stretch is.
    pub volume_width: SimDuration,
    /// The volatility of the mid over time, annualised, as a share; no number where there was no mid.
    pub volatility: Vec<Point>,
    /// The autocorrelation of the aggressors' signs at lags of 1, 2 ... trades; `None` for few trades.
    pub order_sign_acf: Option<Vec<f64>>,
    /// Whether its mid and its trades look like those of real markets.
    pub stylized: StylizedFacts,
    /// The spread, as a mean over time.
    pub spread: Vec<Point>,
    /// The size at the best bid, as a mean over time.
    pub bid_size: Vec<Point>,
    /// The size at the best ask, as a mean over time.
    pub ask_size: Vec<Point>,
    /// How much stood how deep in the book; of no snapshots where books were not recorded.
    pub profile: DepthProfile,
    /// How long orders were on their way; of no orders where they were not recorded.
    pub latencies: EntryLatencies,
    /// How many trades there were.
    pub trades: u64,
    /// All its metrics, as [`definitions`](crate::analysis::metrics::definitions) lists those of markets.
    pub metrics: Measures,
}

impl ListingData {
    /// Returns `symbol at venue`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} at {}", self.symbol, self.venue)
    }
}
