//! The changes of the tables, one after the other: a file for each and for each kind of database.
//!
//! What was released is never edited, not even a comment: a database remembers the digest of what was
//! applied.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

macro_rules! changes {
    ($($name:literal,)+) => {
        [$((
            $name,
            include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")),
            include_str!(concat!("../../../migrations/postgres/", $name, ".sql")),
        ),)+]
    };
}

/// Each change: its number and name, for SQLite, for PostgreSQL.
const CHANGES: &[(&str, &str, &str)] = &changes![
    "0001_people",
    "0002_trading",
    "0003_funding",
    "0004_traded_names",
    "0005_strategies",
    "0006_admin",
    "0007_contests",
    "0010_notional_orders",
    "0011_strategy_ids",
    "0012_refused_orders",
    "0013_contest_announcements",
    "0014_second_factors",
    "0015_mails",
    "0016_no_notional_orders",
    "0017_profiles",
    "0018_signed_in",
    "0019_outside_identities",
    "0020_payments",
    "0021_ledger",
    "0022_notices",
    "0023_price_alerts",
    "0024_webhooks",
    "0026_channels",
    "0027_auctions",
    "0028_estimates",
];

pub(super) fn sqlite() -> Migrator {
    Migrator::with_migrations(CHANGES.iter().map(|(name, sql, _)| migration(name, sql)).collect())
}

pub(super) fn postgres() -> Migrator {
    Migrator::with_migrations(CHANGES.iter().map(|(name, _, sql)| migration(name, sql)).collect())
}

/// Returns the number of the last change.
pub(super) fn latest() -> i64 {
    CHANGES.last().map_or(0, |(name, ..)| version(name))
}

fn migration(name: &'static str, sql: &'static str) -> Migration {
    let what = name.split_once('_').map_or(name, |(_, what)| what);
    Migration::new(version(name), Cow::Borrowed(what), MigrationType::Simple, sql.into_sql_str(), false)
}

fn version(name: &str) -> i64 {
    name.split('_').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
