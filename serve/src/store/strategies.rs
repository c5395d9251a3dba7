//! Strategies of people in the live market: what they were started with, and whether they are over.

use super::database::{Amount, Database, Row, StoreError, args, statements};
use crate::domain::{AccountId, UserId, WallTime};

statements! {
    INSERT = "INSERT INTO strategies (account_id, user_id, name, script, cash, status, created_at)
              SELECT $1, $2, $3, $4, $5, 'starting', $6
              WHERE (SELECT COUNT(*) FROM strategies WHERE user_id = $2 AND status IN ('starting', 'running')) < $7
              AND (SELECT COUNT(*) FROM strategies WHERE status IN ('starting', 'running')) < $8";
    // An account of a contest has one strategy after the other.
    FORGET = "DELETE FROM strategies WHERE account_id = $1 AND status IN ('stopped', 'deleted')";
    MOVE = "UPDATE strategies SET status = $2, ended_at = $3 WHERE account_id = $1 AND status <> 'deleted'";
    REMOVE = "DELETE FROM strategies WHERE account_id = $1 AND status = 'starting'";
    OF_USER = "SELECT account_id, user_id, name, script, cash, status, created_at, ended_at FROM strategies
               WHERE user_id = $1 AND status <> 'deleted' ORDER BY created_at, account_id";
    ONE = "SELECT account_id, user_id, name, script, cash, status, created_at, ended_at FROM strategies
           WHERE account_id = $1 AND user_id = $2 AND status <> 'deleted'";
    STARTING = "SELECT account_id, user_id, name, script, cash, status, created_at, ended_at FROM strategies
                WHERE status = 'starting' ORDER BY created_at, account_id";
}

/// How far a strategy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrategyStatus {
    /// Its account is being opened.
    Starting,
    /// It was started, and has not been ended by its owner.
    Running,
    /// Its owner has ended it, or it could not be started.
    Stopped,
    /// Its owner has no use for it any more.
    Deleted,
}

impl StrategyStatus {
    const ALL: [Self; 4] = [Self::Starting, Self::Running, Self::Stopped, Self::Deleted];

    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Deleted => "deleted",
        }
    }
}

/// A strategy as it was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyRow {
    /// Its account, and its id.
    pub account: AccountId,
    /// Whose it is.
    pub user: UserId,
    /// Its name.
    pub name: String,
    /// Its text, what it imports, its market and parameters, as a journal has them.
    pub script: String,
    /// The cash that it was given.
    pub cash: Amount,
    /// How far it is.
    pub status: StrategyStatus,
    /// When it was made.
    pub created_at: WallTime,
    /// When it was ended.
    pub ended_at: Option<WallTime>,
}

/// How many strategies may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrategyLimits {
    /// Of a person.
    pub per_user: u32,
    /// In all.
    pub total: u32,
}

impl Database {
    /// Adds a strategy that is being started; returns whether there was room for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_strategy(&self, row: &StrategyRow, limits: StrategyLimits) -> Result<bool, StoreError> {
        let StrategyRow { account, user, name, script, cash, created_at, .. } = row;
        let (per_user, total) = (i64::from(limits.per_user), i64::from(limits.total));
        let arguments =
            args![*account, *user, name.as_str(), script.as_str(), *cash, *created_at, per_user, total];
        Ok(self.execute(INSERT, arguments).await? == 1)
    }

    /// Forgets a strategy that has ended, in whose account another is to be started.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_strategy(&self, account: AccountId) -> Result<(), StoreError> {
        self.execute(FORGET, args![account]).await.map(drop)
    }

    /// Says how far a strategy is from now on, and since when it is over if it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn move_strategy(
        &self,
        account: AccountId,
        status: StrategyStatus,
        ended_at: Option<WallTime>,
    ) -> Result<bool, StoreError> {
        Ok(self.execute(MOVE, args![account, status.name(), ended_at]).await? == 1)
    }

    /// Removes a strategy that was not started.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_strategy(&self, account: AccountId) -> Result<(), StoreError> {
        self.execute(REMOVE, args![account]).await.map(drop)
    }

    /// Returns the strategies of a person, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn strategies(&self, user: UserId) -> Result<Vec<StrategyRow>, StoreError> {
        self.rows(OF_USER, args![user]).await?.iter().map(of_row).collect()
    }

    /// Returns a person's strategy.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn strategy(
        &self,
        user: UserId,
        account: AccountId,
    ) -> Result<Option<StrategyRow>, StoreError> {
        self.rows(ONE, args![account, user]).await?.first().map(of_row).transpose()
    }

    /// Returns the strategies that are being started, or were when a process ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn starting_strategies(&self) -> Result<Vec<StrategyRow>, StoreError> {
        self.rows(STARTING, args![]).await?.iter().map(of_row).collect()
    }
}

fn of_row(row: &Row) -> Result<StrategyRow, StoreError> {
    let status = |text: String| StrategyStatus::ALL.into_iter().find(|status| status.name() == text);
    let ended_at: Option<i64> = row.get("ended_at")?;
    Ok(StrategyRow {
        account: AccountId::new(row.get("account_id")?),
        user: UserId::new(row.get("user_id")?),
        name: row.get("name")?,
        script: row.get("script")?,
        cash: row.get("cash")?,
        status: row.read("status", status)?,
        created_at: WallTime::from_nanos(row.get("created_at")?),
        ended_at: ended_at.map(WallTime::from_nanos),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::testing::{add_user, on_each_database};

    #[tokio::test]
    async fn as_many_strategies_run_as_there_is_room_for() {
        on_each_database(|database| async move {
            let (anne, bert) = (UserId::draw(), UserId::draw());
            add_user(&database, anne, "anne").await.unwrap();
            add_user(&database, bert, "bert").await.unwrap();
            let row = |user| StrategyRow {
                account: AccountId::draw(),
                user,
                name: "mine".to_owned(),
                script: "{}".to_owned(),
                cash: Amount(5),
                status: StrategyStatus::Starting,
                created_at: WallTime::from_nanos(7),
                ended_at: None,
            };
            let limits = StrategyLimits { per_user: 2, total: 3 };
            let rows = [anne, anne, anne, bert, bert].map(row);
            let mut has_room = Vec::new();
            for row in &rows {
                has_room.push(database.add_strategy(row, limits).await.unwrap());
            }
            assert_eq!(has_room, [true, true, false, true, false]);
            assert_eq!(database.starting_strategies().await.unwrap().len(), 3);
            assert_eq!(database.strategy(anne, rows[0].account).await, Ok(Some(rows[0].clone())));
            assert_eq!(database.strategy(bert, rows[0].account).await, Ok(None), "it is somebody else's");
            let (first, ended) = (rows[0].account, Some(WallTime::from_nanos(9)));
            assert_eq!(database.move_strategy(first, StrategyStatus::Stopped, ended).await, Ok(true));
            assert_eq!(database.add_strategy(&rows[2], limits).await, Ok(true), "there is room again");
            let found = database.strategies(anne).await.unwrap();
            assert_eq!(
                found.iter().map(|row| row.status.name()).collect::<Vec<_>>(),
                ["stopped", "starting", "starting"]
            );
            database.move_strategy(first, StrategyStatus::Deleted, ended).await.unwrap();
            assert_eq!(database.move_strategy(first, StrategyStatus::Running, None).await, Ok(false));
            database.remove_strategy(rows[1].account).await.unwrap();
            assert_eq!(database.strategies(anne).await.unwrap().len(), 1);
        })
        .await
        .unwrap();
    }
}
