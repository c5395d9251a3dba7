//! Columns of a row group as Arrow's arrays, with the label on each row.
//!
//! Series would be made of lists of cells, which are made of the columns: here each cell is put in its place
//! once.

use polars_arrow::array::{Array, PrimitiveArray, Utf8ViewArray};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::ArrowDataType;
use polars_arrow::types::NativeType;

use super::frames::double;
use super::row_group::RowGroup;
use super::row_group::column::Column;
use super::row_group::dictionary_column::{DictionaryColumn, NULL, Numbers};
use super::row_group::interner::Interner;
use bearpit_core::units::Seed;

/// Returns the columns of a group, of these types: money may be a double.
pub(super) fn arrays<'a>(
    group: &RowGroup,
    interner: &Interner,
    (scenario, seed): (&str, Seed),
    types: impl Iterator<Item = &'a ArrowDataType>,
) -> Vec<Box<dyn Array>> {
    let mut types = types.cloned();
    let own = group.columns.iter().zip(types.by_ref()).map(|(column, dtype)| array(column, interner, dtype));
    let mut arrays: Vec<Box<dyn Array>> = own.collect();
    let scenario = Utf8ViewArray::from_slice_values(vec![scenario; group.rows]);
    arrays.push(Box::new(scenario));
    arrays.push(Box::new(PrimitiveArray::from_vec(vec![seed.get(); group.rows])));
    arrays
}

fn array(column: &Column, interner: &Interner, dtype: ArrowDataType) -> Box<dyn Array> {
    match column {
        Column::Number(cells) => values(cells.cells(), dtype, |bits| f64::from_bits(*bits)),
        Column::Money(cells) if dtype == ArrowDataType::Float64 => {
            values(cells, dtype, |units| double(*units))
        }
        Column::Money(cells) => values(cells, dtype, |units| *units),
        Column::Word(cells) => {
            let word = |cell: Option<u32>| cell.map(|word| interner.get(word));
            Box::new(Utf8ViewArray::from_slice(cells.cells().map(word).collect::<Vec<_>>()))
        }
        Column::Text(cells) => {
            let texts: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
            Box::new(Utf8ViewArray::from_slice(texts))
        }
        Column::Count(cells) => {
            let (counts, nulls) = (cells.values(), cells.nulls());
            let mut next = nulls.iter().copied().peekable();
            let is_known = |row| next.next_if_eq(&row).is_none();
            let validity: Option<Bitmap> =
                (!nulls.is_empty()).then(|| (0..counts.len()).map(is_known).collect());
            Box::new(PrimitiveArray::new(dtype, counts.to_vec().into(), validity))
        }
        Column::Small(cells) => Box::new(PrimitiveArray::new(dtype, cells.clone().into(), None)),
        Column::Time(cells) => Box::new(PrimitiveArray::new(dtype, cells.clone().into(), None)),
    }
}

/// Returns numbered values as an array.
fn values<T: Copy + Eq, N: Numbers<T>, V: NativeType>(
    cells: &DictionaryColumn<T, N>,
    dtype: ArrowDataType,
    value: impl Fn(&T) -> V,
) -> Box<dyn Array> {
    let (keys, all) = (cells.keys(), cells.values());
    // A row without a value has any.
    let values: Vec<V> =
        keys.iter().map(|key| all.get(key as usize).map_or_else(V::default, &value)).collect();
    let validity: Option<Bitmap> = cells.has_nulls().then(|| keys.iter().map(|key| key != NULL).collect());
    Box::new(PrimitiveArray::new(dtype, values.into(), validity))
}
