//! How contests and entries end before or with their time: canceled, disqualified, over.

use bearpit_core::participant::AccountLimits;
use bearpit_core::units::SimTime;
use serde_json::json;

use super::terms::refused;
use super::views::{FlagRequest, ReasonRequest};
use super::{ContestView, Contests, deed};
use crate::domain::{Actor, ContestId, Problem, ProblemKind, WallTime};
use crate::driver::What;
use crate::services::identity::of_store;
use crate::services::wall_now;
use crate::store::contests::entries::{EntryRow, EntryStatus};
use crate::store::contests::trades::PairRow;
use crate::store::contests::{ContestRow, ContestStatus};
use crate::store::strategies::StrategyStatus;

/// The longest reason, in characters.
const REASON_MAX: usize = 400;

impl Contests {
    /// Cancels a contest, or breaks it off; its accounts do not trade any more.
    ///
    /// # Errors
    /// [`Problem`] if it is over.
    pub async fn cancel(
        &self,
        by: Actor,
        id: ContestId,
        request: &ReasonRequest,
    ) -> Result<ContestView, Problem> {
        let reason = reason_of(&request.reason)?;
        self.row(id).await?;
        let canceling = async {
            let moved =
                self.database.move_contest(id, ContestStatus::Canceled, Some(&reason), wall_now()).await;
            let message = "the contest is settled, or canceled already";
            let is_over = || Problem::new(ProblemKind::Conflict, "contest_over", message);
            moved.map_err(of_store)?.then_some(()).ok_or_else(is_over)
        };
        self.audited(by, deed("contest.cancel", id).because(Some(reason.clone())), canceling).await?;
        let row = self.row(id).await?;
        // What does not succeed now is done by the clerk.
        self.close_all(&row).await.unwrap_or_default();
        Ok(self.view(&row))
    }

    /// Takes an entrant's place, and has the account trade no more.
    ///
    /// # Errors
    /// [`Problem`] if there is no such entrant, or the final ranking stands.
    pub async fn disqualify(
        &self,
        by: Actor,
        id: ContestId,
        number: u32,
        request: &ReasonRequest,
    ) -> Result<(), Problem> {
        let reason = reason_of(&request.reason)?;
        let row = self.row(id).await?;
        if row.status == ContestStatus::Settled {
            let message = "the final ranking stands: it does not change any more";
            return Err(Problem::new(ProblemKind::Conflict, "contest_settled", message));
        }
        let entry = self.entrant(id, number, "number").await?;
        let disqualifying = async {
            let is_new = self.database.disqualify_entry(id, number, &reason).await.map_err(of_store)?;
            let message = "the entrant was disqualified before";
            let known = || Problem::new(ProblemKind::Conflict, "disqualified", message);
            is_new.then_some(()).ok_or_else(known)
        };
        let who = json!({ "number": number, "user": entry.user });
        let deed = deed("contest.disqualify", id).because(Some(reason.clone())).with(who);
        self.audited(by, deed, disqualifying).await?;
        self.boards.lock().await.remove(&id);
        if matches!(entry.status, EntryStatus::Entered | EntryStatus::Playing) {
            // What does not succeed now is done by the clerk.
            self.close(&row, &entry).await.unwrap_or_default();
        }
        Ok(())
    }

    /// Has the trades of two entrants with each other reported.
    ///
    /// # Errors
    /// [`Problem`] if there are no such entrants.
    pub async fn flag(
        &self,
        by: Actor,
        id: ContestId,
        request: &FlagRequest,
        now: WallTime,
    ) -> Result<(), Problem> {
        let reason = reason_of(&request.reason)?;
        self.row(id).await?;
        let first = self.entrant(id, request.first, "first").await?;
        let second = self.entrant(id, request.second, "second").await?;
        if first.number == second.number {
            return Err(refused("a pair is two entrants", "second"));
        }
        let mut users = [first.user, second.user];
        users.sort_unstable();
        let pair = PairRow { users, reason, flagged_at: now };
        let who = json!({ "numbers": [first.number, second.number] });
        let deed = deed("contest.flag", id).because(Some(pair.reason.clone())).with(who);
        let flagging = async { self.database.flag_pair(id, &pair).await.map_err(of_store) };
        self.audited(by, deed, flagging).await.map(drop)
    }

    async fn entrant(&self, id: ContestId, number: u32, field: &str) -> Result<EntryRow, Problem> {
        let entries = self.database.entries(id).await.map_err(of_store)?;
        let message = format!("there is no entrant {number}");
        let unknown = || Problem::new(ProblemKind::NotFound, "unknown_entrant", message).at(field);
        entries.into_iter().find(|entry| entry.number == number).ok_or_else(unknown)
    }

    /// Ends the trading of all accounts of a contest.
    pub(super) async fn close_all(&self, row: &ContestRow) -> Result<(), Problem> {
        for entry in self.database.entries(row.id).await.map_err(of_store)? {
            if entry.status == EntryStatus::Playing {
                self.close(row, &entry).await?;
            }
        }
        Ok(())
    }

    /// Ends the trading of an account: it enters no orders from now on, and those that are open are canceled.
    /// One that was opened half-way is closed too; one that is not open never will be.
    pub(super) async fn close(&self, row: &ContestRow, entry: &EntryRow) -> Result<(), Problem> {
        if self.trading.open_account(entry.account).await?.is_none() {
            return self.database.move_entry(entry.account, EntryStatus::Closed).await.map_err(of_store);
        }
        let until = self.now().map_or(row.ends_at, |now| now.nanos().min(row.ends_at));
        let limits =
            AccountLimits { until: Some(SimTime::from_nanos(until)), ..self.account_limits(row, true) };
        self.trading.ask_open(entry.account, What::Limit(limits)).await?;
        let strategy = self.database.strategy(entry.user, entry.account).await.map_err(of_store)?;
        if strategy.is_some_and(|it| it.status == StrategyStatus::Running) {
            self.trading.retire(entry.account, false).await?;
            let stopped =
                self.database.move_strategy(entry.account, StrategyStatus::Stopped, Some(wall_now()));
            stopped.await.map_err(of_store)?;
        }
        self.trading.cancel_all(entry.account, None).await?;
        self.database.move_entry(entry.account, EntryStatus::Closed).await.map_err(of_store)
    }
}

fn reason_of(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if (1..=REASON_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let message = format!("a reason has 1 to {REASON_MAX} characters, none of them a control character");
    Err(refused(message, "reason"))
}
