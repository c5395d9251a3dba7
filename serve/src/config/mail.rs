//! [`MailConfig`]: how mails leave, and whom they are from.

use std::path::PathBuf;
use std::str::FromStr;

use lettre::message::Mailbox;
use thiserror::Error;

use super::values::is_this_machine;
use crate::domain::Secret;

/// How mails leave, and whom they are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// Who sends them.
    pub provider: MailProvider,
    /// The directory of their files, where one was named.
    pub directory: Option<PathBuf>,
    /// Whom they are from.
    pub from: Sender,
    /// The mail server, for who sends by one.
    pub smtp: SmtpConfig,
    /// SendGrid, for who sends by it.
    pub sendgrid: SendGridConfig,
}

/// Who sends mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailProvider {
    /// Nobody: each is a file, for an operator, or for another program that sends it.
    Directory,
    /// Nobody: each is a line of the log, codes and addresses included.
    Log,
    /// A mail server (RFC 5321).
    Smtp,
    /// SendGrid, by its API of HTTP.
    SendGrid,
}

/// A mail server, and who we are to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpConfig {
    /// Where it is.
    pub server: Option<MailServer>,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// Our name there, if we sign in.
    pub user: Option<String>,
    /// The password of that name.
    pub password: Option<Secret>,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// From a plain connection on, by `STARTTLS` (RFC 3207); a server without it gets no mail.
    StartTls,
    /// From the beginning of the connection on (RFC 8314).
    Implicit,
    /// Not at all.
    Plain,
}

/// SendGrid's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendGridConfig {
    /// Where it is.
    pub url: String,
    /// What shows who we are.
    pub key: Option<Secret>,
}

/// The host and port of a mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// The host, by whose name its certificate is checked.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A text that names no mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a host and a port, such as smtp.example.org:587")]
pub struct BadMailServer;

impl MailServer {
    /// Returns whether it is on this machine.
    #[must_use]
    pub fn is_near(&self) -> bool {
        is_this_machine(&self.host)
    }
}

impl FromStr for MailServer {
    type Err = BadMailServer;

    fn from_str(text: &str) -> Result<Self, BadMailServer> {
        let (host, port) = text.trim().rsplit_once(':').ok_or(BadMailServer)?;
        let port = port.parse().ok().filter(|port| *port > 0).ok_or(BadMailServer)?;
        let is_bracketed = host.starts_with('[') && host.ends_with(']');
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte) || byte >= 0x80;
        if host.is_empty() || !(is_bracketed || host.bytes().all(is_fit)) {
            return Err(BadMailServer);
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// Whom mails are from: a name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(String);

/// A text is no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a sender is written like `Bearpit <market@example.org>` or `market@example.org`")]
pub struct BadSender;

impl Sender {
    /// One before the default is read.
    pub(super) const UNSET: Self = Self(String::new());

    /// Returns its text, of which a mailbox can be made.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sender {
    type Err = BadSender;

    fn from_str(text: &str) -> Result<Self, BadSender> {
        if text.chars().any(char::is_control) {
            return Err(BadSender);
        }
        let mailbox: Mailbox = text.trim().parse().map_err(|_| BadSender)?;
        Ok(Self(mailbox.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_a_host_and_a_port() {
        for (text, host, port, is_near) in [
            ("smtp.example.org:587", "smtp.example.org", 587, false),
            (" localhost:25 ", "localhost", 25, true),
            ("[::1]:465", "[::1]", 465, true),
            ("10.0.0.1:25", "10.0.0.1", 25, false),
        ] {
            let server: MailServer = text.parse().unwrap();
            assert_eq!(
                (server.host.as_str(), server.port, server.is_near()),
                (host, port, is_near),
                "{text}"
            );
        }
        for text in ["", "smtp.example.org", "a:0", "a:x", ":25", "a b:25", "u@a:25", "smtp://a:25", "::1:25"]
        {
            assert_eq!(text.parse::<MailServer>(), Err(BadMailServer), "{text:?}");
        }
    }

    #[test]
    fn a_sender_is_a_name_and_an_address() {
        for (text, expected) in [
            ("Bearpit <bearpit@localhost>", "Bearpit <bearpit@localhost>"),
            ("market@example.org", "market@example.org"),
            ("Börse <market@example.org>", "Börse <market@example.org>"),
        ] {
            let sender: Sender = text.parse().unwrap();
            assert_eq!(sender.text().replace('"', ""), expected);
        }
        for text in ["", "Bearpit", "<>", "a@b@c", "a <b@c>\r\nBcc: d@e", "a <b c>"] {
            assert_eq!(text.parse::<Sender>(), Err(BadSender), "{text:?}");
        }
    }
}
