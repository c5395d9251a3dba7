//! Columns of a piece of a table, typed.

use polars_core::prelude::{DataFrame, DataType, PolarsResult};

use bearpit_core::units::Money;

/// Returns a time column, in nanoseconds.
pub(crate) fn times(frame: &DataFrame, name: &str) -> PolarsResult<Vec<i64>> {
    let column = frame.column(name)?.cast(&DataType::Int64)?;
    Ok(column.i64()?.iter().map(Option::unwrap_or_default).collect())
}

/// Returns a column of numbers or money as doubles.
pub(crate) fn numbers(frame: &DataFrame, name: &str) -> PolarsResult<Vec<Option<f64>>> {
    let column = frame.column(name)?.cast(&DataType::Float64)?;
    Ok(column.f64()?.iter().collect())
}

/// Returns the amount of money nearest to a double; beyond what money can be, nothing.
#[expect(clippy::cast_possible_truncation, reason = "a saturating cast of a bounded number")]
fn nearest(value: f64) -> Money {
    const UNITS: f64 = 1e10;
    Money::from_units((value * UNITS).round().clamp(-1e36, 1e36) as i128)
}

/// Returns a column of money, exactly, unless it was stored as doubles; a null reads as nothing.
pub(crate) fn monies(frame: &DataFrame, name: &str) -> PolarsResult<Vec<Money>> {
    let column = frame.column(name)?;
    if column.dtype() == &DataType::Float64 {
        return Ok(column.f64()?.iter().map(|value| nearest(value.unwrap_or_default())).collect());
    }
    let units = column.decimal()?.physical();
    Ok(units.iter().map(|units| Money::from_units(units.unwrap_or_default())).collect())
}

/// Returns a text column; a null reads as empty.
pub(crate) fn texts<'a>(frame: &'a DataFrame, name: &str) -> PolarsResult<Vec<&'a str>> {
    Ok(frame.column(name)?.str()?.iter().map(Option::unwrap_or_default).collect())
}
