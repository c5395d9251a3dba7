//! One run: all that a report shows of it, and its summary.

pub(crate) mod arrivals;
pub(crate) mod builder;
pub(crate) mod data;
pub(crate) mod live;
pub(crate) mod log;
mod read;
pub(crate) mod summary;
#[cfg(test)]
mod tests;

pub use data::RunData;
pub use live::RunAnalysis;
pub use log::{LogLine, OwnerLog};
pub use summary::{AccountMetrics, MarketMetrics, Summary};
