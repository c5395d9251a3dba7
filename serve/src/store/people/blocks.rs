//! Blocks: people who are shut out, with all that lets them in.

use super::{Ended, People};
use crate::domain::{Role, UserId, WallTime};
use crate::store::database::{StoreError, args, statements};

statements! {
    // Two administrators who block one another at once wait for each other here.
    LOCK = "UPDATE users SET role = role WHERE role = $1";
    BLOCK = "UPDATE users SET blocked_at = COALESCE(blocked_at, $2) WHERE id = $1
        AND (role <> $3 OR blocked_at IS NOT NULL
            OR EXISTS (SELECT 1 FROM users o WHERE o.role = $3 AND o.blocked_at IS NULL AND o.id <> $1))";
    IS_THERE = "SELECT 1 AS one FROM users WHERE id = $1";
    UNBLOCK = "UPDATE users SET blocked_at = NULL WHERE id = $1";
}

/// What came of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// There is no such person.
    Nobody,
    /// Nobody else could administer the market.
    LastAdmin,
    /// The person is out, and so is whoever has one of these.
    Done(Ended),
}

impl People {
    /// Shuts a person out, and ends all of their sessions and keys; but for the last administrator.
    ///
    /// # Errors
    /// As any statement.
    pub async fn block(&self, user: UserId, now: WallTime) -> Result<Block, StoreError> {
        let admin = Role::Admin.name();
        self.probe_sessions().await?;
        let mut transaction = self.database.begin().await?;
        transaction.execute(LOCK, args![admin]).await?;
        if transaction.execute(BLOCK, args![user, now, admin]).await? == 0 {
            let is_there = transaction.row(IS_THERE, args![user]).await?.is_some();
            return Ok(if is_there { Block::LastAdmin } else { Block::Nobody });
        }
        let ended = self.end_all_in(&mut transaction, user, now).await?;
        transaction.commit().await?;
        Ok(Block::Done(ended))
    }

    /// Lets a person in again, who has to log in. Returns whether there is such a person.
    ///
    /// # Errors
    /// As any statement.
    pub async fn unblock(&self, user: UserId) -> Result<bool, StoreError> {
        Ok(self.database.execute(UNBLOCK, args![user]).await? == 1)
    }
}
