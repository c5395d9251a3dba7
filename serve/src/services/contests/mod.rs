//! Contests: who makes the most of the same cash, under the same limits, in the same market.
//!
//! Each entrant gets an account of the contest's own: a seat in the market that is opened when the contest
//! begins, with the contest's cash, limited by the market itself in what it trades, holds and sends, and
//! sealed: no cash enters or leaves it. The leaderboard follows the marks of these accounts; the final
//! ranking is made of the marks of a replay of the settled journal, written once, and never changes.

mod announcing;
mod clerk;
mod closing;
mod entering;
mod ranking;
mod reports;
mod settling;
mod terms;
#[cfg(test)]
mod tests;
mod views;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use bearpit_core::units::SimTime;
use serde_json::json;
use tokio::sync::Mutex;

pub use views::{
    ContestChange, ContestRequest, ContestStatusName, ContestView, ContestsView, EnterRequest, EntrantView,
    EntrantsView, EntryStatusName, EntryView, FlagRequest, InstrumentLimit, LeaderboardView, OrderRateLimit,
    PairView, PartyView, RankedView, RankingName, ReasonRequest, ReportedTrade, ReportsView, WhyReported,
};

use crate::domain::{Actor, ContestId, Problem, ProblemKind, WallTime};
use crate::driver::MarketHandle;
use crate::projector::Journal;
use crate::services::admin::{AuditLog, Deed};
use crate::services::identity::of_store;
use crate::services::trading::Trading;
use crate::store::contests::{ContestRow, ContestStatus};
use crate::store::database::Database;

/// How many contests are listed.
const LISTED_MAX: u32 = 500;

/// What contests are made of.
#[derive(Debug)]
pub struct ContestsParts {
    /// Trades in the names of entrants.
    pub trading: Arc<Trading>,
    /// The market.
    pub handle: MarketHandle,
    /// Its journal.
    pub journal: Journal,
    /// Where contests are kept.
    pub database: Database,
    /// Where it is written down what administrators do.
    pub audit: AuditLog,
}

/// Runs contests.
#[derive(Debug)]
pub struct Contests {
    trading: Arc<Trading>,
    handle: MarketHandle,
    journal: Journal,
    database: Database,
    audit: AuditLog,
    /// From when to when segments of the journal go.
    stretches: std::sync::Mutex<BTreeMap<u64, settling::Stretch>>,
    /// Leaderboards as they were made last, and when.
    boards: Mutex<BTreeMap<ContestId, (WallTime, LeaderboardView)>>,
}

impl Contests {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: ContestsParts) -> Self {
        let ContestsParts { trading, handle, journal, database, audit } = parts;
        Self {
            trading,
            handle,
            journal,
            database,
            audit,
            stretches: std::sync::Mutex::default(),
            boards: Mutex::default(),
        }
    }

    /// Makes a contest, `now`.
    ///
    /// # Errors
    /// [`Problem`] if its terms do not fit, or the database is away.
    pub async fn create(
        &self,
        by: Actor,
        request: &ContestRequest,
        now: WallTime,
    ) -> Result<ContestView, Problem> {
        let row = self.terms(request, ContestId::draw(), by.user, now)?;
        let deed = deed("contest.create", row.id).with(json!({ "name": row.name }));
        let adding = async { self.database.add_contest(&row).await.map_err(of_store) };
        self.audited(by, deed, adding).await?;
        Ok(self.view(&row))
    }

    /// Changes a contest that has not begun; what is not said stays as it is.
    ///
    /// # Errors
    /// [`Problem`] if it has begun, or the terms do not fit.
    pub async fn change(
        &self,
        by: Actor,
        id: ContestId,
        change: ContestChange,
    ) -> Result<ContestView, Problem> {
        let before = self.row(id).await?;
        let has_begun = || {
            let message = "the contest has begun, or was canceled: it stays as it is";
            Problem::new(ProblemKind::Conflict, "contest_begun", message)
        };
        if self.now().is_some_and(|now| now.nanos() >= before.starts_at) {
            return Err(has_begun());
        }
        let request = change.applied_to(self.request_of(&before));
        let row = self.terms(&request, id, before.created_by, before.created_at)?;
        let changing = async {
            let is_changed = self.database.change_contest(&row).await.map_err(of_store)?;
            if is_changed { Ok(()) } else { Err(has_begun()) }
        };
        let deed = deed("contest.change", id).with(json!({ "name": row.name }));
        self.audited(by, deed, changing).await?;
        Ok(self.view(&row))
    }

    /// Returns the contests, those that begin last first.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn all(&self) -> Result<ContestsView, Problem> {
        let rows = self.database.contests(LISTED_MAX).await.map_err(of_store)?;
        Ok(ContestsView { contests: rows.iter().map(|row| self.view(row)).collect() })
    }

    /// Returns a contest.
    ///
    /// # Errors
    /// [`Problem`] if there is none.
    pub async fn one(&self, id: ContestId) -> Result<ContestView, Problem> {
        Ok(self.view(&self.row(id).await?))
    }

    /// Does what an administrator asks for, with an entry in the log before and its outcome after it.
    async fn audited<T>(
        &self,
        by: Actor,
        deed: Deed,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let entry = self.audit.begin(by, deed).await?;
        let outcome = work.await;
        self.audit.end(entry, outcome.as_ref().map(drop)).await;
        outcome
    }

    async fn row(&self, id: ContestId) -> Result<ContestRow, Problem> {
        let row = self.database.contest(id).await.map_err(of_store)?;
        row.ok_or_else(|| unknown(&id.to_string()))
    }

    /// Returns the virtual time, as far as it is known.
    fn now(&self) -> Option<SimTime> {
        self.handle.status().day.as_ref().map(|day| day.now)
    }
}

/// Says that there is no such contest.
#[must_use]
pub fn unknown(id: &str) -> Problem {
    let message = format!("there is no contest `{id}`");
    Problem::new(ProblemKind::NotFound, "unknown_contest", message).at("contest_id")
}

/// Begins what is written down of something that an administrator does to a contest.
fn deed(action: &'static str, contest: ContestId) -> Deed {
    Deed::new(action).to("contest", contest)
}

/// Returns whether a contest still takes place.
const fn goes_on(row: &ContestRow) -> bool {
    matches!(row.status, ContestStatus::Announced | ContestStatus::Running)
}
