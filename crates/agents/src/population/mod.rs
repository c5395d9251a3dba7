//! Populations: agents of one kind, each with values of its own that are drawn from distributions.

mod activity;
mod distribution;
mod drawn;

pub use activity::Activity;
pub(crate) use activity::{ACTIVITY, wait_active};
pub use distribution::{DistributionError, Law, ParamDistribution};
pub use drawn::{DrawnParam, DrawnParams, is_drawable};
