//! Registration.

use tracing::info;

use super::mail_codes::{CodeFor, Issue};
use super::names::{MailAddress, Username, check_password, refused};
use super::{Identity, Visitor, of_store};
use crate::config::Registration;
use crate::domain::{AccountId, Language, Problem, ProblemKind, Role, Secret, UserId};
use crate::store::database::StoreError;
use crate::store::people::{CodePurpose, NewUser};

/// What somebody who registers says.
#[derive(Debug, Clone)]
pub struct RegistrationRequest {
    /// The name.
    pub username: String,
    /// The mail address.
    pub mail: Option<String>,
    /// The password.
    pub password: Secret,
}

/// Somebody who has registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The person.
    pub user: UserId,
    /// The person's account.
    pub account: AccountId,
    /// The name.
    pub username: String,
}

impl Identity {
    /// Makes a person and an account. The answer is the same whether the mail
    /// address is known or not.
    ///
    /// # Errors
    /// A name that is taken, what is wrong with a field, too many attempts, or that registration is closed.
    pub async fn register(
        &self,
        request: RegistrationRequest,
        visitor: &Visitor,
    ) -> Result<Registered, Problem> {
        self.attempt_of(visitor)?;
        self.registration_is_open()?;
        let username = Username::chosen(&request.username)?;
        let mail = request.mail.as_deref().map(MailAddress::parse).transpose()?;
        if self.config.require_verified_mail && mail.is_none() {
            return Err(refused("invalid_mail", "a mail address is needed here", "mail"));
        }
        check_password(&request.password, username.text(), mail.as_ref())?;
        // A name that is taken costs no hash.
        if self.people.of_name(&username.key()).await.map_err(of_store)?.is_some() {
            return Err(taken());
        }
        let password_hash = self.passwords.hash(&request.password).await?;
        let user = NewUser {
            id: UserId::draw(),
            account: AccountId::draw(),
            username: username.text().to_owned(),
            username_key: username.key(),
            mail: mail.map(|mail| mail.text().to_owned()),
            is_verified: false,
            role: Role::User,
            password_hash: Some(password_hash),
            now: self.now(),
        };
        match self.add(&user).await? {
            Err(error) if error.is_conflict_on("users.username_key") => return Err(taken()),
            added => added.map_err(of_store)?,
        }
        info!(user = %user.id, account = %user.account, "registered");
        self.newcomers.registered(user.account);
        Ok(Registered { user: user.id, account: user.account, username: user.username })
    }

    /// Refuses new people where an operator makes every account.
    pub(super) fn registration_is_open(&self) -> Result<(), Problem> {
        if self.config.registration == Registration::Open {
            return Ok(());
        }
        let message = "an operator makes the accounts of this market";
        Err(Problem::new(ProblemKind::Forbidden, "registration_closed", message))
    }

    /// Adds a person; whose address it is, a code is to show that goes there.
    async fn add(&self, user: &NewUser) -> Result<Result<(), StoreError>, Problem> {
        let Some(mail) = &user.mail else { return Ok(self.people.add(user).await) };
        let of = CodeFor { user: Some((user.id, &user.username)), purpose: CodePurpose::Mail, mail };
        let Issue { code, letter } = self.codes.issue(of, Language::default(), self.now())?;
        Ok(self.people.register(user, &code, &letter).await)
    }
}

fn taken() -> Problem {
    Problem::new(ProblemKind::Conflict, "username_taken", "this name is taken").at("username")
}
