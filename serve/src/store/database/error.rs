//! [`StoreError`]: why the database did not do what it was asked.

use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::migrate::MigrateError;
use thiserror::Error;

/// Why the database did not do what it was asked. Nothing of the statement was done then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// It cannot be reached, is shutting down, is full, or too busy: the same can succeed later.
    #[error("the database is away: {0}")]
    Away(String),
    /// What keeps the sessions of people in its place cannot be reached: the same can succeed later.
    #[error("what keeps sessions is away: {0}")]
    SessionsAway(String),
    /// It has something already that must be unique, or lacks what is referred to.
    #[error("the database refuses a second row for {on}")]
    Conflict {
        /// The columns that must be unique, as `users.username_key` or `fills.trade_id, fills.order_id`; of a
        /// row that is referred to and does not exist, `foreign key`.
        on: String,
    },
    /// What is in it cannot be read.
    #[error("the database is damaged, or not Bearpit's: {0}")]
    Corrupt(String),
    /// A newer program has changed its tables.
    #[error(
        "the database is of a newer version of Bearpit: its tables are at {found}, this one knows up to {known}"
    )]
    Newer {
        /// The number of the latest change of its tables.
        found: i64,
        /// The latest that this program knows.
        known: i64,
    },
    /// A fault of this program: a statement that cannot be carried out.
    #[error("a statement cannot be carried out, which is a fault of this program: {0}")]
    Fault(String),
}

impl StoreError {
    /// Returns whether columns that must be unique have the value already.
    #[must_use]
    pub fn is_conflict_on(&self, columns: &str) -> bool {
        matches!(self, Self::Conflict { on } if on == columns)
    }

    /// Returns whether the same can succeed later.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Away(_) | Self::SessionsAway(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => of_database(&*error),
            sqlx::Error::Io(error) => Self::Away(error.to_string()),
            sqlx::Error::Tls(error) => Self::Away(error.to_string()),
            sqlx::Error::PoolTimedOut => Self::Away("no connection became free in time".to_owned()),
            sqlx::Error::PoolClosed => Self::Away("it was closed".to_owned()),
            sqlx::Error::WorkerCrashed => Self::Away("its thread has ended".to_owned()),
            sqlx::Error::Protocol(what) => Self::Away(what),
            sqlx::Error::Migrate(error) => Self::from(*error),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Corrupt(error.to_string()),
            other => Self::Fault(other.to_string()),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Self::from(error),
            MigrateError::VersionMissing(found) => Self::Newer { found, known: super::migrations::latest() },
            other => Self::Corrupt(other.to_string()),
        }
    }
}

fn of_database(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    let text = error.message();
    match error.kind() {
        ErrorKind::UniqueViolation => StoreError::Conflict { on: unique_columns(error) },
        ErrorKind::ForeignKeyViolation => StoreError::Conflict { on: "foreign key".to_owned() },
        // PostgreSQL by class: connection, resources, an operator's intervention, system, rolled back because
        // of another transaction; unknown database or user while it is being set up again.
        _ if code.len() == 5 => match &code[..2] {
            "08" | "53" | "57" | "58" | "40" | "28" | "3D" => StoreError::Away(text.to_owned()),
            "XX" => StoreError::Corrupt(text.to_owned()),
            _ => StoreError::Fault(format!("{text} ({code})")),
        },
        _ => of_sqlite(code.parse().unwrap_or(1), text),
    }
}

/// Sorts SQLite's codes, whose low byte is the kind.
fn of_sqlite(code: u32, text: &str) -> StoreError {
    let text = text.to_owned();
    match code & 0xFF {
        // Permission, busy, locked, out of memory, interrupted, read-only, input and output, full, cannot
        // open.
        3 | 5 | 6 | 7 | 8 | 9 | 10 | 13 | 14 => StoreError::Away(text),
        // Corrupt, not a database.
        11 | 26 => StoreError::Corrupt(text),
        _ => StoreError::Fault(format!("{text} ({code})")),
    }
}

/// Returns the columns that must be unique. PostgreSQL's constraints are named after them, SQLite says them.
fn unique_columns(error: &dyn DatabaseError) -> String {
    let said = error.message().strip_prefix("UNIQUE constraint failed: ");
    said.or_else(|| error.constraint()).unwrap_or_else(|| error.message()).to_owned()
}
