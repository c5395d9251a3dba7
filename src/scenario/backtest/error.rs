//! [`BacktestError`]: why no scenario can be made.

use std::path::PathBuf;

use thiserror::Error;

use crate::scenario::document::Diagnostics;
use bearpit_core::units::{SimDuration, SimTime};

/// Why no scenario can be made for a backtest.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BacktestError {
    /// Files cannot be read: what is wrong with each of them.
    #[error("{} of the files cannot be read", .0.len())]
    Data(Vec<Diagnostics>),
    /// There are no files.
    #[error("there are no files of data")]
    NoData,
    /// The time asked for has no length.
    #[error("it ends at {to}, but must end after its start, {from}")]
    NoTime {
        /// Its beginning.
        from: SimTime,
        /// Its end.
        to: SimTime,
    },
    /// A file has no row within the time asked for.
    #[error("`{}` has no row {within}: its rows are from {first} to {last}", file.display())]
    NothingWithin {
        /// The file.
        file: PathBuf,
        /// The time, such as `from 2020-01-01T00:00:00 on`.
        within: String,
        /// The file's first row.
        first: SimTime,
        /// The file's last row.
        last: SimTime,
    },
    /// Several files are for one instrument, but are not its trades and its quotes.
    #[error(
        "`{}` and `{}` would both be `{symbol}`: give each a symbol of its own, such as {symbol}2={}; trades and quotes \
         alone can be of one instrument",
        first.display(), second.display(), second.display()
    )]
    SameInstrument {
        /// The instrument.
        symbol: String,
        /// One of the files.
        first: PathBuf,
        /// Another.
        second: PathBuf,
    },
    /// The rows of a file are not bars of any usual length.
    #[error(
        "the times of `{}` have nothing in common but steps of {step}, in which no bar fits; is it a file of trades?",
        file.display()
    )]
    NoInterval {
        /// The file.
        file: PathBuf,
        /// The longest time of which all times are multiples.
        step: SimDuration,
    },
}
