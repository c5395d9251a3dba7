//! [`Wire`]: a connection to a server, over which anything can be sent; what comes back is read strictly.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection that stays open as long as the server lets it.
pub(crate) struct Wire {
    address: SocketAddr,
    stream: Option<TcpStream>,
    held: Vec<u8>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    closes: bool,
}

impl Wire {
    pub(crate) const fn to(address: SocketAddr) -> Self {
        Self { address, stream: None, held: Vec::new() }
    }

    /// Sends bytes that are one request, and returns its answer; none where the server hangs up.
    pub(crate) fn ask(&mut self, bytes: &[u8], is_head: bool) -> Option<Answer> {
        // One that was closed since the last answer takes nothing: that is tried again.
        for _ in 0..2 {
            if self.send(bytes)
                && let Some(answer) = self.answer(is_head)
            {
                if answer.closes {
                    self.hang_up();
                }
                return Some(answer);
            }
            self.hang_up();
        }
        None
    }

    /// Sends bytes, and that there are no more; returns the answers to all that they may be.
    pub(crate) fn end_with(&mut self, bytes: &[u8]) -> Vec<Answer> {
        let mut answers = Vec::new();
        if self.send(bytes) {
            // The server may have hung up already.
            self.stream.as_ref().map(|stream| stream.shutdown(Shutdown::Write).ok());
            while let Some(answer) = self.answer(false) {
                let closes = answer.closes;
                answers.push(answer);
                if closes {
                    break;
                }
            }
        }
        self.hang_up();
        answers
    }

    /// Sends bytes that begin with the handshake of a WebSocket, and reads until the server hangs up.
    pub(crate) fn until_its_end(&mut self, bytes: &[u8]) {
        assert!(self.send(bytes), "nothing can be sent");
        assert_eq!(self.answer(true).map(|answer| answer.status), Some(101));
        self.stream.as_ref().map(|stream| stream.shutdown(Shutdown::Write).ok());
        while self.more().is_some() {
            self.held.clear();
        }
        self.hang_up();
    }

    /// Sends a request of JSON by whoever has a token or key.
    pub(crate) fn json(&mut self, method: &str, path: &str, token: &str, body: &str) -> (u16, String) {
        let token =
            if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\n{token}Content-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        let answer = self.ask(request.as_bytes(), false).unwrap();
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    fn send(&mut self, bytes: &[u8]) -> bool {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.set_write_timeout(Some(PATIENCE)).unwrap();
            stream.set_nodelay(true).unwrap();
            self.stream = Some(stream);
        }
        self.stream.as_mut().is_some_and(|stream| stream.write_all(bytes).is_ok())
    }

    fn hang_up(&mut self) {
        self.stream = None;
        self.held.clear();
    }

    fn answer(&mut self, is_head: bool) -> Option<Answer> {
        let end = loop {
            if let Some(end) = place(&self.held, b"\r\n\r\n") {
                break end;
            }
            self.more()?;
        };
        let head = String::from_utf8_lossy(&self.held[..end]).to_lowercase();
        let status: u16 = head.strip_prefix("http/1.").unwrap()[2..5].parse().unwrap();
        let header =
            |name: &str| head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let has_body = !is_head && status >= 200 && status != 204 && status != 304;
        let length = header("content-length").map(|length| length.parse::<usize>().unwrap());
        let closes = header("connection") == Some("close") || head.starts_with("http/1.0");
        let is_chunked = header("transfer-encoding") == Some("chunked");
        self.held.drain(..end + 4);
        let body_end = match (has_body, is_chunked) {
            (false, _) => 0,
            (true, false) => length.unwrap_or(0),
            (true, true) => loop {
                if let Some(end) = place(&self.held, b"0\r\n\r\n") {
                    break end + 5;
                }
                self.more()?;
            },
        };
        while self.held.len() < body_end {
            self.more()?;
        }
        let body = self.held.drain(..body_end).collect();
        Some(Answer { status, body, closes })
    }

    /// Reads more; none if the server has hung up. One that says nothing for long has failed.
    fn more(&mut self) -> Option<()> {
        let mut bytes = [0; 16_384];
        match self.stream.as_mut()?.read(&mut bytes) {
            Ok(0) => None,
            Ok(count) => {
                self.held.extend_from_slice(&bytes[..count]);
                Some(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("no answer in {PATIENCE:?}"),
            Err(_) => None,
        }
    }
}

fn place(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// Opens a WebSocket with headers as lines that end in CRLF, and waits until it is open.
pub(crate) fn open_websocket(address: SocketAddr, headers: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let handshake = format!(
        "GET /ws HTTP/1.1\r\nHost: x\r\n{headers}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(handshake.as_bytes()).unwrap();
    let mut begun = [0; 12];
    socket.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 101");
    socket
}

/// Sends a message that follows what everybody is told, with a mask of zeros.
pub(crate) fn follow_announcements(socket: &mut TcpStream) {
    let message = r#"{"op":"subscribe","channel":"announcements"}"#;
    let length = u8::try_from(message.len()).unwrap();
    socket.write_all(&[&[0x81, 0x80 | length, 0, 0, 0, 0], message.as_bytes()].concat()).unwrap();
}

/// Reads what a server sends until a text has come.
pub(crate) fn read_until(socket: &mut TcpStream, text: &str) {
    let (mut seen, mut bytes) = (String::new(), [0; 4_096]);
    while !seen.contains(text) {
        let count = socket.read(&mut bytes).unwrap();
        assert!(count > 0, "the server has hung up: {seen}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
}
