//! Execution algorithms: how a large order is traded over time, and what that cost.

mod executor;
mod kinds;
mod parent;
mod schedule;

pub use executor::{Executor, ExecutorConfig};
pub(crate) use kinds::{
    ALMGREN_CHRISS, DURATION, POV, QUANTITY, SIDE, START_AFTER, TWAP, VWAP, check_span, side,
};
pub(crate) use parent::{ParentOrder, Traded, number, record, slippage};
pub use schedule::{AlmgrenChriss, ExecutionSchedule};
