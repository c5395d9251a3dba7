//! The same test on both kinds of database; for tests only.

use std::path::PathBuf;

use uuid::Uuid;

use super::{Database, Pools, Statement, StoreError, args, connect};
use crate::config::DatabaseUrl;
use crate::domain::{AccountId, UserId};

/// Names the variable with the URL of a PostgreSQL server on which tests make schemas of their own.
pub const POSTGRES: &str = "BEARPIT_TEST_POSTGRES";

/// Runs a test with an empty database of each kind: SQLite in a file of its own, and PostgreSQL in a schema
/// of its own if [`POSTGRES`] says where; otherwise it says that it was skipped.
///
/// # Errors
/// What cannot be made.
#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
pub async fn on_each_database<T: Future<Output = ()>>(
    mut test: impl FnMut(Database) -> T,
) -> Result<(), StoreError> {
    let file = ScratchFile::new();
    let database = Database::open(&DatabaseUrl::Sqlite(file.path())).await?;
    test(database.clone()).await;
    database.close().await;
    let Ok(url) = std::env::var(POSTGRES) else {
        eprintln!("SKIPPED on PostgreSQL: {POSTGRES} is not set");
        return Ok(());
    };
    let schema = Schema::new(&url).await?;
    let database = schema.open().await?;
    test(database.clone()).await;
    database.close().await;
    schema.drop().await
}

/// Adds somebody without mail and password, to whom other rows can belong.
///
/// # Errors
/// As any statement.
pub async fn add_user(database: &Database, user: UserId, name: &str) -> Result<u64, StoreError> {
    let sql = "INSERT INTO users (id, username, username_key, is_verified, role, account_id, created_at,
               password_changed_at) VALUES ($1, $2, $3, $4, 'user', $5, 0, 0)";
    let arguments = args![user, name, name, false, AccountId::draw()];
    database.execute(Statement::new(sql), arguments).await
}

/// The path of a database's file in a directory of its own, which is removed in the end.
#[derive(Debug)]
pub struct ScratchFile(PathBuf);

impl ScratchFile {
    /// Makes a directory for one.
    #[must_use]
    pub fn new() -> Self {
        Self(std::env::temp_dir().join(format!("bearpit-{}", Uuid::now_v7().simple())))
    }

    /// Returns the path.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.0.join("bearpit.db")
    }
}

impl Default for ScratchFile {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        // What is left in a temporary directory harms nobody.
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// A schema of its own on a PostgreSQL server.
#[derive(Debug)]
pub struct Schema {
    url: String,
    name: String,
}

impl Schema {
    /// Makes one.
    ///
    /// # Errors
    /// [`StoreError::Away`] if the server cannot be reached.
    pub async fn new(url: &str) -> Result<Self, StoreError> {
        let name = format!("test_{}", Uuid::now_v7().simple());
        let schema = Self { url: url.to_owned(), name };
        schema.command("CREATE").await?;
        Ok(schema)
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens it.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn open(&self) -> Result<Database, StoreError> {
        let pools: Pools = connect::postgres(&self.url, Some(&self.name)).await?;
        Database::with_tables(pools).await
    }

    /// Drops it with all that is in it.
    ///
    /// # Errors
    /// [`StoreError::Away`] if the server cannot be reached.
    pub async fn drop(self) -> Result<(), StoreError> {
        self.command("DROP").await
    }

    async fn command(&self, command: &str) -> Result<(), StoreError> {
        let pool = connect::postgres_bare(&self.url).await?;
        let cascade = if command == "DROP" { "CASCADE" } else { "" };
        let sql = format!("{command} SCHEMA {} {cascade}", self.name);
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await?;
        pool.close().await;
        Ok(())
    }
}
