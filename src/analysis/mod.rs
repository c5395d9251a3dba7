//! A recorded run as series and measures.
//!
//! Tables are read piece by piece and thinned on the way, so that a report costs the same memory for an
//! hour as for a year; measures are taken from every row.
//!
//! [`BookCheck`] is apart from that: it compares the engine's book with recorded ones.

mod account;
mod cells;
mod listing;
pub mod metrics;
mod run;
mod thin;
pub mod trips;
mod verify;

pub use account::{AccountData, FillMark, Position};
pub use listing::ListingData;
pub use run::{LogLine, RunData};
pub use thin::{Extent, LineThinner, MeanThinner, Point};
pub use verify::{BookCheck, BookVerdict, Ladders, OutOfPriority, Reason, RowDifference};
