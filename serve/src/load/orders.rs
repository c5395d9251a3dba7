//! Orders that are entered over HTTP, each on disk before its answer.

use std::rc::Rc;
use std::time::Duration;

use super::client::post;
use super::error::BenchError;
use super::latency::Line;
use super::pace::{Pace, on_load_core, open_loop};
use super::plain::Plain;
use super::stage::{BUSY, BenchConfig, Setup, Stage};

/// How many people trade, each over a connection that stays open.
const PEOPLE: usize = 64;
/// What is promised: orders in a second, each on disk before its answer.
const DURABLE: u32 = 3_000;
/// On a disk whose syncs take [`SLOWER`].
const ON_SLOW_DISK: u32 = 1_000;
const SLOWER: Duration = Duration::from_millis(5);
/// Without waiting for the disk.
const RELAXED: u32 = 8_000;

/// Measures orders in an open loop: half of them rest, the others take liquidity. On this disk, beside the
/// same bytes from a plain server; on a disk whose syncs take 5 ms more; and without waiting for the disk.
///
/// # Errors
/// [`BenchError`] if a server does not do what it is asked.
pub fn orders(config: &BenchConfig, print: &mut dyn FnMut(&Line)) -> Result<(), BenchError> {
    let slow = Setup { sync_extra: SLOWER, ..Setup::default() };
    let relaxed = Setup { is_relaxed: true, ..Setup::default() };
    for (what, rate, setup) in [
        ("orders, each on disk before its answer", DURABLE, Setup::default()),
        ("orders, syncs 5 ms longer", ON_SLOW_DISK, slow),
        ("orders, relaxed durability", RELAXED, relaxed),
    ] {
        let pace = Pace { rate: config.rate.unwrap_or(rate), seconds: config.seconds };
        let (line, answer) = on_load_core(config.cores, || measure(config, setup, pace, what))?;
        print(&line);
        let plain = Plain::start(config.cores, answer)?;
        print(&on_load_core(config.cores, || beside(&plain, pace))?);
    }
    Ok(())
}

/// Measures a server, and returns an answer of it beside.
async fn measure(
    config: &BenchConfig,
    setup: Setup,
    pace: Pace,
    what: &str,
) -> Result<(Line, Vec<u8>), BenchError> {
    let stage = Stage::set(config, setup, PEOPLE).await?;
    let mut clients = stage.clients(PEOPLE).await?;
    let answer = clients[0].ask(&order(&stage.tokens[0], 0)).await?.bytes.to_vec();
    let tokens = stage.tokens.clone();
    let before = stage.server.figures().await?;
    let took = open_loop(pace, clients, Rc::new(move |place, number| order(&tokens[place], number))).await?;
    let after = stage.server.figures().await?;
    stage.end()?;
    let line = Line::new(what, took.delays, took.took);
    // Figures count the warm-up too.
    let count = line.count() + pace.rate as usize;
    let line = line
        .beside(after.syncs_since(&before))
        .beside(after.processor_since(&before, count))
        .beside(after.lag());
    Ok((line, answer))
}

async fn beside(plain: &Plain, pace: Pace) -> Result<Line, BenchError> {
    let mut clients = Vec::new();
    for _ in 0..PEOPLE {
        clients.push(super::client::Client::connect(plain.address).await?);
    }
    let took =
        open_loop(pace, clients, Rc::new(|_, number| order("a token that nobody looks at", number))).await?;
    Ok(Line::new("  beside: a plain server, the same bytes", took.delays, took.took))
}

/// Writes an order: one that rests, or one that takes what there is.
pub(super) fn order(token: &str, number: u32) -> Vec<u8> {
    // A round of all people has either kind: their number is even.
    let body = if (number / 64 + number).is_multiple_of(2) {
        let cents = number % 50;
        format!(r#"{{"symbol":"{BUSY}","side":"buy","quantity":"1","price":"50.{cents:02}"}}"#)
    } else {
        format!(r#"{{"symbol":"{BUSY}","side":"buy","quantity":"1","price":"150","time_in_force":"ioc"}}"#)
    };
    post("/api/orders", Some(token), &body)
}
