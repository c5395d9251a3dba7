//! How strategies start: checked, known by the ids of their owners, seated with the cash that they are given.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use bearpit::scenario::{LiveConfig, UserScript};
use bearpit_core::kernel::{AddError, JoinRefusal};
use bearpit_core::market::Transfer;
use bearpit_core::participant::{RequestKind, RequestRefusal};
use bearpit_core::units::Money;

use super::{
    FindingView, Strategies, StrategyRequest, StrategyView, being_started, busy, contest, funding, unfinished,
};
use crate::domain::ledger::TO_STRATEGY;
use crate::domain::{AccountId, Actor, ClientOrderId, Number, Problem, ProblemKind, UserId, WallTime};
use crate::driver::{Ask, What};
use crate::services::identity::of_store;
use crate::services::trading::asking::seat_of;
use crate::store::database::Amount;
use crate::store::strategies::{AddStrategyOutcome, StrategyLimits, StrategyRow, StrategyStatus};

/// The longest name of a strategy, in characters.
const NAME_MAX: usize = 64;

impl Strategies {
    /// Starts a strategy, `now`: it has been checked, and trades from the answer on. One that was started
    /// under the same id of its owner's is returned as it is.
    ///
    /// # Errors
    /// [`Problem`] if it is not valid, there are too many, or one's account has not the cash; if another was
    /// started under its id.
    pub async fn start(
        self: &Arc<Self>,
        owner: Actor,
        request: StrategyRequest,
        now: WallTime,
    ) -> Result<StrategyView, Problem> {
        self.owner(&owner).await?;
        let name = checked_name(&request.name)?;
        let entry = self.database.entry_of_account(owner.account).await.map_err(of_store)?;
        let cash = match &entry {
            None => cash_of(request.cash)?,
            Some(entry) => self.cash_in_contest(entry, request.cash).await?,
        };
        let script = request.script();
        let row = StrategyRow {
            account: entry.as_ref().map_or_else(AccountId::draw, |entry| entry.account),
            user: owner.user,
            name,
            script: script.to_json(),
            cash: cash.into(),
            status: StrategyStatus::Starting,
            created_at: now,
            ended_at: None,
            client: request.client_strategy_id,
        };
        let giver = entry.is_none().then_some(owner.account);
        if let Some(known) = self.known(&row, giver).await? {
            return Ok(known);
        }
        if let Some(error) = self.checked(script.clone(), cash).await?.errors.first() {
            return Err(not_valid(error));
        }
        // It is begun and brought to an end whether or not whoever asked still waits.
        let this = Arc::clone(self);
        let starting = tokio::spawn(async move { this.seat(row, giver, &script).await });
        starting.await.map_err(|_| unfinished())?
    }

    /// Starts a strategy that has been checked, during which nothing else is done to it.
    async fn seat(
        &self,
        row: StrategyRow,
        giver: Option<AccountId>,
        script: &UserScript,
    ) -> Result<StrategyView, Problem> {
        let account = row.account;
        if !self.change_seating(|seating| seating.insert(account)) {
            return Err(being_started());
        }
        let seated = self.seat_alone(row, giver, script).await;
        self.change_seating(|seating| seating.remove(&account));
        seated
    }

    pub(super) fn change_seating(&self, change: impl FnOnce(&mut BTreeSet<AccountId>) -> bool) -> bool {
        // A set is changed while it is locked, which cannot fail half-way.
        change(&mut self.seating.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn check_not_seating(&self, id: AccountId) -> Result<(), Problem> {
        if self.change_seating(|seating| seating.contains(&id)) {
            return Err(being_started());
        }
        Ok(())
    }

    async fn seat_alone(
        &self,
        row: StrategyRow,
        giver: Option<AccountId>,
        script: &UserScript,
    ) -> Result<StrategyView, Problem> {
        let turn = self.starts.lock().await;
        // Sent twice at once, the second finds the first.
        if let Some(known) = self.known(&row, giver).await? {
            return Ok(known);
        }
        let added = self.database.add_strategy(&row, self.limits).await;
        drop(turn);
        let archived = self.check_added(added.map_err(contest::one_at_a_time)?)?;
        if let Some(giver) = giver
            && let Err(problem) = self.fund(&row, giver).await
        {
            if problem.kind != ProblemKind::Unknown {
                self.undo_add(&row, Some(giver), archived).await?;
            }
            return Err(problem);
        }
        let what = What::Reseat(LiveConfig::seat_script(script));
        if let Err(problem) = self.trading.ask_open(row.account, what).await {
            if problem.kind != ProblemKind::Unknown {
                if let Some(giver) = giver {
                    self.give_back(row.account, giver).await?;
                }
                self.undo_add(&row, giver, archived).await?;
            }
            return Err(problem);
        }
        self.database.move_strategy(row.account, StrategyStatus::Running, None).await.map_err(of_store)?;
        let view = self.trading.open_account(row.account).await.ok().flatten();
        Ok(self.view(&StrategyRow { status: StrategyStatus::Running, ..row }, view.as_deref()))
    }

    /// Returns the strategy that was started under the same id, if one was: with cash from an account if
    /// there is a `giver`, else in the account of a contest.
    async fn known(
        &self,
        row: &StrategyRow,
        giver: Option<AccountId>,
    ) -> Result<Option<StrategyView>, Problem> {
        let Some(client) = &row.client else { return Ok(None) };
        let Some(known) = self.find_by_client_id(row.user, client).await? else { return Ok(None) };
        let is_same = known.name == row.name && known.script == row.script && known.cash == row.cash;
        let is_there = match giver {
            None => known.account == row.account,
            Some(_) => self.database.entry_of_account(known.account).await.map_err(of_store)?.is_none(),
        };
        if !is_same || !is_there || known.status == StrategyStatus::Deleted {
            let message = match known.status {
                StrategyStatus::Deleted => "the strategy that was started under this id is deleted",
                _ => "another strategy was started under this id",
            };
            let problem = Problem::new(ProblemKind::Conflict, "client_strategy_id_in_use", message);
            return Err(problem.at("client_strategy_id").hint("another strategy needs an id of its own"));
        }
        let account = self.look(known.account).await?;
        Ok(Some(self.view(&known, account.as_deref())))
    }

    async fn find_by_client_id(
        &self,
        user: UserId,
        client: &ClientOrderId,
    ) -> Result<Option<StrategyRow>, Problem> {
        self.database.find_strategy_by_client_id(user, client).await.map_err(of_store)
    }

    /// Returns the strategy that was archived for the one that was added, if one was.
    fn check_added(&self, outcome: AddStrategyOutcome) -> Result<Option<AccountId>, Problem> {
        let StrategyLimits { per_user, total } = self.limits;
        let (message, hint) = match outcome {
            AddStrategyOutcome::Added { archived } => return Ok(archived),
            AddStrategyOutcome::TooManyRunning => (
                format!("at most {per_user} strategies of a person run, and {total} in all"),
                "stop one first",
            ),
            AddStrategyOutcome::TooManyStarted => (
                format!("at most {} strategies of a person are started in 24 hours", self.limits.starts()),
                "try a strategy out with POST /api/strategies/check, or bearpit simulate",
            ),
        };
        Err(Problem::new(ProblemKind::Conflict, "too_many_strategies", message).hint(hint))
    }

    /// Takes a strategy whose start failed out of the list, and restores the one that was archived for it. If
    /// an account was opened for it, it counts as started: the account stays.
    async fn undo_add(
        &self,
        row: &StrategyRow,
        giver: Option<AccountId>,
        archived: Option<AccountId>,
    ) -> Result<(), Problem> {
        let left_nothing =
            giver.is_none() || matches!(self.trading.open_account(row.account).await, Ok(None));
        let undone = if left_nothing {
            self.database.remove_strategy(row.account, archived).await
        } else {
            self.database.mark_start_failed(row.account, row.created_at).await
        };
        undone.map_err(of_store)
    }

    /// Opens a strategy's account, and gives it cash.
    pub(super) async fn fund(&self, row: &StrategyRow, owner_account: AccountId) -> Result<(), Problem> {
        // Opens the owner's account if it is not open yet.
        let free = self.trading.account(owner_account).await?.free_cash;
        if Amount::of(free.0).is_some_and(|free| free < row.cash) {
            // Said before an account is opened, which would stay.
            let message = format!("the account has {free} of free cash");
            return Err(Problem::new(ProblemKind::Refused, "funding_refused", message).at("cash"));
        }
        let seat = seat_of(row.account);
        let RequestKind::Join { spec, config, .. } = self.source.live().join_empty(&seat) else {
            return Err(busy());
        };
        let what = What::Join { spec, config: Box::new(config) };
        let answer = self.trading.send(Ask { seat: Arc::clone(&seat), what, client: None }).await?;
        if let Err(refusal) = answer.outcome {
            // One that is there is its own: nobody else draws that id.
            if !matches!(refusal, RequestRefusal::Join(JoinRefusal::Add(AddError::DuplicateName(_)))) {
                return Err(Problem::new(ProblemKind::Refused, "no_seat", refusal));
            }
        }
        self.trading.identify(row.account).await?;
        let funding = funding(Transfer::Cash(row.cash.money()), TO_STRATEGY)?;
        let moved = self.trading.ask_open(owner_account, What::Transfer { to: seat, funding }).await;
        moved.map_err(|problem| problem.at("cash"))
    }
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    let message = format!("a name has 1 to {NAME_MAX} characters, none of them a control character");
    Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at("name"))
}

fn cash_of(cash: Option<Number>) -> Result<Money, Problem> {
    let amount = cash.and_then(|cash| Amount::of(cash.0)).filter(|amount| amount.0 > 0).map(Amount::money);
    amount.ok_or_else(|| {
        let message = "a strategy gets an amount of cash above zero, with at most ten decimals";
        Problem::new(ProblemKind::Refused, "invalid_field", message).at("cash")
    })
}

fn not_valid(error: &FindingView) -> Problem {
    let FindingView { file, line, column, message, help, .. } = error;
    let hint = help.clone().unwrap_or_else(|| "POST /api/strategies/check says all that is wrong".to_owned());
    let message = format!("{file}:{line}:{column}: {message}");
    Problem::new(ProblemKind::Refused, "invalid_strategy", message).at("source").hint(hint)
}
