//! [`TradedInMonth`]: how much an account has traded in the current calendar month.

use super::order_fees::FeeFill;
use crate::market::TierMeasure;
use crate::units::{Money, SimTime};

/// How much an account has traded in a calendar month, for tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TradedInMonth {
    month: i64,
    notional: Money,
    quantity: Money,
}

impl TradedInMonth {
    /// Returns what was traded in the month of `now`.
    pub(super) fn as_of(self, now: SimTime) -> Self {
        let month = now.month_number();
        if self.month == month { self } else { Self { month, ..Self::default() } }
    }

    /// Returns the sums with a fill.
    pub(super) fn with(self, fill: &FeeFill<'_>) -> Self {
        Self {
            notional: self.notional + fill.notional().abs(),
            quantity: self.quantity + fill.instrument.per_unit(Money::from_whole(1), fill.quantity),
            ..self
        }
    }

    /// Returns what was traded by a measure.
    pub(super) const fn by(&self, measure: TierMeasure) -> Money {
        match measure {
            TierMeasure::Notional => self.notional,
            TierMeasure::Quantity => self.quantity,
        }
    }
}
