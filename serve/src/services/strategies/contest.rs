//! Strategies in the accounts of contests: one at a time, with the cash that is there.

use bearpit_core::units::Money;

use super::{Strategies, being_started};
use crate::domain::{Actor, Number, Problem, ProblemKind, UserId};
use crate::services::identity::{of_store, refuse_contest_key};
use crate::store::contests::entries::{EntryRow, EntryStatus};
use crate::store::database::StoreError;

impl Strategies {
    /// Returns whose strategies are asked about. A key that was made for an account of a contest trades
    /// there; it has no part in its person's strategies.
    ///
    /// # Errors
    /// [`Problem`] if such a key was shown, or the database is away.
    pub async fn owner(&self, who: &Actor) -> Result<UserId, Problem> {
        refuse_contest_key(&self.database, who).await?;
        Ok(who.user)
    }

    /// Returns the cash that an account of a contest began with, if a strategy can be started there.
    pub(super) async fn cash_in_contest(
        &self,
        entry: &EntryRow,
        asked: Option<Number>,
    ) -> Result<Money, Problem> {
        if asked.is_some() {
            let message = "in a contest a strategy trades with what its account has: name no cash";
            return Err(Problem::new(ProblemKind::Refused, "sealed_account", message).at("cash"));
        }
        if entry.status != EntryStatus::Playing {
            let message = "the contest has not begun, or this account does not trade any more";
            return Err(Problem::new(ProblemKind::Conflict, "contest_not_running", message));
        }
        let contest = self.database.contest(entry.contest).await.map_err(of_store)?;
        let gone = || Problem::new(ProblemKind::NotFound, "unknown_contest", "the contest is gone");
        contest.map(|contest| contest.cash.money()).ok_or_else(gone)
    }
}

/// Says that there is a strategy in an account already, or that another process has just started it.
pub(super) fn one_at_a_time(error: StoreError) -> Problem {
    if error.is_conflict_on("strategies.account_id") {
        let message = "a strategy runs in this account already";
        let problem = Problem::new(ProblemKind::Conflict, "strategy_running", message);
        return problem.hint("stop it first: POST /api/strategies/{strategy_id}/stop");
    }
    if error.is_conflict_on("strategies.user_id, strategies.client_id") {
        return being_started().at("client_strategy_id");
    }
    of_store(error)
}
