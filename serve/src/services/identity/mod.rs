//! Identity: who somebody is, and what they may do.
//!
//! People register and log in by name or mail address and password; a login opens a *session*. It is shown by
//! an access token, which is signed and good for a quarter of an hour, and goes on by a refresh token, which
//! is replaced whenever it is used: one that comes twice was stolen, and ends its session. Programs show an
//! API key, which has some of its person's scopes. Others come by the word of another provider: see
//! `outside`.
//!
//! Whether a session or key goes on is read from the database (or Redis, if that keeps sessions) at most a
//! second ago, so that a logout, a block or a new password ends access at once; while that is away, what was
//! read counts for five minutes.
//!
//! No answer tells whether a mail address is known. So several people may claim an address as long as it is
//! not verified: a login by it looks at whose it is known to be and at the two who claimed it last, with the
//! same number of hashes whatever there is.
//!
//! Whose an address is, six digits show that are sent to it; whoever has forgotten a password sets another by
//! six that are sent to an address that is known to be theirs. Mails are written to an outbox in the
//! transaction of what they tell; [`crate::services::mail`] sends them.
//!
//! Deliberately absent: HTTP, cookies and headers, which are the face's; money: the market gives it with the
//! seat that an account gets.

mod access;
mod api_keys;
mod blocking;
mod clients;
mod devices;
mod forgotten;
mod leaving;
mod limits;
mod linking;
mod login;
mod mail_address;
mod mail_codes;
mod names;
mod outside;
mod outside_logins;
mod outside_newcomers;
mod outside_tokens;
mod password_change;
mod passwords;
mod providers;
mod registration;
mod second_factor;
mod sessions;
mod signing_key;
mod states;
mod tokens;

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use thiserror::Error;
use tracing::error;

use crate::config::IdentityConfig;
use crate::domain::{AccountId, KeyId, Problem, ProblemKind, Secret, SessionId, UserId, WallTime};
use crate::outgoing::OutgoingError;
use crate::services::wall_now;
use crate::store::database::{Database, StoreError};
use crate::store::people::{KeyState, People, RedisSessions, SessionState};

pub use access::Profile;
pub(in crate::services) use api_keys::refuse_contest_key;
pub use api_keys::{DrawnKey, is_id_of};
pub use blocking::block;
pub(in crate::services) use blocking::unknown_user;
pub use clients::Visitor;
pub use forgotten::ForgottenPassword;
pub use linking::LinkedIdentity;
pub(crate) use login::csrf_problem;
pub use login::{Login, Tokens};
pub use mail_codes::CODE_LIFETIME;
pub use names::{MailAddress, Username, check_password};
pub use outside::ProviderName;
pub use outside_logins::{Begun, CallbackParams, LOGIN_LIFETIME, LoginWish, Outcome};
pub use passwords::hash_password;
pub use registration::{Registered, RegistrationRequest};
pub use second_factor::{FactorStatus, NewFactor};
pub use sessions::SeenSession;
pub use signing_key::KeyError;

use limits::Attempts;
use mail_codes::MailCodes;
use outside::Outside;
use passwords::Passwords;
use signing_key::SigningKey;
use states::States;
use tokens::AccessTokens;

/// Says what time it is outside the market.
pub type Clock = Arc<dyn Fn() -> WallTime + Send + Sync>;

/// Is told of new accounts. It must not wait.
pub trait Newcomers: Send + Sync {
    /// There is an account, whose seat in the market may be opened.
    fn registered(&self, account: AccountId);
}

/// How the market lets people in.
pub struct Identity {
    people: People,
    passwords: Passwords,
    tokens: AccessTokens,
    /// What CSRF tokens are made with.
    csrf_key: [u8; 32],
    sessions: States<SessionId, SessionState>,
    keys: States<KeyId, KeyState>,
    /// Accounts of contests, with whose they are.
    own_accounts: RwLock<HashSet<(UserId, AccountId)>>,
    accounts: Attempts<[u8; 32]>,
    addresses: Attempts<IpAddr>,
    /// Codes for mail addresses.
    codes: MailCodes,
    /// By whose word people come in besides.
    outside: Outside,
    config: IdentityConfig,
    clock: Clock,
    newcomers: Arc<dyn Newcomers>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

/// What an [`Identity`] is made of.
pub struct IdentityParts<'a> {
    /// The configuration.
    pub config: IdentityConfig,
    /// The data directory, which has or gets the key that signs.
    pub data: &'a Path,
    /// The database.
    pub database: Database,
    /// What keeps sessions in its place, if something does.
    pub sessions: Option<RedisSessions>,
    /// What time it is.
    pub clock: Clock,
    /// Who is told of new accounts.
    pub newcomers: Arc<dyn Newcomers>,
}

impl fmt::Debug for IdentityParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityParts").finish_non_exhaustive()
    }
}

/// Nobody can be let in.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// There is no key to sign with.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key does not sign.
    #[error("access tokens cannot be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
    /// Passwords cannot be hashed with these parameters.
    #[error("passwords cannot be hashed: {0}")]
    Hashing(argon2::password_hash::Error),
    /// Other providers of identity cannot be asked.
    #[error("other providers of identity cannot be asked: {0}")]
    Outside(#[from] OutgoingError),
}

impl Identity {
    /// Makes one; reads the key that signs, or draws it.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn new(parts: IdentityParts<'_>) -> Result<Self, IdentityError> {
        let IdentityParts { config, data, database, sessions, clock, newcomers } = parts;
        let key = SigningKey::of(&config, data)?;
        let away = if sessions.is_some() { StoreError::SessionsAway } else { StoreError::Away };
        Ok(Self {
            people: People::with_sessions(database, sessions),
            passwords: Passwords::new(config.passwords).map_err(IdentityError::Hashing)?,
            tokens: AccessTokens::new(&key, config.access_token)?,
            csrf_key: key.derived("bearpit 2026-11 csrf tokens"),
            sessions: States::new(away),
            keys: States::new(StoreError::Away),
            own_accounts: RwLock::default(),
            accounts: Attempts::new(config.limits.account_attempts),
            addresses: Attempts::new(config.limits.address_attempts),
            codes: MailCodes::new(key.derived("bearpit 2026-11 mail codes")),
            outside: Outside::new(&config, &key)?,
            config,
            clock,
            newcomers,
        })
    }

    /// Returns the configuration.
    #[must_use]
    pub const fn config(&self) -> &IdentityConfig {
        &self.config
    }

    /// Deletes the tokens and codes that are good for nothing any more. To be called now and then.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn forget_expired(&self) -> Result<u64, Problem> {
        let tokens = self.people.forget_expired(self.now()).await.map_err(of_store)?;
        let before = |span: Duration| {
            let span = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
            WallTime::from_nanos(self.now().nanos().saturating_sub(span))
        };
        let identities = self.people.forget_former_identities(before(FORMER)).await.map_err(of_store)?;
        let devices = self.people.forget_devices(before(SEEN)).await.map_err(of_store)?;
        Ok(tokens + identities + devices + self.forget_codes().await?)
    }

    fn now(&self) -> WallTime {
        (self.clock)()
    }

    /// Takes one of the attempts of an address.
    fn attempt_of(&self, visitor: &Visitor) -> Result<(), Problem> {
        self.addresses.take(visitor.network(), self.now())
    }
}

/// Returns the clock of the system.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(wall_now)
}

/// For how long it is known that an identity elsewhere was taken from somebody.
const FORMER: Duration = Duration::from_hours(90 * 24);

/// For how long a device is known that somebody has logged in from.
const SEEN: Duration = Duration::from_hours(365 * 24);

/// When to ask again while the database is away.
const AGAIN: Duration = Duration::from_secs(1);

/// Returns what to say of a database that did not do what it was asked.
pub(crate) fn of_store(error: StoreError) -> Problem {
    if matches!(error, StoreError::SessionsAway(_)) {
        tracing::warn!(%error, "nobody can log in");
        let message = "what keeps sessions is away: nobody can log in; known sessions and keys go on";
        return Problem::new(ProblemKind::Unavailable, "sessions_away", message).retry_after(AGAIN);
    }
    if error.is_away() {
        tracing::warn!(%error, "the database is away");
        let message = "the database is away; trading with known sessions and keys goes on";
        return Problem::new(ProblemKind::Unavailable, "database_away", message).retry_after(AGAIN);
    }
    error!(%error, "the database");
    Problem::new(ProblemKind::Internal, "internal", "a fault of the server, which is in its log")
}

/// Draws what somebody can choose a new password with.
///
/// # Errors
/// That the system has no randomness.
pub fn draw_reset() -> Result<Secret, Problem> {
    draw("bpx_", &[])
}

/// Draws what a group signs its requests with.
///
/// # Errors
/// That the system has no randomness.
pub(in crate::services) fn draw_group() -> Result<Secret, Problem> {
    draw("bpg_", &[])
}

/// Draws a secret: a recognizable beginning and 32 bytes at random.
fn draw(prefix: &str, head: &[u8]) -> Result<Secret, Problem> {
    use base64::Engine;
    let bytes = random::<32>()?;
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([head, &bytes].concat());
    Ok(Secret::new(format!("{prefix}{text}")))
}

/// Draws bytes.
fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        error!(%error, "the system has no randomness");
        Problem::new(ProblemKind::Internal, "internal", "a fault of the server, which is in its log")
    })?;
    Ok(bytes)
}
