//! A recorded run as series and measures.
//!
//! Tables are read piece by piece and thinned on the way, so that a report costs the same memory for an
//! hour as for a year; metrics are taken from every row. First the orders, then quotes and trades side by
//! side (`walk`), then fills and marks side by side (`account`).
//!
//! [`RunSet`] takes many runs together, and [`Comparison`] two of them apart.
//!
//! [`BookCheck`] is apart from that: it compares the engine's book with recorded ones.
#![expect(
    clippy::disallowed_methods,
    reason = "describes a run and does not steer it: the last digit may differ"
)]

mod account;
mod compare;
mod listing;
pub mod metrics;
mod rows;
mod run;
mod run_set;
mod sampling;
mod series;
mod stylized;
pub mod trips;
mod verify;

pub use account::{
    AccountData, AccountTrip, Attribution, FillMark, ImpossibleFill, Plotted, PlottedSeries, PositionSeries,
    TopTrips,
};
pub use compare::{
    Comparison, Difference, FirstDifference, MeasureDifference, SubjectComparison, TableComparison,
    TableVerdict,
};
pub use listing::{DepthProfile, EntryLatencies, ListingData};
pub use run::{AccountMetrics, LogLine, MarketMetrics, OwnerLog, RunAnalysis, RunData, Summary};
pub use run_set::{AccountOutline, Batch, MarketOutline, RunOutline, RunSet, Spread};
pub use series::{EvenSample, Extent, LineDownsampler, MeanDownsampler, Point, downsampled};
pub use stylized::{Margin, Statistic, StylizedFact, StylizedFactKind, StylizedFacts, Verdict};
pub use verify::{BookCheck, BookVerdict, Ladders, OutOfPriority, Reason, RowDifference};
