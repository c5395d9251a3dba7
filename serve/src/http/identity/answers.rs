//! What is answered to requests of identity.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{AccountId, Actor, Credential, KeyId, Role, Scope, Secret, SessionId, UserId};
use crate::services::identity::{
    CODE_LIFETIME, DrawnKey, FactorStatus, NewFactor, Profile, Registered, SeenSession, Tokens,
};
use crate::store::people::Key;

/// A person who has registered.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RegisteredAnswer {
    /// The person.
    user_id: UserId,
    /// The person's account.
    account_id: AccountId,
    /// The name.
    #[schema(example = "anne")]
    username: String,
}

impl From<Registered> for RegisteredAnswer {
    fn from(registered: Registered) -> Self {
        let Registered { user, account, username } = registered;
        Self { user_id: user, account_id: account, username }
    }
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionTokens {
    /// What requests show; absent where cookies have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<Secret>,
    /// `bearer`, or `cookie`.
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// What the next tokens are asked for with, once; absent where cookies have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Secret>,
    /// For how long the access token is good, in seconds.
    #[schema(example = 900)]
    expires_in: u64,
    /// The session.
    session_id: SessionId,
    /// What requests with cookies that change something have in the header `X-CSRF-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<Secret>,
}

impl SessionTokens {
    pub(super) fn of(tokens: &Tokens, in_cookies: bool) -> Self {
        let shown = |secret: &Secret| Some(secret.clone()).filter(|_| !in_cookies);
        Self {
            access_token: shown(&tokens.access),
            token_type: if in_cookies { "cookie" } else { "bearer" },
            refresh_token: shown(&tokens.refresh),
            expires_in: tokens.expires_in.as_secs(),
            session_id: tokens.session,
            csrf_token: Some(tokens.csrf.clone()).filter(|_| in_cookies),
        }
    }
}

/// A person, as seen by themselves.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    /// The person.
    user_id: UserId,
    /// The person's account.
    account_id: AccountId,
    /// The name.
    #[schema(example = "anne")]
    username: String,
    /// The mail address.
    #[schema(value_type = Option<String>, example = "anne@example.org")]
    mail: Option<Secret>,
    /// Whether the address is known to be theirs.
    mail_verified: bool,
    /// What the person is.
    role: Role,
    /// What the credential that asks allows.
    scopes: Vec<Scope>,
    /// The session that asks, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
    /// The key that asks, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<KeyId>,
    /// When the person came.
    #[schema(format = DateTime)]
    created_at: String,
}

impl Me {
    pub(super) fn of(profile: Profile, actor: &Actor) -> Self {
        let (session_id, key_id) = match actor.credential {
            Credential::Session(session) => (Some(session), None),
            Credential::Key(key) => (None, Some(key)),
            Credential::Outside(_) => (None, None),
        };
        Self {
            user_id: profile.user,
            account_id: profile.account,
            username: profile.username,
            mail: profile.mail,
            mail_verified: profile.is_verified,
            role: profile.role,
            scopes: actor.scopes.iter().filter(|scope| actor.may(*scope)).collect(),
            session_id,
            key_id,
            created_at: profile.created_at.to_string(),
        }
    }
}

/// The sessions of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sessions {
    /// Each that goes on, the newest first.
    pub(super) sessions: Vec<SessionAnswer>,
}

/// A session of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionAnswer {
    /// Its id.
    session_id: SessionId,
    /// When it was opened.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was used last, give or take a minute.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// What program has it, in a few words.
    #[schema(example = "Firefox on Linux")]
    device: Option<String>,
    /// What the program said that it is.
    user_agent: Option<String>,
    /// The address from which it was opened or refreshed last.
    address: Option<String>,
    /// Whether it is the one that asks.
    is_current: bool,
}

impl SessionAnswer {
    pub(super) fn of(seen: SeenSession, actor: &Actor) -> Self {
        let SeenSession { session, device } = seen;
        Self {
            session_id: session.id,
            created_at: session.created_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
            device,
            user_agent: session.client.agent,
            address: session.client.address,
            is_current: actor.credential == Credential::Session(session.id),
        }
    }
}

/// How many sessions have ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EndedSessions {
    /// How many.
    pub(super) ended: usize,
}

/// A code that is on its way to a mail address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CodeSent {
    /// For how long it is good, in seconds.
    #[schema(example = 900)]
    expires_in: u64,
}

impl CodeSent {
    pub(super) const fn new() -> Self {
        Self { expires_in: CODE_LIFETIME.as_secs() }
    }
}

/// Whether a login needs a code beside the password.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FactorAnswer {
    /// Whether it does.
    is_on: bool,
    /// Since when.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// How many recovery codes are left.
    recovery_codes_left: i64,
}

impl From<FactorStatus> for FactorAnswer {
    fn from(status: FactorStatus) -> Self {
        let FactorStatus { since, recovery_codes } = status;
        let since = since.map(|at| at.to_string());
        Self { is_on: since.is_some(), since, recovery_codes_left: recovery_codes }
    }
}

/// A secret for an app, which is shown this once and is to be confirmed by a code.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewFactorAnswer {
    /// The secret in base 32, to be typed.
    secret: Secret,
    /// It as an address of the scheme `otpauth`, for a QR code.
    uri: Secret,
}

impl From<NewFactor> for NewFactorAnswer {
    fn from(factor: NewFactor) -> Self {
        Self { secret: factor.secret, uri: factor.uri }
    }
}

/// Codes for whoever has lost what shows the others.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// Each is good for one login, and is shown this once.
    pub(super) recovery_codes: Vec<Secret>,
}

/// A key that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewKeyAnswer {
    /// Its id, which is no secret.
    key_id: KeyId,
    /// Its secret, which is shown this once.
    secret: Secret,
}

impl From<DrawnKey> for NewKeyAnswer {
    fn from(key: DrawnKey) -> Self {
        Self { key_id: key.id, secret: key.secret }
    }
}

/// The keys of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Keys {
    /// Each that goes on, the newest first.
    pub(super) keys: Vec<KeyAnswer>,
}

/// A key of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyAnswer {
    /// Its id.
    key_id: KeyId,
    /// What it is for.
    name: String,
    /// What it allows.
    scopes: Vec<Scope>,
    /// The account that it trades in, if that is not the person's own.
    account_id: Option<AccountId>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was used last, give or take a minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

impl From<Key> for KeyAnswer {
    fn from(key: Key) -> Self {
        Self {
            key_id: key.id,
            name: key.name,
            scopes: key.scopes.iter().collect(),
            account_id: key.account,
            created_at: key.created_at.to_string(),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
        }
    }
}
