//! A run as series and metrics, while it goes on or from its files.
//!
//! One set of builders takes typed rows: [`RunAnalysis`] from a recorder as it makes them, [`RunData::read`]
//! from the tables of a finished run. Both give the same [`RunData`], to the last bit. Metrics are taken from
//! every row; series are downsampled and lists sampled on the way, so that memory does not grow with the
//! length of a run.
//!
//! [`RunSet`] describes many runs together, and [`Comparison`] compares two. [`BookCheck`] is independent of
//! runs: it compares the engine's book with recorded ones. [`ProcessPaths`] describes what a price process
//! does without any market.
//!
//! # Rooms
//! `rows` (typed rows, and their decoding from frames), `series`, `sampling` (equal periods), `metrics`,
//! `stylized`, `listing` and `account` (the builders), `run` (one run), `run_set`, `compare`,
//! `verify`, `process_paths`.
//!
//! # Deliberately absent
//! No drawing and no text for people: that is `report`. No simulation: rows come from a recorder or from
//! files.
#![expect(
    clippy::disallowed_methods,
    reason = "describes a run and does not steer it: the last digit may differ"
)]

mod account;
mod compare;
mod listing;
pub mod metrics;
mod process_paths;
mod rows;
mod run;
mod run_set;
mod sampling;
mod series;
mod stylized;
mod verify;

pub use bearpit_core::account::trips;

pub use account::{
    AccountData, AccountTrip, Attribution, FillMark, ImpossibleFill, OpenPosition, OrderEnding, Plotted,
    PlottedSeries, PositionSeries, TopTrips,
};
pub use compare::{
    Comparison, Difference, FirstDifference, MeasureDifference, RecordedDifferently, SubjectComparison,
    TableComparison, TableVerdict,
};
pub use listing::{DepthProfile, EntryLatencies, ListingData};
pub use process_paths::{MomentRow, PathPlan, ProcessPaths, moment_rows};
pub use run::{AccountMetrics, LogLine, MarketMetrics, OwnerLog, RunAnalysis, RunData, Summary};
pub use run_set::{AccountOutline, Batch, MarketOutline, RunOutline, RunSet, Spread};
pub use sampling::equity_sampler::{MarginCallMark, Ruin};
pub use sampling::trading_year::TradingYear;
pub use series::{EvenSample, Extent, LineDownsampler, MeanDownsampler, Point, downsampled};
#[cfg(test)]
pub(crate) use stylized::Material;
pub use stylized::{
    Margin, RecordedFacts, Statistic, StylizedFact, StylizedFactKind, StylizedFacts, Verdict,
};
pub use verify::{Anomaly, BookCheck, BookVerdict, Ladders, OutOfPriority, Reason, RowDifference};
