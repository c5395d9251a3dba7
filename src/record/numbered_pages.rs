//! [`NumberedPages`]: a column of Parquet as a page of its values, each once, and a page of their numbers.
//!
//! The numbers are there already, so that they only have to be packed: Polars, which makes pages of any
//! array, takes several times as long.

use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::page::{DataPage, DataPageHeader, DataPageHeaderV1, DictPage, Page};
use polars_parquet::parquet::statistics::ParquetStatistics;
use polars_parquet::write::{Descriptor, Encoding};

use super::frames::double;
use super::row_group::dictionary_column::{DictionaryColumn, NULL, Numbers};
use super::row_group::interner::Interner;

/// The values of a column as they stand in a page, and the numbers of the rows.
#[derive(Debug, Default)]
pub(super) struct NumberedPages {
    /// The values one after the other.
    values: Vec<u8>,
    count: usize,
    /// The smallest and the largest.
    bounds: Option<[Vec<u8>; 2]>,
    rows: usize,
    nulls: usize,
    /// The data page: which rows have a value, and its number.
    data: Vec<u8>,
}

impl NumberedPages {
    /// Makes the pages of doubles.
    pub(super) fn of_numbers<N: Numbers<u64>>(cells: &DictionaryColumn<u64, N>) -> Self {
        Self::of_doubles(cells, |bits| f64::from_bits(*bits))
    }

    /// Makes the pages of money as the nearest doubles.
    pub(super) fn of_money_doubles<N: Numbers<i128>>(cells: &DictionaryColumn<i128, N>) -> Self {
        Self::of_doubles(cells, |units| double(*units))
    }

    fn of_doubles<T: Copy + Eq, N: Numbers<T>>(
        cells: &DictionaryColumn<T, N>,
        double: impl Fn(&T) -> f64,
    ) -> Self {
        let values = || cells.values().iter().map(&double);
        let (min, max) = values()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), value| (min.min(value), max.max(value)));
        // Zero of either sign is within, and no bounds hold what is no number.
        let (min, max) = (if min.abs() > 0.0 { min } else { -0.0 }, if max.abs() > 0.0 { max } else { 0.0 });
        let bounds = [min, max].map(|bound| bound.to_le_bytes().to_vec());
        let bounds = Some(bounds).filter(|_| min <= max && values().all(|value| !value.is_nan()));
        Self { values: values().flat_map(f64::to_le_bytes).collect(), bounds, ..Self::numbers_of(cells) }
    }

    /// Makes the pages of exact money.
    pub(super) fn of_money<N: Numbers<i128>>(cells: &DictionaryColumn<i128, N>) -> Self {
        let bytes = |units: &i128| units.to_be_bytes();
        let bounds = cells.values().iter().min().zip(cells.values().iter().max());
        let bounds = bounds.map(|(min, max)| [min, max].map(|bound| bytes(bound).to_vec()));
        Self { values: cells.values().iter().flat_map(bytes).collect(), bounds, ..Self::numbers_of(cells) }
    }

    /// Makes the pages of words.
    pub(super) fn of_words<N: Numbers<u32>>(cells: &DictionaryColumn<u32, N>, interner: &Interner) -> Self {
        let words = || cells.values().iter().map(|number| interner.get(*number));
        Self::of_texts(words, Self::numbers_of(cells))
    }

    /// Makes the pages of one text that all rows have.
    pub(super) fn of_text(text: &str, rows: usize) -> Self {
        Self::of_texts(|| std::iter::once(text), Self::of_one(rows))
    }

    /// Makes the pages of one count that all rows have.
    pub(super) fn of_count(count: u64, rows: usize) -> Self {
        let bytes = count.to_le_bytes().to_vec();
        Self { values: bytes.clone(), bounds: Some([bytes.clone(), bytes]), ..Self::of_one(rows) }
    }

    fn of_texts<'a, I: Iterator<Item = &'a str>>(texts: impl Fn() -> I, numbers: Self) -> Self {
        let bounds = texts().min().zip(texts().max());
        let mut values = Vec::new();
        for text in texts() {
            // Text of a market's words is far below 2^32 bytes.
            values.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            values.extend_from_slice(text.as_bytes());
        }
        let bounds = bounds.map(|(min, max)| [min, max].map(|bound| bound.as_bytes().to_vec()));
        Self { values, bounds, ..numbers }
    }

    fn of_one(rows: usize) -> Self {
        let mut data = Vec::new();
        begin_levels(&mut data, |data| same(data, rows, 1));
        data.push(0);
        same_number(&mut data, rows);
        Self { count: 1, rows, data, ..Self::default() }
    }

    fn numbers_of<T: Copy + Eq, N: Numbers<T>>(cells: &DictionaryColumn<T, N>) -> Self {
        let keys = cells.keys();
        let (rows, count) = (keys.len(), cells.values().len());
        let nulls = if cells.has_nulls() { keys.iter().filter(|key| **key == NULL).count() } else { 0 };
        let mut data = Vec::with_capacity(rows);
        begin_levels(&mut data, |data| match nulls {
            0 => same(data, rows, 1),
            _ if nulls == rows => same(data, rows, 0),
            _ => pack(data, keys.iter().map(|key| u32::from(*key != NULL)), rows, 1),
        });
        let width = count.saturating_sub(1).checked_ilog2().map_or(0, |bits| bits + 1);
        data.push(width.to_le_bytes()[0]);
        match (width, nulls) {
            (0, _) => same_number(&mut data, rows - nulls),
            (_, 0) => pack(&mut data, keys.iter().copied(), rows, width),
            _ => pack(&mut data, keys.iter().copied().filter(|key| *key != NULL), rows - nulls, width),
        }
        Self { count, rows, nulls, data, ..Self::default() }
    }

    /// Returns the page of values and that of numbers, of a column so described.
    pub(super) fn into_pages(self, descriptor: Descriptor) -> [Page; 2] {
        let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let [min_value, max_value] = self.bounds.map_or([None, None], |bounds| bounds.map(Some));
        let statistics = ParquetStatistics {
            null_count: Some(signed(self.nulls)),
            distinct_count: None,
            min_value,
            max_value,
            min: None,
            max: None,
            is_min_value_exact: None,
            is_max_value_exact: None,
        };
        let header = DataPageHeaderV1 {
            // A group has some thousand rows.
            num_values: i32::try_from(self.rows).unwrap_or(i32::MAX),
            encoding: Encoding::RleDictionary.into(),
            definition_level_encoding: Encoding::Rle.into(),
            repetition_level_encoding: Encoding::Rle.into(),
            statistics: Some(statistics),
        };
        let data = CowBuffer::Owned(self.data);
        let data = DataPage::new(DataPageHeader::V1(header), data, descriptor, self.rows);
        let values = DictPage::new(CowBuffer::Owned(self.values), self.count, false);
        [Page::Dict(values), Page::Data(data)]
    }
}

/// Writes which rows have a value, after the length of that.
fn begin_levels(data: &mut Vec<u8>, levels: impl FnOnce(&mut Vec<u8>)) {
    data.extend_from_slice(&[0; 4]);
    levels(data);
    let length = u32::try_from(data.len() - 4).unwrap_or(u32::MAX);
    data[..4].copy_from_slice(&length.to_le_bytes());
}

/// Writes a level that so many rows have.
fn same(data: &mut Vec<u8>, rows: usize, level: u8) {
    same_number(data, rows);
    data.push(level);
}

/// Writes that so many rows have the number that follows, which has no bytes where there is only one.
fn same_number(data: &mut Vec<u8>, rows: usize) {
    if rows > 0 {
        header(data, rows << 1);
    }
}

fn header(data: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        data.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    data.push(value.to_le_bytes()[0]);
}

/// Writes so many numbers of `width` bits each, the lowest bit first; what is left of the last eight numbers
/// is zero.
fn pack(data: &mut Vec<u8>, numbers: impl Iterator<Item = u32>, count: usize, width: u32) {
    let eights = count.div_ceil(8);
    header(data, eights << 1 | 1);
    let end = data.len() + eights * width as usize;
    data.reserve(end - data.len());
    let (mut bits, mut held) = (0_u64, 0_u32);
    for number in numbers {
        bits |= u64::from(number) << held;
        held += width;
        if held >= 32 {
            let [a, b, c, d, ..] = bits.to_le_bytes();
            data.extend_from_slice(&[a, b, c, d]);
            bits >>= 32;
            held -= 32;
        }
    }
    data.extend_from_slice(&bits.to_le_bytes()[..held.div_ceil(8) as usize]);
    data.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::row_group::dictionary_column::ByValue;

    #[test]
    fn numbers_are_packed_with_the_lowest_bit_first() {
        // The example of the format's own description: 0 to 7 with three bits each.
        let mut data = Vec::new();
        pack(&mut data, 0..8, 8, 3);
        assert_eq!(data, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
    }

    #[test]
    fn the_bounds_of_money_have_signs() {
        let mut cells = DictionaryColumn::<i128, ByValue<i128>>::default();
        [Some(0), Some(-5), Some(300), Some(-5)].into_iter().for_each(|cell| cells.push(cell));
        let bounds = NumberedPages::of_money(&cells).bounds.unwrap();
        assert_eq!(bounds, [-5_i128, 300].map(|bound| bound.to_be_bytes().to_vec()));
    }

    #[test]
    fn zero_of_either_sign_is_within_bounds_and_what_is_no_number_has_none() {
        let bounds = |values: &[f64]| {
            let mut cells = DictionaryColumn::<u64, ByValue<u64>>::default();
            values.iter().for_each(|value| cells.push(Some(value.to_bits())));
            let bounds = NumberedPages::of_numbers(&cells).bounds?;
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
    fn any_width_and_count_reads_back() {
        for width in 1..=32_u32 {
            for count in [1, 7, 8, 9, 31, 64, 1_000] {
                let mask = u32::MAX >> (32 - width);
                let given: Vec<u32> =
                    (0..count).map(|it: u32| it.wrapping_mul(2_654_435_761) & mask).collect();
                let mut data = Vec::new();
                pack(&mut data, given.iter().copied(), given.len(), width);
                let start = data.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
                let bit = |place: usize| u32::from(data[start + place / 8] >> (place % 8) & 1);
                let number =
                    |row: usize| (0..width as usize).map(|it| bit(row * width as usize + it) << it).sum();
                let found: Vec<u32> = (0..given.len()).map(number).collect();
                assert_eq!(found, given, "{count} of {width} bits");
                assert_eq!(data.len(), start + given.len().div_ceil(8) * width as usize);
            }
        }
    }
}
