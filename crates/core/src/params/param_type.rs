//! [`ParamType`]: what a parameter's value may be.

use std::fmt;

use super::range::{DurationRange, NumberRange};
use super::spec::ParamSpec;
use super::value::{ParamValue, Scalar};
use crate::units::SimDuration;

/// What a parameter's value may be; each type is read into one variant of [`ParamValue`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamType {
    /// `true` or `false`: [`ParamValue::Flag`].
    Flag,
    /// An integer in a range, both ends included: [`ParamValue::Integer`].
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number in a range: [`ParamValue::Number`].
    Number(NumberRange),
    /// A length of time in a range: [`ParamValue::Duration`].
    Duration(DurationRange),
    /// A day: [`ParamValue::Time`], its midnight.
    Date,
    /// Any text that is not empty: [`ParamValue::Text`].
    Text,
    /// One of a few words: [`ParamValue::Text`].
    Choice(&'static [Choice]),
    /// A length in currency above 0 that need not be on the tick grid: [`ParamValue::Decimal`].
    Price,
    /// A distance in price, above 0 and a multiple of the tick size: [`ParamValue::Integer`], in ticks.
    TickDistance,
    /// A quantity, above 0 and a multiple of the lot size: [`ParamValue::Quantity`].
    Quantity,
    /// A column of a file, by its name or its number from 1: [`ParamValue::Text`] or [`ParamValue::Integer`].
    Column,
    /// An instrument of the scenario by its symbol: [`ParamValue::Instrument`].
    Instrument,
    /// A listing of the scenario, written `SYMBOL@VENUE`: [`ParamValue::Listing`].
    Listing,
    /// The symbol of an instrument that stands before this one and has a process: [`ParamValue::Text`].
    Leader,
    /// A file by its path, relative to the scenario: [`ParamValue::File`].
    File(FileFormat),
    /// A table of flags, numbers and texts under names that the kind does not know in advance:
    /// [`ParamValue::Scalars`].
    Scalars,
    /// A list of values of one type: [`ParamValue::List`].
    List(&'static Self),
    /// A table of one value for each of some instruments, such as weights: [`ParamValue::ByInstrument`].
    ByInstrument(&'static Self),
    /// A table with parameters of its own: [`ParamValue::Table`].
    Table(&'static [ParamSpec]),
}

/// A word that may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The word.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// How the content of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// The text as it is; its content is an `Arc<str>`.
    Text,
    /// A file of historical bars; its content is an `Arc<Vec<HistoricalBar>>`.
    Bars,
    /// Files of historical trades and quotes, by one path or a list of paths; its content is an
    /// `Arc<[HistoricalTick]>`, of each file in order of time.
    Ticks,
    /// LOBSTER's messages; its content is an `Arc<[OrderMessage]>`.
    OrderMessages,
    /// The first row of LOBSTER's order book file; its content is a `BookRow`.
    BookRow,
}

impl ParamType {
    /// Returns whether a value is of this type and in its range.
    #[must_use]
    pub fn admits(&self, value: &ParamValue) -> bool {
        match (self, value) {
            (Self::Flag, ParamValue::Flag(_))
            | (Self::Instrument, ParamValue::Instrument(_))
            | (Self::Listing, ParamValue::Listing(_))
            | (Self::File(_), ParamValue::File(_)) => true,
            (Self::Integer { min, max }, ParamValue::Integer(value)) => (min..=max).contains(&value),
            (Self::Number(range), ParamValue::Number(value)) => range.contains(*value),
            (Self::Duration(range), ParamValue::Duration(span)) => range.contains(*span),
            (Self::Date, ParamValue::Time(time)) => time.floor_to(SimDuration::from_secs(86_400)) == *time,
            (Self::Text | Self::Leader | Self::Column, ParamValue::Text(text)) => !text.trim().is_empty(),
            (Self::Column, ParamValue::Integer(number)) => *number > 0,
            (Self::Choice(choices), ParamValue::Text(text)) => choices.iter().any(|it| it.name == text),
            (Self::Price, ParamValue::Decimal(value)) => value.is_positive(),
            (Self::TickDistance, ParamValue::Integer(ticks)) => *ticks > 0,
            (Self::Quantity, ParamValue::Quantity(quantity)) => !quantity.is_zero(),
            (Self::Scalars, ParamValue::Scalars(values)) => values.iter().all(|(_, it)| is_finite(it)),
            (Self::List(item), ParamValue::List(values)) => values.iter().all(|value| item.admits(value)),
            (Self::ByInstrument(item), ParamValue::ByInstrument(values)) => {
                values.iter().all(|(_, value)| item.admits(value))
            }
            (Self::Table(specs), ParamValue::Table(values)) => values.clone().complete(specs).is_ok(),
            _ => false,
        }
    }
}

fn is_finite(value: &Scalar) -> bool {
    !matches!(value, Scalar::Float(value) if !value.is_finite())
}

impl fmt::Display for ParamType {
    /// Writes what is allowed, as the end of a sentence that begins with `must be`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("true or false"),
            Self::Integer { min: 0, max: i64::MAX } => f.write_str("a whole number at or above 0"),
            Self::Integer { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Number(range) if *range == NumberRange::ANY => f.write_str("a finite number"),
            Self::Number(range) => write!(f, "a number {range}"),
            Self::Duration(range) => write!(f, "a duration {range}"),
            Self::Date => f.write_str("a date"),
            Self::Text => f.write_str("a text"),
            Self::Column => f.write_str("the name of a column, or its number from 1"),
            Self::Choice(choices) => {
                let names: Vec<String> = choices.iter().map(|it| format!("{:?}", it.name)).collect();
                f.write_str(&names.join(" or "))
            }
            Self::Price => f.write_str("a decimal above 0"),
            Self::TickDistance => f.write_str("a multiple of the tick size, above 0"),
            Self::Quantity => f.write_str("a multiple of the lot size, above 0"),
            Self::Instrument => f.write_str("the symbol of an instrument"),
            Self::Listing => f.write_str("a listing, written SYMBOL@VENUE"),
            Self::Leader => f.write_str("the symbol of an instrument that has a process"),
            Self::File(format) => write!(f, "the path of {format}"),
            Self::Scalars => f.write_str("a table of booleans, numbers and texts"),
            Self::List(item) => write!(f, "a list, each item of it {item}"),
            Self::ByInstrument(item) => write!(f, "a table by symbol, each value of it {item}"),
            Self::Table(specs) => {
                let names: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
                write!(f, "a table with the keys {}", names.join(", "))
            }
        }
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a text file",
            Self::Bars => "a file of bars",
            Self::Ticks => "a file of trades or quotes, or a list of one of each",
            Self::OrderMessages => "a LOBSTER message file",
            Self::BookRow => "a LOBSTER order book file",
        })
    }
}
