//! Who somebody is that shows a token or key.

use super::api_keys::KEY;
use super::{Identity, of_store};
use crate::domain::{
    AccountId, Actor, Credential, KeyId, Problem, ProblemKind, Role, Scope, Scopes, Secret, SessionId,
    UserId, WallTime,
};
use crate::store::people::Holder;

/// What a person sees of themselves.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The person.
    pub user: UserId,
    /// The person's account.
    pub account: AccountId,
    /// The name.
    pub username: String,
    /// The mail address.
    pub mail: Option<Secret>,
    /// Whether the address is known to be theirs.
    pub is_verified: bool,
    /// What the person is.
    pub role: Role,
    /// When the person came.
    pub created_at: WallTime,
}

/// How seldom it is noted that a session or key is used, in nanoseconds.
pub(super) const SEEN_EVERY: i64 = 60_000_000_000;

impl Identity {
    /// Returns who shows an access token, the secret of a key, or a token of another provider.
    ///
    /// # Errors
    /// That it is none, or not any more; or that this cannot be known, since the database is away.
    pub async fn authenticate(&self, shown: &str) -> Result<Actor, Problem> {
        if shown.starts_with(KEY) {
            return self.of_key(shown).await;
        }
        let Some(verified) = self.tokens.verify(shown, self.now()) else {
            return self.of_outside_token(shown).await;
        };
        let actor = self.of_session(verified.session).await?;
        if actor.user == verified.user { Ok(actor) } else { Err(invalid()) }
    }

    /// Returns who has a session or key, which was shown before: whether it still goes on.
    ///
    /// # Errors
    /// As [`Identity::authenticate`].
    pub async fn still(&self, credential: Credential) -> Result<Actor, Problem> {
        match credential {
            Credential::Session(session) => self.of_session(session).await,
            Credential::Key(key) => self.of_key_id(key, None).await,
            Credential::Outside(token) => self.of_outside(token).await,
        }
    }

    async fn of_session(&self, session: SessionId) -> Result<Actor, Problem> {
        let state = self.sessions.get(session, &self.clock, self.people.session_state(session)).await;
        let state = state.map_err(of_store)?.filter(|state| !state.is_ended).ok_or_else(invalid)?;
        let now = self.now();
        if now.nanos().saturating_sub(state.last_seen_at.nanos()) > SEEN_EVERY {
            let people = self.people.clone();
            tokio::spawn(async move { people.touch_session(session, now).await.unwrap_or_default() });
        }
        let scopes = Scopes::of_role(state.holder.role);
        self.actor(state.holder, scopes, Credential::Session(session))
    }

    async fn of_key(&self, shown: &str) -> Result<Actor, Problem> {
        let (key, hash) = super::api_keys::parts(shown).ok_or_else(invalid)?;
        self.of_key_id(key, Some(hash)).await
    }

    /// Returns who has a key. Digests are compared, so that the time it takes says nothing.
    async fn of_key_id(&self, key: KeyId, hash: Option<[u8; 32]>) -> Result<Actor, Problem> {
        let state = self.keys.get(key, &self.clock, self.people.key_state(key)).await.map_err(of_store)?;
        let state = state.filter(|state| !state.is_ended && hash.is_none_or(|hash| hash == state.hash));
        let state = state.ok_or_else(invalid)?;
        let now = self.now();
        if state.last_used_at.is_none_or(|last| now.nanos().saturating_sub(last.nanos()) > SEEN_EVERY) {
            let people = self.people.clone();
            tokio::spawn(async move { people.touch_key(key, now).await.unwrap_or_default() });
        }
        self.actor(state.holder, state.scopes, Credential::Key(key))
    }

    pub(super) fn actor(
        &self,
        holder: Holder,
        scopes: Scopes,
        credential: Credential,
    ) -> Result<Actor, Problem> {
        let Holder { user, account, role, is_blocked, is_verified } = holder;
        if is_blocked {
            return Err(invalid());
        }
        let may_trade = is_verified || !self.config.require_verified_mail;
        let left: Scopes = scopes.iter().filter(|scope| may_trade || *scope != Scope::Trade).collect();
        Ok(Actor { user, account, role, scopes: left, credential })
    }

    /// Returns what a person sees of themselves.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn profile(&self, actor: &Actor) -> Result<Profile, Problem> {
        let user = self.people.of_id(actor.user).await.map_err(of_store)?.ok_or_else(invalid)?;
        Ok(Profile {
            user: user.id,
            account: user.account,
            username: user.username,
            mail: user.mail.map(Secret::new),
            is_verified: user.is_verified,
            role: user.role,
            created_at: user.created_at,
        })
    }
}

/// What was shown lets nobody in.
pub(super) fn invalid() -> Problem {
    let message = "the token or key is not one, or not any more";
    Problem::new(ProblemKind::Unauthenticated, "invalid_token", message)
}
