//! Conservation: money in equals money out, shares in equal shares out, to the last unit.

use thiserror::Error;

use super::ledger::Account;
use crate::units::{InstrumentId, Money, NetQuantity};

/// The sums over all accounts that trading must not change, but for fees and financing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    cash: Money,
    holdings: Vec<NetQuantity>,
}

/// Says which sum came out wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Imbalance {
    /// Cash plus fees is not what it was, and what financing has brought.
    #[error(
        "cash is not conserved: {before} at the start and {financed} by financing, but {after} in accounts plus {fees} in fees at the end"
    )]
    Cash {
        /// All cash at the start.
        before: Money,
        /// All cash at the end.
        after: Money,
        /// Fees collected by the venues, rebates paid out.
        fees: Money,
        /// What financing has brought all accounts, less what it has cost them.
        financed: Money,
    },
    /// The holdings of an instrument are not what they were.
    #[error(
        "holdings of instrument {instrument} are not conserved: {before} lots at the start, {after} at the end"
    )]
    Holdings {
        /// Which.
        instrument: InstrumentId,
        /// All lots at the start.
        before: NetQuantity,
        /// All lots at the end.
        after: NetQuantity,
    },
}

impl Totals {
    /// Sums up `accounts` in a world of `instruments` instruments.
    pub fn of<'a>(accounts: impl Iterator<Item = &'a Account>, instruments: usize) -> Self {
        let mut totals = Self { cash: Money::ZERO, holdings: vec![NetQuantity::ZERO; instruments] };
        for account in accounts {
            totals.cash += account.cash;
            for (total, line) in totals.holdings.iter_mut().zip(&account.lines) {
                *total += line.position.holding();
            }
        }
        totals
    }

    /// Checks that nothing was lost or made between these sums and `after`, given the `fees` that
    /// venues collected between, and what accounts were `financed` with.
    ///
    /// # Errors
    /// The first [`Imbalance`].
    pub fn check(&self, after: &Self, fees: Money, financed: Money) -> Result<(), Imbalance> {
        if self.cash + financed != after.cash + fees {
            return Err(Imbalance::Cash { before: self.cash, after: after.cash, fees, financed });
        }
        for (index, (before, after)) in self.holdings.iter().zip(&after.holdings).enumerate() {
            if before != after {
                let instrument = InstrumentId::new(u32::try_from(index).unwrap_or(u32::MAX));
                return Err(Imbalance::Holdings { instrument, before: *before, after: *after });
            }
        }
        Ok(())
    }
}
