//! Execution algorithms: how a large order is traded over time, and what that cost.

mod executor;
mod kinds;
mod schedule;

pub use executor::{Executor, ExecutorConfig};
pub(crate) use kinds::{ALMGREN_CHRISS, POV, TWAP, VWAP};
pub use schedule::{AlmgrenChriss, ExecutionSchedule};
