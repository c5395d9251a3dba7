//! What is answered about days.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::MarketTime;
use crate::services::market_data::views::{LevelView, TradeView};
use crate::services::market_data::words::PhaseName;

/// The days that are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DaysView {
    /// Each, the oldest first.
    pub days: Vec<DayView>,
}

/// A day that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayView {
    /// Its name: its date.
    #[schema(example = "2025-03-03")]
    pub day: String,
    /// Its number in the market, from one.
    pub number: u32,
    /// The segments of its journal: more than one if the market was stopped and started within the day.
    pub segments: Vec<SegmentView>,
}

/// A segment of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SegmentView {
    /// Its number in the journal.
    pub segment: u64,
    /// When it began, if that is not the beginning of its day.
    pub opened_at: Option<MarketTime>,
    /// When its market was settled, if it was.
    pub settled_at: Option<MarketTime>,
    /// Whether it is being written.
    pub is_open: bool,
    /// How long its file is.
    pub bytes: u64,
}

/// A line of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayLineView {
    /// What its levels are.
    #[serde(rename = "type")]
    pub kind: ReplayLineKind,
    /// The instant up to which it shows the market.
    pub at: MarketTime,
    /// Where the session stands.
    pub phase: PhaseName,
    /// Bids, the highest first.
    pub bids: Vec<LevelView>,
    /// Asks, the lowest first.
    pub asks: Vec<LevelView>,
    /// The trades since the line before, the oldest first.
    pub trades: Vec<TradeView>,
}

/// What the levels of a line are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayLineKind {
    /// The whole book: at the beginning, at each full minute, and where all levels went at once.
    Book,
    /// Those that have changed, with their new quantities; 0 is a level that is gone.
    Changes,
}
