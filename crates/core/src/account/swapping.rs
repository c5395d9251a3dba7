//! Swaps between two accounts: what an auction holds of an account, and what a swap moves.

use super::funding::FundingRefusal;
use super::ledger::{Account, Credit};
use crate::market::{Consideration, SwapSide, Transfer};
use crate::units::{InstrumentId, NetQuantity};

impl Account {
    /// Returns how many shares no order and no auction holds; what the short limit would lend is none of it.
    #[must_use]
    pub fn free_shares(&self, instrument: InstrumentId) -> NetQuantity {
        let line = &self.lines[instrument.index()];
        line.position.holding() - line.held.net()
    }

    /// Returns whether its orders need no cover.
    pub(crate) fn has_unlimited_credit(&self) -> bool {
        self.credit == Credit::Unlimited
    }

    /// Holds cash or shares for an auction: no order and no other auction can use them.
    pub(crate) fn hold(&mut self, what: Consideration) {
        match what {
            Consideration::Cash(amount) => self.held_cash += amount,
            Consideration::Shares { instrument, quantity } => {
                self.lines[instrument.index()].held += quantity;
            }
        }
    }

    /// Frees what was held for an auction.
    pub(crate) fn release(&mut self, what: Consideration) {
        match what {
            Consideration::Cash(amount) => self.held_cash -= amount,
            Consideration::Shares { instrument, quantity } => {
                self.lines[instrument.index()].held -= quantity;
            }
        }
    }

    /// Checks that the account may have so much more.
    pub(crate) fn check_taking(&self, what: Consideration) -> Result<(), FundingRefusal> {
        self.check_funding(match what {
            Consideration::Cash(amount) => Transfer::Cash(amount),
            Consideration::Shares { instrument, quantity } => {
                Transfer::Shares { instrument, quantity: quantity.net() }
            }
        })
    }

    /// Swaps what is held for an auction against something else.
    ///
    /// Shares leave as if they were sold, and enter as if they were bought, for what the swap is worth; so
    /// cash is moved only where one side of it is cash.
    pub(crate) fn swap(&mut self, side: &SwapSide) {
        self.release(side.gives);
        self.cash += side.cash();
        for (instrument, change) in side.shares() {
            self.lines[instrument.index()].fill(change, side.value);
        }
    }
}
