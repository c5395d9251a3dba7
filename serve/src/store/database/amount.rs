//! [`Amount`]: an exact decimal number in the database.

use bearpit_core::units::{Decimal, Money};
use serde::{Deserialize, Serialize};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgValueFormat, PgValueRef, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Encode, Type};

/// An exact decimal number, counted in units of 10^-10 as [`Money`] is: an amount of money, a price, a
/// quantity.
///
/// PostgreSQL has it as `NUMERIC(38, 0)`, SQLite as text. The library's own types of decimal numbers have 28
/// digits, and money has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(pub i128);

/// How many values a digit of PostgreSQL's has.
const BASE: u128 = 10_000;
/// What stands for a number below zero.
const NEGATIVE: u16 = 0x4000;

impl Amount {
    /// Makes one of a number with at most ten decimals, as prices and quantities of all instruments have.
    /// `None` if it has more, or is too great.
    #[must_use]
    pub fn of(decimal: Decimal) -> Option<Self> {
        decimal.scaled(Money::SCALE).map(Self)
    }

    /// Returns it as a decimal number.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        Decimal::new(self.0, Money::SCALE)
    }

    /// Returns it as money.
    #[must_use]
    pub const fn money(self) -> Money {
        Money::from_units(self.0)
    }
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(money.units())
    }
}

impl Type<Sqlite> for Amount {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for Amount {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode(self.0.to_string(), buffer)
    }
}

impl Decode<'_, Sqlite> for Amount {
    fn decode(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self(<&str as Decode<Sqlite>>::decode(value)?.parse()?))
    }
}

impl Type<Postgres> for Amount {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1700))
    }
}

impl Encode<'_, Postgres> for Amount {
    /// Writes it as PostgreSQL sends it: how many digits to the base of 10,000, the place of the first, the
    /// sign, the number of decimals, the digits.
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let mut digits = Vec::new();
        let mut rest = self.0.unsigned_abs();
        while rest != 0 {
            digits.push(u16::try_from(rest % BASE)?);
            rest /= BASE;
        }
        let count = u16::try_from(digits.len())?;
        let sign = if self.0 < 0 { NEGATIVE } else { 0 };
        for word in [count, count.saturating_sub(1), sign, 0].into_iter().chain(digits.into_iter().rev()) {
            buffer.extend_from_slice(&word.to_be_bytes());
        }
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Amount {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Text => Ok(Self(value.as_str()?.parse()?)),
            PgValueFormat::Binary => {
                decode(value.as_bytes()?).map(Self).ok_or_else(|| "not a whole number of 38 digits".into())
            }
        }
    }
}

/// Reads what PostgreSQL sends. `None` for what is no whole number, or too great.
fn decode(bytes: &[u8]) -> Option<i128> {
    let (words, []) = bytes.as_chunks::<2>() else { return None };
    let [count, weight, sign, _, digits @ ..] = words else { return None };
    let [count, weight, sign] = [count, weight, sign].map(|word| u16::from_be_bytes(*word));
    if digits.len() != usize::from(count) || (sign != 0 && sign != NEGATIVE) {
        return None;
    }
    // Zeros at the end are not sent.
    let places = if digits.is_empty() { 0 } else { usize::from(weight) + 1 };
    if places < digits.len() || places > 10 {
        return None;
    }
    let zeros = std::iter::repeat_n(0, places - digits.len());
    let digits = digits.iter().map(|digit| u128::from(u16::from_be_bytes(*digit))).chain(zeros);
    let size = digits.into_iter().try_fold(0_u128, |size, digit| {
        size.checked_mul(BASE)?.checked_add(digit).filter(|_| digit < BASE)
    })?;
    if sign == NEGATIVE { 0_i128.checked_sub_unsigned(size) } else { 0_i128.checked_add_unsigned(size) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_whole_number_is_no_amount() {
        // NaN; a fraction; a digit too few; too great.
        assert_eq!(decode(&[0, 0, 0, 0, 0xC0, 0, 0, 0]), None);
        assert_eq!(decode(&[0, 1, 0xFF, 0xFF, 0, 0, 0, 1, 0, 5]), None);
        assert_eq!(decode(&[0, 2, 0, 1, 0, 0, 0, 0, 0, 5]), None);
        assert_eq!(decode(&[0, 1, 0, 9, 0, 0, 0, 0, 0x27, 0x0F]), None);
        assert_eq!(decode(&[0, 1, 0, 1, 0x40, 0, 0, 0, 0, 5]), Some(-50_000));
    }
}
