//! What a process takes that serves `scenarios/live/open_market.toml` while nobody trades but its crowd.
//!
//! `cargo bench -p bearpit-serve --bench days` lets three days pass at 7,200 times their speed, and prints
//! the memory of the process at the beginning and the end of each, and how long after one the next opened;
//! then it serves the market of now for twenty seconds, and prints how much of a core that took. It fails
//! where a day takes more than 150 MB or the last takes more than those before, where the next opens later
//! than after a second, and where a core is busy for more than 5%. `-- --days N` lets so many days pass.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/live/open_market.toml");
const STRATEGIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../strategies/");
/// Neither a day nor a start takes longer.
const PATIENCE: Duration = Duration::from_secs(600);
/// For so long it is looked how much of a core is taken.
const IDLE: Duration = Duration::from_secs(20);
const MEMORY_MAX: u64 = 150_000_000;
/// What a day may take more than the one before: pages that are used again are not always the same.
const GROWTH_MAX: u64 = 8_000_000;

/// A process that serves, in a directory of its own. It is killed when this is dropped.
struct Served {
    child: Child,
    log: Receiver<Value>,
    _directory: tempfile::TempDir,
}

impl Served {
    fn start(scenario: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("open_market.toml"), scenario).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bearpit-serve"));
        command.args([
            "open_market.toml",
            "--listen",
            "127.0.0.1:0",
            "--log-format",
            "json",
            "--data",
            "data",
        ]);
        command.current_dir(directory.path()).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (to_log, log) = channel();
        std::thread::spawn(move || {
            let mut lines = lines.map(|line| serde_json::from_str(&line).unwrap_or_default());
            lines.try_for_each(|line: Value| to_log.send(line))
        });
        Self { child, log, _directory: directory }
    }

    /// Waits for a line of the log, and returns it with the moment.
    fn await_line(&self, message: &str) -> (Instant, Value) {
        loop {
            let Ok(line) = self.log.recv_timeout(PATIENCE) else { panic!("the log has no line {message:?}") };
            if line["message"] == message {
                return (Instant::now(), line);
            }
        }
    }

    fn await_ready(&self) {
        let (began, line) = self.await_line("serving");
        let address = line["address"].as_str().unwrap().to_owned();
        let is_ready = || {
            let mut stream = TcpStream::connect(&address).unwrap();
            write!(stream, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer.starts_with("HTTP/1.1 200")
        };
        while !is_ready() {
            assert!(began.elapsed() < PATIENCE, "the market does not open");
            sleep(Duration::from_millis(50));
        }
    }

    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
    }

    /// Returns how much time of processors it has had; Linux counts it in hundredths of a second.
    fn processor(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let ticks = fields.split_ascii_whitespace().skip(11).take(2).map(|it| it.parse::<u64>().unwrap());
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Returns the scenario on a clock of its own, which has neither a zone nor outages.
fn scaled(scenario: &str) -> String {
    let is_of_wall = |line: &&str| line.starts_with("zone") || line.starts_with("after_outage");
    let scenario: Vec<&str> = scenario.lines().filter(|line| !is_of_wall(line)).collect();
    scenario.join("\n").replace("clock = \"wall\"", "clock = \"scaled\"\nspeed = 7200")
}

/// Lets days pass, and looks at each.
fn let_days_pass(scenario: &str, days: usize) {
    let served = Served::start(&scaled(scenario));
    let mut ends = Vec::new();
    served.await_line("the market is open");
    for day in 1..=days {
        let (began, at_first) = (Instant::now(), served.memory());
        let (closed, _) = served.await_line("the market is closed");
        let at_last = served.memory();
        let (opened, _) = served.await_line("the market is open");
        let gap = opened - closed;
        println!(
            "day {day} in {:>5.1} s: {} MB at its beginning, {} MB at its end; the next opened {:.3} s later",
            (closed - began).as_secs_f64(),
            at_first / 1_000_000,
            at_last / 1_000_000,
            gap.as_secs_f64(),
        );
        assert!(at_last < MEMORY_MAX, "{at_last} bytes");
        assert!(gap < Duration::from_secs(1), "the next day opened after {gap:?}");
        ends.push(at_last);
    }
    // The first day leaves what later ones use again.
    let grown = ends[days - 1].saturating_sub(ends[1..days - 1].iter().copied().max().unwrap());
    assert!(grown < GROWTH_MAX, "the last day took {grown} bytes more than any before");
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let said = arguments.iter().skip_while(|it| *it != "--days").nth(1);
    let scenario = fs::read_to_string(SCENARIO).unwrap().replace("../../strategies/", STRATEGIES);
    let_days_pass(&scenario, said.map_or(3, |said| said.parse::<usize>().unwrap()).max(3));
    let served = Served::start(&scenario);
    served.await_ready();
    let before = served.processor();
    sleep(IDLE);
    let share = (served.processor() - before).as_secs_f64() / IDLE.as_secs_f64();
    println!("idle: {:.2}% of a core, {} MB", share * 100.0, served.memory() / 1_000_000);
    assert!(share < 0.05, "idle, it takes {:.1}% of a core", share * 100.0);
}
