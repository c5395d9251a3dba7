//! [`ColumnPages`]: a column of a row group of Parquet, piece by piece: pages of numbers and, at the end, of
//! the values that they stand for.
//!
//! The numbers are there already, so that they only have to be packed: Polars, which makes pages of any
//! array, takes several times as long. Values that hardly come again stand in the pages themselves.

use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::page::{DataPage, DataPageHeader, DataPageHeaderV1, DictPage, Page};
use polars_parquet::write::{Descriptor, Encoding};

use super::delta_page::delta_page;
use super::frames::double;
use super::page_bytes::{PageBytes, begin_levels, pack, pack_presence, same, same_number, statistics};
use super::row_group::column::Column;
use super::row_group::dictionary_column::{DictionaryColumn, NULL, Numbers};
use super::row_group::interner::Interner;

/// The smallest and the largest value of a column, as they stand in a page.
type Bounds = Option<[Vec<u8>; 2]>;

/// The pages of a column of a row group.
#[derive(Debug, Default)]
pub(super) struct ColumnPages {
    pages: Vec<PageBytes>,
    /// The smallest and the largest time or count.
    extremes: Option<[i128; 2]>,
}

impl ColumnPages {
    /// Makes a page of the rows of a column, unless all of its pages are made at the end.
    ///
    /// With `floats`, money is the nearest double.
    pub(super) fn add(&mut self, column: &Column, floats: bool) {
        let page = match column {
            Column::Number(cells) => value_page(cells.cells(), |bits| bits.to_le_bytes()),
            Column::Word(cells) => number_page(cells),
            Column::Money(cells) if floats => value_page(cells, |units| double(*units).to_le_bytes()),
            Column::Money(cells) => value_page(cells, |units| units.to_be_bytes()),
            Column::Count(cells) => {
                let (page, extremes) = delta_page(cells.values(), cells.nulls());
                self.widen(extremes);
                page
            }
            Column::Time(cells) => {
                let (page, extremes) = delta_page(cells, &[]);
                self.widen(extremes);
                page
            }
            Column::Small(_) | Column::Text(_) => return,
        };
        self.pages.push(page);
    }

    fn widen(&mut self, more: Option<[i128; 2]>) {
        let both = self.extremes.zip(more);
        self.extremes =
            both.map(|(one, other)| [one[0].min(other[0]), one[1].max(other[1])]).or(more).or(self.extremes);
    }

    /// Returns all pages of a column, with that of the values first, and forgets them.
    pub(super) fn finish(
        &mut self,
        column: &Column,
        interner: &Interner,
        floats: bool,
        descriptor: &Descriptor,
    ) -> Vec<Page> {
        let pages = std::mem::take(&mut self.pages);
        let (values, bounds) = match column {
            Column::Number(cells) => {
                let cells = cells.cells();
                let bounds = double_bounds(cells.values().iter().map(|bits| f64::from_bits(*bits)));
                (values(cells, |bits| bits.to_le_bytes()), bounds)
            }
            Column::Money(cells) if floats => {
                let bounds = double_bounds(cells.values().iter().map(|units| double(*units)));
                (values(cells, |units| double(*units).to_le_bytes()), bounds)
            }
            Column::Money(cells) => {
                let bounds = cells.values().iter().min().zip(cells.values().iter().max());
                let bounds = bounds.map(|(min, max)| [min, max].map(|bound| bound.to_be_bytes().to_vec()));
                (values(cells, |units| units.to_be_bytes()), bounds)
            }
            Column::Word(cells) => words(cells.values().iter().map(|number| interner.get(*number))),
            Column::Count(_) | Column::Time(_) | Column::Small(_) | Column::Text(_) => {
                let bounds = self.extremes.take();
                let bytes = |bound: i128| bound.to_le_bytes()[..8].to_vec();
                (None, bounds.map(|bounds| bounds.map(bytes)))
            }
        };
        let is_numbered = pages.iter().any(|page| page.encoding == Encoding::RleDictionary);
        let values = values.filter(|_| is_numbered).map(Page::Dict);
        let pages = pages.into_iter().map(|page| data_page(page, bounds.clone(), descriptor.clone()));
        values.into_iter().chain(pages).collect()
    }
}

/// Returns the pages of one text that all rows have.
pub(super) fn pages_of_text(text: &str, rows: usize, descriptor: &Descriptor) -> Vec<Page> {
    let (values, bounds) = words([text].into_iter());
    let page = data_page(page_of_one(rows, 0, 1), bounds, descriptor.clone());
    values.map(Page::Dict).into_iter().chain([page]).collect()
}

/// Returns the pages of one count that all rows have.
pub(super) fn pages_of_count(count: u64, rows: usize, descriptor: &Descriptor) -> Vec<Page> {
    let bytes = count.to_le_bytes().to_vec();
    let bounds = Some([bytes.clone(), bytes.clone()]);
    let values = DictPage::new(CowBuffer::Owned(bytes), 1, false);
    vec![Page::Dict(values), data_page(page_of_one(rows, 0, 1), bounds, descriptor.clone())]
}

/// Returns the page of a column's values of a fixed size.
fn values<T: Copy + Eq, N: Numbers<T>, const SIZE: usize>(
    cells: &DictionaryColumn<T, N>,
    bytes: impl Fn(&T) -> [u8; SIZE],
) -> Option<DictPage> {
    let values = cells.looked_up();
    let buffer = values.iter().flat_map(bytes).collect();
    Some(DictPage::new(CowBuffer::Owned(buffer), values.len(), false))
}

/// Returns the page of words, and their bounds.
fn words<'a>(words: impl Iterator<Item = &'a str> + Clone) -> (Option<DictPage>, Bounds) {
    let bounds = words.clone().min().zip(words.clone().max());
    let bounds = bounds.map(|(min, max)| [min, max].map(|bound| bound.as_bytes().to_vec()));
    let (mut values, mut count) = (Vec::new(), 0);
    for word in words {
        // Text of a market's words is far below 2^32 bytes.
        values.extend_from_slice(&u32::try_from(word.len()).unwrap_or(u32::MAX).to_le_bytes());
        values.extend_from_slice(word.as_bytes());
        count += 1;
    }
    (Some(DictPage::new(CowBuffer::Owned(values), count, false)), bounds)
}

fn double_bounds(values: impl Iterator<Item = f64> + Clone) -> Bounds {
    let (min, max) = values
        .clone()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), value| (min.min(value), max.max(value)));
    // Zero of either sign is within, and no bounds hold what is no number.
    let (min, max) = (if min.abs() > 0.0 { min } else { -0.0 }, if max.abs() > 0.0 { max } else { 0.0 });
    let bounds = [min, max].map(|bound| bound.to_le_bytes().to_vec());
    let mut values = values;
    Some(bounds).filter(|_| min <= max && values.all(|value| !value.is_nan()))
}

/// Returns a page of values of a fixed size: of their numbers, or of themselves where most differ.
fn value_page<T: Copy + Eq, N: Numbers<T>, const SIZE: usize>(
    cells: &DictionaryColumn<T, N>,
    bytes: impl Fn(&T) -> [u8; SIZE],
) -> PageBytes {
    if !cells.is_plain() {
        return number_page(cells);
    }
    let rows = cells.keys().rows();
    let mut data = Vec::with_capacity(rows * SIZE);
    let nulls = levels(&mut data, cells);
    for key in cells.keys().iter() {
        if let Some(value) = cells.values().get(key as usize) {
            data.extend_from_slice(&bytes(value));
        }
    }
    PageBytes { data, rows, nulls, encoding: Encoding::Plain }
}

/// Returns a page of the numbers of values.
fn number_page<T: Copy + Eq, N: Numbers<T>>(cells: &DictionaryColumn<T, N>) -> PageBytes {
    let keys = cells.keys();
    let (rows, count) = (keys.rows(), cells.values().len());
    if let Some(key) = keys.same().filter(|key| *key != NULL) {
        return page_of_one(rows, key, count);
    }
    let keys = keys.differing();
    let mut data = Vec::with_capacity(2 * rows);
    let nulls = levels(&mut data, cells);
    let width = width(count);
    data.push(width.to_le_bytes()[0]);
    match (width, nulls) {
        (0, _) => same_number(&mut data, rows - nulls),
        (_, 0) => pack(&mut data, keys, width),
        _ => {
            let known: Vec<u32> = keys.iter().copied().filter(|key| *key != NULL).collect();
            pack(&mut data, &known, width);
        }
    }
    PageBytes { data, rows, nulls, encoding: Encoding::RleDictionary }
}

/// Returns a page of rows that all have one number, of so many.
fn page_of_one(rows: usize, key: u32, count: usize) -> PageBytes {
    let mut data = Vec::new();
    begin_levels(&mut data, |data| same(data, rows, 1));
    let width = width(count);
    data.push(width.to_le_bytes()[0]);
    same_number(&mut data, rows);
    data.extend_from_slice(&key.to_le_bytes()[..width.div_ceil(8) as usize]);
    PageBytes { data, rows, nulls: 0, encoding: Encoding::RleDictionary }
}

/// Returns the bits of the largest of so many numbers.
fn width(count: usize) -> u32 {
    count.saturating_sub(1).checked_ilog2().map_or(0, |bits| bits + 1)
}

/// Writes which rows have a value, and returns how many have none.
fn levels<T: Copy + Eq, N: Numbers<T>>(data: &mut Vec<u8>, cells: &DictionaryColumn<T, N>) -> usize {
    let keys = cells.keys();
    let rows = keys.rows();
    let nulls = match keys.same() {
        Some(NULL) => rows,
        None if cells.has_nulls() => keys.differing().iter().filter(|key| **key == NULL).count(),
        _ => 0,
    };
    begin_levels(data, |data| match nulls {
        0 => same(data, rows, 1),
        _ if nulls == rows => same(data, rows, 0),
        _ => pack_presence(data, keys.differing(), NULL),
    });
    nulls
}

/// Returns a page with its header. All pages of a column have the bounds of the column: they hold what is in
/// each.
fn data_page(page: PageBytes, bounds: Bounds, descriptor: Descriptor) -> Page {
    let PageBytes { data, rows, nulls, encoding } = page;
    let header = DataPageHeaderV1 {
        // A piece has some thousand rows.
        num_values: i32::try_from(rows).unwrap_or(i32::MAX),
        encoding: encoding.into(),
        definition_level_encoding: Encoding::Rle.into(),
        repetition_level_encoding: Encoding::Rle.into(),
        statistics: Some(statistics(nulls, bounds)),
    };
    Page::Data(DataPage::new(DataPageHeader::V1(header), CowBuffer::Owned(data), descriptor, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_of_either_sign_is_within_bounds_and_what_is_no_number_has_none() {
        let bounds = |values: &[f64]| {
            let bounds = double_bounds(values.iter().copied())?;
            Some(bounds.map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap())).map(f64::from_bits))
        };
        assert_eq!(bounds(&[2.0, 1.5]), Some([1.5, 2.0]));
        let zero = bounds(&[0.0, 3.0]).unwrap();
        assert_eq!(zero.map(f64::to_bits), [-0.0_f64, 3.0].map(f64::to_bits));
        let zero = bounds(&[-3.0, -0.0]).unwrap();
        assert_eq!(zero.map(f64::to_bits), [-3.0_f64, 0.0].map(f64::to_bits));
        assert_eq!(bounds(&[1.0, f64::NAN]), None);
        assert_eq!(bounds(&[]), None);
    }

    #[test]
    fn rows_of_one_number_say_which() {
        // 3 of 5 numbers has three bits, and a byte.
        let page = page_of_one(1_000, 3, 5);
        assert_eq!(page.data[page.data.len() - 4..], [3, 0b1101_0000, 0b0000_1111, 3]);
        // 300 of 301 has two bytes, and the only one none.
        assert_eq!(page_of_one(1, 300, 301).data[6..], [9, 2, 44, 1]);
        assert_eq!(page_of_one(1, 0, 1).data[6..], [0, 2]);
    }
}
