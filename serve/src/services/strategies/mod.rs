//! Strategies of people in the live market: checked, seated in accounts of their own, watched, ended.
//!
//! A strategy's account is a seat like any other, named by an id of its own. It is opened empty, gets cash
//! from its owner's account, and then its script takes the seat; ended, a seat that does nothing takes its
//! place. Each of these is a request in the journal. The database knows whose it is and how far it has come;
//! a process that ends half-way leaves a strategy that is starting, which the next ends; what it was given
//! stays in its account until its owner deletes it.

mod check;
mod contest;
mod ending;
mod output;
mod starting;
#[cfg(test)]
mod tests;
mod views;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bearpit::scenario::UserScript;
use bearpit_core::market::{Funding, Reference, Transfer};
use bearpit_core::units::Money;
use tokio::sync::{Mutex, Semaphore};

pub use check::{FindingView, StrategyCheck};
pub use output::StrategyOutputs;
pub use views::{
    LogLine, OnErrorName, ScriptRequest, SeriesPoint, SeriesView, StopRequest, StrategiesView,
    StrategyDetail, StrategyLog, StrategyRequest, StrategySeries, StrategyStatusName, StrategyView,
};

use crate::domain::{AccountId, Number, Problem, ProblemKind, UserId};
use crate::driver::{AccountView, ScenarioSource};
use crate::services::identity::of_store;
use crate::services::market_data::MarketData;
use crate::services::trading::Trading;
use crate::store::database::Database;
use crate::store::strategies::{StrategyLimits, StrategyRow, StrategyStatus};

/// The longest script, and each file that it imports, in bytes.
const SOURCE_BYTES_MAX: usize = 1 << 18;

/// How long a check waits for others to end.
const CHECK_PATIENCE: Duration = Duration::from_secs(10);

/// What strategies are run with.
#[derive(Debug)]
pub struct StrategiesParts {
    /// Trades in their names.
    pub trading: Arc<Trading>,
    /// The scenario of the days.
    pub source: ScenarioSource,
    /// What everybody sees of the market.
    pub data: Arc<MarketData>,
    /// Where it is kept whose they are.
    pub database: Database,
    /// What they write.
    pub outputs: StrategyOutputs,
    /// How many may run.
    pub limits: StrategyLimits,
}

/// Runs strategies in the name of people.
#[derive(Debug)]
pub struct Strategies {
    trading: Arc<Trading>,
    source: ScenarioSource,
    data: Arc<MarketData>,
    database: Database,
    outputs: StrategyOutputs,
    limits: StrategyLimits,
    /// A check takes a core for a while: one at a time.
    checks: Arc<Semaphore>,
    /// Those that this process is starting: nothing else is done to them meanwhile.
    seating: std::sync::Mutex<BTreeSet<AccountId>>,
    /// One is started at a time, so that there are never more than may be.
    starts: Mutex<()>,
}

impl Strategies {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: StrategiesParts) -> Self {
        let StrategiesParts { trading, source, data, database, outputs, limits } = parts;
        let (checks, starts, seating) =
            (Arc::new(Semaphore::new(1)), Mutex::new(()), std::sync::Mutex::default());
        Self { trading, source, data, database, outputs, limits, checks, seating, starts }
    }

    /// Checks a strategy and rehearses it; nothing is started.
    ///
    /// # Errors
    /// [`Problem`] if it is too long, or its market is unknown.
    pub async fn check(&self, request: ScriptRequest) -> Result<StrategyCheck, Problem> {
        self.checked(request.script(), self.source.live().starting_cash).await
    }

    async fn checked(&self, script: UserScript, cash: Money) -> Result<StrategyCheck, Problem> {
        let lengths = script.modules.values().map(String::len).chain([script.text.len()]);
        if lengths.max().is_some_and(|length| length > SOURCE_BYTES_MAX) {
            let message =
                format!("a script, and each file that it imports, has at most {SOURCE_BYTES_MAX} bytes");
            return Err(Problem::new(ProblemKind::Refused, "too_long", message).at("source"));
        }
        let scenario = self.source.scenario();
        let home = script.market.clone().or_else(|| {
            let venue = scenario.venues.first()?;
            let first = scenario.instruments.get(venue.instruments.first()?.index())?;
            Some(format!("{}@{}", first.instrument.symbol(), venue.name))
        });
        let home = home.unwrap_or_default();
        let (_, snapshot) = self.data.find(&home).map_err(|problem| problem.at("symbol"))?;
        let mid = snapshot.trades.first().map(|print| print.price.ticks());
        let turn = tokio::time::timeout(CHECK_PATIENCE, Arc::clone(&self.checks).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            let message = "others have their strategies checked: try again in some seconds";
            let problem = Problem::new(ProblemKind::Unavailable, "busy", message);
            return Err(problem.retry_after(CHECK_PATIENCE));
        };
        let scenario = scenario.clone();
        let checking = tokio::task::spawn_blocking(move || {
            // It goes on where whoever asked has gone, and so does its turn.
            let _turn = turn;
            check::check(&script, &scenario, cash, mid)
        });
        checking.await.map_err(|_| unfinished())
    }

    /// Returns a person's strategies.
    ///
    /// # Errors
    /// [`Problem`] if the database is away, or the market takes nothing.
    pub async fn all(&self, user: UserId) -> Result<StrategiesView, Problem> {
        let mut strategies = Vec::new();
        for row in self.database.strategies(user).await.map_err(of_store)? {
            let account = self.look(row.account).await?;
            strategies.push(self.view(&row, account.as_deref()));
        }
        Ok(StrategiesView { strategies })
    }

    /// Returns a strategy with all that there is of it.
    ///
    /// # Errors
    /// [`Problem`] if there is none of this person.
    pub async fn one(&self, user: UserId, id: AccountId) -> Result<StrategyDetail, Problem> {
        let row = self.row(user, id).await?;
        let account = self.look(id).await?;
        let script = UserScript::from_json(&row.script).map_err(|_| unknown(id))?;
        let positions = account.as_deref().map(|view| self.trading.positions_of(id, view).positions);
        Ok(StrategyDetail {
            strategy: self.view(&row, account.as_deref()),
            source: script.text,
            modules: script.modules,
            parameters: script.params,
            account: account.as_deref().map(|view| self.trading.summary(id, view)),
            positions: positions.unwrap_or_default(),
        })
    }

    /// Returns an account, if it is open and the market has a day.
    async fn look(&self, account: AccountId) -> Result<Option<Box<AccountView>>, Problem> {
        match self.trading.open_account(account).await {
            Err(problem) if problem.kind == ProblemKind::Unavailable => Ok(None),
            seen => seen,
        }
    }

    /// Returns the account of a person's strategy: what can be looked up of accounts can be of it.
    ///
    /// # Errors
    /// [`Problem`] if there is none of this person.
    pub async fn account_of(&self, user: UserId, id: AccountId) -> Result<AccountId, Problem> {
        self.row(user, id).await.map(|row| row.account)
    }

    /// Returns the last lines of a strategy's log, or those after a line.
    ///
    /// # Errors
    /// [`Problem`] if there is none of this person.
    pub async fn log(
        &self,
        user: UserId,
        id: AccountId,
        after: Option<&str>,
    ) -> Result<StrategyLog, Problem> {
        self.row(user, id).await?;
        let bad = |_| {
            let message = "`after` is the number of a line, as the last answer gave it as `next`";
            Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("after")
        };
        let after = after.map(|text| text.parse::<u64>().map_err(bad)).transpose()?;
        let lines: Vec<LogLine> = self.outputs.read(id, |written| {
            let lines = written.iter().flat_map(|written| &written.lines);
            let lines = lines.filter(|line| after.is_none_or(|after| line.number > after));
            let view = |line: &output::Line| LogLine {
                number: line.number.to_string(),
                at: self.data.time(line.at),
                text: line.text.to_string(),
                is_failure: line.is_failure,
            };
            lines.map(view).collect()
        });
        let last = lines.last().map(|line| line.number.clone());
        Ok(StrategyLog { lines, next: last.or_else(|| after.map(|after| after.to_string())) })
    }

    /// Returns what a strategy has plotted today.
    ///
    /// # Errors
    /// [`Problem`] if there is none of this person.
    pub async fn series(&self, user: UserId, id: AccountId) -> Result<StrategySeries, Problem> {
        self.row(user, id).await?;
        let series = self.outputs.read(id, |written| {
            let series = written.iter().flat_map(|written| &written.series);
            let point = |(at, value): &output::Point| SeriesPoint { at: self.data.time(*at), value: *value };
            let view = |(name, points): (&Arc<str>, &std::collections::VecDeque<output::Point>)| SeriesView {
                name: name.to_string(),
                points: points.iter().map(point).collect(),
            };
            series.map(view).collect()
        });
        Ok(StrategySeries { series })
    }

    async fn row(&self, user: UserId, id: AccountId) -> Result<StrategyRow, Problem> {
        self.database.strategy(user, id).await.map_err(of_store)?.ok_or_else(|| unknown(id))
    }

    fn view(&self, row: &StrategyRow, account: Option<&AccountView>) -> StrategyView {
        let failure = self.outputs.read(row.account, |written| written.and_then(|it| it.failure.clone()));
        let status = match row.status {
            StrategyStatus::Starting => StrategyStatusName::Starting,
            StrategyStatus::Running if failure.is_some() => StrategyStatusName::Failed,
            StrategyStatus::Running => StrategyStatusName::Running,
            StrategyStatus::Stopped | StrategyStatus::Deleted => StrategyStatusName::Stopped,
        };
        let equity = account.and_then(|view| view.equity);
        StrategyView {
            strategy_id: row.account,
            name: row.name.clone(),
            status,
            symbol: UserScript::from_json(&row.script).ok().and_then(|script| script.market),
            cash: Number::of_money(row.cash.money()),
            equity: equity.map(Number::of_money),
            pnl: equity.map(|equity| Number::of_money(equity - row.cash.money())),
            failure: failure.map(|text| text.to_string()),
            created_at: row.created_at.to_string(),
            ended_at: row.ended_at.map(|at| at.to_string()),
        }
    }
}

fn funding(transfer: Transfer, reference: &str) -> Result<Funding, Problem> {
    let reference = Reference::new(reference).map_err(|_| busy())?;
    Ok(Funding { transfer, reference })
}

fn unknown(id: AccountId) -> Problem {
    Problem::new(ProblemKind::NotFound, "unknown_strategy", format!("there is no strategy {id} of yours"))
}

fn being_started() -> Problem {
    let message = "the strategy is being started: ask again in a moment";
    Problem::new(ProblemKind::Conflict, "starting", message)
}

/// A task has ended without an answer, which is a fault of this program.
fn unfinished() -> Problem {
    Problem::new(
        ProblemKind::Internal,
        "unfinished",
        "it was not brought to an end: look at GET /api/strategies",
    )
}

/// The process is about to end.
fn busy() -> Problem {
    Problem::new(ProblemKind::Unavailable, "stopping", "the server is about to stop: try again")
}
