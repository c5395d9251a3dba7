//! [`Transaction`]: statements that are carried out together or not at all.

use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{AssertSqlSafe, Executor};

use super::error::StoreError;
use super::faults::Faults;
use super::row::Row;
use super::statement::{Marks, Statement};
use super::value::Value;

/// Statements that are carried out together or not at all: unless it is committed, nothing happened.
#[derive(Debug)]
pub struct Transaction {
    pub(super) inner: Inner,
    pub(super) faults: Faults,
}

#[derive(Debug)]
pub(super) enum Inner {
    /// One that holds the connection that writes.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// One of a connection of the pool.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// How many rows a statement has at most: with 32 columns each, an eighth of the arguments that SQLite takes.
const ROWS_MAX: usize = 128;

/// How many values of a list a statement has at most.
const LIST_MAX: usize = 1_024;

/// Returns how many of some rows are written at once: a power of two, so that there are few statements to be
/// prepared, each of which a connection remembers.
const fn at_once(rows: usize) -> usize {
    if rows >= ROWS_MAX { ROWS_MAX } else { 1 << rows.ilog2() }
}

/// Binds each argument, an absent one with its type.
macro_rules! bound {
    ($sql:expr, $arguments:expr) => {
        $arguments.fold(sqlx::query($sql), |query, argument| match argument {
            Value::Bool(value) => query.bind(*value),
            Value::Int(value) => query.bind(*value),
            Value::Text(value) => query.bind(value.clone()),
            Value::Bytes(value) => query.bind(value.clone()),
            Value::Id(value) => query.bind(*value),
            Value::Amount(value) => query.bind(*value),
        })
    };
}

impl Transaction {
    /// Executes a statement, and returns how many rows it has changed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if something must be unique, else as any statement. After an error nothing
    /// but the end of the transaction is possible: PostgreSQL refuses all further statements.
    pub async fn execute(&mut self, statement: Statement, arguments: &[Value]) -> Result<u64, StoreError> {
        self.faults.step()?;
        Ok(match &mut self.inner {
            Inner::Sqlite(inner) => {
                sqlite_query(statement, arguments).execute(&mut **inner).await?.rows_affected()
            }
            Inner::Postgres(inner) => {
                postgres_query(statement, arguments).execute(&mut **inner).await?.rows_affected()
            }
        })
    }

    /// Executes a statement for many rows, some of them at a time: its group of arguments, which is of one
    /// row, is repeated. Returns how many rows it has changed.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn execute_rows(
        &mut self,
        statement: Statement,
        rows: &[Vec<Value>],
    ) -> Result<u64, StoreError> {
        let (mut left, mut changed) = (rows, 0);
        while !left.is_empty() {
            self.faults.step()?;
            let (now, later) = left.split_at(at_once(left.len()));
            left = later;
            let sql = |marks| statement.of_rows(now.len(), now[0].len(), marks);
            let arguments = now.iter().flatten();
            changed += match &mut self.inner {
                Inner::Sqlite(inner) => {
                    let sql = AssertSqlSafe(sql(Marks::Plain));
                    let query: Query<'static, Sqlite, SqliteArguments> = bound!(sql, arguments);
                    query.execute(&mut **inner).await?.rows_affected()
                }
                Inner::Postgres(inner) => {
                    let sql = AssertSqlSafe(sql(Marks::Numbered));
                    let query: Query<'static, Postgres, PgArguments> = bound!(sql, arguments);
                    query.execute(&mut **inner).await?.rows_affected()
                }
            };
        }
        Ok(changed)
    }

    /// Returns all rows that a statement gives; one that changes some can give them by `RETURNING`.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn rows(&mut self, statement: Statement, arguments: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.faults.step()?;
        match &mut self.inner {
            Inner::Sqlite(inner) => sqlite_rows(&mut **inner, statement, arguments).await,
            Inner::Postgres(inner) => postgres_rows(&mut **inner, statement, arguments).await,
        }
    }

    /// Returns all rows that a statement gives for a list of values: its group of arguments, `IN ($1)`, gets
    /// as many as there are, some hundreds at a time.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn rows_in(&mut self, statement: Statement, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::new();
        for now in values.chunks(LIST_MAX) {
            self.faults.step()?;
            // The last is repeated, so that there are few statements to be prepared.
            let count = now.len().next_power_of_two();
            let arguments = (0..count).map(|place| &now[place.min(now.len() - 1)]);
            let sql = |marks| statement.of_rows(1, count, marks);
            match &mut self.inner {
                Inner::Sqlite(inner) => {
                    let sql = AssertSqlSafe(sql(Marks::Plain));
                    let query: Query<'static, Sqlite, SqliteArguments> = bound!(sql, arguments);
                    found.extend(query.fetch_all(&mut **inner).await?.into_iter().map(Row::from));
                }
                Inner::Postgres(inner) => {
                    let sql = AssertSqlSafe(sql(Marks::Numbered));
                    let query: Query<'static, Postgres, PgArguments> = bound!(sql, arguments);
                    found.extend(query.fetch_all(&mut **inner).await?.into_iter().map(Row::from));
                }
            }
        }
        Ok(found)
    }

    /// Returns the first row that a statement gives, if it gives any.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn row(
        &mut self,
        statement: Statement,
        arguments: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement, arguments).await?.into_iter().next())
    }

    /// Makes all of it lasting and visible.
    ///
    /// # Errors
    /// [`StoreError::Away`]: whether it was committed is not known then, if the connection was lost.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.faults.step()?;
        match self.inner {
            Inner::Sqlite(inner) => inner.commit().await?,
            Inner::Postgres(inner) => inner.commit().await?,
        }
        self.faults.step()
    }
}

fn sqlite_query(statement: Statement, arguments: &[Value]) -> Query<'static, Sqlite, SqliteArguments> {
    bound!(statement.0, arguments.iter())
}

fn postgres_query(statement: Statement, arguments: &[Value]) -> Query<'static, Postgres, PgArguments> {
    bound!(statement.postgres(), arguments.iter())
}

pub(super) async fn sqlite_rows<'e>(
    executor: impl Executor<'e, Database = Sqlite>,
    statement: Statement,
    arguments: &[Value],
) -> Result<Vec<Row>, StoreError> {
    let rows = sqlite_query(statement, arguments).fetch_all(executor).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

pub(super) async fn postgres_rows<'e>(
    executor: impl Executor<'e, Database = Postgres>,
    statement: Statement,
    arguments: &[Value],
) -> Result<Vec<Row>, StoreError> {
    let rows = postgres_query(statement, arguments).fetch_all(executor).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}
