//! How many orders a second one FIX session enters, each on disk before it is acknowledged.
//!
//! `cargo bench -p bearpit-serve --bench fix` starts a server process on one processor and sends from
//! another, where `taskset` can choose them: orders when they are due, whatever the answers before take, each
//! timed from then to its first execution report. Beside it the same frames to a plain process that answers
//! each with as many bytes. `-- --rate N --seconds N`.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bench measures, and waits for another process")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::panic, reason = "a bench that cannot go on has failed")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bearpit_core::units::SimTime;
use serde_json::Value;

const SCENARIO: &str = r#"
[scenario]
name = "fix"
start = 2025-03-03T00:00:00
end = 2025-03-04T00:00:00
[live]
clock = "scaled"
speed = 1
starting_cash = 1_000_000_000
[[instruments]]
symbol = "ALFA"
tick_size = "0.01"
process = { kind = "ou", initial = 100.0, mean = 100.0, half_life = "2h", volatility = 0.2 }
[[venues]]
name = "PIT"
instruments = ["ALFA"]
[[agents]]
kind = "market_maker"
cash = 5_000_000_000
max_short = { ALFA = 25_000_000 }
half_spread = "0.03"
quantity = 300
max_inventory = 20_000_000
skew = 1.0
interval = "1s"
"#;

/// What is measured.
#[derive(Clone, Copy)]
struct Pace {
    rate: u64,
    seconds: u64,
}

/// A process that is killed when this is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        self.0.wait().map(drop).unwrap_or_default();
    }
}

/// Runs a program on the first processor, where that can be chosen.
fn on_first(program: &str) -> Command {
    let can_choose = Command::new("taskset").args(["-c", "0", "true"]).stderr(Stdio::null()).status();
    if can_choose.is_ok_and(|status| status.success()) {
        let mut command = Command::new("taskset");
        command.args(["-c", "0", program]);
        return command;
    }
    Command::new(program)
}

fn timestamp() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let text = SimTime::from_nanos(i64::try_from(since.as_nanos()).unwrap()).to_string();
    let whole = text.split('.').next().unwrap();
    whole.replace('-', "").replace('T', "-")
}

fn written(kind: &str, number: u64, fields: &str, at: &str) -> Vec<u8> {
    let fields = fields.replace('|', "\u{1}");
    let body = format!("35={kind}\u{1}49=BENCH\u{1}56=BEARPIT\u{1}34={number}\u{1}52={at}\u{1}{fields}");
    let whole = format!("8=FIX.4.4\u{1}9={}\u{1}{body}", body.len());
    let sum: u32 = whole.bytes().map(u32::from).sum();
    format!("{whole}10={:03}\u{1}", sum % 256).into_bytes()
}

fn ask(address: &str, path: &str, token: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let method = if body.is_empty() { "GET" } else { "POST" };
    let of_token =
        if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{of_token}Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Starts a server; returns it, where FIX is, and a key.
fn server(directory: &std::path::Path) -> (Killed, String, String, String) {
    fs::write(directory.join("fix.toml"), SCENARIO).unwrap();
    let mut command = on_first(env!("CARGO_BIN_EXE_bearpit-serve"));
    command.current_dir(directory).args(["fix.toml", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    command.args(["--fix-listen", "127.0.0.1:0", "--fix-messages-per-second", "1000000"]);
    let mut child = Killed(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let mut log = BufReader::new(child.0.stderr.take().unwrap()).lines();
    let mut address = |message: &str| loop {
        let line = log.next().unwrap_or_else(|| panic!("the server has ended")).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap_or_default();
        if line["message"] == message {
            return line["address"].as_str().unwrap().to_owned();
        }
    };
    let (fix, http) = (address("serving FIX"), address("serving"));
    thread::spawn(move || log.for_each(drop));
    while !ask(&http, "/readyz", "", "").contains("\"ready\"") {
        thread::sleep(Duration::from_millis(20));
    }
    let person = r#"{"username":"bench","mail":null,"password":"correct horse battery"}"#;
    ask(&http, "/register", "", person);
    let login = r#"{"username":"bench","password":"correct horse battery"}"#;
    let login: Value = serde_json::from_str(&ask(&http, "/login", "", login)).unwrap();
    let token = login["access_token"].as_str().unwrap();
    let key = ask(&http, "/api/keys", token, r#"{"name":"bench","scopes":["read","trade"]}"#);
    let key: Value = serde_json::from_str(&key).unwrap();
    let text = |field: &str| key[field].as_str().unwrap().to_owned();
    (child, fix, text("key_id"), text("secret"))
}

/// Answers each frame with as many bytes as a report has, until its input ends.
fn echo() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut bytes, mut buffer) = (vec![0; 65_536], Vec::new());
    loop {
        let count = stream.read(&mut bytes).unwrap_or(0);
        if count == 0 {
            return;
        }
        buffer.extend_from_slice(&bytes[..count]);
        let mut out = Vec::new();
        while let Some(end) = end_of(&buffer) {
            let frame: Vec<u8> = buffer.drain(..end).collect();
            let text = String::from_utf8_lossy(&frame).into_owned();
            let name = text.split('\u{1}').find_map(|it| it.strip_prefix("11=")).unwrap_or("-");
            let fields = format!("11={name}|150=A|58={}|", "x".repeat(200));
            out.extend(written("8", 1, &fields, "20250303-00:00:00.000"));
        }
        stream.write_all(&out).unwrap();
    }
}

fn end_of(buffer: &[u8]) -> Option<usize> {
    let place = buffer.windows(4).position(|it| it == b"\x0110=")?;
    (buffer.len() >= place + 8).then_some(place + 8)
}

/// Sends orders when they are due, and returns how long each took.
fn measure(mut stream: TcpStream, pace: Pace, first: u64) -> Vec<Duration> {
    stream.set_nodelay(true).unwrap();
    let count = pace.rate * pace.seconds;
    let mut reader = stream.try_clone().unwrap();
    let started = Instant::now() + Duration::from_millis(50);
    let due = move |number: u64| started + Duration::from_nanos(number * 1_000_000_000 / pace.rate);
    let reading = thread::spawn(move || {
        let (mut bytes, mut buffer, mut took) = (vec![0; 65_536], Vec::new(), Vec::new());
        while (took.len() as u64) < count {
            let read = reader.read(&mut bytes).unwrap();
            assert!(read > 0, "the connection was closed after {} answers", took.len());
            buffer.extend_from_slice(&bytes[..read]);
            let (at, mut from) = (Instant::now(), 0);
            while let Some(end) = end_of(&buffer[from..]) {
                let text = String::from_utf8_lossy(&buffer[from..from + end]);
                from += end;
                if text.contains("\u{1}150=A\u{1}")
                    && let Some(name) = text.split('\u{1}').find_map(|it| it.strip_prefix("11=o"))
                {
                    took.push(at.saturating_duration_since(due(name.parse().unwrap())));
                }
                assert!(!text.contains("\u{1}150=8\u{1}") && !text.contains("\u{1}35=j"), "{text}");
            }
            buffer.drain(..from);
        }
        took
    });
    let mut number = 0;
    while number < count {
        let (now, at) = (Instant::now(), timestamp());
        let mut out = Vec::new();
        while number < count && due(number) <= now {
            // Half of them rest, the others take what there is.
            let terms = if number.is_multiple_of(2) {
                format!("40=2|44=50.{:02}|59=1|", number % 50)
            } else {
                "40=2|44=150|59=3|".to_owned()
            };
            let fields = format!("11=o{number}|55=ALFA|54=1|38=1|60={at}|{terms}");
            out.extend(written("D", first + number, &fields, &at));
            number += 1;
        }
        stream.write_all(&out).unwrap();
        thread::sleep(Duration::from_micros(500));
    }
    let mut took = reading.join().unwrap();
    took.sort_unstable();
    took
}

fn print_line(what: &str, pace: Pace, took: &[Duration]) -> f64 {
    let within = |part: usize| took[(took.len() * part / 1_000).min(took.len() - 1)].as_secs_f64() * 1e3;
    let (p50, p99, most) = (within(500), within(990), within(1_000));
    println!(
        "{what:<44} {:>6}/s for {} s: p50 {p50:.2} ms, p99 {p99:.2} ms, max {most:.1} ms",
        pace.rate, pace.seconds
    );
    p99
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|it| it == "--echo") {
        return echo();
    }
    let number = |name: &str, default| {
        let place = arguments.iter().position(|it| it == name);
        place.and_then(|place| arguments.get(place + 1)?.parse().ok()).unwrap_or(default)
    };
    let pace = Pace { rate: number("--rate", 5_000), seconds: number("--seconds", 10) };
    let own = std::process::id().to_string();
    Command::new("taskset")
        .args(["-acp", "1", &own])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok();

    let directory = tempfile::tempdir().unwrap();
    let (server, address, key, secret) = server(directory.path());
    let mut stream = TcpStream::connect(address).unwrap();
    let fields = format!("98=0|108=60|553={key}|554={secret}|8013=N|");
    stream.write_all(&written("A", 1, &fields, &timestamp())).unwrap();
    let mut answer = [0; 4_096];
    let count = stream.read(&mut answer).unwrap();
    assert!(answer[..count].windows(5).any(|it| it == b"35=A\x01"), "{}", String::from_utf8_lossy(&answer));
    let took = measure(stream, pace, 2);
    let ours = print_line("orders by FIX, each on disk before its answer", pace, &took);
    drop(server);

    let program = std::env::current_exe().unwrap();
    let mut command = on_first(program.to_str().unwrap());
    let mut plain = Killed(command.arg("--echo").stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(plain.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let took = measure(TcpStream::connect(line.trim()).unwrap(), pace, 2);
    let theirs = print_line("  beside: a plain process, the same frames", pace, &took);
    println!("  p99 is {:.1} times that of the plain process", ours / theirs.max(1e-6));
}
