//! [`Attribution`]: where an account's P&L comes from.

use crate::record::AccountSummary;

/// Where an account's P&L comes from: spread, inventory and financing, less fees, make all of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attribution {
    /// By how much fills were better than the mid before them.
    pub spread: f64,
    /// What holdings won or lost as the mid moved.
    pub inventory: f64,
    /// Fees less rebates.
    pub fees: f64,
    /// Interest received less paid, and less what borrowed shares cost.
    pub financing: f64,
}

impl Attribution {
    /// Takes the rest of the P&L as that of the inventory.
    pub(crate) fn of(summary: &AccountSummary, spread: f64) -> Option<Self> {
        let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        let (profit, fees) = (number(&summary.profit)?, number(&summary.fees)?);
        let financing = number(&summary.financing)?;
        Some(Self { spread, inventory: profit + fees - financing - spread, fees, financing })
    }

    /// Returns the whole P&L.
    #[must_use]
    pub fn profit(&self) -> f64 {
        self.spread + self.inventory + self.financing - self.fees
    }
}
