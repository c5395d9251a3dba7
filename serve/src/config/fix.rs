//! [`FixConfig`]: whether and how FIX is served, and its settings.

use std::net::SocketAddr;

use bearpit::scenario::document::Node;
use bearpit::scenario::document::readers::{Read, ValueError, flag, text};

use super::settings::{Setting, number_of, put, setting};
use super::values::{Kind, address};

/// Whether and how FIX is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixConfig {
    /// Where it is served, if it is.
    pub listen: Option<SocketAddr>,
    /// What the server calls itself there.
    pub comp_id: String,
    /// Sessions at a time, those with open orders that nobody is connected to included.
    pub sessions_max: usize,
    /// Messages of the application that a session may send in a second, and at once after a silence.
    pub messages_per_second: u32,
    /// Whether the orders of a session are canceled when its connection ends, if it says nothing else.
    pub cancel_on_disconnect: bool,
}

impl FixConfig {
    /// One before the defaults of the table are read into it.
    pub(super) const UNSET: Self = Self {
        listen: None,
        comp_id: String::new(),
        sessions_max: 0,
        messages_per_second: 0,
        cancel_on_disconnect: true,
    };
}

const SESSIONS: Kind = Kind::Count(1, 10_000);
const MESSAGES: Kind = Kind::Count(1, 1_000_000);

/// All of them, in the order of the documentation.
pub(super) const FIX: [Setting; 5] = [
    setting(
        "fix.listen",
        Kind::Address,
        None,
        "Where FIX 4.4 is served, by TLS where HTTP is; nowhere if nobody says. From other machines only with TLS, or `insecure_http`",
        |config, node| put(&mut config.fix.listen, address(node).map(Some)),
    ),
    setting(
        "fix.comp_id",
        Kind::Text("name"),
        Some("BEARPIT"),
        "What the server calls itself in FIX: the `TargetCompID` of its clients",
        |config, node| put(&mut config.fix.comp_id, comp_id(node)),
    ),
    setting(
        "fix.sessions_max",
        SESSIONS,
        Some("100"),
        "How many sessions of FIX there may be at a time; one with open orders counts while nobody is connected",
        |config, node| {
            let most = number_of(SESSIONS, node);
            put(&mut config.fix.sessions_max, most.map(|it| usize::try_from(it).unwrap_or(usize::MAX)))
        },
    ),
    setting(
        "fix.messages_per_second",
        MESSAGES,
        Some("2000"),
        "How many orders and other requests a session of FIX may send in a second, and at once after a silence",
        |config, node| put(&mut config.fix.messages_per_second, number_of(MESSAGES, node)),
    ),
    setting(
        "fix.cancel_on_disconnect",
        Kind::Switch,
        Some("true"),
        "Whether the orders of a FIX session are canceled when its connection ends, where its Logon does not say",
        |config, node| put(&mut config.fix.cancel_on_disconnect, flag(node)),
    ),
];

/// Reads what a side of a session calls itself.
fn comp_id(node: &Node) -> Read<String> {
    let text = text(node)?;
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=32).contains(&text.len()) && text.bytes().all(is_fit) {
        return Ok(text.to_owned());
    }
    Err(ValueError::new("a name has 1 to 32 letters, digits, hyphens, underscores or dots".to_owned()))
}
