//! Transfers between accounts of one's own: each once by its key, and durable before the answer.

use std::sync::Arc;
use std::time::Duration;

use bearpit_core::market::{Funding, Reference, Transfer};
use serde::{Deserialize, Serialize};
use tokio::sync::MutexGuard;
use tracing::{info, warn};
use utoipa::ToSchema;

use super::history::{invalid, limit_of};
use super::{Wallets, unknown_account};
use crate::domain::ledger::TRANSFER;
use crate::domain::{
    AccountId, Actor, ClientOrderId, Number, Problem, ProblemKind, TransferId, UserId, WallTime,
};
use crate::driver::What;
use crate::services::identity::{of_store, refuse_contest_key};
use crate::services::trading::asking::seat_of;
use crate::store::database::Amount;
use crate::store::strategies::StrategyStatus;
use crate::store::transfers::{TransferPlace, TransferRow};

/// The longest key, in characters.
const KEY_MAX: usize = 128;
/// How often it is looked for transfers that were left half-way.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What is to be moved.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferRequest {
    /// The account that gives: one's own, or that of a strategy that runs.
    pub from: AccountId,
    /// The account that receives.
    pub to: AccountId,
    /// How much cash.
    pub amount: Number,
    /// A key of one's own: under the same, it is done once.
    #[schema(max_length = 128)]
    pub idempotency_key: String,
}

/// A transfer between two accounts of one's own.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TransferView {
    /// Its id; the entries in the ledger have it as their reference, behind `transfer:`.
    pub transfer_id: TransferId,
    /// The account that gives.
    pub from: AccountId,
    /// The account that receives.
    pub to: AccountId,
    /// How much.
    pub amount: Number,
    /// The key.
    pub idempotency_key: String,
    /// What came of it.
    pub status: TransferStatus,
    /// Why it was refused.
    pub message: Option<String>,
    /// When it was asked for, by the wall clock.
    pub created_at: String,
}

/// What came of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferStatus {
    /// It is not known yet: it is found out.
    Pending,
    /// Both accounts have it.
    Done,
    /// Nothing was moved.
    Refused,
}

/// A page of transfers, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TransfersPage {
    /// The transfers.
    pub transfers: Vec<TransferView>,
    /// What to send as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}

impl From<TransferRow> for TransferView {
    fn from(row: TransferRow) -> Self {
        let (status, message) = match row.outcome {
            None => (TransferStatus::Pending, None),
            Some(Ok(())) => (TransferStatus::Done, None),
            Some(Err(message)) => (TransferStatus::Refused, Some(message)),
        };
        Self {
            transfer_id: row.id,
            from: row.from,
            to: row.to,
            amount: Number(row.amount.decimal()),
            idempotency_key: row.key,
            status,
            message,
            created_at: row.created_at.to_string(),
        }
    }
}

impl Wallets {
    /// Moves cash between two accounts of a person, `now`, unless that was done under its key.
    ///
    /// # Errors
    /// [`Problem`] if an account is unknown, of a contest or of a strategy that has ended, there is not so
    /// much free cash, or the market takes nothing at the moment.
    pub async fn move_cash(
        self: &Arc<Self>,
        who: &Actor,
        request: TransferRequest,
        now: WallTime,
    ) -> Result<TransferView, Problem> {
        refuse_contest_key(&self.database, who).await?;
        let row = row_of(who.user, request, now)?;
        // It is brought to an end whether or not whoever asked still waits.
        let (wallets, who) = (Arc::clone(self), *who);
        let made = tokio::spawn(async move { wallets.make_once(&who, row).await });
        made.await.map_err(|_| {
            Problem::new(ProblemKind::Internal, "unfinished", "it was not brought to an end: ask again")
        })?
    }

    /// Returns a page of a person's transfers, the newest first.
    ///
    /// # Errors
    /// [`Problem`] if the page does not fit, or the database is away.
    pub async fn transfers(
        &self,
        who: &Actor,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<TransfersPage, Problem> {
        refuse_contest_key(&self.database, who).await?;
        let limit = limit_of(limit)?;
        let behind = cursor.map(place_of).transpose()?;
        let mut rows = self.database.transfers(who.user, behind, limit).await.map_err(of_store)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more);
        let next = next.map(|row| format!("{}.{}", row.created_at.nanos(), row.id));
        Ok(TransfersPage { transfers: rows.into_iter().map(TransferView::from).collect(), next })
    }

    async fn make_once(&self, who: &Actor, row: TransferRow) -> Result<TransferView, Problem> {
        let _turn = self.turn(who.user).await;
        if let Some(known) = self.known(&row).await? {
            return match &known.outcome {
                Some(Ok(())) => Ok(known.into()),
                Some(Err(message)) => Err(refused(message)),
                None => self.settle(known).await,
            };
        }
        for (field, account) in [("from", row.from), ("to", row.to)] {
            self.check(who, account).await.map_err(|problem| problem.at(field))?;
        }
        if !self.database.add_transfer(&row).await.map_err(of_store)? {
            // Another process has the same turn.
            let message = "the same was asked for at the same time: ask again";
            return Err(Problem::new(ProblemKind::Conflict, "asked_at_once", message));
        }
        self.settle(row).await
    }

    /// Returns the transfer that was asked for under the same key.
    async fn known(&self, row: &TransferRow) -> Result<Option<TransferRow>, Problem> {
        let known = self.database.transfer(row.user, &row.key).await.map_err(of_store)?;
        if known.as_ref().is_some_and(|known| !known.is_same(row)) {
            let message = "this key was used for another transfer";
            let problem = Problem::new(ProblemKind::Conflict, "idempotency_key_in_use", message);
            return Err(problem.at("idempotency_key").hint("another transfer needs a key of its own"));
        }
        Ok(known)
    }

    /// Checks that an account is one's own, and that transfers go to it.
    async fn check(&self, who: &Actor, account: AccountId) -> Result<(), Problem> {
        if account == who.account {
            return Ok(());
        }
        let of_contests = self.database.contest_accounts(who.user).await.map_err(of_store)?;
        if of_contests.contains(&account) {
            let message = "nothing comes into an account of a contest, and nothing leaves it";
            return Err(Problem::new(ProblemKind::Refused, "sealed_account", message));
        }
        let row = self.database.strategy(who.user, account).await.map_err(of_store)?;
        match row.map(|row| row.status) {
            Some(StrategyStatus::Running) => Ok(()),
            Some(StrategyStatus::Starting) => {
                let message = "the strategy is being started: ask again in a moment";
                Err(Problem::new(ProblemKind::Conflict, "starting", message))
            }
            Some(StrategyStatus::Stopped) => {
                let message = "the strategy has ended";
                let problem = Problem::new(ProblemKind::Conflict, "strategy_ended", message);
                Err(problem.hint("DELETE /api/strategies/{strategy_id} gives back what it has"))
            }
            Some(StrategyStatus::Deleted) | None => Err(unknown_account(account)),
        }
    }

    /// Asks the market, and writes down its answer.
    async fn settle(&self, row: TransferRow) -> Result<TransferView, Problem> {
        let answer = self.ask(&row).await;
        let outcome = match &answer {
            Err(problem) if problem.kind == ProblemKind::Unavailable => {
                // It was not taken: nothing is done later by itself.
                self.database.remove_transfer(row.id).await.map_err(of_store)?;
                return Err(problem.clone());
            }
            Err(problem) if problem.kind == ProblemKind::Unknown => return Err(problem.clone()),
            Ok(()) => Ok(()),
            Err(problem) => Err(problem.message.clone()),
        };
        if let Err(error) = self.database.end_transfer(row.id, &outcome).await {
            // The market has answered: this is found out again later.
            warn!(transfer = %row.id, %error, "what came of a transfer is written down later");
        }
        answer?;
        Ok(TransferRow { outcome: Some(outcome), ..row }.into())
    }

    async fn ask(&self, row: &TransferRow) -> Result<(), Problem> {
        let unfit =
            |error: &dyn std::fmt::Display| Problem::new(ProblemKind::Internal, "unfit_transfer", error);
        let reference = Reference::new(&format!("{TRANSFER}{}", row.id)).map_err(|error| unfit(&error))?;
        let client =
            ClientOrderId::try_from(format!("transfer-{}", row.id)).map_err(|error| unfit(&error))?;
        let funding = Funding { transfer: Transfer::Cash(row.amount.money()), reference };
        let what = What::Transfer { to: seat_of(row.to), funding };
        let asked = self.trading.ask(row.from, what, Some(client)).await;
        asked.map(drop).map_err(|problem| match &*problem.code {
            "funding_refused" => problem.at("amount"),
            _ => problem,
        })
    }

    /// Finds out what came of transfers that were left half-way, now and then.
    pub async fn settle_left(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            if let Err(problem) = self.settle_open().await {
                warn!(%problem, "transfers that were left half-way are looked at later");
            }
        }
    }

    /// Finds out what came of transfers that were left half-way.
    ///
    /// # Errors
    /// [`Problem`] if the database is away, or the market takes nothing at the moment.
    pub(in crate::services) async fn settle_open(&self) -> Result<(), Problem> {
        for row in self.database.open_transfers().await.map_err(of_store)? {
            // Whoever has a turn is not half-way.
            let _turn = self.turn(row.user).await;
            let known = self.database.transfer(row.user, &row.key).await.map_err(of_store)?;
            let Some(known) = known.filter(|known| known.outcome.is_none()) else { continue };
            let id = known.id;
            match self.settle(known).await {
                Err(problem) if problem.kind == ProblemKind::Unknown => return Err(problem),
                settled => info!(transfer = %id, is_done = settled.is_ok(), "a transfer was settled"),
            }
        }
        Ok(())
    }

    async fn turn(&self, user: UserId) -> MutexGuard<'_, ()> {
        let number = usize::from(user.uuid().as_bytes()[15]) % self.turns.len();
        self.turns[number].lock().await
    }
}

fn row_of(user: UserId, request: TransferRequest, now: WallTime) -> Result<TransferRow, Problem> {
    let refused =
        |field: &str, message: &str| Problem::new(ProblemKind::Refused, "invalid_field", message).at(field);
    let TransferRequest { from, to, amount, idempotency_key } = request;
    let amount = Amount::of(amount.0).filter(|amount| amount.0 > 0);
    let amount =
        amount.ok_or_else(|| refused("amount", "an amount is above zero, and has at most ten decimals"))?;
    if from == to {
        return Err(refused("to", "a transfer is between two accounts"));
    }
    let key = idempotency_key.trim();
    if !(1..=KEY_MAX).contains(&key.chars().count()) || key.chars().any(char::is_control) {
        let message = "a key has 1 to 128 characters, none of them a control character";
        return Err(refused("idempotency_key", message));
    }
    let (id, key) = (TransferId::draw(), key.to_owned());
    Ok(TransferRow { id, user, key, from, to, amount, created_at: now, outcome: None })
}

fn place_of(text: &str) -> Result<TransferPlace, Problem> {
    let bad = || invalid("cursor", "a cursor is what the last page gave as `next`");
    let (at, id) = text.split_once('.').ok_or_else(bad)?;
    let (at, id) = at.parse().ok().zip(id.parse().ok()).ok_or_else(bad)?;
    Ok(TransferPlace { created_at: WallTime::from_nanos(at), id })
}

fn refused(message: &str) -> Problem {
    Problem::new(ProblemKind::Refused, "funding_refused", message).at("amount")
}
