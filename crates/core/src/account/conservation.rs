//! Conservation: money in equals money out, and shares in equal shares out, to the last unit.

use thiserror::Error;

use super::ledger::Account;
use crate::market::Transfer;
use crate::units::{InstrumentId, Money, NetQuantity};

/// The sums over all accounts that trading must not change, except for fees and financing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    cash: Money,
    holdings: Vec<NetQuantity>,
}

/// What changes the sums other than by trading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flows {
    /// Fees collected by the venues, less rebates paid.
    pub fees: Money,
    /// What financing has brought all accounts, less what it has cost them.
    pub financed: Money,
    /// What was brought in from outside, less what was taken out.
    pub contributed: Totals,
}

/// Says which sum came out wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Imbalance {
    /// Cash plus fees is not what it was, and what financing has brought.
    #[error(
        "cash is not conserved: {before} at the start, {financed} by financing and {contributed} from outside, but {after} in accounts plus {fees} in fees at the end"
    )]
    Cash {
        /// All cash at the start.
        before: Money,
        /// All cash at the end.
        after: Money,
        /// Fees collected by the venues, less rebates paid.
        fees: Money,
        /// What financing has brought all accounts, less what it has cost them.
        financed: Money,
        /// What was brought in from outside, less what was taken out.
        contributed: Money,
    },
    /// The holdings of an instrument are not what they were.
    #[error(
        "holdings of instrument {instrument} are not conserved: {before} lots at the start and {contributed} from outside, {after} at the end"
    )]
    Holdings {
        /// Which.
        instrument: InstrumentId,
        /// All lots at the start.
        before: NetQuantity,
        /// Lots brought in from outside, less those taken out.
        contributed: NetQuantity,
        /// All lots at the end.
        after: NetQuantity,
    },
}

impl Totals {
    /// Sums up `accounts` in a world of `instruments` instruments.
    pub fn of<'a>(accounts: impl Iterator<Item = &'a Account>, instruments: usize) -> Self {
        let mut totals = Self::none(instruments);
        accounts.for_each(|account| totals.add_account(account));
        totals
    }

    /// Sums of nothing, in a world of `instruments` instruments.
    #[must_use]
    pub fn none(instruments: usize) -> Self {
        Self { cash: Money::ZERO, holdings: vec![NetQuantity::ZERO; instruments] }
    }

    /// Adds a transfer from outside.
    pub fn add(&mut self, transfer: Transfer) {
        match transfer {
            Transfer::Cash(amount) => self.cash += amount,
            Transfer::Shares { instrument, quantity } => self.holdings[instrument.index()] += quantity,
        }
    }

    /// Takes a transfer from outside back.
    pub fn subtract(&mut self, transfer: Transfer) {
        match transfer {
            Transfer::Cash(amount) => self.cash -= amount,
            Transfer::Shares { instrument, quantity } => {
                let holding = &mut self.holdings[instrument.index()];
                *holding = *holding - quantity;
            }
        }
    }

    /// Adds an account.
    pub fn add_account(&mut self, account: &Account) {
        // What a future gains is paid to some before others have paid it, so cash alone is not conserved.
        self.cash += account.cash_less_futures();
        for (total, line) in self.holdings.iter_mut().zip(account.lines.iter()) {
            *total += line.position.holding();
        }
    }

    /// Checks that nothing was lost or made between these sums and `after`, given what came in between.
    ///
    /// # Errors
    /// The first [`Imbalance`].
    pub fn check(&self, after: &Self, between: &Flows) -> Result<(), Imbalance> {
        let Flows { fees, financed, contributed } = between;
        if self.cash + *financed + contributed.cash != after.cash + *fees {
            return Err(Imbalance::Cash {
                before: self.cash,
                after: after.cash,
                fees: *fees,
                financed: *financed,
                contributed: contributed.cash,
            });
        }
        let holdings = self.holdings.iter().zip(&contributed.holdings).zip(&after.holdings);
        for (instrument, ((before, contributed), after)) in (0..).map(InstrumentId::new).zip(holdings) {
            if *before + *contributed != *after {
                let (before, contributed, after) = (*before, *contributed, *after);
                return Err(Imbalance::Holdings { instrument, before, contributed, after });
            }
        }
        Ok(())
    }
}
