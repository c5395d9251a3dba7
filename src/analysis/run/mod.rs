//! One run: all that a report shows of it, and its summary.

pub(crate) mod arrivals;
pub(crate) mod data;
pub(crate) mod log;
pub(crate) mod market_pass;
pub(crate) mod summary;

pub use data::RunData;
pub use log::{LogLine, OwnerLog};
pub use summary::{AccountMetrics, MarketMetrics, Summary};
