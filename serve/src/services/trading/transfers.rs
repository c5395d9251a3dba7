//! [`Transferred`]: cash that enters or leaves an account by a request of its own name, which is done once.

use bearpit_core::market::{Funding, Reference, Transfer};
use bearpit_core::units::SimTime;

use super::Trading;
use crate::domain::{AccountId, ClientOrderId, Problem, ProblemKind};
use crate::store::database::Amount;

/// What came of cash that was to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::services) enum Transferred {
    /// It was moved, now or before.
    Done,
    /// The market has refused it, for good: nothing was moved.
    Refused(Problem),
    /// The market takes nothing at the moment: this attempt has moved nothing.
    NotTaken(Problem),
    /// It is not known: the same has to be asked again.
    Unknown(Problem),
}

impl Transferred {
    /// Returns it as a result.
    pub(in crate::services) fn result(self) -> Result<(), Problem> {
        match self {
            Self::Done => Ok(()),
            Self::Refused(problem) | Self::NotTaken(problem) | Self::Unknown(problem) => Err(problem),
        }
    }
}

/// Cash that is to be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::services) struct CashMove<'a> {
    /// The account.
    pub(in crate::services) account: AccountId,
    /// What it receives; below zero if it gives.
    pub(in crate::services) amount: Amount,
    /// What it stands for, on the tape.
    pub(in crate::services) reference: &'a str,
    /// The name of the request in the journal: the market does one of a name once.
    pub(in crate::services) request: &'a str,
}

impl Trading {
    /// Moves cash into an account or out of it, once for each name of a request. Whoever does not know what
    /// came of it asks again by the same.
    pub(in crate::services) async fn move_cash(&self, cash: CashMove<'_>) -> Transferred {
        let unfit = |error: &dyn std::fmt::Display| {
            Transferred::Refused(Problem::new(ProblemKind::Internal, "unfit_funding", error))
        };
        let reference = match Reference::new(cash.reference) {
            Ok(reference) => reference,
            Err(error) => return unfit(&error),
        };
        let client = match ClientOrderId::try_from(cash.request.to_owned()) {
            Ok(client) => client,
            Err(error) => return unfit(&error),
        };
        let funding = Funding { transfer: Transfer::Cash(cash.amount.money()), reference };
        match self.fund(cash.account, funding, Some(client)).await {
            Ok(()) => Transferred::Done,
            Err(problem) => match problem.kind {
                ProblemKind::Unavailable => Transferred::NotTaken(problem),
                ProblemKind::Unknown => Transferred::Unknown(problem),
                _ => Transferred::Refused(problem),
            },
        }
    }

    /// Returns the virtual time.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment.
    pub(in crate::services) fn market_time(&self) -> Result<SimTime, Problem> {
        let status = self.handle.status();
        if let Some(why) = status.unavailable() {
            return Err(super::explain::unavailable(&why));
        }
        let none = || super::explain::unavailable(&crate::driver::Unavailable::Opening);
        status.day.as_ref().map(|day| day.now).ok_or_else(none)
    }
}
