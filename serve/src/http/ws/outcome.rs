//! [`Over`]: why a connection ends.

use actix_ws::{CloseCode, CloseReason};

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Over {
    /// The client has gone, or says that it goes.
    Gone,
    /// It reads too slowly to be told all that it is to be told.
    FellBehind,
    /// It has read nothing for too long.
    Stalled,
    /// It has not been heard of for too long.
    Silent,
    /// Nobody said in time who it is.
    NoToken,
    /// A token was not believed.
    BadToken,
    /// The session of its token has ended.
    SessionEnded,
    /// It sends too much.
    TooMany,
    /// It sends what is not text.
    NotText,
    /// It sends a message that is too long.
    TooLong,
    /// What it sends is not of the protocol of WebSockets.
    BadFrame,
    /// The server stops.
    Stopping,
}

impl Over {
    /// Returns what the client is told.
    pub(in crate::http) fn reason(self) -> Option<CloseReason> {
        let (code, word) = match self {
            Self::Gone => return None,
            Self::FellBehind => (CloseCode::Other(4408), "fell_behind"),
            Self::Stalled => (CloseCode::Other(4408), "stalled"),
            Self::Silent => (CloseCode::Other(4408), "silent"),
            Self::NoToken => (CloseCode::Other(4401), "no_token"),
            Self::BadToken => (CloseCode::Other(4401), "bad_token"),
            Self::SessionEnded => (CloseCode::Other(4401), "session_ended"),
            Self::TooMany => (CloseCode::Other(4429), "too_many_messages"),
            Self::NotText => (CloseCode::Unsupported, "not_text"),
            Self::TooLong => (CloseCode::Size, "too_long"),
            Self::BadFrame => (CloseCode::Protocol, "bad_frame"),
            Self::Stopping => (CloseCode::Restart, "stopping"),
        };
        Some(CloseReason { code, description: Some(word.to_owned()) })
    }
}
