//! The setting of quotes that come from elsewhere.

use super::settings::{Setting, put, setting};
use super::values::{Kind, path};

/// All of them, in the order of the documentation.
pub(super) const FEEDS: [Setting; 1] = [setting(
    "feeds.file",
    Kind::Path,
    None,
    "A TOML file of the services that are asked what instruments are worth elsewhere, for those whose process is a `feed`",
    |config, node| put(&mut config.feeds, path(node).map(Some)),
)];
