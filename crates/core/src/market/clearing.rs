//! [`Clearing`] and [`PaymentReason`]: how futures are cleared, and what accounts are paid for on holdings.

use super::contract::FundingRate;
use crate::units::{Decimal, Money};

/// What an account is paid for on a holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentReason {
    /// A dividend.
    Dividend,
    /// What a split left of a lot.
    Fraction,
    /// What a position in a future has gained since it was last marked to market; negative for a loss.
    VariationMargin,
    /// What the sides of a perpetual pay each other.
    Funding,
}

/// How a future is cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clearing {
    /// Positions are marked to market: what they have gained since the last time is paid, what they have lost
    /// is taken.
    Settlement {
        /// The price.
        price: Decimal,
    },
    /// The sides pay each other.
    Funding {
        /// The rate.
        rate: FundingRate,
        /// What each lot pays that is held, and each that is sold receives.
        per_lot: Money,
    },
}

impl PaymentReason {
    /// Returns the reason's short name, as recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dividend => "dividend",
            Self::Fraction => "fraction",
            Self::VariationMargin => "variation_margin",
            Self::Funding => "funding",
        }
    }
}
