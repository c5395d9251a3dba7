//! Contests: what they are, who takes part, what was settled, and which trades are to be looked at.

pub mod entries;
pub mod settled;
pub(in crate::store) mod telling;
pub mod trades;

use super::database::{Amount, Database, Row, StoreError, args, statements};
use crate::domain::{ContestId, ContestStep, UserId, WallTime};

statements! {
    INSERT = "INSERT INTO contests (id, name, description, ranking, cash, starts_at, ends_at, entry_until,
              instruments, orders_max, orders_per, status, created_by, created_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'announced', $12, $13)";
    CHANGE = "UPDATE contests SET name = $2, description = $3, ranking = $4, cash = $5, starts_at = $6,
              ends_at = $7, entry_until = $8, instruments = $9, orders_max = $10, orders_per = $11
              WHERE id = $1 AND status = 'announced'";
    // Contests only go on: what has ended or was canceled does not begin again.
    MOVE = "UPDATE contests SET status = $2, reason = $3 WHERE id = $1
            AND status NOT IN ('settled', 'canceled') AND status <> $2
            AND NOT ($2 = 'running' AND status = 'ended')";
    ALL = "SELECT id, name, description, ranking, cash, starts_at, ends_at, entry_until, instruments, orders_max,
           orders_per, status, reason, created_by, created_at, digest, settled_at FROM contests
           ORDER BY starts_at DESC, id DESC LIMIT $1";
    ONE = "SELECT id, name, description, ranking, cash, starts_at, ends_at, entry_until, instruments, orders_max,
           orders_per, status, reason, created_by, created_at, digest, settled_at FROM contests WHERE id = $1";
    OPEN = "SELECT id, name, description, ranking, cash, starts_at, ends_at, entry_until, instruments, orders_max,
            orders_per, status, reason, created_by, created_at, digest, settled_at FROM contests
            WHERE status NOT IN ('settled', 'canceled') OR EXISTS (SELECT 1 FROM contest_entries
            WHERE contest_id = contests.id AND contest_entries.status = 'playing') ORDER BY starts_at, id";
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$case_doc])* $case,)+
        }

        impl $name {
            const ALL: &[Self] = &[$(Self::$case,)+];

            /// Returns the word for it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$case => $word,)+
                }
            }

            fn of_name(name: String) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.name() == name)
            }
        }
    };
}
use words;

words! {
    /// How far a contest has come.
    ContestStatus {
        /// It has not begun.
        Announced = "announced",
        /// It goes on.
        Running = "running",
        /// It is over, and the last day that it took is not settled yet.
        Ended = "ended",
        /// Its final ranking stands.
        Settled = "settled",
        /// It does not take place, or was broken off.
        Canceled = "canceled",
    }
}

words! {
    /// What a contest ranks by.
    Ranking {
        /// What was made of the cash.
        Return = "return",
        /// The Sharpe ratio.
        Sharpe = "sharpe",
        /// The deepest fall of what the account was worth.
        MaxDrawdown = "max_drawdown",
    }
}

/// A contest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContestRow {
    /// Its id.
    pub id: ContestId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What it ranks by.
    pub ranking: Ranking,
    /// The cash of each entrant.
    pub cash: Amount,
    /// When it begins, in virtual time.
    pub starts_at: i64,
    /// When it ends, in virtual time.
    pub ends_at: i64,
    /// Until when one may enter, in virtual time.
    pub entry_until: i64,
    /// What may be traded, as JSON.
    pub instruments: String,
    /// How many orders may be sent, in so many nanoseconds, if that is limited.
    pub orders: Option<(u32, i64)>,
    /// How far it has come.
    pub status: ContestStatus,
    /// Why it was canceled.
    pub reason: Option<String>,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: WallTime,
    /// The digest of the settled journal that its final ranking is of, and when that was made.
    pub settled: Option<(String, WallTime)>,
}

impl ContestRow {
    fn orders_max(&self) -> Option<i64> {
        self.orders.map(|(count, _)| i64::from(count))
    }

    fn orders_per(&self) -> Option<i64> {
        self.orders.map(|(_, per)| per)
    }
}

impl Database {
    /// Adds a contest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_contest(&self, row: &ContestRow) -> Result<(), StoreError> {
        let arguments = args![
            row.id,
            row.name.as_str(),
            row.description.as_str(),
            row.ranking.name(),
            row.cash,
            row.starts_at,
            row.ends_at,
            row.entry_until,
            row.instruments.as_str(),
            row.orders_max(),
            row.orders_per(),
            row.created_by,
            row.created_at,
        ];
        self.execute(INSERT, arguments).await.map(drop)
    }

    /// Changes a contest that has not begun; returns whether it had not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_contest(&self, row: &ContestRow) -> Result<bool, StoreError> {
        let arguments = args![
            row.id,
            row.name.as_str(),
            row.description.as_str(),
            row.ranking.name(),
            row.cash,
            row.starts_at,
            row.ends_at,
            row.entry_until,
            row.instruments.as_str(),
            row.orders_max(),
            row.orders_per(),
        ];
        Ok(self.execute(CHANGE, arguments).await? == 1)
    }

    /// Says how far a contest is from now on; returns whether that is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn move_contest(
        &self,
        id: ContestId,
        status: ContestStatus,
        reason: Option<&str>,
        now: WallTime,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        if transaction.execute(MOVE, args![id, status.name(), reason]).await? == 0 {
            return Ok(false);
        }
        let step = match status {
            ContestStatus::Running => Some(ContestStep::Begun),
            ContestStatus::Canceled => Some(ContestStep::Canceled),
            // Entrants are told that it has ended with their ranks.
            _ => None,
        };
        if let Some(step) = step {
            telling::entrants(&mut transaction, &telling::Step { contest: id, step, now }, &[]).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Returns the contests, those that begin last first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn contests(&self, limit: u32) -> Result<Vec<ContestRow>, StoreError> {
        self.rows(ALL, args![limit]).await?.iter().map(of_row).collect()
    }

    /// Returns the contests that are neither settled nor canceled, and those in which an account still
    /// trades.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_contests(&self) -> Result<Vec<ContestRow>, StoreError> {
        self.rows(OPEN, args![]).await?.iter().map(of_row).collect()
    }

    /// Returns a contest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn contest(&self, id: ContestId) -> Result<Option<ContestRow>, StoreError> {
        self.row(ONE, args![id]).await?.as_ref().map(of_row).transpose()
    }
}

fn of_row(row: &Row) -> Result<ContestRow, StoreError> {
    let orders_max: Option<i64> = row.get("orders_max")?;
    let orders_max = orders_max.and_then(|count| u32::try_from(count).ok());
    let settled_at: Option<i64> = row.get("settled_at")?;
    let digest: Option<String> = row.get("digest")?;
    Ok(ContestRow {
        id: ContestId::new(row.get("id")?),
        name: row.get("name")?,
        description: row.get("description")?,
        ranking: row.read("ranking", Ranking::of_name)?,
        cash: row.get("cash")?,
        starts_at: row.get("starts_at")?,
        ends_at: row.get("ends_at")?,
        entry_until: row.get("entry_until")?,
        instruments: row.get("instruments")?,
        orders: orders_max.zip(row.get::<Option<i64>>("orders_per")?),
        status: row.read("status", ContestStatus::of_name)?,
        reason: row.get("reason")?,
        created_by: UserId::new(row.get("created_by")?),
        created_at: WallTime::from_nanos(row.get("created_at")?),
        settled: digest.zip(settled_at.map(WallTime::from_nanos)),
    })
}

#[cfg(test)]
mod tests;
