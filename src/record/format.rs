//! [`Format`]: the file formats of tables.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A file format for tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Apache Parquet, compressed with Snappy.
    #[default]
    Parquet,
    /// Comma-separated text with a header line.
    Csv,
    /// The Arrow IPC file format.
    Ipc,
}

impl Format {
    /// Returns the format's name, which is also the extension of its files.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ipc => "ipc",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.extension())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        [Self::Parquet, Self::Csv, Self::Ipc]
            .into_iter()
            .find(|format| format.extension() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// A text that names no table format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a table format: choose parquet, csv or ipc")]
pub struct UnknownFormat(pub String);
