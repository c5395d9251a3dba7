//! [`ReplaySummary`] and [`ChargeSummary`]: what a reader of a back-test asks first: which data, filled by
//! which conventions, at which costs.

use serde::{Deserialize, Serialize};

use super::manifest_text;
use bearpit_core::units::{Decimal, SimDuration, SimTime};

/// A file of bars that stood in the place of a book, and how orders filled on it. Words are those of the
/// scenario's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplaySummary {
    /// The venue.
    pub venue: String,
    /// The symbol.
    pub symbol: String,
    /// The file, relative to the scenario's own directory.
    pub file: String,
    /// How many of its bars began within the run.
    pub bars: u64,
    /// When the first of them began; the start of the run where there was none.
    #[serde(with = "manifest_text::first")]
    pub first: SimTime,
    /// When the last of them ended.
    #[serde(with = "manifest_text::last")]
    pub last: SimTime,
    /// When the last bar of the file ends, which may be after the run.
    #[serde(with = "manifest_text::file_end")]
    pub file_end: SimTime,
    /// How long a bar lasts.
    #[serde(with = "manifest_text::bar_length")]
    pub bar_length: SimDuration,
    /// Whether the file knows volumes, which bound what fills.
    pub has_volumes: bool,
    /// How many bars were shown before the start.
    pub warmup: u64,
    /// How many splits took effect within the run.
    pub splits: u64,
    /// How many dividends were paid within it.
    pub dividends: u64,
    /// The conventions of its fills.
    pub rules: ReplayRules,
}

/// How orders fill on replayed bars; words are those of the scenario's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRules {
    /// Which extreme of a bar comes first: `nearer`, `farther` or `worst`.
    pub path: String,
    /// Where market orders fill that are decided at a close: `next_open` or `this_close`.
    pub fill: String,
    /// When a limit is reached: `fill` or `through`.
    pub touch: String,
    /// What happens to a purchase that its account cannot pay for: `cut` or `cancel`.
    pub on_short_cash: String,
    /// What happens to positions after the last bar: `keep` or `close`.
    pub at_end: String,
    /// The share of a bar's volume that one participant can have, in millionths.
    pub participation_millionths: u32,
    /// What market orders and stops pay within a bar, as a difference of prices.
    #[serde(with = "manifest_text::half_spread")]
    pub half_spread: Decimal,
    /// What they pay besides, in words; none where that is nothing.
    pub slippage: Option<String>,
}

/// What a venue, or the broker of an agent, charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeSummary {
    /// The venue, or the agent whose broker it is.
    pub name: String,
    /// Whether it is a broker.
    pub is_broker: bool,
    /// What is charged, in words.
    pub fees: String,
}
