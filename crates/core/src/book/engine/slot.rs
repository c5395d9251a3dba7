//! [`Slot`]: where an order is in the slab.

/// An index into the slab, or into another array of the engine that is linked in the same way.
pub(super) type Slot = u32;

/// No slot: the end of a queue or of a list of free slots.
///
/// A sentinel and not an `Option<Slot>`, which would double each link: a node would have 48 bytes instead of
/// 40, and each step of eight bytes costs a twentieth to an eighth of all operations.
pub(super) const NONE: Slot = Slot::MAX;

/// A slot in order of a number, in twelve bytes: a tree of such keys takes a quarter less than one of numbers
/// and slots beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SlotKey {
    /// The number, which is positive so.
    upper: u32,
    lower: u32,
    pub(super) slot: Slot,
}

impl SlotKey {
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a number")]
    pub(super) const fn new(number: i64, slot: Slot) -> Self {
        let number = number.cast_unsigned() ^ 1 << 63;
        Self { upper: (number >> 32) as u32, lower: number as u32, slot }
    }

    pub(super) const fn number(self) -> i64 {
        (((self.upper as u64) << 32 | self.lower as u64) ^ 1 << 63).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_order_of_their_numbers_then_slots() {
        let numbers = [i64::MIN, -(1 << 40), -1, 0, 1, 1 << 32, (1 << 40) + 7, i64::MAX];
        let keys: Vec<SlotKey> =
            numbers.iter().flat_map(|number| [0, 9, NONE].map(|slot| SlotKey::new(*number, slot))).collect();
        assert!(keys.is_sorted());
        assert!(
            keys.chunks(3).zip(numbers).all(|(keys, number)| keys.iter().all(|key| key.number() == number))
        );
        assert_eq!(size_of::<SlotKey>(), 12);
    }
}
