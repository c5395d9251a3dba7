//! [`ReadOptions`]: what a reader is told about a file, where it should not find out by itself.

use std::collections::BTreeMap;
use std::fmt;

use super::zone::Zone;

/// What a column is taken as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The time, or the time of day where there is a column for the date too.
    Time,
    /// The date, where the time of day stands in a column of its own.
    Date,
    /// First price of a bar.
    Open,
    /// Highest price of a bar.
    High,
    /// Lowest price of a bar.
    Low,
    /// Last price of a bar.
    Close,
    /// Last price of a bar, adjusted for splits and dividends.
    AdjustedClose,
    /// Quantity that was traded in a bar.
    Volume,
    /// New shares for each old one, of a split before the row.
    Split,
    /// What is paid on each unit held before the row.
    Dividend,
    /// Price of a trade.
    Price,
    /// Quantity of a trade.
    Quantity,
    /// Best bid of a quote.
    Bid,
    /// Best ask of a quote.
    Ask,
    /// Quantity at the best bid.
    BidSize,
    /// Quantity at the best ask.
    AskSize,
}

impl Role {
    /// All roles, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::Time,
        Self::Date,
        Self::Open,
        Self::High,
        Self::Low,
        Self::Close,
        Self::AdjustedClose,
        Self::Volume,
        Self::Split,
        Self::Dividend,
        Self::Price,
        Self::Quantity,
        Self::Bid,
        Self::Ask,
        Self::BidSize,
        Self::AskSize,
    ];

    /// Returns its key in `columns`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Date => "date",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::AdjustedClose => "adjusted_close",
            Self::Volume => "volume",
            Self::Split => "split",
            Self::Dividend => "dividend",
            Self::Price => "price",
            Self::Quantity => "quantity",
            Self::Bid => "bid",
            Self::Ask => "ask",
            Self::BidSize => "bid_size",
            Self::AskSize => "ask_size",
        }
    }

    /// Returns the role of a key.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnRef {
    /// By its name in the header, in any case.
    Name(String),
    /// By its place, from 1.
    Number(usize),
}

/// The order in which rows stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
    /// In any order: rows are sorted by time.
    Any,
}

impl Order {
    /// Returns the order of a word: `ascending`, `descending` or `any`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ascending" => Some(Self::Ascending),
            "descending" => Some(Self::Descending),
            "any" => Some(Self::Any),
            _ => None,
        }
    }
}

impl OnBadRow {
    /// Returns what a word stands for: `error` or `skip`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "error" => Some(Self::Error),
            "skip" => Some(Self::Skip),
            _ => None,
        }
    }
}

/// What happens to a row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBadRow {
    /// It is an error.
    #[default]
    Error,
    /// It is passed over, and counted.
    Skip,
}

/// How the numbers of named columns may be written, beyond `1234.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberFormat {
    /// What stands before the decimals: `.` or `,`.
    pub decimal: char,
    /// What may stand between thousands.
    pub thousands: Option<char>,
    /// Whether `1.1M`, `35K` and `2B` are numbers.
    pub suffixes: bool,
}

impl NumberFormat {
    /// Digits, a point, and an exponent.
    pub const PLAIN: Self = Self { decimal: '.', thousands: None, suffixes: false };

    /// `1,234.5` and `1.1M` too: the format of columns that are named, unless another is given.
    pub const ENGLISH: Self = Self { decimal: '.', thousands: Some(','), suffixes: true };
}

impl ReadOptions {
    /// Returns the zone of the run's clock.
    #[must_use]
    pub fn clock_zone(&self) -> Zone {
        self.run_zone.clone().unwrap_or_default()
    }
}

/// What a reader is told about a file; whatever is left open it finds out.
///
/// ```
/// use bearpit::data::{ColumnRef, ReadOptions, Role, read};
///
/// let text = "when;last\n2024-01-02;100.5\n2024-01-03;101\n";
/// let mut options = ReadOptions::default();
/// for role in [Role::Open, Role::High, Role::Low, Role::Close] {
///     options.columns.insert(role, ColumnRef::Name("last".to_owned()));
/// }
/// options.columns.insert(Role::Time, ColumnRef::Number(1));
/// let file = read(text.as_bytes(), &options).file.unwrap();
/// assert_eq!(file.found.rows, 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadOptions {
    /// Where columns are, for those that the header does not say.
    pub columns: BTreeMap<Role, ColumnRef>,
    /// How numbers are written.
    pub numbers: Option<NumberFormat>,
    /// What stands between cells; an ASCII character.
    pub separator: Option<u8>,
    /// How times are written: a pattern such as `%d.%m.%Y %H:%M`, or `s`, `ms`, `us` or `ns` since 1970.
    pub time_format: Option<String>,
    /// The zone of times that have no offset; without, they are taken as those of the run's own clock.
    pub zone: Option<Zone>,
    /// The zone of the run's clock, to which times with a zone or an offset are converted; `None` is UTC,
    /// with a warning if offsets are other than that.
    pub run_zone: Option<Zone>,
    /// Whether the first row is a header.
    pub header: Option<bool>,
    /// In which order rows stand.
    pub order: Option<Order>,
    /// What happens to rows that cannot be read.
    pub on_bad_row: OnBadRow,
    /// Whether prices at or below zero are prices.
    pub negative_prices: bool,
}
