//! [`ShortQuantity`]: a quantity in five bytes.

use super::quantity::Quantity;

/// A quantity of fewer than 2^40 lots, in five bytes: where as much as can be is to fit in a line of the
/// processor's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortQuantity([u8; 5]);

impl ShortQuantity {
    /// Returns a quantity in five bytes, if it fits.
    #[inline]
    pub(crate) const fn of(quantity: Quantity) -> Option<Self> {
        let [a, b, c, d, e, rest @ ..] = quantity.lots().to_le_bytes();
        if matches!(rest, [0, 0, 0]) { Some(Self([a, b, c, d, e])) } else { None }
    }

    /// Returns it as it was.
    #[inline]
    pub(crate) const fn get(self) -> Quantity {
        let [a, b, c, d, e] = self.0;
        Quantity::new(u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_comes_out_as_it_went_in() {
        for lots in [0, 1, 255, 256, (1 << 32) - 1, 1 << 32, 0x0102_0304_0506, (1 << 40) - 1] {
            let quantity = Quantity::new(lots);
            assert_eq!(
                ShortQuantity::of(quantity).map(ShortQuantity::get),
                (lots < 1 << 40).then_some(quantity)
            );
        }
        assert_eq!([1 << 40, u64::MAX].map(|lots| ShortQuantity::of(Quantity::new(lots))), [None; 2]);
    }
}
