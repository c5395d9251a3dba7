//! Opening connections to either kind of database.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

use super::{Pools, StoreError};

/// How many connections of SQLite read at once; each is a thread.
const READERS: u32 = 4;
/// How many connections of PostgreSQL there are at most.
const CONNECTIONS: u32 = 10;
/// How long to wait for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first version of SQLite without a fault that can damage a file in WAL mode.
const SQLITE_MIN: [u32; 3] = [3, 51, 3];

pub(super) async fn sqlite(path: &Path) -> Result<Pools, StoreError> {
    make_file(path).map_err(|error| StoreError::Away(format!("{}: {error}", path.display())))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE);
    let pool = |count| SqlitePoolOptions::new().max_connections(count).acquire_timeout(PATIENCE);
    let writer = pool(1).connect_with(options.clone()).await?;
    check_version(&writer).await?;
    let readers = pool(READERS).connect_with(options.pragma("query_only", "ON")).await?;
    Ok(Pools::Sqlite { writer, readers })
}

pub(super) async fn postgres(url: &str, schema: Option<&str>) -> Result<Pools, StoreError> {
    let options = url.parse::<PgConnectOptions>()?.application_name("bearpit");
    let options = match schema {
        Some(schema) => options.options([("search_path", schema)]),
        None => options,
    };
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
    Ok(Pools::Postgres(pool.connect_with(options).await?))
}

/// Connects without a schema of its own, to make and drop those of tests.
pub(super) async fn postgres_bare(url: &str) -> Result<PgPool, StoreError> {
    Ok(PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect(url).await?)
}

/// Makes the file if there is none, for its owner's eyes only: it has hashes of passwords.
fn make_file(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

async fn check_version(pool: &SqlitePool) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await?;
    let numbers: Vec<u32> = version.split('.').filter_map(|number| number.parse().ok()).collect();
    if numbers.as_slice() < SQLITE_MIN.as_slice() {
        return Err(StoreError::Fault(format!("it was built with SQLite {version}, and needs 3.51.3")));
    }
    Ok(())
}
