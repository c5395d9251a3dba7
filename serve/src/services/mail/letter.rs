//! [`Letter`]: a mail as it is sent.

use std::fmt;
use std::time::SystemTime;

use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;

use super::MailError;

/// A mail as it is sent. Its `Debug` has nothing of what it says, or to whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Tells it from all others, and is the same if it is sent again.
    pub name: String,
    /// Whom it is from.
    pub from: Mailbox,
    /// Whom it is to.
    pub to: Mailbox,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub written_at: SystemTime,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Letter {
    /// Returns an id that is the same if the mail is sent again, so that whoever gets it twice can notice.
    #[must_use]
    pub fn message_id(&self) -> String {
        format!("<{}@{}>", self.name, self.from.email.domain())
    }

    /// Returns it in the form of RFC 5322.
    ///
    /// # Errors
    /// That it has none.
    pub fn message(&self) -> Result<Message, MailError> {
        Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(self.subject.as_str())
            .date(self.written_at)
            .message_id(Some(self.message_id()))
            .header(ContentType::TEXT_PLAIN)
            .body(self.body.clone())
            .map_err(|_| MailError::unusable("this mail"))
    }
}

impl MailError {
    /// What cannot be sent, however often it is tried. No part of the mail is in it.
    pub(super) fn unusable(what: &str) -> Self {
        Self { message: format!("{what} cannot be sent"), is_final: true }
    }

    /// Something that may go better the next time.
    pub(super) fn passing(message: String) -> Self {
        Self { message, is_final: false }
    }
}

#[cfg(test)]
impl Letter {
    /// Returns one of a test's.
    pub(super) fn to_anne(body: &str) -> Self {
        Self {
            name: "one".to_owned(),
            from: "Bearpit <market@example.org>".parse().unwrap(),
            to: "anne@example.org".parse().unwrap(),
            subject: "a code".to_owned(),
            body: body.to_owned(),
            written_at: SystemTime::UNIX_EPOCH,
        }
    }
}
