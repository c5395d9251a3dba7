//! [`Price`]: a count of ticks.

use std::fmt;
use std::ops::{Add, Sub};

/// A price, in ticks of its instrument.
///
/// It may be negative (spreads and some contracts trade below zero); its size is bounded by
/// [`Price::MAX_TICKS`] so that no product with a [`super::Quantity`] can overflow [`super::Money`].
///
/// ```
/// use bearpit_core::units::Price;
///
/// // 100.02 at a tick size of 0.01.
/// let price = Price::new(10_002);
/// assert_eq!((price + 3) - price, 3);
/// assert_eq!(Price::new_checked(Price::MAX_TICKS + 1), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Price(i64);

impl Price {
    /// The largest magnitude an order may name: 2^40 ticks.
    pub const MAX_TICKS: i64 = 1 << 40;

    /// Makes a price of `ticks`.
    #[must_use]
    pub const fn new(ticks: i64) -> Self {
        Self(ticks)
    }

    /// Makes a price of `ticks` if it lies within ±[`Price::MAX_TICKS`].
    #[must_use]
    pub const fn new_checked(ticks: i64) -> Option<Self> {
        if ticks >= -Self::MAX_TICKS && ticks <= Self::MAX_TICKS { Some(Self(ticks)) } else { None }
    }

    /// Returns the number of ticks.
    #[must_use]
    pub const fn ticks(self) -> i64 {
        self.0
    }
}

impl Add<i64> for Price {
    type Output = Self;
    fn add(self, ticks: i64) -> Self {
        Self(self.0 + ticks)
    }
}

impl Sub<i64> for Price {
    type Output = Self;
    fn sub(self, ticks: i64) -> Self {
        Self(self.0 - ticks)
    }
}

impl Sub for Price {
    type Output = i64;
    /// The distance in ticks.
    fn sub(self, other: Self) -> i64 {
        self.0 - other.0
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
