//! Mail addresses: whose they are, and others in their place.

use tracing::info;

use super::mail_codes::{CodeFor, invalid_code};
use super::names::{MailAddress, refused};
use super::{Identity, of_store};
use crate::domain::{Actor, Problem, ProblemKind, Secret};
use crate::services::letters;
use crate::store::people::{CodePurpose, User};

impl Identity {
    /// Sends a code to the address of a person that is not yet known to be theirs.
    ///
    /// # Errors
    /// That there is no such address, or too many codes were sent.
    pub async fn send_mail_code(&self, actor: &Actor) -> Result<(), Problem> {
        let user = self.people.of_id(actor.user).await.map_err(of_store)?;
        let user = user.ok_or_else(super::access::invalid)?;
        let conflict = |code, message| Problem::new(ProblemKind::Conflict, code, message);
        let Some(mail) = user.mail.clone() else {
            return Err(conflict("no_mail", "there is no mail address").hint("give one: POST /api/auth/mail"));
        };
        if user.is_verified {
            return Err(conflict("mail_verified", "the mail address is known to be yours"));
        }
        self.send_to(&user, &mail).await
    }

    /// Sends a code to another address of a person: once it is shown, the address is theirs.
    ///
    /// # Errors
    /// That the password is wrong, what is wrong with the address, or that too many codes were sent.
    pub async fn change_mail(&self, actor: &Actor, password: &Secret, mail: &str) -> Result<(), Problem> {
        let mail = MailAddress::parse(mail)?;
        let user = self.prove_password(actor, password).await?;
        if user.is_verified && user.mail.as_deref() == Some(mail.text()) {
            return Err(refused("invalid_mail", "this is the mail address that there is", "mail"));
        }
        self.send_to(&user, mail.text()).await
    }

    async fn send_to(&self, user: &User, mail: &str) -> Result<(), Problem> {
        let purpose = CodePurpose::Mail;
        let of = CodeFor { user: Some((user.id, &user.username)), purpose, mail };
        if self.send_code(of).await? {
            return Ok(());
        }
        Err(self.too_many_codes(user.id, purpose).await)
    }

    /// Takes an address as that of a person who shows the code that was sent there. One that was known to be
    /// theirs before is told.
    ///
    /// # Errors
    /// That the code is wrong or not good any more, or that the address is known to be somebody else's.
    pub async fn confirm_mail(&self, actor: &Actor, code: &Secret) -> Result<(), Problem> {
        let sent = self.shown_code(actor.user.uuid(), CodePurpose::Mail, code).await?;
        let user = self.people.of_id(actor.user).await.map_err(of_store)?;
        let user = user.ok_or_else(super::access::invalid)?;
        let before = user.mail.as_deref().filter(|mail| user.is_verified && *mail != sent.mail);
        let language = self.language_of(Some(user.id)).await?;
        let letter = letters::address_changed(language, &user.username, self.now());
        let notice = before.map(|mail| letters::to(mail, letter));
        match self.people.confirm_mail(&sent, notice.as_ref(), self.now()).await {
            Err(error) if error.is_conflict_on("users.mail_key") => {
                let message = "the mail address is that of another account";
                return Err(Problem::new(ProblemKind::Conflict, "mail_taken", message).at("mail"));
            }
            confirmed => {
                if !confirmed.map_err(of_store)? {
                    return Err(invalid_code());
                }
            }
        }
        info!(user = %actor.user, is_other = notice.is_some(), "a mail address is known to be theirs");
        Ok(())
    }
}
