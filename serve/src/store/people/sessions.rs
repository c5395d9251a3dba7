//! Sessions, and the tokens that refresh them.

use std::time::Duration;

use super::redis_sessions::{KeptSession, KeptToken};
use super::{Holder, People, holder, time, told};
use crate::domain::{SessionId, UserId, WallTime};
use crate::store::database::{Row, StoreError, args, statements};

statements! {
    // Waits for a change of the password that is under way, and sees it.
    STILL = "UPDATE users SET signed_in_at = $3
        WHERE id = $1 AND password_changed_at = $2 AND blocked_at IS NULL";
    OPEN = "INSERT INTO sessions (id, user_id, created_at, last_seen_at, user_agent, address)
        VALUES ($1, $2, $3, $3, $4, $5)";
    ADD_TOKEN = "INSERT INTO refresh_tokens (hash, session_id, issued_at, expires_at) VALUES ($1, $2, $3, $4)";
    TOKEN = "SELECT t.session_id, t.expires_at, t.used_at, s.ended_at, s.user_id, u.account_id, u.role,
        u.blocked_at, u.is_verified FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
        JOIN users u ON u.id = s.user_id WHERE t.hash = $1";
    USE_TOKEN = "UPDATE refresh_tokens SET used_at = COALESCE(used_at, $2)
        WHERE hash = $1 AND (used_at IS NULL OR used_at > $3)";
    FORGET = "DELETE FROM refresh_tokens WHERE expires_at <= $1";
    SEE = "UPDATE sessions SET last_seen_at = $2, user_agent = $3, address = $4
        WHERE id = $1 AND ended_at IS NULL";
    END = "UPDATE sessions SET ended_at = $3 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL";
    OF_USER = "SELECT id, created_at, last_seen_at, user_agent, address FROM sessions
        WHERE user_id = $1 AND ended_at IS NULL AND last_seen_at > $2 ORDER BY created_at DESC LIMIT 1000";
    STATE = "SELECT s.user_id, s.ended_at, s.last_seen_at, u.account_id, u.role, u.blocked_at, u.is_verified
        FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1";
    TOUCH = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
}

/// From where a session is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// What the program says that it is.
    pub agent: Option<String>,
    /// Its address.
    pub address: Option<String>,
}

/// What a session is opened with, as far as it is known again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// A digest of program and network.
    pub digest: [u8; 32],
    /// What the program is, in a few words.
    pub name: Option<String>,
    /// The address that it asked from.
    pub address: String,
}

/// A session that is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// The person.
    pub user: UserId,
    /// When the password that was shown was changed last.
    pub password_changed_at: WallTime,
    /// From where.
    pub client: Client,
    /// What it is told from other devices of the person by.
    pub device: Option<Device>,
    /// When.
    pub now: WallTime,
    /// The digest of its first token, and until when that is good.
    pub token: RefreshToken,
}

/// A token that refreshes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    /// Its digest.
    pub hash: [u8; 32],
    /// Until when it is good.
    pub expires_at: WallTime,
}

/// What there is about a token that refreshes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenState {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub holder: Holder,
    /// Until when the token is good.
    pub expires_at: WallTime,
    /// When it was used first.
    pub used_at: Option<WallTime>,
    /// Whether the session has ended.
    pub is_ended: bool,
}

/// A token that is to be replaced by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The digest of the token that was shown.
    pub hash: [u8; 32],
    /// Its session.
    pub session: SessionId,
    /// The other.
    pub next: RefreshToken,
    /// From where.
    pub client: Client,
    /// When.
    pub now: WallTime,
    /// For how long after its first use it may be used again.
    pub grace: Duration,
}

/// A session, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// When it was opened.
    pub created_at: WallTime,
    /// When it was used last, give or take a minute.
    pub last_seen_at: WallTime,
    /// From where it was used last.
    pub client: Client,
}

/// Whether a session goes on, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionState {
    /// Whose it is.
    pub holder: Holder,
    /// Whether it has ended.
    pub is_ended: bool,
    /// When it was used last, give or take a minute.
    pub last_seen_at: WallTime,
}

impl People {
    /// Opens a session. Returns whether it was: not if the password was changed meanwhile, or the person
    /// blocked.
    ///
    /// # Errors
    /// As any statement.
    pub async fn open_session(&self, session: &NewSession) -> Result<bool, StoreError> {
        let NewSession { id, user, password_changed_at, client, device, now, token } = session.clone();
        self.probe_sessions().await?;
        let mut transaction = self.database.begin().await?;
        if transaction.execute(STILL, args![user, password_changed_at, now]).await? == 0 {
            return Ok(false);
        }
        if let Some(device) = &device {
            told::seen(&mut transaction, user, device, now).await?;
        }
        if let Some(redis) = &self.redis {
            redis.add(session).await?;
            if let Err(error) = transaction.commit().await {
                // Nobody has its tokens, so it may be there for as long as it is good.
                redis.end(user, id).await.ok();
                return Err(error);
            }
            return Ok(true);
        }
        transaction.execute(OPEN, args![id, user, now, client.agent, client.address]).await?;
        transaction.execute(ADD_TOKEN, args![token.hash, id, now, token.expires_at]).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Returns what there is about a token.
    ///
    /// # Errors
    /// As any statement.
    pub async fn refresh_token(&self, hash: [u8; 32]) -> Result<Option<TokenState>, StoreError> {
        if let Some(redis) = &self.redis {
            let Some(token) = redis.of_token(&hash).await? else { return Ok(None) };
            let Some(state) = self.state_of(&token.session).await? else { return Ok(None) };
            let (session, holder, is_ended) = (token.session.session.id, state.holder, state.is_ended);
            let KeptToken { expires_at, used_at, .. } = token;
            return Ok(Some(TokenState { session, holder, expires_at, used_at, is_ended }));
        }
        let Some(row) = self.database.row(TOKEN, args![hash]).await? else { return Ok(None) };
        Ok(Some(TokenState {
            session: SessionId::new(row.get("session_id")?),
            holder: holder(&row)?,
            expires_at: time(&row, "expires_at")?,
            used_at: row.get::<Option<i64>>("used_at")?.map(WallTime::from_nanos),
            is_ended: row.get::<Option<i64>>("ended_at")?.is_some(),
        }))
    }

    /// Replaces a token by another, once, or as often as somebody likes within the grace after the first
    /// time. Returns whether that was done: not if it is used for too long, or the session has ended.
    ///
    /// # Errors
    /// As any statement.
    pub async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
        if let Some(redis) = &self.redis {
            return redis.rotate(&rotation).await;
        }
        let Rotation { hash, session, next, client, now, grace } = rotation;
        let grace = i64::try_from(grace.as_nanos()).unwrap_or(i64::MAX);
        let since = WallTime::from_nanos(now.nanos().saturating_sub(grace));
        let mut transaction = self.database.begin().await?;
        let is_used = transaction.execute(USE_TOKEN, args![hash, now, since]).await? == 1;
        let see = args![session, now, client.agent, client.address];
        if !is_used || transaction.execute(SEE, see).await? == 0 {
            return Ok(false);
        }
        transaction.execute(ADD_TOKEN, args![next.hash, session, now, next.expires_at]).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Deletes the tokens that were good until a time, and returns how many there were.
    ///
    /// # Errors
    /// As any statement.
    pub async fn forget_expired(&self, now: WallTime) -> Result<u64, StoreError> {
        self.database.execute(FORGET, args![now]).await
    }

    /// Ends a session of a person. Returns whether there was one that went on.
    ///
    /// # Errors
    /// As any statement.
    pub async fn end_session(&self, user: UserId, id: SessionId, now: WallTime) -> Result<bool, StoreError> {
        match &self.redis {
            Some(redis) => redis.end(user, id).await,
            None => Ok(self.database.execute(END, args![id, user, now]).await? == 1),
        }
    }

    /// Returns the sessions of a person that go on and were used since a time, the newest first.
    ///
    /// # Errors
    /// As any statement.
    pub async fn sessions(&self, user: UserId, since: WallTime) -> Result<Vec<Session>, StoreError> {
        if let Some(redis) = &self.redis {
            let Some(person) = self.of_id(user).await? else { return Ok(Vec::new()) };
            let goes_on = |kept: &KeptSession| {
                kept.stamp >= person.password_changed_at && kept.session.last_seen_at > since
            };
            let kept = redis.list(user).await?.into_iter().filter(goes_on);
            return Ok(kept.map(|kept| kept.session).collect());
        }
        self.database.rows(OF_USER, args![user, since]).await?.iter().map(session).collect()
    }

    /// Returns whether a session goes on, and whose it is.
    ///
    /// # Errors
    /// As any statement.
    pub async fn session_state(&self, id: SessionId) -> Result<Option<SessionState>, StoreError> {
        if let Some(redis) = &self.redis {
            let Some(kept) = redis.get(id).await? else { return Ok(None) };
            return self.state_of(&kept).await;
        }
        let Some(row) = self.database.row(STATE, args![id]).await? else { return Ok(None) };
        Ok(Some(SessionState {
            holder: holder(&row)?,
            is_ended: row.get::<Option<i64>>("ended_at")?.is_some(),
            last_seen_at: time(&row, "last_seen_at")?,
        }))
    }

    /// Notes that a session was used.
    ///
    /// # Errors
    /// As any statement.
    pub async fn touch_session(&self, id: SessionId, now: WallTime) -> Result<(), StoreError> {
        match &self.redis {
            Some(redis) => redis.touch(id, now).await,
            None => self.database.execute(TOUCH, args![id, now]).await.map(drop),
        }
    }

    /// Returns whom a session of Redis stands for, by the database; it has ended if the password is another
    /// by now.
    async fn state_of(&self, kept: &KeptSession) -> Result<Option<SessionState>, StoreError> {
        let Some(user) = self.of_id(kept.user).await? else { return Ok(None) };
        let holder = Holder {
            user: user.id,
            account: user.account,
            role: user.role,
            is_blocked: user.is_blocked,
            is_verified: user.is_verified,
        };
        // While a password is changed, the session with which that is done is ahead of the database.
        let is_ended = kept.stamp < user.password_changed_at;
        Ok(Some(SessionState { holder, is_ended, last_seen_at: kept.session.last_seen_at }))
    }
}

fn session(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: SessionId::new(row.get("id")?),
        created_at: time(row, "created_at")?,
        last_seen_at: time(row, "last_seen_at")?,
        client: Client { agent: row.get("user_agent")?, address: row.get("address")? },
    })
}
