//! The [`Database`]: SQLite inside the process by default, PostgreSQL by URL, the same statements on both.
//!
//! A statement is written once, with `$1`, in SQL that both understand, and declared by `statements!`; so a
//! test can prepare all of them on both. Its arguments are [`Value`]s and its results [`Row`]s; outside this
//! room nobody knows which database there is. Ids are `UUID` or `BLOB`, times `BIGINT` in nanoseconds,
//! amounts `NUMERIC(38, 0)` or decimal text in units of [`Amount`], which are summed in Rust and never in
//! SQL.
//!
//! Deliberately absent: what the tables mean, which is with the repositories beside it.
//!
//! `statements!`: statements

mod amount;
mod connect;
mod error;
mod faults;
mod migrations;
mod row;
mod statement;
#[doc(hidden)]
pub mod testing;
#[cfg(test)]
mod tests;
mod transaction;
mod value;

use std::time::Duration;

use sqlx::{PgPool, SqlitePool};

use crate::config::DatabaseUrl;
use faults::Faults;
use transaction::Inner;

pub use amount::Amount;
pub use error::StoreError;
pub use row::{Column, Row};
pub use statement::Statement;
pub(crate) use statement::statements;
pub use transaction::Transaction;
pub use value::Value;
pub(crate) use value::args;

statements! {
    HEALTH = "SELECT 1";
}

/// A database that is open, with the tables of this program. Clones share it.
#[derive(Debug, Clone)]
pub struct Database {
    pools: Pools,
    pub(crate) faults: Faults,
}

#[derive(Debug, Clone)]
enum Pools {
    /// One connection that writes, so that no writer is ever refused because of another; readers beside it
    /// see what was committed last.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

impl Database {
    /// Opens a database, makes its file if there is none, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Away`] if it cannot be reached, [`StoreError::Newer`] if a newer program has changed its
    /// tables, [`StoreError::Corrupt`] if what is there is not a database of this program.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let pools = match url {
            DatabaseUrl::Sqlite(path) => connect::sqlite(path).await?,
            DatabaseUrl::Postgres(url) => connect::postgres(url, None).await?,
        };
        Self::with_tables(pools).await
    }

    async fn with_tables(pools: Pools) -> Result<Self, StoreError> {
        match &pools {
            Pools::Sqlite { writer, .. } => migrations::sqlite().run(writer).await?,
            Pools::Postgres(pool) => migrations::postgres().run(pool).await?,
        }
        Ok(Self { pools, faults: Faults::default() })
    }

    /// Begins a transaction that may write. On SQLite it waits for the one before it to end.
    ///
    /// On PostgreSQL it sees what others commit meanwhile: decide by what an `UPDATE ... WHERE` or an
    /// `INSERT ... ON CONFLICT` has changed, not by what was read before.
    ///
    /// # Errors
    /// [`StoreError::Away`] if there is no connection in time.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        self.faults.step()?;
        let inner = match &self.pools {
            Pools::Sqlite { writer, .. } => Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        };
        Ok(Transaction { inner, faults: self.faults.clone() })
    }

    /// Executes one statement in a transaction of its own, and returns how many rows it has changed.
    ///
    /// # Errors
    /// As [`Transaction::execute`] and [`Transaction::commit`].
    pub async fn execute(&self, statement: Statement, arguments: &[Value]) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let changed = transaction.execute(statement, arguments).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Reads all rows that a statement gives.
    ///
    /// # Errors
    /// [`StoreError::Away`], or a fault.
    pub async fn rows(&self, statement: Statement, arguments: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => transaction::sqlite_rows(readers, statement, arguments).await,
            Pools::Postgres(pool) => transaction::postgres_rows(pool, statement, arguments).await,
        }
    }

    /// Reads the first row that a statement gives, if it gives any.
    ///
    /// # Errors
    /// [`StoreError::Away`], or a fault.
    pub async fn row(&self, statement: Statement, arguments: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement, arguments).await?.into_iter().next())
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// [`StoreError::Away`] if it does not answer within `patience`.
    pub async fn probe(&self, patience: Duration) -> Result<(), StoreError> {
        let answer = tokio::time::timeout(patience, self.rows(HEALTH, &[])).await;
        answer.unwrap_or_else(|_| Err(StoreError::Away(format!("no answer within {patience:?}")))).map(drop)
    }

    /// Ends all connections, once those that are in use are returned.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// Returns what kind of database it is, for a log.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres(_) => "PostgreSQL",
        }
    }
}
