//! [`EstimateError`]: why nothing came of an estimate.

use thiserror::Error;

/// Why nothing came of an estimate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EstimateError {
    /// It was asked to stop.
    #[error("it was canceled")]
    Canceled,
    /// It is of another version of this program.
    #[error(
        "the job has version {found}, and this worker reads version {known}: run workers of the same version as the server"
    )]
    Version {
        /// Its version.
        found: u32,
        /// The version that is read.
        known: u32,
    },
    /// The numbers of the job do not fit.
    #[error("the job is not sound: {0}")]
    Unsound(&'static str),
    /// The scenario cannot be read here.
    #[error("the scenario cannot be read here: {0}")]
    Scenario(String),
    /// The files of the scenario are not those of the server.
    #[error(
        "the files that the scenario names are not those of the server (inputs {found}, expected {expected}): start the worker with the server's scenario"
    )]
    OtherInputs {
        /// The digest of what was found.
        found: String,
        /// The digest of what the job is of.
        expected: String,
    },
    /// There is no such instrument.
    #[error("the scenario has no instrument `{0}`")]
    UnknownSymbol(String),
    /// The instrument has no price.
    #[error("there is no price of `{0}` to begin with")]
    NoPrice(String),
    /// Nothing moves the instrument but those who trade it.
    #[error("`{0}` has no price process: ask for the model `world`")]
    NoProcess(String),
    /// The future of the instrument stands in a file, or is decided elsewhere.
    #[error(
        "the price of `{0}` is replayed from a file or follows quotes from elsewhere: nothing here says what it may become"
    )]
    Recorded(String),
    /// A strategy needs a market.
    #[error("a strategy trades in a market: ask for the model `world`")]
    NeedsWorld,
    /// The scenario's day is over before the horizon.
    #[error("a world lasts for the scenario's day of {day_secs} s: ask for a horizon up to that")]
    Horizon {
        /// How long the day is.
        day_secs: i64,
    },
    /// The strategy does not start.
    #[error("the strategy does not start: {0}")]
    Strategy(String),
    /// The simulated market cannot be opened, or has failed.
    #[error("path {path}: the simulated market has failed: {cause}")]
    Market {
        /// The path, from 0.
        path: u32,
        /// Why.
        cause: String,
    },
}

impl EstimateError {
    /// Returns whether another worker, or another attempt, gives the same.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Version { .. } | Self::Scenario(_) | Self::OtherInputs { .. })
    }
}
