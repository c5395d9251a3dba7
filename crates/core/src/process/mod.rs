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
pub use linked::{GapConfig, Linked};
pub use ou::OrnsteinUhlenbeck;
pub use replay::Replay;
pub use replay::waypoint_time;
pub use value::{PriceProcess, Value};

/// Hours of trading in a year unless a scenario says otherwise: 252 sessions of 6.5 hours.
pub const TRADING_HOURS_PER_YEAR: f64 = 1_638.0;
