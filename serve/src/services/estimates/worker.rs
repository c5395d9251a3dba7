//! [`Worker`]: takes estimates, carries them out or has them carried out, and writes what came of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{info, warn};

use super::carrying::{Failure, Underway, broken, carried_out};
use super::celery::Broker;
use super::metrics::EstimateMetrics;
use super::{ALIVE, before};
use crate::domain::{EstimateId, WallTime, WorkerId};
use crate::estimates::Outcome;
use crate::services::identity::Clock;
use crate::store::database::{Database, StoreError};
use crate::store::estimates::{Claim, Claimed, WorkerRow};

/// For how long an estimate is taken; renewed all the while.
pub(super) const LEASE: Duration = Duration::from_secs(30);
/// How often it is renewed, and how fast a cancel is noticed.
const RENEW_EVERY: Duration = Duration::from_millis(500);
/// How long a worker waits that has found nothing: others may have it wait in the database.
const IDLE: Duration = Duration::from_millis(500);
/// How long it waits while the database is away.
const AWAY: Duration = Duration::from_secs(1);
/// How often it says that it is there.
const BEAT_EVERY: Duration = Duration::from_secs(5);
/// How often an estimate is begun.
pub(super) const ATTEMPTS_MAX: u32 = 3;
/// How long the next attempt waits, for each that has failed.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Who carries estimates out.
#[derive(Debug, Clone)]
pub enum Engine {
    /// This process; files that the scenario names are beside this one.
    Local(PathBuf),
    /// Workers of Celery.
    Celery(Arc<Broker>),
}

/// What a worker is made of.
#[derive(Debug)]
pub struct WorkerParts {
    /// Where estimates wait.
    pub database: Database,
    /// Who carries them out.
    pub engine: Engine,
    /// What it is called.
    pub name: String,
    /// How many it works at, at a time.
    pub slots: u32,
    /// Wakes it once there is something new.
    pub wake: Arc<Notify>,
    /// What is measured of it.
    pub metrics: EstimateMetrics,
}

/// Takes estimates, a few at a time, until it is stopped.
pub struct Worker {
    id: WorkerId,
    parts: WorkerParts,
    clock: Clock,
    since: WallTime,
    running: AtomicU32,
    ended: AtomicU32,
    stopping: watch::Sender<bool>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("id", &self.id).field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl Worker {
    /// Makes one that does nothing yet.
    #[must_use]
    pub fn new(parts: WorkerParts, clock: Clock) -> Self {
        let (since, stopping) = (clock(), watch::Sender::new(false));
        let (running, ended) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { id: WorkerId::draw(), parts, clock, since, running, ended, stopping }
    }

    /// Has it end soon: what it works at is given back.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Works until it is stopped, and all that it had was given back.
    pub async fn run(self: Arc<Self>) {
        let slot = |_| tokio::spawn(Arc::clone(&self).work());
        let mut slots: Vec<JoinHandle<()>> = (0..self.parts.slots).map(slot).collect();
        let beating = tokio::spawn(Arc::clone(&self).beat());
        for slot in slots.drain(..) {
            slot.await.unwrap_or_else(|error| warn!(%error, "a worker of estimates has failed"));
        }
        beating.await.unwrap_or_else(|error| warn!(%error, "a worker of estimates has failed"));
        let gone = before(self.now(), ALIVE * 10);
        if let Err(error) = self.parts.database.worker_gone(self.id, gone).await {
            warn!(%error, "a worker of estimates is forgotten later");
        }
    }

    /// Says that it is there, again and again.
    async fn beat(self: Arc<Self>) {
        let mut stop = self.stopping.subscribe();
        let mut times = interval(BEAT_EVERY);
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*stop.borrow_and_update() {
            tokio::select! {
                _ = times.tick() => self.say().await,
                _ = stop.changed() => {}
            }
        }
    }

    async fn say(&self) {
        let row = WorkerRow {
            id: self.id,
            name: self.parts.name.clone(),
            since: self.since,
            seen_at: self.now(),
            running: self.running.load(Ordering::Relaxed),
            ended: self.ended.load(Ordering::Relaxed),
        };
        if let Err(error) = self.parts.database.worker_seen(&row).await {
            warn!(%error, "a worker of estimates is not seen");
        }
    }

    async fn work(self: Arc<Self>) {
        let mut stop = self.stopping.subscribe();
        while !*stop.borrow_and_update() {
            let times = (self.now(), LEASE);
            let pause = match self.parts.database.claim_estimate(self.id, ATTEMPTS_MAX, times).await {
                Ok(Some(claimed)) => {
                    self.carry(claimed).await;
                    continue;
                }
                Ok(None) => IDLE,
                Err(error) => {
                    warn!(%error, "no estimate can be taken");
                    AWAY
                }
            };
            tokio::select! {
                () = self.parts.wake.notified() => {}
                () = sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Carries an estimate out, and writes what came of it.
    async fn carry(&self, Claimed { claim, content }: Claimed) {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.parts.metrics.running.inc();
        self.say().await;
        let underway = Arc::new(Underway::default());
        let carrying = begin(&self.parts.engine, claim.id, content, Arc::clone(&underway));
        let carried = self.follow(claim, &underway, carrying).await;
        self.end(claim, carried).await;
        self.running.fetch_sub(1, Ordering::Relaxed);
        self.ended.fetch_add(1, Ordering::Relaxed);
        self.parts.metrics.running.dec();
        self.say().await;
    }

    /// Renews an estimate until it is carried out; it is stopped where it is no longer ours, or this is to
    /// end.
    async fn follow(
        &self,
        claim: Claim,
        underway: &Underway,
        mut carrying: JoinHandle<Result<Outcome, Failure>>,
    ) -> Result<Outcome, Failure> {
        let mut stop = self.stopping.subscribe();
        let mut renewals = interval(RENEW_EVERY);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if *stop.borrow_and_update() {
                underway.is_canceled.store(true, Ordering::Relaxed);
            }
            tokio::select! {
                carried = &mut carrying => return carried.unwrap_or_else(|error| Err(broken(&error))),
                _ = renewals.tick() => {
                    let (until, done) = (self.now().after(LEASE), underway.done.load(Ordering::Relaxed));
                    match self.parts.database.renew_estimate(claim, until, done).await {
                        Ok(true) => {}
                        Ok(false) => underway.is_canceled.store(true, Ordering::Relaxed),
                        Err(error) => warn!(%error, estimate = %claim.id, "not renewed"),
                    }
                }
                changed = stop.changed() => if changed.is_err() {
                    underway.is_canceled.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    /// Writes what came of an estimate, once the database is there; whoever has it by now writes it instead
    /// where that takes longer than it was ours for.
    async fn end(&self, claim: Claim, carried: Result<Outcome, Failure>) {
        let last = self.now().after(LEASE);
        loop {
            match self.write(claim, &carried).await {
                Ok(is_own) => return self.count(claim, &carried, is_own),
                Err(error) if self.now() < last => {
                    warn!(%error, estimate = %claim.id, "what came of an estimate is written later");
                    sleep(AWAY).await;
                }
                Err(error) => {
                    warn!(%error, estimate = %claim.id, "what came of an estimate is lost: it is made again");
                    return;
                }
            }
        }
    }

    async fn write(&self, claim: Claim, carried: &Result<Outcome, Failure>) -> Result<bool, StoreError> {
        let (database, now) = (&self.parts.database, self.now());
        match carried {
            Ok(outcome) => {
                let result = serde_json::to_string(outcome).unwrap_or_default();
                database.finish_estimate(claim, &result, now).await
            }
            Err(Failure::Stopped) => database.give_back_estimate(claim).await,
            Err(Failure::Final(why)) => database.fail_estimate(claim, why, (now, None)).await,
            Err(Failure::Passing(why)) => {
                let again = (claim.attempt < ATTEMPTS_MAX).then(|| now.after(AGAIN_AFTER * claim.attempt));
                database.fail_estimate(claim, why, (now, again)).await
            }
        }
    }

    fn count(&self, claim: Claim, carried: &Result<Outcome, Failure>, is_own: bool) {
        let metrics = &self.parts.metrics;
        match carried {
            _ if !is_own => {
                metrics.lost.inc();
                info!(estimate = %claim.id, "an estimate was canceled, or taken by another");
            }
            Ok(outcome) => {
                metrics.done.inc();
                metrics.paths.inc_by(outcome.paths.into());
                info!(estimate = %claim.id, paths = outcome.paths, "an estimate was made");
            }
            Err(Failure::Stopped) => info!(estimate = %claim.id, "an estimate was given back"),
            Err(Failure::Final(why) | Failure::Passing(why)) => {
                metrics.failed.inc();
                warn!(estimate = %claim.id, why, attempt = claim.attempt, "nothing came of an estimate");
            }
        }
    }

    fn now(&self) -> WallTime {
        (self.clock)()
    }
}

/// Begins to carry an estimate out.
fn begin(
    engine: &Engine,
    id: EstimateId,
    content: String,
    underway: Arc<Underway>,
) -> JoinHandle<Result<Outcome, Failure>> {
    match engine {
        Engine::Local(base) => {
            let base = base.clone();
            tokio::task::spawn_blocking(move || carried_out(&content, &base, &underway))
        }
        Engine::Celery(broker) => {
            let broker = Arc::clone(broker);
            tokio::spawn(async move { broker.have_carried_out(id, &content, &underway).await })
        }
    }
}
