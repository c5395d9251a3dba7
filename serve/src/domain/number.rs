//! [`Number`]: an exact decimal number in JSON.

use std::borrow::Cow;
use std::fmt;

use bearpit_core::units::{Decimal, Money};
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An exact decimal number: money, a price or a quantity.
///
/// It is written as a string of digits, and read from one or from a number of JSON, of which the digits
/// themselves are read: no float comes between. An exponent is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number(pub Decimal);

impl Number {
    /// Makes one of an amount of money.
    #[must_use]
    pub const fn of_money(money: Money) -> Self {
        Self(Decimal::new(money.units(), Money::SCALE))
    }

    /// Makes one of a count of units: ticks of a price, lots of a quantity. `None` if that overflows.
    #[must_use]
    pub fn of_units(count: i64, unit: Decimal) -> Option<Self> {
        unit.checked_mul(Decimal::new(i128::from(count), 0)).map(Self)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str::<Cow<'_, str>>(raw.get()).map_err(D::Error::custom)?,
            _ => Cow::Borrowed(raw.get()),
        };
        // What separates digits in a scenario is no part of JSON.
        let read = text.parse().ok().filter(|_| !text.contains('_') && !text.starts_with('+'));
        let expected = "a decimal number without exponent, as \"100.25\" or 100.25";
        read.map(Self)
            .ok_or_else(|| D::Error::invalid_value(Unexpected::Other(&format!("`{text}`")), &expected))
    }
}

impl PartialSchema for Number {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::Custom("decimal".to_owned())))
            .pattern(Some("^-?[0-9]+(\\.[0-9]+)?$"))
            .description(Some("An exact decimal number. A number of JSON is read as well, by its digits."))
            .examples(["100.25"])
            .into()
    }
}

impl ToSchema for Number {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Number, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn the_digits_of_a_number_are_read_not_a_float_near_it() {
        for (json, text) in [
            ("\"100.25\"", "100.25"),
            ("100.25", "100.25"),
            ("9007199254740993.1", "9007199254740993.1"),
            ("-0.0000000001", "-0.0000000001"),
            ("7", "7"),
        ] {
            assert_eq!(read(json).unwrap().to_string(), text);
            assert_eq!(serde_json::to_string(&read(json).unwrap()).unwrap(), format!("\"{text}\""));
        }
    }

    #[test]
    fn what_is_no_plain_decimal_is_refused_with_what_is_allowed() {
        for json in ["1e3", "\"\"", "\"1_000\"", "\"+1\"", "\"NaN\"", "null", "true", "[1]", "\".5\"", "{}"] {
            let error = read(json).unwrap_err();
            assert!(error.contains("a decimal number without exponent"), "{json}: {error}");
        }
    }

    #[test]
    fn money_and_units_keep_all_of_their_places() {
        assert_eq!(Number::of_money(Money::from_units(1)).to_string(), "0.0000000001");
        assert_eq!(Number::of_units(10_002, Decimal::new(1, 2)).unwrap().to_string(), "100.02");
    }
}
