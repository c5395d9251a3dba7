//! Populations: agents of one kind, each with values of its own that are drawn from distributions.

mod distribution;
mod drawn;

pub use distribution::{DistributionError, Law, ParamDistribution};
pub use drawn::{DrawnParam, DrawnParams, is_drawable};
