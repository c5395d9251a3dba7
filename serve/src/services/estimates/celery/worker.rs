//! [`CeleryWorker`]: carries out what stands in Celery's queue.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{info, warn};

use super::broker::{Broker, BrokerError, Taken, VISIBILITY};
use super::message::{Meta, Task, read};
use crate::estimates::Outcome;
use crate::services::estimates::carrying::{Failure, Underway, broken, carried_out};
use crate::services::estimates::metrics::EstimateMetrics;

/// How often a message is renewed, and a cancel noticed.
const RENEW_EVERY: Duration = Duration::from_millis(500);
/// How long it waits where there is nothing.
const IDLE: Duration = Duration::from_millis(200);
/// How long it waits while the broker is away.
const AWAY: Duration = Duration::from_secs(1);
/// How often it is looked for messages whose workers have died.
const RESTORE_EVERY: Duration = Duration::from_secs(5);

/// What a worker of Celery's queue is made of.
#[derive(Debug)]
pub struct CeleryWorkerParts {
    /// The broker.
    pub broker: Arc<Broker>,
    /// The file of the scenario, beside which those are that it names.
    pub base: PathBuf,
    /// How many tasks it carries out at a time.
    pub slots: u32,
    /// What is measured of it.
    pub metrics: EstimateMetrics,
}

/// Carries out what stands in Celery's queue, until it is stopped.
#[derive(Debug)]
pub struct CeleryWorker {
    parts: CeleryWorkerParts,
    visibility: Duration,
    stopping: watch::Sender<bool>,
}

impl CeleryWorker {
    /// Makes one that does nothing yet.
    #[must_use]
    pub fn new(parts: CeleryWorkerParts) -> Self {
        Self { parts, visibility: VISIBILITY, stopping: watch::Sender::new(false) }
    }

    /// Has messages come back sooner whose workers are not heard of.
    #[must_use]
    pub const fn visible_after(mut self, visibility: Duration) -> Self {
        self.visibility = visibility;
        self
    }

    /// Has it end soon: what it works at is given back.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Works until it is stopped.
    pub async fn run(self: Arc<Self>) {
        let slot = |_| tokio::spawn(Arc::clone(&self).work());
        let slots: Vec<_> = (0..self.parts.slots).map(slot).collect();
        let restoring = tokio::spawn(Arc::clone(&self).restore());
        for slot in slots.into_iter().chain([restoring]) {
            slot.await.unwrap_or_else(|error| warn!(%error, "a worker of estimates has failed"));
        }
    }

    async fn restore(self: Arc<Self>) {
        let mut stop = self.stopping.subscribe();
        let mut times = interval(RESTORE_EVERY.min(self.visibility));
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*stop.borrow_and_update() {
            tokio::select! {
                _ = times.tick() => match self.parts.broker.restore(self.visibility).await {
                    Ok(0) => {}
                    Ok(count) => warn!(count, "estimates whose workers are not heard of wait again"),
                    Err(error) => warn!(%error, "estimates whose workers have died come back later"),
                },
                _ = stop.changed() => {}
            }
        }
    }

    async fn work(self: Arc<Self>) {
        let mut stop = self.stopping.subscribe();
        while !*stop.borrow_and_update() {
            let pause = match self.parts.broker.take().await {
                Ok(Some(taken)) => {
                    self.carry(taken).await;
                    continue;
                }
                Ok(None) => IDLE,
                Err(error) => {
                    warn!(%error, "no estimate can be taken");
                    AWAY
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn carry(&self, taken: Taken) {
        let broker = &self.parts.broker;
        match read(&taken.text) {
            Ok(task) => {
                self.parts.metrics.running.inc();
                let carried = self.follow(&taken, &task).await;
                self.end(&taken, &task, carried).await;
                self.parts.metrics.running.dec();
            }
            Err((id, bad)) => {
                self.parts.metrics.failed.inc();
                warn!(%bad, task = id, "a message in the queue of estimates is put aside");
                // Whoever has sent it is told, where that can be.
                let told = match &id {
                    Some(id) => broker.end(&taken.tag, id, &Meta::Failure(bad.to_string())).await,
                    None => Ok(()),
                };
                let aside = broker.put_aside(&taken).await;
                told.and(aside).unwrap_or_else(|error| warn!(%error, "it comes back"));
            }
        }
    }

    /// Carries a task out, and says all the while that it is worked at; nothing where nobody wants it.
    async fn follow(&self, taken: &Taken, task: &Task) -> Option<Result<Outcome, Failure>> {
        let underway = Arc::new(Underway::default());
        let mut carrying = {
            let (job, base, underway) = (task.job.clone(), self.parts.base.clone(), Arc::clone(&underway));
            tokio::task::spawn_blocking(move || carried_out(&job, &base, &underway))
        };
        let mut stop = self.stopping.subscribe();
        let mut renewals = interval(RENEW_EVERY);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_wanted = true;
        let carried = loop {
            if *stop.borrow_and_update() {
                underway.is_canceled.store(true, Ordering::Relaxed);
            }
            tokio::select! {
                carried = &mut carrying => break carried.unwrap_or_else(|error| Err(broken(&error))),
                _ = renewals.tick() => {
                    let done = underway.done.load(Ordering::Relaxed);
                    match self.parts.broker.renew(&taken.tag, &task.id, done).await {
                        Ok(false) => {}
                        Ok(true) => {
                            is_wanted = false;
                            underway.is_canceled.store(true, Ordering::Relaxed);
                        }
                        Err(error) => warn!(%error, task = task.id, "not renewed"),
                    }
                }
                changed = stop.changed() => if changed.is_err() {
                    underway.is_canceled.store(true, Ordering::Relaxed);
                }
            }
        };
        is_wanted.then_some(carried)
    }

    /// Writes what came of a task, once the broker is there; after a while the message comes back instead.
    async fn end(&self, taken: &Taken, task: &Task, carried: Option<Result<Outcome, Failure>>) {
        let attempts = self.visibility.as_secs().max(1);
        for _ in 0..attempts {
            match self.write(taken, task, carried.as_ref()).await {
                Ok(()) => return,
                Err(error) => warn!(%error, task = task.id, "what came of an estimate is written later"),
            }
            sleep(AWAY).await;
        }
    }

    async fn write(
        &self,
        taken: &Taken,
        task: &Task,
        carried: Option<&Result<Outcome, Failure>>,
    ) -> Result<(), BrokerError> {
        let (broker, metrics) = (&self.parts.broker, &self.parts.metrics);
        match carried {
            None => {
                broker.drop_message(&taken.tag).await?;
                metrics.lost.inc();
                info!(task = task.id, "an estimate was canceled");
            }
            Some(Err(Failure::Stopped)) => {
                broker.give_back(taken).await?;
                info!(task = task.id, "an estimate was given back");
            }
            Some(Ok(outcome)) => {
                let result = serde_json::to_string(outcome).unwrap_or_default();
                broker.end(&taken.tag, &task.id, &Meta::Success(result.into())).await?;
                metrics.done.inc();
                metrics.paths.inc_by(outcome.paths.into());
                info!(task = task.id, paths = outcome.paths, "an estimate was made");
            }
            Some(Err(Failure::Final(why) | Failure::Passing(why))) => {
                broker.end(&taken.tag, &task.id, &Meta::Failure(why.clone())).await?;
                metrics.failed.inc();
                warn!(task = task.id, why, "nothing came of an estimate");
            }
        }
        Ok(())
    }
}
