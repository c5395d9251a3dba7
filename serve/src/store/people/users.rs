//! People themselves.

use super::resets::NewPassword;
use super::{People, holder, time, told};
use crate::domain::{AccountId, Role, SessionId, UserId, WallTime};
use crate::store::database::{Row, StoreError, Transaction, args, statements};

statements! {
    ADD = "INSERT INTO users (id, username, username_key, mail, mail_key, is_verified, role, password_hash,
        account_id, created_at, password_changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)";
    OF_NAME = "SELECT id AS user_id, username, mail, is_verified, role, password_hash, account_id, created_at,
        blocked_at, password_changed_at FROM users WHERE username_key = $1";
    OF_ID = "SELECT id AS user_id, username, mail, is_verified, role, password_hash, account_id, created_at,
        blocked_at, password_changed_at FROM users WHERE id = $1";
    VERIFIED_OF_MAIL = "SELECT id AS user_id, username, mail, is_verified, role, password_hash, account_id,
        created_at, blocked_at, password_changed_at FROM users WHERE mail_key = $1";
    UNVERIFIED_OF_MAIL = "SELECT id AS user_id, username, mail, is_verified, role, password_hash, account_id,
        created_at, blocked_at, password_changed_at FROM users WHERE mail = $1 AND mail_key IS NULL
        ORDER BY created_at DESC, id DESC LIMIT 2";
    CHANGE_PASSWORD = "UPDATE users SET password_hash = $3, password_changed_at = $4
        WHERE id = $1 AND password_changed_at = $2 AND blocked_at IS NULL";
    VERIFY = "UPDATE users SET is_verified = $2, mail_key = mail WHERE username_key = $1 AND mail IS NOT NULL";
}

/// What a new person is.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// The person.
    pub id: UserId,
    /// The person's account.
    pub account: AccountId,
    /// The name as it is written.
    pub username: String,
    /// The name without differences of case.
    pub username_key: String,
    /// The mail address, without differences of case.
    pub mail: Option<String>,
    /// Whether the address is known to be theirs.
    pub is_verified: bool,
    /// What the person is.
    pub role: Role,
    /// The hash of the password, if there is one.
    pub password_hash: Option<String>,
    /// When.
    pub now: WallTime,
}

/// A person.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The person.
    pub id: UserId,
    /// The person's account.
    pub account: AccountId,
    /// The name as it is written.
    pub username: String,
    /// The mail address, without differences of case.
    pub mail: Option<String>,
    /// Whether the address is known to be theirs.
    pub is_verified: bool,
    /// What the person is.
    pub role: Role,
    /// The hash of the password; without one nobody can log in by it.
    pub password_hash: Option<String>,
    /// When the person came.
    pub created_at: WallTime,
    /// Whether an operator has shut them out.
    pub is_blocked: bool,
    /// When the password was changed last.
    pub password_changed_at: WallTime,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("id", &self.id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

impl People {
    /// Adds a person.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `users.username_key`, or on `users.mail_key` for a verified address.
    pub async fn add(&self, user: &NewUser) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        add(&mut transaction, user).await?;
        transaction.commit().await
    }

    /// Returns the person with a name, given without differences of case.
    ///
    /// # Errors
    /// As any statement.
    pub async fn of_name(&self, key: &str) -> Result<Option<User>, StoreError> {
        self.database.row(OF_NAME, args![key]).await?.map(|row| user(&row)).transpose()
    }

    /// Returns a person.
    ///
    /// # Errors
    /// As any statement.
    pub async fn of_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.database.row(OF_ID, args![id]).await?.map(|row| user(&row)).transpose()
    }

    /// Returns whose a mail address was verified to be, and the two who claimed it last.
    ///
    /// # Errors
    /// As any statement.
    pub async fn of_mail(&self, mail: &str) -> Result<[Option<User>; 3], StoreError> {
        let verified = self.database.row(VERIFIED_OF_MAIL, args![mail]).await?;
        let claims = self.database.rows(UNVERIFIED_OF_MAIL, args![mail]).await?;
        let mut claims = claims.iter().map(user);
        Ok([
            verified.map(|row| user(&row)).transpose()?,
            claims.next().transpose()?,
            claims.next().transpose()?,
        ])
    }

    /// Changes the password of a person whose last change was at a time, ends all sessions but one, tells the
    /// person, and returns those sessions. `None` if the password was changed meanwhile, or the person
    /// blocked.
    ///
    /// # Errors
    /// As any statement.
    pub async fn change_password(
        &self,
        set: NewPassword<'_>,
        changed_at: WallTime,
        but: Option<SessionId>,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let NewPassword { user, password_hash, notice, now } = set;
        self.probe_sessions().await?;
        let mut transaction = self.database.begin().await?;
        let arguments = args![user, changed_at, password_hash, now];
        if transaction.execute(CHANGE_PASSWORD, arguments).await? == 0 {
            return Ok(None);
        }
        let ended = self.end_sessions_in(&mut transaction, user, but, now).await?;
        if let (Some(redis), Some(own)) = (&self.redis, but) {
            redis.stamp(own, now).await?;
        }
        told::password_changed(&mut transaction, user, notice, now).await?;
        transaction.commit().await?;
        Ok(Some(ended))
    }

    /// Takes a person's mail address as theirs. Returns whether there is such a name with an address.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `users.mail_key` if it is known to be somebody else's.
    pub async fn verify(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.database.execute(VERIFY, args![key, true]).await? == 1)
    }
}

pub(super) async fn add(transaction: &mut Transaction, user: &NewUser) -> Result<(), StoreError> {
    let mail = user.mail.as_deref();
    let verified = mail.filter(|_| user.is_verified);
    let hash = user.password_hash.as_deref();
    let (name, key, role) = (user.username.as_str(), user.username_key.as_str(), user.role.name());
    let arguments =
        args![user.id, name, key, mail, verified, user.is_verified, role, hash, user.account, user.now];
    transaction.execute(ADD, arguments).await.map(drop)
}

pub(super) fn user(row: &Row) -> Result<User, StoreError> {
    let holder = holder(row)?;
    Ok(User {
        id: holder.user,
        account: holder.account,
        username: row.get("username")?,
        mail: row.get("mail")?,
        is_verified: holder.is_verified,
        role: holder.role,
        password_hash: row.get("password_hash")?,
        created_at: time(row, "created_at")?,
        is_blocked: holder.is_blocked,
        password_changed_at: time(row, "password_changed_at")?,
    })
}
