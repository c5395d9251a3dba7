//! [`Client`]: a connection that stays open, over which one request after the other is made.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long an answer may take before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection that stays open, over which one request after the other is made.
#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    held: Vec<u8>,
}

/// The answer to a request.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    /// The status.
    pub(super) status: u16,
    /// All of it, as it came.
    pub(super) bytes: &'a [u8],
    /// The body.
    pub(super) body: &'a [u8],
}

/// Where the parts of an answer are.
struct Head {
    status: u16,
    body: usize,
    end: usize,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, held: Vec::new() })
    }

    /// Makes a request, and waits for its answer.
    pub(super) async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        let asked = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        let Head { status, body, end } = asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
        Ok(Answer { status, bytes: &self.held[..end], body: &self.held[body..end] })
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Head> {
        self.held.clear();
        self.stream.write_all(request).await?;
        loop {
            if self.stream.read_buf(&mut self.held).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(head) = head(&self.held)?
                && self.held.len() >= head.end
            {
                return Ok(head);
            }
        }
    }
}

/// Reads the head of an answer, once all of it is there.
fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else { return Ok(None) };
    let strange = || io::Error::from(io::ErrorKind::InvalidData);
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| strange())?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or_else(strange)?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let body = end + 4;
    Ok(Some(Head { status, body, end: body + length.unwrap_or(0) }))
}

/// Writes a request with a body of JSON, by whoever has a token.
pub(super) fn post(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\n{token}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Writes a request without a body.
pub(super) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_an_answer_says_where_its_body_ends() {
        let whole = b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\nx: y\r\n\r\nbody";
        let read = head(whole).unwrap().unwrap();
        assert_eq!((read.status, &whole[read.body..read.end]), (201, &b"body"[..]));
        assert!(head(&whole[..20]).unwrap().is_none());
        assert!(head(b"SMTP\r\n\r\n").is_err());
        let empty = head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!((empty.status, empty.body), (204, empty.end));
    }
}
