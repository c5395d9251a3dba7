//! Rates of a fill: shares of notional, and amounts for each unit of quantity.

use crate::market::{Instrument, Liquidity};
use crate::units::{FeeRate, Money, Quantity};

/// What a fill costs as a share of its notional, by its role; negative rates are rebates.
///
/// ```
/// use bearpit_core::market::Fees;
/// use bearpit_core::units::{FeeRate, Money};
///
/// let bps = |text: &str| FeeRate::from_bps(text.parse().ok()?);
/// let maker_taker = Fees {
///     maker: bps("-0.1").ok_or("too fine")?,
///     taker: bps("0.3").ok_or("too fine")?,
///     auction: FeeRate::ZERO,
/// };
/// assert_eq!(maker_taker.worst(Money::from_whole(100_000)), Money::from_whole(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fees {
    /// Charged to the resting side.
    pub maker: FeeRate,
    /// Charged to the aggressor.
    pub taker: FeeRate,
    /// Charged to both sides of a trade in an auction.
    pub auction: FeeRate,
}

impl Fees {
    /// Returns the rate of a role.
    #[must_use]
    pub const fn rate(&self, liquidity: Liquidity) -> FeeRate {
        match liquidity {
            Liquidity::Maker => self.maker,
            Liquidity::Taker => self.taker,
            Liquidity::Auction => self.auction,
        }
    }

    /// Returns the highest fee that a fill of `notional` can cost: never below zero.
    #[must_use]
    pub fn worst(&self, notional: Money) -> Money {
        self.worst_rate().of(notional)
    }

    /// Returns whether any fill costs a fee.
    #[must_use]
    pub fn may_charge(&self) -> bool {
        self.worst_rate() > FeeRate::ZERO
    }

    /// Returns the highest rate: never below zero.
    #[must_use]
    pub fn worst_rate(&self) -> FeeRate {
        self.maker.max(self.taker).max(self.auction).max(FeeRate::ZERO)
    }
}

/// What a fill of one role costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FillRate {
    /// As a share of its notional.
    pub rate: FeeRate,
    /// For each unit of its quantity: each share, coin or contract, not each lot.
    pub per_unit: Money,
}

impl FillRate {
    /// The most that a rate may ask for each unit of quantity, or pay: 1,000 of the currency.
    pub const MAX_PER_UNIT: Money = Money::from_whole(1_000);

    /// Returns what so much costs; each of the two parts is rounded half away from zero to [`Money`]'s unit.
    ///
    /// The notional counts by its size: at a negative price a fee is a cost too.
    #[must_use]
    pub fn of(&self, notional: Money, quantity: Quantity, instrument: &Instrument) -> Money {
        self.rate.of(notional.abs()) + instrument.per_unit(self.per_unit, quantity)
    }

    /// Returns a rate that is at least this one and `other` for every fill.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { rate: self.rate.max(other.rate), per_unit: self.per_unit.max(other.per_unit) }
    }

    pub(super) fn min(self, other: Self) -> Self {
        Self { rate: Ord::min(self.rate, other.rate), per_unit: Ord::min(self.per_unit, other.per_unit) }
    }
}

/// What fills cost by their role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeeRates {
    /// Charged to the resting side.
    pub maker: FillRate,
    /// Charged to the aggressor.
    pub taker: FillRate,
    /// Charged to both sides of a trade in an auction.
    pub auction: FillRate,
}

impl FeeRates {
    /// Returns the rates that are the same for every role.
    #[must_use]
    pub const fn flat(rate: FillRate) -> Self {
        Self { maker: rate, taker: rate, auction: rate }
    }

    /// Returns the rate of a role.
    #[must_use]
    pub const fn rate(&self, liquidity: Liquidity) -> FillRate {
        match liquidity {
            Liquidity::Maker => self.maker,
            Liquidity::Taker => self.taker,
            Liquidity::Auction => self.auction,
        }
    }

    /// Returns a rate that no role exceeds; never below zero.
    #[must_use]
    pub fn worst(&self) -> FillRate {
        self.maker.max(self.taker).max(self.auction).max(FillRate::default())
    }

    /// Returns whether every rate is a share of notional only.
    #[must_use]
    pub fn is_proportional(&self) -> bool {
        [self.maker, self.taker, self.auction].iter().all(|it| it.per_unit == Money::ZERO)
    }
}

impl From<Fees> for FeeRates {
    fn from(fees: Fees) -> Self {
        let [maker, taker, auction] =
            [fees.maker, fees.taker, fees.auction].map(|rate| FillRate { rate, per_unit: Money::ZERO });
        Self { maker, taker, auction }
    }
}
