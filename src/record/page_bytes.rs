//! Bytes that pages of Parquet have in common: levels, runs, packed numbers.

use polars_parquet::parquet::statistics::ParquetStatistics;
use polars_parquet::write::Encoding;

/// A page before it has a header.
#[derive(Debug)]
pub(super) struct PageBytes {
    pub(super) data: Vec<u8>,
    pub(super) rows: usize,
    /// How many rows have no value.
    pub(super) nulls: usize,
    pub(super) encoding: Encoding,
}

/// Writes which rows have a value, after the length of that.
pub(super) fn begin_levels(data: &mut Vec<u8>, levels: impl FnOnce(&mut Vec<u8>)) {
    data.extend_from_slice(&[0; 4]);
    levels(data);
    let length = u32::try_from(data.len() - 4).unwrap_or(u32::MAX);
    data[..4].copy_from_slice(&length.to_le_bytes());
}

/// Writes a level that so many rows have.
pub(super) fn same(data: &mut Vec<u8>, rows: usize, level: u8) {
    same_number(data, rows);
    data.push(level);
}

/// Writes that so many rows have the number that follows, which has no bytes where there is only one.
pub(super) fn same_number(data: &mut Vec<u8>, rows: usize) {
    if rows > 0 {
        leb128(data, (rows as u64) << 1);
    }
}

/// Writes a number, seven bits a byte, the lowest first.
pub(super) fn leb128(data: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        data.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    data.push(value.to_le_bytes()[0]);
}

/// Writes so many numbers of `width` bits each, the lowest bit first; what is left of the last eight numbers
/// is zero.
pub(super) fn pack(data: &mut Vec<u8>, numbers: impl Iterator<Item = u32>, count: usize, width: u32) {
    let eights = count.div_ceil(8);
    leb128(data, (eights as u64) << 1 | 1);
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

/// Returns what a page says of its values: how many are absent, and the smallest and the largest.
pub(super) fn statistics(nulls: usize, bounds: Option<[Vec<u8>; 2]>) -> ParquetStatistics {
    let [min_value, max_value] = bounds.map_or([None, None], |bounds| bounds.map(Some));
    ParquetStatistics {
        null_count: Some(i64::try_from(nulls).unwrap_or(i64::MAX)),
        distinct_count: None,
        min_value,
        max_value,
        min: None,
        max: None,
        is_min_value_exact: None,
        is_max_value_exact: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_packed_with_the_lowest_bit_first() {
        // The example of the format's own description: 0 to 7 with three bits each.
        let mut data = Vec::new();
        pack(&mut data, 0..8, 8, 3);
        assert_eq!(data, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
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
