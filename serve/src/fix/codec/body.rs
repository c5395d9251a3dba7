//! [`Body`]: fields as they are written; [`encode`]: a whole message.

use std::fmt::{Display, Write};

use super::tags;
use super::time::{Millis, timestamp};

/// Fields as they are written, one behind the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::fix) struct Body(String);

impl Body {
    /// Makes one of what was written before.
    pub(in crate::fix) const fn of_text(text: String) -> Self {
        Self(text)
    }

    /// Returns what was written.
    pub(in crate::fix) fn text(&self) -> &str {
        &self.0
    }

    /// Adds a field. What would end it is written as a space.
    pub(in crate::fix) fn put(&mut self, tag: u32, value: impl Display) -> &mut Self {
        // Writing to a text does not fail.
        write!(self.0, "{tag}=").unwrap_or_default();
        let from = self.0.len();
        write!(self.0, "{value}").unwrap_or_default();
        if self.0.len() == from {
            // A tag without a value is no field.
            self.0.push(' ');
        }
        if self.0[from..].bytes().any(|byte| byte < b' ') {
            let plain: String =
                self.0[from..].chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
            self.0.truncate(from);
            self.0.push_str(&plain);
        }
        self.0.push('\u{1}');
        self
    }

    /// Adds a field if there is something for it.
    pub(in crate::fix) fn put_some(&mut self, tag: u32, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.put(tag, value),
            None => self,
        }
    }
}

/// What stands before the body.
#[derive(Debug)]
pub(in crate::fix) struct Head<'a> {
    pub(in crate::fix) kind: &'a str,
    pub(in crate::fix) from: &'a str,
    pub(in crate::fix) to: &'a str,
    pub(in crate::fix) number: u64,
    pub(in crate::fix) at: Millis,
    /// What it says besides: that it may have come before.
    pub(in crate::fix) more: Body,
}

/// Writes a whole message, with its length and checksum.
pub(in crate::fix) fn encode(head: &Head<'_>, body: &Body) -> Vec<u8> {
    let mut middle = Body::default();
    middle
        .put(tags::MSG_TYPE, head.kind)
        .put(tags::SENDER_COMP_ID, head.from)
        .put(tags::TARGET_COMP_ID, head.to)
        .put(tags::MSG_SEQ_NUM, head.number)
        .put(tags::SENDING_TIME, timestamp(head.at));
    let length = middle.0.len() + head.more.0.len() + body.0.len();
    let mut whole = format!("8=FIX.4.4\u{1}9={length}\u{1}");
    whole.push_str(&middle.0);
    whole.push_str(&head.more.0);
    whole.push_str(&body.0);
    let sum: u32 = whole.bytes().map(u32::from).sum();
    // Writing to a text does not fail.
    write!(whole, "10={:03}\u{1}", sum % 256).unwrap_or_default();
    whole.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_as_the_standard_has_it() {
        let mut body = Body::default();
        body.put(112, "a\u{1}b");
        let head = Head { kind: "0", from: "A", to: "B", number: 2, at: 1_500, more: Body::default() };
        let text = String::from_utf8(encode(&head, &body)).unwrap().replace('\u{1}', "|");
        assert_eq!(text, "8=FIX.4.4|9=53|35=0|49=A|56=B|34=2|52=19700101-00:00:01.500|112=a b|10=246|");
    }
}
