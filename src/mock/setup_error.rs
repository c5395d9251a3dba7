//! [`MockSetupError`]: why there can be no market for a test.

use bearpit_core::exchange::BuildError;
use bearpit_core::market::InstrumentError;
use thiserror::Error;

/// Why there can be no market for a test.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MockSetupError {
    /// A tick size or lot size is not allowed.
    #[error(transparent)]
    Instrument(#[from] InstrumentError),
    /// The market cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A symbol is listed at one venue twice.
    #[error("`{symbol}` is listed at `{venue}` twice")]
    ListedTwice {
        /// The symbol.
        symbol: String,
        /// The venue.
        venue: String,
    },
    /// The market has no participant of that name.
    #[error("there is no `{name}`")]
    NoParticipant {
        /// The name.
        name: &'static str,
    },
}
