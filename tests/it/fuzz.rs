//! No text that people or programs write makes a reader panic: 100,000 damaged inputs, from one seed.
//!
//! Each input is a valid one that has been cut, doubled, spliced and sprinkled with what is known to hurt, as
//! characters and as bytes. An input that makes a reader panic is printed.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bearpit::analysis::RunData;
use bearpit::data::{ReadOptions, read};
use bearpit::record::StoredRun;
use bearpit::scenario::{Diagnostics, OrderFlow, Override, Scenario, Strategy};
use tempfile::TempDir;

/// Without optimization, a twentieth will do.
const SHARE: usize = if cfg!(debug_assertions) { 20 } else { 1 };

/// What is put into inputs.
const HURTFUL: [&str; 44] = [
    "\u{feff}",
    "\r",
    "\r\n",
    "\n",
    "\0",
    "\u{1b}[31m",
    "\u{201c}",
    "\u{201d}",
    "\u{202e}",
    "\u{a0}",
    "\u{e9}",
    "e\u{301}",
    "\u{1f600}",
    "\u{10ffff}",
    "\u{2028}",
    "\"",
    "\"\"\"",
    "'",
    "'''",
    "`",
    "${",
    "\\",
    "\\u",
    "[",
    "[[",
    "]]",
    "{",
    "}",
    "#{",
    "=",
    ".",
    ",",
    ";",
    "\t",
    "1e300",
    "-0",
    "nan",
    "inf",
    "9223372036854775808",
    "0x",
    "2024-02-30T25:61:61Z",
    "/*",
    "//",
    "()",
];

/// Draws numbers from a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }

    /// Returns a range of at most `most` bytes in a text of some length.
    fn range(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let from = self.below(length + 1);
        from..(from + self.below(most + 1)).min(length)
    }

    /// Damages one of some texts.
    fn damaged(&mut self, texts: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = texts[self.below(texts.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(9) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(self.range(bytes.len(), 40))),
                2 => {
                    let copy = bytes[self.range(bytes.len(), 60)].to_vec();
                    drop(bytes.splice(at..at, copy));
                }
                3 => {
                    let other = &texts[self.below(texts.len())];
                    let part = other[self.range(other.len(), 60)].to_vec();
                    drop(bytes.splice(at..at, part));
                }
                4 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                5 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {
                    let word = HURTFUL[self.below(HURTFUL.len())].as_bytes();
                    // In the place of something, or between.
                    let until = (at + self.below(3) * self.below(8)).min(bytes.len());
                    drop(bytes.splice(at..until, word.iter().copied()));
                }
            }
        }
        bytes
    }
}

/// Gives a reader damaged inputs; returns how many it took for valid.
fn fuzz(name: &str, count: usize, texts: &[&str], mut read: impl FnMut(&[u8]) -> bool) -> usize {
    let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    assert!(texts.iter().all(|text| read(text)), "{name}: what is damaged is valid at first");
    let mut draw = Draw(name.bytes().fold(14, |seed, byte| seed * 31 + u64::from(byte)));
    let mut valid = 0;
    for number in 0..count / SHARE {
        let bytes = draw.damaged(&texts);
        let done = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        assert!(done.is_ok(), "{name}, input {number}: {}", bytes.escape_ascii());
        valid += usize::from(done.is_ok_and(|is_valid| is_valid));
    }
    valid
}

/// Draws what is wrong in all ways in which it can be drawn.
fn draw_all(found: &Diagnostics) {
    assert!(found.render(false).len() + found.render(true).len() > 1 || found.is_empty());
    drop(found.to_json());
}

const SCRIPT: &str = r##"
const FAST = param("fast", 3, 1..=10, "bars");
const WORD = param("word", "a");
import "lib" as lib;

fn on_init(params) { this.fast = feed(sma(FAST), "bar.close"); this.list = [1, 2.5, "x"]; this.map = #{ a: 1 }; }

fn on_bar(bar) {
    if this.fast.value != () && bar.close > this.fast.value { buy(10, #{ post_only: false }); } else { close(); }
    for n in 0..3 { this.list[n] = `${n}: ${bar.close}`; }
    switch WORD { "a" => log("x"), _ => { plot("y", lib::half(3)); } }
    let f = |x| x + 1;
    try { throw "no"; } catch (e) { record("t", #{ e: e }); }
}

fn test_it() { mock_bar(1.0, 2.0, 0.5, 1.5, 100); assert_eq(position(), 0); }
"##;

const SCENARIO: &str = r#"
# A comment: é "quoted"
[scenario]
name = "fuzz"
seed = 7
start = 2024-01-02T09:30:00
end = 2024-01-02T09:40:00
bars = "1m"
zone = "America/New_York"

[record]
tables = ["fills", "log"]

[[instruments]]
symbol = "ACME"
tick_size = "0.01"
lot_size = 1
process = { kind = "gbm", initial = 100, volatility = 0.2 }

[[instruments]]
symbol = 'BARS'
tick_size = 0.01

[[venues]]
name = "PIT"
instruments = ["ACME", "BARS"]
fees = { maker_bps = -0.1, taker_bps = 0.3, auction_bps = 0 }

[[agents]]
kind = "noise"
instrument = "ACME"
count = 3
holdings = { ACME = 100 }
max_quantity = 20
depth = "0.05"
latency = { entry = { min = "10us", max = "1ms" }, report = "1ms" }

[[agents]]
kind = "replay"
instrument = "BARS"
data = "bars.csv"
bar_length = "1m"
columns = { close = 5 }

[[agents]]
name = "s"
kind = "script"
file = "s.rhai"
params = { fast = 4, word = """b""" }
"#;

const BARS: &str = "time,open,high,low,close,volume\n2024-01-02 09:30,10,10.5,9.5,10.25,100\n\
                    2024-01-02 09:31,10.25,11,10,10.75,200\n2024-01-02 09:32,10.75,11,10.5,10.5,0\n";

/// Writes the files that a scenario needs.
fn directory() -> TempDir {
    let directory = TempDir::new().unwrap();
    let put = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    put("bars.csv", BARS);
    put("s.rhai", SCRIPT);
    put("lib.rhai", "fn half(x) { x / 2.0 }\n");
    directory
}

#[test]
fn no_scenario_makes_the_loader_panic() {
    let directory = directory();
    let path = directory.path().join("t.toml");
    fuzz("toml", 20_000, &[SCENARIO], |bytes| {
        fs::write(&path, bytes).unwrap();
        match Scenario::load(&path, &[]) {
            Ok(scenario) => {
                draw_all(&scenario.warnings);
                draw_all(&scenario.check());
                true
            }
            Err(found) => {
                draw_all(&found);
                false
            }
        }
    });
}

#[test]
fn no_change_of_a_scenario_makes_it_panic() {
    let directory = directory();
    let path = directory.path().join("t.toml");
    fs::write(&path, SCENARIO).unwrap();
    let changes =
        ["scenario.seed=8", "noise.count=2", "s.fast=5", "agents.1.columns={ close = 5 }", "s.word=\"x\""];
    fuzz("--set", 10_000, &changes, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(change) = text.parse::<Override>() else { return false };
        match Scenario::load(&path, &[change]) {
            Ok(_) => true,
            Err(found) => {
                draw_all(&found);
                // A change that names nothing is still one that could be read.
                changes.contains(&&*text)
            }
        }
    });
}

#[test]
fn no_script_makes_the_compiler_panic() {
    let directory = directory();
    let path = directory.path().join("s.rhai");
    let other = "fn on_start() { buy_limit(1, 99.5); }\nfn on_order(event) { event.order.cancel(); }\n";
    fuzz("rhai", 20_000, &[SCRIPT, other], |bytes| {
        fs::write(&path, bytes).unwrap();
        match Strategy::load(&path) {
            Ok(strategy) => {
                draw_all(&strategy.findings);
                true
            }
            Err(found) => {
                draw_all(&found);
                false
            }
        }
    });
}

#[test]
fn no_table_makes_the_reader_of_data_panic() {
    let quoted = "\"Date\";\"Open\";\"High\";\"Low\";\"Close\";\"Volume\"\n\"31.12.2024\";\"1,5\";2;1;1;5\n";
    let stacked = "Price,Close,High,Low,Open,Volume\nTicker,X,X,X,X,X\nDate,,,,,\n2024-01-02,1,2,1,1,5\n";
    let quotes =
        "time,bid,ask,bid_size,ask_size\n2024-01-02T09:30:00Z,1,2,3,4\n2024-01-02T09:30:00.5Z,1,2,3,4\n";
    let klines = "1704153600000,100.0,101.0,99.0,100.5,1,1704153659999,1,1,1,1,0\n";
    let forms = [BARS, stacked, quotes, klines];
    fuzz("csv", 35_000, &forms, |bytes| read(bytes, &ReadOptions::default()).file.is_some());
    let german = ReadOptions {
        numbers: Some(bearpit::data::NumberFormat { decimal: ',', thousands: Some('.'), suffixes: true }),
        time_format: Some("%d.%m.%Y".to_owned()),
        ..ReadOptions::default()
    };
    fuzz("csv, told", 5_000, &[quoted], |bytes| read(bytes, &german).file.is_some());
}

#[test]
fn no_messages_make_the_reader_of_lobster_panic() {
    let directory = TempDir::new().unwrap();
    let [messages, book] = ["m.csv", "b.csv"].map(|name| directory.path().join(name));
    let rows = "34200.1,1,1,100,1000000,1\n34200.2,1,2,50,1000100,-1\n34200.3,4,1,10,1000000,1\n";
    let levels = "9999999999,0,1000000,100\n1000100,50,1000000,100\n1000100,50,1000000,90\n";
    for (name, damaged, other, text) in
        [("messages", &messages, (&book, levels), rows), ("book", &book, (&messages, rows), levels)]
    {
        fs::write(other.0, other.1).unwrap();
        fuzz(name, 3_000, &[text], |bytes| {
            fs::write(damaged, bytes).unwrap();
            match OrderFlow::load(&messages, &book, None) {
                Ok(_) => true,
                Err(found) => {
                    draw_all(&found);
                    false
                }
            }
        });
    }
}

/// Returns the manifest of a run that has been made.
fn manifest_of_a_run(directory: &Path) -> String {
    use bearpit::run::{OutputConfig, Run};
    let overrides = ["scenario.end=2025-03-03T09:30:10".parse().unwrap()];
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.toml");
    let scenario = Scenario::load(&file, &overrides).unwrap();
    let output = OutputConfig { report: false, ..OutputConfig::new(directory) };
    let finished = Run::of(&scenario).output(output).run().unwrap();
    fs::read_to_string(finished.directory.unwrap().join("manifest.json")).unwrap()
}

#[test]
fn no_manifest_makes_the_reader_of_runs_panic() {
    let directory = TempDir::new().unwrap();
    let manifest = manifest_of_a_run(directory.path());
    let run = directory.path().join("quickstart/42");
    fuzz("manifest", 4_000, &[&manifest], |bytes| {
        fs::write(run.join("manifest.json"), bytes).unwrap();
        match StoredRun::open(&run) {
            // Where it still opens, its tables are read as it says.
            Ok(stored) => RunData::read(&stored).map_err(|error| error.to_string()).is_ok(),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                false
            }
        }
    });
}
