//! [`compress_wide`]: numbers of 16 bytes in the format of Snappy, for pages of money.
//!
//! Such numbers begin with the same bytes as one of the two before them, since they are small beside what 16
//! bytes hold; fees of makers and takers alternate, and have two signs. So where a copy may begin need not be
//! searched for: that is most of the time that a compressor of any bytes takes.

use super::page_bytes::leb128;

/// Bytes of a number.
const SIZE: usize = 16;
/// The shortest copy that is shorter than the bytes themselves.
const COPY_MIN: usize = 4;
/// Numbers that are remembered where they stood, each where its bits say.
const PLACES: usize = 2_048;
/// How many numbers back a copy of two bytes of offset reaches.
const REACH: usize = 4_095;

/// Compresses bytes that end with numbers of 16 bytes, the highest byte first.
pub(super) fn compress_wide(data: &[u8]) -> Vec<u8> {
    let mut out = Compressed { data, bytes: Vec::with_capacity(data.len() / 2 + SIZE), literal: 0 };
    leb128(&mut out.bytes, data.len() as u64);
    let begin = data.len() % SIZE;
    let (numbers, _) = data[begin..].as_chunks::<SIZE>();
    let mut places = [0_usize; PLACES];
    let (mut before, mut last) = (0, 0);
    for (index, bytes) in numbers.iter().enumerate() {
        let number = u128::from_be_bytes(*bytes);
        let place = &mut places[slot(number)];
        // An index is kept plus one, so that zero is none.
        let same = std::mem::replace(place, index + 1);
        let distance = (index + 1).saturating_sub(same);
        let at = begin + index * SIZE;
        if same > 0 && distance <= REACH && numbers.get(same - 1) == Some(bytes) {
            out.copy(at, SIZE, distance * SIZE);
        } else {
            let [one, two] = [last, before].map(|other: u128| (number ^ other).leading_zeros() / u8::BITS);
            let (count, back) = if two > one { (two, 2) } else { (one, 1) };
            if back <= index && count as usize >= COPY_MIN {
                out.copy(at, count as usize, back * SIZE);
            }
        }
        (before, last) = (last, number);
    }
    out.end_literal(data.len());
    out.bytes
}

/// Returns where a number is remembered.
fn slot(number: u128) -> usize {
    // The low half has the bits that differ.
    let [a, b, c, d, e, f, g, h, ..] = number.to_le_bytes();
    let mixed = u64::from_le_bytes([a, b, c, d, e, f, g, h]).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let [.., low, high] = mixed.to_le_bytes();
    usize::from(u16::from_le_bytes([low, high])) % PLACES
}

/// Bytes compressed so far.
struct Compressed<'a> {
    data: &'a [u8],
    bytes: Vec<u8>,
    /// From where on bytes are not written yet.
    literal: usize,
}

impl Compressed<'_> {
    /// Has so many bytes from `at` on be those that stand `offset` before them.
    fn copy(&mut self, at: usize, count: usize, offset: usize) {
        self.end_literal(at);
        let [low, high, ..] = offset.to_le_bytes();
        if count < 12 && offset < 2_048 {
            self.bytes.extend([tag(count - COPY_MIN, 1) | high << 5, low]);
        } else {
            self.bytes.extend([tag(count - 1, 2), low, high]);
        }
        self.literal = at + count;
    }

    /// Writes the bytes up to `end` that are no copies.
    fn end_literal(&mut self, end: usize) {
        let Some(bytes) = self.data.get(self.literal..end).filter(|bytes| !bytes.is_empty()) else { return };
        let less_one = bytes.len() - 1;
        if less_one < 60 {
            self.bytes.push(tag(less_one, 0));
        } else {
            // The length stands in four bytes of its own: a page is shorter than they can say.
            let [a, b, c, d, ..] = less_one.to_le_bytes();
            self.bytes.extend([tag(63, 0), a, b, c, d]);
        }
        self.bytes.extend_from_slice(bytes);
    }
}

/// Returns the first byte of an element: a number of six bits, and the kind.
const fn tag(number: usize, kind: u8) -> u8 {
    number.to_le_bytes()[0] << 2 | kind
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns what compressed bytes stand for, by the description of the format.
    fn decompressed(mut bytes: &[u8]) -> Vec<u8> {
        let mut take = |count: usize| {
            let (taken, rest) = bytes.split_at(count.min(bytes.len()));
            bytes = rest;
            taken.to_vec()
        };
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = take(1)[0];
            length |= usize::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                break;
            }
        }
        let mut out = Vec::new();
        while out.len() < length {
            let tag = usize::from(take(1)[0]);
            let number =
                |bytes: Vec<u8>| bytes.iter().rev().fold(0, |all, byte| all << 8 | usize::from(*byte));
            let (count, offset) = match (tag & 3, tag >> 2) {
                (0, 63) => (number(take(4)) + 1, None),
                (0, less_one) => (less_one + 1, None),
                (1, bits) => ((bits & 7) + 4, Some((bits >> 3) << 8 | number(take(1)))),
                (_, less_one) => (less_one + 1, Some(number(take(2)))),
            };
            match offset {
                None => out.extend(take(count)),
                Some(offset) => (0..count).for_each(|_| out.push(out[out.len() - offset])),
            }
        }
        assert!(take(1).is_empty() && out.len() == length);
        out
    }

    proptest! {
        #[test]
        fn what_was_compressed_comes_out_again(
            head in prop::collection::vec(any::<u8>(), 0..100),
            numbers in prop::collection::vec(
                prop_oneof![
                    4 => (-3..3_i128).prop_map(|it| it * 1_234_567_891),
                    2 => -1_000_000_000_000..1_000_000_000_000_i128,
                    1 => any::<i128>(),
                ],
                0..300,
            ),
        ) {
            let mut data = head;
            numbers.iter().for_each(|number| data.extend(number.to_be_bytes()));
            prop_assert_eq!(decompressed(&compress_wide(&data)), data);
        }
    }

    #[test]
    fn amounts_take_half_and_what_comes_again_less() {
        let amounts = |count: i128, of: fn(i128) -> i128| -> Vec<u8> {
            (0..count).flat_map(|it| of(it).to_be_bytes()).collect()
        };
        let differ = amounts(10_000, |it| if it % 2 == 0 { -it * 7_777_777 } else { it * 3_333_333 });
        let repeat = amounts(10_000, |it| it * 7_919 % 100 * 1_234_567_891);
        for (data, most) in [(differ, 90_000), (repeat, 35_000)] {
            let compressed = compress_wide(&data);
            assert!(compressed.len() < most, "{}", compressed.len());
            assert_eq!(decompressed(&compressed), data);
        }
    }
}
