//! What people move between accounts of their own, each once by its key.

use super::database::{Amount, Database, Row, StoreError, args, statements};
use crate::domain::{AccountId, TransferId, UserId, WallTime};

macro_rules! columns {
    () => {
        "id, user_id, idempotency_key, from_account, to_account, amount, created_at, outcome, message"
    };
}

statements! {
    ADD = "INSERT INTO transfers (id, user_id, idempotency_key, from_account, to_account, amount, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (user_id, idempotency_key) DO NOTHING";
    ONE = concat!("SELECT ", columns!(), " FROM transfers WHERE user_id = $1 AND idempotency_key = $2");
    // One that was not taken was never made; its key is free.
    REMOVE = "DELETE FROM transfers WHERE id = $1 AND outcome IS NULL";
    END = "UPDATE transfers SET outcome = $2, message = $3 WHERE id = $1 AND outcome IS NULL";
    OPEN = concat!("SELECT ", columns!(), " FROM transfers WHERE outcome IS NULL
        ORDER BY created_at, id LIMIT 1000");
    OF_USER = concat!("SELECT ", columns!(), " FROM transfers WHERE user_id = $1
        AND (CAST($2 AS BIGINT) IS NULL OR (created_at, id) < ($2, $3))
        ORDER BY created_at DESC, id DESC LIMIT $4");
}

/// A transfer between two accounts of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRow {
    /// Its id.
    pub id: TransferId,
    /// Whose accounts they are.
    pub user: UserId,
    /// The key under which its owner has it done once.
    pub key: String,
    /// The account that gives.
    pub from: AccountId,
    /// The account that receives.
    pub to: AccountId,
    /// How much.
    pub amount: Amount,
    /// When it was asked for.
    pub created_at: WallTime,
    /// What came of it, once that is known: why it was refused, if it was.
    pub outcome: Option<Result<(), String>>,
}

impl TransferRow {
    /// Returns whether another asks for the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.from, self.to, self.amount) == (other.from, other.to, other.amount)
    }
}

/// The place of a transfer among those of a person, by when it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferPlace {
    /// When it was asked for.
    pub created_at: WallTime,
    /// Its id.
    pub id: TransferId,
}

impl Database {
    /// Adds one, and returns whether its key was free.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_transfer(&self, row: &TransferRow) -> Result<bool, StoreError> {
        let TransferRow { id, user, key, from, to, amount, created_at, .. } = row;
        let arguments = args![*id, *user, key.as_str(), *from, *to, *amount, *created_at];
        Ok(self.execute(ADD, arguments).await? == 1)
    }

    /// Returns a person's transfer of a key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn transfer(&self, user: UserId, key: &str) -> Result<Option<TransferRow>, StoreError> {
        self.row(ONE, args![user, key]).await?.map(|row| of_row(&row)).transpose()
    }

    /// Removes one that the market has not taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_transfer(&self, id: TransferId) -> Result<(), StoreError> {
        self.execute(REMOVE, args![id]).await.map(drop)
    }

    /// Says what came of one, unless that is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_transfer(&self, id: TransferId, outcome: &Result<(), String>) -> Result<(), StoreError> {
        let (word, message) = match outcome {
            Ok(()) => ("done", None),
            Err(message) => ("refused", Some(message.clone())),
        };
        self.execute(END, args![id, word, message]).await.map(drop)
    }

    /// Returns those of which it is not known what came of them, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_transfers(&self) -> Result<Vec<TransferRow>, StoreError> {
        self.rows(OPEN, args![]).await?.iter().map(of_row).collect()
    }

    /// Returns those of a person behind a place, the newest first, and one more than `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn transfers(
        &self,
        user: UserId,
        behind: Option<TransferPlace>,
        limit: u32,
    ) -> Result<Vec<TransferRow>, StoreError> {
        let (at, id) = (behind.map(|place| place.created_at), behind.map(|place| place.id));
        let rows = self.rows(OF_USER, args![user, at, id, i64::from(limit) + 1]).await?;
        rows.iter().map(of_row).collect()
    }
}

fn of_row(row: &Row) -> Result<TransferRow, StoreError> {
    let message: Option<String> = row.get("message")?;
    let outcome = row.get::<Option<String>>("outcome")?.map(|word| match word.as_str() {
        "done" => Ok(()),
        _ => Err(message.unwrap_or_default()),
    });
    Ok(TransferRow {
        id: TransferId::new(row.get("id")?),
        user: UserId::new(row.get("user_id")?),
        key: row.get("idempotency_key")?,
        from: AccountId::new(row.get("from_account")?),
        to: AccountId::new(row.get("to_account")?),
        amount: row.get("amount")?,
        created_at: WallTime::from_nanos(row.get("created_at")?),
        outcome,
    })
}
