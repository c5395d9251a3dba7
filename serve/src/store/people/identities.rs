//! Who people are elsewhere: an issuer, and whom it names.

use super::users::{NewUser, User, add, user};
use super::{Holder, People, holder, time, told};
use crate::domain::{IdentityId, IdentityNotice, NoticeContent, UserId, WallTime};
use crate::store::database::{Row, StoreError, Transaction, args, statements};
use crate::store::mails::{self, NewMail};

statements! {
    STATE = "SELECT i.user_id, i.last_used_at, u.account_id, u.role, u.blocked_at, u.is_verified,
        EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = i.user_id AND f.confirmed_at IS NOT NULL)
            AS has_factor
        FROM outside_identities i JOIN users u ON u.id = i.user_id WHERE i.id = $1";
    USER = "SELECT u.id AS user_id, u.username, u.mail, u.is_verified, u.role, u.password_hash, u.account_id,
        u.created_at, u.blocked_at, u.password_changed_at
        FROM outside_identities i JOIN users u ON u.id = i.user_id WHERE i.id = $1";
    OF_USER = "SELECT id, issuer, subject, linked_at, last_used_at FROM outside_identities WHERE user_id = $1
        ORDER BY linked_at, id";
    ADD = "INSERT INTO outside_identities (id, issuer, subject, user_id, linked_at, last_used_at)
        VALUES ($1, $2, $3, $4, $5, $5)";
    TOUCH = "UPDATE outside_identities SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2";
    FORMER = "SELECT ended_at FROM former_identities WHERE id = $1";
    FORGET_FORMER = "DELETE FROM former_identities WHERE ended_at < $1";
    END_ALL = "INSERT INTO former_identities (id, ended_at)
        SELECT id, CAST($2 AS BIGINT) FROM outside_identities WHERE user_id = $1
        ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at";
    REMOVE_ALL = "DELETE FROM outside_identities WHERE user_id = $1";
    END = "INSERT INTO former_identities (id, ended_at) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at";
    // Two that are removed at once wait for each other here.
    LOCK = "UPDATE users SET role = role WHERE id = $1 AND blocked_at IS NULL";
    REMOVE = "DELETE FROM outside_identities WHERE id = $1 AND user_id = $2 AND
        (EXISTS (SELECT 1 FROM users u WHERE u.id = $2 AND u.password_hash IS NOT NULL)
        OR EXISTS (SELECT 1 FROM outside_identities o WHERE o.user_id = $2 AND o.id <> $1))";
    IS_THEIRS = "SELECT 1 AS one FROM outside_identities WHERE id = $1 AND user_id = $2";
}

/// Who somebody is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIdentity {
    /// Its id.
    pub id: IdentityId,
    /// Who says so.
    pub issuer: String,
    /// Whom they name.
    pub subject: String,
}

/// An identity that a person has elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideIdentity {
    /// Its id.
    pub id: IdentityId,
    /// Who says so.
    pub issuer: String,
    /// Whom they name.
    pub subject: String,
    /// Since when it is the person's.
    pub linked_at: WallTime,
    /// When it was used last, give or take a minute.
    pub last_used_at: WallTime,
}

/// Whose an identity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityState {
    /// Whose it is.
    pub holder: Holder,
    /// Whether a login of the person needs a code.
    pub has_second_factor: bool,
    /// When it was used last, give or take a minute.
    pub last_used_at: WallTime,
}

/// What became of an identity that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is not the person's any more.
    Done,
    /// The person has no such identity.
    Nothing,
    /// The person could not come in any more.
    LastWay,
}

impl People {
    /// Returns whose an identity is.
    ///
    /// # Errors
    /// As any statement.
    pub async fn identity_state(&self, id: IdentityId) -> Result<Option<IdentityState>, StoreError> {
        let Some(row) = self.database.row(STATE, args![id]).await? else { return Ok(None) };
        Ok(Some(IdentityState {
            holder: holder(&row)?,
            has_second_factor: row.get("has_factor")?,
            last_used_at: time(&row, "last_used_at")?,
        }))
    }

    /// Returns the person whose an identity is.
    ///
    /// # Errors
    /// As any statement.
    pub async fn of_identity(&self, id: IdentityId) -> Result<Option<User>, StoreError> {
        self.database.row(USER, args![id]).await?.map(|row| user(&row)).transpose()
    }

    /// Returns the identities of a person, the oldest first.
    ///
    /// # Errors
    /// As any statement.
    pub async fn identities(&self, user: UserId) -> Result<Vec<OutsideIdentity>, StoreError> {
        self.database.rows(OF_USER, args![user]).await?.iter().map(identity).collect()
    }

    /// Adds a person who comes by an identity.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] as of [`People::add`], and on `outside_identities.id` if the identity is
    /// somebody's.
    pub async fn add_with_identity(&self, user: &NewUser, identity: &NewIdentity) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        add(&mut transaction, user).await?;
        let NewIdentity { id, issuer, subject } = identity.clone();
        transaction.execute(ADD, args![id, issuer, subject, user.id, user.now]).await?;
        transaction.commit().await
    }

    /// Gives a person an identity, and tells them. Returns whether that was done: not if they are blocked.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `outside_identities.id` if it is somebody's.
    pub async fn link(
        &self,
        user: UserId,
        identity: &NewIdentity,
        notice: &NewMail,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.database.begin().await?;
        if transaction.execute(LOCK, args![user]).await? == 0 {
            return Ok(false);
        }
        let NewIdentity { id, issuer, subject } = identity.clone();
        transaction.execute(ADD, args![id, issuer.as_str(), subject, user, notice.now]).await?;
        mails::add(&mut transaction, notice).await?;
        let content = NoticeContent::IdentityLinked(IdentityNotice { provider: issuer });
        told::tell(&mut transaction, user, content, notice.now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Takes an identity from a person who can come in without it.
    ///
    /// # Errors
    /// As any statement.
    pub async fn unlink(&self, user: UserId, id: IdentityId, now: WallTime) -> Result<Removal, StoreError> {
        let mut transaction = self.database.begin().await?;
        transaction.execute(LOCK, args![user]).await?;
        if transaction.execute(REMOVE, args![id, user]).await? == 1 {
            transaction.execute(END, args![id, now]).await?;
            transaction.commit().await?;
            return Ok(Removal::Done);
        }
        let is_theirs = transaction.row(IS_THEIRS, args![id, user]).await?.is_some();
        Ok(if is_theirs { Removal::LastWay } else { Removal::Nothing })
    }

    /// Notes that an identity was used.
    ///
    /// # Errors
    /// As any statement.
    pub async fn touch_identity(&self, id: IdentityId, now: WallTime) -> Result<(), StoreError> {
        self.database.execute(TOUCH, args![id, now]).await.map(drop)
    }

    /// Returns when an identity was taken from its person last.
    ///
    /// # Errors
    /// As any statement.
    pub async fn former_identity(&self, id: IdentityId) -> Result<Option<WallTime>, StoreError> {
        self.database.row(FORMER, args![id]).await?.map(|row| time(&row, "ended_at")).transpose()
    }

    /// Forgets the identities that were taken from their people before a time.
    ///
    /// # Errors
    /// As any statement.
    pub async fn forget_former_identities(&self, before: WallTime) -> Result<u64, StoreError> {
        self.database.execute(FORGET_FORMER, args![before]).await
    }
}

/// Takes all identities from a person.
pub(super) async fn end_all(
    transaction: &mut Transaction,
    user: UserId,
    now: WallTime,
) -> Result<(), StoreError> {
    transaction.execute(END_ALL, args![user, now]).await?;
    transaction.execute(REMOVE_ALL, args![user]).await.map(drop)
}

fn identity(row: &Row) -> Result<OutsideIdentity, StoreError> {
    Ok(OutsideIdentity {
        id: IdentityId::new(row.get("id")?),
        issuer: row.get("issuer")?,
        subject: row.get("subject")?,
        linked_at: time(row, "linked_at")?,
        last_used_at: time(row, "last_used_at")?,
    })
}
