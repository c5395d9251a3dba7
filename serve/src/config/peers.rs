//! Readers of settings that name somebody else: databases, collectors, mail servers, and whom mails are from.

use bearpit::scenario::document::Node;
use bearpit::scenario::document::readers::{Read, ValueError, text};

use super::database::DatabaseUrl;
use super::mail::{BadMailServer, BadSender, MailServer, Sender};
use super::otlp::{BadOtlpEndpoint, OtlpEndpoint};
use super::redis::RedisUrl;
use super::values::{first_line, path};

/// Reads where a collector is.
pub(super) fn collector(node: &Node) -> Read<OtlpEndpoint> {
    text(node)?.parse().map_err(|error: BadOtlpEndpoint| ValueError::new(error.to_string()))
}

/// Reads where a Redis is. No error has the value in it.
pub(super) fn redis(node: &Node) -> Read<RedisUrl> {
    let Ok(url) = text(node) else { return Err(ValueError::new("must be the URL of a Redis, as a text")) };
    RedisUrl::parse(url.trim()).map_err(|error| ValueError::new(error.to_string()))
}

pub(super) fn redis_of_file(node: &Node) -> Read<RedisUrl> {
    let line = first_line(node)?;
    let shown = path(node)?;
    RedisUrl::parse(&line)
        .map_err(|error| ValueError::new(format!("is `{}`, whose first line {error}", shown.display())))
}

/// Reads whom mails are from.
pub(super) fn sender(node: &Node) -> Read<Sender> {
    text(node)?.parse().map_err(|error: BadSender| ValueError::new(error.to_string()))
}

/// Reads where a mail server is.
pub(super) fn mail_server(node: &Node) -> Read<MailServer> {
    text(node)?.parse().map_err(|error: BadMailServer| ValueError::new(error.to_string()))
}

/// Reads a URL. No error has the value in it.
pub(super) fn database(node: &Node) -> Read<DatabaseUrl> {
    let Ok(url) = text(node) else { return Err(ValueError::new("must be the URL of a database, as a text")) };
    DatabaseUrl::parse(url.trim()).map_err(|error| ValueError::new(error.to_string()))
}

pub(super) fn database_of_file(node: &Node) -> Read<DatabaseUrl> {
    let line = first_line(node)?;
    let shown = path(node)?;
    DatabaseUrl::parse(&line)
        .map_err(|error| ValueError::new(format!("is `{}`, whose first line {error}", shown.display())))
}
