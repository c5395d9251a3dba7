//! How much channels take: messages to brokers, and durable requests from one.
//!
//! `cargo bench -p bearpit-serve --bench channels` prints rates of the adapter of MQTT alone, against a peer
//! within the process, beside a plain socket that sends the same bytes to it. With
//! `BEARPIT_BENCH_KAFKA=HOST:PORT` it produces records at a broker of Kafka's protocol, through the spool,
//! beside the bare client. With `BEARPIT_BENCH_MQTT=mqtt://HOST:PORT` it has requests carried out that come
//! over that broker, each on disk before its validation, in an open loop: `BEARPIT_BENCH_RATE` a second. The
//! sender is a process of its own, on the processor `BEARPIT_BENCH_LOAD_CPU` where that is set.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bearpit::scenario::Scenario;
use bearpit_core::market::{Instrument, Phase, Side, Trade};
use bearpit_core::units::{ActorId, ListingId, Money, OrderId, Price, Quantity, SimTime, TradeId};
use bearpit_serve::channels::kafka::{KafkaAdapter, KafkaPeer};
use bearpit_serve::channels::mqtt::peer::Peer;
use bearpit_serve::channels::mqtt::{
    Begun, MqttAdapter, MqttPeer, MqttRequests, Outcome, Received, Requests,
};
use bearpit_serve::channels::{
    Adapter, Channel, ChannelMetrics, ChannelState, Content, DeadLetters, Doing, Message, News, Outbox, Pace,
    Publisher, Spooler, Stretch, Teller,
};
use bearpit_serve::config::{Config, DatabaseUrl, MqttConfig};
use bearpit_serve::domain::{AccountId, Actor, Credential, Role, Scopes, SessionId, UserId, WallTime};
use bearpit_serve::driver::{Driver, DriverConfig, Metrics, ScenarioSource, Stage, SyncPolicy, SystemClock};
use bearpit_serve::publication::{ListingInfo, PublicationConfig};
use bearpit_serve::services::auctions::Auctions;
use bearpit_serve::services::channels::{ChannelRequests, GroupRequest, Groups, RequestsParts};
use bearpit_serve::services::identity::{Identity, IdentityParts, Newcomers, system_clock};
use bearpit_serve::services::market_data::{MarketData, MarketDataParts, NoArchive};
use bearpit_serve::services::trading::{Trading, TradingParts};
use bearpit_serve::store::database::Database;
use bearpit_serve::store::people::{NewUser, People};
use ring::hmac;
use rumqttc::mqttbytes::v5::{Packet, PublishProperties};
use rumqttc::{AsyncClient, Event, MqttOptions, PublishOptions, QoS};
use tokio::sync::watch;

/// How many messages are published, and how many requests are made.
const MESSAGES: usize = 100_000;
const REQUESTS: usize = 50_000;
/// How many records are produced.
const RECORDS: u64 = 500_000;
/// For how long requests are made over a real broker.
const SECONDS: usize = 10;
/// How many groups take turns.
const GROUPS: usize = 5;
/// What a trade is told with: about as much as the real thing.
const PAYLOAD: &str = r#"{"id":"1-1234567","trade_id":"1234567","symbol":"ACME","venue":"PIT","at":"2025-03-03T09:30:00.25+00:00","price":"100.25","quantity":"10","aggressor":"buy"}"#;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn mqtt(url: &str) -> MqttConfig {
    let mut config = Config::defaults().unwrap().channels.mqtt;
    config.url = Some(url.parse().unwrap());
    config.requests_per_second = 1_000_000;
    config
}

fn state() -> Arc<ChannelState> {
    Arc::new(ChannelState::new("bench", String::new(), ChannelMetrics::default()))
}

#[expect(clippy::cast_precision_loss, reason = "a rate has no more than a few digits")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn message() -> Message {
    Message {
        topic: "trades".to_owned(),
        key: None,
        payload: PAYLOAD.as_bytes().to_vec(),
        is_retained: false,
    }
}

fn publishing() {
    let peer = Peer::start().unwrap();
    peer.keep_nothing();
    let url = format!("mqtt://{}", peer.address());
    let messages = vec![message(); 1_000];
    let took = runtime().block_on(async {
        let mut adapter = MqttAdapter::new(MqttPeer::new(&mqtt(&url)).unwrap());
        adapter.connect().await.unwrap();
        let started = Instant::now();
        for _ in 0..MESSAGES / messages.len() {
            adapter.send(&messages).await.unwrap();
        }
        started.elapsed()
    });
    let plain = plainly(&peer);
    let (ours, bare) = (rate(MESSAGES, took), rate(MESSAGES, plain));
    println!("mqtt, messages acknowledged (QoS 1), adapter alone: {ours:>9.0}/s");
    println!("  beside: a plain socket, the same bytes:           {bare:>9.0}/s, {:.2} of it", ours / bare);
}

/// Sends the same packets to the same peer, a thousand at a time, and reads its acknowledgements.
fn plainly(peer: &Peer) -> Duration {
    let mut stream = TcpStream::connect(peer.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(&[0x10, 14, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, 0, 0, 1, b'p']).unwrap();
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).unwrap();
    let mut packets = Vec::new();
    for number in 1..=1_000_u16 {
        let mut body = vec![0, 13];
        body.extend(b"stocks/trades");
        body.extend(number.to_be_bytes());
        body.push(0);
        body.extend(PAYLOAD.as_bytes());
        let (low, high) = (body.len() % 128, body.len() / 128);
        packets.extend([0x32, u8::try_from(low).unwrap() | 0x80, u8::try_from(high).unwrap()]);
        packets.extend(body);
    }
    let mut acknowledged = vec![0; 4 * 1_000];
    let started = Instant::now();
    for _ in 0..MESSAGES / 1_000 {
        stream.write_all(&packets).unwrap();
        stream.read_exact(&mut acknowledged).unwrap();
    }
    started.elapsed()
}

/// Answers each request at once.
struct Echo;

impl Requests for Echo {
    fn topics(&self) -> &'static [&'static str] {
        &["requests"]
    }

    fn take(&self, received: Received) -> Doing<'_, Begun> {
        Box::pin(async move {
            let answer = Message { topic: "validation".to_owned(), payload: received.payload, ..message() };
            Begun(Box::pin(std::future::ready(Outcome::Answered(answer))))
        })
    }
}

fn requests() {
    let peer = Peer::start().unwrap();
    peer.keep_nothing();
    let url = format!("mqtt://{}", peer.address());
    let (dead, _letters) = DeadLetters::new();
    let requests = MqttRequests {
        peer: MqttPeer::new(&mqtt(&url)).unwrap(),
        requests: Arc::new(Echo),
        state: state(),
        dead,
    };
    let (stop, stopped) = watch::channel(false);
    let thread = std::thread::spawn(move || runtime().block_on(requests.run(stopped)));
    while peer.publish("stocks/requests", b"first", &[]).unwrap() == 0 {
        std::thread::yield_now();
    }
    let (window, started) = (500, Instant::now());
    for number in 0..REQUESTS {
        // A broker has no more on their way than it may.
        while number > peer.acknowledged() + window {
            std::thread::yield_now();
        }
        peer.publish("stocks/requests", PAYLOAD.as_bytes(), &[]).unwrap();
    }
    while peer.acknowledged() <= REQUESTS {
        std::thread::yield_now();
    }
    let ours = rate(REQUESTS, started.elapsed());
    stop.send(true).unwrap();
    thread.join().unwrap();
    println!("mqtt, requests with their validations acknowledged, adapter alone: {ours:>9.0}/s");
}

/// Tells trades as long as the real ones.
struct Long;

impl Teller for Long {
    fn tell(&mut self, news: &News) -> Vec<Message> {
        let key = Some(format!("S{}", news.number % 100));
        vec![Message { key, ..message() }]
    }
}

fn stretch(from: u64, to: u64) -> Stretch {
    let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let listing = Arc::new(ListingInfo { venue: "PIT".to_owned(), instrument, is_replayed: false });
    let trade = Trade {
        id: TradeId::new(1),
        listing: ListingId::new(0),
        price: Price::new(100),
        quantity: Quantity::new(1),
        aggressor: Side::Buy,
        phase: Phase::Continuous,
        maker_order: OrderId::new(1),
        maker: ActorId::new(1),
        maker_fee: Money::ZERO,
        maker_queue_ahead: Quantity::ZERO,
        taker_order: OrderId::new(2),
        taker: ActorId::new(2),
        taker_fee: Money::ZERO,
        clamped: 0,
    };
    let news = (from..to).map(|number| {
        let content = Content::Traded(Arc::clone(&listing), Box::new(trade));
        News { segment: 1, number, at: SimTime::from_nanos(0), content }
    });
    Stretch { segment: 1, voids: 0, from, to, news: news.collect(), is_end: false }
}

fn kafka(broker: &str) {
    let mut config = Config::defaults().unwrap().channels.kafka;
    config.brokers = vec![broker.parse().unwrap()];
    config.prefix = Some(format!("bench-{}-", std::process::id()));
    let adapter = || KafkaAdapter::new(KafkaPeer::new(&config, &["trades"]).unwrap());
    let directory = tempfile::tempdir().unwrap();
    let outbox = Arc::new(Outbox::open(directory.path(), 1 << 30).unwrap());
    let (state, (dead, _letters)) = (state(), DeadLetters::new());
    let (sender, news) = tokio::sync::mpsc::channel(1_024);
    let publisher = Publisher {
        adapter: Box::new(adapter()),
        outbox: Some(Arc::clone(&outbox)),
        newest: None,
        pace: Pace { interval: Duration::from_secs(1), linger: Duration::from_millis(5) },
        state: Arc::clone(&state),
        dead: dead.clone(),
    };
    let spooler = Spooler { teller: Box::new(Long), outbox, state: Arc::clone(&state), dead };
    let channel =
        Channel { state: Arc::clone(&state), publisher, spooler: Some((spooler, news)), work: None };
    let running = channel.start().unwrap();
    while state.status().connected_since.is_none() {
        std::thread::yield_now();
    }
    let started = Instant::now();
    for from in (0..RECORDS).step_by(1_000) {
        sender.blocking_send(stretch(from, from + 1_000)).unwrap();
    }
    while state.status().sent < RECORDS {
        std::thread::sleep(Duration::from_millis(1));
    }
    let records = usize::try_from(RECORDS).unwrap();
    let ours = rate(records, started.elapsed());
    drop(sender);
    running.join();
    let bare = runtime().block_on(async {
        let mut adapter = adapter();
        adapter.connect().await.unwrap();
        let messages: Vec<_> =
            (0..10_000).map(|it| Message { key: Some(format!("S{}", it % 100)), ..message() }).collect();
        let started = Instant::now();
        for _ in 0..records / 10_000 {
            adapter.send(&messages).await.unwrap();
        }
        rate(records, started.elapsed())
    });
    println!("kafka, records acknowledged, news to broker through the spool: {ours:>9.0}/s");
    println!(
        "  beside: the client alone, batches of 10,000:                 {bare:>9.0}/s, {:.2} of it",
        ours / bare
    );
}

const SCENARIO: &str = r#"
[scenario]
name = "bench"
start = 2025-03-03T00:00:00
end = 2025-03-04T00:00:00
[live]
clock = "scaled"
speed = 1
starting_cash = 1_000_000_000
[[instruments]]
symbol = "ACME"
tick_size = 0.01
[[venues]]
name = "PIT"
instruments = ["ACME"]
"#;

struct Nobody;

impl Newcomers for Nobody {
    fn registered(&self, _: AccountId) {}
}

/// A market with its groups.
struct Market {
    driver: Driver,
    requests: ChannelRequests,
    /// Names and secrets.
    groups: Vec<(String, String)>,
}

impl Market {
    async fn open(directory: &Path, config: MqttConfig) -> Self {
        let scenario = Scenario::from_text(Path::new("bench.toml"), SCENARIO, &[]);
        let source =
            ScenarioSource::new(scenario.map_err(|it| it.render(false)).unwrap(), SCENARIO.to_owned());
        let journal = directory.join("journal");
        let driver = Driver::start(DriverConfig {
            journal: journal.clone(),
            sync: SyncPolicy::AtOnce,
            queue: 4_096,
            clock: Box::new(SystemClock::new()),
            source: Box::new(source.clone()),
            wrap: Box::new(|file| Box::new(file)),
            publication: PublicationConfig::default(),
            sinks: Vec::new(),
            settled: Box::new(|_| {}),
            metrics: Metrics::default(),
        })
        .unwrap();
        let data = Arc::new(MarketData::new(MarketDataParts {
            market: Box::new(driver.handle.clone()),
            source: source.clone(),
            archive: Box::new(NoArchive),
            journal: journal.clone(),
            replays: directory.join("replays"),
            currency: MarketData::CURRENCY.to_owned(),
        }));
        let database = Database::open(&DatabaseUrl::Sqlite(directory.join("bearpit.db"))).await.unwrap();
        let identity = Identity::new(IdentityParts {
            config: Config::defaults().unwrap().identity,
            data: directory,
            database: database.clone(),
            sessions: None,
            clock: system_clock(),
            newcomers: Arc::new(Nobody),
        });
        let groups = Arc::new(Groups::new(database.clone(), false, system_clock()));
        let drawn = registered(&database, &groups).await;
        let handle = driver.handle.clone();
        let trading = Trading::new(TradingParts { handle, source, data, database, journal });
        let requests = ChannelRequests::new(RequestsParts {
            auctions: Arc::new(Auctions::new(Arc::new(trading))),
            identity: Arc::new(identity.unwrap()),
            groups,
            config,
            clock: system_clock(),
        });
        while driver.handle.status().stage != Stage::Open {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Self { driver, requests, groups: drawn }
    }
}

async fn registered(database: &Database, groups: &Groups) -> Vec<(String, String)> {
    let actor = Actor {
        user: UserId::draw(),
        account: AccountId::draw(),
        role: Role::User,
        scopes: Scopes::of_role(Role::User),
        credential: Credential::Session(SessionId::draw()),
    };
    let user = NewUser {
        id: actor.user,
        account: actor.account,
        username: "bench".to_owned(),
        username_key: "bench".to_owned(),
        mail: None,
        is_verified: true,
        role: Role::User,
        password_hash: None,
        now: WallTime::from_nanos(0),
    };
    People::new(database.clone()).add(&user).await.unwrap();
    let mut drawn = Vec::new();
    for number in 0..GROUPS {
        let name = format!("desk-{number}");
        let group = groups.register(&actor, GroupRequest { name: name.clone() }).await.unwrap();
        drawn.push((name, group.secret.expose().to_owned()));
    }
    drawn
}

fn durable(url: &str) {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut config = mqtt(url);
    config.client_id = format!("bench-{}", std::process::id());
    config.prefix = format!("bench/{}/", std::process::id());
    let market = runtime.block_on(Market::open(directory.path(), config.clone()));
    let (dead, _letters) = DeadLetters::new();
    let state = state();
    let requests = MqttRequests {
        peer: MqttPeer::new(&config).unwrap(),
        requests: Arc::new(market.requests),
        state: Arc::clone(&state),
        dead,
    };
    let (stop, stopped) = watch::channel(false);
    let thread = std::thread::spawn(move || crate::runtime().block_on(requests.run(stopped)));
    let groups = serde_json::to_string(&market.groups).unwrap();
    let program = std::env::current_exe().unwrap();
    let mut command = match std::env::var("BEARPIT_BENCH_LOAD_CPU") {
        Ok(processor) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &processor]).arg(program);
            command
        }
        Err(_) => Command::new(program),
    };
    let status =
        command.env("BEARPIT_BENCH_LOAD", groups).env("BEARPIT_BENCH_PREFIX", &config.prefix).status();
    assert!(status.unwrap().success());
    stop.send(true).unwrap();
    thread.join().unwrap();
    market.driver.handle.stop();
    market.driver.join();
}

/// Makes requests over a broker when they are due, and prints how long their validations took from then.
async fn load(url: &str, groups: &[(String, String)], prefix: &str, per_second: usize) {
    let config = mqtt(url);
    let url = config.url.as_ref().unwrap();
    let mut options =
        MqttOptions::new(format!("load-{}", std::process::id()), (url.host().to_owned(), url.port()));
    options.set_max_packet_size(Some(1 << 20));
    options.set_receive_maximum(Some(10_000));
    // When a request goes out is when it is due, whatever the broker has acknowledged.
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    let (client, mut events) = AsyncClient::builder(options).capacity(10_000).build();
    let sent: Arc<Mutex<HashMap<String, Instant>>> = Arc::default();
    let delays: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let rejected = Arc::new(AtomicUsize::new(0));
    let shared = (Arc::clone(&sent), Arc::clone(&delays), Arc::clone(&rejected));
    tokio::spawn(async move {
        loop {
            let Ok(Event::Incoming(Packet::Publish(publish))) = events.poll().await else { continue };
            let answer: serde_json::Value = serde_json::from_slice(&publish.payload).unwrap();
            if answer["accepted"] != true {
                shared.2.fetch_add(1, Ordering::SeqCst);
            }
            if let Some(due) = shared.0.lock().unwrap().remove(answer["request_id"].as_str().unwrap()) {
                shared.1.lock().unwrap().push(due.elapsed());
            }
        }
    });
    client.subscribe(format!("{prefix}validation"), QoS::AtLeastOnce).await.unwrap();
    let topic = format!("{prefix}requests");
    let keys: Vec<_> =
        groups.iter().map(|(_, secret)| hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())).collect();
    let warm_up = per_second;
    let total = per_second * SECONDS + warm_up;
    let started = Instant::now() + Duration::from_secs(1);
    for number in 0..total {
        let due = started + Duration::from_nanos(u64::try_from(number * 1_000_000_000 / per_second).unwrap());
        while Instant::now() < due {
            tokio::time::sleep((due - Instant::now()).min(Duration::from_millis(1))).await;
        }
        let place = number % groups.len();
        let id = uuid::Uuid::now_v7().to_string();
        let payload = request(&id, &groups[place].0, number);
        let tag = hmac::sign(&keys[place], payload.as_bytes());
        let signature = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        if number >= warm_up {
            sent.lock().unwrap().insert(id, due);
        }
        let properties = PublishProperties {
            user_properties: vec![("signature".to_owned(), signature)],
            ..Default::default()
        };
        let options = PublishOptions::at_least_once().properties(properties);
        client.publish(topic.as_str(), payload, options).await.unwrap();
    }
    let end = Instant::now() + Duration::from_secs(60);
    while !sent.lock().unwrap().is_empty() && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = started.elapsed() - Duration::from_secs(1);
    let delays = std::mem::take(&mut *delays.lock().unwrap());
    print_delays(per_second, delays, took);
    let unanswered = sent.lock().unwrap().len();
    println!("    {} rejected, {unanswered} unanswered", rejected.load(Ordering::SeqCst));
}

/// Returns a request for a share far below the market.
fn request(id: &str, group: &str, number: usize) -> String {
    let (at, price) = (system_clock()().to_string(), format!("50.{:02}", number % 50));
    format!(
        r#"{{"request_id":"{id}","group":"{group}","sent_at":"{at}","symbol":"ACME","side":"buy","quantity":1,"price":"{price}"}}"#
    )
}

fn print_delays(per_second: usize, mut delays: Vec<Duration>, took: Duration) {
    delays.sort_unstable();
    let at =
        |share: usize| delays.get(delays.len() * share / 1_000).map_or(f64::NAN, |it| it.as_secs_f64() * 1e3);
    println!(
        "mqtt, durable requests, {per_second}/s due: {:.0}/s answered; p50 {:.1} ms, p99 {:.1} ms",
        rate(delays.len(), took),
        at(500),
        at(990),
    );
}

fn main() {
    let broker = std::env::var("BEARPIT_BENCH_MQTT").ok();
    let per_second = std::env::var("BEARPIT_BENCH_RATE").ok().map_or(2_000, |text| text.parse().unwrap());
    if let (Ok(groups), Some(url)) = (std::env::var("BEARPIT_BENCH_LOAD"), &broker) {
        let groups: Vec<(String, String)> = serde_json::from_str(&groups).unwrap();
        let prefix = std::env::var("BEARPIT_BENCH_PREFIX").unwrap();
        return runtime().block_on(load(url, &groups, &prefix, per_second));
    }
    publishing();
    requests();
    match std::env::var("BEARPIT_BENCH_KAFKA") {
        Ok(broker) => kafka(&broker),
        Err(_) => println!("kafka: not measured, BEARPIT_BENCH_KAFKA names no broker"),
    }
    match broker {
        Some(url) => durable(&url),
        None => println!("mqtt, durable requests: not measured, BEARPIT_BENCH_MQTT names no broker"),
    }
}
