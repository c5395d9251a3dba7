//! Tokens of other providers as the credentials of requests.
//!
//! Who shows one may do what an ordinary person may who is logged in, never what an operator may, whatever
//! the person is here. A person with a second factor is not let in by one, since it shows none.

use std::sync::Arc;

use tracing::debug;

use super::access::{SEEN_EVERY, invalid};
use super::outside_newcomers::identity_of;
use super::providers::{Claims, Provider, Unread, away, issuer_of};
use super::{Identity, of_store};
use crate::domain::{
    Actor, Credential, IdentityId, OutsideToken, Problem, ProblemKind, Role, Scopes, WallTime,
};
use crate::store::people::{Holder, IdentityState, NewIdentity};

impl Identity {
    /// Returns who shows a token of another provider. Whoever comes for the first time is a new person.
    pub(super) async fn of_outside_token(&self, shown: &str) -> Result<Actor, Problem> {
        let issuer = issuer_of(shown).ok_or_else(invalid)?;
        let provider = self.outside.of_issuer(&issuer).filter(|it| !it.config.audiences.is_empty());
        let provider = Arc::clone(provider.ok_or_else(invalid)?);
        let audiences: Vec<&str> = provider.config.audiences.iter().map(String::as_str).collect();
        let claims = provider.read(shown, &audiences, self.now()).await.map_err(|unread| match unread {
            Unread::Away => away(),
            Unread::Bad(fault) => {
                debug!(provider = provider.config.name, fault, "a token is refused");
                invalid()
            }
        })?;
        let identity = identity_of(&provider, &claims);
        let token = OutsideToken {
            identity: identity.id,
            logged_in_at: claims.auth_time.map(at),
            until: at(claims.exp),
        };
        if self.state_of(identity.id).await?.is_none() {
            self.come_by_token(&provider, &claims, &identity).await?;
        }
        self.of_outside(token).await
    }

    /// Makes a person of whoever shows a token, unless it is from before the identity was taken from
    /// somebody: a program that goes on to send it must not bring back who has left.
    async fn come_by_token(
        &self,
        provider: &Provider,
        claims: &Claims,
        identity: &NewIdentity,
    ) -> Result<(), Problem> {
        let ended_at = self.people.former_identity(identity.id).await.map_err(of_store)?;
        let logged_in_at = at(claims.auth_time.unwrap_or(claims.iat));
        if ended_at.is_some_and(|ended_at| logged_in_at <= ended_at) {
            return Err(invalid());
        }
        self.come(provider, claims, identity).await?;
        self.outside.states.renew(identity.id);
        Ok(())
    }

    /// Returns who has a token that was shown before: whether it is still good.
    pub(super) async fn of_outside(&self, token: OutsideToken) -> Result<Actor, Problem> {
        let now = self.now();
        if token.until <= now {
            return Err(invalid());
        }
        let state = self.state_of(token.identity).await?.ok_or_else(invalid)?;
        if state.has_second_factor {
            let message = "a code of the second factor is needed, which a token of another provider has not";
            let problem = Problem::new(ProblemKind::Unauthenticated, "second_factor_needed", message);
            return Err(problem.hint("log in here, and show the access token of the session"));
        }
        if now.nanos().saturating_sub(state.last_used_at.nanos()) > SEEN_EVERY {
            let people = self.people.clone();
            tokio::spawn(async move { people.touch_identity(token.identity, now).await.unwrap_or_default() });
        }
        let holder = Holder { role: Role::User, ..state.holder };
        self.actor(holder, Scopes::of_role(Role::User), Credential::Outside(token))
    }

    async fn state_of(&self, id: IdentityId) -> Result<Option<IdentityState>, Problem> {
        let read = self.people.identity_state(id);
        self.outside.states.get(id, &self.clock, read).await.map_err(of_store)
    }
}

fn at(seconds: i64) -> WallTime {
    WallTime::from_nanos(seconds.saturating_mul(1_000_000_000))
}
