//! Frames at random.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::client::Fixture;

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    const fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [.., a, b, c, d] = self.0.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}

const FRAMES: usize = 10_000;
const FRAMES_EACH: usize = 20;
/// Frames that come alone on their connection. A server that closes with something unread takes back what it
/// said last.
const LONE_FRAMES: usize = 100;
/// For how long it is listened before one hangs up.
const LISTENS: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(20);
const HANDSHAKE: &str = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Opens a connection, past its handshake.
fn open(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(HANDSHAKE.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    stream
}

/// A frame of any kind: random bits of its head, a length that may lie, a part of a message, garbage.
fn frame(random: &mut Dice) -> Vec<u8> {
    const PARTS: [&str; 6] = [
        r#"{"op":"subscribe","channel":"book","symbol":"ALFA"}"#,
        r#"{"op":"ping","id":"#,
        r#"{"op":"auth","token":"\u0000"}"#,
        r#"{"op":"subscribe","channel":"trades","symbol":"ALFA","from":{"epoch":"-9223372036854775808","next":18446744073709551615}}"#,
        "\u{fffd}[[[[[[[[",
        "",
    ];
    let mut payload = PARTS[random.next_u32() as usize % PARTS.len()].as_bytes().to_vec();
    if random.next_u32().is_multiple_of(2) {
        payload = (0..random.next_u32() % 200).map(|_| random.next_u32().to_le_bytes()[0]).collect();
    }
    let opcodes =
        [0x81, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x00, 0x80, 0xf1, 0x83, random.next_u32().to_le_bytes()[0]];
    let mut bytes = vec![opcodes[random.next_u32() as usize % opcodes.len()]];
    let mask: u8 = if random.next_u32().is_multiple_of(8) { 0 } else { 0x80 };
    match random.next_u32() % 12 {
        0 => bytes.extend([mask | 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        1 => bytes.extend([mask | 126, 0xff, 0xff]),
        _ if payload.len() < 126 => bytes.push(mask | u8::try_from(payload.len()).unwrap()),
        _ => {
            bytes.push(mask | 126);
            bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    // With a key of zeros what is sent is what is meant.
    bytes.extend(if mask == 0 { &[][..] } else { &[0; 4] });
    bytes.extend(payload);
    bytes
}

#[test]
fn ten_thousand_frames_at_random_end_connections_and_nothing_else() {
    let mut fixture = Fixture::new();
    let mut watcher = fixture.connect();
    watcher.ask(r#"{"op":"subscribe","channel":"trades","symbol":"ALFA"}"#);
    let mut random = Dice(11);
    let mut closed_by_reason = 0;
    let connections = (FRAMES - LONE_FRAMES) / FRAMES_EACH;
    for number in 0..connections + LONE_FRAMES {
        let alone = number >= connections;
        let mut stream = open(fixture.server.address());
        for _ in 0..if alone { 1 } else { FRAMES_EACH } {
            // It may be closed already.
            if stream.write_all(&frame(&mut random)).is_err() {
                break;
            }
        }
        let mut told = Vec::new();
        if alone {
            // Whoever has hung up may be told nothing; a frame that is not whole is waited for.
            stream.set_read_timeout(Some(LISTENS)).unwrap();
            stream.read_to_end(&mut told).unwrap_or_default();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        stream.shutdown(Shutdown::Write).unwrap_or_default();
        if let Err(error) = stream.read_to_end(&mut told) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "a connection is not ended");
        }
        let reasons = ["bad_frame", "too_long", "not_text", "bad_token"];
        let has = |reason: &&str| told.windows(reason.len()).any(|part| part == reason.as_bytes());
        closed_by_reason += usize::from(alone && reasons.iter().any(has));
        if number % 50 == 0 {
            fixture.hand.print(10_000, 1);
            fixture.hand.publish();
            assert_eq!(watcher.next()["type"], "trade");
        }
    }
    assert!(closed_by_reason > LONE_FRAMES / 10, "{closed_by_reason} connections were told why they end");
    assert_eq!(fixture.connect().ask(r#"{"op":"ping"}"#)["type"], "pong");
}
