//! Feeds against services on the loopback interface that answer as those do whose shape is known, or badly.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bearpit_core::market::ValueQuote;
use bearpit_core::units::Money;
use serde_json::json;

use super::*;
use crate::domain::{Problem, ProblemKind, WallTime};

/// What a service answers to the head of a request.
type Answering = dyn Fn(&str) -> Vec<u8> + Send + Sync;

/// A service on the loopback interface, with the heads of the requests that it got.
struct Service {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    is_over: Arc<AtomicBool>,
}

impl Service {
    fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (heads, is_over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, over, answer) =
            (Arc::clone(&heads), Arc::clone(&is_over), Arc::new(answer) as Arc<Answering>);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream = stream.unwrap();
                let head = head_of(&mut stream);
                kept.lock().unwrap().push(head.clone());
                // Whoever asked may have had enough.
                stream.write_all(&answer(&head)).unwrap_or_default();
            }
        });
        Self { address, heads, is_over }
    }

    fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    fn last_head(&self) -> String {
        self.heads.lock().unwrap().last().unwrap().to_ascii_lowercase()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn ok(body: &serde_json::Value) -> Vec<u8> {
    http("200 OK", "", body.to_string().as_bytes())
}

/// Keeps what it is told, and refuses one symbol.
#[derive(Default)]
struct Noting(Arc<Mutex<Vec<(String, ValueQuote)>>>);

impl QuoteTaker for Noting {
    fn take(&self, symbol: &str, quote: ValueQuote) -> Telling {
        let refused = Problem::new(ProblemKind::Refused, "too_far", "it is too far from the last value");
        if symbol == "FAR" {
            return Box::pin(async { Err(refused) });
        }
        self.0.lock().unwrap().push((symbol.to_owned(), quote));
        Box::pin(async { Ok(()) })
    }
}

/// A poller with a clock that stands where it is set.
struct Bench {
    poller: Poller,
    state: Arc<FeedState>,
    told: Arc<Mutex<Vec<(String, ValueQuote)>>>,
    clock: Arc<AtomicI64>,
}

/// 2024-08-30T16:00:00Z.
const NOON: i64 = 1_725_033_600;

impl Bench {
    fn new(file: &str) -> Self {
        let variable = |name: &str| (name == "KEY").then(|| "s3cret".to_owned());
        let mut feeds = read(("feeds.toml", file), &|_| Some(true), &variable)
            .unwrap_or_else(|found| panic!("{}", found.render(false)));
        let feed = feeds.remove(0);
        let state = Arc::new(FeedState::new(&feed, FeedMetrics::default()));
        let (taker, clock) = (Noting::default(), Arc::new(AtomicI64::new(NOON)));
        let (told, now) = (Arc::clone(&taker.0), Arc::clone(&clock));
        let seconds = move || WallTime::from_nanos(now.load(Ordering::SeqCst) * 1_000_000_000);
        let outgoing = Outgoing::new().unwrap();
        let poller = Poller::new((feed, Arc::clone(&state)), outgoing, Arc::new(taker), Arc::new(seconds));
        Self { poller, state, told, clock }
    }

    async fn poll(&mut self) -> Duration {
        let wait = self.poller.poll().await;
        self.poller.tell_due().await;
        wait
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    fn told(&self) -> Vec<String> {
        let line = |(symbol, quote): (String, ValueQuote)| match quote.touch() {
            Some((bid, ask)) => format!("{symbol} {} {bid} {ask}", quote.value),
            None => format!("{symbol} {}", quote.value),
        };
        self.told.lock().unwrap().drain(..).map(line).collect()
    }
}

fn file(preset: &str, base: &str, rest: &str) -> String {
    format!(
        "[[feeds]]\nname = \"f\"\npreset = \"{preset}\"\nbase = \"{base}\"\nsymbols = {{ ALFA = \"AAPL\", BETA = \"MSFT\" }}\n{rest}\n"
    )
}

/// Answers as the services do after which presets are named.
fn as_the_original(head: &str) -> Vec<u8> {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let millis = NOON * 1_000;
    let quote = |price: f64| json!({ "latestPrice": price, "latestUpdate": millis, "iexBidPrice": 0, "iexAskPrice": null });
    let time = "2024-08-30T16:00:00.000000001Z";
    ok(&match path.split('?').next().unwrap_or_default() {
        "/stock/AAPL/quote" => quote(229.5),
        "/stock/MSFT/quote" => quote(417.25),
        "/stock/market/batch" => {
            json!({ "AAPL": { "quote": quote(229.5) }, "MSFT": { "quote": quote(417.25) } })
        }
        "/stock/AAPL/chart/1d" => {
            json!([{ "minute": "15:58", "close": 229.5 }, { "minute": "15:59", "close": null }])
        }
        "/stock/MSFT/chart/1d" => json!([{ "minute": "15:59", "close": 417.25 }]),
        "/v2/stocks/quotes/latest" => json!({ "quotes": {
            "AAPL": { "t": time, "bp": 229.4, "ap": 229.6 }, "MSFT": { "t": time, "bp": 417, "ap": 417.5 }
        } }),
        "/v2/stocks/trades/latest" => {
            json!({ "trades": { "AAPL": { "t": time, "p": 229.5 }, "MSFT": { "t": time, "p": "417.25" } } })
        }
        "/v2/stocks/bars/latest" => {
            json!({ "bars": { "AAPL": { "t": time, "c": 229.5 }, "MSFT": { "t": time, "c": 417.25 } } })
        }
        _ => return http("404 Not Found", "", b"{}"),
    })
}

#[tokio::test]
async fn each_preset_tells_what_its_service_says() {
    let service = Service::start(as_the_original);
    for preset in ["iex_quote", "iex_batch", "iex_chart", "alpaca_trades", "alpaca_bars"] {
        let mut bench = Bench::new(&file(preset, &service.base(), ""));
        assert_eq!(bench.poll().await, Duration::from_secs(15), "{preset}");
        bench.pass(1);
        bench.poller.tell_due().await;
        assert_eq!(bench.told(), ["ALFA 229.50", "BETA 417.25"], "{preset}");
        let view = bench.state.view();
        assert!(!view.silent && view.failure.is_none() && view.heard_at.is_some(), "{view:?}");
        assert_eq!(view.instruments[1].value.unwrap().to_string(), "417.25");
    }
    let mut bench = Bench::new(&file("alpaca_quotes", &service.base(), ""));
    bench.pass(1);
    bench.poll().await;
    assert_eq!(bench.told(), ["ALFA 229.50 229.40 229.60", "BETA 417.25 417.00 417.50"]);
    assert_eq!(bench.state.view().instruments[0].quoted_at.as_deref(), Some("2024-08-30T16:00:00Z"));
}

#[tokio::test]
async fn quotes_are_told_so_long_after_their_time_and_never_when_they_are_too_old() {
    let service = Service::start(as_the_original);
    let mut bench = Bench::new(&file("iex_batch", &service.base(), "delay = \"15m\"\nmax_age = \"1m\""));
    bench.poll().await;
    bench.pass(899);
    bench.poller.tell_due().await;
    assert_eq!(bench.told(), [""; 0]);
    bench.pass(1);
    bench.poller.tell_due().await;
    assert_eq!(bench.told(), ["ALFA 229.50", "BETA 417.25"]);
    // Asked again a minute and a second after that, the service still says the same.
    bench.pass(61);
    bench.poll().await;
    assert_eq!(bench.told(), [""; 0]);
    let problem = bench.state.view().instruments[0].problem.clone().unwrap();
    assert_eq!(problem, "it is 61 s too late to be told, but may be 60 s at most");
}

#[tokio::test]
async fn a_service_that_fails_is_asked_ever_more_seldom_and_is_silent_after_a_while() {
    let answers = Arc::new(Mutex::new(Vec::new()));
    let next = Arc::clone(&answers);
    let service =
        Service::start(move |head| next.lock().unwrap().pop().unwrap_or_else(|| as_the_original(head)));
    let mut bench = Bench::new(&file("iex_batch", &service.base(), "every = \"1s\""));
    for (answer, expected, wait) in [
        (http("500 Internal Server Error", "", b""), "it answers with status 500", 2),
        (http("429 Too Many Requests", "retry-after: 120\r\n", b""), "it answers with status 429", 120),
        (http("302 Found", "location: http://127.0.0.1:9/\r\n", b""), "it answers with status 302", 8),
        (http("200 OK", "", b"<html>"), "its answer is no JSON: line 1, column 1: Syntax", 16),
        (http("200 OK", "", &vec![b' '; (1 << 20) + 1]), "its answer has more than 1048576 bytes", 32),
        (
            http("200 OK", "", "[".repeat(1_000).as_bytes()),
            "its answer is no JSON: line 1, column 128: Syntax",
            64,
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec(), "its answer broke off", 128),
        (b"nonsense\r\n\r\n".to_vec(), "its answer broke off", 256),
        (Vec::new(), "its answer broke off", 300),
    ] {
        answers.lock().unwrap().push(answer);
        assert_eq!(bench.poll().await, Duration::from_secs(wait), "{expected}");
        let view = bench.state.view();
        assert!(view.failure.as_deref().is_some_and(|why| why.starts_with(expected)), "{expected}: {view:?}");
        assert_eq!((view.silent, view.heard_at), (false, None));
    }
    bench.pass(60);
    answers.lock().unwrap().push(http("503 Service Unavailable", "", b""));
    bench.poll().await;
    assert!(bench.state.view().silent);
    assert_eq!(bench.told(), [""; 0]);
    bench.pass(-60);
    assert_eq!(bench.poll().await, Duration::from_secs(1));
    assert!(!bench.state.view().silent);
    assert_eq!(bench.told(), ["ALFA 229.50", "BETA 417.25"]);
    let gone = service.base();
    drop(service);
    let mut bench = Bench::new(&file("iex_batch", &gone, ""));
    bench.poll().await;
    assert!(bench.state.view().failure.unwrap().starts_with("it cannot be reached"));
}

#[tokio::test]
async fn a_symbol_that_is_missing_or_refused_does_not_keep_the_others() {
    let service = Service::start(|_| {
        ok(
            &json!({ "NULL": { "p": null }, "TEXT": { "p": "n/a" }, "FAR": { "p": 9 }, "GOOD": { "p": "1.5" } }),
        )
    });
    let mut bench = Bench::new(&format!(
        "[[feeds]]\nname = \"f\"\nurl = \"{}/?s={{symbols}}\"\nprice = \"{{symbol}}.p\"\n\
         symbols = [\"NONE\", \"NULL\", \"TEXT\", \"FAR\", \"GOOD\"]\n",
        service.base()
    ));
    bench.poll().await;
    assert_eq!(bench.told(), ["GOOD 1.50"]);
    assert!(service.last_head().starts_with("get /?s=none,null,text,far,good http"));
    let problems: Vec<Option<String>> =
        bench.state.view().instruments.into_iter().map(|it| it.problem).collect();
    let missing = "the answer has no price of it";
    let expected = [
        Some(missing),
        Some(missing),
        Some("the answer's price is no number above zero with at most ten decimals"),
        Some("it is too far from the last value"),
        None,
    ];
    assert_eq!(problems, expected.map(|it| it.map(str::to_owned)));
}

#[tokio::test]
async fn keys_are_sent_and_shown_to_nobody() {
    let service = Service::start(as_the_original);
    let keys = "headers = { APCA-API-KEY-ID = \"KEY\" }\nquery = { token = \"KEY\" }";
    let mut bench = Bench::new(&file("iex_batch", &service.base(), keys));
    bench.poll().await;
    let head = service.last_head();
    assert!(head.contains("&token=s3cret ") && head.contains("apca-api-key-id: s3cret\r\n"), "{head}");
    let told = format!("{:?} {}", bench.poller, serde_json::to_string(&bench.state.view()).unwrap());
    assert!(!told.contains("s3cret"), "{told}");
}

#[tokio::test]
async fn a_feed_polls_by_itself() {
    let service = Service::start(as_the_original);
    let feeds =
        read(("f.toml", &file("iex_chart", &service.base(), "every = \"100ms\"")), &|_| Some(true), &|_| {
            None
        })
        .unwrap();
    let taker = Noting::default();
    let told = Arc::clone(&taker.0);
    let taker: Arc<dyn QuoteTaker> = Arc::new(taker);
    let clock: Clock = Arc::new(crate::services::wall_now);
    let running = Feeds::start(feeds, &taker, &FeedMetrics::default(), &clock).unwrap();
    let waited = async {
        while told.lock().unwrap().len() < 6 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), waited).await.unwrap();
    let first = told.lock().unwrap()[0].clone();
    assert_eq!(
        first,
        ("ALFA".to_owned(), ValueQuote::of(Money::from_decimal("229.5".parse().unwrap()).unwrap()))
    );
    assert_eq!(running.view().feeds[0].name, "f");
}
