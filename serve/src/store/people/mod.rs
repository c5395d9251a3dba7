//! [`People`]: who there is, and what they show to be let in.
//!
//! Secrets come here as digests and leave as such; what they mean is decided by whoever asks.

mod blocks;
mod directory;
mod erasing;
mod identities;
mod keys;
mod mail_codes;
mod redis_link;
mod redis_scripts;
mod redis_sessions;
mod resets;
mod second_factors;
mod sessions;
#[cfg(unix)]
#[doc(hidden)]
pub mod testing;
#[cfg(test)]
mod tests;
mod told;
mod users;

use super::database::{Database, Row, StoreError, Transaction, args, statements};
use crate::domain::{AccountId, KeyId, Role, SessionId, UserId, WallTime};

pub use blocks::Block;
pub use directory::{ListedUser, UserFilter};
pub use identities::{IdentityState, NewIdentity, OutsideIdentity, Removal};
pub use keys::{AddKeyOutcome, Key, KeyState, NewKey};
pub use mail_codes::{CodeLimit, CodePurpose, NewCode, SentCode};
pub use redis_sessions::RedisSessions;
pub use resets::NewPassword;
pub use second_factors::{RightCode, SecondFactor, Tries};
pub use sessions::{Client, Device, NewSession, RefreshToken, Rotation, Session, SessionState, TokenState};
pub use users::{NewUser, User};

statements! {
    END_SESSIONS = "UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL AND id <> $3
        RETURNING id";
    END_KEYS = "UPDATE api_keys SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL RETURNING id";
}

/// All statements of the files here.
#[cfg(test)]
pub(in crate::store) const ALL: [&[super::database::Statement]; 12] = [
    STATEMENTS,
    users::STATEMENTS,
    identities::STATEMENTS,
    sessions::STATEMENTS,
    keys::STATEMENTS,
    resets::STATEMENTS,
    mail_codes::STATEMENTS,
    second_factors::STATEMENTS,
    blocks::STATEMENTS,
    directory::STATEMENTS,
    erasing::STATEMENTS,
    told::STATEMENTS,
];

/// Who there is, and what they show to be let in. Clones share the database.
///
/// Sessions are in the database, or in a Redis if there is one. What changes both asks Redis whether it is
/// there before it begins, and commits once Redis has done it: no session goes on that must have ended.
#[derive(Debug, Clone)]
pub struct People {
    database: Database,
    redis: Option<RedisSessions>,
}

/// What a new password or a block has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// These sessions.
    pub sessions: Vec<SessionId>,
    /// These keys.
    pub keys: Vec<KeyId>,
}

/// Whom a credential stands for, as the database has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The person.
    pub user: UserId,
    /// The person's account.
    pub account: AccountId,
    /// What the person is.
    pub role: Role,
    /// Whether an operator has shut them out.
    pub is_blocked: bool,
    /// Whether the mail address is known to be theirs.
    pub is_verified: bool,
}

impl People {
    /// Makes one of an open database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database, redis: None }
    }

    /// Makes one whose sessions are elsewhere, if they are.
    #[must_use]
    pub const fn with_sessions(database: Database, redis: Option<RedisSessions>) -> Self {
        Self { database, redis }
    }

    /// Asks what keeps sessions whether it is there, if that is not the database.
    ///
    /// # Errors
    /// [`StoreError::SessionsAway`] if it is not.
    pub async fn probe_sessions(&self) -> Result<(), StoreError> {
        match &self.redis {
            Some(redis) => redis.probe().await,
            None => Ok(()),
        }
    }

    /// Ends all sessions of a person but one, and returns which.
    ///
    /// # Errors
    /// As any statement.
    pub async fn end_sessions(
        &self,
        user: UserId,
        but: Option<SessionId>,
        now: WallTime,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.probe_sessions().await?;
        let mut transaction = self.database.begin().await?;
        let ended = self.end_sessions_in(&mut transaction, user, but, now).await?;
        transaction.commit().await?;
        Ok(ended)
    }

    async fn end_sessions_in(
        &self,
        transaction: &mut Transaction,
        user: UserId,
        but: Option<SessionId>,
        now: WallTime,
    ) -> Result<Vec<SessionId>, StoreError> {
        // No session has this id.
        let of_but = but.map_or(uuid::Uuid::nil(), SessionId::uuid);
        // With Redis, those from before it: they would go on once the database keeps sessions again.
        let rows = transaction.rows(END_SESSIONS, args![user, now, of_but]).await?;
        let ended = rows.iter().map(|row| row.get("id").map(SessionId::new)).collect::<Result<_, _>>()?;
        match &self.redis {
            Some(redis) => redis.end_all(user, but).await,
            None => Ok(ended),
        }
    }

    /// Ends all sessions and keys of a person.
    async fn end_all_in(
        &self,
        transaction: &mut Transaction,
        user: UserId,
        now: WallTime,
    ) -> Result<Ended, StoreError> {
        let sessions = self.end_sessions_in(transaction, user, None, now).await?;
        let keys = transaction.rows(END_KEYS, args![user, now]).await?;
        let keys = keys.iter().map(|row| row.get("id").map(KeyId::new)).collect::<Result<_, _>>()?;
        Ok(Ended { sessions, keys })
    }
}

fn holder(row: &Row) -> Result<Holder, StoreError> {
    Ok(Holder {
        user: UserId::new(row.get("user_id")?),
        account: AccountId::new(row.get("account_id")?),
        role: row.read("role", |role: String| Role::of_name(&role))?,
        is_blocked: row.get::<Option<i64>>("blocked_at")?.is_some(),
        is_verified: row.get("is_verified")?,
    })
}

fn time(row: &Row, column: &str) -> Result<WallTime, StoreError> {
    row.get(column).map(WallTime::from_nanos)
}
