//! [`delta_page`]: a column of times or counts as a page of differences (Parquet's `DELTA_BINARY_PACKED`).
//!
//! Polars makes such pages of any array, and takes several times as long.

use polars_parquet::write::Encoding;

use super::page_bytes::{PageBytes, begin_levels, leb128, pack, packed_eight, same};

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

/// The smallest and the largest number of a page; none without numbers.
type Extremes = Option<[i128; 2]>;

/// Makes a page of numbers, of which the rows `nulls`, in order, have none; and says its extremes.
pub(super) fn delta_page<T: Difference>(values: &[T], nulls: &[usize]) -> (PageBytes, Extremes) {
    let rows = values.len();
    let mut data = Vec::with_capacity(rows * 3);
    begin_levels(&mut data, |data| match nulls.len() {
        0 => same(data, rows, 1),
        all if all == rows => same(data, rows, 0),
        _ => {
            let mut levels = vec![1; rows];
            nulls.iter().for_each(|row| levels[*row] = 0);
            pack(data, &levels, 1);
        }
    });
    let extremes = if nulls.is_empty() {
        encode(&mut data, values)
    } else {
        encode(&mut data, &known(values, nulls).collect::<Vec<T>>())
    };
    (PageBytes { data, rows, nulls: nulls.len(), encoding: Encoding::DeltaBinaryPacked }, extremes)
}

fn known<T: Difference>(values: &[T], nulls: &[usize]) -> impl Iterator<Item = T> {
    let mut next = nulls.iter().copied().peekable();
    let is_known = move |(row, _): &(usize, T)| next.next_if_eq(row).is_none();
    values.iter().copied().enumerate().filter(is_known).map(|(_, value)| value)
}

/// Writes numbers as differences, and returns their extremes.
fn encode<T: Difference>(data: &mut Vec<u8>, values: &[T]) -> Extremes {
    leb128(data, BLOCK as u64);
    leb128(data, (BLOCK / PART) as u64);
    leb128(data, values.len() as u64);
    let (first, rest) = values.split_first().map_or((None, values), |(first, rest)| (Some(*first), rest));
    let mut before = first.map_or(0, T::bits);
    zigzag(data, before);
    let mut block = [0_i64; BLOCK];
    let (mut low, mut high) = (first, first);
    for values in rest.chunks(BLOCK) {
        for (difference, value) in block.iter_mut().zip(values) {
            *difference = value.bits().wrapping_sub(before);
            before = value.bits();
        }
        let least = encode_block(data, &mut block, values.len());
        // Most columns never go back: then the first and the last are the extremes. Differences as small as
        // these cannot go round without the last being below the first.
        let goes_on = least >= 0 && block.iter().fold(0, |all, difference| all | difference) < 1 << 32;
        let ends = values.first().copied().zip(values.last().copied());
        let bounds = ends.filter(|(first, last)| goes_on && first <= last);
        let bounds = bounds.or_else(|| values.iter().copied().min().zip(values.iter().copied().max()));
        if let Some((least, most)) = bounds {
            (low, high) = (low.map(|low| low.min(least)), high.map(|high| high.max(most)));
        }
    }
    low.zip(high).map(|(low, high)| [low.into(), high.into()])
}

/// Writes a block of so many differences, and returns the least.
fn encode_block(data: &mut Vec<u8>, block: &mut [i64; BLOCK], count: usize) -> i64 {
    let least = block[..count].iter().copied().min().unwrap_or(0);
    // What is left of the last part is written, too, and stands for nothing.
    block[count..].fill(least);
    zigzag(data, least);
    let mut widths = [0_u8; BLOCK / PART];
    let (parts, _) = block.as_chunks::<PART>();
    for (width, part) in widths.iter_mut().zip(parts) {
        let all = part.iter().fold(0, |all, difference| all | difference.wrapping_sub(least));
        *width = (u64::BITS - all.leading_zeros()).to_le_bytes()[0];
    }
    data.extend_from_slice(&widths);
    for (part, width) in parts.iter().zip(widths).take(count.div_ceil(PART)) {
        pack_part(data, part, least, width.into());
    }
    least
}

/// Writes the differences of a part, less the least, with `width` bits each, the lowest bit first.
fn pack_part(data: &mut Vec<u8>, part: &[i64; PART], least: i64, width: u32) {
    if width <= u32::BITS {
        let (eights, _) = part.as_chunks();
        let mut bytes = [0; PART * 4 + 32];
        let mut at = 0;
        for eight in eights {
            let eight: &[i64; 8] = eight;
            #[expect(clippy::cast_possible_truncation, reason = "they have no more bits")]
            let numbers = eight.map(|difference| difference.wrapping_sub(least).cast_unsigned() as u32);
            bytes[at..at + 32].copy_from_slice(&packed_eight(&numbers, width));
            at += width as usize;
        }
        return data.extend_from_slice(&bytes[..at]);
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
            onward in prop::collection::vec(0_i64..1 << 33, 0..300),
            any in prop::collection::vec(any::<i64>(), 0..200),
        ) {
            let onward = onward.into_iter().scan(i64::MAX - (1 << 40), |sum, more| {
                *sum = sum.wrapping_add(more);
                Some(*sum)
            });
            for values in [small, onward.collect(), any] {
                let mut data = Vec::new();
                let extremes = encode(&mut data, &values);
                let bounds = values.iter().min().zip(values.iter().max());
                prop_assert_eq!(extremes, bounds.map(|(min, max)| [i128::from(*min), i128::from(*max)]));
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
