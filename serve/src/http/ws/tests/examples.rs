//! The clients of `examples/clients`, as they are.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use bearpit_core::market::Side;

use super::client::{Fixture, PATIENCE};
use crate::services::market_data::fixture::CROWD;

/// Returns whether a program runs with arguments that end it at once.
fn runs(program: &str, arguments: &[&str]) -> bool {
    let quiet = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// Runs a client until it has seen four books, while the market moves.
fn follows_the_book(program: &str, before: &[&str], file: &str) {
    let mut fixture = Fixture::new();
    fixture.hand.enter(CROWD, Side::Buy, 9_000, 5);
    fixture.hand.enter(CROWD, Side::Sell, 10_000, 5);
    fixture.hand.publish();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/clients").join(file);
    let url = format!("ws://{}/ws", fixture.server.address());
    let mut client = Command::new(program)
        .args(before)
        .arg(path)
        .args([url.as_str(), "ALFA", "4"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (line, lines) = mpsc::channel();
    let output = BufReader::new(client.stdout.take().unwrap());
    let reading = std::thread::spawn(move || {
        output.lines().map_while(Result::ok).for_each(|text| line.send(text).unwrap_or_default());
    });
    let mut seen = Vec::new();
    for better in 1..=4 {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => seen.push(line),
            Err(_) => break,
        }
        fixture.hand.enter(CROWD, Side::Buy, 9_000 + 100 * better, 1);
        fixture.hand.publish();
    }
    // It ends by itself; one that does not is ended.
    if lines.recv_timeout(Duration::from_secs(5)).is_ok() {
        seen.push("more than was asked for".to_owned());
    }
    client.kill().unwrap_or_default();
    client.wait().unwrap();
    reading.join().unwrap();
    let mut errors = String::new();
    client.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    let bids: Vec<_> = seen.iter().map(|line| line.split(' ').nth(1).unwrap_or_default()).collect();
    assert_eq!(bids, ["90", "91", "92", "93"], "{seen:?}: {errors}");
}

#[test]
fn the_client_in_python_follows_the_book() {
    if runs("python3", &["-c", "import websockets.asyncio.client"]) {
        follows_the_book("python3", &[], "book.py");
    } else {
        eprintln!("SKIPPED: no Python with the package `websockets`");
    }
}

#[test]
fn the_client_in_javascript_follows_the_book() {
    let has_one = |flags: &[&str]| {
        let ends = "process.exit(typeof WebSocket === 'undefined' ? 1 : 0)";
        runs("node", &[flags, &["-e", ends]].concat())
    };
    if has_one(&[]) {
        follows_the_book("node", &[], "book.mjs");
    } else if has_one(&["--experimental-websocket"]) {
        follows_the_book("node", &["--experimental-websocket"], "book.mjs");
    } else {
        eprintln!("SKIPPED: no Node with a WebSocket");
    }
}

#[test]
fn the_clients_are_as_short_as_the_page_says() {
    for text in [
        include_str!("../../../../../examples/clients/book.py"),
        include_str!("../../../../../examples/clients/book.mjs"),
    ] {
        assert!(text.lines().count() <= 40, "{} lines", text.lines().count());
    }
}
