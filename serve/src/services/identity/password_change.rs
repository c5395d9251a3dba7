//! New passwords.

use tracing::info;

use super::names::{MailAddress, check_password, refused};
use super::{Identity, Visitor, of_store};
use crate::domain::{Actor, Credential, Problem, ProblemKind, Secret};
use crate::services::letters;
use crate::store::people::{NewPassword, User};

impl Identity {
    /// Changes the password of a person who knows the one before, and ends their other sessions.
    ///
    /// # Errors
    /// That the one before is wrong, or what is wrong with the new one; too many attempts.
    pub async fn change_password(&self, actor: &Actor, old: &Secret, new: &Secret) -> Result<(), Problem> {
        let user = self.prove_password(actor, old).await?;
        check_new(new, &user, "new_password")?;
        if old.digest() == new.digest() {
            return Err(refused("invalid_password", "the new password is the old one", "new_password"));
        }
        let hash = self.passwords.hash(new).await?;
        let own = match actor.credential {
            Credential::Session(session) => Some(session),
            Credential::Key(_) | Credential::Outside(_) => None,
        };
        let now = self.now();
        let language = self.language_of(Some(user.id)).await?;
        let letter = letters::password_changed(language, &user.username, now, true);
        let mail = user.mail.as_deref().filter(|_| user.is_verified);
        let notice = mail.map(|mail| letters::to(mail, letter));
        let set = NewPassword { user: user.id, password_hash: &hash, notice: notice.as_ref(), now };
        let changed = self.people.change_password(set, user.password_changed_at, own).await;
        let ended = changed.map_err(of_store)?;
        let Some(ended) = ended else {
            let message = "the password was changed meanwhile";
            return Err(Problem::new(ProblemKind::Conflict, "password_changed", message));
        };
        self.forget_sessions(&ended);
        info!(user = %actor.user, sessions_ended = ended.len(), "password changed");
        Ok(())
    }

    /// Returns the person who asks, if they know their password: a session that somebody else has found open
    /// is not enough for some things. Who has no password must have logged in just now.
    ///
    /// # Errors
    /// That the password is wrong, or the login too long ago; too many attempts.
    pub(super) async fn prove_password(&self, actor: &Actor, password: &Secret) -> Result<User, Problem> {
        let key = *blake3::hash(actor.user.uuid().as_bytes()).as_bytes();
        self.accounts.take(key, self.now())?;
        let user = self.people.of_id(actor.user).await.map_err(of_store)?;
        let user = user.ok_or_else(super::access::invalid)?;
        if user.password_hash.is_none() {
            self.prove_recent(actor).await?;
            self.accounts.give_back(&key);
            return Ok(user);
        }
        if !self.passwords.is(password, user.password_hash.clone()).await? {
            return Err(Problem::new(ProblemKind::Forbidden, "wrong_password", "the password is wrong")
                .at("password"));
        }
        self.accounts.give_back(&key);
        Ok(user)
    }

    /// Sets the password of the person to whom an operator has given a link, once; ends all of their sessions
    /// and keys, and tells them by mail.
    ///
    /// # Errors
    /// That the link is none, or not any more; what is wrong with the password; too many attempts.
    pub async fn reset_password(
        &self,
        token: &Secret,
        new: &Secret,
        visitor: &Visitor,
    ) -> Result<(), Problem> {
        self.attempt_of(visitor)?;
        let hash = token.digest();
        let user = self.people.of_reset(hash, self.now()).await.map_err(of_store)?.ok_or_else(stale)?;
        check_new(new, &user, "password")?;
        let password = self.passwords.hash(new).await?;
        let now = self.now();
        let mail = user.mail.as_deref().filter(|_| user.is_verified);
        let language = self.language_of(Some(user.id)).await?;
        let letter = letters::password_changed(language, &user.username, now, false);
        let notice = mail.map(|mail| letters::to(mail, letter));
        let set = NewPassword { user: user.id, password_hash: &password, notice: notice.as_ref(), now };
        let ended = self.people.reset_password(hash, set).await.map_err(of_store)?;
        let ended = ended.ok_or_else(stale)?;
        self.forget_ended(&ended);
        info!(user = %user.id, "password set by a link");
        Ok(())
    }
}

pub(super) fn check_new(new: &Secret, user: &User, field: &'static str) -> Result<(), Problem> {
    let mail = user.mail.as_deref().map(MailAddress::parse).transpose()?;
    check_password(new, &user.username, mail.as_ref()).map_err(|problem| problem.at(field))
}

fn stale() -> Problem {
    let message = "the link is not one, or not any more: ask the operator for another";
    Problem::new(ProblemKind::Refused, "invalid_reset_token", message).at("token")
}
