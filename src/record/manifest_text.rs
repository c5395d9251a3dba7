//! How typed fields of the manifest stand in its file: as the text that they are displayed as.
//!
//! One module for each field that needs it, for `#[serde(with)]`: an error then names the field.

use bearpit_core::units::{Decimal, Money};

/// Declares modules that write a field by its `Display` and read it by a function from text.
macro_rules! text_fields {
    ($($field:ident: $type:ty, $read:expr, $what:literal;)*) => {$(
        pub(super) mod $field {
            use serde::{Deserialize, Deserializer, Serializer, de::Error};

            #[allow(unused_imports, reason = "not every field needs all types")]
            use super::super::{format::Format, table::Table};
            #[allow(unused_imports, reason = "not every field needs all types")]
            use bearpit_core::{market::BarInterval, units::{Decimal, Money, SimDuration, SimTime}};

            pub(in crate::record) fn serialize<S: Serializer>(value: &$type, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(value)
            }

            pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(from)?;
                let read: fn(&str) -> Option<$type> = $read;
                let name = stringify!($field);
                read(&text).ok_or_else(|| D::Error::custom(format!("`{name}` is `{text}`, which is no {}", $what)))
            }
        }
    )*};
}

text_fields! {
    start: SimTime, |text| text.parse().ok(), "time";
    end: SimTime, |text| text.parse().ok(), "time";
    first: SimTime, |text| text.parse().ok(), "time";
    last: SimTime, |text| text.parse().ok(), "time";
    file_end: SimTime, |text| text.parse().ok(), "time";
    bar_length: SimDuration, |text| text.parse().ok(), "duration";
    half_spread: Decimal, |text| text.parse().ok(), "number";
    bar_interval: BarInterval, |text| text.parse().ok(), "interval of bars";
    sample_interval: SimDuration, |text| text.parse().ok(), "duration";
    interval: SimDuration, |text| text.parse().ok(), "duration";
    format: Format, |text| text.parse().ok(), "format of tables";
    tick_size: Decimal, |text| text.parse().ok(), "decimal number";
    lot_size: Decimal, |text| text.parse().ok(), "decimal number";
    multiplier: Decimal, |text| text.parse().ok(), "decimal number";
    cost: Money, super::possible_money, "amount of money that an account can have";
    initial_cash: Money, super::money, "amount of money";
    initial_equity: Money, super::possible_money, "amount of money that an account can have";
    final_equity: Money, super::money, "amount of money";
    profit: Money, super::money, "amount of money";
    fees: Money, super::money, "amount of money";
    financing: Money, super::money, "amount of money";
}

/// No order of a run is worth more, so that no sum over its fills can overflow: 10^20 of the currency.
const MONEY_MAX: Money = Money::from_units(10_i128.pow(30));

fn money(text: &str) -> Option<Money> {
    text.parse::<Decimal>().ok().and_then(Money::from_decimal)
}

/// Reads what round trips are computed from.
fn possible_money(text: &str) -> Option<Money> {
    money(text).filter(|amount| -MONEY_MAX <= *amount && *amount <= MONEY_MAX)
}

/// How many periods a year has.
pub(super) mod periods_per_year {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use bearpit_core::units::Decimal;

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(in crate::record) fn serialize<S: Serializer>(
        value: &Option<Decimal>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(count) => to.collect_str(count),
            None => to.serialize_none(),
        }
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Decimal>, D::Error> {
        let read = |text: String| {
            let count = text.parse::<Decimal>().ok().filter(|count| count.is_positive());
            count.ok_or_else(|| {
                D::Error::custom(format!("`periods_per_year` is `{text}`, which is no number above 0"))
            })
        };
        Option::<String>::deserialize(from)?.map(read).transpose()
    }
}

/// The intervals of the `bars` table.
pub(super) mod bars {
    use serde::ser::SerializeSeq;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use bearpit_core::market::BarInterval;

    pub(in crate::record) fn serialize<S: Serializer>(
        value: &[BarInterval],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(value.len()))?;
        value.iter().try_for_each(|interval| list.serialize_element(&interval.to_string()))?;
        list.end()
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<BarInterval>, D::Error> {
        let read = |text: String| {
            let interval = text.parse().ok();
            interval
                .ok_or_else(|| D::Error::custom(format!("`bars` has `{text}`, which is no interval of bars")))
        };
        Vec::<String>::deserialize(from)?.into_iter().map(read).collect()
    }
}

/// The tables that were not recorded.
pub(super) mod not_recorded {
    use serde::ser::SerializeSeq;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::record::table::Table;

    pub(in crate::record) fn serialize<S: Serializer>(value: &[Table], to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(value.len()))?;
        value.iter().try_for_each(|table| list.serialize_element(table.name()))?;
        list.end()
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Table>, D::Error> {
        let read = |text: String| {
            let table = Table::ALL.into_iter().find(|table| table.name() == text);
            table.ok_or_else(|| D::Error::custom(format!("`not_recorded` has `{text}`, which is no table")))
        };
        Vec::<String>::deserialize(from)?.into_iter().map(read).collect()
    }
}
