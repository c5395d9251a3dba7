//! The queue of estimates on both kinds of database, by a clock that the tests move.

use std::collections::BTreeMap;

use super::*;
use crate::domain::WorkerId;
use crate::store::database::testing::{add_user, on_each_database};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 3;

fn at(secs: i64) -> WallTime {
    WallTime::from_nanos(secs * 1_000_000_000)
}

const MANY: EstimateLimits = EstimateLimits { open: 1_000, recent: 1_000, since: WallTime::from_nanos(0) };

fn new(user: UserId, client: Option<&str>) -> NewEstimate {
    NewEstimate {
        id: EstimateId::draw(),
        user,
        title: "10 ALFA".to_owned(),
        model: "process",
        content: "{}".to_owned(),
        paths: 1_000,
        client: client.map(|client| client.to_owned().try_into().unwrap()),
        request: [1; 32],
        now: at(1),
    }
}

async fn user(database: &Database, name: &str) -> UserId {
    let user = UserId::draw();
    add_user(database, user, name).await.unwrap();
    user
}

async fn added(database: &Database, user: UserId) -> EstimateId {
    let new = new(user, None);
    assert_eq!(database.add_estimate(&new, MANY).await, Ok(AddEstimateOutcome::Added));
    new.id
}

#[tokio::test]
async fn several_workers_share_a_queue_and_each_job_is_done_once() {
    on_each_database(|database| async move {
        let anne = user(&database, "anne").await;
        let mut all = Vec::new();
        for _ in 0..40 {
            all.push(added(&database, anne).await);
        }
        let work = |database: Database| async move {
            let worker = WorkerId::draw();
            let mut done = Vec::new();
            while let Some(claimed) = database.claim_estimate(worker, ATTEMPTS, (at(2), LEASE)).await.unwrap()
            {
                assert_eq!((claimed.claim.attempt, claimed.content.as_str()), (1, "{}"));
                assert!(database.finish_estimate(claimed.claim, "{}", at(3)).await.unwrap());
                done.push(claimed.claim.id);
            }
            done
        };
        let workers: Vec<_> = (0..4).map(|_| tokio::spawn(work(database.clone()))).collect();
        let mut times: BTreeMap<EstimateId, u32> = BTreeMap::new();
        for worker in workers {
            worker.await.unwrap().into_iter().for_each(|id| *times.entry(id).or_default() += 1);
        }
        assert_eq!(times, all.into_iter().map(|id| (id, 1)).collect());
        assert_eq!(database.estimate_queue().await, Ok(QueueLength::default()));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_job_whose_worker_has_died_is_taken_over_and_the_dead_writes_nothing() {
    on_each_database(|database| async move {
        let anne = user(&database, "anne").await;
        let id = added(&database, anne).await;
        let (first, second) = (WorkerId::draw(), WorkerId::draw());
        let dead = database.claim_estimate(first, ATTEMPTS, (at(2), LEASE)).await.unwrap().unwrap().claim;
        assert!(database.renew_estimate(dead, at(40), 300).await.unwrap());
        assert_eq!(database.estimate(anne, id).await.unwrap().unwrap().progress, 300);
        assert_eq!(database.claim_estimate(second, ATTEMPTS, (at(39), LEASE)).await, Ok(None));
        let taken = database.claim_estimate(second, ATTEMPTS, (at(40), LEASE)).await.unwrap().unwrap().claim;
        assert_eq!((taken.id, taken.attempt), (id, 2));
        // It was only slow, and is back.
        assert!(!database.renew_estimate(dead, at(90), 900).await.unwrap());
        assert!(!database.finish_estimate(dead, "\"dead\"", at(41)).await.unwrap());
        assert!(!database.fail_estimate(dead, "dead", (at(41), None)).await.unwrap());
        assert!(!database.give_back_estimate(dead).await.unwrap());
        assert!(database.finish_estimate(taken, "\"taken\"", at(42)).await.unwrap());
        let row = database.estimate(anne, id).await.unwrap().unwrap();
        assert_eq!((row.state, row.result.as_deref()), (EstimateState::Done, Some("\"taken\"")));
        assert_eq!((row.progress, row.ended_at), (1_000, Some(at(42))));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_worker_that_comes_back_under_its_own_id_is_told_from_itself() {
    on_each_database(|database| async move {
        let anne = user(&database, "anne").await;
        added(&database, anne).await;
        let worker = WorkerId::draw();
        let old = database.claim_estimate(worker, ATTEMPTS, (at(2), LEASE)).await.unwrap().unwrap().claim;
        let again = database.claim_estimate(worker, ATTEMPTS, (at(40), LEASE)).await.unwrap().unwrap().claim;
        assert!(!database.finish_estimate(old, "{}", at(41)).await.unwrap());
        assert!(database.finish_estimate(again, "{}", at(41)).await.unwrap());
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_kills_its_workers_is_given_up_with_the_reason() {
    on_each_database(|database| async move {
        let anne = user(&database, "anne").await;
        let id = added(&database, anne).await;
        for attempt in 1..=ATTEMPTS {
            let now = at(100 * i64::from(attempt));
            let claimed = database.claim_estimate(WorkerId::draw(), ATTEMPTS, (now, LEASE)).await.unwrap();
            assert_eq!(claimed.unwrap().claim.attempt, attempt);
        }
        assert_eq!(database.claim_estimate(WorkerId::draw(), ATTEMPTS, (at(999), LEASE)).await, Ok(None));
        let row = database.estimate(anne, id).await.unwrap().unwrap();
        assert_eq!((row.state, row.ended_at), (EstimateState::Failed, Some(at(999))));
        assert_eq!(row.failure.as_deref(), Some("3 workers have ended while they were at it"));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_failure_is_tried_again_later_or_final_with_its_reason() {
    on_each_database(|database| async move {
        let anne = user(&database, "anne").await;
        let (id, worker) = (added(&database, anne).await, WorkerId::draw());
        let claim = |now| database.claim_estimate(worker, ATTEMPTS, (now, LEASE));
        let first = claim(at(2)).await.unwrap().unwrap().claim;
        assert!(database.fail_estimate(first, "no memory", (at(3), Some(at(10)))).await.unwrap());
        let row = database.estimate(anne, id).await.unwrap().unwrap();
        assert_eq!((row.state, row.failure.as_deref()), (EstimateState::Queued, Some("no memory")));
        assert_eq!(claim(at(9)).await, Ok(None));
        let second = claim(at(10)).await.unwrap().unwrap().claim;
        assert_eq!(second.attempt, 2);
        // A worker that is to end has not failed.
        assert!(database.give_back_estimate(second).await.unwrap());
        let third = claim(at(11)).await.unwrap().unwrap().claim;
        assert_eq!(third.attempt, 2);
        assert!(database.fail_estimate(third, "no process", (at(12), None)).await.unwrap());
        let row = database.estimate(anne, id).await.unwrap().unwrap();
        assert_eq!((row.state, row.failure.as_deref()), (EstimateState::Failed, Some("no process")));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_is_canceled_stops_whoever_is_at_it() {
    on_each_database(|database| async move {
        let (anne, bert) = (user(&database, "anne").await, user(&database, "bert").await);
        let (waits, runs) = (added(&database, anne).await, added(&database, anne).await);
        assert_eq!(database.cancel_estimate(bert, waits, at(2)).await, Ok(None));
        let state = |row: Option<EstimateRow>| row.map(|row| row.state);
        let canceled = database.cancel_estimate(anne, waits, at(2)).await.unwrap();
        assert_eq!(state(canceled), Some(EstimateState::Canceled));
        let claim = database.claim_estimate(WorkerId::draw(), ATTEMPTS, (at(3), LEASE)).await;
        let claim = claim.unwrap().unwrap().claim;
        assert_eq!(claim.id, runs);
        database.cancel_estimate(anne, runs, at(4)).await.unwrap();
        assert!(!database.renew_estimate(claim, at(50), 1).await.unwrap());
        assert!(!database.finish_estimate(claim, "{}", at(5)).await.unwrap());
        let row = database.cancel_estimate(anne, runs, at(6)).await.unwrap();
        // What has ended stays as it has ended.
        assert_eq!(row.map(|row| (row.state, row.ended_at)), Some((EstimateState::Canceled, Some(at(4)))));
        assert_eq!(database.claim_estimate(WorkerId::draw(), ATTEMPTS, (at(99), LEASE)).await, Ok(None));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_person_has_so_many_and_each_id_once() {
    on_each_database(|database| async move {
        let (anne, bert) = (user(&database, "anne").await, user(&database, "bert").await);
        let limits = EstimateLimits { open: 2, recent: 3, since: at(0) };
        let add = |new: NewEstimate, limits| {
            let database = database.clone();
            async move { database.add_estimate(&new, limits).await.unwrap() }
        };
        let first = new(anne, Some("mine"));
        assert_eq!(add(first.clone(), limits).await, AddEstimateOutcome::Added);
        let known = add(new(anne, Some("mine")), limits).await;
        assert!(matches!(&known, AddEstimateOutcome::Known(row) if row.id == first.id), "{known:?}");
        assert_eq!(add(new(bert, Some("mine")), limits).await, AddEstimateOutcome::Added);
        // At once, as well.
        let both = tokio::join!(add(new(anne, None), limits), add(new(anne, None), limits));
        let mut both = [both.0, both.1];
        both.sort_by_key(|outcome| *outcome != AddEstimateOutcome::Added);
        assert_eq!(both, [AddEstimateOutcome::Added, AddEstimateOutcome::TooManyOpen]);
        for row in database.estimates(anne, None, 10).await.unwrap() {
            database.cancel_estimate(anne, row.id, at(2)).await.unwrap();
        }
        assert_eq!(add(new(anne, None), limits).await, AddEstimateOutcome::Added);
        assert_eq!(add(new(anne, None), limits).await, AddEstimateOutcome::TooManyRecent);
        let later = EstimateLimits { since: at(1), ..limits };
        assert_eq!(add(new(anne, None), later).await, AddEstimateOutcome::Added);
        assert_eq!(add(new(UserId::draw(), None), limits).await, AddEstimateOutcome::Blocked);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn lists_go_page_by_page_and_what_ended_long_ago_is_forgotten() {
    on_each_database(|database| async move {
        let anne = user(&database, "anne").await;
        let mut all = Vec::new();
        for _ in 0..5 {
            all.push(added(&database, anne).await);
        }
        all.reverse();
        let ids = |rows: Vec<EstimateRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(ids(database.estimates(anne, None, 3).await.unwrap()), all[..3]);
        assert_eq!(ids(database.estimates(anne, Some(all[2]), 3).await.unwrap()), all[3..]);
        database.cancel_estimate(anne, all[0], at(5)).await.unwrap();
        database.cancel_estimate(anne, all[1], at(9)).await.unwrap();
        assert_eq!(database.forget_estimates(at(5)).await, Ok(1));
        assert_eq!(ids(database.estimates(anne, None, 10).await.unwrap()), all[1..]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn workers_are_known_while_they_are_heard_of() {
    on_each_database(|database| async move {
        let worker = |since| WorkerRow {
            id: WorkerId::draw(),
            name: "desk-1".to_owned(),
            since: at(since),
            seen_at: at(since),
            running: 0,
            ended: 0,
        };
        let (old, young) = (worker(1), worker(2));
        database.worker_seen(&old).await.unwrap();
        database.worker_seen(&young).await.unwrap();
        let later = WorkerRow { seen_at: at(60), running: 1, ended: 7, ..old.clone() };
        database.worker_seen(&later).await.unwrap();
        assert_eq!(database.workers(at(30)).await, Ok(vec![later.clone()]));
        assert_eq!(database.workers(at(0)).await.unwrap().len(), 2);
        database.worker_gone(later.id, at(1)).await.unwrap();
        assert_eq!(database.workers(at(0)).await, Ok(vec![young.clone()]));
        database.worker_gone(later.id, at(2)).await.unwrap();
        assert_eq!(database.workers(at(0)).await, Ok(Vec::new()));
    })
    .await
    .unwrap();
}
