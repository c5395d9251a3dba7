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

/// Writes numbers of `width` bits each, the lowest bit first; what is left of the last eight numbers is zero.
pub(super) fn pack(data: &mut Vec<u8>, numbers: &[u32], width: u32) {
    begin_packed(data, numbers.len());
    let start = data.len();
    let bytes = width as usize;
    // Eight numbers are as many bytes as one has bits; each eight are written as 32 bytes, over which the
    // next are written.
    data.resize(start + numbers.len().div_ceil(8) * bytes + 32, 0);
    let mut at = start;
    let (eights, rest) = numbers.as_chunks();
    for eight in eights {
        data[at..at + 32].copy_from_slice(&packed_eight(eight, width));
        at += bytes;
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        data[at..at + 32].copy_from_slice(&packed_eight(&last, width));
        at += bytes;
    }
    data.truncate(at);
}

/// Writes that so many numbers follow, packed.
fn begin_packed(data: &mut Vec<u8>, count: usize) {
    leb128(data, (count.div_ceil(8) as u64) << 1 | 1);
}

/// Returns eight numbers of `width` bits each, which are 32 at most.
#[inline]
pub(super) fn packed_eight(numbers: &[u32; 8], width: u32) -> [u8; 32] {
    let [a, b, c, d, e, f, g, h] = numbers.map(u64::from);
    let pair = |low: u64, high: u64| low | high << width;
    let four = |low: u64, high: u64| u128::from(low) | u128::from(high) << (2 * width);
    let (low, high) = (four(pair(a, b), pair(c, d)), four(pair(e, f), pair(g, h)));
    let mut bytes = [0; 32];
    let shift = 4 * width;
    if shift < u128::BITS {
        bytes[..16].copy_from_slice(&(low | high << shift).to_le_bytes());
        // Without a width nothing is left of the second four.
        let carried = if shift == 0 { 0 } else { high >> (u128::BITS - shift) };
        bytes[16..].copy_from_slice(&carried.to_le_bytes());
    } else {
        bytes[..16].copy_from_slice(&low.to_le_bytes());
        bytes[16..].copy_from_slice(&high.to_le_bytes());
    }
    bytes
}

/// Writes which of some rows have a value, a bit each: those whose number is not `absent`.
pub(super) fn pack_presence(data: &mut Vec<u8>, numbers: &[u32], absent: u32) {
    begin_packed(data, numbers.len());
    let (eights, rest) = numbers.as_chunks::<8>();
    let bits = |numbers: &[u32]| {
        let bit = |(place, number): (usize, &u32)| u8::from(*number != absent) << place;
        numbers.iter().enumerate().map(bit).fold(0, |byte, bit| byte | bit)
    };
    data.extend(eights.iter().map(|eight| bits(eight)));
    if !rest.is_empty() {
        data.push(bits(rest));
    }
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
        pack(&mut data, &[0, 1, 2, 3, 4, 5, 6, 7], 3);
        assert_eq!(data, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
    }

    #[test]
    fn what_is_present_is_a_bit_for_each_row() {
        let mut data = Vec::new();
        pack_presence(&mut data, &[7, 9, 7, 7, 9, 9, 9, 7, 9, 7, 9], 9);
        assert_eq!(data, [0b101, 0b1000_1101, 0b010]);
    }

    #[test]
    fn any_width_and_count_reads_back() {
        for width in 0..=32_u32 {
            for count in [1, 7, 8, 9, 31, 64, 1_000] {
                let mask = u32::MAX.checked_shr(32 - width).unwrap_or(0);
                let given: Vec<u32> =
                    (0..count).map(|it: u32| it.wrapping_mul(2_654_435_761) & mask).collect();
                let mut data = Vec::new();
                pack(&mut data, &given, width);
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
