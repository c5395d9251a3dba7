//! Letters: the texts of mails and of short messages, in English and in Spanish, as text and as a page.
//!
//! A template is data: paragraphs in both languages with places for values. Values are put in as they are in
//! the text, and escaped in the page, which needs nothing from elsewhere and has no script. Names are short
//! and of letters, digits and `_`, `.`, `-`: nobody writes sentences to others.

mod identity;
mod notices;
mod page;
mod said;
mod template;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::domain::{Language, MailId, WallTime};
use crate::store::mails::NewMail;

pub use identity::{
    CodeLetter, address_changed, identity_linked, is_it_yours, new_password, password_changed,
};
pub use notices::{ShortText, of_notice, of_several, short_text};
use template::{Template, Values};

/// For how long it is tried to tell somebody what has happened.
const NOTICE: Duration = Duration::from_hours(72);

/// Returns a mail to an address.
#[must_use]
pub fn to(recipient: &str, mail: NewMail) -> NewMail {
    NewMail { recipient: Some(recipient.to_owned()), ..mail }
}

/// When a mail is written, and until when it is of use.
#[derive(Debug, Clone, Copy)]
struct Times {
    now: WallTime,
    expires_at: WallTime,
}

impl Times {
    /// Those of a mail that tells what has happened.
    fn of_notice(now: WallTime) -> Self {
        Self { now, expires_at: now.after(NOTICE) }
    }
}

/// Returns a mail, to nobody yet.
fn mail(language: Language, template: &Template, values: Values<'_>, times: Times) -> NewMail {
    let subject = template.subject(language, values);
    let paragraphs = template.paragraphs(language, values);
    NewMail {
        id: MailId::draw(),
        recipient: None,
        html: Some(page::html(language, &subject, &paragraphs)),
        body: page::text(&paragraphs),
        subject,
        now: times.now,
        expires_at: times.expires_at,
    }
}
