//! Estimates from outside: asked for over HTTP, made by the server or by workers of their own, which are
//! killed.

use std::thread;
use std::time::{Duration, Instant};

use bearpit_serve::store::database::testing::{POSTGRES, Schema};
use serde_json::{Value, json};

use crate::harness::{Place, Served};

/// How long a job may take, with the half minute after which it is taken from a worker that has died.
const PATIENCE: Duration = Duration::from_secs(120);

fn ask(served: &Served, method: &str, path: &str, who: &str, body: &Value) -> (u16, String, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, head, text) = served.ask(method, path, who, &body);
    (status, head, serde_json::from_str(&text).unwrap_or_default())
}

fn get(served: &Served, path: &str, who: &str) -> Value {
    let (status, _, body) = ask(served, "GET", path, who, &Value::Null);
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Asks for an estimate, and returns where it is.
fn asked(served: &Served, who: &str, body: &Value) -> String {
    let (status, head, view) = ask(served, "POST", "/job", who, body);
    assert_eq!(status, 202, "{view}");
    let place = format!("/job/{}", view["estimate_id"].as_str().unwrap());
    assert!(head.to_ascii_lowercase().contains(&format!("location: {place}\r\n")), "{head}");
    place
}

fn until(served: &Served, path: &str, who: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let last = Instant::now() + PATIENCE;
    loop {
        let view = get(served, path, who);
        if is_so(&view) {
            return view;
        }
        assert!(Instant::now() < last, "{view}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn is_done(view: &Value) -> bool {
    view["state"] == "done"
}

#[test]
fn what_a_holding_will_be_worth_is_asked_drawn_listed_and_canceled() {
    let place = Place::new();
    let served = place.start_ready();
    let (anne, bert) = (served.register("anne"), served.register("bert"));
    let holding = json!({ "holding": { "symbol": "ACME", "quantity": 10 }, "horizon": "1h", "seed": 1 });
    let path = asked(&served, &anne, &holding);
    let done = until(&served, &path, &anne, is_done);
    let result = &done["result"];
    assert_eq!((&done["title"], &result["paths"]), (&json!("10 ACME after 1h"), &json!(1_000)));
    let (present, mean) = (result["present"].as_f64().unwrap(), result["mean"].as_f64().unwrap());
    assert!((present - 1_000.0).abs() < 100.0 && (mean - present).abs() < 10.0, "{done}");
    assert_eq!((result["fan"].as_array().unwrap().len(), result["risk"].as_array().unwrap().len()), (51, 2));
    // The same seed of the same job gives the same figures, whatever its id.
    let figure = format!("{}/figure.svg", path.replace("/job", "/api/estimates"));
    let (status, head, svg) = served.ask("GET", &figure, &anne, "");
    assert!(status == 200 && head.contains("image/svg+xml") && svg.contains("10 ACME after 1h"), "{head}");
    assert_eq!(ask(&served, "GET", &path, &bert, &Value::Null).0, 404);
    assert_eq!(get(&served, "/api/estimates", &bert)["estimates"], json!([]));
    let list = get(&served, "/api/estimates?limit=1", &anne);
    assert_eq!((&list["estimates"][0]["result"], &list["next"]), (&Value::Null, &Value::Null));
    let (status, _, same) = ask(&served, "DELETE", &path, &anne, &Value::Null);
    assert_eq!((status, &same["state"]), (200, &json!("done")));
    let portfolio = asked(&served, &anne, &json!({ "portfolio": {}, "horizon": "1d", "paths": 10 }));
    let portfolio = until(&served, &portfolio, &anne, is_done);
    assert!((portfolio["result"]["mean"].as_f64().unwrap() - 100_000.0).abs() < 1e-6, "{portfolio}");
    let script = json!({ "source": "fn on_start() { buy(10); }" });
    let strategy = json!({ "strategy": { "script": script }, "horizon": "5m", "paths": 5 });
    let strategy = until(&served, &asked(&served, &anne, &strategy), &anne, is_done);
    assert_eq!((&strategy["model"], &strategy["result"]["present"]), (&json!("world"), &json!(100_000.0)));
    assert!(served.figure("bearpit_estimates_done_total") > 2.5);
    assert_eq!(get(&served, "/heartbeat", "")["workers"][0]["name"], "server");
}

#[test]
fn what_cannot_be_estimated_is_refused_in_words() {
    let place = Place::new();
    let served = place.start_with(&["--estimates-workers", "0", "--estimates-open-per-user", "2"]);
    served.await_ready(200);
    let anne = served.register("anne");
    let acme = json!({ "symbol": "ACME", "quantity": 1 });
    for (body, code, field) in [
        (json!({ "horizon": "1h" }), "invalid_field", "holding"),
        (json!({ "holding": acme, "portfolio": {}, "horizon": "1h" }), "invalid_field", "holding"),
        (json!({ "holding": acme, "horizon": "soon" }), "invalid_field", "horizon"),
        (json!({ "holding": acme, "horizon": "1h", "paths": 1 }), "invalid_field", "paths"),
        (json!({ "holding": acme, "horizon": "1h", "paths": 10_001 }), "invalid_field", "paths"),
        (json!({ "holding": acme, "horizon": "1h", "quantiles": [2] }), "invalid_field", "quantiles"),
        (json!({ "holding": acme, "horizon": "5h", "model": "world" }), "too_large", "horizon"),
        (
            json!({ "holding": { "symbol": "ACME", "quantity": "0.5" }, "horizon": "1h" }),
            "invalid_field",
            "holding",
        ),
        (json!({ "strategy": {}, "horizon": "1h", "paths": 2 }), "invalid_field", "strategy"),
    ] {
        let (status, _, problem) = ask(&served, "POST", "/api/estimates", &anne, &body);
        assert_eq!(
            (status, &problem["code"], &problem["field"]),
            (422, &json!(code), &json!(field)),
            "{body}: {problem}"
        );
    }
    let script = json!({ "script": { "source": "fn on_start( {}" } });
    let broken = json!({ "strategy": script, "horizon": "1m", "paths": 2 });
    let (status, _, problem) = ask(&served, "POST", "/api/estimates", &anne, &broken);
    assert_eq!((status, &problem["code"]), (422, &json!("cannot_be_estimated")), "{problem}");
    let good = json!({ "holding": acme, "horizon": "1h" });
    let keyed = format!("{anne}Idempotency-Key: mine\r\n");
    let first = ask(&served, "POST", "/api/estimates", &keyed, &good).2;
    let again = ask(&served, "POST", "/api/estimates", &keyed, &good).2;
    assert_eq!(first["estimate_id"], again["estimate_id"]);
    let other = json!({ "holding": acme, "horizon": "2h" });
    let (status, _, problem) = ask(&served, "POST", "/api/estimates", &keyed, &other);
    assert_eq!((status, &problem["code"]), (409, &json!("other_request")), "{problem}");
    asked(&served, &anne, &good);
    let (status, _, problem) = ask(&served, "POST", "/job", &anne, &good);
    assert_eq!((status, &problem["code"]), (429, &json!("too_many_estimates")), "{problem}");
    let path = format!("/job/{}", first["estimate_id"].as_str().unwrap());
    assert_eq!(ask(&served, "DELETE", &path, &anne, &Value::Null).2["state"], "canceled");
    let figure = format!("{}/figure.svg", path.replace("/job", "/api/estimates"));
    assert_eq!(ask(&served, "GET", &figure, &anne, &Value::Null).2["code"], "no_result");
    asked(&served, &anne, &good);
    assert_eq!(get(&served, "/heartbeat", "")["queued"], 2);
    place
        .run(&["worker", "nowhere.toml", "--database", "sqlite:x.db"])
        .assert_fails(2, &["no file nowhere.toml"]);
    place.run(&["worker", "small.toml"]).assert_fails(2, &["--database", "--celery"]);
}

/// Has a worker killed in the middle of a job, and another make it.
fn killed_in_the_middle(database: &str) {
    let place = Place::new();
    let served = place.start_with(&["--estimates-workers", "0", "--database", database]);
    served.await_ready(200);
    let anne = served.register("anne");
    let body = json!({
        "holding": { "symbol": "ACME", "quantity": 10 }, "horizon": "10m", "model": "world", "paths": 2_000,
    });
    let path = asked(&served, &anne, &body);
    let worker = |name: &str| {
        let arguments = ["worker", "small.toml", "--database", database, "--name", name];
        place.begin(&arguments, &[("BEARPIT_LOG_FORMAT", "json")])
    };
    let first = worker("first");
    let begun = until(&served, &path, &anne, |view| view["progress"]["done"].as_u64().unwrap() > 0);
    assert_eq!((&begun["state"], &begun["attempts"]), (&json!("running"), &json!(1)));
    first.crash();
    let mut second = worker("second");
    second.await_line("working");
    let done = until(&served, &path, &anne, is_done);
    assert_eq!((&done["attempts"], &done["progress"]["done"]), (&json!(2), &json!(2_000)), "{done}");
    let there = get(&served, "/heartbeat", "");
    let named = |name: &str| there["workers"].as_array().unwrap().iter().any(|it| it["name"] == name);
    assert!(named("second") && !named("first"), "{there}");
    // One that is asked to end gives back what it has.
    let path = asked(&served, &anne, &body);
    until(&served, &path, &anne, |view| view["state"] == "running");
    assert_eq!(second.stop(), Some(0));
    let back = get(&served, &path, &anne);
    assert_eq!((&back["state"], &back["attempts"]), (&json!("queued"), &json!(0)), "{back}");
}

#[test]
fn a_worker_that_is_killed_in_the_middle_is_followed_by_another() {
    let directory = tempfile::tempdir().unwrap();
    killed_in_the_middle(&format!("sqlite:{}", directory.path().join("shared.db").display()));
    let Ok(whole) = std::env::var(POSTGRES) else {
        eprintln!("SKIPPED on PostgreSQL: {POSTGRES} is not set");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let schema = runtime.block_on(Schema::new(&whole)).unwrap();
    killed_in_the_middle(&format!("{whole}?options[search_path]={}", schema.name()));
    runtime.block_on(schema.drop()).unwrap();
}
