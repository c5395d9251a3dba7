//! Identities of a person: those that they have, a further one, one less.

use tracing::info;

use super::access::invalid;
use super::outside::ProviderName;
use super::outside_logins::{Begun, LoginWish};
use super::providers::Claims;
use super::{Identity, Visitor, of_store};
use crate::domain::{Actor, Credential, IdentityId, Problem, ProblemKind, Secret, SessionId, WallTime};
use crate::services::letters;
use crate::store::people::{NewIdentity, OutsideIdentity, Removal};

/// How long ago a person without a password may have logged in, for what needs one, in nanoseconds.
const RECENT: i64 = 600_000_000_000;

/// An identity that a person has elsewhere, and what its provider is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedIdentity {
    /// It.
    pub identity: OutsideIdentity,
    /// Its provider, if it is still one of this market.
    pub provider: Option<ProviderName>,
}

impl Identity {
    /// Returns the providers with which people log in.
    #[must_use]
    pub fn providers(&self) -> Vec<ProviderName> {
        let all = self.outside.providers.iter().filter(|it| it.config.client.is_some());
        all.map(|it| ProviderName::of(it)).collect()
    }

    /// Returns the identities of a person, the oldest first.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn identities(&self, actor: &Actor) -> Result<Vec<LinkedIdentity>, Problem> {
        let identities = self.people.identities(actor.user).await.map_err(of_store)?;
        let linked = |identity: OutsideIdentity| {
            let provider = self.outside.of_issuer(&identity.issuer).map(|it| ProviderName::of(it));
            LinkedIdentity { identity, provider }
        };
        Ok(identities.into_iter().map(linked).collect())
    }

    /// Begins to link an identity: the person shows once more who they are here, and then logs in there.
    ///
    /// # Errors
    /// That there is no such provider, that no session asks, that password or code are wrong, or that the
    /// mail address of the account is not known to be the person's.
    pub async fn begin_link(
        &self,
        actor: &Actor,
        proof: (&Secret, Option<&Secret>),
        wish: &LoginWish<'_>,
        visitor: &Visitor,
    ) -> Result<Begun, Problem> {
        let Credential::Session(session) = actor.credential else {
            let message = "an identity is linked from a session: log in";
            return Err(Problem::new(ProblemKind::Forbidden, "session_needed", message));
        };
        let (password, code) = proof;
        let user = self.prove_password(actor, password).await?;
        self.check_second_factor(user.id, code).await?;
        if !user.is_verified {
            let message = "the mail address of the account must be known to be yours first";
            return Err(Problem::new(ProblemKind::Forbidden, "mail_unverified", message));
        }
        self.begin(wish, Some(session), visitor).await
    }

    /// Gives the person of a session an identity that was shown, and tells them by mail.
    pub(super) async fn link(
        &self,
        session: SessionId,
        claims: &Claims,
        identity: &NewIdentity,
    ) -> Result<(), Problem> {
        let actor = self.still(Credential::Session(session)).await?;
        if claims.email.is_some() && claims.verified_mail().is_none() {
            let message = "the provider does not know whether the mail address there is yours";
            return Err(Problem::new(ProblemKind::Forbidden, "mail_unverified_there", message));
        }
        let user = self.people.of_id(actor.user).await.map_err(of_store)?.ok_or_else(invalid)?;
        let mail = user.mail.as_deref().filter(|_| user.is_verified).ok_or_else(invalid)?;
        let language = self.language_of(Some(user.id)).await?;
        let notice = letters::to(mail, letters::identity_linked(language, &user.username, self.now()));
        match self.people.link(user.id, identity, &notice).await {
            Err(error) if error.is_conflict_on("outside_identities.id") => {
                let message = "this identity is linked to an account already";
                return Err(Problem::new(ProblemKind::Conflict, "identity_taken", message));
            }
            linked => {
                if !linked.map_err(of_store)? {
                    return Err(invalid());
                }
            }
        }
        self.outside.states.renew(identity.id);
        info!(user = %user.id, identity = %identity.id, "an identity is linked");
        Ok(())
    }

    /// Takes an identity from a person who can come in without it.
    ///
    /// # Errors
    /// That the person has no such identity, or no other way in.
    pub async fn unlink(&self, actor: &Actor, id: IdentityId) -> Result<(), Problem> {
        match self.people.unlink(actor.user, id, self.now()).await.map_err(of_store)? {
            Removal::Done => {
                self.outside.forget(id, self.now());
                info!(user = %actor.user, identity = %id, "an identity is not linked any more");
                Ok(())
            }
            Removal::Nothing => {
                Err(Problem::new(ProblemKind::NotFound, "unknown_identity", "there is no such identity"))
            }
            Removal::LastWay => {
                let message = "there is no other way to log in";
                let problem = Problem::new(ProblemKind::Conflict, "last_way_in", message);
                Err(problem.hint("set a password, or link another identity first"))
            }
        }
    }

    /// Lets those go on who have no password, and have logged in just now.
    pub(super) async fn prove_recent(&self, actor: &Actor) -> Result<(), Problem> {
        let since = match actor.credential {
            Credential::Session(session) => self.opened_at(actor, session).await?,
            Credential::Outside(token) => token.logged_in_at,
            Credential::Key(_) => None,
        };
        let age = since.map(|since| self.now().nanos().saturating_sub(since.nanos()));
        if age.is_some_and(|age| age <= RECENT) {
            return Ok(());
        }
        let message = "this needs a login that is not older than ten minutes, or a password";
        Err(Problem::new(ProblemKind::Forbidden, "login_too_old", message).hint("log in again"))
    }

    async fn opened_at(&self, actor: &Actor, session: SessionId) -> Result<Option<WallTime>, Problem> {
        let sessions = self.sessions(actor).await?;
        let own = sessions.iter().find(|it| it.session.id == session);
        Ok(own.map(|it| it.session.created_at))
    }
}
