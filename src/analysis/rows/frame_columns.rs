//! TimeBuckets of a piece of a table, typed.

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

/// Returns a column of money, exactly; a null reads as nothing.
pub(crate) fn monies(frame: &DataFrame, name: &str) -> PolarsResult<Vec<Money>> {
    let units = frame.column(name)?.decimal()?.physical();
    Ok(units.iter().map(|units| Money::from_units(units.unwrap_or_default())).collect())
}

/// Returns a text column; a null reads as empty.
pub(crate) fn texts<'a>(frame: &'a DataFrame, name: &str) -> PolarsResult<Vec<&'a str>> {
    Ok(frame.column(name)?.str()?.iter().map(Option::unwrap_or_default).collect())
}
