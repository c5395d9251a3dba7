//! Channels of a process, put together: those that are configured, and what they need of the market.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use tokio::sync::mpsc::{Receiver, channel};

use super::exit::Failure;
use super::serve::failed;
use crate::channels::kafka::{KafkaAdapter, KafkaPeer};
use crate::channels::mqtt::{MqttAdapter, MqttPeer, MqttRequests};
use crate::channels::redis::RedisAdapter;
use crate::channels::{
    Adapter, Channel, ChannelMetrics, ChannelSink, ChannelState, DeadLetters, Newest, Outbox, Pace,
    Publisher, Reader, Running, Spooler, Stretch, Teller, Work, keep,
};
use crate::config::Config;
use crate::services::auctions::Auctions;
use crate::services::channels::{
    BoardPrices, ChannelRequests, Channels, Groups, KAFKA_TOPICS, LastPrices, RequestsParts, TradeTeller,
    UpdateTeller,
};
use crate::services::identity::{Identity, system_clock};
use crate::services::market_data::MarketData;
use crate::store::channels::DeadLetter;
use crate::store::database::Database;

/// The directory of channels' spools within the data directory.
const CHANNELS: &str = "channels";
/// How many stretches of news may wait for a channel, besides what waits on disk.
const QUEUE: usize = 1_024;
/// For how long lasting messages come together.
const LINGER: Duration = Duration::from_millis(5);

/// What channels keep on disk, and how they read along in the market, before they are started.
pub(super) struct Prepared {
    mqtt: Option<Lasting>,
    kafka: Option<Lasting>,
    metrics: ChannelMetrics,
    dead: DeadLetters,
    letters: Receiver<DeadLetter>,
}

/// Lasting news of a channel.
struct Lasting {
    outbox: Arc<Outbox>,
    news: Receiver<Stretch>,
}

/// What channels need of the services.
struct Services {
    data: Arc<MarketData>,
    auctions: Arc<Auctions>,
    identity: Arc<Identity>,
    groups: Arc<Groups>,
}

/// Channels at work, and the groups that send orders over them.
pub(super) struct Started {
    pub(super) groups: Arc<Groups>,
    pub(super) channels: Arc<Channels>,
    pub(super) running: Vec<Running>,
}

/// Opens what channels keep on disk; the sink is for the driver.
///
/// # Errors
/// [`Failure::Run`], which is written to the log.
pub(super) fn prepare(config: &Config, registry: &mut Registry) -> Result<(Prepared, ChannelSink), Failure> {
    let directory = config.data.join(CHANNELS);
    let bytes_max = u64::from(config.channels.spool_mib) << 20;
    let mut readers = Vec::new();
    let mut lasting = |name: &str, wants_trades| {
        let outbox = open(&directory.join(name), bytes_max)?;
        let (sender, news) = channel(QUEUE);
        readers.push(Reader { known: outbox.position(), wants_trades, news: sender });
        Ok(Lasting { outbox, news })
    };
    let mqtt = config.channels.mqtt.url.is_some().then(|| lasting("mqtt", false)).transpose()?;
    let has_kafka = !config.channels.kafka.brokers.is_empty();
    let kafka = has_kafka.then(|| lasting("kafka", true)).transpose()?;
    let (dead, letters) = DeadLetters::new();
    let metrics = ChannelMetrics::register(registry);
    Ok((Prepared { mqtt, kafka, metrics, dead, letters }, ChannelSink::new(readers)))
}

fn open(directory: &Path, bytes_max: u64) -> Result<Arc<Outbox>, Failure> {
    let outbox = Outbox::open(directory, bytes_max).map(Arc::new);
    outbox.map_err(|error| failed(&format!("{} cannot be opened", directory.display()), &error))
}

impl Prepared {
    /// Starts the channels that are configured; to be called within a runtime.
    ///
    /// # Errors
    /// [`Failure::Run`], which is written to the log.
    pub(super) fn start(
        self,
        config: &Config,
        (data, auctions, identity): (&Arc<MarketData>, &Arc<Auctions>, &Arc<Identity>),
        database: &Database,
    ) -> Result<Started, Failure> {
        let Self { mqtt, kafka, metrics, dead, letters } = self;
        let needs_verified_mail = config.identity.require_verified_mail;
        let groups = Arc::new(Groups::new(database.clone(), needs_verified_mail, system_clock()));
        let (data, auctions, identity) = (Arc::clone(data), Arc::clone(auctions), Arc::clone(identity));
        let services = Services { data, auctions, identity, groups: Arc::clone(&groups) };
        let making = Making { config, services: &services, metrics, dead };
        let all = [making.mqtt(mqtt), making.kafka(kafka), making.redis()];
        let all: Vec<Channel> = all.into_iter().flatten().collect();
        let states = all.iter().map(|channel| Arc::clone(&channel.state)).collect();
        let channels = Arc::new(Channels::new(states, database.clone()));
        tokio::spawn(keep(database.clone(), letters));
        let start =
            |channel: Channel| channel.start().map_err(|error| failed("a channel cannot be started", &error));
        let running = all.into_iter().map(start).collect::<Result<_, _>>()?;
        Ok(Started { groups, channels, running })
    }
}

/// Makes channels.
struct Making<'a> {
    config: &'a Config,
    services: &'a Services,
    metrics: ChannelMetrics,
    dead: DeadLetters,
}

/// What tells apart one channel from another.
struct Kind {
    name: &'static str,
    peer: String,
    adapter: Box<dyn Adapter>,
    newest: Box<dyn Newest>,
}

impl Making<'_> {
    fn mqtt(&self, lasting: Option<Lasting>) -> Option<Channel> {
        let peer = MqttPeer::new(&self.config.channels.mqtt)?;
        let data = &self.services.data;
        let kind = Kind {
            name: "mqtt",
            peer: peer.place(),
            adapter: Box::new(MqttAdapter::new(peer.clone())),
            newest: Box::new(BoardPrices::new(Arc::clone(data))),
        };
        let teller = Box::new(UpdateTeller::new(Arc::clone(data)));
        let mut channel = self.channel(kind, lasting.map(|lasting| (lasting, teller as Box<dyn Teller>)));
        let requests = MqttRequests {
            peer,
            requests: Arc::new(ChannelRequests::new(RequestsParts {
                auctions: Arc::clone(&self.services.auctions),
                identity: Arc::clone(&self.services.identity),
                groups: Arc::clone(&self.services.groups),
                config: self.config.channels.mqtt.clone(),
                clock: system_clock(),
            })),
            state: Arc::clone(&channel.state),
            dead: self.dead.clone(),
        };
        let work: Work = Box::new(|stop| Box::pin(requests.run(stop)));
        channel.work = Some(work);
        Some(channel)
    }

    fn kafka(&self, lasting: Option<Lasting>) -> Option<Channel> {
        let peer = KafkaPeer::new(&self.config.channels.kafka, KAFKA_TOPICS)?;
        let data = &self.services.data;
        let kind = Kind {
            name: "kafka",
            peer: peer.place(),
            adapter: Box::new(KafkaAdapter::new(peer)),
            newest: Box::new(LastPrices::of_kafka(Arc::clone(data))),
        };
        let teller = Box::new(TradeTeller::new(Arc::clone(data)));
        Some(self.channel(kind, lasting.map(|lasting| (lasting, teller as Box<dyn Teller>))))
    }

    fn redis(&self) -> Option<Channel> {
        let channels = &self.config.channels;
        let url = channels.redis.clone()?;
        let kind = Kind {
            name: "redis",
            peer: url.to_string(),
            adapter: Box::new(RedisAdapter::new(url, channels.redis_prefix.clone())),
            newest: Box::new(LastPrices::of_redis(Arc::clone(&self.services.data))),
        };
        Some(self.channel(kind, None))
    }

    fn channel(&self, kind: Kind, lasting: Option<(Lasting, Box<dyn Teller>)>) -> Channel {
        let Kind { name, peer, adapter, newest } = kind;
        let state = Arc::new(ChannelState::new(name, peer, self.metrics.clone()));
        let outbox = lasting.as_ref().map(|(lasting, _)| Arc::clone(&lasting.outbox));
        let publisher = Publisher {
            adapter,
            outbox,
            newest: Some(newest),
            pace: Pace { interval: self.config.channels.interval, linger: LINGER },
            state: Arc::clone(&state),
            dead: self.dead.clone(),
        };
        let spooler = lasting.map(|(Lasting { outbox, news }, teller)| {
            let (state, dead) = (Arc::clone(&state), self.dead.clone());
            (Spooler { teller, outbox, state, dead }, news)
        });
        Channel { state, publisher, spooler, work: None }
    }
}
