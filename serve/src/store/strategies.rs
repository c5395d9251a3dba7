//! Strategies of people in the live market: what they were started with, and whether they are over.

use std::time::Duration;

use super::database::{Amount, Database, Row, StoreError, args, statements};
use crate::domain::{AccountId, ClientOrderId, UserId, WallTime};

statements! {
    INSERT = "INSERT INTO strategies (account_id, user_id, name, script, cash, status, created_at, client_id)
              SELECT $1, $2, $3, $4, $5, 'starting', $6, $7
              WHERE (SELECT COUNT(*) FROM strategies WHERE user_id = $2 AND status IN ('starting', 'running')) < $8
              AND (SELECT COUNT(*) FROM strategies WHERE status IN ('starting', 'running')) < $9
              AND (SELECT COUNT(*) FROM strategies WHERE user_id = $2 AND created_at > $10) < $11";
    STARTED = "SELECT COUNT(*) AS started FROM strategies WHERE user_id = $1 AND created_at > $2";
    GIVE_UP = "UPDATE strategies SET status = 'deleted', ended_at = $2, client_id = NULL
               WHERE account_id = $1 AND status = 'starting'";
    // An account of a contest has one strategy after the other: those before stay under ids of their own.
    SHELVE = "UPDATE strategies SET account_id = $2, status = 'deleted'
              WHERE account_id = $1 AND status IN ('stopped', 'deleted')";
    MOVE = "UPDATE strategies SET status = $2, ended_at = $3 WHERE account_id = $1 AND status <> 'deleted'";
    REMOVE = "DELETE FROM strategies WHERE account_id = $1 AND status = 'starting'";
    OF_USER = "SELECT account_id, user_id, name, script, cash, status, created_at, ended_at, client_id
               FROM strategies
               WHERE user_id = $1 AND status <> 'deleted' ORDER BY created_at, account_id";
    ONE = "SELECT account_id, user_id, name, script, cash, status, created_at, ended_at, client_id
               FROM strategies
           WHERE account_id = $1 AND user_id = $2 AND status <> 'deleted'";
    OF_CLIENT = "SELECT account_id, user_id, name, script, cash, status, created_at, ended_at, client_id
                 FROM strategies WHERE user_id = $1 AND client_id = $2";
    STARTING = "SELECT account_id, user_id, name, script, cash, status, created_at, ended_at, client_id
               FROM strategies
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
    /// The id that its owner gave it.
    pub client: Option<ClientOrderId>,
}

/// What came of adding a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is there.
    Done,
    /// Too many run.
    TooManyRun,
    /// Its owner has started too many in the last day.
    TooManyStarted,
}

/// How many strategies may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrategyLimits {
    /// Of a person.
    pub per_user: u32,
    /// In all.
    pub total: u32,
}

/// How many strategies a person may start within [`StrategyLimits::WINDOW`], for each that may run: each
/// leaves an account in the market.
const STARTS_EACH: u32 = 10;

impl StrategyLimits {
    /// For how long it counts that a strategy was started.
    pub const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

    /// Returns how many strategies a person may start within [`StrategyLimits::WINDOW`].
    #[must_use]
    pub const fn starts(self) -> u32 {
        self.per_user.saturating_mul(STARTS_EACH)
    }
}

impl Database {
    /// Adds a strategy that is being started, if there is room for it.
    ///
    /// # Errors
    /// [`StoreError`], also if its owner has given another its id.
    pub async fn add_strategy(&self, row: &StrategyRow, limits: StrategyLimits) -> Result<Added, StoreError> {
        let StrategyRow { account, user, name, script, cash, created_at, client, .. } = row;
        let (per_user, total) = (i64::from(limits.per_user), i64::from(limits.total));
        let window = i64::try_from(StrategyLimits::WINDOW.as_nanos()).unwrap_or(i64::MAX);
        let since = created_at.nanos().saturating_sub(window);
        let starts = i64::from(limits.starts());
        let client = client.as_ref().map(|client| client.as_str().to_owned());
        let arguments = args![
            *account,
            *user,
            name.as_str(),
            script.as_str(),
            *cash,
            *created_at,
            client,
            per_user,
            total,
            since,
            starts
        ];
        if self.execute(INSERT, arguments).await? == 1 {
            return Ok(Added::Done);
        }
        let row = self.row(STARTED, args![*user, since]).await?;
        let started: i64 = row.map_or(Ok(0), |row| row.get("started"))?;
        Ok(if started < starts { Added::TooManyRun } else { Added::TooManyStarted })
    }

    /// Returns the strategy to which a person gave an id, also one that was deleted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn strategy_of_client(
        &self,
        user: UserId,
        client: &ClientOrderId,
    ) -> Result<Option<StrategyRow>, StoreError> {
        self.rows(OF_CLIENT, args![user, client.as_str()]).await?.first().map(of_row).transpose()
    }

    /// Notes that a strategy could not be started, whose account was opened: it counts as one that was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_up_strategy(&self, account: AccountId, now: WallTime) -> Result<(), StoreError> {
        self.execute(GIVE_UP, args![account, now]).await.map(drop)
    }

    /// Puts a strategy aside that has ended, in whose account another is to be started: it is deleted, its
    /// owner's id stays taken, and it still counts as one that was started.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn shelve_strategy(&self, account: AccountId) -> Result<(), StoreError> {
        self.execute(SHELVE, args![account, AccountId::draw()]).await.map(drop)
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

    /// Removes a strategy that was not started, and has no account.
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
        client: row
            .read("client_id", |text: Option<String>| text.map(ClientOrderId::try_from).transpose().ok())?,
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
                client: None,
            };
            let limits = StrategyLimits { per_user: 2, total: 3 };
            let rows = [anne, anne, anne, bert, bert].map(row);
            let mut has_room = Vec::new();
            for row in &rows {
                has_room.push(database.add_strategy(row, limits).await.unwrap());
            }
            let (done, full) = (Added::Done, Added::TooManyRun);
            assert_eq!(has_room, [done, done, full, done, full]);
            assert_eq!(database.starting_strategies().await.unwrap().len(), 3);
            assert_eq!(database.strategy(anne, rows[0].account).await, Ok(Some(rows[0].clone())));
            assert_eq!(database.strategy(bert, rows[0].account).await, Ok(None), "it is somebody else's");
            let (first, ended) = (rows[0].account, Some(WallTime::from_nanos(9)));
            assert_eq!(database.move_strategy(first, StrategyStatus::Stopped, ended).await, Ok(true));
            assert_eq!(database.add_strategy(&rows[2], limits).await, Ok(done), "there is room again");
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

    #[tokio::test]
    async fn a_person_starts_so_many_a_day_and_each_id_once() {
        on_each_database(|database| async move {
            let anne = UserId::draw();
            add_user(&database, anne, "anne").await.unwrap();
            let row = |number: u32, at: i64| StrategyRow {
                account: AccountId::draw(),
                user: anne,
                name: "mine".to_owned(),
                script: "{}".to_owned(),
                cash: Amount(5),
                status: StrategyStatus::Starting,
                created_at: WallTime::from_nanos(at),
                ended_at: None,
                client: ClientOrderId::try_from(format!("id-{number}")).ok(),
            };
            let limits = StrategyLimits { per_user: 1, total: 3 };
            for number in 0..limits.starts() {
                let row = row(number, i64::from(number));
                assert_eq!(database.add_strategy(&row, limits).await, Ok(Added::Done));
                if number % 2 == 0 {
                    database.give_up_strategy(row.account, row.created_at).await.unwrap();
                    let left = database.strategy_of_client(anne, row.client.as_ref().unwrap()).await;
                    assert_eq!(left, Ok(None), "its id is free");
                } else {
                    let deleted = StrategyStatus::Deleted;
                    database.move_strategy(row.account, deleted, Some(row.created_at)).await.unwrap();
                }
            }
            let next = row(99, 20);
            assert_eq!(database.add_strategy(&next, limits).await, Ok(Added::TooManyStarted));
            let day = i64::try_from(StrategyLimits::WINDOW.as_nanos()).unwrap();
            let again = row(1, day + 20);
            assert!(database.add_strategy(&again, limits).await.is_err(), "the id is taken");
            let next = row(99, day + 20);
            assert_eq!(database.add_strategy(&next, limits).await, Ok(Added::Done));
            let found = database.strategy_of_client(anne, next.client.as_ref().unwrap()).await;
            assert_eq!(found, Ok(Some(next.clone())));
            // In an account of a contest the next takes its place, and its id stays taken.
            database.move_strategy(next.account, StrategyStatus::Stopped, None).await.unwrap();
            database.shelve_strategy(next.account).await.unwrap();
            let after = StrategyRow { account: next.account, ..row(100, day + 21) };
            assert_eq!(database.add_strategy(&after, limits).await, Ok(Added::Done));
            let shelved = database.strategy_of_client(anne, next.client.as_ref().unwrap()).await;
            let shelved = shelved.unwrap().unwrap();
            assert_eq!(shelved.status, StrategyStatus::Deleted);
            assert_ne!(shelved.account, after.account);
        })
        .await
        .unwrap();
    }
}
