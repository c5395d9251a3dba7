//! Price processes: how the value of an instrument moves.
//!
//! A [`PriceProcess`] is stepped on a fixed grid of virtual time with a random stream of its own, so that its
//! value at some time does not depend on who reads it, or when.
//!
//! Each kind of process is one file: its parameters as data, how it is built from them, and how it moves. To
//! add one, write the file and add it to [`KINDS`]; scenario files, error messages, the documentation and the
//! JSON schema follow from that list.

mod bar_file;
mod basket;
mod cir;
mod fbm;
mod feed;
mod fourier;
mod garch;
mod gbm;
mod heston;
mod history;
mod jumps;
mod kind;
mod kou;
mod linked;
mod merton;
mod moments;
mod ou;
#[cfg(test)]
mod proof;
mod regime;
mod replay;
mod shock;
mod shock_record;
mod shocks;
mod state;
mod tick_file;
mod ticks;
mod value;

pub use bar_file::{
    BAR_COLUMNS, BAR_DATA, BAR_HEADER, BAR_ON_BAD_ROW, BAR_ORDER, BAR_SEPARATOR, BAR_TIME_FORMAT, BAR_ZONE,
};
pub use basket::{Basket, BasketError};
pub use cir::{Cir, CirConfig};
pub use fbm::{Fbm, FbmConfig};
pub use feed::{FeedProcess, QuoteOutcome};
pub use garch::{Garch, GarchConfig};
pub use gbm::Gbm;
pub use heston::{Heston, HestonConfig};
pub use history::{HistoricalBar, HistoricalTick, HistoricalTickKind};
pub use kind::{
    Configure, ConfiguredProcess, EarlierInstrument, ProcessKind, ProcessSite, TRADING_HOURS_PER_YEAR,
};
pub use kou::{Kou, KouConfig};
pub use linked::{GapConfig, Leader, Linked};
pub use merton::{Merton, MertonConfig};
pub use moments::Moments;
pub use ou::OrnsteinUhlenbeck;
pub use regime::{Regime, RegimeConfig};
pub use replay::{BAR_LENGTH, BAR_OPEN, Replay, waypoint_time};
pub use shock::Shock;
pub use shock_record::ShockRecord;
pub use shocks::{COMMON_PARAMS, SHOCK_PARAMS, Shocked, shocked, with_shocks};
pub use state::{ProcessState, ValueState};
pub use tick_file::{TICK_COLUMNS, TICK_DATA};
pub use ticks::{TickPrice, TickReplay};
pub use value::{PriceProcess, Value};

/// All kinds of processes, in the order of the documentation.
pub static KINDS: [&ProcessKind; 14] = [
    &ou::KIND,
    &gbm::KIND,
    &merton::KIND,
    &kou::KIND,
    &heston::KIND,
    &garch::KIND,
    &garch::GJR_KIND,
    &regime::KIND,
    &fbm::KIND,
    &cir::KIND,
    &replay::KIND,
    &ticks::KIND,
    &linked::KIND,
    &feed::KIND,
];

impl ProcessKind {
    /// Returns the kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().copied().find(|kind| kind.name == name)
    }
}
