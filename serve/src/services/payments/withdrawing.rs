//! Withdrawals: money goes back to whoever paid it in, as refunds of their own payments.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::money::{Part, Unfit, divide};
use super::{Payments, WithdrawalView, WithdrawalsPage, amount_of, invalid, key_in_use, key_of, shut};
use crate::config::WithdrawalRule;
use crate::domain::{AccountId, Actor, Number, Problem, ProblemKind, RefundId, WithdrawalId};
use crate::services::admin::{Deed, paging, reason_of};
use crate::services::identity::of_store;
use crate::store::database::Amount;
use crate::store::payments::{
    AddWithdrawal, NewRefund, NewWithdrawal, Refundable, WithdrawalRow, WithdrawalStatus,
};

/// A withdrawal that somebody asks for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalRequest {
    /// How much, in the market's currency: at most what is free in the account, and what of one's own
    /// payments has not gone back.
    #[schema(example = "10")]
    pub amount: Number,
    /// The key under which it is made once.
    #[schema(example = "withdrawal-1", min_length = 1, max_length = 128)]
    pub idempotency_key: String,
}

/// Whether a withdrawal may be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawalStatusName {
    /// An administrator has to say.
    Waiting,
    /// It may: its refunds say how far they are.
    Approved,
    /// It may not.
    Rejected,
}

impl From<WithdrawalStatus> for WithdrawalStatusName {
    fn from(status: WithdrawalStatus) -> Self {
        match status {
            WithdrawalStatus::Waiting => Self::Waiting,
            WithdrawalStatus::Approved => Self::Approved,
            WithdrawalStatus::Rejected => Self::Rejected,
        }
    }
}

impl From<WithdrawalStatusName> for WithdrawalStatus {
    fn from(name: WithdrawalStatusName) -> Self {
        match name {
            WithdrawalStatusName::Waiting => Self::Waiting,
            WithdrawalStatusName::Approved => Self::Approved,
            WithdrawalStatusName::Rejected => Self::Rejected,
        }
    }
}

impl Payments {
    /// Asks for money to go back, once for each key. It is carried out at once, or once an administrator has
    /// approved it.
    ///
    /// # Errors
    /// [`Problem`] if the account has not that much free, not that much of the person's payments is left,
    /// or the key was used for another amount.
    pub async fn withdraw(
        self: &Arc<Self>,
        who: &Actor,
        request: WithdrawalRequest,
    ) -> Result<WithdrawalView, Problem> {
        self.provider()?;
        let account = self.account_of(who).await?;
        let amount = amount_of(request.amount.0)?;
        let status = match self.config.withdrawals {
            WithdrawalRule::Automatic => WithdrawalStatus::Approved,
            WithdrawalRule::Approved => WithdrawalStatus::Waiting,
        };
        let new = NewWithdrawal {
            id: WithdrawalId::draw(),
            account,
            key: key_of(&request.idempotency_key)?,
            amount,
            currency: self.trading.data.currency().to_owned(),
            status,
            now: self.now(),
        };
        let deed = Deed::new("withdrawal.request").to("withdrawal", new.id);
        let deed = deed.with(json!({ "amount": request.amount, "idempotency_key": new.key }));
        let this = Arc::clone(self);
        let work = async move { this.withdraw_once(new).await };
        self.log.record(*who, deed, work).await
    }

    async fn withdraw_once(&self, new: NewWithdrawal) -> Result<WithdrawalView, Problem> {
        let free = self.free_cash(new.account).await?;
        let plan = |of: &[Refundable]| plan(new.amount, free, of);
        match self.database.add_withdrawal(&new, plan).await.map_err(of_store)? {
            AddWithdrawal::Added => self.carry_out(new.id).await,
            AddWithdrawal::Known(row) if row.asked.amount != new.amount => Err(key_in_use()),
            AddWithdrawal::Known(row) => self.withdrawal_view(row).await,
            AddWithdrawal::Unfit(problem) => Err(problem),
            AddWithdrawal::Shut => Err(shut()),
        }
    }

    /// Returns what no order holds of an account's cash; nothing while the market does not say: what is then
    /// taken out is checked by the market itself.
    async fn free_cash(&self, account: AccountId) -> Result<Option<Amount>, Problem> {
        match self.trading.open_account(account).await {
            Ok(view) => Ok(Some(view.map_or(Amount(0), |view| Amount::from(view.free_cash)))),
            Err(problem) if problem.kind == ProblemKind::Unavailable => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Goes on with all refunds of a withdrawal that may be carried out.
    async fn carry_out(&self, id: WithdrawalId) -> Result<WithdrawalView, Problem> {
        let row = self.withdrawal_row(id).await?;
        if row.asked.status == WithdrawalStatus::Approved {
            for refund in self.database.refunds(id).await.map_err(of_store)? {
                // What is not done now is done later.
                if let Err(problem) = self.pay_back(refund).await {
                    tracing::warn!(withdrawal = %id, %problem, "a refund is looked at later");
                }
            }
        }
        self.withdrawal_view(row).await
    }

    /// Returns a withdrawal of one's own.
    ///
    /// # Errors
    /// [`Problem`] if there is no such withdrawal.
    pub async fn withdrawal(&self, who: &Actor, id: WithdrawalId) -> Result<WithdrawalView, Problem> {
        let account = self.account_of(who).await?;
        let row = self.database.withdrawal(id).await.map_err(of_store)?;
        let row = row.filter(|row| row.asked.account == account).ok_or_else(|| unknown(id))?;
        self.withdrawal_view(row).await
    }

    /// Returns one's own withdrawals, the newest first, in pages.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit.
    pub async fn withdrawals(
        &self,
        who: &Actor,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<WithdrawalsPage, Problem> {
        let account = self.account_of(who).await?;
        let (before, limit) = (paging::cursor(cursor)?, paging::limit_of(limit)?);
        let rows = self.database.withdrawals(account, before, limit + 1).await.map_err(of_store)?;
        self.withdrawals_page(rows, limit).await
    }

    /// Returns withdrawals of all people, or those of a status, the newest first, in pages.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit.
    pub async fn all_withdrawals(
        &self,
        status: Option<WithdrawalStatusName>,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<WithdrawalsPage, Problem> {
        let (before, limit) = (paging::cursor(cursor)?, paging::limit_of(limit)?);
        let status = status.map(WithdrawalStatus::from);
        let rows = self.database.all_withdrawals(before, status, limit + 1).await.map_err(of_store)?;
        self.withdrawals_page(rows, limit).await
    }

    async fn withdrawals_page(
        &self,
        rows: Vec<WithdrawalRow>,
        limit: u32,
    ) -> Result<WithdrawalsPage, Problem> {
        let (rows, next) = paging::page(rows, limit, |row| row.asked.id.to_string());
        let mut withdrawals = Vec::with_capacity(rows.len());
        for row in rows {
            withdrawals.push(self.withdrawal_view(row).await?);
        }
        Ok(WithdrawalsPage { withdrawals, next })
    }

    /// Says that a withdrawal may be carried out, or why it may not. Nobody decides on their own.
    ///
    /// # Errors
    /// [`Problem`] if there is none that waits, or it is one's own.
    pub async fn decide_withdrawal(
        self: &Arc<Self>,
        by: Actor,
        id: WithdrawalId,
        decision: Result<(), String>,
    ) -> Result<WithdrawalView, Problem> {
        let action = if decision.is_ok() { "withdrawal.approve" } else { "withdrawal.reject" };
        let reason = match &decision {
            Ok(()) => None,
            Err(why) => reason_of(why)?,
        };
        let deed = Deed::new(action).to("withdrawal", id).because(reason);
        let this = Arc::clone(self);
        let work = async move {
            let row = this.withdrawal_row(id).await?;
            this.refuse_own(&by, row.asked.account).await?;
            let decision = decision.as_ref().map(|&()| ()).map_err(String::as_str);
            let now = this.now();
            if !this.database.decide_withdrawal(id, decision, now).await.map_err(of_store)? {
                let message = "somebody has decided on it already, or nobody has to";
                return Err(Problem::new(ProblemKind::Conflict, "not_waiting", message));
            }
            this.carry_out(id).await
        };
        self.log.record(by, deed, work).await
    }

    /// Refuses an administrator's deed for the account of their own.
    pub(super) async fn refuse_own(&self, by: &Actor, account: AccountId) -> Result<(), Problem> {
        let user = self.people.of_id(by.user).await.map_err(of_store)?;
        if user.is_none_or(|user| user.account == account) {
            let message = "nobody decides on their own money";
            let problem = Problem::new(ProblemKind::Conflict, "own_account", message);
            return Err(problem.hint("another administrator can"));
        }
        Ok(())
    }

    pub(super) async fn withdrawal_row(&self, id: WithdrawalId) -> Result<WithdrawalRow, Problem> {
        self.database.withdrawal(id).await.map_err(of_store)?.ok_or_else(|| unknown(id))
    }

    async fn withdrawal_view(&self, row: WithdrawalRow) -> Result<WithdrawalView, Problem> {
        let refunds = self.database.refunds(row.asked.id).await.map_err(of_store)?;
        Ok(WithdrawalView::of(row, refunds))
    }
}

/// Plans the refunds of a withdrawal.
fn plan(amount: Amount, free: Option<Amount>, of: &[Refundable]) -> Result<Vec<NewRefund>, Problem> {
    let parts = divide(amount, of).map_err(|unfit| match unfit {
        Unfit::TooMuch { left } => {
            let message = format!("{} of your own payments can go back", left.decimal());
            let problem = Problem::new(ProblemKind::Refused, "more_than_paid_in", message);
            problem.at("amount").hint("what was granted or gained in trading is never paid out")
        }
        Unfit::TooSmall => invalid("amount", "a part of it is less than a Chilean peso"),
    })?;
    if let Some(free) = free.filter(|free| *free < amount) {
        let message = format!("{} of the account's cash is free", free.decimal());
        return Err(Problem::new(ProblemKind::Refused, "insufficient_cash", message).at("amount"));
    }
    let refund = |Part { payment, amount, clp }| NewRefund { id: RefundId::draw(), payment, amount, clp };
    Ok(parts.into_iter().map(refund).collect())
}

fn unknown(id: WithdrawalId) -> Problem {
    let message = format!("there is no withdrawal {id}");
    Problem::new(ProblemKind::NotFound, "unknown_withdrawal", message).at("withdrawal_id")
}
