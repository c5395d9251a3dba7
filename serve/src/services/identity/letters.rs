//! The texts of mails, in lines of up to 76 letters, which are sent as they are. Names are short and of
//! letters, digits and `_`, `.`, `-`: nobody writes sentences to others.

use std::time::Duration;

use crate::domain::{MailId, WallTime};
use crate::store::mails::NewMail;

/// For how long it is tried to tell somebody what has happened.
const NOTICE: Duration = Duration::from_hours(72);

/// What a mail with a code says.
#[derive(Clone, Copy)]
pub(super) struct CodeLetter<'a> {
    /// The name of the account.
    pub(super) username: &'a str,
    /// The code.
    pub(super) code: &'a str,
    /// When it is written.
    pub(super) now: WallTime,
    /// Until when the code is good.
    pub(super) until: WallTime,
}

/// Asks whether an address is theirs.
pub(super) fn is_it_yours(letter: CodeLetter<'_>) -> NewMail {
    let CodeLetter { username, code, now, until } = letter;
    let body = format!(
        "Somebody, most likely you, has given this mail address for an account\n\
         on Bearpit: {username}\n\nThis code shows that it is yours:\n\n{code}\n\n\
         It is good once, until {until}.\n\n\
         If it was not you, do nothing: without the code, nothing changes.\n"
    );
    mail("Bearpit: a code for your mail address", body, now, until)
}

/// Gives what sets another password.
pub(super) fn new_password(letter: CodeLetter<'_>) -> NewMail {
    let CodeLetter { username, code, now, until } = letter;
    let body = format!(
        "Somebody, most likely you, has forgotten the password of an account\n\
         on Bearpit: {username}\n\nThis code sets another:\n\n{code}\n\n\
         It is good once, until {until}. Give it to nobody.\n\n\
         If it was not you, do nothing: without the code, nothing changes.\n"
    );
    mail("Bearpit: a code for a new password", body, now, until)
}

/// Tells that the password was changed.
pub(super) fn password_changed(username: &str, now: WallTime) -> NewMail {
    let body = format!(
        "The password of an account on Bearpit was set anew, at\n\
         {now}: {username}\n\nAll of its sessions and keys have ended.\n\n\
         If it was not you, somebody reads your mail, or the operator has given\n\
         somebody else a link: tell the operator.\n"
    );
    mail("Bearpit: your password was set anew", body, now, now.after(NOTICE))
}

/// Tells an address that it is no longer that of an account.
pub(super) fn address_changed(username: &str, now: WallTime) -> NewMail {
    let body = format!(
        "An account on Bearpit has another mail address since\n\
         {now}: {username}\n\nThis one is no longer used.\n\n\
         If it was not you, somebody else knows the password: tell the operator.\n"
    );
    mail("Bearpit: your mail address was changed", body, now, now.after(NOTICE))
}

/// Tells that an account can be entered by an identity elsewhere.
pub(super) fn identity_linked(username: &str, now: WallTime) -> NewMail {
    let body = format!(
        "An identity of another provider can log in to an account on Bearpit\n\
         since {now}: {username}\n\nAmong the identities of the account, it can be removed.\n\n\
         If it was not you, change your password, and tell the operator.\n"
    );
    mail("Bearpit: another way to log in", body, now, now.after(NOTICE))
}

/// Returns a mail, to nobody yet.
fn mail(subject: &str, body: String, now: WallTime, expires_at: WallTime) -> NewMail {
    NewMail { id: MailId::draw(), recipient: None, subject: subject.to_owned(), body, now, expires_at }
}

/// Returns a mail to an address.
pub(super) fn to(recipient: &str, mail: NewMail) -> NewMail {
    NewMail { recipient: Some(recipient.to_owned()), ..mail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_enough_to_be_sent_as_they_are() {
        let name = "x".repeat(32);
        let (now, until) = (WallTime::from_nanos(1_764_424_800_123_000_000), WallTime::from_nanos(i64::MAX));
        let letter = CodeLetter { username: &name, code: "123456", now, until };
        for mail in [
            is_it_yours(letter),
            new_password(letter),
            password_changed(&name, now),
            address_changed(&name, now),
            identity_linked(&name, now),
        ] {
            assert!(mail.body.contains(&name) && mail.body.ends_with(".\n"), "{}", mail.body);
            assert!(mail.body.lines().all(|line| line.len() <= 76 && line.is_ascii()), "{}", mail.body);
        }
    }
}
