//! Messages and results as Celery and kombu write them: the protocol's version 2, in JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use thiserror::Error;

/// The name of the task.
pub const TASK: &str = "bearpit.estimate";
/// The name of the queue.
pub const QUEUE: &str = "estimates";

/// A message is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum BadMessage {
    /// It is not JSON in kombu's form.
    #[error("it is no message of kombu's: {0}")]
    Envelope(String),
    /// Its content is written in a form that can carry code, or is unknown.
    #[error("its content is `{0}`, and only application/json in utf-8 is read")]
    Content(String),
    /// Its body is not base64 of JSON.
    #[error("its body cannot be read: {0}")]
    Body(String),
    /// It is another task.
    #[error("it is the task `{0}`, and only `{TASK}` is carried out")]
    Task(String),
    /// It is to be carried out later.
    #[error("it has an `eta`, and what is in this queue is carried out at once")]
    Eta,
    /// It has other arguments.
    #[error("it has other arguments than one job: {0}")]
    Arguments(String),
}

/// A task that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    /// Its id: results stand under it.
    pub(super) id: String,
    /// The job, in JSON.
    pub(super) job: String,
}

#[derive(Deserialize)]
struct Envelope {
    body: String,
    #[serde(rename = "content-type")]
    content_type: String,
    #[serde(rename = "content-encoding")]
    content_encoding: Option<String>,
    headers: Headers,
    properties: Properties,
}

#[derive(Deserialize)]
struct Headers {
    id: Option<String>,
    task: Option<String>,
    eta: Option<String>,
}

#[derive(Deserialize)]
struct Properties {
    body_encoding: Option<String>,
}

/// Writes a job as a message.
pub(super) fn message(id: &str, job: &RawValue, tag: &str) -> String {
    let embed = json!({ "callbacks": null, "errbacks": null, "chain": null, "chord": null });
    let body = format!("[[{}], {{}}, {embed}]", job.get());
    json!({
        "body": STANDARD.encode(body),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py", "task": TASK, "id": id, "shadow": null, "eta": null, "expires": null, "group": null,
            "group_index": null, "retries": 0, "timelimit": [null, null], "root_id": id, "parent_id": null,
            "argsrepr": "(a job,)", "kwargsrepr": "{}", "origin": "bearpit-serve", "ignore_result": false,
        },
        "properties": {
            "correlation_id": id, "reply_to": id, "delivery_mode": 2,
            "delivery_info": { "exchange": "", "routing_key": QUEUE }, "priority": 0,
            "body_encoding": "base64", "delivery_tag": tag,
        },
    })
    .to_string()
}

/// Reads a message. The id of its task is returned with what is wrong, where it has one.
pub(super) fn read(text: &str) -> Result<Task, (Option<String>, BadMessage)> {
    let envelope: Envelope =
        serde_json::from_str(text).map_err(|error| (None, BadMessage::Envelope(error.to_string())))?;
    let id = envelope.headers.id.clone();
    let Some(known) = id.clone().filter(|id| is_id(id)) else {
        let message = "it has no `id` among its headers".to_owned();
        return Err((None, BadMessage::Envelope(message)));
    };
    job_of(&envelope).map(|job| Task { id: known, job }).map_err(|bad| (id, bad))
}

/// Whatever a sender calls a task becomes a part of a key.
fn is_id(id: &str) -> bool {
    (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn job_of(envelope: &Envelope) -> Result<String, BadMessage> {
    let encoding = envelope.content_encoding.as_deref().unwrap_or("utf-8");
    if envelope.content_type != "application/json" || !encoding.eq_ignore_ascii_case("utf-8") {
        return Err(BadMessage::Content(format!("{} in {encoding}", envelope.content_type)));
    }
    let task = envelope.headers.task.as_deref().unwrap_or_default();
    if task != TASK {
        return Err(BadMessage::Task(task.to_owned()));
    }
    if envelope.headers.eta.is_some() {
        return Err(BadMessage::Eta);
    }
    let unreadable = |error: &dyn std::fmt::Display| BadMessage::Body(error.to_string());
    let body = match envelope.properties.body_encoding.as_deref() {
        Some("base64") => STANDARD.decode(&envelope.body).map_err(|error| unreadable(&error))?,
        _ => envelope.body.clone().into_bytes(),
    };
    let (args, kwargs, _): (Vec<Box<RawValue>>, Value, Value) =
        serde_json::from_slice(&body).map_err(|error| unreadable(&error))?;
    let has_names = kwargs.as_object().is_some_and(|kwargs| !kwargs.is_empty());
    match args.as_slice() {
        [job] if !has_names => Ok(job.get().to_owned()),
        _ => Err(BadMessage::Arguments(format!("{} in order, {kwargs} by name", args.len()))),
    }
}

/// The key under which the result of a task stands.
pub(super) fn result_key(id: &str) -> String {
    format!("celery-task-meta-{id}")
}

/// The key that says that nobody wants a task's result any more.
pub(super) fn canceled_key(id: &str) -> String {
    format!("bearpit-estimate-canceled-{id}")
}

/// How far a task is, as Celery's clients read it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meta {
    /// So many paths are done.
    Progress(u32),
    /// It has a result, in JSON.
    Success(Box<str>),
    /// Nothing came of it.
    Failure(String),
}

/// Writes how far a task is.
pub(super) fn meta_text(id: &str, meta: &Meta, at: &str) -> String {
    let (status, result) = match meta {
        Meta::Progress(done) => ("PROGRESS", json!({ "done": done }).to_string()),
        Meta::Success(result) => ("SUCCESS", (**result).to_owned()),
        Meta::Failure(why) => {
            // A client raises it as an exception of Python.
            let error = json!({ "exc_type": "RuntimeError", "exc_message": [why], "exc_module": "builtins" });
            ("FAILURE", error.to_string())
        }
    };
    let done = if matches!(meta, Meta::Progress(_)) { Value::Null } else { json!(at) };
    let id = json!(id);
    format!(
        "{{\"status\": \"{status}\", \"result\": {result}, \"traceback\": null, \"children\": [], \
         \"date_done\": {done}, \"task_id\": {id}}}"
    )
}

#[derive(Deserialize)]
struct MetaForm<'a> {
    status: String,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

/// Reads how far a task is; nothing where it is not begun, or in a state that says nothing.
pub(super) fn meta_of(text: &str) -> Option<Meta> {
    let form: MetaForm<'_> = serde_json::from_str(text).ok()?;
    let result = form.result.map_or("null", RawValue::get);
    match form.status.as_str() {
        "SUCCESS" => Some(Meta::Success(result.into())),
        "PROGRESS" => {
            let done = serde_json::from_str::<Value>(result).ok()?["done"].as_u64()?;
            Some(Meta::Progress(u32::try_from(done).ok()?))
        }
        "FAILURE" | "REVOKED" => {
            let error: Value = serde_json::from_str(result).unwrap_or_default();
            let message = match &error["exc_message"] {
                Value::String(text) => text.clone(),
                Value::Array(parts) => {
                    let parts =
                        parts.iter().map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned));
                    parts.collect::<Vec<_>>().join(", ")
                }
                _ => form.status.clone(),
            };
            let kind = error["exc_type"].as_str().unwrap_or("the task has failed");
            Some(Meta::Failure(format!("{kind}: {message}")))
        }
        _ => None,
    }
}
