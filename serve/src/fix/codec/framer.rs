//! [`Framer`]: where in a stream of bytes messages begin and end.

use super::message::Message;
use super::{SOH, tags};

/// The longest body that is read, in bytes.
const BODY_MAX: usize = 65_536;
/// What each message begins with, whatever its version.
const BEGIN: &[u8] = b"8=FIX";
/// The longest value of `BeginString`.
const VERSION_MAX: usize = 16;
/// The length of `10=nnn` and its end.
const TRAILER: usize = 7;

/// What was found in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fix) enum Framed {
    /// A message with the right length and checksum.
    Message(Message),
    /// Bytes that are no message: they are passed over, and no number is counted for them.
    Garbled(&'static str),
    /// A message that is longer than any that is read.
    TooLong,
}

/// Cuts a stream of bytes into messages, however it comes in pieces.
#[derive(Debug, Default)]
pub(in crate::fix) struct Framer {
    buffer: Vec<u8>,
    /// Where what has not been looked at begins.
    at: usize,
    /// Whether something was too long: nobody knows where the next message begins.
    is_over: bool,
}

/// What the beginning of the buffer is.
enum Found {
    /// Not all of it is there.
    Part,
    /// A message of so many bytes.
    Whole(usize),
    /// No message, for so many bytes at least.
    Garbled(&'static str, usize),
    TooLong,
}

impl Framer {
    /// Takes the next bytes.
    pub(in crate::fix) fn push(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns what comes next, if all of it is there.
    pub(in crate::fix) fn next(&mut self) -> Option<Framed> {
        if self.is_over {
            return None;
        }
        let rest = &self.buffer[self.at..];
        match look(rest) {
            Found::Part => None,
            Found::TooLong => {
                self.is_over = true;
                Some(Framed::TooLong)
            }
            Found::Whole(length) => {
                let message = Message::parse(&rest[..length - TRAILER]);
                self.at += length;
                Some(Framed::Message(message))
            }
            Found::Garbled(why, length) => {
                self.at += length;
                self.at += begin_of(&self.buffer[self.at..]);
                Some(Framed::Garbled(why))
            }
        }
    }
}

/// Returns how many bytes are before what may be the beginning of a message.
fn begin_of(bytes: &[u8]) -> usize {
    let is_begin = |rest: &[u8]| rest.starts_with(BEGIN) || BEGIN.starts_with(rest);
    (0..bytes.len()).find(|place| is_begin(&bytes[*place..])).unwrap_or(bytes.len())
}

fn look(bytes: &[u8]) -> Found {
    if bytes.is_empty() {
        return Found::Part;
    }
    let shown = bytes.len().min(BEGIN.len());
    if bytes[..shown] != BEGIN[..shown] {
        return Found::Garbled("it does not begin with BeginString", 1);
    }
    let Some(version_end) = bytes.iter().take(VERSION_MAX).position(|byte| *byte == SOH) else {
        return if bytes.len() < VERSION_MAX {
            Found::Part
        } else {
            Found::Garbled("BeginString has no end", 1)
        };
    };
    let length_at = version_end + 1;
    let length_end = bytes[length_at..].iter().take(12).position(|byte| *byte == SOH);
    let Some(length_end) = length_end.map(|place| length_at + place) else {
        return if bytes.len() < length_at + 12 {
            Found::Part
        } else {
            Found::Garbled("BodyLength has no end", 1)
        };
    };
    let digits = bytes[length_at..length_end].strip_prefix(b"9=");
    let length = digits
        .filter(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
    let Some(length) = length else { return Found::Garbled("BodyLength is not the second field", 1) };
    if length > BODY_MAX {
        return Found::TooLong;
    }
    whole(bytes, length_end + 1, length)
}

/// Looks at a message whose body begins at a place and has a length.
fn whole(bytes: &[u8], body_at: usize, length: usize) -> Found {
    let trailer_at = body_at + length;
    let Some(trailer) = bytes.get(trailer_at..trailer_at + TRAILER) else { return Found::Part };
    let digits = trailer.strip_prefix(b"10=").and_then(|rest| rest.strip_suffix(&[SOH]));
    let said = digits
        .filter(|digits| digits.iter().all(u8::is_ascii_digit))
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u32>().ok());
    let Some(said) = said.filter(|_| bytes[trailer_at - 1] == SOH) else {
        return Found::Garbled("BodyLength is wrong", 1);
    };
    let found: u32 = bytes[..trailer_at].iter().map(|byte| u32::from(*byte)).sum();
    if found % 256 != said {
        return Found::Garbled("CheckSum is wrong", trailer_at + TRAILER);
    }
    let kind = format!("{}=", tags::MSG_TYPE);
    if !bytes[body_at..].starts_with(kind.as_bytes()) {
        return Found::Garbled("MsgType is not the third field", trailer_at + TRAILER);
    }
    Found::Whole(trailer_at + TRAILER)
}

#[cfg(test)]
mod tests {
    use super::super::{Body, Head, encode};
    use super::*;

    fn heartbeat() -> Vec<u8> {
        let head = Head { kind: "0", from: "A", to: "B", number: 1, at: 0, more: Body::default() };
        encode(&head, &Body::default())
    }

    fn all(bytes: &[u8]) -> Vec<Framed> {
        let mut framer = Framer::default();
        framer.push(bytes);
        std::iter::from_fn(|| framer.next()).take(100).collect()
    }

    fn kinds(found: &[Framed]) -> Vec<&str> {
        let kind = |it: &Framed| match it {
            Framed::Message(_) => "message",
            Framed::Garbled(_) => "garbled",
            Framed::TooLong => "too long",
        };
        found.iter().map(kind).collect()
    }

    #[test]
    fn what_is_no_message_is_passed_over_and_the_next_one_is_found() {
        let good = heartbeat();
        let mut wrong_sum = good.clone();
        let at = wrong_sum.len() - 2;
        wrong_sum[at] = if wrong_sum[at] == b'0' { b'1' } else { b'0' };
        let wrong_length = String::from_utf8(good.clone()).unwrap().replacen("9=", "9=1", 1).into_bytes();
        for bad in
            [&wrong_sum[..], b"x", b"hello world\x01", b"8=FIX.4.4\x0135=0\x01", b"8=FIX.4.4\x019=x\x01"]
        {
            let found = all(&[bad, &good].concat());
            assert_eq!(kinds(&found).last(), Some(&"message"), "{bad:?}");
            assert!(kinds(&found).contains(&"garbled"), "{bad:?}");
        }
        // A length that is too large takes part of what follows.
        let found = all(&[&wrong_length[..], &[&good[..]; 20].concat()].concat());
        assert_eq!(kinds(&found).iter().filter(|it| **it == "message").count(), 20);
        assert_eq!(all(b"8=FIX.4.4\x019=65537\x01"), [Framed::TooLong]);
        assert_eq!(all(b"8=FIX.4.4\x019=5\x01"), []);
    }
}
