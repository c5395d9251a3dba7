//! Frames at random.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::client::{Fixture, PATIENCE};

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
/// Frames that come alone on their connection, each of which is answered if it must be. A server that closes
/// with something unread takes back what it said last, so that of many not all are.
const LONE_FRAMES: usize = 100;
/// For how long it is listened, where no answer must come, before one hangs up.
const LISTENS: Duration = Duration::from_millis(100);
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

/// A frame as it was made.
struct Made {
    bytes: Vec<u8>,
    /// Its first byte: whether it is the last part of its message, reserved bits, opcode.
    head: u8,
    is_masked: bool,
    /// Its length, as it says it.
    length: u64,
    payload: Vec<u8>,
}

const PARTS: [&str; 6] = [
    r#"{"op":"subscribe","channel":"book","symbol":"ALFA"}"#,
    r#"{"op":"ping","id":"#,
    BAD_TOKEN,
    r#"{"op":"subscribe","channel":"trades","symbol":"ALFA","from":{"epoch":"-9223372036854775808","next":18446744073709551615}}"#,
    "\u{fffd}[[[[[[[[",
    "",
];
const BAD_TOKEN: &str = r#"{"op":"auth","token":"\u0000"}"#;

/// Makes a frame of any kind: random bits of its head, a length that may lie, a part of a message, garbage.
fn frame(random: &mut Dice) -> Made {
    let mut payload = PARTS[random.next_u32() as usize % PARTS.len()].as_bytes().to_vec();
    if random.next_u32().is_multiple_of(2) {
        payload = (0..random.next_u32() % 200).map(|_| random.next_u32().to_le_bytes()[0]).collect();
    }
    let opcodes =
        [0x81, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x00, 0x80, 0xf1, 0x83, random.next_u32().to_le_bytes()[0]];
    let head = opcodes[random.next_u32() as usize % opcodes.len()];
    let mut bytes = vec![head];
    let mask: u8 = if random.next_u32().is_multiple_of(8) { 0 } else { 0x80 };
    let (short, length) = match random.next_u32() % 12 {
        0 => (127, u64::MAX),
        1 => (126, u64::from(u16::MAX)),
        _ if payload.len() < 126 => (u8::try_from(payload.len()).unwrap(), payload.len() as u64),
        _ => (126, payload.len() as u64),
    };
    bytes.push(mask | short);
    match short {
        127 => bytes.extend(length.to_be_bytes()),
        126 => bytes.extend(u16::try_from(length).unwrap().to_be_bytes()),
        _ => {}
    }
    // With a key of zeros what is sent is what is meant.
    bytes.extend(if mask == 0 { &[][..] } else { &[0; 4] });
    bytes.extend(&payload);
    Made { bytes, head, is_masked: mask != 0, length, payload }
}

/// The words of [`Made::answer`].
const ANSWERS: [&str; 5] = ["bad_frame", "too_long", "not_text", "bad_token", "malformed_json"];

impl Made {
    /// Returns the word that its sender must be answered by, alone on a connection, as the protocol says.
    /// There is none if it may stand, is waited for, or ends the connection without a word. The last is so
    /// with reserved bits and with text that is no UTF-8, which the library below tells from a lost
    /// connection by no type.
    fn answer(&self) -> Option<&'static str> {
        let (is_last, reserved, opcode) = (self.head & 0x80 != 0, self.head & 0x70, self.head & 0x0f);
        if reserved != 0 {
            return None;
        }
        if !self.is_masked || matches!(opcode, 3..8 | 11..) {
            return Some("bad_frame");
        }
        if self.length > u64::MAX >> 1 {
            return Some("too_long");
        }
        if self.length > self.payload.len() as u64 {
            return None;
        }
        match opcode {
            // Nothing was begun that it could go on with.
            0 => Some("bad_frame"),
            8.. if self.payload.len() > 125 || !is_last => Some("bad_frame"),
            8 if self.payload.len() == 1 => Some("bad_frame"),
            2 if is_last => Some("not_text"),
            1 if is_last => self.answer_to_text(),
            _ => None,
        }
    }

    fn answer_to_text(&self) -> Option<&'static str> {
        let text = std::str::from_utf8(&self.payload).ok()?;
        if serde_json::from_str::<serde_json::Value>(text).is_err() {
            return Some("malformed_json");
        }
        (text == BAD_TOKEN).then_some("bad_token")
    }
}

/// Returns whether something has a word in it.
fn has(told: &[u8], word: &str) -> bool {
    told.windows(word.len()).any(|part| part == word.as_bytes())
}

/// Reads until a word has come; returns what was read, also where it has not come and nothing else comes.
fn read_until(stream: &mut TcpStream, word: &str) -> Vec<u8> {
    let (mut told, mut part) = (Vec::new(), [0; 512]);
    while !has(&told, word) {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(length) => told.extend(&part[..length]),
        }
    }
    told
}

/// Sends frames until the connection ends.
fn send(stream: &mut TcpStream, random: &mut Dice) {
    for _ in 0..FRAMES_EACH {
        // It may be closed already.
        if stream.write_all(&frame(random).bytes).is_err() {
            break;
        }
    }
}

/// Sends one frame, and returns the word that must be told because of it, if one must, after it was.
fn send_alone(stream: &mut TcpStream, random: &mut Dice) -> Option<&'static str> {
    let made = frame(random);
    stream.write_all(&made.bytes).unwrap();
    let Some(word) = made.answer() else {
        // A frame that is not whole is waited for.
        stream.set_read_timeout(Some(LISTENS)).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap_or_default();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        return None;
    };
    let told = read_until(stream, word);
    assert!(has(&told, word), "{:x?} is answered by {}", made.bytes, told.escape_ascii());
    Some(word)
}

#[test]
fn ten_thousand_frames_at_random_end_connections_and_nothing_else() {
    let mut fixture = Fixture::new();
    let mut watcher = fixture.connect();
    watcher.ask(r#"{"op":"subscribe","channel":"trades","symbol":"ALFA"}"#);
    // Those that come alone are the same each time, however soon the connections before them are closed.
    let (mut random, mut random_alone) = (Dice(11), Dice(26));
    let mut answers = Vec::new();
    let connections = (FRAMES - LONE_FRAMES) / FRAMES_EACH;
    for number in 0..connections + LONE_FRAMES {
        let mut stream = open(fixture.server.address());
        if number < connections {
            send(&mut stream, &mut random);
        } else {
            answers.extend(send_alone(&mut stream, &mut random_alone));
        }
        stream.shutdown(Shutdown::Write).unwrap_or_default();
        if let Err(error) = stream.read_to_end(&mut Vec::new()) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "a connection is not ended");
        }
        if number % 50 == 0 {
            fixture.hand.print(10_000, 1);
            fixture.hand.publish();
            assert_eq!(watcher.next()["type"], "trade");
        }
    }
    assert!(answers.len() > LONE_FRAMES / 3, "{} of {LONE_FRAMES} must be answered", answers.len());
    assert!(ANSWERS.iter().all(|word| answers.contains(word)), "{answers:?}");
    assert_eq!(fixture.connect().ask(r#"{"op":"ping"}"#)["type"], "pong");
}
