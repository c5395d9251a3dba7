//! The server from outside, over sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};

use super::*;

/// A market that says what it is told to.
#[derive(Debug)]
struct Told(Mutex<Readiness>);

impl Market for Told {
    fn readiness(&self) -> Readiness {
        self.0.lock().unwrap().clone()
    }
}

struct Fixture {
    server: Server,
    market: Arc<Told>,
}

const CONFIG: ServerConfig = ServerConfig {
    workers: 1,
    connections: 16,
    body_bytes_max: 100,
    request_timeout: PATIENCE,
    keep_alive: Duration::from_secs(60 * 60),
};

/// How long anything may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_mins(2);

fn start() -> Fixture {
    start_with(CONFIG)
}

fn start_with(config: ServerConfig) -> Fixture {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let market = Arc::new(Told(Mutex::new(Readiness::Ready)));
    let mut registry = Registry::with_prefix("bearpit");
    let day = Gauge::<i64>::default();
    day.set(3);
    registry.register("market_day", "The day", day);
    let metrics = Arc::new(Metrics::new(registry));
    let server =
        Server::start(listener, config, metrics, Arc::clone(&market) as Arc<dyn Market>, None).unwrap();
    Fixture { server, market }
}

/// How long a stop waits for what is being answered.
const GRACE: Duration = Duration::from_mins(2);

#[expect(clippy::disallowed_methods, reason = "a test that measures how long a stop takes")]
fn stop(server: Server) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let started = std::time::Instant::now();
    runtime.block_on(server.stop(GRACE)).unwrap();
    started.elapsed()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends a request, and returns all that is answered until the connection is closed.
pub(super) fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub(super) fn ask(address: SocketAddr, method: &str, path: &str) -> (u16, String, String) {
    let answer =
        exchange(address, &format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

pub(super) fn json_of(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[test]
fn readiness_is_what_the_market_says_and_liveness_is_not() {
    let Fixture { server, market } = start();
    let address = server.address();
    assert_eq!(ask(address, "GET", "/readyz").0, 200);
    let paused = Readiness::Not { reason: "paused", message: "the market is paused".to_owned() };
    *market.0.lock().unwrap() = paused;
    let (status, _, body) = ask(address, "GET", "/readyz");
    let expected = json!({ "status": "not_ready", "reason": "paused", "message": "the market is paused" });
    assert_eq!((status, json_of(&body)), (503, expected));
    let (status, head, body) = ask(address, "GET", "/healthz");
    assert_eq!((status, &json_of(&body)["status"]), (200, &json!("alive")));
    assert!(
        head.contains("content-type: application/json") && head.contains("cache-control: no-store"),
        "{head}"
    );
    stop(server);
}

#[test]
fn a_server_that_stops_is_not_ready_first_and_answers_still() {
    let Fixture { server, .. } = start();
    server.begin_stopping();
    let (status, head, body) = ask(server.address(), "GET", "/readyz");
    assert_eq!((status, &json_of(&body)["reason"]), (503, &json!("stopping")));
    assert!(head.contains("connection: close"), "{head}");
    assert_eq!(ask(server.address(), "GET", "/healthz").0, 200);
    stop(server);
}

#[test]
fn an_idle_connection_does_not_delay_the_stop() {
    let Fixture { server, .. } = start();
    let mut idle = connect(server.address());
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let address = server.address();
    let took = stop(server);
    assert!(took < GRACE, "{took:?}");
    assert!(TcpStream::connect(address).is_err(), "it still listens");
}

#[test]
fn a_wrong_method_is_told_which_are_allowed() {
    let Fixture { server, .. } = start();
    for path in ["/healthz", "/readyz", "/metrics"] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            let (status, head, body) = ask(server.address(), method, path);
            assert_eq!((status, &json_of(&body)["code"]), (405, &json!("method_not_allowed")));
            assert!(head.contains("\r\nallow: get, head"), "{method} {path}: {head}");
        }
        let (status, head, body) = ask(server.address(), "HEAD", path);
        assert_eq!((status, body.as_str()), (200, ""), "{path}: {head}");
    }
    stop(server);
}

#[test]
fn an_unknown_path_is_said_in_json() {
    let Fixture { server, .. } = start();
    for path in ["/", "/healthz/", "/readyz/x", "/../etc/passwd", "/%2e%2e/x", "/api/orders?x=1"] {
        let (status, _, body) = ask(server.address(), "GET", path);
        assert_eq!((status, &json_of(&body)["code"]), (404, &json!("not_found")), "{path}");
    }
    stop(server);
}

#[test]
fn a_long_body_is_refused_without_being_read() {
    let Fixture { server, .. } = start();
    let head = "POST /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: ";
    let answer = exchange(server.address(), &format!("{head}101\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("body_too_long"), "{answer}");
    let short =
        exchange(server.address(), &format!("{head}100\r\nConnection: close\r\n\r\n{}", "x".repeat(100)));
    assert!(short.starts_with("HTTP/1.1 405 "), "{short}");
    stop(server);
}

#[test]
fn a_client_that_does_not_send_its_request_is_cut_off() {
    let Fixture { server, .. } =
        start_with(ServerConfig { request_timeout: Duration::from_secs(1), ..CONFIG });
    let answer = exchange(server.address(), "GET /healthz HTTP/1.1\r\nHost:");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    stop(server);
}

#[test]
fn figures_are_text_for_prometheus_and_count_what_was_answered() {
    let Fixture { server, .. } = start();
    ask(server.address(), "GET", "/healthz");
    ask(server.address(), "GET", "/nothing/1");
    ask(server.address(), "GET", "/nothing/2");
    ask(server.address(), "BREW", "/metrics");
    let (status, head, body) = ask(server.address(), "GET", "/metrics");
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    for expected in [
        "# TYPE bearpit_market_day gauge\nbearpit_market_day 3\n",
        "# TYPE bearpit_http_requests_total counter\n",
        "bearpit_http_requests_total{route=\"/healthz\",method=\"GET\",status=\"200\"} 1\n",
        "bearpit_http_requests_total{route=\"none\",method=\"GET\",status=\"404\"} 2\n",
        "bearpit_http_requests_total{route=\"/metrics\",method=\"other\",status=\"405\"} 1\n",
        "bearpit_http_request_duration_seconds_count{route=\"/healthz\"} 1\n",
    ] {
        assert!(body.contains(expected), "no {expected:?} in\n{body}");
    }
    stop(server);
}

#[test]
fn an_answer_has_the_id_that_its_request_gave_or_a_new_one() {
    let Fixture { server, .. } = start();
    let ask = |path: &str, more: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
        let answer = exchange(server.address(), &head);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let id = head.lines().find_map(|line| line.strip_prefix("x-request-id: "));
        (id.unwrap_or_else(|| panic!("no id in {head}")).to_owned(), body.to_owned())
    };
    let (given, body) = ask("/nothing", "X-Request-ID: order-4711:a.b_c\r\n");
    assert_eq!((given.as_str(), &json_of(&body)["request_id"]), ("order-4711:a.b_c", &json!(given)));
    assert_eq!(ask("/healthz", "X-Request-Id: x\r\n").0, "x");
    // Whatever is not well-formed might mean something to whoever reads a log.
    for bad in ["a b", "{}", "", &"x".repeat(65), "a\tb", "\u{e9}"] {
        let (made, body) = ask("/nothing", &format!("X-Request-Id: {bad}\r\n"));
        assert!(made.len() == 36 && made != bad, "{made} for {bad}");
        assert_eq!(json_of(&body)["request_id"], json!(made));
    }
    let (first, second) = (ask("/healthz", "").0, ask("/healthz", "").0);
    assert!(first < second, "{first}, {second}");
    let long = "POST /readyz HTTP/1.1\r\nHost: x\r\nX-Request-Id: long\r\nContent-Length: 101\r\n\r\n";
    let refused = exchange(server.address(), long);
    assert!(
        refused.contains("x-request-id: long") && refused.contains("\"request_id\":\"long\""),
        "{refused}"
    );
    stop(server);
}
