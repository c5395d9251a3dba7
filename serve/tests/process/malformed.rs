//! A hundred thousand requests that nobody should make: bodies, frames, headers, paths, methods. None of them
//! is a fault of the server, which has as much memory and as many connections afterwards as before.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::alpaca_paths;
use crate::dice::Dice;
use crate::harness::{Place, Served};
use crate::wire::Wire;

const THREADS: u64 = 4;
const REQUESTS: u64 = 90_000;
const FRAMES: u64 = 10_000;
const FRAMES_EACH: u64 = 20;
/// How many of them come before it is measured: what is made once is made by then.
const WARM_UP: u64 = 20_000;
/// How much more memory there may be after all others; an order that was taken is remembered.
const GROWTH_MAX: u64 = 16 << 20;
/// How many looks in a row show that a process closes no more files.
const LOOKS: u32 = 100;

const WHOLE: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
const ODD: [&str; 8] =
    ["TRACE", "OPTIONS", "PROPFIND", "get", "G", "POST ", "\u{e9}", "GETGETGETGETGETGETGET"];
const FIELDS: [&str; 61] = [
    "symbol",
    "side",
    "type",
    "quantity",
    "price",
    "stop_price",
    "time_in_force",
    "expires_at",
    "peg",
    "bracket",
    "client_order_id",
    "client_request_id",
    "cash",
    "deadline",
    "post_only",
    "reduce_only",
    "username",
    "password",
    "mail",
    "code",
    "name",
    "scopes",
    "symbols",
    "refresh_token",
    "token",
    "trail_percent",
    "one_cancels_other",
    "reason",
    "amount",
    "reference",
    "idempotency_key",
    "cancel_orders",
    "text",
    "level",
    "auction_ms",
    "current_password",
    "new_password",
    "first_name",
    "last_name",
    "settings",
    "theme",
    "default_order_size",
    "notifications",
    "language",
    "above",
    "below",
    "percent_move",
    "window_minutes",
    "until",
    "url",
    "kinds",
    "description",
    "is_active",
    "endpoint",
    "expirationTime",
    "keys",
    "holding",
    "portfolio",
    "horizon",
    "paths",
    "",
];
const VALUES: [&str; 40] = [
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    "1e-400",
    "99999999999999999999999999999999999999999",
    "0.00000000000001",
    "\"\"",
    "\"ACME\"",
    "\"buy\"",
    "\"10\"",
    "\"100.00\"",
    "\"NaN\"",
    "\"-0\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\u{202e}x\"",
    "[]",
    "{}",
    "[[1,[2,[3]]]]",
    "{\"a\":{\"a\":{\"a\":[]}}}",
    "\"limit\"",
    "\"9999-99-99T99:99:99Z\"",
    "\"2025-03-03T00:00:00+99:99\"",
    "[\"read\",\"x\"]",
    "\"correct horse battery\"",
    "1",
    "\"gtd\"",
    "\"../../etc\"",
    "\"123456\"",
    "{\"theme\":\"dark\",\"notifications\":{\"fills\":1}}",
    "{\"default_order_size\":\"1e9\"}",
    "\"https://hooks.invalid/a\"",
    "\"https://127.0.0.1/a\"",
    "\"https://[::1\"",
    "[\"funds\",\"margin\"]",
    "{\"p256dh\":\"BA\",\"auth\":\"AA\"}",
    "{\"symbol\":\"ACME\",\"quantity\":1}",
    "\"1h\"",
];
/// What the files of pictures begin with.
const PICTURES: [(&str, &[u8]); 4] = [
    ("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
    ("image/webp", b"RIFF\xff\xff\xff\xffWEBPVP8 "),
    ("image/gif", b"GIF89a"),
];
const PARTS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "ACME",
    "ACME%40PIT",
    "%00",
    "%ff%fe",
    "..",
    "%2e%2e%2f",
    "999999999999999999999999",
    "\u{e9}",
    "00000000-0000-0000-0000-000000000000",
    "a%0d%0aSet-Cookie:x",
    "*",
    "{}",
    "%",
];
const QUERIES: [&str; 15] = [
    "?",
    "?symbol=ACME&depth=0",
    "?symbol=ACME&depth=99999999999999999999",
    "?limit=-1",
    "?cursor=%00",
    "?x=1&x=2",
    "?interval=1m&symbol=ACME&from=x",
    "?from=2025-03-03T00:00:00Z&to=0001-01-01T00:00:00Z",
    "?%ff=%ff",
    "?=",
    "?symbol[]=ACME",
    "?wait=venue&ms=999999999999",
    "?wait=%F0%9F%92%A9",
    "?symbols=,,,,,,",
    "?letters=99999999999",
];
const HEADERS: [&str; 23] = [
    "APCA-API-KEY-ID: x",
    "APCA-API-KEY-ID: \u{e9}\r\nAPCA-API-SECRET-KEY:",
    "APCA-API-SECRET-KEY: x",
    "Authorization: Bearer",
    "Authorization: Basic YTpi",
    "Authorization: Bearer \u{e9}",
    "Cookie: bearpit_access=x; ;;=",
    "X-API-Key: bpk_",
    "X-API-Key: \u{7f}",
    "Content-Type: text/plain",
    "Content-Type: application/json; charset=\u{ff}",
    "Content-Type:",
    "Content-Encoding: gzip",
    "Accept: */*;q=x",
    "If-None-Match: \"",
    "Idempotency-Key: \u{0}",
    "Idempotency-Key: ",
    "Origin: null",
    "Range: bytes=0-",
    "X-Forwarded-For: 999.999.999.999",
    ": empty",
    "no colon",
    "Upgrade: websocket",
];

/// A request as it is sent.
struct Made {
    bytes: Vec<u8>,
    /// Whether it may be the beginning of another, or several: then nothing follows it.
    is_open: bool,
    is_head: bool,
}

/// What makes requests: each is a good one with something wrong.
struct Maker {
    dice: Dice,
    /// Methods and paths of the API's own document, and of Alpaca's API.
    routes: Vec<(String, String)>,
    /// Headers that show who asks: the key of an administrator, and a session, which may do what no key may.
    askers: [String; 2],
    /// Whether the request at hand is to a path of Alpaca's API.
    is_of_alpaca: bool,
}

impl Maker {
    fn make(&mut self) -> Made {
        let (mut method, template) = self.dice.pick(&self.routes);
        self.is_of_alpaca = !template.starts_with("/api/");
        let mut path = self.filled(&template);
        let asker = self.dice.index(self.askers.len());
        let mut headers = format!("Host: x\r\n{}", self.askers[asker]);
        let mut body = if method == "GET" { Vec::new() } else { self.object().into_bytes() };
        if template.ends_with("/picture") && self.dice.below(4) > 0 {
            let (kind, head) = self.dice.pick(&PICTURES);
            headers.push_str(&format!("Content-Type: {kind}\r\n"));
            body = [head, &self.dice.bytes(300)].concat();
            return made((&method, &path, "HTTP/1.1"), &headers, &body);
        }
        let mut version = "HTTP/1.1";
        let mut is_open = false;
        match self.dice.below(10) {
            0 | 1 => body = self.damaged(&body),
            2 => headers = self.headers(),
            3 => path = self.path(),
            4 => {
                method = self.method().to_owned();
            }
            5 => path.push_str(self.pick(&QUERIES, &alpaca_paths::QUERIES)),
            6 => {
                is_open = true;
                version = self.dice.pick(&["HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "http/1.1", "", "HTTP/1.1 x"]);
            }
            7 => return self.framed_badly(&method, &path, &headers, &body),
            8 if self.dice.below(8) == 0 => return self.noise(),
            _ => body = self.object().into_bytes(),
        }
        let mut made = made((&method, &path, version), &headers, &body);
        made.is_open |= is_open;
        made
    }

    fn method(&mut self) -> &'static str {
        if self.dice.below(2) == 0 { self.dice.pick(&WHOLE) } else { self.dice.pick(&ODD) }
    }

    /// Fills the places of a path.
    fn filled(&mut self, template: &str) -> String {
        let parts = template.split('/').map(|part| {
            if part.starts_with('{') {
                self.pick(&PARTS, &alpaca_paths::PARTS).to_owned()
            } else {
                part.to_owned()
            }
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// An object with fields of any kind.
    fn object(&mut self) -> String {
        let count = self.dice.below(6);
        let fields = (0..count).map(|_| {
            let name = self.pick(&FIELDS, &alpaca_paths::FIELDS);
            format!("\"{name}\":{}", self.pick(&VALUES, &alpaca_paths::VALUES))
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }

    /// Picks a word, for a path of Alpaca's API one of its own as often as not.
    fn pick(&mut self, words: &[&'static str], of_alpaca: &[&'static str]) -> &'static str {
        let is_own = self.is_of_alpaca && self.dice.below(2) == 0;
        self.dice.pick(if is_own { of_alpaca } else { words })
    }

    fn damaged(&mut self, body: &[u8]) -> Vec<u8> {
        let mut bytes = body.to_vec();
        match self.dice.below(6) {
            0 => bytes.truncate(self.dice.index(bytes.len() + 1)),
            1 => bytes = "[".repeat(1 + self.dice.index(2_000)).into_bytes(),
            2 => bytes = self.dice.bytes(200),
            3 => bytes = vec![b' '; 70_000],
            4 => bytes.extend(b"}}]]"),
            _ => {
                let place = self.dice.index(bytes.len().max(1));
                let byte = self.dice.byte();
                if let Some(it) = bytes.get_mut(place) {
                    *it = byte;
                }
            }
        }
        bytes
    }

    fn headers(&mut self) -> String {
        let mut headers = if self.dice.below(4) == 0 { String::new() } else { "Host: x\r\n".to_owned() };
        for _ in 0..=self.dice.below(3) {
            headers.push_str(self.dice.pick(&HEADERS));
            headers.push_str("\r\n");
        }
        match self.dice.below(12) {
            0 => headers.push_str(&format!("X-Long: {}\r\n", "x".repeat(10_000))),
            1 => headers.push_str(&"X-Many: x\r\n".repeat(80)),
            2 => headers.push_str("Host: y\r\n"),
            _ => {}
        }
        headers
    }

    fn path(&mut self) -> String {
        match self.dice.below(8) {
            0 => format!("/{}", "a/".repeat(self.dice.index(2_000))),
            1 => format!("http://y/api/{}", self.dice.pick(&PARTS)),
            2 => "*".to_owned(),
            3 => String::new(),
            4 => format!("/api//orders/./{}", self.dice.pick(&PARTS)),
            5 => format!("/{}", self.dice.pick(&PARTS)),
            6 => format!("/docs/{}", self.dice.pick(&PARTS)),
            _ => format!("/api/{}\t{}", self.dice.pick(&PARTS), self.dice.pick(&PARTS)),
        }
    }

    /// Lengths that lie, pieces that are none, heads without an end.
    fn framed_badly(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Made {
        let framing = self.dice.pick(&[
            "Content-Length: 5\r\n\r\n",
            "Content-Length: 100000\r\n\r\n",
            "Content-Length: -1\r\n\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "Content-Length: 99999999999999999999\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\n",
            "Transfer-Encoding: chunked, chunked\r\n\r\n",
            "Transfer-Encoding: x\r\n\r\n",
            "Content-Len",
        ]);
        let head =
            format!("{method} {path} HTTP/1.1\r\n{headers}Content-Type: application/json\r\n{framing}");
        Made { bytes: [head.as_bytes(), body].concat(), is_open: true, is_head: false }
    }

    fn noise(&mut self) -> Made {
        Made { bytes: self.dice.bytes(400), is_open: true, is_head: false }
    }
}

/// Puts a request together: of a method, a path and a version, headers and a body.
fn made((method, path, version): (&str, &str, &str), headers: &str, body: &[u8]) -> Made {
    let kind = if headers.contains("Content-Type") { "" } else { "Content-Type: application/json\r\n" };
    let length = body.len();
    let mut bytes =
        format!("{method} {path} {version}\r\n{headers}{kind}Content-Length: {length}\r\n\r\n").into_bytes();
    bytes.extend(body);
    // What is no request at all is answered, and the connection closed.
    let is_open = !WHOLE.contains(&method) || headers.contains("Upgrade");
    Made { bytes, is_open, is_head: method == "HEAD" }
}

/// How often each status was answered; 0 where the server hung up, as it may on what is no request.
type Seen = BTreeMap<u16, u64>;

fn requests(address: SocketAddr, mut maker: Maker, count: u64) -> Seen {
    let (mut wire, mut seen) = (Wire::to(address), Seen::new());
    for _ in 0..count {
        let made = maker.make();
        let answers = if made.is_open {
            wire.end_with(&made.bytes)
        } else {
            wire.ask(&made.bytes, made.is_head).into_iter().collect()
        };
        let statuses = answers.iter().map(|answer| answer.status);
        for status in statuses.chain(answers.is_empty().then_some(0)) {
            assert!(status < 500, "{status} to {:?}", String::from_utf8_lossy(&made.bytes));
            *seen.entry(status).or_default() += 1;
        }
    }
    seen
}

/// Frames of the WebSocket: kinds, masks and lengths that are none, parts of messages, noise.
fn frames(address: SocketAddr, dice: &mut Dice, count: u64) {
    const HANDSHAKE: &str = "HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for _ in 0..count / FRAMES_EACH {
        let path = dice.pick(&["/ws", "/ws", "/stream", "/v2/iex", "/v1beta3/crypto/us", "/v1beta2/crypto"]);
        let codec = dice.pick(&["", "Content-Type: application/msgpack\r\n"]);
        let mut bytes = format!("GET {path} {HANDSHAKE}{codec}\r\n").into_bytes();
        for _ in 0..FRAMES_EACH {
            let message = if path == "/ws" {
                format!(
                    r#"{{"op":{},"channel":{},"symbol":{}}}"#,
                    dice.pick(&["\"subscribe\"", "\"auth\"", "\"ping\"", "1", "\"x\""]),
                    dice.pick(&["\"book\"", "\"own\"", "\"candles\"", "null"]),
                    dice.pick(&VALUES),
                )
            } else {
                format!(
                    r#"{{"action":{},"{}":{},"data":{}}}"#,
                    dice.pick(&["\"subscribe\"", "\"auth\"", "\"listen\"", "\"authenticate\"", "1"]),
                    dice.pick(&["trades", "quotes", "bars", "key", "orderbooks"]),
                    dice.pick(&["[\"*\"]", "[1]", "\"x\"", "[]", "{}"]),
                    dice.pick(&VALUES),
                )
            };
            let payload = if dice.below(3) == 0 { dice.bytes(100) } else { message.into_bytes() };
            let kind = dice.pick(&[0x81, 0x81, 0x81, 0x01, 0x00, 0x82, 0x88, 0x89, 0x8a, 0x83, 0xf1]);
            let mask = if dice.below(16) == 0 { 0 } else { 0x80 };
            let length = if dice.below(16) == 0 {
                dice.byte() & 0x7f
            } else {
                u8::try_from(payload.len()).unwrap_or(125).min(125)
            };
            bytes.extend([kind, mask | length, 0, 0, 0, 0]);
            bytes.extend(payload);
        }
        // It answers 101, and what follows is no HTTP: the end of the connection is waited for.
        Wire::to(address).until_its_end(&bytes);
    }
}

/// Sends a share of all from several threads.
fn send(served: &Served, routes: &[(String, String)], askers: &[String; 2], part: (u64, u64)) -> Seen {
    let (address, (from, to)) = (served.address, part);
    std::thread::scope(|scope| {
        let threads = (0..THREADS).map(|thread| {
            scope.spawn(move || {
                let share = (to - from) / THREADS;
                let mut dice = Dice::new(from + thread);
                let of_frames = share * FRAMES / (REQUESTS + FRAMES);
                frames(address, &mut dice, of_frames);
                let (routes, askers) = (routes.to_vec(), askers.clone());
                let maker = Maker { dice, routes, askers, is_of_alpaca: false };
                requests(address, maker, share - of_frames)
            })
        });
        let threads: Vec<_> = threads.collect();
        let mut all = Seen::new();
        for thread in threads {
            thread
                .join()
                .unwrap()
                .into_iter()
                .for_each(|(status, count)| *all.entry(status).or_default() += count);
        }
        all
    })
}

/// Returns the methods and paths of the API, but for those that replay days, which takes seconds each, and
/// those that keep everybody from trading, and the one that ends the session of whoever asks.
fn routes(served: &Served) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&served.get("/api/openapi.json").1).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
    });
    let left_out = ["report", "replay", "market/pause", "market/halt", "market/speed", "auth/logout"];
    let native = all.filter(|(_, path)| !left_out.iter().any(|it| path.contains(it)));
    let of_alpaca = alpaca_paths::ROUTES.map(|(method, path)| (method.to_owned(), path.to_owned()));
    native.chain(of_alpaca).collect()
}

#[test]
fn a_hundred_thousand_malformed_requests_are_no_fault_of_the_server() {
    let place = Place::new();
    let cheap = ["--passwords-memory-kib", "8", "--passwords-passes", "1"];
    let limits = ["--limits-address-attempts", "1000000", "--limits-account-attempts", "1000000"];
    let served = place.start_with(&[cheap, limits].concat());
    served.await_ready(200);
    let mut wire = Wire::to(served.address);
    let anne = json!({ "username": "anne", "password": "correct horse battery" }).to_string();
    // An administrator, to whom all routes are open.
    let made = place.run_with_input(&["admin", "create", "anne"], "correct horse battery\n");
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let login: Value = serde_json::from_str(&wire.json("POST", "/api/auth/login", "", &anne).1).unwrap();
    let token = login["access_token"].as_str().unwrap();
    let key = json!({ "name": "bot", "scopes": ["read", "trade", "admin"] }).to_string();
    let key: Value = serde_json::from_str(&wire.json("POST", "/api/keys", token, &key).1).unwrap();
    let key = key["secret"].as_str().unwrap();
    // Another's session, since a password may be changed by chance.
    let session = served.register("bert");
    let askers = [format!("X-API-Key: {key}\r\n"), session.clone()];
    let routes = routes(&served);
    assert!(routes.len() > 100, "{routes:?}");

    let mut seen = send(&served, &routes, &askers, (0, WARM_UP));
    let before = (crate::memory(served.process()), files_at_rest(served.process(), 0));
    let began = std::time::Instant::now();
    for (status, count) in send(&served, &routes, &askers, (WARM_UP, REQUESTS + FRAMES)) {
        *seen.entry(status).or_default() += count;
    }
    let after = (crate::memory(served.process()), files_at_rest(served.process(), before.1 + 15));
    println!(
        "{} answers {seen:?}; the last {} took {:?}; MiB {} and then {}; files {} and then {}",
        seen.values().sum::<u64>(),
        REQUESTS + FRAMES - WARM_UP,
        began.elapsed(),
        before.0 >> 20,
        after.0 >> 20,
        before.1,
        after.1,
    );
    assert!(seen.keys().any(|status| *status == 200) && seen[&400] > 1_000 && seen[&422] > 1_000, "{seen:?}");
    assert!(after.0 < before.0 + GROWTH_MAX, "memory: {} MiB, then {} MiB", before.0 >> 20, after.0 >> 20);
    assert!(after.1 < before.1 + 16, "connections are left: {} files, then {}", before.1, after.1);
    let order = json!({ "symbol": "ACME", "side": "buy", "quantity": "1", "price": "1.00" }).to_string();
    assert_eq!(wire.json("POST", "/api/orders", key, &order).0, 201);
    assert_eq!(served.stop(), Some(0));
}

/// Returns how many files a process has open, its connections among them, once they are as few as expected,
/// or as few as they become: it takes a while to close what was given up.
fn files_at_rest(process: u32, expected: usize) -> usize {
    let count = || std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    let (mut least, mut unchanged) = (count(), 0);
    while least > expected && unchanged < LOOKS {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let now = count();
        unchanged = if now < least { 0 } else { unchanged + 1 };
        least = least.min(now);
    }
    least
}
