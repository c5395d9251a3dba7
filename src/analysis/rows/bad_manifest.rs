//! [`BadManifest`]: what in a manifest cannot be, though every field of it can be read.

use thiserror::Error;

use bearpit_core::market::InstrumentError;

/// Why a run cannot be analyzed by its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum BadManifest {
    /// An instrument cannot exist.
    #[error("the size of `{symbol}` is wrong: {why}")]
    Instrument {
        /// Its symbol.
        symbol: String,
        /// Why.
        why: InstrumentError,
    },
    /// An account holds too much.
    #[error("{lots} lots of `{symbol}` are more than an account can hold")]
    Holding {
        /// The instrument.
        symbol: String,
        /// How much.
        lots: i64,
    },
}
