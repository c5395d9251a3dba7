//! Trades that a thousand clients of the WebSocket are told of.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::client::{Client, post};
use super::error::BenchError;
use super::latency::Line;
use super::pace::{Pace, on_load_core, wait_until};
use super::stage::{BUSY, BenchConfig, QUIET, Setup, Stage, answered};

/// Clients that read.
const CLIENTS: usize = 1_000;
/// Clients that read nothing.
const STALLED: usize = 100;
/// What is promised: messages in a second, to all of them together.
const RATE: u32 = 50_000;
/// How long a message may be missing.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a client that reads nothing takes in before the server notices.
const STALLED_BYTES: u32 = 2_048;

const HANDSHAKE: &str = "GET /ws HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// When each trade was due, by the number that it has on its channel.
type Due = Rc<RefCell<Vec<Instant>>>;
type Delays = Rc<RefCell<Vec<Duration>>>;

/// Measures trades from when their orders were due to their arrival at each of a thousand clients; then the
/// same beside a hundred clients that read nothing, and the same bytes written to as many plain sockets.
///
/// # Errors
/// [`BenchError`] if a server does not do what it is asked.
pub fn fan_out(config: &BenchConfig, print: &mut dyn FnMut(&Line)) -> Result<(), BenchError> {
    let messages = config.rate.unwrap_or(RATE);
    let trades = (messages / u32::try_from(CLIENTS).unwrap_or(u32::MAX)).max(1);
    let pace = Pace { rate: trades, seconds: config.seconds };
    let lines = on_load_core(config.cores, || measure(config, pace))?;
    lines.iter().for_each(&mut *print);
    print(&on_load_core(config.cores, || plain(config, pace))?);
    Ok(())
}

async fn measure(config: &BenchConfig, pace: Pace) -> Result<Vec<Line>, BenchError> {
    let stage = Stage::set(config, Setup::default(), 1).await?;
    let due = Due::default();
    let mut lines = Vec::new();
    for stalled in [0, STALLED] {
        let mut silent = Vec::new();
        for _ in 0..stalled {
            silent.push(stall(stage.server.address).await?);
        }
        let before = stage.server.figures().await?;
        let (delays, took) = told(&stage, &due, pace).await?;
        let after = stage.server.figures().await?;
        let what = match stalled {
            0 => format!("trades to {CLIENTS} clients"),
            _ => format!("  beside {stalled} more that read nothing"),
        };
        let line = Line::new(what, delays, took);
        let count = line.count();
        lines.push(line.beside(after.syncs_since(&before)).beside(after.processor_since(&before, count)));
    }
    stage.end()?;
    Ok(lines)
}

/// Lets trades happen at a pace, and returns how late each was at each client.
async fn told(stage: &Stage, due: &Due, pace: Pace) -> Result<(Vec<Duration>, Duration), BenchError> {
    let delays = Delays::default();
    let mut reading = Vec::new();
    for _ in 0..CLIENTS {
        let stream = follow(TcpSocket::new_v4()?.connect(stage.server.address).await?, &[QUIET]).await?;
        let (due, delays) = (Rc::clone(due), Rc::clone(&delays));
        reading.push(spawn_local(read(stream, pace.count() as usize, due, delays)));
    }
    let body =
        format!(r#"{{"symbol":"{QUIET}","side":"buy","quantity":"1","price":"150","time_in_force":"ioc"}}"#);
    let order = post("/api/orders", stage.tokens.first().map(String::as_str), &body);
    let mut client = Client::connect(stage.server.address).await?;
    let started = super::clock::now();
    for number in 0..pace.count() {
        let at = pace.due(started, number);
        wait_until(at).await;
        due.borrow_mut().push(at);
        answered(&mut client, "an order", &order).await?;
    }
    for reader in reading {
        reader.await.map_err(std::io::Error::other)??;
    }
    let took = started.elapsed();
    Ok((delays.take(), took))
}

/// A text frame, with a key of zeros.
fn frame(text: &str) -> Vec<u8> {
    // All that is sent here is short.
    let length = u8::try_from(text.len()).unwrap_or(125);
    let mut bytes = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    bytes.extend(text.as_bytes());
    bytes
}

/// Follows the trades of some symbols.
async fn follow(mut stream: TcpStream, symbols: &[&str]) -> Result<TcpStream, BenchError> {
    stream.write_all(HANDSHAKE.as_bytes()).await?;
    for symbol in symbols {
        let subscribe = format!(r#"{{"op":"subscribe","channel":"trades","symbol":"{symbol}"}}"#);
        stream.write_all(&frame(&subscribe)).await?;
    }
    await_words(&mut stream, b"\"subscribed\"").await?;
    Ok(stream)
}

/// Reads until some words have come.
async fn await_words(stream: &mut TcpStream, words: &[u8]) -> Result<(), BenchError> {
    let mut got = Vec::new();
    let reading = async {
        while !got.windows(words.len()).any(|part| part == words) {
            if stream.read_buf(&mut got).await? == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
            }
        }
        Ok(())
    };
    timeout(PATIENCE, reading).await.map_err(|_| missing())??;
    Ok(())
}

/// Follows books and trades, takes in next to nothing, and reads nothing any more.
async fn stall(address: SocketAddr) -> Result<TcpStream, BenchError> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(STALLED_BYTES)?;
    let mut stream = follow(socket.connect(address).await?, &[QUIET, BUSY]).await?;
    let book = format!(r#"{{"op":"subscribe","channel":"book","symbol":"{BUSY}"}}"#);
    stream.write_all(&frame(&book)).await?;
    Ok(stream)
}

/// Reads messages until all have come, and notes how late each was.
async fn read(mut stream: TcpStream, count: usize, due: Due, delays: Delays) -> Result<(), BenchError> {
    const NUMBER: &[u8] = b"\"number\":";
    let (mut held, mut seen) = (Vec::with_capacity(1 << 12), 0);
    while seen < count {
        let got = timeout(PATIENCE, stream.read_buf(&mut held)).await.map_err(|_| missing())??;
        if got == 0 {
            return Err(missing());
        }
        let now = super::clock::now();
        let mut taken = 0;
        while let Some(place) = held[taken..].windows(NUMBER.len()).position(|part| part == NUMBER) {
            let from = taken + place + NUMBER.len();
            let Some(end) = held[from..].iter().position(|byte| !byte.is_ascii_digit()) else { break };
            let number = std::str::from_utf8(&held[from..from + end]).ok().and_then(|text| text.parse().ok());
            let at =
                number.and_then(|number: usize| due.borrow().get(number).copied()).ok_or_else(missing)?;
            delays.borrow_mut().push(now.saturating_duration_since(at));
            taken = from + end;
            seen += 1;
        }
        held.drain(..taken);
    }
    Ok(())
}

fn missing() -> BenchError {
    BenchError::Missing("a client was not told of a trade".to_owned())
}

/// The same messages, written to as many sockets on the server's processor and nothing else.
async fn plain(config: &BenchConfig, pace: Pace) -> Result<Line, BenchError> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (texts, to_write) = std::sync::mpsc::channel::<Vec<u8>>();
    let cores = config.cores;
    let write = move || -> std::io::Result<()> {
        if let Some(cores) = cores {
            cores.take_server();
        }
        let mut streams = Vec::new();
        for _ in 0..CLIENTS {
            streams.push(listener.accept()?.0);
        }
        for text in to_write {
            for stream in &mut streams {
                std::io::Write::write_all(stream, &text)?;
            }
        }
        Ok(())
    };
    let writer = std::thread::Builder::new().name("plain".to_owned()).spawn(write)?;
    let (due, delays, mut reading) = (Due::default(), Delays::default(), Vec::new());
    for _ in 0..CLIENTS {
        let stream = TcpStream::connect(address).await?;
        reading.push(spawn_local(read(stream, pace.count() as usize, Rc::clone(&due), Rc::clone(&delays))));
    }
    let started = super::clock::now();
    for number in 0..pace.count() {
        let at = pace.due(started, number);
        wait_until(at).await;
        due.borrow_mut().push(at);
        let message = format!(r#"{{"type":"trade","number":{number},"text":"{}"}}"#, "x".repeat(200));
        texts.send(message.into_bytes()).unwrap_or_default();
    }
    for reader in reading {
        reader.await.map_err(std::io::Error::other)??;
    }
    let took = started.elapsed();
    drop(texts);
    writer.join().unwrap_or(Ok(()))?;
    Ok(Line::new("  beside: plain sockets, as many bytes", delays.take(), took))
}
