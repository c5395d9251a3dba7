//! The same statements, errors and values on both kinds of database.

use std::time::Duration;

use uuid::Uuid;

use super::testing::{ScratchFile, on_each_database};
use super::*;
use crate::store::{notices, people, projection, traded_names, watchlists};

statements! {
    ADD = "INSERT INTO users (id, username, username_key, mail, mail_key, is_verified, role, password_hash,
           account_id, created_at, blocked_at, password_changed_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    ADD_SESSION = "INSERT INTO sessions (id, user_id, created_at, last_seen_at) VALUES ($1, $2, 1, 1)";
    MARK = "INSERT INTO account_marks (account_id, marked_at, segment, equity, cash, fees)
            VALUES ($1, $2, 1, $3, $3, $3)";
    ALL = "SELECT id, username, mail, is_verified, blocked_at FROM users WHERE username_key = $1
           AND (CAST($2 AS BIGINT) IS NULL OR created_at >= $2) ORDER BY created_at";
    MARKED = "SELECT equity FROM account_marks ORDER BY marked_at";
    COUNT = "SELECT COUNT(*) AS count FROM users";
    WRONG_COLUMN = "SELECT username AS created_at FROM users";
}

/// The lists of all files that declare statements, but those of people.
const ALL_STATEMENTS: &[&[Statement]] = &[
    super::STATEMENTS,
    STATEMENTS,
    crate::store::audit::STATEMENTS,
    projection::auctions::STATEMENTS,
    projection::candles::STATEMENTS,
    projection::fills::STATEMENTS,
    projection::ledger::STATEMENTS,
    projection::marks::STATEMENTS,
    projection::notices::STATEMENTS,
    projection::orders::STATEMENTS,
    projection::position::STATEMENTS,
    crate::store::contests::STATEMENTS,
    crate::store::contests::entries::STATEMENTS,
    crate::store::contests::settled::STATEMENTS,
    crate::store::contests::telling::STATEMENTS,
    crate::store::contests::trades::STATEMENTS,
    crate::store::profiles::STATEMENTS,
    crate::store::price_alerts::STATEMENTS,
    crate::store::strategies::STATEMENTS,
    traded_names::STATEMENTS,
    watchlists::STATEMENTS,
    crate::store::mails::STATEMENTS,
    crate::store::deliveries::STATEMENTS,
    crate::store::deliveries::work::STATEMENTS,
    crate::store::estimates::STATEMENTS,
    crate::store::estimates::work::STATEMENTS,
    crate::store::estimates::workers::STATEMENTS,
    crate::store::webhooks::STATEMENTS,
    crate::store::push_subscriptions::STATEMENTS,
    crate::store::fundings::STATEMENTS,
    crate::store::transfers::STATEMENTS,
    crate::store::account_owners::STATEMENTS,
    crate::store::announcements::STATEMENTS,
    crate::store::payments::STATEMENTS,
    crate::store::payments::refunds::STATEMENTS,
    crate::store::payments::sandbox::STATEMENTS,
    crate::store::payments::withdrawals::STATEMENTS,
    crate::store::channels::dead_letters::STATEMENTS,
    crate::store::channels::groups::STATEMENTS,
];

fn all_statements() -> impl Iterator<Item = &'static [Statement]> {
    ALL_STATEMENTS.iter().chain(&people::ALL).chain(&notices::ALL).copied()
}

async fn add(database: &Database, id: Uuid, name: &str) -> Result<u64, StoreError> {
    let absent: Option<i64> = None;
    let (mail, account) = (Some("a@b.c").filter(|_| name == "anne"), Uuid::now_v7());
    let key = name.to_lowercase();
    let arguments: &[Value] =
        args![id, name, key, mail, mail, true, "user", "hash", account, 5_i64, absent, 5_i64];
    database.execute(ADD, arguments).await
}

fn conflict(on: &str) -> StoreError {
    StoreError::Conflict { on: on.to_owned() }
}

#[tokio::test]
async fn every_statement_can_be_prepared() {
    on_each_database(|database| async move {
        for statement in all_statements().flatten() {
            let prepared = match &database.pools {
                Pools::Sqlite { writer, .. } => prepare(writer, statement.0).await,
                Pools::Postgres(pool) => prepare(pool, statement.postgres()).await,
            };
            assert_eq!(prepared, Ok(()), "{}: {}", database.kind(), statement.0);
        }
    })
    .await
    .unwrap();
}

async fn prepare<'e, D: sqlx::Database>(
    executor: impl sqlx::Executor<'e, Database = D>,
    sql: &'static str,
) -> Result<(), String> {
    let prepared = executor.prepare(sqlx::SqlSafeStr::into_sql_str(sql)).await;
    prepared.map(drop).map_err(|error| error.to_string())
}

#[test]
fn every_file_with_statements_is_in_the_list() {
    fn count(directory: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let of = |path: std::path::PathBuf| match std::fs::read_to_string(&path) {
            Ok(text) => usize::from(text.contains("\nstatements! {\n")),
            Err(_) => count(&path),
        };
        entries.map(of).sum()
    }
    let files = count(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert_eq!(files, all_statements().count(), "a file's STATEMENTS are missing in ALL_STATEMENTS");
}

#[tokio::test]
async fn rows_have_what_was_written() {
    on_each_database(|database| async move {
        let id = Uuid::now_v7();
        assert_eq!(add(&database, id, "Anne").await, Ok(1));
        let row = database.row(ALL, args!["anne", Some(5_i64)]).await.unwrap().unwrap();
        assert_eq!(row.get::<Uuid>("id"), Ok(id));
        assert_eq!(row.get::<String>("username").unwrap(), "Anne");
        assert_eq!(row.get::<Option<String>>("mail"), Ok(None));
        assert_eq!(row.get::<bool>("is_verified"), Ok(true));
        assert_eq!(row.get::<Option<i64>>("blocked_at"), Ok(None));
        assert_eq!(database.rows(ALL, args!["anne", None::<i64>]).await.unwrap().len(), 1);
        assert_eq!(database.rows(ALL, args!["anne", Some(6_i64)]).await.unwrap().len(), 0);
        database.probe(Duration::from_secs(5)).await.unwrap();
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn amounts_keep_all_of_their_digits() {
    on_each_database(|database| async move {
        let most = 10_i128.pow(38) - 1;
        let amounts = [0, 1, -1, 9_999, 10_000, -100_000_000, 1_000_000_000_000_000, most, -most];
        for (at, amount) in (0_i64..).zip(amounts) {
            let added = database.execute(MARK, args![Uuid::nil(), at, Amount(amount)]).await;
            assert_eq!(added, Ok(1), "{amount}");
        }
        let read = database.rows(MARKED, &[]).await.unwrap();
        let read: Vec<_> = read.iter().map(|row| row.get::<Amount>("equity").unwrap().0).collect();
        assert_eq!(read, amounts);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_conflict_names_its_columns() {
    on_each_database(|database| async move {
        let id = Uuid::now_v7();
        add(&database, id, "anne").await.unwrap();
        assert_eq!(add(&database, Uuid::now_v7(), "ANNE").await, Err(conflict("users.username_key")));
        assert_eq!(add(&database, id, "bert").await, Err(conflict("users.id")));
        let nobody = database.execute(ADD_SESSION, args![Uuid::now_v7(), Uuid::nil()]).await;
        assert_eq!(nobody, Err(conflict("foreign key")));
        database.execute(MARK, args![Uuid::nil(), 1_i64, Amount(1)]).await.unwrap();
        let again = database.execute(MARK, args![Uuid::nil(), 1_i64, Amount(1)]).await.unwrap_err();
        assert!(again.is_conflict_on("account_marks.account_id, account_marks.marked_at"), "{again}");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_is_not_committed_has_not_happened() {
    on_each_database(|database| async move {
        let mut transaction = database.begin().await.unwrap();
        transaction.execute(MARK, args![Uuid::nil(), 1_i64, Amount(1)]).await.unwrap();
        assert_eq!(transaction.rows(MARKED, &[]).await.unwrap().len(), 1);
        // Nobody else waits for it, nor sees it.
        assert_eq!(database.rows(MARKED, &[]).await.unwrap().len(), 0);
        drop(transaction);
        let mut transaction = database.begin().await.unwrap();
        assert_eq!(transaction.rows(MARKED, &[]).await.unwrap().len(), 0);
        transaction.execute(MARK, args![Uuid::nil(), 2_i64, Amount(1)]).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(database.rows(MARKED, &[]).await.unwrap().len(), 1);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn writers_wait_for_one_another() {
    on_each_database(|database| async move {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..40 {
            let database = database.clone();
            tasks.spawn(async move { add(&database, Uuid::now_v7(), &format!("p{number}")).await });
        }
        while let Some(added) = tasks.join_next().await {
            assert_eq!(added.unwrap(), Ok(1));
        }
        let count = database.row(COUNT, &[]).await.unwrap().unwrap();
        assert_eq!(count.get::<i64>("count"), Ok(40));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_value_of_another_type_is_damage_not_a_panic() {
    on_each_database(|database| async move {
        add(&database, Uuid::now_v7(), "anne").await.unwrap();
        let row = database.row(WRONG_COLUMN, &[]).await.unwrap().unwrap();
        assert!(matches!(row.get::<i64>("created_at"), Err(StoreError::Corrupt(_))));
        assert!(matches!(row.get::<i64>("nothing"), Err(StoreError::Fault(_))));
        let unread = row.read("created_at", |_: String| None::<()>);
        assert!(matches!(unread, Err(StoreError::Corrupt(what)) if what.contains("created_at")));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn tables_of_a_newer_program_are_left_alone() {
    on_each_database(|database| async move {
        let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                   SELECT 9999, 'future', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
        match &database.pools {
            Pools::Sqlite { writer, .. } => drop(sqlx::query(sql).execute(writer).await.unwrap()),
            Pools::Postgres(pool) => drop(sqlx::query(sql).execute(pool).await.unwrap()),
        }
        let again = Database::with_tables(database.pools.clone()).await.unwrap_err();
        assert_eq!(again, StoreError::Newer { found: 9999, known: migrations::latest() });
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_database_can_be_opened_again_and_is_its_owners_only() {
    let file = ScratchFile::new();
    let url = DatabaseUrl::Sqlite(file.path());
    let database = Database::open(&url).await.unwrap();
    add(&database, Uuid::now_v7(), "anne").await.unwrap();
    database.close().await;
    assert!(database.begin().await.unwrap_err().is_away());
    let again = Database::open(&url).await.unwrap();
    assert_eq!(again.rows(ALL, args!["anne", None::<i64>]).await.unwrap().len(), 1);
    #[cfg(unix)]
    {
        let mode = std::fs::metadata(file.path()).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&mode) & 0o077, 0);
    }
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let file = ScratchFile::new();
    std::fs::create_dir_all(file.path().parent().unwrap()).unwrap();
    std::fs::write(file.path(), [7; 8_192]).unwrap();
    let error = Database::open(&DatabaseUrl::Sqlite(file.path())).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    let nobody = DatabaseUrl::Postgres("postgres://u:secret@127.0.0.1:1/d".to_owned());
    let error = Database::open(&nobody).await.unwrap_err();
    assert!(error.is_away() && !error.to_string().contains("secret"), "{error}");
}
