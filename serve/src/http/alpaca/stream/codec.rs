//! [`Codec`]: messages as JSON or as MessagePack.

use bearpit_core::units::SimTime;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::super::super::ws::Frame;

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// As texts of JSON.
    Json,
    /// As bytes of MessagePack.
    Packed,
}

impl Codec {
    /// Writes a message.
    pub(super) fn write(self, message: &impl Serialize) -> Frame {
        match self {
            // Both fail for maps with keys that are no texts only, and for sequences of unknown length, which
            // no message has.
            Self::Json => Frame::Text(serde_json::to_string(message).unwrap_or_default().into()),
            Self::Packed => Frame::Binary(Bytes::from(rmp_serde::to_vec_named(message).unwrap_or_default())),
        }
    }

    /// Reads a message.
    pub(super) fn read<T: DeserializeOwned>(self, bytes: &[u8]) -> Option<T> {
        match self {
            Self::Json => serde_json::from_slice(bytes).ok(),
            Self::Packed => {
                let mut rest = bytes;
                let message = rmp_serde::from_read(&mut rest).ok()?;
                rest.is_empty().then_some(message)
            }
        }
    }
}

/// An instant: a text of RFC 3339 in JSON, the extension of type -1 in MessagePack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(pub(super) SimTime);

/// Bytes that are written as such.
struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// The type of the extension.
const TIMESTAMP: i8 = -1;
/// How many bits of seconds the short form has.
const SHORT_SECS: u32 = 34;

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(&format_args!("{}Z", self.0));
        }
        let nanos = self.0.nanos();
        let (secs, part) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
        let part = u32::try_from(part).unwrap_or(0);
        let short = u64::try_from(secs).ok().filter(|secs| secs >> SHORT_SECS == 0);
        let name = rmp_serde::MSGPACK_EXT_STRUCT_NAME;
        match short {
            Some(secs) => {
                let bytes = ((u64::from(part) << SHORT_SECS) | secs).to_be_bytes();
                serializer.serialize_newtype_struct(name, &(TIMESTAMP, Raw(&bytes)))
            }
            None => {
                let bytes = [&part.to_be_bytes()[..], &secs.to_be_bytes()[..]].concat();
                serializer.serialize_newtype_struct(name, &(TIMESTAMP, Raw(&bytes)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Serialize)]
    struct Message {
        t: Stamp,
    }

    fn packed(at: &str) -> Vec<u8> {
        let message = Message { t: Stamp(at.parse().unwrap()) };
        match Codec::Packed.write(&message) {
            Frame::Binary(bytes) => bytes.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_instant_is_a_text_or_the_extension_for_times() {
        let message = Message { t: Stamp("2025-03-03T14:30:00.25".parse().unwrap()) };
        assert_eq!(Codec::Json.write(&message), Frame::Text(r#"{"t":"2025-03-03T14:30:00.25Z"}"#.into()));
        // A map of one, the key, an extension of 8 bytes (0xd7) of type -1, 30 bits and 34 bits.
        let bytes = packed("2025-03-03T14:30:00.25");
        assert_eq!(bytes[..5], [0x81, 0xa1, b't', 0xd7, 0xff]);
        let bits = u64::from_be_bytes(bytes[5..].try_into().unwrap());
        assert_eq!((bits >> 34, bits & ((1 << 34) - 1)), (250_000_000, 1_741_012_200));
        // Before 1970 it has 12 bytes (0xc7, 12).
        let bytes = packed("1969-12-31T23:59:59.5");
        assert_eq!(bytes[..6], [0x81, 0xa1, b't', 0xc7, 12, 0xff]);
        assert_eq!(bytes[6..10], 500_000_000_u32.to_be_bytes());
        assert_eq!(bytes[10..], (-1_i64).to_be_bytes());
    }

    #[test]
    fn what_is_no_message_is_none() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Read {
            action: String,
        }
        let whole = rmp_serde::to_vec_named(&serde_json::json!({ "action": "auth" })).unwrap();
        let expected = Some(Read { action: "auth".to_owned() });
        assert_eq!(Codec::Packed.read::<Read>(&whole), expected);
        for length in 0..whole.len() {
            assert_eq!(Codec::Packed.read::<Read>(&whole[..length]), None);
        }
        let more = [&whole[..], &[0xc0]].concat();
        assert_eq!(Codec::Packed.read::<Read>(&more), None, "something behind it");
        for bytes in [&[0xdd, 0xff, 0xff, 0xff, 0xff][..], &[0xc1], &[0x81; 4_000], &[0x91; 100_000], b"{}"] {
            assert_eq!(Codec::Packed.read::<Read>(bytes), None);
        }
        assert_eq!(Codec::Json.read::<Read>(b"{"), None);
    }
}
