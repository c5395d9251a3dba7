//! One-time links to choose a new password.

use super::users::user;
use super::{Ended, People, User, told};
use crate::domain::{UserId, WallTime};
use crate::store::database::{StoreError, args, statements};
use crate::store::mails::NewMail;

statements! {
    // The newest link is the only one.
    FORGET = "UPDATE resets SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL";
    ADD = "INSERT INTO resets (hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    OF = "SELECT u.id AS user_id, u.username, u.mail, u.is_verified, u.role, u.password_hash, u.account_id,
        u.created_at, u.blocked_at, u.password_changed_at FROM resets r JOIN users u ON u.id = r.user_id
        WHERE r.hash = $1 AND r.used_at IS NULL AND r.expires_at > $2";
    USE = "UPDATE resets SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2";
    SET_PASSWORD = "UPDATE users SET password_hash = $2, password_changed_at = $3 WHERE id = $1";
}

/// A password that is set by a link.
#[derive(Clone, Copy)]
pub struct NewPassword<'a> {
    /// Whose it is.
    pub user: UserId,
    /// Its hash.
    pub password_hash: &'a str,
    /// What tells them, if they can be reached.
    pub notice: Option<&'a NewMail>,
    /// When.
    pub now: WallTime,
}

impl std::fmt::Debug for NewPassword<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPassword").field("user", &self.user).finish_non_exhaustive()
    }
}

impl People {
    /// Adds a link, which replaces those before it.
    ///
    /// # Errors
    /// As any statement.
    pub async fn add_reset(
        &self,
        hash: [u8; 32],
        user: UserId,
        now: WallTime,
        expires_at: WallTime,
    ) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        transaction.execute(FORGET, args![user, now]).await?;
        transaction.execute(ADD, args![hash, user, now, expires_at]).await?;
        transaction.commit().await
    }

    /// Returns for whom a link is, if it can still be used.
    ///
    /// # Errors
    /// As any statement.
    pub async fn of_reset(&self, hash: [u8; 32], now: WallTime) -> Result<Option<User>, StoreError> {
        self.database.row(OF, args![hash, now]).await?.map(|row| user(&row)).transpose()
    }

    /// Uses a link: sets the password, and ends all sessions and keys of the person, which may be somebody
    /// else's by now, and tells the person. `None` if the link cannot be used any more.
    ///
    /// # Errors
    /// As any statement.
    pub async fn reset_password(
        &self,
        hash: [u8; 32],
        set: NewPassword<'_>,
    ) -> Result<Option<Ended>, StoreError> {
        let NewPassword { user, password_hash, notice, now } = set;
        self.probe_sessions().await?;
        let mut transaction = self.database.begin().await?;
        if transaction.execute(USE, args![hash, now]).await? == 0 {
            return Ok(None);
        }
        transaction.execute(SET_PASSWORD, args![user, password_hash, now]).await?;
        let ended = self.end_all_in(&mut transaction, user, now).await?;
        told::password_changed(&mut transaction, user, notice, now).await?;
        transaction.commit().await?;
        Ok(Some(ended))
    }
}
