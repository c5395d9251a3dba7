//! [`KafkaAdapter`]: produces records.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rskafka::BackoffConfig;
use rskafka::chrono::{DateTime, Utc};
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder, Credentials, SaslConfig};
use rskafka::record::Record;
use tokio::time::timeout;

use super::murmur2::partition_of;
use crate::channels::message::Message;
use crate::channels::port::{Adapter, AdapterError, Doing, Fate};
use crate::channels::state::now;
use crate::config::{KafkaConfig, KafkaSasl};
use crate::outgoing::tls_client;

/// How long it may take until all topics are known.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long the brokers may take to acknowledge a part of the records.
const ACKNOWLEDGE_MAX: Duration = Duration::from_secs(15);
/// How long the brokers may take to make a topic, in milliseconds.
const MAKE_MILLIS: i32 = 5_000;
/// For how long the client tries again by itself: then it is ours to say that something is wrong.
const RETRY_MAX: Duration = Duration::from_secs(3);
/// How many records are handed over together, at most. The client sends the length of a request by itself,
/// so that the request waits until the broker has acknowledged those four bytes, often 40 ms: few large ones,
/// then.
const TOGETHER_MAX: usize = 10_000;
/// How many bytes of records a request has for a partition, at most: brokers take 1 MiB unless they are told
/// otherwise.
const PART_MAX: usize = 900 << 10;
/// What a record takes beside its key and its value, at most, in bytes.
const RECORD_BYTES: usize = 64;
/// The longest answer that is read, in bytes: metadata of many topics is long.
const ANSWER_MAX: usize = 16 << 20;

/// Brokers, and who we are to them.
#[derive(Debug, Clone)]
pub struct KafkaPeer {
    config: KafkaConfig,
    topics: &'static [&'static str],
}

impl KafkaPeer {
    /// Makes one of what is configured, for some topics; nothing if there are no brokers.
    #[must_use]
    pub fn new(config: &KafkaConfig, topics: &'static [&'static str]) -> Option<Self> {
        (!config.brokers.is_empty()).then(|| Self { config: config.clone(), topics })
    }

    /// Returns where they are.
    #[must_use]
    pub fn place(&self) -> String {
        self.config.brokers.iter().map(|broker| broker.text()).collect::<Vec<_>>().join(",")
    }

    fn topic(&self, topic: &str) -> String {
        format!("{}{topic}", self.config.prefix.as_deref().unwrap_or_default())
    }

    async fn client(&self) -> Result<Client, AdapterError> {
        let brokers = self.config.brokers.iter().map(|broker| broker.text().to_owned()).collect();
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_millis(500),
            base: 2.0,
            deadline: Some(RETRY_MAX),
        };
        let mut builder = ClientBuilder::new(brokers)
            .client_id("bearpit")
            .max_message_size(ANSWER_MAX)
            .backoff_config(backoff);
        if self.config.has_tls {
            let tls = tls_client().map_err(|error| AdapterError::new(format!("there is no TLS: {error}")))?;
            builder = builder.tls_config(Arc::new(tls));
        }
        if let (Some(user), Some(password)) = (&self.config.user, &self.config.password) {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            builder = builder.sasl_config(match self.config.sasl {
                KafkaSasl::Plain => SaslConfig::Plain(credentials),
                KafkaSasl::ScramSha256 => SaslConfig::ScramSha256(credentials),
                KafkaSasl::ScramSha512 => SaslConfig::ScramSha512(credentials),
            });
        }
        builder.build().await.map_err(AdapterError::new)
    }
}

/// Produces records, and waits until they are acknowledged.
pub struct KafkaAdapter {
    peer: KafkaPeer,
    /// The partitions of each topic, by its name without the prefix.
    topics: BTreeMap<&'static str, Vec<Arc<PartitionClient>>>,
}

impl std::fmt::Debug for KafkaAdapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaAdapter").field("peer", &self.peer.place()).finish_non_exhaustive()
    }
}

/// Records of one partition, with their places among the messages.
#[derive(Default)]
struct Batch {
    places: Vec<usize>,
    records: Vec<Record>,
}

impl KafkaAdapter {
    /// Makes one that is not connected.
    #[must_use]
    pub const fn new(peer: KafkaPeer) -> Self {
        Self { peer, topics: BTreeMap::new() }
    }

    async fn open(&mut self) -> Result<(), AdapterError> {
        self.topics.clear();
        // In a task of its own: whatever a peer says that the client cannot bear ends the task alone.
        let opening = tokio::spawn(topics(self.peer.clone()));
        let late = |_| AdapterError::new(format!("the brokers say nothing for {} s", CONNECT_MAX.as_secs()));
        let abort = AbortOnDrop(opening.abort_handle());
        let opened = timeout(CONNECT_MAX, opening).await.map_err(late)?;
        drop(abort);
        self.topics = opened.map_err(AdapterError::new)??;
        Ok(())
    }

    async fn produce(&self, messages: &[Message]) -> Result<Vec<Fate>, AdapterError> {
        if self.topics.is_empty() {
            return Err(AdapterError::new("there is no connection"));
        }
        let mut fates = vec![Fate::Taken; messages.len()];
        let mut batches: BTreeMap<(&str, u32), Batch> = BTreeMap::new();
        let at = DateTime::<Utc>::from_timestamp_nanos(now().nanos());
        for (place, message) in messages.iter().enumerate() {
            let partitions = self.topics.get(message.topic.as_str()).map_or(0, Vec::len);
            let Ok(partitions @ 1..) = u32::try_from(partitions) else {
                fates[place] = Fate::Refused("there is no such topic".to_owned());
                continue;
            };
            let key = message.key.as_deref().unwrap_or_default();
            let batch =
                batches.entry((&message.topic, partition_of(key.as_bytes(), partitions))).or_default();
            batch.places.push(place);
            batch.records.push(Record {
                key: message.key.as_ref().map(|key| key.as_bytes().to_vec()),
                value: Some(message.payload.clone()),
                headers: BTreeMap::new(),
                timestamp: at,
            });
        }
        let sending = batches.into_iter().filter_map(|((topic, partition), batch)| {
            let client = self.topics.get(topic)?.get(usize::try_from(partition).ok()?)?;
            let Batch { places, records } = batch;
            let produce = |part| in_task(produce_part(Arc::clone(client), part));
            Some(async move { (places, produce_all(records, produce).await) })
        });
        for (places, outcome) in join_all(sending).await {
            for (place, fate) in places.into_iter().zip(outcome?) {
                fates[place] = fate;
            }
        }
        Ok(fates)
    }
}

/// Ends a task that nobody waits for any more.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs something in a task of its own, within the time that the brokers have.
async fn in_task<T: Send + 'static>(
    work: impl Future<Output = Result<T, AdapterError>> + Send + 'static,
) -> Result<T, AdapterError> {
    let task = tokio::spawn(work);
    let _abort = AbortOnDrop(task.abort_handle());
    let late = |_| {
        AdapterError::new(format!(
            "the brokers have acknowledged nothing for {} s",
            ACKNOWLEDGE_MAX.as_secs()
        ))
    };
    timeout(ACKNOWLEDGE_MAX, task).await.map_err(late)?.map_err(AdapterError::new)?
}

/// Returns the partitions of all topics, which are made if they are not there.
async fn topics(peer: KafkaPeer) -> Result<BTreeMap<&'static str, Vec<Arc<PartitionClient>>>, AdapterError> {
    let client = peer.client().await?;
    let there = client.list_topics().await.map_err(AdapterError::new)?;
    let mut topics = BTreeMap::new();
    for topic in peer.topics {
        let name = peer.topic(topic);
        let numbers: Vec<i32> = match there.iter().find(|topic| topic.name == name) {
            Some(topic) => topic.partitions.iter().copied().collect(),
            None => make(&client, &name, &peer.config).await?,
        };
        let mut partitions = Vec::with_capacity(numbers.len());
        for number in numbers {
            let client = client.partition_client(name.as_str(), number, UnknownTopicHandling::Retry).await;
            partitions.push(Arc::new(client.map_err(AdapterError::new)?));
        }
        topics.insert(*topic, partitions);
    }
    Ok(topics)
}

async fn make(client: &Client, name: &str, config: &KafkaConfig) -> Result<Vec<i32>, AdapterError> {
    let unfit = |_| AdapterError::new("there are too many partitions or replicas");
    let partitions = i32::try_from(config.partitions).map_err(unfit)?;
    let replicas = i16::try_from(config.replication).map_err(unfit)?;
    let controller = client.controller_client().map_err(AdapterError::new)?;
    let failed = |error| AdapterError::new(format!("the topic `{name}` cannot be made: {error}"));
    controller.create_topic(name, partitions, replicas, MAKE_MILLIS).await.map_err(failed)?;
    Ok((0..partitions).collect())
}

/// Has records of a partition taken, one part after the other: whatever fails, they stay in their order.
///
/// A part that is refused for good is halved, until what is refused is one record: `produce` returns why.
pub(super) async fn produce_all<Producing>(
    records: Vec<Record>,
    produce: impl Fn(Vec<Record>) -> Producing,
) -> Result<Vec<Fate>, AdapterError>
where
    Producing: Future<Output = Result<Option<String>, AdapterError>>,
{
    let mut fates = Vec::with_capacity(records.len());
    let mut waiting = parts(records);
    waiting.reverse();
    while let Some(mut part) = waiting.pop() {
        match produce(part.clone()).await? {
            None => fates.extend(part.iter().map(|_| Fate::Taken)),
            Some(reason) if part.len() == 1 => fates.push(Fate::Refused(reason)),
            Some(_) => {
                let second = part.split_off(part.len() / 2);
                waiting.extend([second, part]);
            }
        }
    }
    Ok(fates)
}

/// Divides records into parts that brokers take as they are; one that is too large for that is alone.
pub(super) fn parts(records: Vec<Record>) -> Vec<Vec<Record>> {
    let mut parts: Vec<Vec<Record>> = Vec::new();
    let mut bytes = PART_MAX;
    for record in records {
        let more = record.approximate_size() + RECORD_BYTES;
        match parts.last_mut() {
            Some(part) if bytes + more <= PART_MAX => {
                bytes += more;
                part.push(record);
            }
            _ => {
                bytes = more;
                parts.push(vec![record]);
            }
        }
    }
    parts
}

/// Produces records together; returns why the brokers will never take them, if they say so.
async fn produce_part(
    client: Arc<PartitionClient>,
    records: Vec<Record>,
) -> Result<Option<String>, AdapterError> {
    match client.produce(records, Compression::NoCompression).await {
        Ok(_) => Ok(None),
        Err(error) => is_final(&error).map(Some).ok_or_else(|| AdapterError::new(error)),
    }
}

/// Returns what the brokers say of a record that they will never take; nothing if it may be taken later.
fn is_final(error: &Error) -> Option<String> {
    let Error::ServerError { protocol_error, error_message, .. } = error else { return None };
    let is_final = matches!(
        protocol_error,
        ProtocolError::MessageTooLarge
            | ProtocolError::RecordListTooLarge
            | ProtocolError::InvalidRecord
            | ProtocolError::InvalidTimestamp
    );
    let said = error_message.as_deref().unwrap_or_default();
    is_final.then(|| format!("the brokers refuse it: {protocol_error:?} {said}").trim_end().to_owned())
}

impl Adapter for KafkaAdapter {
    fn connect(&mut self) -> Doing<'_, Result<(), AdapterError>> {
        Box::pin(self.open())
    }

    fn together_max(&self) -> usize {
        TOGETHER_MAX
    }

    fn send<'a>(&'a mut self, messages: &'a [Message]) -> Doing<'a, Result<Vec<Fate>, AdapterError>> {
        Box::pin(self.produce(messages))
    }

    fn broken(&mut self) -> Doing<'_, AdapterError> {
        // The client connects to whichever broker leads a partition when it produces.
        Box::pin(std::future::pending())
    }

    fn close(&mut self) -> Doing<'_, ()> {
        self.topics.clear();
        Box::pin(async {})
    }
}
