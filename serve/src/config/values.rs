//! [`Kind`]: the types that a setting can have: how it is written, and what is allowed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bearpit::scenario::document::readers::{Read, ValueError, disallowed, duration, integer, mistyped, text};
use bearpit::scenario::document::{Node, Value};
use bearpit_core::units::{Decimal, SimDuration};
use reqwest::Url;

use crate::domain::Secret;

/// What a setting is; written out, it is a cell of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An address and a port; port 0 lets the system choose.
    Address,
    /// `true` or `false`; a flag may stand alone for `true`.
    Switch,
    /// A path of a file or directory.
    Path,
    /// The URL of a database.
    Database,
    /// The URL of a Redis or Valkey.
    Redis,
    /// The URL of a collector.
    Collector,
    /// A name and a mail address.
    Sender,
    /// A scheme and a host.
    Origin,
    /// The id of a project.
    Project,
    /// A text that nobody is shown.
    Secret,
    /// A text of what it names.
    Text(&'static str),
    /// An address of HTTP.
    Url,
    /// What the addresses of a server begin with.
    BaseUrl,
    /// A decimal number above zero.
    Decimal,
    /// A list of texts of a form, such as origins; its own form is read too: `["A", "B"]`, or `A,B`.
    Texts(&'static str),
    /// A list of words, of which each must be one of these.
    Words(&'static [&'static str]),
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A whole number from the first to the second.
    Count(u32, u32),
    /// A span of time from the first to the second, in milliseconds.
    Span(u32, u32),
}

impl Kind {
    /// Returns what stands for a value in `--help`.
    #[must_use]
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Address => "ADDRESS:PORT",
            Self::Switch => "BOOL",
            Self::Path => "PATH",
            Self::Database | Self::Redis | Self::Collector | Self::Origin | Self::Url | Self::BaseUrl => {
                "URL"
            }
            Self::Text(_) => "TEXT",
            Self::Project => "ID",
            Self::Sender => "ADDRESS",
            Self::Secret => "SECRET",
            Self::Texts(_) => "LIST",
            Self::Words(_) => "LIST",
            Self::Choice(_) => "WORD",
            Self::Count(..) | Self::Decimal => "NUMBER",
            Self::Span(..) => "TIME",
        }
    }

    /// Returns the value that a text stands for: of a flag or a variable, which have no types.
    pub(super) fn value_of(self, text: &str, node: impl Fn(Value) -> Node) -> Value {
        let text = text.trim();
        match self {
            Self::Switch if text == "true" || text == "false" => Value::Bool(text == "true"),
            Self::Count(..) if !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit()) => {
                Value::Int(text.to_owned())
            }
            Self::Texts(_) if text.starts_with('[') => match serde_json::from_str::<Vec<String>>(text) {
                Ok(texts) => Value::List(texts.into_iter().map(|text| node(Value::Text(text))).collect()),
                Err(_) => Value::Text(text.to_owned()),
            },
            Self::Words(_) | Self::Texts(_) => {
                let words = text.split(',').map(|word| node(Value::Text(word.trim().to_owned())));
                Value::List(words.collect())
            }
            _ => Value::Text(text.to_owned()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_of = |f: &mut fmt::Formatter<'_>, words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            f.write_str(&words.join(", "))
        };
        match self {
            Self::Address => f.write_str("address and port"),
            Self::Switch => f.write_str("`true`, `false`"),
            Self::Path => f.write_str("path"),
            Self::Database => f.write_str("`postgres://..`, `sqlite:PATH`"),
            Self::Redis => f.write_str("`redis://HOST:PORT`"),
            Self::Collector => f.write_str("`http://HOST:PORT`"),
            Self::Sender => f.write_str("`NAME <ADDRESS>`, `ADDRESS`"),
            Self::Origin => f.write_str("`https://HOST`, `http://HOST:PORT`"),
            Self::Project => f.write_str("small letters, digits, `-`"),
            Self::Secret => f.write_str("text"),
            Self::Text(what) => f.write_str(what),
            Self::Url => f.write_str("`https://HOST/PATH`"),
            Self::BaseUrl => f.write_str("`https://HOST`, `http://HOST:PORT`"),
            Self::Decimal => f.write_str("number above zero"),
            Self::Texts(what) => write!(f, "list of {what}"),
            Self::Words(words) => f.write_str("list of ").and_then(|()| one_of(f, words)),
            Self::Choice(words) => one_of(f, words),
            Self::Count(min, max) => write!(f, "{min} to {max}"),
            Self::Span(min, max) => write!(f, "{} to {}", millis(*min), millis(*max)),
        }
    }
}

/// The greatest decimal number, in units of 10^-10: ten thousand millions.
const DECIMAL_MAX: i128 = 100_000_000_000_000_000_000;

fn millis(millis: u32) -> SimDuration {
    SimDuration::from_millis(i64::from(millis))
}

/// Reads an address and a port.
pub(super) fn address(node: &Node) -> Read<SocketAddr> {
    let allowed = "an address and a port, such as 127.0.0.1:8080 or [::1]:8080";
    let Value::Text(written) = &node.value else { return Err(mistyped(node, allowed)) };
    written.parse().map_err(|_| disallowed(node, allowed))
}

/// Reads a path, which need not be there.
pub(super) fn path(node: &Node) -> Read<PathBuf> {
    text(node).map(PathBuf::from)
}

/// Returns whether a host is this machine: by name, or by an address of its loopback interface.
pub(super) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Reads an address of HTTP, without a slash at its end: plain HTTP only on this machine, where nobody reads
/// it on its way.
pub(super) fn url(node: &Node) -> Read<String> {
    let allowed = "an address of HTTPS, such as https://example.org/path; plain HTTP only on this machine";
    let Value::Text(written) = &node.value else { return Err(mistyped(node, allowed)) };
    let url = trusted_url(written).ok_or_else(|| disallowed(node, allowed))?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Reads the address of a server that can be believed: by TLS, or on this machine. It has no password.
pub(super) fn trusted_url(text: &str) -> Option<Url> {
    // A browser takes a backslash for a slash, others for a letter.
    let is_plain = text.bytes().all(|it| it.is_ascii_graphic()) && !text.contains('\\');
    let url: Url = text.parse().ok().filter(|_| is_plain)?;
    let is_fit = url.scheme() == "https" || (url.scheme() == "http" && is_near(&url));
    let has_user = !url.username().is_empty() || url.password().is_some();
    (is_fit && !has_user && url.fragment().is_none()).then_some(url)
}

/// Returns whether an address is of this machine.
pub(super) fn is_near(url: &Url) -> bool {
    url.host_str().is_some_and(|host| is_this_machine(host.trim_matches(['[', ']'])))
}

/// Reads a secret. No error has it.
pub(super) fn secret_text(node: &Node) -> Read<Secret> {
    text(node).map(|text| Secret::new(text.to_owned())).map_err(|_| ValueError::new("must be a text"))
}

/// Reads the first line of a file that is named: of a secret that is mounted. No error has it.
pub(super) fn first_line(node: &Node) -> Read<String> {
    let path = path(node)?;
    let shown = path.display();
    let read = std::fs::read_to_string(&path);
    let text =
        read.map_err(|error| ValueError::new(format!("is `{shown}`, which cannot be read: {error}")))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        return Err(ValueError::new(format!("is `{shown}`, whose first line is empty")));
    }
    Ok(line.to_owned())
}

/// Reads the secret that is the first line of a file.
pub(super) fn secret_line(node: &Node) -> Read<Secret> {
    first_line(node).map(Secret::new)
}

/// Reads a decimal number above zero, with at most ten decimals.
pub(super) fn decimal(node: &Node) -> Read<Decimal> {
    let allowed = "a number above zero with at most ten decimals, such as 950.25";
    let (Value::Int(text) | Value::Float(text) | Value::Text(text)) = &node.value else {
        return Err(mistyped(node, allowed));
    };
    let read: Option<Decimal> = text.parse().ok();
    let is_fit =
        |number: &Decimal| number.is_positive() && number.scaled(10).is_some_and(|it| it <= DECIMAL_MAX);
    read.filter(is_fit).ok_or_else(|| disallowed(node, allowed))
}

/// Reads a whole number within a range.
pub(super) fn count(node: &Node, min: u32, max: u32) -> Read<usize> {
    let number = integer(i64::from(min), i64::from(max))(node)?;
    usize::try_from(number).map_err(|_| disallowed(node, &Kind::Count(min, max).to_string()))
}

/// Reads a span of time within a range, in milliseconds.
pub(super) fn span(node: &Node, min: u32, max: u32) -> Read<Duration> {
    let read = duration(node)?;
    if (millis(min)..=millis(max)).contains(&read) {
        return Ok(Duration::from_nanos(read.nanos().unsigned_abs()));
    }
    Err(disallowed(node, &format!("from {} to {}", millis(min), millis(max))))
}

/// Reads a list of words, each of which must be known; one word may stand without brackets.
pub(super) fn words(node: &Node, known: &'static [&'static str]) -> Read<Vec<&'static str>> {
    let items = match &node.value {
        Value::List(items) if !items.is_empty() => items.as_slice(),
        Value::Text(_) => std::slice::from_ref(node),
        Value::List(_) => return Err(ValueError::new("is an empty list, but must have a word")),
        _ => return Err(mistyped(node, "a list of words")),
    };
    let read = |item: &Node| {
        let word = text(item)?;
        let found = known.iter().find(|it| **it == word);
        found.copied().ok_or_else(|| disallowed(item, &Kind::Choice(known).to_string()))
    };
    items.iter().map(read).collect()
}

/// Reads a list of texts, each of which something must be made of; one may stand without brackets.
pub(super) fn texts<T: FromStr>(node: &Node) -> Read<Vec<T>>
where
    T::Err: fmt::Display,
{
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        Value::Text(_) => std::slice::from_ref(node),
        _ => return Err(mistyped(node, "a list of texts")),
    };
    items
        .iter()
        .map(|item| text(item)?.parse().map_err(|error: T::Err| disallowed(item, &error.to_string())))
        .collect()
}
