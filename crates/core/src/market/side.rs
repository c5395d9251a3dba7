//! [`Side`]: buy or sell.

use std::fmt;

use crate::units::Price;

/// The side of an order or fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Side {
    /// Pays cash, receives the instrument.
    Buy,
    /// Delivers the instrument, receives cash.
    Sell,
}

impl Side {
    /// Both sides, buy first.
    pub const BOTH: [Self; 2] = [Self::Buy, Self::Sell];

    /// Returns the other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Returns 0 for a buy and 1 for a sale: the index into an array such as [`Side::BOTH`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns `buy` or `sell`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }

    /// Returns +1 for a buy and -1 for a sale.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    /// Returns the price one tick behind the other side's touch, unless that is below the lowest price,
    /// `floor`, and the touch is not.
    #[must_use]
    pub const fn behind(self, touch: Price, floor: Price) -> Option<Price> {
        let ticks = touch.ticks() - self.sign();
        let leaves_market = ticks < floor.ticks() && touch.ticks() >= floor.ticks();
        if leaves_market { None } else { Some(Price::new(ticks)) }
    }

    /// Returns whether an order of this side with `limit` may trade at `price`.
    #[must_use]
    pub const fn accepts(self, limit: Price, price: Price) -> bool {
        match self {
            Self::Buy => price.ticks() <= limit.ticks(),
            Self::Sell => price.ticks() >= limit.ticks(),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
