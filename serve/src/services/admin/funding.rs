//! Funds: cash that administrators give and take, once for each key.
//!
//! What is asked for is written to the database first, under its key and with the name that its request will
//! have in the journal; then the market is asked, which does a request of one name once; then its answer is
//! written. After a crash at any point the same is asked again, by whoever repeats it or by this process
//! itself, and the market gives the first answer.

use std::sync::Arc;
use std::time::Duration;

use bearpit_core::market::Reference;
use serde_json::json;

use super::views::reason_of;
use super::{Admin, Deed, FundRequest, FundedView};
use crate::domain::{Actor, AuditId, EntryKind, Number, Problem, ProblemKind, UserId};
use crate::services::identity::of_store;
use crate::services::market_data::MarketData;
use crate::services::trading::transfers::{CashMove, Transferred};
use crate::store::database::Amount;
use crate::store::fundings::FundingRow;

/// How often it is looked for funds of which it is not known what came of them.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The longest key, in characters.
const KEY_MAX: usize = 128;

impl Admin {
    /// Gives cash to a person's account, or takes some that is free; once for each key.
    ///
    /// # Errors
    /// [`Problem`] if there is no such person, the cash is not free, the key was used for something else, or
    /// the market takes nothing at the moment.
    pub async fn fund(
        self: &Arc<Self>,
        by: Actor,
        id: UserId,
        request: FundRequest,
    ) -> Result<FundedView, Problem> {
        let deed = Deed::new("user.fund").to("user", id).because(reason_of(&request.reason)?);
        let deed = deed.with(json!({
            "amount": request.amount,
            "reference": request.reference,
            "idempotency_key": request.idempotency_key,
        }));
        let this = Arc::clone(self);
        let work = move |entry| async move { this.fund_once(entry, id, request).await };
        self.log.record_as(by, deed, work).await
    }

    async fn fund_once(
        &self,
        entry: AuditId,
        id: UserId,
        request: FundRequest,
    ) -> Result<FundedView, Problem> {
        let row = self.row_of(entry, id, &request).await?;
        let turn = self.money.lock().await;
        let repeated = self.settle_once(&row).await?;
        drop(turn);
        let account = self.trading.open_account(row.account).await.ok().flatten();
        Ok(FundedView {
            account_id: row.account,
            amount: Number(row.amount.decimal()),
            reference: row.reference,
            repeated,
            account: account.as_deref().map(|view| self.trading.summary(row.account, view)),
        })
    }

    async fn row_of(&self, entry: AuditId, id: UserId, request: &FundRequest) -> Result<FundingRow, Problem> {
        let refused = |field, message: &dyn std::fmt::Display| {
            Problem::new(ProblemKind::Refused, "invalid_field", message).at(field)
        };
        let amount = Amount::of(request.amount.0).filter(|amount| amount.0 != 0);
        let amount = amount
            .ok_or_else(|| refused("amount", &"an amount is not zero, and has at most ten decimals"))?;
        Reference::new(&request.reference).map_err(|error| refused("reference", &error))?;
        if EntryKind::of_funding(&request.reference, amount.0 > 0) != EntryKind::Admin {
            let message = "this reference says that the market itself moves something: choose another";
            return Err(refused("reference", &message));
        }
        let key = request.idempotency_key.trim();
        if !(1..=KEY_MAX).contains(&key.chars().count()) || key.chars().any(char::is_control) {
            let message = format!("a key has 1 to {KEY_MAX} characters, none of them a control character");
            return Err(refused("idempotency_key", &message));
        }
        Ok(FundingRow {
            key: key.to_owned(),
            account: self.listed(id).await?.account,
            amount,
            reference: request.reference.clone(),
            // Nobody else names a request so.
            request: format!("fund-{entry}"),
            entry,
            created_at: (self.clock)(),
            outcome: None,
        })
    }

    /// Does what is asked for, unless that has been done under its key. Returns whether it had been.
    async fn settle_once(&self, row: &FundingRow) -> Result<bool, Problem> {
        if self.database.add_funding(row).await.map_err(of_store)? {
            let settled = self.settle(row).await;
            if settled.as_ref().is_err_and(|problem| problem.kind == ProblemKind::Unavailable) {
                // It was not taken: nothing is done later by itself.
                self.database.remove_funding(&row.key).await.map_err(of_store)?;
            }
            return settled.map(|()| false);
        }
        let before = self.database.funding(&row.key).await.map_err(of_store)?;
        let Some(before) = before else {
            let message = "the same was asked for at the same time, and was not taken: ask again";
            return Err(Problem::new(ProblemKind::Conflict, "asked_at_once", message));
        };
        if !before.is_same(row) {
            let message = "this key was used for another account, amount or reference";
            let problem = Problem::new(ProblemKind::Conflict, "idempotency_key_in_use", message);
            return Err(problem.at("idempotency_key").hint("what is to be done anew needs a key of its own"));
        }
        match &before.outcome {
            Some(Ok(())) => Ok(true),
            Some(Err(message)) => Err(Problem::new(ProblemKind::Refused, "funding_refused", message)),
            None => {
                let settled = self.settle(&before).await;
                self.end_entry(&before, &settled).await;
                settled.map(|()| true)
            }
        }
    }

    /// Asks the market, and writes down its answer.
    async fn settle(&self, row: &FundingRow) -> Result<(), Problem> {
        let FundingRow { account, amount, reference, request, .. } = row;
        let cash = CashMove { account: *account, amount: *amount, reference, request };
        let answer = self.trading.move_cash(cash).await;
        let outcome = match &answer {
            Transferred::NotTaken(_) | Transferred::Unknown(_) => return answer.result(),
            Transferred::Done => Ok(()),
            Transferred::Refused(problem) => Err(problem.message.clone()),
        };
        let told = (MarketData::CURRENCY, (self.clock)());
        if let Err(error) = self.database.end_funding(row, &outcome, told).await {
            // The market has answered: this is found out again later.
            tracing::warn!(key = row.key, %error, "what came of funds is written down later");
        }
        answer.result()
    }

    /// Writes down what came of funds that were left half-way, where they stand in the log.
    async fn end_entry(&self, row: &FundingRow, settled: &Result<(), Problem>) {
        if settled.as_ref().err().is_none_or(|problem| !is_left_open(problem)) {
            self.log.end(row.entry, settled.as_ref().copied()).await;
        }
    }

    /// Finds out what came of funds that were left half-way, now and then.
    pub async fn settle_left(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            if let Err(problem) = self.settle_open().await {
                tracing::warn!(%problem, "funds that were left half-way are looked at later");
            }
        }
    }

    /// Finds out what came of funds that were left half-way.
    ///
    /// # Errors
    /// [`Problem`] if the database is away, or the market takes nothing at the moment.
    pub(super) async fn settle_open(&self) -> Result<(), Problem> {
        // Whoever has a turn is not half-way.
        let _turn = self.money.lock().await;
        for row in self.database.open_fundings().await.map_err(of_store)? {
            let settled = self.settle(&row).await;
            self.end_entry(&row, &settled).await;
            match settled {
                Err(problem) if is_left_open(&problem) => return Err(problem),
                settled => tracing::info!(key = row.key, is_done = settled.is_ok(), "funds were settled"),
            }
        }
        Ok(())
    }
}

/// Returns whether it is still not known what came of funds.
const fn is_left_open(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::Unavailable | ProblemKind::Unknown)
}
