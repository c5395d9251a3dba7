//! What makes estimates in the process of a server, put together.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::services::estimates::celery::Broker;
use crate::services::estimates::{Engine, EstimateMetrics, Estimates, EstimatesParts, Worker, WorkerParts};
use crate::services::identity::system_clock;

/// How many estimates this process hands to workers of Celery at a time.
const HANDED_OUT: u32 = 64;
/// How often is deleted what ended long ago.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// What takes estimates in, and what makes them.
pub(super) struct Making {
    pub(super) estimates: Arc<Estimates>,
    pub(super) workers: Option<Working>,
}

/// Workers that are at it.
pub(super) struct Working {
    worker: Arc<Worker>,
    task: JoinHandle<()>,
}

impl Working {
    /// Has them end, and returns what waits until they have given back what they had.
    pub(super) fn stop(self) -> impl Future<Output = ()> {
        self.worker.stop();
        let task = self.task;
        async move {
            task.await.unwrap_or_else(|error| warn!(%error, "a worker of estimates has failed"));
        }
    }
}

/// Puts it together, and begins to make estimates; to be called within a runtime.
pub(super) fn estimates(parts: EstimatesParts, metrics: EstimateMetrics) -> Making {
    let (engine, slots, name) = match &parts.config.celery {
        Some(url) => {
            info!(broker = %url, "estimates are made by workers of Celery");
            let broker = Arc::new(Broker::new(url.clone(), system_clock()));
            (Engine::Celery(broker), HANDED_OUT, "celery")
        }
        None => (Engine::Local(parts.path.clone()), parts.config.workers, "server"),
    };
    let worker = WorkerParts {
        database: parts.database.clone(),
        engine,
        name: name.to_owned(),
        slots,
        wake: Arc::clone(&parts.wake),
        metrics,
    };
    let estimates = Arc::new(Estimates::new(parts, system_clock()));
    tokio::spawn(forget_old(Arc::clone(&estimates)));
    let workers = (slots > 0).then(|| {
        let worker = Arc::new(Worker::new(worker, system_clock()));
        Working { task: tokio::spawn(Arc::clone(&worker).run()), worker }
    });
    Making { estimates, workers }
}

/// Deletes what ended long ago, now and then.
async fn forget_old(estimates: Arc<Estimates>) {
    let mut times = tokio::time::interval(FORGET_EVERY);
    loop {
        times.tick().await;
        if let Err(problem) = estimates.forget_old().await {
            warn!(%problem, "old estimates are deleted later");
        }
    }
}
