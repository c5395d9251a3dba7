//! [`ParamValue`]: a parameter's value, typed and in units of the engine.

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::values::Values;
use crate::units::{Decimal, InstrumentId, ListingId, Quantity, SimDuration, SimTime};

/// A parameter's value.
#[derive(Debug, Clone)]
pub enum ParamValue {
    /// `true` or `false`.
    Flag(bool),
    /// An integer, or a distance in ticks.
    Integer(i64),
    /// A number; finite.
    Number(f64),
    /// A length of time.
    Duration(SimDuration),
    /// An instant.
    Time(SimTime),
    /// An exact decimal.
    Decimal(Decimal),
    /// A quantity in lots.
    Quantity(Quantity),
    /// A text, or a chosen word.
    Text(String),
    /// An instrument.
    Instrument(InstrumentId),
    /// A listing.
    Listing(ListingId),
    /// A file and its content.
    File(FileContent),
    /// Values under names that the kind does not know in advance, in the order in which they were given.
    Scalars(Vec<(String, Scalar)>),
    /// Values of one type.
    List(Vec<Self>),
    /// One value for each of some instruments.
    ByInstrument(Vec<(InstrumentId, Self)>),
    /// The values of a table.
    Table(Values),
}

/// A flag, a number or a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a fraction; finite.
    Float(f64),
    /// A text.
    Text(String),
}

/// A file that a parameter names, with what was read from it.
///
/// The content is shared, so that a population costs one copy; its type is that of the
/// [`FileFormat`](super::FileFormat).
#[derive(Clone)]
pub struct FileContent {
    /// Where it was found.
    pub path: PathBuf,
    content: Arc<dyn Any + Send + Sync>,
}

impl FileContent {
    /// Makes the content of a file.
    #[must_use]
    pub fn new<T: Any + Send + Sync>(path: impl Into<PathBuf>, content: T) -> Self {
        Self { path: path.into(), content: Arc::new(content) }
    }

    /// Returns the content if it is a `T`.
    #[must_use]
    pub fn content<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.content.downcast_ref()
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileContent").field("path", &self.path).finish_non_exhaustive()
    }
}

impl fmt::Display for ParamValue {
    /// Writes the value as messages show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Duration(span) => span.fmt(f),
            Self::Time(time) => time.fmt(f),
            Self::Decimal(value) => value.fmt(f),
            Self::Quantity(quantity) => quantity.fmt(f),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Instrument(id) => write!(f, "instrument {id}"),
            Self::Listing(id) => write!(f, "listing {id}"),
            Self::File(file) => write!(f, "the file {}", file.path.display()),
            Self::Scalars(_) | Self::ByInstrument(_) | Self::Table(_) => f.write_str("a table"),
            Self::List(_) => f.write_str("a list"),
        }
    }
}

/// A Rust type that a parameter's value can be taken as.
pub trait FromParam: Sized {
    /// What the type is called in messages.
    const WANTED: &'static str;

    /// Returns the value, if it is of this type.
    fn from_param(value: &ParamValue) -> Option<Self>;
}

/// Converts one variant of [`ParamValue`] to and from the Rust type of its content.
macro_rules! convert {
    ($($variant:ident, $type:ty, $wanted:literal;)+) => {
        $(
            impl From<$type> for ParamValue {
                fn from(value: $type) -> Self {
                    Self::$variant(value)
                }
            }

            impl FromParam for $type {
                const WANTED: &'static str = $wanted;

                fn from_param(value: &ParamValue) -> Option<Self> {
                    match value {
                        ParamValue::$variant(value) => Some(value.clone()),
                        _ => None,
                    }
                }
            }
        )+
    };
}

convert! {
    Flag, bool, "a flag";
    Integer, i64, "an integer";
    Number, f64, "a number";
    Duration, SimDuration, "a duration";
    Time, SimTime, "a time";
    Decimal, Decimal, "a decimal";
    Quantity, Quantity, "a quantity";
    Text, String, "a text";
    Instrument, InstrumentId, "an instrument";
    Listing, ListingId, "a listing";
    File, FileContent, "a file";
    Scalars, Vec<(String, Scalar)>, "a table of scalars";
    List, Vec<ParamValue>, "a list";
    ByInstrument, Vec<(InstrumentId, ParamValue)>, "a table by symbol";
    Table, Values, "a table";
}

/// Converts lists of lists, and lists of numbers, item by item.
macro_rules! convert_list {
    ($($item:ty, $wanted:literal;)+) => {
        $(
            impl From<Vec<$item>> for ParamValue {
                fn from(items: Vec<$item>) -> Self {
                    Self::List(items.into_iter().map(Into::into).collect())
                }
            }

            impl FromParam for Vec<$item> {
                const WANTED: &'static str = $wanted;

                fn from_param(value: &ParamValue) -> Option<Self> {
                    match value {
                        ParamValue::List(items) => items.iter().map(FromParam::from_param).collect(),
                        _ => None,
                    }
                }
            }
        )+
    };
}

convert_list! {
    f64, "a list of numbers";
    Vec<f64>, "a list of lists of numbers";
    Values, "a list of tables";
}

impl From<&str> for ParamValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
