//! [`Broker`]: a Redis or Valkey as a broker of Celery's, and as its store of results.

use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, Pipeline, Script};
use serde_json::value::RawValue;
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::time::sleep;
use tracing::warn;
use uuid::Uuid;

use super::message::{Meta, QUEUE, canceled_key, message, meta_of, meta_text, result_key};
use crate::config::RedisUrl;
use crate::domain::{EstimateId, WallTime};
use crate::estimates::Outcome;
use crate::services::estimates::carrying::{Failure, Underway};
use crate::services::identity::Clock;

/// How long a connection may take, and each answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked for a result.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// For how long results are kept, as Celery keeps them.
const KEPT_SECS: u64 = 86_400;
/// After how long a message comes back whose worker is not heard of.
pub(super) const VISIBILITY: Duration = Duration::from_secs(60);
/// How many messages are kept that cannot be read.
const REFUSED_MAX: isize = 1_000;
/// Where they are kept.
const REFUSED: &str = "estimates.refused";
/// Where kombu keeps messages that are not acknowledged, by tag, and when each was taken.
const UNACKED: &str = "unacked";
const UNACKED_INDEX: &str = "unacked_index";
/// How many are looked at in one go that may come back.
const RESTORED_AT_ONCE: usize = 100;

/// Takes a message and keeps it among those that are not acknowledged, in one step: none is lost between.
const TAKE: &str = r#"
local text = redis.call('RPOP', KEYS[1])
if not text then return nil end
local is_json, message = pcall(cjson.decode, text)
local tag = redis.sha1hex(text)
if is_json and type(message) == 'table' and type(message.properties) == 'table'
    and type(message.properties.delivery_tag) == 'string' then
  tag = message.properties.delivery_tag
end
if is_json then
  redis.call('HSET', KEYS[2], tag, '[' .. text .. ', "", "' .. KEYS[1] .. '"]')
  redis.call('ZADD', KEYS[3], ARGV[1], tag)
end
return {tag, text}
"#;

/// Gives a message back whose worker is not heard of, unless another has just done so.
const RESTORE: &str = r"
if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('RPUSH', KEYS[3], ARGV[2])
return 1
";

/// The broker did not do what it was asked; the same can succeed later.
#[derive(Debug, Error)]
#[error("the broker of estimates is away: {0}")]
pub struct BrokerError(String);

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// What it is acknowledged by.
    pub(super) tag: String,
    /// The message.
    pub(super) text: String,
}

/// A Redis or Valkey as a broker of Celery's.
pub struct Broker {
    url: RedisUrl,
    clock: Clock,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Broker {
    /// Makes one; it is reached when it is first asked.
    #[must_use]
    pub fn new(url: RedisUrl, clock: Clock) -> Self {
        Self { url, clock, connection: Mutex::new(None) }
    }

    async fn connected(&self) -> Result<MultiplexedConnection, BrokerError> {
        let mut connection = self.connection.lock().await;
        if let Some(open) = &*connection {
            return Ok(open.clone());
        }
        let client = Client::open(self.url.text()).map_err(|error| away(&error))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let opened = client.get_multiplexed_async_connection_with_config(&config).await;
        Ok(connection.insert(opened.map_err(|error| away(&error))?).clone())
    }

    /// The next one who asks connects anew.
    async fn failed(&self, error: &redis::RedisError) -> BrokerError {
        *self.connection.lock().await = None;
        away(error)
    }

    async fn ask<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, BrokerError> {
        let mut connection = self.connected().await?;
        match commands.query_async(&mut connection).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.failed(&error).await),
        }
    }

    /// Sends a job to workers of Celery, and waits for what comes of it.
    pub(in crate::services::estimates) async fn have_carried_out(
        &self,
        id: EstimateId,
        job: &str,
        underway: &Underway,
    ) -> Result<Outcome, Failure> {
        let id = id.to_string();
        let passing = |error: BrokerError| Failure::Passing(error.to_string());
        // Whoever had it before may have sent it, and its result may be there.
        if self.meta(&id).await.map_err(passing)?.is_none() {
            self.send(&id, job).await.map_err(passing)?;
        }
        loop {
            if underway.is_canceled.load(Ordering::Relaxed) {
                self.cancel(&id).await.unwrap_or_else(|error| warn!(%error, "a task goes on in vain"));
                return Err(Failure::Stopped);
            }
            match self.meta(&id).await {
                Ok(Some(Meta::Success(result))) => return outcome_of(&result),
                Ok(Some(Meta::Failure(why))) => return Err(Failure::Final(why)),
                Ok(Some(Meta::Progress(done))) => underway.done.store(done, Ordering::Relaxed),
                Ok(None) => {}
                Err(error) => warn!(%error, "the result of a task is looked for later"),
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn send(&self, id: &str, job: &str) -> Result<(), BrokerError> {
        let job: Box<RawValue> = RawValue::from_string(job.to_owned())
            .map_err(|error| BrokerError(format!("the job is no JSON: {error}")))?;
        let tag = Uuid::now_v7().hyphenated().to_string();
        let mut commands = redis::pipe();
        // It may have been canceled before this process has taken it again.
        commands.atomic().del(canceled_key(id)).ignore().lpush(QUEUE, message(id, &job, &tag)).ignore();
        self.ask(&commands).await
    }

    async fn cancel(&self, id: &str) -> Result<(), BrokerError> {
        let mut commands = redis::pipe();
        commands.set_ex(canceled_key(id), "1", KEPT_SECS).ignore();
        self.ask(&commands).await
    }

    async fn meta(&self, id: &str) -> Result<Option<Meta>, BrokerError> {
        let mut commands = redis::pipe();
        commands.get(result_key(id));
        let (text,): (Option<String>,) = self.ask(&commands).await?;
        Ok(text.as_deref().and_then(meta_of))
    }

    /// Takes a message, if there is one.
    pub(super) async fn take(&self) -> Result<Option<Taken>, BrokerError> {
        let mut connection = self.connected().await?;
        let script = Script::new(TAKE);
        let mut call = script.key(QUEUE);
        call.key(UNACKED).key(UNACKED_INDEX).arg(seconds(self.now()));
        let taken: Result<Option<(String, String)>, _> = call.invoke_async(&mut connection).await;
        match taken {
            Ok(taken) => Ok(taken.map(|(tag, text)| Taken { tag, text })),
            Err(error) => Err(self.failed(&error).await),
        }
    }

    /// Says that a message is worked at, and how far that is; returns whether nobody wants it any more.
    pub(super) async fn renew(&self, tag: &str, id: &str, done: u32) -> Result<bool, BrokerError> {
        let meta = meta_text(id, &Meta::Progress(done), "");
        let mut commands = redis::pipe();
        // Only what has not come back is renewed.
        commands.cmd("ZADD").arg(UNACKED_INDEX).arg("XX").arg(seconds(self.now())).arg(tag).ignore();
        commands.set_ex(result_key(id), meta, KEPT_SECS).ignore().exists(canceled_key(id));
        let (is_canceled,): (bool,) = self.ask(&commands).await?;
        Ok(is_canceled)
    }

    /// Writes what came of a task, tells whoever waits for it, and acknowledges its message.
    pub(super) async fn end(&self, tag: &str, id: &str, meta: &Meta) -> Result<(), BrokerError> {
        let (key, text) = (result_key(id), meta_text(id, meta, &self.now().to_string()));
        let mut commands = redis::pipe();
        commands.atomic().set_ex(&key, &text, KEPT_SECS).ignore().publish(&key, &text).ignore();
        acknowledge(&mut commands, tag);
        self.ask(&commands).await
    }

    /// Acknowledges a message that needs no answer.
    pub(super) async fn drop_message(&self, tag: &str) -> Result<(), BrokerError> {
        let mut commands = redis::pipe();
        commands.atomic();
        acknowledge(&mut commands, tag);
        self.ask(&commands).await
    }

    /// Puts a message aside that cannot be read, for people to look at.
    pub(super) async fn put_aside(&self, taken: &Taken) -> Result<(), BrokerError> {
        let mut commands = redis::pipe();
        commands.atomic().lpush(REFUSED, &taken.text).ignore().ltrim(REFUSED, 0, REFUSED_MAX - 1).ignore();
        acknowledge(&mut commands, &taken.tag);
        self.ask(&commands).await
    }

    /// Gives a message back that was taken, for the next one.
    pub(super) async fn give_back(&self, taken: &Taken) -> Result<bool, BrokerError> {
        let mut connection = self.connected().await?;
        let script = Script::new(RESTORE);
        let mut call = script.key(UNACKED);
        call.key(UNACKED_INDEX).key(QUEUE).arg(&taken.tag).arg(&taken.text);
        match call.invoke_async::<i64>(&mut connection).await {
            Ok(given) => Ok(given == 1),
            Err(error) => Err(self.failed(&error).await),
        }
    }

    /// Gives messages of our queue back whose workers were not heard of since `visibility`; returns how many.
    pub(super) async fn restore(&self, visibility: Duration) -> Result<u32, BrokerError> {
        let until = seconds(self.now()) - visibility.as_secs_f64();
        let mut commands = redis::pipe();
        commands.cmd("ZRANGEBYSCORE").arg(UNACKED_INDEX).arg("-inf").arg(until);
        commands.arg("LIMIT").arg(0).arg(RESTORED_AT_ONCE);
        let (tags,): (Vec<String>,) = self.ask(&commands).await?;
        let mut restored = 0;
        for tag in tags {
            let mut commands = redis::pipe();
            commands.hget(UNACKED, &tag);
            let (kept,): (Option<String>,) = self.ask(&commands).await?;
            // Kombu's own are lists of message, exchange and routing key; other queues are not ours.
            let kept = kept
                .as_deref()
                .and_then(|kept| serde_json::from_str::<(Box<RawValue>, String, String)>(kept).ok());
            if let Some((text, _, queue)) = kept
                && queue == QUEUE
                && self.give_back(&Taken { tag, text: text.get().to_owned() }).await?
            {
                restored += 1;
            }
        }
        Ok(restored)
    }

    fn now(&self) -> WallTime {
        (self.clock)()
    }
}

fn acknowledge(commands: &mut Pipeline, tag: &str) {
    commands.hdel(UNACKED, tag).ignore().zrem(UNACKED_INDEX, tag).ignore();
}

fn outcome_of(result: &str) -> Result<Outcome, Failure> {
    let read = serde_json::from_str(result);
    read.map_err(|error| {
        Failure::Final(format!(
            "the worker's answer is no result of an estimate (docs/estimates.md): {error}"
        ))
    })
}

/// Seconds since 1970, as kombu counts.
#[expect(clippy::cast_precision_loss, reason = "microseconds are more than anybody looks at")]
fn seconds(at: WallTime) -> f64 {
    at.nanos() as f64 / 1e9
}

fn away(error: &redis::RedisError) -> BrokerError {
    BrokerError(error.to_string())
}
