//! Estimates: what people ask for becomes a job in the database, which workers carry out.
//!
//! A worker takes a job for a while, and renews that as long as it is at it; one that has died is followed by
//! another. Where Celery's workers do the work, whoever has taken a job hands it to them, and waits.
//!
//! Deliberately absent: how an estimate is made, which is with [`estimates`](crate::estimates).

mod asking;
mod carrying;
pub mod celery;
mod metrics;
mod request;
#[cfg(test)]
mod tests;
mod views;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tracing::info;

use super::admin::paging::{cursor, limit_of, page};
use super::identity::{Clock, of_store, refuse_contest_key};
use super::market_data::MarketData;
use super::trading::Trading;
use crate::config::EstimatesConfig;
use crate::domain::{Actor, ClientOrderId, EstimateId, Problem, ProblemKind, WallTime};
use crate::driver::ScenarioSource;
use crate::estimates::{Job, Outcome, figure};
use crate::store::database::Database;
use crate::store::estimates::{AddEstimateOutcome, EstimateLimits, EstimateRow, EstimateState, NewEstimate};

pub use metrics::EstimateMetrics;
pub use request::{EstimateRequest, HoldingRequest, PortfolioRequest, StrategyEstimateRequest};
pub use views::{EstimateStateName, EstimateView, EstimatesView, HeartbeatView, ProgressView, WorkerView};
pub use worker::{Engine, Worker, WorkerParts};

/// For how long estimates that have ended are kept.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// What is counted of a person's estimates.
const HOUR: Duration = Duration::from_hours(1);
/// How long a worker is taken to be there after it was heard of.
const ALIVE: Duration = Duration::from_secs(30);

/// What estimates are made of.
#[derive(Debug)]
pub struct EstimatesParts {
    /// Knows what is held.
    pub trading: Arc<Trading>,
    /// Knows the present prices.
    pub data: Arc<MarketData>,
    /// The scenario of the market.
    pub source: ScenarioSource,
    /// The file of the scenario.
    pub path: PathBuf,
    /// Where jobs wait.
    pub database: Database,
    /// How many people may ask for.
    pub config: EstimatesConfig,
    /// Wakes the workers of this process.
    pub wake: Arc<Notify>,
}

/// Takes in estimates of people, and shows what came of them.
pub struct Estimates {
    trading: Arc<Trading>,
    data: Arc<MarketData>,
    source: ScenarioSource,
    path: PathBuf,
    database: Database,
    config: EstimatesConfig,
    wake: Arc<Notify>,
    clock: Clock,
}

impl std::fmt::Debug for Estimates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Estimates").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Estimates {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: EstimatesParts, clock: Clock) -> Self {
        let EstimatesParts { trading, data, source, path, database, config, wake } = parts;
        Self { trading, data, source, path, database, config, wake, clock }
    }

    /// Asks for an estimate. One that was asked for under the same id is returned as it stands.
    ///
    /// # Errors
    /// [`Problem`] if it cannot be made, is too large, there are too many, or another was asked for under its
    /// id.
    pub async fn ask(
        &self,
        who: &Actor,
        request: EstimateRequest,
        client: Option<ClientOrderId>,
    ) -> Result<EstimateView, Problem> {
        refuse_contest_key(&self.database, who).await?;
        let digest = request.digest();
        let id = EstimateId::draw();
        let (title, job) = self.job(who, request, id).await?;
        let job = self.checked(job).await?;
        let new = NewEstimate {
            id,
            user: who.user,
            title,
            model: job.model.name(),
            content: serde_json::to_string(&job).unwrap_or_default(),
            paths: job.paths,
            client,
            request: digest,
            now: self.now(),
        };
        match self.database.add_estimate(&new, self.limits()).await.map_err(of_store)? {
            AddEstimateOutcome::Added => {
                self.wake.notify_one();
                info!(user = %who.user, estimate = %id, title = new.title, "an estimate was asked for");
                self.one(who, id).await
            }
            AddEstimateOutcome::Known(row) if row.request == digest => Ok(views::view(*row)),
            refused => Err(self.refused(&refused)),
        }
    }

    fn limits(&self) -> EstimateLimits {
        let EstimatesConfig { open_per_user: open, per_hour: recent, .. } = self.config;
        EstimateLimits { open, recent, since: before(self.now(), HOUR) }
    }

    fn refused(&self, outcome: &AddEstimateOutcome) -> Problem {
        match outcome {
            AddEstimateOutcome::TooManyOpen => {
                let most = self.config.open_per_user;
                let message = format!("{most} estimates of yours wait or run already, which is the most");
                let problem = Problem::new(ProblemKind::TooMany, "too_many_estimates", message);
                problem.hint("wait until one has ended, or cancel one").retry_after(Duration::from_secs(5))
            }
            AddEstimateOutcome::TooManyRecent => {
                let most = self.config.per_hour;
                let message =
                    format!("you have asked for {most} estimates within an hour, which is the most");
                let problem = Problem::new(ProblemKind::TooMany, "too_many_estimates", message);
                problem.retry_after(Duration::from_mins(1))
            }
            AddEstimateOutcome::Blocked => {
                Problem::new(ProblemKind::Forbidden, "blocked", "nothing is estimated for this account")
            }
            AddEstimateOutcome::Known(_) | AddEstimateOutcome::Added => {
                let message = "another estimate was asked for under this id";
                Problem::new(ProblemKind::Conflict, "other_request", message).at("Idempotency-Key")
            }
        }
    }

    /// Returns the estimates of a person, the newest first, without what came of them.
    ///
    /// # Errors
    /// [`Problem`] if the database is away, or the page is none.
    pub async fn all(
        &self,
        who: &Actor,
        (from, limit): (Option<&str>, Option<u32>),
    ) -> Result<EstimatesView, Problem> {
        refuse_contest_key(&self.database, who).await?;
        let (before, limit) = (cursor(from)?, limit_of(limit)?);
        let rows = self.database.estimates(who.user, before, limit + 1).await.map_err(of_store)?;
        let (rows, next) = page(rows, limit, |row| row.id.to_string());
        Ok(EstimatesView { estimates: rows.into_iter().map(views::view).collect(), next })
    }

    /// Returns an estimate of a person, with what came of it.
    ///
    /// # Errors
    /// [`Problem`] if there is none.
    pub async fn one(&self, who: &Actor, id: EstimateId) -> Result<EstimateView, Problem> {
        self.row(who, id).await.map(views::view)
    }

    /// Returns the figure of an estimate of a person, as SVG.
    ///
    /// # Errors
    /// [`Problem`] if there is none, or it has no result.
    pub async fn figure(&self, who: &Actor, id: EstimateId) -> Result<String, Problem> {
        let row = self.row(who, id).await?;
        let outcome = row.result.as_deref().and_then(|text| serde_json::from_str::<Outcome>(text).ok());
        let Some(outcome) = outcome.filter(|_| row.state == EstimateState::Done) else {
            let message = format!("there is no figure of it: it is {}", row.state.name());
            return Err(Problem::new(ProblemKind::Conflict, "no_result", message));
        };
        let at = self.data.publication().snapshots().iter().map(|snapshot| snapshot.at).max();
        let start = at.unwrap_or_else(|| self.source.scenario().start);
        let title = row.title;
        let drawing = tokio::task::spawn_blocking(move || figure(&outcome, &title, start));
        let fault = || Problem::new(ProblemKind::Internal, "internal", "the figure cannot be drawn");
        drawing.await.map_err(|_| fault())?.map_err(|_| fault())
    }

    /// Cancels an estimate of a person; one that has ended stays as it is.
    ///
    /// # Errors
    /// [`Problem`] if there is none.
    pub async fn cancel(&self, who: &Actor, id: EstimateId) -> Result<EstimateView, Problem> {
        refuse_contest_key(&self.database, who).await?;
        let row = self.database.cancel_estimate(who.user, id, self.now()).await.map_err(of_store)?;
        row.map(views::view).ok_or_else(|| unknown(&id))
    }

    /// Returns who makes estimates, and what waits for them.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn heartbeat(&self) -> Result<HeartbeatView, Problem> {
        let now = self.now();
        let workers = self.database.workers(before(now, ALIVE)).await.map_err(of_store)?;
        let queue = self.database.estimate_queue().await.map_err(of_store)?;
        Ok(HeartbeatView {
            at: now.to_string(),
            queued: queue.queued,
            running: queue.running,
            workers: workers.into_iter().map(WorkerView::from).collect(),
        })
    }

    /// Deletes what ended long ago. To be called now and then.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn forget_old(&self) -> Result<u64, Problem> {
        self.database.forget_estimates(before(self.now(), KEPT)).await.map_err(of_store)
    }

    async fn row(&self, who: &Actor, id: EstimateId) -> Result<EstimateRow, Problem> {
        refuse_contest_key(&self.database, who).await?;
        let row = self.database.estimate(who.user, id).await.map_err(of_store)?;
        row.ok_or_else(|| unknown(&id))
    }

    /// Checks a job as a worker would, so that what cannot be made is said at once.
    async fn checked(&self, job: Job) -> Result<Job, Problem> {
        let path = self.path.clone();
        let checking = tokio::task::spawn_blocking(move || {
            let checked = crate::estimates::check(&job, &path);
            (job, checked)
        });
        let (job, checked) = checking.await.map_err(|_| unfinished())?;
        let steps =
            checked.map_err(|error| Problem::new(ProblemKind::Refused, "cannot_be_estimated", error))?;
        if steps > STEPS_MAX {
            let message = format!(
                "it would take {steps} steps of price processes, more than {STEPS_MAX}: ask for fewer paths or a \
                 shorter horizon"
            );
            return Err(Problem::new(ProblemKind::Refused, "too_large", message).at("paths"));
        }
        Ok(job)
    }

    fn now(&self) -> WallTime {
        (self.clock)()
    }
}

/// How many steps of price processes an estimate may take: half a minute to a minute of a core.
const STEPS_MAX: u64 = 500_000_000;

fn before(now: WallTime, span: Duration) -> WallTime {
    let span = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
    WallTime::from_nanos(now.nanos().saturating_sub(span))
}

/// There is no such estimate of a person's.
#[must_use]
pub fn unknown(id: &dyn std::fmt::Display) -> Problem {
    let message = format!("there is no estimate {id} of yours");
    Problem::new(ProblemKind::NotFound, "unknown_estimate", message).at("estimate_id")
}

fn unfinished() -> Problem {
    Problem::new(ProblemKind::Internal, "unfinished", "it was not brought to an end: ask again")
}
