//! What trading costs: rates by role, charges with a minimum, a maximum or tiers, and schedules of them.
//!
//! This is data: a venue has a [`FeeSchedule`] (its `fees`), and so may an account (its broker's commission).
//! What an order pays by it depends on all of its fills; the accounts' module `charging` works that out.

mod charge;
mod rates;
mod schedule;

pub use charge::{Charge, ChargedSide, FeeTier, TierMeasure};
pub use rates::{FeeRates, Fees, FillRate};
pub use schedule::{FeeError, FeeSchedule};
