//! How files of trades and quotes are read: the parameters beside those that they share with files of bars.

use super::bar_file::{DECIMAL, FOUND, SUFFIXES, THOUSANDS, column};
use crate::params::{FileFormat, ParamSpec, ParamType};

/// The files of trades and quotes that a replay follows.
pub const TICK_DATA: ParamSpec = ParamSpec::required(
    "data",
    ParamType::File(FileFormat::Ticks),
    "a file of trades or of quotes, or a list of one of each: text with separators, Parquet or Arrow IPC; how they are \
     written, and which is which, is found out ([data.md](data.md))",
);

const COLUMNS: [ParamSpec; 11] = [
    column("time", "the time, or the time of day if `date` is given too"),
    column("date", "the date, if the time of day has a column of its own"),
    column("price", "price of a trade"),
    column("quantity", "quantity of a trade"),
    column("bid", "best bid"),
    column("bid_size", "quantity at the best bid"),
    column("ask", "best ask"),
    column("ask_size", "quantity at the best ask"),
    DECIMAL,
    THOUSANDS,
    SUFFIXES,
];

/// Which column is what, and how its numbers are written.
pub const TICK_COLUMNS: ParamSpec = ParamSpec::new(
    "columns",
    ParamType::Table(&COLUMNS),
    FOUND,
    "columns by their names in the header or their numbers from 1, such as `{ time = \"when\", price = 5 }`",
);
