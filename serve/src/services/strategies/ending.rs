//! How strategies end: their orders are canceled, and what they have goes back to their owner.

use std::sync::Arc;
use std::time::Duration;

use bearpit_core::market::Transfer;
use bearpit_core::units::{InstrumentId, Money, NetQuantity};
use tracing::{info, warn};

use super::{StopRequest, Strategies, StrategyView, funding};
use crate::domain::ledger::FROM_STRATEGY;
use crate::domain::{AccountId, Actor, Problem, ProblemKind, UserId, WallTime};
use crate::driver::What;
use crate::services::identity::of_store;
use crate::services::trading::asking::seat_of;
use crate::services::wall_now;
use crate::store::strategies::{StrategyRow, StrategyStatus};

/// How often it is looked for strategies that another process left half-way.
const LOOK_EVERY: Duration = Duration::from_secs(60);

impl Strategies {
    /// Ends a strategy, `now`: its orders are canceled, and its positions closed if that is asked for. What
    /// it has stays in its account until it is deleted.
    ///
    /// # Errors
    /// [`Problem`] if there is none of this person, or the market takes nothing at the moment.
    pub async fn stop(
        &self,
        user: UserId,
        id: AccountId,
        request: StopRequest,
        now: WallTime,
    ) -> Result<StrategyView, Problem> {
        let row = self.row(user, id).await?;
        self.check_not_seating(id)?;
        // One whose account was never opened has nothing to end.
        if self.trading.open_account(id).await?.is_some() {
            self.trading.retire(id, request.flatten).await?;
        }
        let ended_at = row.ended_at.or(Some(now));
        self.database.move_strategy(id, StrategyStatus::Stopped, ended_at).await.map_err(of_store)?;
        let account = self.trading.open_account(id).await?;
        Ok(self.view(&StrategyRow { status: StrategyStatus::Stopped, ended_at, ..row }, account.as_deref()))
    }

    /// Deletes a strategy, `now`: it is ended, and all that it has goes to its owner's account.
    ///
    /// # Errors
    /// [`Problem`] if there is none of this person, or orders of it are still open.
    pub async fn delete(&self, owner: Actor, id: AccountId, now: WallTime) -> Result<(), Problem> {
        let row = self.row(self.owner(&owner).await?, id).await?;
        self.check_not_seating(id)?;
        if row.status != StrategyStatus::Stopped {
            self.stop(owner.user, id, StopRequest::default(), now).await?;
        }
        // What there is in a contest's account stays there.
        let entry = self.database.entry_of_account(id).await.map_err(of_store)?;
        if entry.is_none() {
            self.give_back(id, owner.account).await?;
        }
        let ended_at = row.ended_at.or(Some(now));
        self.database.move_strategy(id, StrategyStatus::Deleted, ended_at).await.map_err(of_store)?;
        self.outputs.forget(id);
        Ok(())
    }

    /// Ends all strategies of a person, `now`: their orders are canceled.
    ///
    /// # Errors
    /// The first [`Problem`], after all others were ended: one of them is being started, or the market takes
    /// nothing at the moment.
    pub(in crate::services) async fn stop_all(&self, user: UserId, now: WallTime) -> Result<(), Problem> {
        let mut first = Ok(());
        for row in self.database.strategies(user).await.map_err(of_store)? {
            first = first.and(self.ensure_stopped(&row, now).await);
        }
        first
    }

    async fn ensure_stopped(&self, row: &StrategyRow, now: WallTime) -> Result<(), Problem> {
        if row.status == StrategyStatus::Stopped {
            return Ok(());
        }
        self.stop(row.user, row.account, StopRequest::default(), now).await.map(drop)
    }

    /// Ends the strategies of a person, `now`, and moves all that they have to the person's account. They
    /// stay in the list, with their history. Those that play in contests go on: what is in a contest's
    /// account stays there.
    ///
    /// # Errors
    /// [`Problem`] if orders of one stay open.
    pub(in crate::services) async fn recall(
        &self,
        user: UserId,
        owner_account: AccountId,
        now: WallTime,
    ) -> Result<(), Problem> {
        let mut own = Vec::new();
        for row in self.database.strategies(user).await.map_err(of_store)? {
            if self.database.entry_of_account(row.account).await.map_err(of_store)?.is_none() {
                own.push(row);
            }
        }
        for row in &own {
            self.ensure_stopped(row, now).await?;
        }
        for row in &own {
            self.trading.without_orders(row.account).await?;
            self.give_back(row.account, owner_account).await?;
        }
        Ok(())
    }

    /// Moves all that a strategy has to its owner's account.
    pub(super) async fn give_back(&self, id: AccountId, owner_account: AccountId) -> Result<(), Problem> {
        let Some(view) = self.trading.open_account(id).await? else { return Ok(()) };
        if !view.orders.is_empty() {
            let message = "orders of the strategy are still open: their cancels are on their way";
            let problem = Problem::new(ProblemKind::Conflict, "open_orders", message);
            return Err(problem.hint("ask again in a moment"));
        }
        let scenario = self.source.scenario();
        for position in view.positions.iter().filter(|it| it.holding != NetQuantity::ZERO) {
            let known = scenario.instruments.iter().position(|it| it.instrument.symbol() == position.symbol);
            let instrument = known.and_then(|index| u32::try_from(index).ok()).map(InstrumentId::new);
            let Some(instrument) = instrument else { continue };
            let shares = Transfer::Shares { instrument, quantity: position.holding };
            self.hand_over(id, owner_account, shares).await?;
        }
        if view.free_cash > Money::ZERO {
            self.hand_over(id, owner_account, Transfer::Cash(view.free_cash)).await?;
        }
        Ok(())
    }

    async fn hand_over(&self, from: AccountId, to: AccountId, transfer: Transfer) -> Result<(), Problem> {
        let funding = funding(transfer, FROM_STRATEGY)?;
        self.trading.ask_open(from, What::Transfer { to: seat_of(to), funding }).await
    }

    /// Ends strategies whose start nobody knows the outcome of, now and then.
    pub async fn tidy_up(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            if let Err(problem) = self.end_left_half_way().await {
                warn!(%problem, "strategies that were left half-way are looked at later");
            }
        }
    }

    /// Ends the strategies that are being started, and nobody starts them.
    pub(super) async fn end_left_half_way(&self) -> Result<(), Problem> {
        let rows = self.database.starting_strategies().await.map_err(of_store)?;
        for row in rows.into_iter().filter(|row| self.check_not_seating(row.account).is_ok()) {
            match self.abandon(&row).await {
                Ok(()) => info!(strategy = %row.account, "a strategy that was left half-way was ended"),
                Err(problem) => {
                    warn!(strategy = %row.account, %problem, "a strategy that was left half-way is ended later");
                }
            }
        }
        Ok(())
    }

    async fn abandon(&self, row: &StrategyRow) -> Result<(), Problem> {
        if self.trading.open_account(row.account).await?.is_some() {
            self.trading.retire(row.account, false).await?;
        }
        // What it was given stays in its account until its owner deletes it.
        self.database
            .move_strategy(row.account, StrategyStatus::Stopped, Some(wall_now()))
            .await
            .map_err(of_store)?;
        Ok(())
    }
}
