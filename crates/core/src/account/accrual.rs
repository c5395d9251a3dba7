//! Financing as it accrues on an account.

use super::financing::{Financed, Financing};
use super::ledger::Account;
use crate::units::{Money, SimDuration, SimTime};

impl Account {
    /// Books the financing of a span of time, with borrowed shares worth `borrowed` now.
    pub fn finance(&mut self, span: SimDuration, borrowed: Money) -> Financed {
        let financed = self.financing.over(span, self.cash, borrowed);
        self.cash += financed.net();
        self.financed += financed.net();
        financed
    }

    /// Notes that the account was opened at `now`, so that nothing accrues before.
    pub const fn accrue_from(&mut self, now: SimTime) {
        self.opened_at = Some(now);
    }

    /// Returns how long the account has accrued by `now`, where all accounts were last booked at `booked`.
    #[must_use]
    pub fn accrued(&self, booked: SimTime, now: SimTime) -> SimDuration {
        now - self.opened_at.map_or(booked, |opened| opened.max(booked))
    }

    /// Returns whether any rate is set.
    #[must_use]
    pub fn is_financed(&self) -> bool {
        self.financing != Financing::NONE
    }

    /// Returns what financing has brought so far, less what it has cost.
    #[must_use]
    pub const fn financed(&self) -> Money {
        self.financed
    }
}
