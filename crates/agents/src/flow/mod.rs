//! Models of order flow: one actor sends the orders of a whole market at random times.

mod hawkes;
mod poisson;
mod process;
mod queue_reactive;
mod sender;

pub(crate) use hawkes::KIND as HAWKES;
pub use hawkes::{HawkesFlow, HawkesFlowConfig};
pub(crate) use poisson::{CONT_STOIKOV_TALREJA, FARMER_PATELLI_ZOVKO};
pub use poisson::{PoissonFlow, PoissonFlowConfig};
pub use process::{HawkesEvent, HawkesProcess, Unstable};
pub(crate) use queue_reactive::KIND as QUEUE_REACTIVE;
pub use queue_reactive::{QueueRates, QueueReactiveConfig, QueueReactiveFlow};
