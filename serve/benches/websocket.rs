//! How many messages the WebSocket sends to a thousand clients, and how many books are answered.
//!
//! `cargo bench -p bearpit-serve --bench websocket` prints, with the server on one thread and all clients on
//! another: fifty trades a second to a thousand clients, the same with a hundred more that read nothing, the
//! same bytes written to as many plain sockets; then 20,000 requests a second for a book in an open loop,
//! beside the same answer from a server that does nothing else. Times count from when a message was due.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::cell::RefCell;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bearpit::scenario::Scenario;
use bearpit_core::market::{Fact, Instrument, OrderTerms, Phase, Side, Stamped, Trade};
use bearpit_core::units::{
    ActorId, ListingId, Money, OrderId, Price, Quantity, SimDuration, SimTime, TradeId,
};
use bearpit_serve::driver::{MarketStatus, ScenarioSource, Stage};
use bearpit_serve::http::{Metrics, Server, ServerConfig, WsConfig, WsParts};
use bearpit_serve::publication::{Day, ListingInfo, Publication, PublicationConfig, Publisher};
use bearpit_serve::services::market_data::{MarketData, MarketDataParts, MarketView, NoArchive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CLIENTS: usize = 1_000;
const STALLED: usize = 100;
const SECONDS: u32 = 5;
const EACH_SECOND: u32 = 50;
const REQUESTS_EACH_SECOND: u32 = 20_000;
const CONNECTIONS: usize = 32;
const ALFA: ListingId = ListingId::new(0);

const SCENARIO: &str = r#"
[scenario]
name = "bench"
start = 2025-03-03
end = 2025-03-04
[[instruments]]
symbol = "ALFA"
tick_size = 0.01
[[venues]]
name = "PIT"
instruments = ["ALFA"]
"#;

struct Shown(Publication);

impl MarketView for Shown {
    fn publication(&self) -> Publication {
        self.0.clone()
    }

    fn status(&self) -> Arc<MarketStatus> {
        Arc::new(MarketStatus { stage: Stage::Open, disk: None, day: None })
    }

    fn wall(&self) -> Duration {
        Duration::ZERO
    }
}

/// A market with a book of fifty levels a side, and its server.
struct Bench {
    publisher: Publisher,
    now: SimTime,
    sequence: u64,
    server: Option<Server>,
}

impl Bench {
    fn new() -> Self {
        let mut publisher = Publisher::new(PublicationConfig::default()).unwrap();
        let now: SimTime = "2025-03-03T09:30:00".parse().unwrap();
        let instrument = Instrument::new("ALFA", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let listing = ListingInfo { venue: "PIT".to_owned(), instrument, is_replayed: false };
        publisher.begin_day(&Day { open: now, listings: vec![Arc::new(listing)], participants: Vec::new() });
        let scenario = Scenario::from_text(Path::new("bench.toml"), SCENARIO, &[]);
        let scenario = scenario.map_err(|error| error.render(false)).unwrap();
        let market_data = MarketData::new(MarketDataParts {
            market: Box::new(Shown(publisher.publication().clone())),
            source: ScenarioSource::new(scenario, SCENARIO.to_owned()),
            archive: Box::new(NoArchive),
            journal: "none".into(),
            replays: "none".into(),
            currency: "USD".to_owned(),
        });
        let parts = WsParts {
            market_data: Arc::new(market_data),
            authenticator: None,
            config: Arc::new(WsConfig::default()),
        };
        let config = ServerConfig {
            workers: 1,
            connections: 4_000,
            body_bytes_max: 1_000,
            request_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(60),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let metrics = Arc::new(Metrics::new(prometheus_client::registry::Registry::default()));
        let server = Server::start_market_data(listener, config, metrics, &parts).unwrap();
        let mut bench = Self { publisher, now, sequence: 0, server: Some(server) };
        for level in 0..50 {
            bench.enter(Side::Buy, 9_999 - level);
            bench.enter(Side::Sell, 10_001 + level);
        }
        bench.publish();
        bench
    }

    fn address(&self) -> SocketAddr {
        self.server.as_ref().unwrap().address()
    }

    fn take(&mut self, fact: &Fact) {
        self.publisher.take(Stamped { at: self.now, sequence: self.sequence, fact });
        self.sequence += 1;
    }

    fn enter(&mut self, side: Side, ticks: i64) {
        let terms = OrderTerms::limit(side, Quantity::new(100), Price::new(ticks));
        let order = OrderId::new(self.sequence + 1);
        self.take(&Fact::OrderAccepted {
            order,
            owner: ActorId::new(0),
            listing: ALFA,
            terms,
            sent_at: None,
        });
    }

    fn trade(&mut self) {
        self.take(&Fact::Traded(Trade {
            id: TradeId::new(self.sequence),
            listing: ALFA,
            price: Price::new(10_000),
            quantity: Quantity::new(1),
            aggressor: Side::Sell,
            phase: Phase::Continuous,
            maker_order: OrderId::new(1 << 40),
            maker: ActorId::new(0),
            maker_fee: Money::ZERO,
            maker_queue_ahead: Quantity::ZERO,
            taker_order: OrderId::new(2 << 40),
            taker: ActorId::new(0),
            taker_fee: Money::ZERO,
            clamped: 0,
        }));
    }

    fn publish(&mut self) {
        self.now += SimDuration::from_millis(20);
        self.publisher.publish(self.now);
    }
}

/// When each message was due, by its number.
type Due = Arc<Mutex<Vec<Instant>>>;
type Delays = Rc<RefCell<Vec<Duration>>>;

const HANDSHAKE: &str = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A text frame, with a key of zeros.
fn frame(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    bytes.extend(text.as_bytes());
    bytes
}

async fn follow(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    let subscribe = frame(r#"{"op":"subscribe","channel":"trades","symbol":"ALFA"}"#);
    stream.write_all(&subscribe).await.unwrap();
    let mut got = Vec::new();
    while !got.windows(12).any(|part| part == b"\"subscribed\"") {
        let mut bytes = [0; 4_096];
        let count = stream.read(&mut bytes).await.unwrap();
        got.extend_from_slice(&bytes[..count]);
    }
    stream
}

/// Reads messages until all have come, and notes how late each was.
async fn read(mut stream: TcpStream, count: usize, due: Due, delays: Delays) {
    const NUMBER: &[u8] = b"\"number\":";
    let (mut held, mut bytes, mut seen) = (Vec::new(), vec![0; 1 << 16], 0);
    while seen < count {
        let got = stream.read(&mut bytes).await.unwrap();
        let now = Instant::now();
        held.extend_from_slice(&bytes[..got]);
        let mut taken = 0;
        while let Some(place) = held[taken..].windows(NUMBER.len()).position(|part| part == NUMBER) {
            let from = taken + place + NUMBER.len();
            let Some(end) = held[from..].iter().position(|byte| !byte.is_ascii_digit()) else { break };
            let number: usize = std::str::from_utf8(&held[from..from + end]).unwrap().parse().unwrap();
            delays.borrow_mut().push(now - due.lock().unwrap()[number]);
            taken = from + end;
            seen += 1;
        }
        held.drain(..taken);
    }
}

fn print(what: &str, mut delays: Vec<Duration>, took: Duration) {
    delays.sort_unstable();
    let at = |percent: usize| delays[delays.len().saturating_sub(1) * percent / 100].as_secs_f64() * 1e3;
    let rate = f64::from(u32::try_from(delays.len()).unwrap()) / took.as_secs_f64();
    println!("{what:<52} {rate:>8.0}/s   p50 {:>7.2} ms   p99 {:>7.2} ms", at(50), at(99));
}

/// Runs clients on a thread of their own while `publish` is called at each moment that a message is due.
fn fan_out(what: &str, address: SocketAddr, stalled: usize, first: usize, mut publish: impl FnMut()) {
    let due: Due = Arc::new(Mutex::new(vec![Instant::now(); first]));
    let count = usize::try_from(SECONDS * EACH_SECOND).unwrap();
    let (ready, is_ready) = std::sync::mpsc::channel();
    let times = Arc::clone(&due);
    let clients = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let mut silent = Vec::new();
            for _ in 0..stalled {
                silent.push(follow(address).await);
            }
            let delays = Delays::default();
            let mut reading = Vec::new();
            for _ in 0..CLIENTS {
                let stream = follow(address).await;
                let (due, delays) = (Arc::clone(&times), Rc::clone(&delays));
                reading.push(tokio::task::spawn_local(read(stream, count, due, delays)));
            }
            ready.send(()).unwrap();
            for reader in reading {
                reader.await.unwrap();
            }
            drop(silent);
            delays.take()
        })
    });
    is_ready.recv().unwrap();
    let started = Instant::now();
    for number in 0..SECONDS * EACH_SECOND {
        let at = started + Duration::from_secs(1) * number / EACH_SECOND;
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        due.lock().unwrap().push(at);
        publish();
    }
    let delays = clients.join().unwrap();
    print(what, delays, started.elapsed());
}

/// The same messages, written to as many sockets and nothing else.
fn plain_fan_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (text, texts) = tokio::sync::mpsc::unbounded_channel::<Vec<u8>>();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(serve_plainly(listener, texts));
    });
    let mut number = 0;
    fan_out("plain sockets, the same bytes", address, 0, 0, || {
        let message = format!(r#"{{"type":"trade","number":{number},"text":"{}"}}"#, "x".repeat(200));
        number += 1;
        text.send(message.into_bytes()).unwrap();
    });
    drop(text);
    server.join().unwrap();
}

async fn serve_plainly(listener: TcpListener, mut texts: tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let mut streams = Vec::new();
    while streams.len() < CLIENTS {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 4_096];
        stream.read(&mut bytes).await.map(drop).unwrap();
        stream.write_all(b"\"subscribed\"").await.unwrap();
        streams.push(stream);
    }
    while let Some(text) = texts.recv().await {
        for stream in &mut streams {
            stream.write_all(&text).await.unwrap();
        }
    }
}

/// Asks for a book at a fixed rate over some connections, whatever the answers take.
fn snapshots(what: &str, address: SocketAddr) {
    let client = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let delays = Delays::default();
            let started = Instant::now() + Duration::from_millis(50);
            let asking: Vec<_> = (0..CONNECTIONS)
                .map(|place| tokio::task::spawn_local(ask(address, place, started, Rc::clone(&delays))))
                .collect();
            for asked in asking {
                asked.await.unwrap();
            }
            (delays.take(), started.elapsed())
        })
    });
    let (delays, took) = client.join().unwrap();
    print(what, delays, took);
}

async fn ask(address: SocketAddr, place: usize, started: Instant, delays: Delays) {
    const REQUEST: &[u8] = b"GET /api/book/snapshot?symbol=ALFA HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let connections = u32::try_from(CONNECTIONS).unwrap();
    let mut bytes = vec![0; 1 << 16];
    for number in 0..SECONDS * REQUESTS_EACH_SECOND / connections {
        let number = number * connections + u32::try_from(place).unwrap();
        let due = started + Duration::from_secs(1) * number / REQUESTS_EACH_SECOND;
        tokio::time::sleep_until(due.into()).await;
        stream.write_all(REQUEST).await.unwrap();
        let mut held = 0;
        // The answer ends with its body: an object of JSON.
        while held == 0 || !bytes[..held].ends_with(b"]}") {
            held += stream.read(&mut bytes[held..]).await.unwrap();
        }
        delays.borrow_mut().push(due.elapsed());
    }
}

/// Answers every request with the same bytes.
fn plain_snapshots(answer: Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer: Rc<[u8]> = answer.into();
        tokio::task::LocalSet::new().block_on(&runtime, async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = Rc::clone(&answer);
                tokio::task::spawn_local(async move {
                    let mut bytes = [0; 4_096];
                    while stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {
                        stream.write_all(&answer).await.unwrap();
                    }
                });
            }
        });
    });
    snapshots("plain, the same bytes", address);
}

/// Returns an answer as it is sent.
fn one_answer(address: SocketAddr) -> Vec<u8> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /api/book/snapshot?symbol=ALFA HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    let mut part = [0; 4_096];
    while !bytes.ends_with(b"]}") {
        let count = stream.read(&mut part).unwrap();
        bytes.extend_from_slice(&part[..count]);
    }
    bytes
}

fn main() {
    let bench = RefCell::new(Bench::new());
    let address = bench.borrow().address();
    let publish = || {
        let mut bench = bench.borrow_mut();
        bench.trade();
        bench.publish();
    };
    let count = usize::try_from(SECONDS * EACH_SECOND).unwrap();
    fan_out("1,000 clients, 50 trades a second", address, 0, 0, publish);
    fan_out("the same, and 100 clients that read nothing", address, STALLED, count, publish);
    plain_fan_out();
    snapshots("GET /api/book/snapshot, 20,000 a second", address);
    plain_snapshots(one_answer(address));
    let server = bench.borrow_mut().server.take().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(server.stop(Duration::from_secs(1))).unwrap();
}
