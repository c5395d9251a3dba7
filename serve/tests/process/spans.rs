//! Spans that a collector receives, from an order's request to its fill.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::Place;

/// How long spans may take to come: they are sent every few seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// A span as it came.
#[derive(Debug, Clone, Default)]
struct Span {
    trace: Vec<u8>,
    id: Vec<u8>,
    parent: Vec<u8>,
    name: String,
    began: u64,
    ended: u64,
    /// Its attributes that are texts.
    texts: BTreeMap<String, String>,
}

/// A collector that keeps what it gets.
#[derive(Debug, Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    /// What was sent, byte for byte: with the lines of the log, which are events of spans.
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    fn start() -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let collector = Self::default();
        let taking = collector.clone();
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| taking.take(stream)));
        (collector, address)
    }

    fn take(&self, mut stream: TcpStream) {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = Vec::new();
        let mut bytes = [0; 4_096];
        let (head, body) = loop {
            let count = stream.read(&mut bytes).unwrap();
            assert!(count > 0, "the request is cut off");
            request.extend_from_slice(&bytes[..count]);
            let Some(end) = request.windows(4).position(|it| it == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(request[..end].to_vec()).unwrap().to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let length: usize = length.parse().unwrap();
            if request.len() == end + 4 + length {
                break (head, request[end + 4..].to_vec());
            }
        };
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        assert!(head.contains("content-type: application/x-protobuf"), "{head}");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        self.sent.lock().unwrap().extend_from_slice(&body);
        let of_resources = fields(&body).into_iter().filter(|(number, _)| *number == 1);
        for (_, resource) in of_resources {
            let resource = fields(&resource.bytes);
            let described = resource.iter().find(|(number, _)| *number == 1).unwrap();
            assert!(described.1.bytes.windows(13).any(|it| it == b"bearpit-serve"));
            for (_, scope) in resource.iter().filter(|(number, _)| *number == 2) {
                let spans = fields(&scope.bytes).into_iter().filter(|(number, _)| *number == 2);
                self.spans.lock().unwrap().extend(spans.map(|(_, span)| span_of(&span.bytes)));
            }
        }
    }

    /// Waits until spans of all names have come of the trace of a request, and returns them.
    fn await_trace(&self, request: &str, names: &[&str]) -> Vec<Span> {
        let until = Instant::now() + PATIENCE;
        loop {
            let all = self.spans.lock().unwrap().clone();
            let is_its = |span: &&Span| {
                span.name == "request" && span.texts.get("request_id").is_some_and(|it| it == request)
            };
            if let Some(root) = all.iter().find(is_its) {
                let of_trace: Vec<_> = all.iter().filter(|it| it.trace == root.trace).cloned().collect();
                let found: BTreeSet<_> = of_trace.iter().map(|it| it.name.as_str()).collect();
                if names.iter().all(|name| found.contains(name)) {
                    return of_trace;
                }
            }
            assert!(Instant::now() < until, "not all spans of {request} have come: {all:?}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A field of a message: a number, or bytes.
#[derive(Debug, Default)]
struct Field {
    number: u64,
    bytes: Vec<u8>,
}

/// Reads the fields of a message of protocol buffers.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let mut taken = |count: usize| {
            let (taken, rest) = bytes.split_at(count);
            bytes = rest;
            taken.to_vec()
        };
        let field = match key & 7 {
            0 => Field { number: varint(&mut bytes), bytes: Vec::new() },
            1 => Field { number: u64::from_le_bytes(taken(8).try_into().unwrap()), bytes: Vec::new() },
            2 => {
                let length = varint(&mut bytes);
                let (taken, rest) = bytes.split_at(usize::try_from(length).unwrap());
                bytes = rest;
                Field { number: 0, bytes: taken.to_vec() }
            }
            5 => Field { number: 0, bytes: taken(4) },
            other => panic!("a field of the kind {other}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn span_of(bytes: &[u8]) -> Span {
    let mut span = Span::default();
    for (number, field) in fields(bytes) {
        match number {
            1 => span.trace = field.bytes,
            2 => span.id = field.bytes,
            4 => span.parent = field.bytes,
            5 => span.name = text(field.bytes),
            7 => span.began = field.number,
            8 => span.ended = field.number,
            9 => {
                let mut pair = fields(&field.bytes).into_iter().map(|(_, field)| field.bytes);
                let (key, value) = (pair.next().unwrap(), pair.next().unwrap());
                if let Some((1, value)) = fields(&value).into_iter().next() {
                    span.texts.insert(text(key), text(value.bytes));
                }
            }
            _ => {}
        }
    }
    span
}

#[test]
fn a_collector_receives_the_spans_from_a_request_to_its_fill() {
    let (collector, address) = Collector::start();
    let place = Place::new();
    let served = place.start_with(&["--otlp-endpoint", &format!("http://{address}")]);
    served.await_ready(200);
    let anne = served.register("anne");
    let order = json!({ "symbol": "ACME", "side": "buy", "type": "market", "quantity": "1" });
    let ask = format!("{anne}X-Request-Id: of-order\r\n");
    let (status, _, body) = served.ask("POST", "/api/orders", &ask, &order.to_string());
    assert_eq!(status, 201, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();

    let stages = ["queue", "append", "sync", "reply"];
    let names = [&["request", "trading", "market", "published"], stages.as_slice()].concat();
    let until = Instant::now() + PATIENCE;
    let trace = loop {
        assert!(Instant::now() < until, "no span of a fill has come");
        let trace = collector.await_trace("of-order", &names);
        let has_filled = trace.iter().any(|it| it.texts.get("fact").is_some_and(|it| it == "filled"));
        if has_filled {
            break trace;
        }
        thread::sleep(Duration::from_millis(50));
    };
    let one = |name: &str| trace.iter().find(|it| it.name == name).unwrap();
    assert!(one("request").parent.is_empty());
    assert_eq!(one("request").texts["path"], "/api/orders");
    // Whose seat is opened with its first order asks three times.
    let services: Vec<_> = trace.iter().filter(|it| it.name == "trading").collect();
    assert!(services.iter().all(|it| it.parent == one("request").id), "{trace:?}");
    let market = trace.iter().find(|it| it.name == "published").unwrap().parent.clone();
    let market = trace.iter().find(|it| it.id == market).unwrap();
    assert_eq!((market.name.as_str(), &*market.texts["what"]), ("market", "submit"));
    assert!(services.iter().any(|it| it.id == market.parent && it.texts["what"] == "submit"));
    let mut last = market.began;
    for name in stages {
        let stage = trace.iter().find(|it| it.name == name && it.parent == market.id).unwrap();
        assert!(last <= stage.began && stage.began <= stage.ended, "{name} comes too early: {trace:?}");
        last = stage.began;
    }
    assert!(last <= market.ended && market.ended <= one("request").ended, "{trace:?}");
    let published = trace.iter().filter(|it| it.name == "published");
    for span in published {
        assert_eq!((&span.parent, &*span.texts["request_id"]), (&market.id, "of-order"));
    }
    assert!(body["order_id"].is_string());
    // What it had not sent yet it sends as it ends.
    let (_, _, _) = served.ask("GET", "/api/instruments", "X-Request-Id: last\r\n", "");
    assert_eq!(served.stop(), Some(0));
    collector.await_trace("last", &["request"]);
    let all = String::from_utf8_lossy(&collector.sent.lock().unwrap()).into_owned();
    assert!(all.contains("of-order"), "what is searched is what was sent");
    assert!(!all.contains("correct horse"), "a span has a password");
    assert!(!all.contains(anne.trim().rsplit(' ').next().unwrap()), "a span has a token");
}
