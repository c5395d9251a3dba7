//! Price processes: how the value of an instrument moves.
//!
//! A [`PriceProcess`] is stepped on a fixed grid of virtual time with a random stream of its own, so
//! that what the value is at some time does not depend on who asks, or when.

mod gbm;
mod history;
mod linked;
mod ou;
mod replay;
mod value;

pub use gbm::Gbm;
pub use history::HistoricalBar;
pub use linked::{GapTerms, Linked};
pub use ou::OrnsteinUhlenbeck;
pub use replay::Replay;
pub(crate) use replay::waypoint_time;
pub use value::{PriceProcess, Value};
