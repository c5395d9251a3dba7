//! API keys.

use super::{Holder, People, holder, time};
use crate::domain::{AccountId, KeyId, Role, Scopes, UserId, WallTime};
use crate::store::database::{Row, StoreError, args, statements};

statements! {
    // A person has a bounded number of keys that go on; the row of the person is locked meanwhile.
    LOCK = "UPDATE users SET password_changed_at = password_changed_at WHERE id = $1 AND blocked_at IS NULL";
    COUNT = "SELECT COUNT(*) AS count FROM api_keys WHERE user_id = $1 AND ended_at IS NULL";
    ADD = "INSERT INTO api_keys (id, user_id, name, secret_hash, scopes, created_at, account_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    OWNS = "SELECT account_id FROM contest_entries WHERE account_id = $1 AND user_id = $2
        AND status <> 'withdrawn'";
    OF_USER = "SELECT id, name, scopes, created_at, last_used_at, account_id FROM api_keys
        WHERE user_id = $1 AND ended_at IS NULL ORDER BY created_at DESC";
    END = "UPDATE api_keys SET ended_at = $3 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL";
    STATE = "SELECT k.user_id, k.secret_hash, k.scopes, k.ended_at, k.last_used_at, k.account_id AS bound_to,
        COALESCE(k.account_id, u.account_id) AS account_id, u.role,
        u.blocked_at, u.is_verified FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.id = $1";
    TOUCH = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1";
}

/// A key that is to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Its id.
    pub id: KeyId,
    /// Whose it is.
    pub user: UserId,
    /// What its person calls it.
    pub name: String,
    /// The digest of its secret.
    pub hash: [u8; 32],
    /// What it allows.
    pub scopes: Scopes,
    /// The account that it trades in, if that is not its person's own.
    pub account: Option<AccountId>,
    /// When.
    pub now: WallTime,
}

/// Whether a key was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddKeyOutcome {
    /// It was added.
    Added,
    /// Its person has as many as may be.
    TooMany,
    /// Its person was shut out, or is gone.
    Blocked,
}

/// A key, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// What its person calls it.
    pub name: String,
    /// What it allows.
    pub scopes: Scopes,
    /// The account that it trades in, if that is not its person's own.
    pub account: Option<AccountId>,
    /// When it was made.
    pub created_at: WallTime,
    /// When it was used last, give or take a minute.
    pub last_used_at: Option<WallTime>,
}

/// Whether a key goes on, whose it is, and what it allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyState {
    /// Whose it is.
    pub holder: Holder,
    /// The digest of its secret.
    pub hash: [u8; 32],
    /// What it allows.
    pub scopes: Scopes,
    /// Whether it has ended.
    pub is_ended: bool,
    /// When it was used last, give or take a minute.
    pub last_used_at: Option<WallTime>,
}

impl People {
    /// Adds a key, if its person has fewer than so many and is not shut out.
    ///
    /// # Errors
    /// As any statement.
    pub async fn add_key(&self, key: &NewKey, most: i64) -> Result<AddKeyOutcome, StoreError> {
        let mut transaction = self.database.begin().await?;
        if transaction.execute(LOCK, args![key.user]).await? != 1 {
            return Ok(AddKeyOutcome::Blocked);
        }
        let count = transaction.row(COUNT, args![key.user]).await?;
        if count.map_or(Ok(0), |row| row.get::<i64>("count"))? >= most {
            return Ok(AddKeyOutcome::TooMany);
        }
        let arguments = args![
            key.id,
            key.user,
            key.name.as_str(),
            key.hash,
            key.scopes.to_string(),
            key.now,
            key.account
        ];
        transaction.execute(ADD, arguments).await?;
        transaction.commit().await?;
        Ok(AddKeyOutcome::Added)
    }

    /// Returns whether an account of a contest is a person's.
    ///
    /// # Errors
    /// As any statement.
    pub async fn owns_account(&self, user: UserId, account: AccountId) -> Result<bool, StoreError> {
        Ok(self.database.row(OWNS, args![account, user]).await?.is_some())
    }

    /// Returns the keys of a person that go on, the newest first.
    ///
    /// # Errors
    /// As any statement.
    pub async fn keys(&self, user: UserId) -> Result<Vec<Key>, StoreError> {
        self.database.rows(OF_USER, args![user]).await?.iter().map(key).collect()
    }

    /// Ends a key of a person. Returns whether there was one that went on.
    ///
    /// # Errors
    /// As any statement.
    pub async fn end_key(&self, user: UserId, id: KeyId, now: WallTime) -> Result<bool, StoreError> {
        Ok(self.database.execute(END, args![id, user, now]).await? == 1)
    }

    /// Returns whether a key goes on, whose it is, and what it allows.
    ///
    /// # Errors
    /// As any statement.
    pub async fn key_state(&self, id: KeyId) -> Result<Option<KeyState>, StoreError> {
        let Some(row) = self.database.row(STATE, args![id]).await? else { return Ok(None) };
        // One that was made for an account of a contest is for nothing else, whatever it was made with.
        let is_bound = row.get::<Option<uuid::Uuid>>("bound_to")?.is_some();
        let most = if is_bound { Scopes::of_account() } else { Scopes::of_role(Role::Admin) };
        Ok(Some(KeyState {
            holder: holder(&row)?,
            hash: row.read("secret_hash", |hash: Vec<u8>| hash.try_into().ok())?,
            scopes: scopes(&row)?.and(most),
            is_ended: row.get::<Option<i64>>("ended_at")?.is_some(),
            last_used_at: last_used(&row)?,
        }))
    }

    /// Notes that a key was used.
    ///
    /// # Errors
    /// As any statement.
    pub async fn touch_key(&self, id: KeyId, now: WallTime) -> Result<(), StoreError> {
        self.database.execute(TOUCH, args![id, now]).await.map(drop)
    }
}

fn key(row: &Row) -> Result<Key, StoreError> {
    Ok(Key {
        id: KeyId::new(row.get("id")?),
        name: row.get("name")?,
        scopes: scopes(row)?,
        account: row.get::<Option<uuid::Uuid>>("account_id")?.map(AccountId::new),
        created_at: time(row, "created_at")?,
        last_used_at: last_used(row)?,
    })
}

fn scopes(row: &Row) -> Result<Scopes, StoreError> {
    row.read("scopes", |scopes: String| scopes.parse().ok())
}

fn last_used(row: &Row) -> Result<Option<WallTime>, StoreError> {
    Ok(row.get::<Option<i64>>("last_used_at")?.map(WallTime::from_nanos))
}
