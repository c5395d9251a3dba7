//! Funding: cash and shares brought into an account from outside, or taken out.

use thiserror::Error;

use super::ledger::{Account, Credit, MAX_CASH};
use crate::market::Transfer;
use crate::units::{InstrumentId, Money, NetQuantity, Quantity};

/// Says why a transfer was refused; nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum FundingRefusal {
    /// Nothing would be moved.
    #[error("the transfer moves nothing")]
    Nothing,
    /// The transfer, or what the account would have after it, is beyond all bounds.
    #[error(
        "a transfer moves at most 10^20 of the currency or 2^40 lots, and no account may hold or owe more"
    )]
    OutOfRange,
    /// More cash is to be taken out than open orders leave free.
    #[error("{asked} of cash cannot be taken out: {free} is free")]
    InsufficientCash {
        /// What is to be taken out.
        asked: Money,
        /// What no open order holds.
        free: Money,
    },
    /// More shares are to be taken out than open orders leave free; the short limit lends none for that.
    #[error("{asked} lots cannot be taken out: {free} are free")]
    InsufficientShares {
        /// What is to be taken out.
        asked: Quantity,
        /// What no open order holds.
        free: NetQuantity,
    },
    /// There is no such instrument.
    #[error("there is no instrument {0}")]
    UnknownInstrument(InstrumentId),
    /// A transfer between two accounts names one twice, or would take from the account that it is to go to.
    #[error("a transfer between two accounts moves an amount above zero from one to another")]
    NotBetweenTwo,
    /// The market has closed.
    #[error("the market has closed")]
    Closed,
    /// An operator has sealed the account, or the other one.
    #[error("the account is sealed: neither cash nor shares enter or leave it but by trading")]
    Sealed,
    /// Without the shares that are to be taken out, equity would not cover the margin of the rest.
    #[error("without these shares, equity of {equity} would not cover the {initial} that margin takes then")]
    InsufficientMargin {
        /// Equity without them.
        equity: Money,
        /// What positions and open orders would take of it.
        initial: Money,
    },
    /// It is not known what shares are worth that are to be taken out of a margin account.
    #[error("the instrument has no price yet, so it is not known what margin is left without the shares")]
    NoMark,
    /// A position in a future is no thing that could be brought along.
    #[error("a position in a future is opened by trading, and cannot be brought in or taken out")]
    Future,
    /// Shares whose prices may be negative are to be brought into a margin account.
    #[error("a margin account holds no instrument whose prices may be negative, as those of instrument {0}")]
    NegativeOnMargin(InstrumentId),
}

impl Account {
    /// Moves cash or shares in from outside or out, or says why not; `worth` is what the shares are worth at
    /// their mark, never signed. Before there is a mark, the first gives them their worth
    /// ([`Account::value_at_first_mark`]).
    ///
    /// Only what no open order holds can be taken out. Accounts of unlimited credit may go below zero.
    ///
    /// # Errors
    /// A [`FundingRefusal`]; nothing has changed then.
    pub fn fund(&mut self, transfer: Transfer, worth: Option<Money>) -> Result<(), FundingRefusal> {
        self.check_funding(transfer)?;
        self.move_funds(transfer, worth);
        Ok(())
    }

    /// Says why a transfer would be refused, if it would be.
    pub(crate) fn check_funding(&self, transfer: Transfer) -> Result<(), FundingRefusal> {
        match transfer {
            Transfer::Cash(amount) => self.check_cash(amount),
            Transfer::Shares { instrument, quantity } => self.check_shares(instrument, quantity),
        }
    }

    /// Moves cash or shares that [`Account::check_funding`] lets pass.
    pub(crate) fn move_funds(&mut self, transfer: Transfer, worth: Option<Money>) {
        match transfer {
            Transfer::Cash(amount) => {
                self.cash += amount;
                self.contributed += amount;
            }
            Transfer::Shares { instrument, quantity } => {
                let line = &mut self.lines[instrument.index()];
                if let Some(worth) = worth {
                    line.fill(quantity, worth);
                    self.contributed += worth * i128::from(quantity.lots().signum());
                } else {
                    line.move_unvalued(quantity);
                }
            }
        }
    }

    fn check_cash(&self, amount: Money) -> Result<(), FundingRefusal> {
        if amount == Money::ZERO {
            return Err(FundingRefusal::Nothing);
        }
        if amount > MAX_CASH || amount < -MAX_CASH {
            return Err(FundingRefusal::OutOfRange);
        }
        // What leads back from beyond a bound, where trading may have led, is taken.
        let after = self.cash + amount;
        if (amount > Money::ZERO && after > MAX_CASH) || (amount < Money::ZERO && after < -MAX_CASH) {
            return Err(FundingRefusal::OutOfRange);
        }
        let free = self.free_cash();
        if self.credit != Credit::Unlimited && amount < Money::ZERO && -amount > free {
            return Err(FundingRefusal::InsufficientCash { asked: -amount, free });
        }
        Ok(())
    }

    fn check_shares(&self, instrument: InstrumentId, quantity: NetQuantity) -> Result<(), FundingRefusal> {
        let line = self.lines.get(instrument.index());
        let line = line.ok_or(FundingRefusal::UnknownInstrument(instrument))?;
        let asked = quantity.magnitude();
        if asked.is_zero() {
            return Err(FundingRefusal::Nothing);
        }
        if asked.lots() > Quantity::MAX_LOTS
            || (line.position.holding() + quantity).magnitude().lots() > Quantity::MAX_LOTS
        {
            return Err(FundingRefusal::OutOfRange);
        }
        let free = line.position.holding() - line.held.net();
        if self.credit != Credit::Unlimited && quantity.lots() < 0 && asked.net() > free {
            return Err(FundingRefusal::InsufficientShares { asked, free });
        }
        Ok(())
    }

    /// Returns what has been brought into the account from outside since it was opened, less what was taken
    /// out; shares count what they were worth at the time, or at the first mark after it; nothing before
    /// that.
    #[must_use]
    pub const fn contributed(&self) -> Money {
        self.contributed
    }
}
