//! FIX from outside: real processes, and a client that was written for these tests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::harness::{Place, Served};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);
const SOH: char = '\u{1}';

/// A message as it came: its fields in their order.
#[derive(Debug, Clone)]
pub(crate) struct Message(Vec<(u32, String)>);

impl Message {
    pub(crate) fn get(&self, tag: u32) -> &str {
        self.0.iter().find(|it| it.0 == tag).map_or("", |it| &it.1)
    }

    pub(crate) fn kind(&self) -> &str {
        self.get(35)
    }
}

/// A client that counts, and checks what it gets.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
    pub(crate) next_out: u64,
    pub(crate) next_in: u64,
}

fn timestamp() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (days, secs) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Howard Hinnant's civil calendar, from days since 1970.
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (secs / 3_600, secs / 60 % 60, secs % 60);
    format!("{year:04}{month:02}{day:02}-{hour:02}:{minute:02}:{second:02}.000")
}

pub(crate) fn written(kind: &str, number: u64, sender: &str, fields: &str) -> Vec<u8> {
    let fields = fields.replace('|', "\u{1}");
    let body = format!(
        "35={kind}{SOH}49={sender}{SOH}56=BEARPIT{SOH}34={number}{SOH}52={}{SOH}{fields}",
        timestamp()
    );
    let whole = format!("8=FIX.4.4{SOH}9={}{SOH}{body}", body.len());
    let sum: u32 = whole.bytes().map(u32::from).sum();
    format!("{whole}10={:03}{SOH}", sum % 256).into_bytes()
}

impl Client {
    pub(crate) fn connect(address: SocketAddr, next_out: u64, next_in: u64) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, buffer: Vec::new(), next_out, next_in }
    }

    pub(crate) fn send(&mut self, kind: &str, fields: &str) {
        let bytes = written(kind, self.next_out, "DESK", fields);
        self.next_out += 1;
        self.stream.write_all(&bytes).unwrap();
    }

    pub(crate) fn log_on(&mut self, key: &Value, more: &str) -> Message {
        let (id, secret) = (key["id"].as_str().unwrap(), key["secret"].as_str().unwrap());
        self.send("A", &format!("98=0|108=30|553={id}|554={secret}|{more}"));
        self.read()
    }

    /// Reads the next message; none once the other side has closed.
    pub(crate) fn try_read(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = find(&self.buffer, b"\x0110=").filter(|end| self.buffer.len() >= end + 8) {
                let bytes: Vec<u8> = self.buffer.drain(..end + 8).collect();
                let text = String::from_utf8(bytes).unwrap();
                let fields = text.split(SOH).filter(|it| !it.is_empty()).map(|field| {
                    let (tag, value) = field.split_once('=').unwrap();
                    (tag.parse().unwrap(), value.to_owned())
                });
                return Some(Message(fields.collect()));
            }
            let mut bytes = [0; 4_096];
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.buffer.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Reads the next message, whose number must be the next one.
    pub(crate) fn read(&mut self) -> Message {
        let message = self.try_read().unwrap();
        let number: u64 = message.get(34).parse().unwrap();
        if message.get(43) == "Y" {
            return message;
        }
        assert_eq!(number, self.next_in, "{message:?}");
        self.next_in += 1;
        message
    }

    /// Reads up to a message of a type.
    pub(crate) fn await_kind(&mut self, kind: &str) -> Message {
        let until = Instant::now() + PATIENCE;
        loop {
            let message = self.read();
            if message.kind() == kind {
                return message;
            }
            assert!(Instant::now() < until && message.kind() != "5", "no {kind}: {message:?}");
        }
    }

    /// Reads up to an execution report of a type.
    pub(crate) fn await_report(&mut self, exec_type: &str) -> Message {
        loop {
            let message = self.await_kind("8");
            if message.get(150) == exec_type {
                return message;
            }
            assert!(message.get(150) != "8", "{message:?}");
        }
    }

    pub(crate) fn order(&mut self, name: &str, side: u8, quantity: u32, more: &str) {
        let at = timestamp();
        self.send("D", &format!("11={name}|55=ACME|54={side}|38={quantity}|60={at}|{more}"));
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|it| it == wanted)
}

/// Starts a process that serves FIX, and returns where.
pub(crate) fn start(place: &Place, more: &[&str]) -> (Served, SocketAddr) {
    let mut served = place.begin_with(&[&["--fix-listen", "127.0.0.1:0"], more].concat());
    let line = served.await_line("serving FIX");
    let address = line["address"].as_str().unwrap().parse().unwrap();
    let line = served.await_line("serving");
    served.address = line["address"].as_str().unwrap().parse().unwrap();
    served.await_ready(200);
    (served, address)
}

pub(crate) fn key_of(served: &Served, who: &str, scopes: &[&str]) -> Value {
    let body = json!({ "name": "fix", "scopes": scopes }).to_string();
    let (status, _, body) = served.ask("POST", "/api/keys", who, &body);
    assert_eq!(status, 201, "{body}");
    let key: Value = serde_json::from_str(&body).unwrap();
    json!({ "id": key["key_id"], "secret": key["secret"] })
}

#[test]
fn a_desk_logs_on_trades_and_logs_out() {
    let place = Place::new();
    let (served, address) = start(&place, &[]);
    let anne = served.register("anne");
    let key = key_of(&served, &anne, &["read", "trade"]);
    let mut client = Client::connect(address, 1, 1);
    assert_eq!(client.log_on(&key, "").kind(), "A");

    client.order("one", 1, 10, "40=2|44=90|59=1|");
    assert_eq!(client.await_report("A").get(39), "A");
    let new = client.await_report("0");
    assert_eq!((new.get(11), new.get(39), new.get(151), new.get(14)), ("one", "0", "10", "0"));

    client.send("G", "11=two|41=one|55=ACME|54=1|38=6|40=2|44=91|60=20250303-00:00:00|");
    let replaced = client.await_report("5");
    assert_eq!((replaced.get(11), replaced.get(41), replaced.get(44)), ("two", "one", "91"));
    assert_eq!(replaced.get(151), "6");
    client.send("H", "11=two|55=ACME|54=1|790=q|");
    let status = client.await_report("I");
    assert_eq!((status.get(790), status.get(37)), ("q", new.get(37)));
    client.send("F", "11=three|41=two|55=ACME|54=1|60=20250303-00:00:00|");
    let canceled = client.await_report("4");
    assert_eq!((canceled.get(11), canceled.get(41), canceled.get(151)), ("three", "two", "0"));
    client.send("F", "11=four|41=two|55=ACME|54=1|60=20250303-00:00:00|");
    let reject = client.await_kind("9");
    assert_eq!((reject.get(11), reject.get(102), reject.get(434)), ("four", "0", "1"));
    client.send("F", "11=five|41=never|55=ACME|54=1|60=20250303-00:00:00|");
    assert_eq!(client.await_kind("9").get(102), "1");

    // Entered and canceled at once: the order is found before anything was said of it.
    client.order("six", 1, 3, "40=2|44=90|");
    client.send("F", "11=seven|41=six|55=ACME|54=1|60=20250303-00:00:00|");
    assert_eq!(client.await_report("4").get(11), "seven");

    client.order("eight", 1, 5, "40=1|59=3|");
    let (mut traded, mut last) = (0, client.await_report("F"));
    loop {
        traded += last.get(32).parse::<i64>().unwrap();
        assert_eq!(last.get(14).parse::<i64>().unwrap(), traded);
        assert!(!last.get(880).is_empty() && !last.get(12).is_empty(), "{last:?}");
        if last.get(39) == "2" {
            break;
        }
        last = client.await_report("F");
    }
    assert_eq!((traded, last.get(151)), (5, "0"));
    client.order("nine", 1, 5, "40=2|44=0.001|");
    let rejected = client.await_kind("8");
    assert_eq!((rejected.get(150), rejected.get(39)), ("8", "8"));
    assert!(rejected.get(58).contains("tick size"), "{rejected:?}");

    client.send("x", "320=l|559=4|");
    let list = client.await_kind("y");
    assert_eq!((list.get(55), list.get(561), list.get(969)), ("ACME", "1", "0.01"));
    client.send("V", "262=m|263=1|264=1|265=1|267=3|269=0|269=1|269=2|146=1|55=ACME|");
    assert_eq!(client.await_kind("W").get(262), "m");
    assert_eq!(client.await_kind("X").get(262), "m");
    client.send("V", "262=n|263=1|264=1|267=1|269=9|146=1|55=ACME|");
    assert_eq!(client.await_kind("Y").get(281), "8");
    client.send("5", "");
    client.await_kind("5");
    assert!(client.try_read().is_none());
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn nobody_is_let_in_without_a_key_and_read_alone_does_not_trade() {
    let place = Place::new();
    let (served, address) = start(&place, &[]);
    let anne = served.register("anne");
    let key = key_of(&served, &anne, &["read"]);
    let refused = |key: &Value| {
        let mut client = Client::connect(address, 1, 1);
        let answer = client.log_on(key, "");
        assert!(client.try_read().is_none());
        (answer.kind().to_owned(), answer.get(58).to_owned())
    };
    let (kind, text) = refused(&json!({ "id": key["id"], "secret": "bpk_x" }));
    assert!(kind == "5" && text.contains("API key"), "{text}");
    let (kind, _) = refused(&json!({ "id": "other", "secret": key["secret"] }));
    assert_eq!(kind, "5");
    let mut client = Client::connect(address, 1, 1);
    client.send("D", "11=a|");
    assert!(client.try_read().is_none(), "the first message is a Logon");
    let mut client = Client::connect(address, 1, 1);
    assert_eq!(client.log_on(&key, "").kind(), "A");
    client.order("one", 1, 1, "40=1|");
    let reject = client.await_kind("j");
    assert_eq!((reject.get(379), reject.get(380)), ("one", "6"));
    // Another connection of the same session is refused while this one goes on.
    let mut other = Client::connect(address, 2, 1);
    let answer = other.log_on(&key, "");
    assert!(answer.get(58).contains("logged on already"), "{answer:?}");
    client.send("1", "112=still|");
    assert_eq!(client.await_kind("0").get(112), "still");
    // A key that ends takes its session with it.
    let (status, _, _) =
        served.ask("DELETE", &format!("/api/keys/{}", key["id"].as_str().unwrap()), &anne, "");
    assert!((200..300).contains(&status), "{status}");
    assert!(client.await_kind("5").get(58).contains("API key has ended"));
    assert!(client.try_read().is_none());
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn a_session_goes_on_with_the_same_numbers_after_a_process_was_killed() {
    let place = Place::new();
    let (served, address) = start(&place, &[]);
    let anne = served.register("anne");
    let key = key_of(&served, &anne, &["read", "trade"]);
    let mut client = Client::connect(address, 1, 1);
    client.log_on(&key, "8013=N|");
    client.order("one", 1, 10, "40=2|44=90|59=1|");
    let new = client.await_report("0");
    let (next_out, next_in) = (client.next_out, client.next_in);
    served.crash();

    let (served, address) = start(&place, &[]);
    // What is said while nobody is there is said when somebody comes.
    let (status, _, body) =
        served.ask("DELETE", &format!("/api/orders/{}", new.get(37)), &served_login(&served), "");
    assert!((200..300).contains(&status), "{body}");
    let mut client = Client::connect(address, next_out, next_in);
    let logon = {
        let (id, secret) = (key["id"].as_str().unwrap(), key["secret"].as_str().unwrap());
        client.send("A", &format!("98=0|108=30|553={id}|554={secret}|8013=N|"));
        client.try_read().unwrap()
    };
    assert_eq!(logon.kind(), "A");
    let number: u64 = logon.get(34).parse().unwrap();
    assert!(number >= next_in && number <= next_in + 2, "{number} after {next_in}");
    client.next_in = number + 1;
    client.send("2", &format!("7={next_in}|16=0|"));
    let canceled = client.await_report("4");
    assert_eq!((canceled.get(37), canceled.get(11)), (new.get(37), "one"));
    // Once, whatever was sent again.
    client.send("H", "11=one|55=ACME|54=1|");
    let status = loop {
        let message = client.await_kind("8");
        if message.get(43) != "Y" {
            break message;
        }
    };
    assert_eq!((status.get(150), status.get(39)), ("I", "4"), "{status:?}");
    assert_eq!(served.stop(), Some(0));
}

fn served_login(served: &Served) -> String {
    let body = json!({ "username": "anne", "password": "correct horse battery" }).to_string();
    let (status, _, body) = served.ask("POST", "/login", "", &body);
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    format!("Authorization: Bearer {}\r\n", body["access_token"].as_str().unwrap())
}

#[test]
fn orders_are_canceled_when_the_connection_ends_and_an_end_of_the_server_is_said() {
    let place = Place::new();
    let (served, address) = start(&place, &[]);
    let anne = served.register("anne");
    let key = key_of(&served, &anne, &["read", "trade"]);
    let mut client = Client::connect(address, 1, 1);
    client.log_on(&key, "");
    client.order("one", 1, 10, "40=2|44=90|59=1|");
    client.await_report("0");
    let (next_out, next_in) = (client.next_out, client.next_in);
    drop(client);
    let until = Instant::now() + PATIENCE;
    while served.ask("GET", "/api/orders?status=open", &anne, "").2.contains("\"one\"") || {
        let (_, _, body) = served.ask("GET", "/api/orders", &anne, "");
        body.contains("DESK:one") && body.contains("\"open\"")
    } {
        assert!(Instant::now() < until, "the order is still open");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut client = Client::connect(address, next_out, next_in);
    let (id, secret) = (key["id"].as_str().unwrap(), key["secret"].as_str().unwrap());
    client.send("A", &format!("98=0|108=30|553={id}|554={secret}|"));
    let logon = client.try_read().unwrap();
    assert_eq!(logon.kind(), "A", "{logon:?}");
    // The cancel was told before the logon, under a number that is missing here, or is told behind it.
    let number: u64 = logon.get(34).parse().unwrap();
    assert!(number == next_in || number == next_in + 1, "{logon:?}");
    client.next_in = number + 1;
    if number > next_in {
        client.send("2", &format!("7={next_in}|16={next_in}|"));
    }
    client.await_report("4");
    served.signal("-TERM");
    assert!(client.await_kind("5").get(58).contains("the server stops"));
    client.send("5", "");
    assert!(client.try_read().is_none());
    let mut served = served;
    assert_eq!(served.await_exit(), Some(0));
}

#[test]
fn fix_for_other_machines_needs_tls() {
    let place = Place::new();
    let ended = place.run(&["small.toml", "--check", "--fix-listen", "0.0.0.0:9876"]);
    ended.assert_fails(2, &["FIX there could be read", "tls_cert"]);
}
