//! [`delta_page`]: a column of times or counts as a page of differences (Parquet's `DELTA_BINARY_PACKED`).
//!
//! Polars makes such pages of any array, and takes several times as long.

use polars_parquet::write::Encoding;

use super::page_bytes::{PageBytes, begin_levels, leb128, pack, same};

/// Numbers of a block, which have one smallest difference.
const BLOCK: usize = 128;
/// Numbers of a part of a block, which have one width: the smallest that the format allows.
const PART: usize = 32;

/// Numbers that a page stores as differences.
pub(super) trait Difference: Copy + Ord + Into<i128> {
    /// Returns its bits.
    fn bits(self) -> i64;
}

impl Difference for i64 {
    fn bits(self) -> i64 {
        self
    }
}

impl Difference for u64 {
    fn bits(self) -> i64 {
        self.cast_signed()
    }
}

/// Makes a page of numbers, of which the rows `nulls`, in order, have none.
pub(super) fn delta_page<T: Difference>(values: &[T], nulls: &[usize]) -> PageBytes {
    let rows = values.len();
    let mut data = Vec::with_capacity(rows * 3);
    begin_levels(&mut data, |data| match nulls.len() {
        0 => same(data, rows, 1),
        all if all == rows => same(data, rows, 0),
        _ => {
            let mut next = nulls.iter().copied().peekable();
            let level = |row| u32::from(next.next_if_eq(&row).is_none());
            pack(data, (0..rows).map(level), rows, 1);
        }
    });
    if nulls.is_empty() {
        encode(&mut data, values);
    } else {
        encode(&mut data, &known(values, nulls).collect::<Vec<T>>());
    }
    PageBytes { data, rows, nulls: nulls.len(), encoding: Encoding::DeltaBinaryPacked }
}

/// Returns the smallest and the largest of numbers, of which the rows `nulls`, in order, have none.
pub(super) fn extremes<T: Difference>(values: &[T], nulls: &[usize]) -> Option<[i128; 2]> {
    let bounds = if nulls.is_empty() {
        values.iter().copied().min().zip(values.iter().copied().max())
    } else {
        known(values, nulls).min().zip(known(values, nulls).max())
    };
    bounds.map(|(min, max)| [min.into(), max.into()])
}

fn known<T: Difference>(values: &[T], nulls: &[usize]) -> impl Iterator<Item = T> {
    let mut next = nulls.iter().copied().peekable();
    let is_known = move |(row, _): &(usize, T)| next.next_if_eq(row).is_none();
    values.iter().copied().enumerate().filter(is_known).map(|(_, value)| value)
}

/// Writes numbers as differences.
fn encode<T: Difference>(data: &mut Vec<u8>, values: &[T]) {
    leb128(data, BLOCK as u64);
    leb128(data, (BLOCK / PART) as u64);
    leb128(data, values.len() as u64);
    let (first, rest) = values.split_first().map_or((0, values), |(first, rest)| (first.bits(), rest));
    zigzag(data, first);
    let mut before = first;
    let mut block = [0_i64; BLOCK];
    for values in rest.chunks(BLOCK) {
        for (difference, value) in block.iter_mut().zip(values) {
            *difference = value.bits().wrapping_sub(before);
            before = value.bits();
        }
        encode_block(data, &mut block, values.len());
    }
}

/// Writes a block of so many differences.
fn encode_block(data: &mut Vec<u8>, block: &mut [i64; BLOCK], count: usize) {
    let least = block[..count].iter().copied().min().unwrap_or(0);
    // What is left of the last part is written, too, and stands for nothing.
    block[count..].fill(least);
    zigzag(data, least);
    let mut widths = [0_u8; BLOCK / PART];
    for (width, part) in widths.iter_mut().zip(block.chunks(PART)) {
        let all = part.iter().fold(0, |all, difference| all | difference.wrapping_sub(least));
        *width = (u64::BITS - all.leading_zeros()).to_le_bytes()[0];
    }
    data.extend_from_slice(&widths);
    let parts = block.chunks(PART).zip(widths).take(count.div_ceil(PART));
    for (part, width) in parts {
        pack_part(data, part, least, width.into());
    }
}

/// Writes the differences of a part, less the least, with `width` bits each, the lowest bit first.
fn pack_part(data: &mut Vec<u8>, part: &[i64], least: i64, width: u32) {
    if width == 0 {
        return;
    }
    let (mut bits, mut held) = (0_u128, 0_u32);
    for difference in part {
        bits |= u128::from(difference.wrapping_sub(least).cast_unsigned()) << held;
        held += width;
        if held >= u64::BITS {
            let low = bits.to_le_bytes();
            data.extend_from_slice(&low[..8]);
            bits >>= u64::BITS;
            held -= u64::BITS;
        }
    }
    data.extend_from_slice(&bits.to_le_bytes()[..held.div_ceil(8) as usize]);
}

fn zigzag(data: &mut Vec<u8>, value: i64) {
    leb128(data, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads what [`encode`] wrote, by the format's description.
    fn decode(data: &[u8]) -> Vec<i64> {
        let mut place = 0;
        let mut number = || {
            let (mut value, mut shift) = (0_u64, 0);
            loop {
                let byte = data[place];
                place += 1;
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    return (value, place);
                }
            }
        };
        let signed = |value: u64| (value >> 1).cast_signed() ^ -((value & 1).cast_signed());
        let [(block, _), (parts, _), (count, _), (first, mut place)] =
            [number(), number(), number(), number()];
        assert_eq!((block % 128, (block / parts) % 32), (0, 0), "what the format asks of blocks");
        let mut values = vec![signed(first)];
        values.truncate(usize::try_from(count).unwrap());
        while (values.len() as u64) < count {
            let (mut least, mut shift) = (0_u64, 0);
            loop {
                let byte = data[place];
                place += 1;
                least |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            let widths = data[place..place + usize::try_from(parts).unwrap()].to_vec();
            place += widths.len();
            for width in widths {
                if values.len() as u64 == count {
                    break;
                }
                let part = usize::try_from(block / parts).unwrap();
                for row in 0..part {
                    let bit = |bit: usize| {
                        let at = row * usize::from(width) + bit;
                        u64::from(data[place + at / 8] >> (at % 8) & 1) << bit
                    };
                    let difference = (0..usize::from(width)).map(bit).sum::<u64>().cast_signed();
                    if (values.len() as u64) < count {
                        let before = *values.last().unwrap();
                        values.push(before.wrapping_add(difference).wrapping_add(signed(least)));
                    }
                }
                place += part * usize::from(width) / 8;
            }
        }
        assert_eq!(place, data.len(), "nothing is left over");
        values
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_back(
            small in prop::collection::vec(-40_i64..40, 0..300),
            any in prop::collection::vec(any::<i64>(), 0..200),
        ) {
            for values in [small, any] {
                let mut data = Vec::new();
                encode(&mut data, &values);
                prop_assert_eq!(decode(&data), values);
            }
        }
    }

    #[test]
    fn the_example_of_the_format_is_written_as_it_stands_there() {
        // 7, 5, 3, 1, 2, 3, 4, 5: the least difference is -2, and the others are packed with two bits.
        let mut data = Vec::new();
        encode(&mut data, &[7_i64, 5, 3, 1, 2, 3, 4, 5]);
        assert_eq!(data[..6], [128, 1, 4, 8, 14, 3]);
        assert_eq!(data[6..12], [2, 0, 0, 0, 0b1100_0000, 0b0011_1111]);
        assert_eq!(data.len(), 10 + PART * 2 / 8);
    }
}
