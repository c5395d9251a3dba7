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
    MARK_START_FAILED = "UPDATE strategies SET status = 'deleted', ended_at = $2, client_id = NULL
               WHERE account_id = $1 AND status = 'starting'";
    // An account of a contest has one strategy after the other: those before stay under ids of their own.
    ARCHIVE = "UPDATE strategies SET account_id = $2, status = 'deleted'
               WHERE account_id = $1 AND status = 'stopped'";
    ARCHIVE_DELETED = "UPDATE strategies SET account_id = $2 WHERE account_id = $1 AND status = 'deleted'";
    RESTORE = "UPDATE strategies SET account_id = $1, status = 'stopped' WHERE account_id = $2";
    MOVE = "UPDATE strategies SET status = $2, ended_at = $3 WHERE account_id = $1 AND status <> 'deleted'";
    REMOVE = "DELETE FROM strategies WHERE account_id = $1 AND status = 'starting'";
    OF_USER = "SELECT account_id, user_id, name, script, cash, status, created_at, ended_at, client_id
               FROM strategies
               WHERE user_id = $1 AND status <> 'deleted' ORDER BY created_at, account_id";
    ALL_OF_USER = "SELECT account_id, user_id, name, script, cash, status, created_at, ended_at, client_id
                   FROM strategies WHERE user_id = $1 ORDER BY created_at, account_id";
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

/// Whether a strategy was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddStrategyOutcome {
    /// It was added.
    Added {
        /// The id under which the stopped strategy is kept whose account it took, if there was one.
        archived: Option<AccountId>,
    },
    /// Too many run.
    TooManyRunning,
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
    /// Adds a strategy that is being started, if there is room for it. A stopped strategy in the same account
    /// of a contest is archived: it is deleted, under another id, the id that its owner gave it stays taken,
    /// and it still counts as started. If nothing is added, nothing is archived.
    ///
    /// # Errors
    /// [`StoreError`], also if its owner has given another its id.
    pub async fn add_strategy(
        &self,
        row: &StrategyRow,
        limits: StrategyLimits,
    ) -> Result<AddStrategyOutcome, StoreError> {
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
        let mut transaction = self.begin().await?;
        let archive = AccountId::draw();
        let was_stopped = transaction.execute(ARCHIVE, args![*account, archive]).await? == 1;
        if !was_stopped {
            transaction.execute(ARCHIVE_DELETED, args![*account, archive]).await?;
        }
        if transaction.execute(INSERT, arguments).await? == 1 {
            transaction.commit().await?;
            return Ok(AddStrategyOutcome::Added { archived: was_stopped.then_some(archive) });
        }
        // Without a commit, nothing is archived.
        drop(transaction);
        let row = self.row(STARTED, args![*user, since]).await?;
        let started: i64 = row.map_or(Ok(0), |row| row.get("started"))?;
        Ok(if started < starts {
            AddStrategyOutcome::TooManyRunning
        } else {
            AddStrategyOutcome::TooManyStarted
        })
    }

    /// Returns the strategy to which a person gave an id, also one that was deleted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_strategy_by_client_id(
        &self,
        user: UserId,
        client: &ClientOrderId,
    ) -> Result<Option<StrategyRow>, StoreError> {
        self.rows(OF_CLIENT, args![user, client.as_str()]).await?.first().map(of_row).transpose()
    }

    /// Marks a strategy as one whose start failed after its account was opened: it is deleted, counts as
    /// started, and its owner may give its id to another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_start_failed(&self, account: AccountId, now: WallTime) -> Result<(), StoreError> {
        self.execute(MARK_START_FAILED, args![account, now]).await.map(drop)
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

    /// Removes a strategy whose start failed and left nothing, and restores the one that was archived when it
    /// was added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_strategy(
        &self,
        account: AccountId,
        archived: Option<AccountId>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let was_removed = transaction.execute(REMOVE, args![account]).await? == 1;
        if was_removed && let Some(archived) = archived {
            transaction.execute(RESTORE, args![account, archived]).await?;
        }
        transaction.commit().await
    }

    /// Returns the strategies of a person, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn strategies(&self, user: UserId) -> Result<Vec<StrategyRow>, StoreError> {
        self.rows(OF_USER, args![user]).await?.iter().map(of_row).collect()
    }

    /// Returns the strategies that a person ever had, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_strategies(&self, user: UserId) -> Result<Vec<StrategyRow>, StoreError> {
        self.rows(ALL_OF_USER, args![user]).await?.iter().map(of_row).collect()
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

    const ADDED: AddStrategyOutcome = AddStrategyOutcome::Added { archived: None };

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
            let (done, full) = (ADDED, AddStrategyOutcome::TooManyRunning);
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
            database.remove_strategy(rows[1].account, None).await.unwrap();
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
                assert_eq!(database.add_strategy(&row, limits).await, Ok(ADDED));
                if number % 2 == 0 {
                    database.mark_start_failed(row.account, row.created_at).await.unwrap();
                    let left = database.find_strategy_by_client_id(anne, row.client.as_ref().unwrap()).await;
                    assert_eq!(left, Ok(None), "its id is free");
                } else {
                    let deleted = StrategyStatus::Deleted;
                    database.move_strategy(row.account, deleted, Some(row.created_at)).await.unwrap();
                }
            }
            let next = row(99, 20);
            assert_eq!(database.add_strategy(&next, limits).await, Ok(AddStrategyOutcome::TooManyStarted));
            let day = i64::try_from(StrategyLimits::WINDOW.as_nanos()).unwrap();
            let again = row(1, day + 20);
            assert!(database.add_strategy(&again, limits).await.is_err(), "the id is taken");
            let next = row(99, day + 20);
            assert_eq!(database.add_strategy(&next, limits).await, Ok(ADDED));
            let found = database.find_strategy_by_client_id(anne, next.client.as_ref().unwrap()).await;
            assert_eq!(found, Ok(Some(next.clone())));
            // In an account of a contest the next takes its place, and its id stays taken.
            database.move_strategy(next.account, StrategyStatus::Stopped, None).await.unwrap();
            let after = StrategyRow { account: next.account, ..row(100, day + 21) };
            let outcome = database.add_strategy(&after, limits).await;
            assert!(matches!(outcome, Ok(AddStrategyOutcome::Added { archived: Some(_) })), "{outcome:?}");
            let archived = database.find_strategy_by_client_id(anne, next.client.as_ref().unwrap()).await;
            let archived = archived.unwrap().unwrap();
            assert_eq!(archived.status, StrategyStatus::Deleted);
            assert_ne!(archived.account, after.account);
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn a_strategy_that_is_not_added_leaves_the_one_before_it_in_its_account() {
        on_each_database(|database| async move {
            let anne = UserId::draw();
            add_user(&database, anne, "anne").await.unwrap();
            let row = |account, client: &str, at| StrategyRow {
                account,
                user: anne,
                name: "mine".to_owned(),
                script: "{}".to_owned(),
                cash: Amount(5),
                status: StrategyStatus::Starting,
                created_at: WallTime::from_nanos(at),
                ended_at: None,
                client: ClientOrderId::try_from(client.to_owned()).ok(),
            };
            let limits = StrategyLimits { per_user: 1, total: 3 };
            let [contest, other] = [AccountId::draw(), AccountId::draw()];
            let first = row(contest, "first", 1);
            assert_eq!(database.add_strategy(&first, limits).await, Ok(ADDED));
            database.move_strategy(contest, StrategyStatus::Stopped, None).await.unwrap();
            assert_eq!(database.add_strategy(&row(other, "other", 2), limits).await, Ok(ADDED));
            let stopped = Ok(Some(StrategyRow { status: StrategyStatus::Stopped, ..first }));
            let next = row(contest, "next", 3);
            assert_eq!(database.add_strategy(&next, limits).await, Ok(AddStrategyOutcome::TooManyRunning));
            assert_eq!(database.strategy(anne, contest).await, stopped);
            let none = StrategyLimits { per_user: 0, total: 3 };
            assert_eq!(database.add_strategy(&next, none).await, Ok(AddStrategyOutcome::TooManyStarted));
            assert_eq!(database.strategy(anne, contest).await, stopped);
            database.move_strategy(other, StrategyStatus::Stopped, None).await.unwrap();
            assert!(
                database.add_strategy(&row(contest, "other", 3), limits).await.is_err(),
                "the id is taken"
            );
            assert_eq!(database.strategy(anne, contest).await, stopped);
            let outcome = database.add_strategy(&next, limits).await.unwrap();
            assert_eq!(database.strategy(anne, contest).await, Ok(Some(next.clone())));
            let AddStrategyOutcome::Added { archived } = outcome else { panic!("{outcome:?}") };
            // It could not be started: the one before it is back.
            database.remove_strategy(contest, archived).await.unwrap();
            assert_eq!(database.strategy(anne, contest).await, stopped);
            // One that was deleted stays so.
            database.move_strategy(contest, StrategyStatus::Deleted, None).await.unwrap();
            assert_eq!(database.add_strategy(&next, limits).await, Ok(ADDED));
            database.remove_strategy(contest, None).await.unwrap();
            assert_eq!(database.strategy(anne, contest).await, Ok(None));
        })
        .await
        .unwrap();
    }
}
