//! [`ask`]: a request of the operator's, from another process.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

use super::token::AdminAccess;
use crate::services::admin::Action;

/// Why an operator's request has no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// Nobody answers.
    #[error("nobody answers at {}: {error}", access.address)]
    Io {
        /// Where it was asked.
        access: AdminAccess,
        /// What the system says.
        error: io::Error,
    },
    /// It was refused, in words.
    #[error("{0}")]
    Refused(String),
    /// What was answered is no answer.
    #[error("what was answered is no answer of bearpit-serve")]
    Strange,
}

/// How long an answer may take: an action is answered when it is durable.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read.
const BYTES_MAX: u64 = 1 << 20;

/// Asks a running process how its market is, or to do something to it.
///
/// # Errors
/// [`AskError`].
pub fn ask(access: &AdminAccess, action: Option<&Action>) -> Result<Value, AskError> {
    // Fails for maps with keys that are no texts only.
    let body = action.map(|action| serde_json::to_string(action).unwrap_or_default());
    match body {
        None => answered(access, ("GET", "status"), ""),
        Some(body) => answered(access, ("POST", "action"), &body),
    }
}

/// Asks a running process how its channels are.
///
/// # Errors
/// [`AskError`].
pub fn ask_channels(access: &AdminAccess) -> Result<Value, AskError> {
    answered(access, ("GET", "channels"), "")
}

fn answered(access: &AdminAccess, what: (&str, &str), body: &str) -> Result<Value, AskError> {
    let answer =
        exchange(access, what, body).map_err(|error| AskError::Io { access: access.clone(), error })?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(AskError::Strange)?;
    let status: u16 =
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(AskError::Strange)?;
    let body: Value = serde_json::from_str(body).map_err(|_| AskError::Strange)?;
    if status == 200 {
        return Ok(body);
    }
    let message = body["message"].as_str().ok_or(AskError::Strange)?;
    Err(AskError::Refused(message.to_owned()))
}

fn exchange(access: &AdminAccess, (method, path): (&str, &str), body: &str) -> io::Result<String> {
    let AdminAccess { address, token, .. } = access;
    let length = body.len();
    let request = format!(
        "{method} /admin/{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect_timeout(address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.take(BYTES_MAX).read_to_string(&mut answer)?;
    Ok(answer)
}
