//! The settings of what is sent to servers that people have named.

use bearpit::scenario::document::readers::flag;

use super::settings::{Setting, put, setting};
use super::values::Kind;

/// What is sent to servers that people have named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhooksConfig {
    /// Whether these may be of this machine and of private networks.
    pub allow_private: bool,
}

/// All of them, in the order of the documentation.
pub(super) const WEBHOOKS: [Setting; 1] = [setting(
    "webhooks.allow_private",
    Kind::Switch,
    Some("false"),
    "Whether webhooks and messages to browsers may go to this machine and to private networks, and over plain HTTP: for development, never where strangers have accounts",
    |config, node| put(&mut config.webhooks.allow_private, flag(node)),
)];
