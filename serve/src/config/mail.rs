//! [`MailConfig`]: how mails leave, and whom they are from.

use std::path::PathBuf;
use std::str::FromStr;

use lettre::message::Mailbox;
use thiserror::Error;

/// How mails leave, and whom they are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// Who sends them.
    pub provider: MailProvider,
    /// The directory of their files, where one was named.
    pub directory: Option<PathBuf>,
    /// Whom they are from.
    pub from: Sender,
}

/// Who sends mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailProvider {
    /// Nobody: each is a file, for an operator, or for another program that sends it.
    Directory,
    /// Nobody: each is a line of the log, codes and addresses included.
    Log,
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
