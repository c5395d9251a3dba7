//! [`Message`]: the fields of one message, in their order.

use std::ops::Range;
use std::str::FromStr;

use super::{SOH, tags};

/// The values of `SessionRejectReason`.
pub(in crate::fix) mod reason {
    /// No tag is such a number.
    pub(in crate::fix) const INVALID_TAG: u8 = 0;
    /// A field that must be there is not.
    pub(in crate::fix) const MISSING_TAG: u8 = 1;
    /// A tag has no value.
    pub(in crate::fix) const NO_VALUE: u8 = 4;
    /// A value is none of those that are allowed.
    pub(in crate::fix) const BAD_VALUE: u8 = 5;
    /// A value is not of its type.
    pub(in crate::fix) const BAD_FORMAT: u8 = 6;
    /// The names of the two sides are not those of the session.
    pub(in crate::fix) const COMP_ID: u8 = 9;
    /// A message was sent too long ago, or will be.
    pub(in crate::fix) const SENDING_TIME: u8 = 10;
    /// FIX 4.4 has no such message.
    pub(in crate::fix) const MSG_TYPE: u8 = 11;
    /// A field is there twice.
    pub(in crate::fix) const REPEATED: u8 = 13;
}

/// What is wrong with a message that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fix) struct Fault {
    /// The tag at fault.
    pub(in crate::fix) tag: u32,
    /// Of [`reason`].
    pub(in crate::fix) reason: u8,
    /// The same in words.
    pub(in crate::fix) text: String,
}

impl Fault {
    pub(in crate::fix) fn new(tag: u32, reason: u8, text: impl Into<String>) -> Self {
        Self { tag, reason, text: text.into() }
    }
}

/// The fields of one message, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fix) struct Message {
    bytes: Box<[u8]>,
    fields: Vec<(u32, Range<usize>)>,
    /// What is wrong with a field, whatever the message means.
    fault: Option<Fault>,
}

impl Message {
    /// Reads the fields of a message, of its first to the last before the checksum.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let bytes: Box<[u8]> = bytes.into();
        let (mut fields, mut fault): (Vec<(u32, Range<usize>)>, _) = (Vec::new(), None);
        let mut data: Option<(u32, usize)> = None;
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let mut end = at + rest.iter().position(|byte| *byte == SOH).unwrap_or(rest.len());
            let equals = rest.iter().position(|byte| *byte == b'=').map(|place| at + place);
            let start = equals.filter(|place| *place < end).map_or(end, |place| place + 1);
            let tag = equals.filter(|place| *place < end).and_then(|place| number_of(&bytes[at..place]));
            if let (Some(tag), Some((of, length))) = (tag, data.take())
                && tag == of
                && bytes.get(start + length) == Some(&SOH)
            {
                end = start + length;
            }
            let value = start.min(end)..end;
            match tag {
                None => note(&mut fault, Fault::new(0, reason::INVALID_TAG, "a field begins with no tag")),
                Some(tag) => {
                    if value.is_empty() {
                        let text = format!("tag {tag} has no value");
                        note(&mut fault, Fault::new(tag, reason::NO_VALUE, text));
                    } else if std::str::from_utf8(&bytes[value.clone()]).is_err() {
                        let text = format!("the value of tag {tag} is no text");
                        note(&mut fault, Fault::new(tag, reason::BAD_FORMAT, text));
                    }
                    data = tags::data_of(tag)
                        .zip(std::str::from_utf8(&bytes[value.clone()]).ok().and_then(|it| it.parse().ok()));
                    fields.push((tag, value));
                }
            }
            at = end + 1;
        }
        Self { bytes, fields, fault }
    }

    /// Returns what is wrong with a field, if something is.
    pub(in crate::fix) fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Returns the type of the message.
    pub(in crate::fix) fn kind(&self) -> &str {
        self.get(tags::MSG_TYPE).unwrap_or_default()
    }

    /// Returns what it begins with: the version of the protocol.
    pub(in crate::fix) fn version(&self) -> &str {
        self.get(8).unwrap_or_default()
    }

    /// Returns the first value of a tag.
    pub(in crate::fix) fn get(&self, tag: u32) -> Option<&str> {
        self.all(tag).next()
    }

    /// Returns each value of a tag.
    pub(in crate::fix) fn all(&self, tag: u32) -> impl Iterator<Item = &str> {
        let of_tag = self.fields.iter().filter(move |(it, _)| *it == tag);
        of_tag.filter_map(|(_, value)| std::str::from_utf8(&self.bytes[value.clone()]).ok())
    }

    /// Returns the tags in their order.
    pub(in crate::fix) fn tags(&self) -> impl Iterator<Item = u32> {
        self.fields.iter().map(|(tag, _)| *tag)
    }

    /// Returns the first value of a tag that must be there.
    ///
    /// # Errors
    /// [`Fault`] if it is not.
    pub(in crate::fix) fn need(&self, tag: u32) -> Result<&str, Fault> {
        self.get(tag).ok_or_else(|| Fault::new(tag, reason::MISSING_TAG, format!("tag {tag} is missing")))
    }

    /// Returns a value of its type, if the tag is there.
    ///
    /// # Errors
    /// [`Fault`] if it is not of its type.
    pub(in crate::fix) fn read<T: FromStr>(&self, tag: u32, what: &str) -> Result<Option<T>, Fault> {
        let Some(text) = self.get(tag) else { return Ok(None) };
        // What the standard library reads besides is none of FIX.
        let is_plain = !text.starts_with('+') && !text.contains('_');
        text.parse().ok().filter(|_| is_plain).map(Some).ok_or_else(|| {
            Fault::new(tag, reason::BAD_FORMAT, format!("the value `{text}` of tag {tag} is no {what}"))
        })
    }

    /// Returns a value that is yes or no; no where the tag is not there.
    ///
    /// # Errors
    /// [`Fault`] if it is neither.
    pub(in crate::fix) fn flag(&self, tag: u32) -> Result<Option<bool>, Fault> {
        match self.get(tag) {
            None => Ok(None),
            Some("Y") => Ok(Some(true)),
            Some("N") => Ok(Some(false)),
            Some(other) => {
                let text = format!("tag {tag} is Y or N, not `{other}`");
                Err(Fault::new(tag, reason::BAD_VALUE, text))
            }
        }
    }

    /// Refuses tags that are there twice, of those that are in no group.
    ///
    /// # Errors
    /// [`Fault`] that names the first.
    pub(in crate::fix) fn once(&self, in_groups: &[u32]) -> Result<(), Fault> {
        for (place, (tag, _)) in self.fields.iter().enumerate() {
            let is_again = self.fields[..place].iter().any(|(before, _)| before == tag);
            if is_again && !in_groups.contains(tag) {
                return Err(Fault::new(*tag, reason::REPEATED, format!("tag {tag} is there twice")));
            }
        }
        Ok(())
    }
}

/// The first fault is the one that is said.
fn note(fault: &mut Option<Fault>, new: Fault) {
    if fault.is_none() {
        *fault = Some(new);
    }
}

fn number_of(text: &[u8]) -> Option<u32> {
    let is_plain = !text.is_empty() && text.iter().all(u8::is_ascii_digit) && text[0] != b'0';
    std::str::from_utf8(text).ok().filter(|_| is_plain)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Message {
        Message::parse(text.replace('|', "\u{1}").as_bytes())
    }

    #[test]
    fn fields_are_found_in_their_order_and_data_may_have_any_bytes() {
        let message = parse("8=FIX.4.4|9=5|35=B|95=5|96=a|b=c|58=x|58=y|");
        assert_eq!((message.kind(), message.get(96), message.get(58)), ("B", Some("a\u{1}b=c"), Some("x")));
        assert_eq!(message.all(58).collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(message.fault(), None);
        assert_eq!(message.once(&[]).unwrap_err().reason, reason::REPEATED);
        assert_eq!(message.once(&[58]), Ok(()));
    }

    #[test]
    fn a_field_that_is_none_is_said_with_its_tag() {
        for (text, tag, reason) in [
            ("35=D|x=1|", 0, reason::INVALID_TAG),
            ("35=D|=1|", 0, reason::INVALID_TAG),
            ("35=D|011=1|", 0, reason::INVALID_TAG),
            ("35=D|58|", 0, reason::INVALID_TAG),
            ("35=D|58=|", 58, reason::NO_VALUE),
        ] {
            let message = parse(text);
            let fault = message.fault().unwrap_or_else(|| panic!("{text} is taken"));
            assert_eq!((fault.tag, fault.reason), (tag, reason), "{text}");
        }
        assert_eq!(Message::parse(b"35=D\x0158=\xff\x01").fault().unwrap().reason, reason::BAD_FORMAT);
    }

    #[test]
    fn values_are_of_their_types() {
        let message = parse("34=7|108=x|141=Y|43=J|");
        assert_eq!(message.read::<u64>(34, "number"), Ok(Some(7)));
        assert_eq!(message.read::<u64>(108, "number").unwrap_err().reason, reason::BAD_FORMAT);
        assert_eq!((message.flag(141), message.flag(97)), (Ok(Some(true)), Ok(None)));
        assert_eq!(message.flag(43).unwrap_err().reason, reason::BAD_VALUE);
        assert_eq!(message.need(11).unwrap_err().reason, reason::MISSING_TAG);
    }
}
