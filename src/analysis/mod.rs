//! A recorded run as series and measures.
//!
//! Tables are read piece by piece and thinned on the way, so that a report costs the same memory for an
//! hour as for a year; metrics are taken from every row. First the orders, then quotes and trades side by side
//! (`walk`), then fills and marks side by side (`account`).
//!
//! [`Several`] takes many runs together, and [`Comparison`] two of them apart.
//!
//! [`BookCheck`] is apart from that: it compares the engine's book with recorded ones.

mod account;
mod account_data;
mod account_rows;
mod cells;
mod columns;
mod compare;
mod directory;
mod evenly;
mod flow;
mod holdings;
mod latencies;
mod listing;
mod log;
pub mod metrics;
mod mid_periods;
mod notable;
mod orders;
mod plotted;
mod profile;
mod run;
mod sampling;
mod several;
mod signs;
mod stream;
mod stylized;
mod summary;
mod thin;
pub mod trips;
mod verify;
mod walk;

pub use account_data::{AccountData, AccountTrip, Attribution, FillMark, Position};
pub use compare::{
    Comparison, Difference, MeasureDifference, Parting, SubjectComparison, TableComparison, TableVerdict,
};
pub use evenly::Evenly;
pub use latencies::EntryLatencies;
pub use listing::ListingData;
pub use log::{LogLine, OwnerLog};
pub use notable::Notable;
pub use plotted::{Plotted, PlottedSeries};
pub use profile::DepthProfile;
pub use run::RunData;
pub use several::{AccountOutline, Batch, MarketOutline, RunOutline, Several, Spread};
pub use stylized::{Fact, Margin, Statistic, StylizedFact, StylizedFacts, Verdict};
pub use summary::{AccountMetrics, MarketMetrics, Summary};
pub use thin::{Extent, LineThinner, MeanThinner, Point, thinned};
pub use verify::{BookCheck, BookVerdict, Ladders, OutOfPriority, Reason, RowDifference};
