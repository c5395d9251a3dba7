//! Populations: agents of one kind, each with values of its own that are drawn from distributions.

mod activity;
mod distribution;
mod drawn;
mod wakeups;

pub(crate) use activity::ACTIVITY;
pub use activity::Activity;
pub use distribution::{DistributionError, Law, ParamDistribution};
pub use drawn::{DrawnParam, DrawnParams, is_drawable};
pub use wakeups::Wakeups;
