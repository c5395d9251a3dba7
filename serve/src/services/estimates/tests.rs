//! Workers on both kinds of database: what they make, give back, stop, and try again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::domain::{UserId, WorkerId};
use crate::estimates::tests::{BASE, job, run_on};
use crate::estimates::{Held, Model, Subject};
use crate::services::identity::system_clock;
use crate::store::database::testing::{add_user, on_each_database};

/// How long something may take that ends.
const PATIENCE: Duration = Duration::from_secs(120);

async fn user(database: &Database) -> UserId {
    let user = UserId::draw();
    add_user(database, user, "anne").await.unwrap();
    user
}

async fn asked(database: &Database, user: UserId, job: &Job) -> EstimateId {
    let new = NewEstimate {
        id: EstimateId::draw(),
        user,
        title: "1 ALFA".to_owned(),
        model: job.model.name(),
        content: serde_json::to_string(job).unwrap(),
        paths: job.paths,
        client: None,
        request: [0; 32],
        now: WallTime::from_nanos(1),
    };
    let limits = EstimateLimits { open: 100, recent: 100, since: WallTime::from_nanos(0) };
    assert_eq!(database.add_estimate(&new, limits).await, Ok(AddEstimateOutcome::Added));
    new.id
}

fn worker(database: &Database, slots: u32) -> Arc<Worker> {
    worker_at(database, slots, system_clock())
}

fn worker_at(database: &Database, slots: u32, clock: Clock) -> Arc<Worker> {
    let parts = WorkerParts {
        database: database.clone(),
        engine: Engine::Local(PathBuf::from(BASE)),
        name: "test".to_owned(),
        slots,
        wake: Arc::default(),
        metrics: EstimateMetrics::default(),
    };
    Arc::new(Worker::new(parts, clock))
}

/// Waits until an estimate is as it is to be.
async fn until(
    database: &Database,
    (user, id): (UserId, EstimateId),
    is_so: impl Fn(&EstimateRow) -> bool,
) -> EstimateRow {
    let looking = async {
        loop {
            let row = database.estimate(user, id).await.unwrap().unwrap();
            if is_so(&row) {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap()
}

async fn stop(worker: &Worker, task: tokio::task::JoinHandle<()>) {
    worker.stop();
    tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
}

/// One that takes minutes, unless it is stopped.
fn endless() -> Job {
    Job { model: Model::World, horizon_ns: 3_600_000_000_000, ..job(50_000) }
}

#[tokio::test]
async fn what_a_worker_makes_is_what_the_job_gives() {
    on_each_database(|database| async move {
        let anne = user(&database).await;
        let job = job(500);
        let mut ids = Vec::new();
        for seed in 0..4 {
            ids.push(asked(&database, anne, &Job { seed, ..job.clone() }).await);
        }
        let workers = [worker(&database, 2), worker(&database, 1)];
        let tasks = workers.clone().map(|worker| tokio::spawn(worker.run()));
        for (seed, id) in (0..).zip(ids) {
            let row = until(&database, (anne, id), |row| row.state == EstimateState::Done).await;
            let outcome: Outcome = serde_json::from_str(row.result.as_deref().unwrap()).unwrap();
            let expected = run_on(&Job { seed, ..job.clone() }, 1).unwrap();
            assert!((outcome.mean - expected.mean).abs() < 1e-9, "{outcome:?}");
            assert_eq!((row.progress, row.attempts, outcome.paths), (500, 1, 500));
        }
        for (worker, task) in workers.iter().zip(tasks) {
            stop(worker, task).await;
        }
        // Those that have ended are not there any more.
        assert_eq!(database.workers(WallTime::from_nanos(0)).await, Ok(Vec::new()));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_is_canceled_stops_and_what_is_left_goes_on() {
    on_each_database(|database| async move {
        let anne = user(&database).await;
        let (long, short) =
            (asked(&database, anne, &endless()).await, asked(&database, anne, &job(10)).await);
        let worker = worker(&database, 1);
        let task = tokio::spawn(Arc::clone(&worker).run());
        until(&database, (anne, long), |row| row.progress > 0).await;
        let canceled = database.cancel_estimate(anne, long, WallTime::from_nanos(2)).await.unwrap().unwrap();
        assert_eq!(canceled.state, EstimateState::Canceled);
        // The one worker has stopped what was canceled, or this would not be begun.
        until(&database, (anne, short), |row| row.state == EstimateState::Done).await;
        let row = until(&database, (anne, long), |_| true).await;
        assert_eq!((row.state, row.result), (EstimateState::Canceled, None));
        stop(&worker, task).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_worker_that_is_to_end_gives_back_what_it_has() {
    on_each_database(|database| async move {
        let anne = user(&database).await;
        let id = asked(&database, anne, &endless()).await;
        let worker = worker(&database, 1);
        let task = tokio::spawn(Arc::clone(&worker).run());
        until(&database, (anne, id), |row| row.progress > 0).await;
        stop(&worker, task).await;
        let row = until(&database, (anne, id), |_| true).await;
        assert_eq!((row.state, row.attempts), (EstimateState::Queued, 0));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_job_of_a_worker_that_has_died_is_made_by_another() {
    on_each_database(|database| async move {
        let anne = user(&database).await;
        let id = asked(&database, anne, &job(10)).await;
        // It was taken in 1970, and nothing was heard of since.
        let dead = (WallTime::from_nanos(1), Duration::from_secs(30));
        let dead = database.claim_estimate(WorkerId::draw(), 3, dead).await.unwrap().unwrap().claim;
        let worker = worker(&database, 1);
        let task = tokio::spawn(Arc::clone(&worker).run());
        let row = until(&database, (anne, id), |row| row.state == EstimateState::Done).await;
        assert_eq!(row.attempts, 2);
        assert_eq!(database.finish_estimate(dead, "{}", WallTime::from_nanos(2)).await, Ok(false));
        stop(&worker, task).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_cannot_be_made_fails_at_once_and_what_may_pass_is_tried_three_times() {
    on_each_database(|database| async move {
        let anne = user(&database).await;
        let mut unknown = job(10);
        let held = Held { symbol: "NONE".to_owned(), ..held_of(&unknown) };
        unknown.subject = Subject::Holdings { cash: number("0"), held: vec![held] };
        let mut other = job(10);
        other.scenario.inputs = "0".repeat(64);
        let (unknown, other) = (asked(&database, anne, &unknown).await, asked(&database, anne, &other).await);
        // A minute passes whenever somebody looks.
        let now = Arc::new(AtomicI64::new(1));
        let clock: Clock =
            Arc::new(move || WallTime::from_nanos(now.fetch_add(60_000_000_000, Ordering::SeqCst)));
        let worker = worker_at(&database, 1, clock);
        let task = tokio::spawn(Arc::clone(&worker).run());
        let failed = |row: &EstimateRow| row.state == EstimateState::Failed;
        let row = until(&database, (anne, unknown), failed).await;
        assert_eq!(
            (row.attempts, row.failure.as_deref()),
            (1, Some("the scenario has no instrument `NONE`"))
        );
        let row = until(&database, (anne, other), failed).await;
        assert_eq!(row.attempts, 3);
        assert!(
            row.failure.as_deref().is_some_and(|why| why.contains("are not those of the server")),
            "{row:?}"
        );
        stop(&worker, task).await;
    })
    .await
    .unwrap();
}

fn held_of(job: &Job) -> Held {
    match &job.subject {
        Subject::Holdings { held, .. } => held[0].clone(),
        Subject::Strategy { .. } => panic!("it is a holding"),
    }
}

fn number(text: &str) -> crate::domain::Number {
    crate::domain::Number(text.parse().unwrap())
}
