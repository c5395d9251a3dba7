//! What the sandbox knows, which plays a provider of payments: it reads nothing of payments themselves.

use super::super::database::{Database, Row, StoreError, args, statements};
use crate::domain::WallTime;

statements! {
    ADD = "INSERT INTO sandbox_transactions (token, buy_order, session_id, clp, return_url, status, created_at)
        VALUES ($1, $2, $3, $4, $5, 'initialized', $6)";
    ONE = "SELECT t.token, t.buy_order, t.session_id, t.clp, t.return_url, t.status, t.authorization_code,
        t.created_at FROM sandbox_transactions t WHERE t.token = $1";
    MOVE = "UPDATE sandbox_transactions SET status = $3 WHERE token = $1 AND status = $2";
    COMMIT = "UPDATE sandbox_transactions SET status = $3, authorization_code = $4, committed_at = $5
        WHERE token = $1 AND status = $2";
    LOCK = "UPDATE sandbox_transactions SET status = status WHERE token = $1 AND status = 'authorized'";
    REFUNDS = "SELECT clp FROM sandbox_refunds WHERE token = $1";
    ADD_REFUND = "INSERT INTO sandbox_refunds (id, token, clp, made_at) VALUES ($1, $2, $3, $4)";
}

/// A payment that the sandbox is to take.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSandboxTransaction {
    /// What it is called.
    pub token: String,
    /// What the merchant calls it.
    pub buy_order: String,
    /// What else the merchant said.
    pub session: String,
    /// How much, in Chilean pesos.
    pub clp: i64,
    /// Where the browser goes afterwards.
    pub return_url: String,
}

impl std::fmt::Debug for NewSandboxTransaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSandboxTransaction").field("buy_order", &self.buy_order).finish_non_exhaustive()
    }
}

/// A payment as the sandbox has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxTransaction {
    /// What was asked for.
    pub asked: NewSandboxTransaction,
    /// How far it has come, as a word of the table.
    pub status: String,
    /// The number of what was authorized.
    pub authorization_code: Option<String>,
    /// When it was made.
    pub created_at: WallTime,
    /// What of it has been refunded.
    pub refunded: i64,
}

impl Database {
    /// Adds a payment to the sandbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_sandbox_transaction(
        &self,
        new: &NewSandboxTransaction,
        now: WallTime,
    ) -> Result<(), StoreError> {
        let NewSandboxTransaction { token, buy_order, session, clp, return_url } = new;
        let (token, buy_order, session) = (token.as_str(), buy_order.as_str(), session.as_str());
        let arguments = args![token, buy_order, session, *clp, return_url.as_str(), now];
        self.execute(ADD, arguments).await.map(drop)
    }

    /// Returns a payment of the sandbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sandbox_transaction(&self, token: &str) -> Result<Option<SandboxTransaction>, StoreError> {
        let Some(row) = self.row(ONE, args![token]).await? else { return Ok(None) };
        let refunds = self.rows(REFUNDS, args![token]).await?;
        transaction_of(&row, &refunds).map(Some)
    }

    /// Moves a payment of the sandbox, if it stands where it was seen. Returns whether it did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn move_sandbox_transaction(
        &self,
        token: &str,
        from: &str,
        to: &str,
    ) -> Result<bool, StoreError> {
        Ok(self.execute(MOVE, args![token, from, to]).await? == 1)
    }

    /// Ends a payment of the sandbox, once. Returns whether this did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_sandbox_transaction(
        &self,
        token: &str,
        (from, to): (&str, &str),
        authorization_code: Option<String>,
        now: WallTime,
    ) -> Result<bool, StoreError> {
        let arguments = args![token, from, to, authorization_code, now];
        Ok(self.execute(COMMIT, arguments).await? == 1)
    }

    /// Refunds a part of a payment of the sandbox, and returns what is left; `None`, and nothing is
    /// refunded, if it was not paid or has not that much left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_sandbox_refund(
        &self,
        token: &str,
        clp: i64,
        now: WallTime,
    ) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.begin().await?;
        if transaction.execute(LOCK, args![token]).await? == 0 {
            return Ok(None);
        }
        let Some(row) = transaction.row(ONE, args![token]).await? else { return Ok(None) };
        let refunds = transaction.rows(REFUNDS, args![token]).await?;
        let found = transaction_of(&row, &refunds)?;
        let left = found.asked.clp - found.refunded - clp;
        if left < 0 || clp <= 0 {
            return Ok(None);
        }
        transaction.execute(ADD_REFUND, args![uuid::Uuid::now_v7(), token, clp, now]).await?;
        transaction.commit().await?;
        Ok(Some(left))
    }
}

fn transaction_of(row: &Row, refunds: &[Row]) -> Result<SandboxTransaction, StoreError> {
    let asked = NewSandboxTransaction {
        token: row.get("token")?,
        buy_order: row.get("buy_order")?,
        session: row.get("session_id")?,
        clp: row.get("clp")?,
        return_url: row.get("return_url")?,
    };
    let refunded = refunds.iter().map(|row| row.get::<i64>("clp")).sum::<Result<_, _>>()?;
    Ok(SandboxTransaction {
        asked,
        status: row.get("status")?,
        authorization_code: row.get("authorization_code")?,
        created_at: WallTime::from_nanos(row.get("created_at")?),
        refunded,
    })
}
