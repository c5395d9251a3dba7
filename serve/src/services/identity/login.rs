//! Logins, and sessions that go on.

use std::time::Duration;

use tracing::{error, info, warn};

use super::names::cut;
use super::{Identity, Visitor, draw, of_store};
use crate::domain::{Problem, ProblemKind, Secret, SessionId, UserId};
use crate::store::people::{NewSession, RefreshToken, Rotation, TokenState, User};

/// What somebody who logs in says.
#[derive(Debug, Clone)]
pub struct Login {
    /// The name, or the mail address.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// A code of the second factor, or for recovery: of people who have one.
    pub code: Option<Secret>,
}

/// What a session shows.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The session.
    pub session: SessionId,
    /// What requests show.
    pub access: Secret,
    /// For how long.
    pub expires_in: Duration,
    /// What the next of both are asked for with, once.
    pub refresh: Secret,
    /// What a browser sends back in a header with what changes something.
    pub csrf: Secret,
}

/// What refresh tokens begin with.
const REFRESH: &str = "bpr_";
/// No name and no mail address is longer, in bytes.
const NAME_BYTES: usize = 254;

impl Identity {
    /// Opens a session.
    ///
    /// # Errors
    /// That name and password do not fit, without saying which; that a code of the second factor is missing
    /// or wrong; too many attempts; that an operator has blocked the person.
    pub async fn log_in(&self, login: &Login, visitor: &Visitor) -> Result<Tokens, Problem> {
        self.attempt_of(visitor)?;
        let name = cut(&login.username, NAME_BYTES + 1).to_ascii_lowercase();
        let key = *blake3::hash(name.as_bytes()).as_bytes();
        self.accounts.take(key, self.now())?;
        let user = self.who_is(&name, &login.password).await?.ok_or_else(wrong)?;
        self.accounts.give_back(&key);
        if user.is_blocked {
            return Err(blocked());
        }
        // A code that is used up for nothing may be the last.
        self.people.probe_sessions().await.map_err(of_store)?;
        self.check_second_factor(user.id, login.code.as_ref()).await?;
        self.open(&user, visitor).await?.ok_or_else(wrong)
    }

    /// Opens a session of a person, who has shown who they are. `None` if the password was changed meanwhile,
    /// or the person blocked.
    pub(super) async fn open(&self, user: &User, visitor: &Visitor) -> Result<Option<Tokens>, Problem> {
        let (session, refresh) = (SessionId::draw(), draw(REFRESH, &[])?);
        let now = self.now();
        let new = NewSession {
            id: session,
            user: user.id,
            password_changed_at: user.password_changed_at,
            client: visitor.client(),
            device: Some(visitor.device()),
            now,
            token: RefreshToken { hash: refresh.digest(), expires_at: now.after(self.config.refresh_token) },
        };
        if !self.people.open_session(&new).await.map_err(of_store)? {
            return Ok(None);
        }
        info!(user = %user.id, %session, "logged in");
        self.tokens_of(user.id, session, refresh).map(Some)
    }

    /// Returns who has a name or mail address and a password. It takes as long for those who do not exist.
    async fn who_is(&self, name: &str, password: &Secret) -> Result<Option<User>, Problem> {
        let mut found = None;
        if name.contains('@') {
            for user in self.people.of_mail(name).await.map_err(of_store)? {
                let hash = user.as_ref().and_then(|user| user.password_hash.clone());
                if self.passwords.is(password, hash).await? && found.is_none() {
                    found = user;
                }
            }
            return Ok(found);
        }
        let user = self.people.of_name(name).await.map_err(of_store)?;
        let hash = user.as_ref().and_then(|user| user.password_hash.clone());
        let is_theirs = self.passwords.is(password, hash).await?;
        Ok(user.filter(|_| is_theirs))
    }

    /// Lets a session go on: gives other tokens for a refresh token. A browser, whose cookies travel by
    /// themselves, shows its CSRF token too.
    ///
    /// # Errors
    /// That the token is none, or not any more. If it was used before, its session has ended then.
    pub async fn refresh(
        &self,
        token: &Secret,
        csrf: Option<&str>,
        visitor: &Visitor,
    ) -> Result<Tokens, Problem> {
        self.attempt_of(visitor)?;
        let hash = token.digest();
        let state = self.people.refresh_token(hash).await.map_err(of_store)?.ok_or_else(stale)?;
        let TokenState { session, holder, .. } = state;
        if csrf.is_some_and(|csrf| !self.is_csrf_token(session, csrf)) {
            return Err(csrf_problem());
        }
        let now = self.now();
        if state.is_ended || holder.is_blocked || state.expires_at <= now {
            return Err(stale());
        }
        let refresh = draw(REFRESH, &[])?;
        let expires_at = now.after(self.config.refresh_token);
        let next = RefreshToken { hash: refresh.digest(), expires_at };
        let (client, grace) = (visitor.client(), self.config.refresh_grace);
        let rotated = self.people.rotate(Rotation { hash, session, next, client, now, grace });
        if !rotated.await.map_err(of_store)? {
            // Somebody else has the token: nobody goes on with this session, whoever is the thief.
            warn!(user = %holder.user, %session, "a refresh token was used twice: its session has ended");
            self.end(holder.user, session).await?;
            return Err(stale());
        }
        self.tokens_of(holder.user, session, refresh)
    }

    fn tokens_of(&self, user: UserId, session: SessionId, refresh: Secret) -> Result<Tokens, Problem> {
        let access = self.tokens.issue(user, session, self.now()).map_err(|error| {
            error!(%error, "an access token cannot be signed");
            Problem::new(ProblemKind::Internal, "internal", "a fault of the server, which is in its log")
        })?;
        let csrf = self.csrf_token(session);
        Ok(Tokens { session, access, expires_in: self.tokens.lifetime(), refresh, csrf })
    }

    /// Ends a session of a person, here at once.
    pub(super) async fn end(&self, user: UserId, session: SessionId) -> Result<bool, Problem> {
        let ended = self.people.end_session(user, session, self.now()).await.map_err(of_store)?;
        if ended {
            self.sessions.end(session, self.now());
        }
        Ok(ended)
    }

    /// Returns the CSRF token of a session: what only those know who can read what the session was answered.
    #[must_use]
    pub fn csrf_token(&self, session: SessionId) -> Secret {
        let digest = blake3::keyed_hash(&self.csrf_key, session.uuid().as_bytes());
        Secret::new(digest.to_hex().to_string())
    }

    /// Returns whether a text is the CSRF token of a session. How long that takes says nothing about it.
    #[must_use]
    pub fn is_csrf_token(&self, session: SessionId, text: &str) -> bool {
        blake3::hash(text.as_bytes()) == blake3::hash(self.csrf_token(session).expose().as_bytes())
    }
}

/// The CSRF token is not that of the session.
#[must_use]
pub(crate) fn csrf_problem() -> Problem {
    let message = "a request with cookies that changes something needs the session's CSRF token";
    let problem = Problem::new(ProblemKind::Forbidden, "csrf", message);
    problem.hint("send the value of the cookie that ends in `csrf` in the header `X-CSRF-Token`")
}

/// An operator has shut the person out.
pub(super) fn blocked() -> Problem {
    Problem::new(ProblemKind::Forbidden, "blocked", "an operator has blocked this account")
}

fn wrong() -> Problem {
    Problem::new(ProblemKind::Unauthenticated, "wrong_credentials", "the name or the password is wrong")
}

fn stale() -> Problem {
    let message = "the refresh token is not one, or not any more: log in again";
    Problem::new(ProblemKind::Unauthenticated, "invalid_refresh_token", message)
}
