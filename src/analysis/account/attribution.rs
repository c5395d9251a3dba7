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
    pub(crate) fn of(summary: &AccountSummary, spread: f64) -> Self {
        let (profit, fees) = (summary.profit.to_f64(), summary.fees.to_f64());
        let financing = summary.financing.to_f64();
        Self { spread, inventory: profit + fees - financing - spread, fees, financing }
    }

    /// Returns the whole P&L.
    #[must_use]
    pub fn profit(&self) -> f64 {
        self.spread + self.inventory + self.financing - self.fees
    }
}
