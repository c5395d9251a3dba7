//! Books that are asked for over HTTP while a crowd trades.

use std::rc::Rc;

use super::client::{Client, get};
use super::error::BenchError;
use super::latency::Line;
use super::pace::{Pace, on_load_core, open_loop};
use super::plain::Plain;
use super::stage::{BUSY, BenchConfig, Setup, Stage};

/// Connections that stay open.
const CONNECTIONS: usize = 32;
/// What is promised: books in a second.
const RATE: u32 = 20_000;

/// Measures books that are asked for in an open loop, beside the same bytes from a plain server.
///
/// # Errors
/// [`BenchError`] if a server does not do what it is asked.
pub fn books(config: &BenchConfig, print: &mut dyn FnMut(&Line)) -> Result<(), BenchError> {
    let pace = Pace { rate: config.rate.unwrap_or(RATE), seconds: config.seconds };
    let (line, answer) = on_load_core(config.cores, || measure(config, pace))?;
    print(&line);
    let plain = Plain::start(config.cores, answer)?;
    let beside = || async {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(Client::connect(plain.address).await?);
        }
        let took = open_loop(pace, clients, Rc::new(|_, _| ask())).await?;
        Ok(Line::new("  beside: a plain server, the same bytes", took.delays, took.took))
    };
    print(&on_load_core(config.cores, beside)?);
    Ok(())
}

async fn measure(config: &BenchConfig, pace: Pace) -> Result<(Line, Vec<u8>), BenchError> {
    let stage = Stage::set(config, Setup::default(), 0).await?;
    let mut clients = stage.clients(CONNECTIONS).await?;
    let answer = clients[0].ask(&ask()).await?.bytes.to_vec();
    let before = stage.server.figures().await?;
    let took = open_loop(pace, clients, Rc::new(|_, _| ask())).await?;
    let after = stage.server.figures().await?;
    stage.end()?;
    let line = Line::new("GET /api/book/snapshot", took.delays, took.took);
    let count = line.count() + pace.rate as usize;
    Ok((line.beside(after.processor_since(&before, count)), answer))
}

fn ask() -> Vec<u8> {
    get(&format!("/api/book/snapshot?symbol={BUSY}"))
}
