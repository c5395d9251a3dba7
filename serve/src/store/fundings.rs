//! Funds that administrators gave or took, each once by its key.

use super::database::{Amount, Database, Row, StoreError, args, statements};
use super::notices::{self, NewNotice};
use crate::domain::{AccountId, AuditId, FundsNotice, NoticeContent, Number, WallTime};

statements! {
    ADD = "INSERT INTO fundings (idempotency_key, account_id, amount, reference, request, entry_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (idempotency_key) DO NOTHING";
    ONE = "SELECT idempotency_key, account_id, amount, reference, request, entry_id, created_at, outcome, message
        FROM fundings WHERE idempotency_key = $1";
    // One that was not taken was never made; its key is free.
    REMOVE = "DELETE FROM fundings WHERE idempotency_key = $1 AND outcome IS NULL";
    END = "UPDATE fundings SET outcome = $2, message = $3 WHERE idempotency_key = $1 AND outcome IS NULL";
    OPEN = "SELECT idempotency_key, account_id, amount, reference, request, entry_id, created_at, outcome, message
        FROM fundings WHERE outcome IS NULL ORDER BY created_at, idempotency_key LIMIT 1000";
}

/// Funds for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundingRow {
    /// The key under which it is done once.
    pub key: String,
    /// The account.
    pub account: AccountId,
    /// What it receives; below zero if it gives.
    pub amount: Amount,
    /// What it stands for.
    pub reference: String,
    /// The name of the request in the journal.
    pub request: String,
    /// Where it stands in the audit log.
    pub entry: AuditId,
    /// When it was asked for.
    pub created_at: WallTime,
    /// What came of it, once that is known: why it was refused, if it was.
    pub outcome: Option<Result<(), String>>,
}

impl FundingRow {
    /// Returns whether another asks for the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.account, self.amount, &self.reference) == (other.account, other.amount, &other.reference)
    }
}

impl Database {
    /// Adds one, and returns whether its key was free.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_funding(&self, row: &FundingRow) -> Result<bool, StoreError> {
        let FundingRow { key, account, amount, reference, request, entry, created_at, .. } = row;
        let (key, reference, request) = (key.as_str(), reference.as_str(), request.as_str());
        let arguments = args![key, *account, *amount, reference, request, *entry, *created_at];
        Ok(self.execute(ADD, arguments).await? == 1)
    }

    /// Returns the one of a key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn funding(&self, key: &str) -> Result<Option<FundingRow>, StoreError> {
        self.row(ONE, args![key]).await?.map(|row| of_row(&row)).transpose()
    }

    /// Removes one that the market has not taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_funding(&self, key: &str) -> Result<(), StoreError> {
        self.execute(REMOVE, args![key]).await.map(drop)
    }

    /// Says what came of one, unless that is known, and tells whoever has the account what it received, in a
    /// currency and at a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_funding(
        &self,
        row: &FundingRow,
        outcome: &Result<(), String>,
        (currency, now): (&str, WallTime),
    ) -> Result<(), StoreError> {
        let (word, message) = match outcome {
            Ok(()) => ("done", None),
            Err(message) => ("refused", Some(message.clone())),
        };
        let mut transaction = self.begin().await?;
        let is_new = transaction.execute(END, args![row.key.as_str(), word, message]).await? == 1;
        if is_new
            && outcome.is_ok()
            && let Some(user) = notices::owner_of(&mut transaction, row.account).await?
        {
            let amount = Number(row.amount.decimal());
            let content = NoticeContent::Funds(FundsNotice { amount, asset: currency.to_owned() });
            let (account, source) = (Some(row.account), Some(row.request.clone()));
            let notice = NewNotice { user, account, at: now, source, content };
            notices::add(&mut transaction, &notice).await?;
        }
        transaction.commit().await
    }

    /// Returns those of which it is not known what came of them, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_fundings(&self) -> Result<Vec<FundingRow>, StoreError> {
        self.rows(OPEN, args![]).await?.iter().map(of_row).collect()
    }
}

fn of_row(row: &Row) -> Result<FundingRow, StoreError> {
    let message: Option<String> = row.get("message")?;
    let outcome = row.get::<Option<String>>("outcome")?.map(|word| match word.as_str() {
        "done" => Ok(()),
        _ => Err(message.unwrap_or_default()),
    });
    Ok(FundingRow {
        key: row.get("idempotency_key")?,
        account: AccountId::new(row.get("account_id")?),
        amount: row.get("amount")?,
        reference: row.get("reference")?,
        request: row.get("request")?,
        entry: AuditId::new(row.get("entry_id")?),
        created_at: WallTime::from_nanos(row.get("created_at")?),
        outcome,
    })
}
