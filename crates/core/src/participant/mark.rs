//! [`Mark`]: the price at which holdings are valued.

use crate::market::Instrument;
use crate::units::{Money, NetQuantity, Price};

/// The price at which an instrument is marked, in half ticks, so that a mid is an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) half_ticks: i64,
}

impl Mark {
    /// Returns what `holding` is worth, rounded half away from zero where the mid halves a unit.
    pub(super) fn value(self, instrument: &Instrument, holding: NetQuantity) -> Money {
        instrument.value(Price::new(self.half_ticks), holding).share(1, 2)
    }
}
