//! Wallets: what an account has, what was moved on it, transfers between accounts of one's own, statements.
//!
//! The cash of a wallet is that of its account in the market, and is asked there. What was moved is in the
//! ledger, which follows from the journal and has the same at each place of the tape.

mod history;
mod statement;
mod transfers;
mod views;

use std::sync::Arc;

use bearpit_core::units::{Money, NetQuantity};
use tokio::sync::Mutex;

pub use history::{EntriesPage, EntryQuery};
pub use statement::{BalanceLine, Month, Statement, TotalLine};
pub use transfers::{TransferRequest, TransferStatus, TransferView, TransfersPage};
pub use views::{AssetName, EntryLine, SubAccountView, WalletView};

use crate::domain::{AccountId, Actor, Number, Problem, ProblemKind};
use crate::driver::MarketHandle;
use crate::services::identity::of_store;
use crate::services::trading::Trading;
use crate::store::database::Database;
use crate::store::strategies::StrategyStatus;

/// What wallets are made of.
#[derive(Debug)]
pub struct WalletsParts {
    /// Asks the market.
    pub trading: Arc<Trading>,
    /// The market, for what time it is there.
    pub handle: MarketHandle,
    /// Where the ledger is.
    pub database: Database,
}

/// Shows people their wallets.
#[derive(Debug)]
pub struct Wallets {
    trading: Arc<Trading>,
    handle: MarketHandle,
    database: Database,
    /// One transfer at a time is made of a person whose turn it is.
    turns: Vec<Mutex<()>>,
}

/// How many people can have transfers made at once; two of them may share a turn.
const TURNS: usize = 64;

impl Wallets {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: WalletsParts) -> Self {
        let WalletsParts { trading, handle, database } = parts;
        let turns = std::iter::repeat_with(Mutex::default).take(TURNS).collect();
        Self { trading, handle, database, turns }
    }

    /// Returns what a person's account has now, and what the strategies have that run.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment, or the database is away.
    pub async fn wallet(&self, who: &Actor) -> Result<WalletView, Problem> {
        let view = self.trading.account_view(who.account).await?;
        let summary = self.trading.summary(who.account, &view);
        let holdings = self.trading.positions_of(who.account, &view).positions;
        let (sub_accounts, worths): (Vec<_>, Vec<_>) = self.sub_accounts(who).await?.into_iter().unzip();
        // What is not known of one is not known of all.
        let total: Option<Money> = worths.into_iter().chain([view.equity]).sum();
        Ok(WalletView {
            account_id: who.account,
            at: summary.at,
            currency: summary.currency,
            cash: summary.cash,
            free_cash: summary.free_cash,
            held_cash: summary.held_cash,
            holdings,
            value: summary.equity,
            sub_accounts,
            total_value: total.map(Number::of_money),
        })
    }

    /// Returns the accounts of a person's strategies that have not been ended, and what each is worth. In an
    /// account of a contest there are none.
    async fn sub_accounts(&self, who: &Actor) -> Result<Vec<(SubAccountView, Option<Money>)>, Problem> {
        let mut found = Vec::new();
        if self.is_of_contest(who.account).await? {
            return Ok(found);
        }
        for row in self.database.strategies(who.user).await.map_err(of_store)? {
            if row.status != StrategyStatus::Running || self.is_of_contest(row.account).await? {
                continue;
            }
            let Some(view) = self.trading.open_account(row.account).await? else { continue };
            let holdings = view.positions.iter().filter(|it| it.holding != NetQuantity::ZERO).count();
            let sub_account = SubAccountView {
                account_id: row.account,
                name: row.name,
                cash: Number::of_money(view.cash),
                free_cash: Number::of_money(view.free_cash),
                holdings,
                value: view.equity.map(Number::of_money),
            };
            found.push((sub_account, view.equity));
        }
        Ok(found)
    }

    async fn is_of_contest(&self, account: AccountId) -> Result<bool, Problem> {
        Ok(self.database.entry_of_account(account).await.map_err(of_store)?.is_some())
    }

    /// Returns the account that is meant: that of whoever asks, or another of the same person. Those of
    /// others are answered like unknown ones.
    async fn own_account(&self, who: &Actor, named: Option<AccountId>) -> Result<AccountId, Problem> {
        let Some(named) = named.filter(|named| *named != who.account) else { return Ok(who.account) };
        let unknown = || unknown_account(named).at("account_id");
        // A key of a contest sees the account of that contest.
        if self.is_of_contest(who.account).await? {
            return Err(unknown());
        }
        let strategies = self.database.all_strategies(who.user).await.map_err(of_store)?;
        let contests = self.database.contest_accounts(who.user).await.map_err(of_store)?;
        let mut own = strategies.iter().map(|row| row.account).chain(contests);
        own.any(|own| own == named).then_some(named).ok_or_else(unknown)
    }
}

fn unknown_account(id: AccountId) -> Problem {
    Problem::new(ProblemKind::NotFound, "unknown_account", format!("there is no account {id} of yours"))
}
