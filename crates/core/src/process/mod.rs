//! Price processes: how the value of an instrument moves.
//!
//! A [`PriceProcess`] is stepped on a fixed grid of virtual time with a random stream of its own, so that its
//! value at some time does not depend on who reads it, or when.
//!
//! Each kind of process is one file: its parameters as data, how it is built from them, and how it moves. To
//! add one, write the file and add it to [`KINDS`]; scenario files, error messages, the documentation and the
//! JSON schema follow from that list.

mod bar_file;
mod gbm;
mod history;
mod kind;
mod linked;
mod merton;
mod ou;
mod replay;
mod tick_file;
mod value;

pub use bar_file::{
    BAR_COLUMNS, BAR_DATA, BAR_HEADER, BAR_ON_BAD_ROW, BAR_ORDER, BAR_SEPARATOR, BAR_TIME_FORMAT, BAR_ZONE,
};
pub use gbm::Gbm;
pub use history::{HistoricalBar, HistoricalTick, HistoricalTickKind};
pub use kind::{Configure, ConfiguredProcess, EarlierInstrument, ProcessKind, ProcessSite};
pub use linked::{GapConfig, Leader, Linked};
pub use merton::{Merton, MertonConfig};
pub use ou::OrnsteinUhlenbeck;
pub use replay::{BAR_LENGTH, BAR_OPEN, Replay, waypoint_time};
pub use tick_file::{TICK_COLUMNS, TICK_DATA};
pub use value::{PriceProcess, Value, ValueState};

/// All kinds of processes, in the order of the documentation.
pub static KINDS: [&ProcessKind; 5] = [&ou::KIND, &gbm::KIND, &merton::KIND, &replay::KIND, &linked::KIND];

/// Hours of trading in a year unless a scenario says otherwise: 252 sessions of 6.5 hours.
pub const TRADING_HOURS_PER_YEAR: f64 = 1_638.0;
