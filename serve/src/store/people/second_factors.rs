//! Second factors: secrets that codes are made with, which codes are used, and codes for recovery.

use super::{People, told};
use crate::domain::{FactorStep, UserId, WallTime};
use crate::store::database::{StoreError, Transaction, args, statements};

statements! {
    OF = "SELECT secret, confirmed_at, last_step, locked_until FROM second_factors WHERE user_id = $1";
    COUNT_CODES = "SELECT COUNT(*) AS number FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL";
    BEGIN = "INSERT INTO second_factors (user_id, secret, created_at, last_step, tries) VALUES ($1, $2, $3, -1, 0)
        ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at,
            last_step = -1, tries = 0, locked_until = NULL WHERE second_factors.confirmed_at IS NULL";
    // Taken before the code is looked at, so that many who try at once have no more tries than one.
    TRY = "UPDATE second_factors SET
            tries = CASE WHEN locked_until IS NULL THEN tries + 1 ELSE 1 END,
            locked_until = CASE WHEN locked_until IS NULL AND tries + 1 >= $3 THEN CAST($4 AS BIGINT) END
        WHERE user_id = $1 AND (locked_until IS NULL OR locked_until <= $2)";
    CONFIRM = "UPDATE second_factors SET confirmed_at = $3, last_step = $4, tries = 0, locked_until = NULL
        WHERE user_id = $1 AND secret = $2 AND confirmed_at IS NULL";
    USE_STEP = "UPDATE second_factors SET last_step = $3, tries = 0, locked_until = NULL
        WHERE user_id = $1 AND secret = $2 AND last_step < $3 AND confirmed_at IS NOT NULL";
    USE_CODE = "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND hash = $2 AND used_at IS NULL";
    FREE = "UPDATE second_factors SET tries = 0, locked_until = NULL WHERE user_id = $1";
    FORGET_CODES = "DELETE FROM recovery_codes WHERE user_id = $1";
    ADD_CODE = "INSERT INTO recovery_codes (hash, user_id) VALUES ($1, $2)";
    REMOVE = "DELETE FROM second_factors WHERE user_id = $1";
}

/// The second factor of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// What codes are made with.
    pub secret: Vec<u8>,
    /// From when on a login needs a code; absent until a code was shown.
    pub confirmed_at: Option<WallTime>,
    /// Codes up to this step are used.
    pub last_step: i64,
    /// Until when no code is looked at.
    pub locked_until: Option<WallTime>,
}

/// A code that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RightCode<'a> {
    /// What it was made with.
    pub secret: &'a [u8],
    /// The half minute since 1970 for which it was made.
    pub step: i64,
}

/// How often codes may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// So many in a row, the last of which locks the factor unless it is right.
    pub most: i64,
    /// Until when.
    pub locked_until: WallTime,
}

impl People {
    /// Returns the second factor of a person, if there is one, confirmed or not.
    ///
    /// # Errors
    /// As any statement.
    pub async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
        let Some(row) = self.database.row(OF, args![user]).await? else { return Ok(None) };
        let maybe = |column| row.get::<Option<i64>>(column).map(|nanos| nanos.map(WallTime::from_nanos));
        Ok(Some(SecondFactor {
            secret: row.get("secret")?,
            confirmed_at: maybe("confirmed_at")?,
            last_step: row.get("last_step")?,
            locked_until: maybe("locked_until")?,
        }))
    }

    /// Returns how many recovery codes of a person are not used.
    ///
    /// # Errors
    /// As any statement.
    pub async fn recovery_codes_left(&self, user: UserId) -> Result<i64, StoreError> {
        let row = self.database.row(COUNT_CODES, args![user]).await?;
        row.map_or(Ok(0), |row| row.get("number"))
    }

    /// Gives a person a secret, which replaces one that was not confirmed. False if there is a confirmed one.
    ///
    /// # Errors
    /// As any statement.
    pub async fn begin_second_factor(
        &self,
        user: UserId,
        secret: &[u8],
        now: WallTime,
    ) -> Result<bool, StoreError> {
        Ok(self.database.execute(BEGIN, args![user, secret.to_vec(), now]).await? == 1)
    }

    /// Takes a try at a code. False if no code is looked at for now.
    ///
    /// # Errors
    /// As any statement.
    pub async fn try_code(&self, user: UserId, now: WallTime, tries: Tries) -> Result<bool, StoreError> {
        let Tries { most, locked_until } = tries;
        Ok(self.database.execute(TRY, args![user, now, most, locked_until]).await? == 1)
    }

    /// Confirms a secret by a code: from then on a login needs a code. Recovery codes that there
    /// were are replaced. False if it is another secret by now, or confirmed.
    ///
    /// # Errors
    /// As any statement.
    pub async fn confirm_second_factor(
        &self,
        user: UserId,
        code: RightCode<'_>,
        codes: &[[u8; 32]],
        now: WallTime,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.database.begin().await?;
        if transaction.execute(CONFIRM, args![user, code.secret.to_vec(), now, code.step]).await? == 0 {
            return Ok(false);
        }
        replace_codes(&mut transaction, user, codes).await?;
        told::second_factor(&mut transaction, user, FactorStep::On, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Uses a code. False if it or a later one was used before, or the secret is another by now.
    ///
    /// # Errors
    /// As any statement.
    pub async fn use_code(&self, user: UserId, code: RightCode<'_>) -> Result<bool, StoreError> {
        Ok(self.database.execute(USE_STEP, args![user, code.secret.to_vec(), code.step]).await? == 1)
    }

    /// Uses a recovery code. False if it is none, or used.
    ///
    /// # Errors
    /// As any statement.
    pub async fn use_recovery_code(
        &self,
        user: UserId,
        hash: [u8; 32],
        now: WallTime,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.database.begin().await?;
        if transaction.execute(USE_CODE, args![user, hash, now]).await? == 0 {
            return Ok(false);
        }
        transaction.execute(FREE, args![user]).await?;
        told::second_factor(&mut transaction, user, FactorStep::RecoveryCodeUsed, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Replaces the recovery codes of a person.
    ///
    /// # Errors
    /// As any statement.
    pub async fn replace_recovery_codes(&self, user: UserId, codes: &[[u8; 32]]) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        replace_codes(&mut transaction, user, codes).await?;
        transaction.commit().await
    }

    /// Removes the second factor of a person, and the recovery codes. False if there was none.
    ///
    /// # Errors
    /// As any statement.
    pub async fn remove_second_factor(&self, user: UserId, now: WallTime) -> Result<bool, StoreError> {
        let mut transaction = self.database.begin().await?;
        transaction.execute(FORGET_CODES, args![user]).await?;
        let removed = transaction.execute(REMOVE, args![user]).await?;
        if removed == 1 {
            told::second_factor(&mut transaction, user, FactorStep::Off, now).await?;
        }
        transaction.commit().await?;
        Ok(removed == 1)
    }
}

async fn replace_codes(
    transaction: &mut Transaction,
    user: UserId,
    codes: &[[u8; 32]],
) -> Result<(), StoreError> {
    transaction.execute(FORGET_CODES, args![user]).await?;
    for hash in codes {
        transaction.execute(ADD_CODE, args![*hash, user]).await?;
    }
    Ok(())
}
