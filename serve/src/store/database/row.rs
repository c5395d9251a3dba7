//! [`Row`]: what a statement gives.

use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, Type};

use super::error::StoreError;

/// A type that a column can have: `bool`, `i64`, `String`, `Vec<u8>`, `Uuid`, `Amount`, and `Option`s of
/// them.
pub trait Column:
    Type<Sqlite> + for<'r> Decode<'r, Sqlite> + Type<Postgres> + for<'r> Decode<'r, Postgres>
{
}

impl<T> Column for T where
    T: Type<Sqlite> + for<'r> Decode<'r, Sqlite> + Type<Postgres> + for<'r> Decode<'r, Postgres>
{
}

/// A row that a statement gives.
#[derive(Debug)]
pub struct Row(Inner);

enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Rows have what people keep to themselves.
        f.write_str("..")
    }
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self(Inner::Sqlite(row))
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self(Inner::Postgres(row))
    }
}

impl Row {
    /// Returns the value of a column.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is of another type or absent, [`StoreError::Fault`] if there is no such
    /// column.
    pub fn get<T: Column>(&self, column: &str) -> Result<T, StoreError> {
        let value = match &self.0 {
            Inner::Sqlite(row) => row.try_get(column),
            Inner::Postgres(row) => row.try_get(column),
        };
        value.map_err(StoreError::from)
    }

    /// Returns the value of a column as something that is made of it: an id of its kind, a role of its word.
    ///
    /// # Errors
    /// As [`Row::get`]; [`StoreError::Corrupt`] too if nothing can be made of it.
    pub fn read<T: Column, U>(
        &self,
        column: &str,
        make: impl FnOnce(T) -> Option<U>,
    ) -> Result<U, StoreError> {
        let unreadable = || StoreError::Corrupt(format!("the value of `{column}` cannot be read"));
        make(self.get(column)?).ok_or_else(unreadable)
    }
}
