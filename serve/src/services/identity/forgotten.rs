//! Passwords that are forgotten.
//!
//! No answer, and no time that one takes, tells whether a name or address is known: a name that nobody has
//! gets codes and mails as well, which are to nobody.

use tracing::info;

use super::mail_codes::{CodeFor, invalid_code};
use super::names::{check_password, cut};
use super::password_change::check_new;
use super::{Identity, Visitor, of_store};
use crate::domain::{Problem, Secret};
use crate::services::letters;
use crate::store::people::{CodePurpose, User};

/// No name and no mail address is longer, in bytes.
const NAME_BYTES: usize = 254;

/// A new password of somebody who shows a code.
#[derive(Debug, Clone)]
pub struct ForgottenPassword {
    /// The name, or the mail address.
    pub username: String,
    /// The code that was sent.
    pub code: Secret,
    /// The new password.
    pub password: Secret,
}

impl Identity {
    /// Sends a code to the address of a person who has forgotten the password, if it is known to be theirs.
    /// The answer is the same, and takes as long, if there is no such person or address.
    ///
    /// # Errors
    /// Too many attempts, or that the database is away.
    pub async fn forget_password(&self, name: &str, visitor: &Visitor) -> Result<(), Problem> {
        self.attempt_of(visitor)?;
        let name = typed(name);
        self.codes.ask_by(&name, self.now())?;
        let user = self.reachable(&name).await?;
        let of = CodeFor {
            user: user.as_ref().map(|user| (user.id, user.username.as_str())),
            purpose: CodePurpose::Password,
            mail: user.as_ref().and_then(|user| user.mail.as_deref()).unwrap_or(&name),
        };
        // Nobody is told whether one was sent.
        self.send_code(of).await?;
        info!("a password is forgotten");
        Ok(())
    }

    /// Sets the password of a person who shows the code that was sent to their address, ends all of their
    /// sessions and keys, and tells them.
    ///
    /// # Errors
    /// That the code is wrong or not good any more, what is wrong with the password, or too many attempts.
    pub async fn set_forgotten(&self, wanted: &ForgottenPassword, visitor: &Visitor) -> Result<(), Problem> {
        self.attempt_of(visitor)?;
        let ForgottenPassword { username, code, password } = wanted;
        let name = typed(username);
        // What is wrong with it whoever asks costs no try.
        check_password(password, "", None)?;
        let key = *blake3::hash(format!("code\n{name}").as_bytes()).as_bytes();
        self.accounts.take(key, self.now())?;
        let user = self.reachable(&name).await?;
        let subject = user.as_ref().map_or_else(|| self.codes.nobody(&name), |user| user.id.uuid());
        let sent = self.shown_code(subject, CodePurpose::Password, code).await?;
        let user = user.ok_or_else(invalid_code)?;
        self.accounts.give_back(&key);
        check_new(password, &user, "password")?;
        let hash = self.passwords.hash(password).await?;
        let now = self.now();
        let language = self.language_of(Some(user.id)).await?;
        let letter = letters::password_changed(language, &user.username, now, false);
        let notice = letters::to(&sent.mail, letter);
        let ended = self.people.set_password(&sent, &hash, &notice, now).await.map_err(of_store)?;
        let ended = ended.ok_or_else(invalid_code)?;
        self.forget_ended(&ended);
        info!(user = %user.id, "password set by a code");
        Ok(())
    }

    /// Returns who has a name, or an address that is known to be theirs, and can be reached by mail.
    async fn reachable(&self, name: &str) -> Result<Option<User>, Problem> {
        let user = if name.contains('@') {
            let [whose, ..] = self.people.of_mail(name).await.map_err(of_store)?;
            whose
        } else {
            self.people.of_name(name).await.map_err(of_store)?
        };
        Ok(user.filter(|user| user.is_verified && !user.is_blocked && user.mail.is_some()))
    }
}

/// Returns a name or address as it is looked for.
fn typed(name: &str) -> String {
    cut(name, NAME_BYTES + 1).to_ascii_lowercase()
}
