//! Accounts: orders canceled, all set back.

use std::sync::Arc;

use serde_json::json;

use super::views::{maybe_reason, reason_of};
use super::{Admin, CancelRequest, Deed, ReasonRequest, UserDetail};
use crate::domain::ledger::ACCOUNT_RESET;
use crate::domain::{Actor, Problem, UserId};
use crate::services::identity::of_store;
use crate::services::trading::CanceledView;

/// What the tape says of an account that is set back.
const RESET: &str = ACCOUNT_RESET;

impl Admin {
    /// Cancels a person's orders: all, or those of a symbol, or only those that can build a position; in
    /// every account of the person, those of contests and strategies included.
    ///
    /// # Errors
    /// [`Problem`] if there is no such person or symbol, or the market takes nothing at the moment.
    pub async fn cancel_orders(
        self: &Arc<Self>,
        by: Actor,
        id: UserId,
        request: CancelRequest,
    ) -> Result<CanceledView, Problem> {
        let CancelRequest { symbol, entries_only, reason } = request;
        let deed = Deed::new("user.cancel_orders").to("user", id).because(maybe_reason(reason.as_deref())?);
        let deed = deed.with(json!({ "symbol": symbol, "entries_only": entries_only }));
        let this = Arc::clone(self);
        let work = async move {
            let user = this.listed(id).await?;
            let mut accounts = this.own_accounts(&user).await?;
            let strategies = this.database.strategies(id).await.map_err(of_store)?;
            accounts.extend(strategies.iter().map(|row| row.account));
            accounts.sort_unstable();
            accounts.dedup();
            let (mut order_ids, mut first) = (Vec::new(), Ok(()));
            for account in accounts {
                match this.trading.withdraw(account, symbol.as_deref(), entries_only).await {
                    Ok(canceled) => order_ids.extend(canceled.order_ids),
                    Err(problem) => first = first.and(Err(problem)),
                }
            }
            first.map(|()| CanceledView { order_ids })
        };
        self.log.record(by, deed, work).await
    }

    /// Sets a person's account back to the starting cash; its history stays. Strategies are ended first, and
    /// what they have goes to the account; then its orders are canceled, what it holds leaves the market, and
    /// cash enters or leaves. Asked again after it was interrupted, it goes on.
    ///
    /// # Errors
    /// [`Problem`] if there is no such person, orders stay open, or the market takes nothing at the moment.
    pub async fn reset(
        self: &Arc<Self>,
        by: Actor,
        id: UserId,
        request: ReasonRequest,
    ) -> Result<UserDetail, Problem> {
        let deed = Deed::new("user.reset").to("user", id).because(reason_of(&request.reason)?);
        let this = Arc::clone(self);
        let work = async move {
            let user = this.listed(id).await?;
            let turn = this.money.lock().await;
            this.strategies.recall(id, user.account, (this.clock)()).await?;
            this.trading.set_back(user.account, RESET).await?;
            drop(turn);
            this.user(id).await
        };
        self.log.record(by, deed, work).await
    }
}
