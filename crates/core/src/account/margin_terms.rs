//! [`MarginTerms`]: which share of what it holds a margin account must have of its own.

use crate::units::{Money, greatest_common_divisor};

/// A share of what holdings are worth: above zero, and at most all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "Parts"))]
pub struct MarginRate {
    part: u32,
    of: u32,
}

impl MarginRate {
    /// The most parts of which a rate says how many.
    pub const PARTS_MAX: u32 = 10_000;

    /// Makes the rate of `part` in `of` parts, such as 1 in 4; `None` unless that is above zero, at most one,
    /// and of at most [`Self::PARTS_MAX`] parts.
    #[must_use]
    pub const fn new(part: u32, of: u32) -> Option<Self> {
        if part == 0 || part > of || of > Self::PARTS_MAX {
            return None;
        }
        Some(Self { part, of })
    }

    /// Returns how many parts, and of how many.
    #[must_use]
    pub const fn parts(self) -> (u32, u32) {
        (self.part, self.of)
    }

    /// Returns the share of an amount, rounded up to the unit of money.
    #[must_use]
    pub fn of(self, worth: Money) -> Money {
        let (part, of) = (i128::from(self.part), i128::from(self.of));
        let (whole, rest) = (worth.units().div_euclid(of), worth.units().rem_euclid(of));
        Money::from_units(whole * part + (rest * part + of - 1).div_euclid(of))
    }

    /// Returns the largest amount of which the share is at most `margin`; nothing below zero.
    #[must_use]
    pub fn covered_by(self, margin: Money) -> Money {
        let (part, of) = (i128::from(self.part), i128::from(self.of));
        let units = margin.units().max(0);
        Money::from_units(units / part * of + units % part * of / part)
    }

    fn is_at_most(self, other: Self) -> bool {
        u64::from(self.part) * u64::from(other.of) <= u64::from(other.part) * u64::from(self.of)
    }
}

impl std::fmt::Display for MarginRate {
    /// Writes the parts in lowest terms, such as `1/20`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (part, of) = (u64::from(self.part), u64::from(self.of));
        let common = greatest_common_divisor(part, of);
        write!(f, "{}/{}", part / common, of / common)
    }
}

/// What a margin account must have of its own.
///
/// ```
/// use bearpit_core::account::{MarginRate, MarginTerms};
/// use bearpit_core::units::Money;
///
/// let [half, quarter] = [2, 4].map(|of| MarginRate::new(1, of).expect("a rate in range"));
/// let terms = MarginTerms::new(half, quarter).expect("maintenance is at most initial margin");
/// assert_eq!(terms.initial().of(Money::from_whole(30_000)), Money::from_whole(15_000));
/// assert_eq!(terms.initial().covered_by(Money::from_whole(10_000)), Money::from_whole(20_000));
/// assert_eq!(terms.maintenance().to_string(), "1/4");
/// assert_eq!(MarginTerms::new(quarter, half), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "Shares"))]
pub struct MarginTerms {
    initial: MarginRate,
    maintenance: MarginRate,
}

impl MarginTerms {
    /// Makes terms; `None` if the maintenance margin is above the initial one.
    #[must_use]
    pub fn new(initial: MarginRate, maintenance: MarginRate) -> Option<Self> {
        maintenance.is_at_most(initial).then_some(Self { initial, maintenance })
    }

    /// Returns the margin that new positions take.
    #[must_use]
    pub const fn initial(self) -> MarginRate {
        self.initial
    }

    /// Returns the margin that positions take to be kept.
    #[must_use]
    pub const fn maintenance(self) -> MarginRate {
        self.maintenance
    }
}

/// A rate as it is stored, before it is known to be in range.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(rename = "MarginRate")]
struct Parts {
    part: u32,
    of: u32,
}

#[cfg(feature = "serde")]
impl TryFrom<Parts> for MarginRate {
    type Error = &'static str;

    fn try_from(Parts { part, of }: Parts) -> Result<Self, Self::Error> {
        Self::new(part, of).ok_or("a margin rate is above zero and at most one, in at most 10,000 parts")
    }
}

/// Terms as they are stored, before it is known that they fit each other.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(rename = "MarginTerms")]
struct Shares {
    initial: MarginRate,
    maintenance: MarginRate,
}

#[cfg(feature = "serde")]
impl TryFrom<Shares> for MarginTerms {
    type Error = &'static str;

    fn try_from(Shares { initial, maintenance }: Shares) -> Result<Self, Self::Error> {
        Self::new(initial, maintenance).ok_or("the maintenance margin is at most the initial one")
    }
}
