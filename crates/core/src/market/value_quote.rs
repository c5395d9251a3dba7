//! [`ValueQuote`]: what a market outside says that an instrument is worth.

use crate::units::Money;

/// What a market outside says that an instrument is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ValueQuote {
    /// The value, in currency.
    pub value: Money,
    /// The best bid there, if it is known.
    pub bid: Option<Money>,
    /// The best ask there, if it is known.
    pub ask: Option<Money>,
}

impl ValueQuote {
    /// Makes a quote of which no more than the value is known.
    #[must_use]
    pub const fn of(value: Money) -> Self {
        Self { value, bid: None, ask: None }
    }

    /// Returns bid and ask, if both are known.
    #[must_use]
    pub fn touch(&self) -> Option<(Money, Money)> {
        self.bid.zip(self.ask)
    }
}
