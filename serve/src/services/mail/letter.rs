//! [`Letter`]: a mail as it is sent.

use std::fmt;
use std::time::SystemTime;

use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart};

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
    /// What it says, as text.
    pub body: String,
    /// The same as a page, if there is one.
    pub html: Option<String>,
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
        let message = Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(self.subject.as_str())
            .date(self.written_at)
            .message_id(Some(self.message_id()));
        let message = match &self.html {
            Some(html) => {
                message.multipart(MultiPart::alternative_plain_html(self.body.clone(), html.clone()))
            }
            None => message.header(ContentType::TEXT_PLAIN).body(self.body.clone()),
        };
        message.map_err(|_| MailError::unusable("this mail"))
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
            html: None,
            written_at: SystemTime::UNIX_EPOCH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_with_a_page_has_the_text_first_and_all_letters_of_both() {
        let page = Some("<p>Contraseña</p>".to_owned());
        let letter =
            Letter { html: page, subject: "Tu código".to_owned(), ..Letter::to_anne("Contraseña\n") };
        let text = String::from_utf8(letter.message().unwrap().formatted()).unwrap();
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains("Content-Type: multipart/alternative"), "{text}");
        let plain = text.find("Content-Type: text/plain; charset=utf-8").unwrap();
        let html = text.find("Content-Type: text/html; charset=utf-8").unwrap();
        assert!(plain < html, "{text}");
        for part in [&text[plain..html], &text[html..]] {
            let is_whole = part.contains("Contrase=C3=B1a") || part.contains("Q29udHJhc2XDsWE");
            assert!(is_whole, "{part}");
        }
    }
}
