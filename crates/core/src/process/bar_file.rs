//! How a file of bars is read: the parameters that all kinds share which have such a file.

use crate::params::{Choice, FileFormat, ParamDefault, ParamSpec, ParamType};

/// The file of bars that a replay follows.
pub const BAR_DATA: ParamSpec = ParamSpec::required(
    "data",
    ParamType::File(FileFormat::Bars),
    "the bars: text with separators, Parquet or Arrow IPC; how it is written is found out ([data.md](data.md))",
);

pub(super) const FOUND: ParamDefault = ParamDefault::Derived("found out");

pub(super) const fn column(name: &'static str, doc: &'static str) -> ParamSpec {
    ParamSpec::new(name, ParamType::Column, FOUND, doc)
}

pub(super) const DECIMAL: ParamSpec = ParamSpec::new(
    "decimal",
    ParamType::Choice(&[Choice { name: ".", doc: "1234.5" }, Choice { name: ",", doc: "1234,5" }]),
    ParamDefault::Derived("`\".\"`"),
    "what stands before decimals",
);

pub(super) const THOUSANDS: ParamSpec = ParamSpec::new(
    "thousands",
    ParamType::Choice(&[
        Choice { name: ",", doc: "1,234.5" },
        Choice { name: ".", doc: "1.234,5" },
        Choice { name: " ", doc: "1 234.5" },
        Choice { name: "'", doc: "1'234.5" },
    ]),
    ParamDefault::Derived("`\",\"` in the columns that are named here, none in others"),
    "what may stand between thousands",
);

pub(super) const SUFFIXES: ParamSpec = ParamSpec::new(
    "suffixes",
    ParamType::Flag,
    ParamDefault::Derived("true in the columns that are named here, false in others"),
    "whether `35K`, `1.1M` and `2B` are numbers",
);

const COLUMNS: [ParamSpec; 13] = [
    column("time", "the time, or the time of day if `date` is given too"),
    column("date", "the date, if the time of day has a column of its own"),
    column("open", "first price"),
    column("high", "highest price"),
    column("low", "lowest price"),
    column("close", "last price"),
    column("adjusted_close", "last price adjusted for splits and dividends"),
    column("volume", "quantity traded"),
    column(
        "split",
        "new shares for each old one on the ex-day of a split: 2, 0.1 or 3:2; 0, 1 or nothing elsewhere",
    ),
    column("dividend", "paid on each unit on the ex-day of a dividend; 0 or nothing elsewhere"),
    DECIMAL,
    THOUSANDS,
    SUFFIXES,
];

/// Which column is what, and how its numbers are written.
pub const BAR_COLUMNS: ParamSpec = ParamSpec::new(
    "columns",
    ParamType::Table(&COLUMNS),
    FOUND,
    "columns by their names in the header or their numbers from 1, such as `{ time = \"when\", close = 5 }`",
);

/// What stands between cells.
pub const BAR_SEPARATOR: ParamSpec = ParamSpec::new(
    "separator",
    ParamType::Choice(&[
        Choice { name: ",", doc: "a comma" },
        Choice { name: ";", doc: "a semicolon" },
        Choice { name: "\t", doc: "a tab" },
        Choice { name: "|", doc: "a bar" },
        Choice { name: " ", doc: "a space" },
    ]),
    FOUND,
    "what stands between the cells of a text",
);

/// How times are written.
pub const BAR_TIME_FORMAT: ParamSpec = ParamSpec::new(
    "time_format",
    ParamType::Text,
    FOUND,
    "how times are written: a pattern of strftime such as `\"%d.%m.%Y %H:%M\"`, or `\"s\"`, `\"ms\"`, `\"us\"` or \
     `\"ns\"` since 1970",
);

/// The zone of times without an offset.
pub const BAR_ZONE: ParamSpec = ParamSpec::new(
    "zone",
    ParamType::Text,
    ParamDefault::Derived("the scenario's own clock: times as written"),
    "the zone of times that have no offset, such as `\"America/New_York\"`; they are converted to the scenario's `zone`",
);

/// Whether there is a header.
pub const BAR_HEADER: ParamSpec =
    ParamSpec::new("header", ParamType::Flag, FOUND, "whether the first row has the names of the columns");

/// The order of rows.
pub const BAR_ORDER: ParamSpec = ParamSpec::new(
    "order",
    ParamType::Choice(&[
        Choice { name: "ascending", doc: "oldest first" },
        Choice { name: "descending", doc: "newest first" },
        Choice { name: "any", doc: "sorted by time when read" },
    ]),
    FOUND,
    "the order of rows",
);

/// What happens to rows that cannot be read.
pub const BAR_ON_BAD_ROW: ParamSpec = ParamSpec::new(
    "on_bad_row",
    ParamType::Choice(&[
        Choice { name: "error", doc: "each is an error" },
        Choice { name: "skip", doc: "they are passed over, with a warning that counts them" },
    ]),
    ParamDefault::Choice("error"),
    "rows that cannot be read; rows without any price are always passed over, with a warning",
);
