//! [`Quantity`], a count of lots, and [`NetQuantity`], a signed one.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// A quantity of an order, fill or level, in lots of its instrument.
///
/// ```
/// use bearpit_core::units::Quantity;
///
/// let open = Quantity::new(30) - Quantity::new(10);
/// assert_eq!(open.lots(), 20);
/// assert_eq!(open.saturating_sub(Quantity::new(50)), Quantity::ZERO);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Quantity(u64);

impl Quantity {
    /// No lots.
    pub const ZERO: Self = Self(0);
    /// The largest quantity of one order: 2^40 lots.
    pub const MAX_LOTS: u64 = 1 << 40;

    /// Makes a quantity of `lots`.
    #[must_use]
    pub const fn new(lots: u64) -> Self {
        Self(lots)
    }

    /// Returns the number of lots.
    #[must_use]
    pub const fn lots(self) -> u64 {
        self.0
    }

    /// Returns whether the quantity is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns the quantity less `other`, or zero if `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Returns the quantity as a long holding.
    #[must_use]
    #[expect(
        clippy::cast_possible_wrap,
        reason = "totals stay far below 2^63 lots: an order is at most 2^40"
    )]
    pub const fn net(self) -> NetQuantity {
        NetQuantity(self.0 as i64)
    }
}

impl Add for Quantity {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Quantity {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A signed holding, in lots: positive is long, negative is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NetQuantity(i64);

impl NetQuantity {
    /// Flat.
    pub const ZERO: Self = Self(0);

    /// Makes a holding of `lots`.
    #[must_use]
    pub const fn new(lots: i64) -> Self {
        Self(lots)
    }

    /// Returns the signed number of lots.
    #[must_use]
    pub const fn lots(self) -> i64 {
        self.0
    }

    /// Returns the absolute size.
    #[must_use]
    pub const fn magnitude(self) -> Quantity {
        Quantity(self.0.unsigned_abs())
    }
}

impl Add for NetQuantity {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for NetQuantity {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for NetQuantity {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for NetQuantity {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for NetQuantity {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for NetQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
