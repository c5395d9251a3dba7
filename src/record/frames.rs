//! Frames from columns: of groups that are kept in memory, and of what is read back from CSV.

use polars_core::prelude::{
    AnyValue, Column, DataFrame, DataType, Int64Chunked, Int128Chunked, IntoColumn, IntoSeries, NamedFrom,
    NewChunkedArray, PolarsResult, Scalar, Series, TimeUnit,
};

use super::row_group::RowGroup;
use super::row_group::column::Column as Cells;
use super::row_group::interner::Interner;
use super::schema::{LABELS, MONEY_PRECISION, MONEY_SCALE, all_columns};
use super::table::Table;
use bearpit_core::units::{Money, Seed};

/// One column of a frame under construction.
pub(super) enum Values<'a> {
    Number(Vec<Option<f64>>),
    Count(Vec<Option<u64>>),
    Small(Vec<u32>),
    Text(Vec<Option<&'a str>>),
    Time(Vec<i64>),
    Money(Vec<i128>),
}

/// Returns the double nearest to an amount in units.
pub(super) fn double(units: i128) -> f64 {
    Money::from_units(units).to_f64()
}

/// Returns the frame of a group, with the label on each row.
pub(super) fn of_group(
    group: &RowGroup,
    interner: &Interner,
    label: (&str, Seed),
) -> PolarsResult<DataFrame> {
    let own = group.columns.iter().map(|cells| values(cells, interner));
    let frame = frame(group.table, own.collect())?;
    let [(scenario, _), (seed, _)] = LABELS;
    let name = Scalar::new(DataType::String, AnyValue::StringOwned(label.0.into()));
    let labels = [(scenario, name), (seed, Scalar::from(label.1.get()))];
    frame.hstack(&labels.map(|(column, value)| Column::new_scalar(column.into(), value, group.rows)))
}

fn values<'a>(cells: &'a Cells, interner: &'a Interner) -> Values<'a> {
    match cells {
        Cells::Number(cells) => {
            Values::Number(cells.cells().cells().map(|cell| cell.map(f64::from_bits)).collect())
        }
        Cells::Count(cells) => Values::Count(cells.cells()),
        Cells::Small(cells) => Values::Small(cells.clone()),
        Cells::Word(cells) => {
            Values::Text(cells.cells().map(|number| number.map(|number| interner.get(number))).collect())
        }
        Cells::Text(cells) => Values::Text(cells.iter().map(Option::as_deref).collect()),
        Cells::Time(cells) => Values::Time(cells.clone()),
        Cells::Money(cells) => Values::Money(cells.cells().map(Option::unwrap_or_default).collect()),
    }
}

/// Puts columns together under the table's names; their order and types are those of the schema. The labels
/// may be left out.
pub(super) fn frame(table: Table, values: Vec<Values<'_>>) -> PolarsResult<DataFrame> {
    let named = all_columns(table).zip(values);
    let built: PolarsResult<Vec<Column>> = named.map(|((name, _), values)| column(name, values)).collect();
    DataFrame::new_infer_height(built?)
}

fn column(name: &str, values: Values<'_>) -> PolarsResult<Column> {
    Ok(match values {
        Values::Number(values) => Series::new(name.into(), values).into_column(),
        Values::Count(values) => Series::new(name.into(), values).into_column(),
        Values::Small(values) => Series::new(name.into(), values).into_column(),
        Values::Text(values) => Series::new(name.into(), values).into_column(),
        Values::Time(values) => Int64Chunked::from_vec(name.into(), values)
            .into_datetime(TimeUnit::Nanoseconds, None)
            .into_column(),
        Values::Money(values) => Int128Chunked::from_slice(name.into(), &values)
            .into_decimal(MONEY_PRECISION, MONEY_SCALE)?
            .into_series()
            .into_column(),
    })
}
