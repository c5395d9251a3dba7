//! Messages in the form of Celery's protocol, and a queue in a real Redis where tests have one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::broker::Broker;
use super::message::{BadMessage, Meta, message, meta_of, meta_text, read};
use super::*;
use crate::config::RedisUrl;
use crate::domain::EstimateId;
use crate::estimates::tests::{BASE, job, run_on};
use crate::estimates::{Job, Model};
use crate::services::estimates::carrying::{Failure, Underway};
use crate::services::estimates::metrics::EstimateMetrics;
use crate::services::identity::system_clock;
use crate::store::people::testing::TestRedis;

const PATIENCE: Duration = Duration::from_secs(120);

fn sent(change: impl Fn(&mut Value)) -> String {
    let job = RawValue::from_string("{\"paths\": 10}".to_owned()).unwrap();
    let mut value: Value = serde_json::from_str(&message("an-id", &job, "a-tag")).unwrap();
    change(&mut value);
    value.to_string()
}

#[test]
fn a_message_is_read_as_it_is_written() {
    let task = read(&sent(|_| {})).unwrap();
    assert_eq!((task.id.as_str(), task.job.as_str()), ("an-id", "{\"paths\": 10}"));
    let value: Value = serde_json::from_str(&sent(|_| {})).unwrap();
    let body = STANDARD.decode(value["body"].as_str().unwrap()).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&body[0], &body[1], &body[2]["chord"]),
        (&json!([{ "paths": 10 }]), &json!({}), &Value::Null)
    );
    assert_eq!(value["properties"]["delivery_info"], json!({ "exchange": "", "routing_key": "estimates" }));
    // As a client of Python writes it, without base64 and with more headers.
    let plain = sent(|value| {
        value["body"] = json!("[[{\"paths\": 3}], {}, {}]");
        value["properties"] = json!({ "priority": 0 });
        value["headers"]["stamps"] = json!({});
    });
    assert_eq!(read(&plain).unwrap().job, "{\"paths\": 3}");
}

#[test]
fn what_is_no_estimate_is_refused_with_the_reason() {
    let bad = |change: fn(&mut Value)| read(&sent(change)).unwrap_err();
    let pickled = bad(|it| it["content-type"] = json!("application/x-python-serialize"));
    assert!(matches!(&pickled, (Some(id), BadMessage::Content(_)) if id == "an-id"), "{pickled:?}");
    assert!(matches!(bad(|it| it["headers"]["task"] = json!("os.system")).1, BadMessage::Task(_)));
    assert!(matches!(bad(|it| it["headers"]["eta"] = json!("2030-01-01")).1, BadMessage::Eta));
    assert!(matches!(bad(|it| it["body"] = json!("%")).1, BadMessage::Body(_)));
    assert!(matches!(bad(|it| it["headers"]["id"] = json!("a b")), (None, BadMessage::Envelope(_))));
    let two = bad(|it| it["body"] = json!(STANDARD.encode("[[1, 2], {}, {}]")));
    assert!(matches!(two.1, BadMessage::Arguments(_)));
    let named = bad(|it| it["body"] = json!(STANDARD.encode("[[1], {\"x\": 1}, {}]")));
    assert!(matches!(named.1, BadMessage::Arguments(_)));
    for text in ["", "[]", "{}", "\u{80}pickle", "null"] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn results_are_in_the_form_that_clients_of_celery_read() {
    let success = meta_text("an-id", &Meta::Success("{\"mean\": 1.5}".into()), "2026-01-01T00:00:00Z");
    let value: Value = serde_json::from_str(&success).unwrap();
    assert_eq!((&value["status"], &value["result"]["mean"]), (&json!("SUCCESS"), &json!(1.5)));
    assert_eq!((&value["task_id"], &value["children"]), (&json!("an-id"), &json!([])));
    assert_eq!(meta_of(&success), Some(Meta::Success("{\"mean\": 1.5}".into())));
    let failure = meta_text("an-id", &Meta::Failure("no \"price\"".to_owned()), "x");
    assert_eq!(meta_of(&failure), Some(Meta::Failure("RuntimeError: no \"price\"".to_owned())));
    assert_eq!(meta_of(&meta_text("an-id", &Meta::Progress(7), "")), Some(Meta::Progress(7)));
    for nothing in ["", "{}", "{\"status\": \"PENDING\"}", "{\"status\": \"STARTED\", \"result\": null}"] {
        assert_eq!(meta_of(nothing), None, "{nothing}");
    }
}

/// Returns a Redis of its own, if tests have one.
fn redis() -> Option<TestRedis> {
    TestRedis::start().unwrap()
}

fn broker(redis: &TestRedis) -> Arc<Broker> {
    Arc::new(Broker::new(RedisUrl::parse(&redis.url()).unwrap(), system_clock()))
}

fn worker(broker: &Arc<Broker>, visibility: Duration) -> Arc<CeleryWorker> {
    let (broker, base) = (Arc::clone(broker), PathBuf::from(BASE));
    let parts = CeleryWorkerParts { broker, base, slots: 2, metrics: EstimateMetrics::default() };
    Arc::new(CeleryWorker::new(parts).visible_after(visibility))
}

fn text(job: &Job) -> String {
    serde_json::to_string(job).unwrap()
}

#[tokio::test]
async fn a_job_goes_to_a_worker_and_its_result_comes_back() {
    let Some(redis) = redis() else { return };
    let broker = broker(&redis);
    let worker = worker(&broker, Duration::from_secs(60));
    let task = tokio::spawn(Arc::clone(&worker).run());
    let (id, underway) = (EstimateId::draw(), Underway::default());
    let outcome = broker.have_carried_out(id, &text(&job(200)), &underway).await.unwrap();
    assert!((outcome.mean - run_on(&job(200), 1).unwrap().mean).abs() < 1e-9);
    // Whoever takes it over finds the result, and sends nothing.
    assert_eq!(broker.have_carried_out(id, "{}", &underway).await.unwrap(), outcome);
    let bad = broker.have_carried_out(EstimateId::draw(), "{}", &underway).await;
    assert!(matches!(&bad, Err(Failure::Final(why)) if why.contains("the job cannot be read")), "{bad:?}");
    worker.stop();
    tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
    assert_eq!(redis.command("HLEN unacked").unwrap(), ":0");
    assert_eq!(redis.command("LLEN estimates").unwrap(), ":0");
}

#[tokio::test]
async fn a_message_whose_worker_has_died_comes_back() {
    let Some(redis) = redis() else { return };
    let broker = broker(&redis);
    let id = EstimateId::draw();
    let sender = Arc::clone(&broker);
    let waiting =
        tokio::spawn(async move { sender.have_carried_out(id, &text(&job(10)), &Underway::default()).await });
    // A worker that takes it and is not heard of again.
    let taking = async {
        loop {
            if let Some(taken) = broker.take().await.unwrap() {
                return taken;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let taken = tokio::time::timeout(PATIENCE, taking).await.unwrap();
    assert_eq!(redis.command("LLEN estimates").unwrap(), ":0");
    assert_eq!(redis.command("HLEN unacked").unwrap(), ":1");
    assert_eq!(broker.restore(Duration::from_secs(60)).await.unwrap(), 0);
    let worker = worker(&broker, Duration::from_millis(1));
    let task = tokio::spawn(Arc::clone(&worker).run());
    assert!(tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap().is_ok());
    worker.stop();
    tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
    // The dead one is back, and has nothing to give back.
    assert!(!broker.give_back(&taken).await.unwrap());
    assert_eq!(redis.command("LLEN estimates").unwrap(), ":0");
}

#[tokio::test]
async fn what_is_canceled_stops_at_the_worker_and_what_cannot_be_read_is_put_aside() {
    let Some(redis) = redis() else { return };
    let broker = broker(&redis);
    assert_eq!(redis.command("LPUSH estimates pickle").unwrap(), ":1");
    let worker = worker(&broker, Duration::from_secs(60));
    let task = tokio::spawn(Arc::clone(&worker).run());
    let underway = Arc::new(Underway::default());
    let endless = Job { model: Model::World, horizon_ns: 3_600_000_000_000, ..job(50_000) };
    let (sender, of_sender) = (Arc::clone(&broker), Arc::clone(&underway));
    let waiting = tokio::spawn(async move {
        sender.have_carried_out(EstimateId::draw(), &text(&endless), &of_sender).await
    });
    let begun = async {
        while underway.done.load(std::sync::atomic::Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.unwrap();
    underway.is_canceled.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap(), Err(Failure::Stopped));
    let gone = async {
        while redis.command("HLEN unacked").unwrap() != ":0" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    assert_eq!(redis.command("LLEN estimates.refused").unwrap(), ":1");
    worker.stop();
    tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
}
