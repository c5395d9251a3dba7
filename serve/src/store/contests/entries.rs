//! Who takes part in contests, and in which accounts.

use super::telling::{self, Step};
use super::words;
use crate::domain::{AccountId, ContestId, ContestStep, UserId, WallTime};
use crate::store::database::{Database, Row, StoreError, args, statements};

statements! {
    // The number of an entrant stays theirs, also when those before them withdraw.
    INSERT = "INSERT INTO contest_entries (contest_id, user_id, account_id, number, name, name_key, status,
              entered_at) SELECT $1, $2, $3, 1 + COALESCE((SELECT MAX(number) FROM contest_entries
              WHERE contest_id = $1), 0), $4, $5, 'entered', $6
              WHERE EXISTS (SELECT 1 FROM contests WHERE id = $1 AND status IN ('announced', 'running'))
              ON CONFLICT (contest_id, user_id) DO UPDATE SET status = 'entered', name = excluded.name,
              name_key = excluded.name_key, entered_at = excluded.entered_at
              WHERE contest_entries.status = 'withdrawn' AND contest_entries.disqualified IS NULL";
    WITHDRAW = "UPDATE contest_entries SET status = 'withdrawn', name = NULL, name_key = NULL
                WHERE contest_id = $1 AND user_id = $2 AND status = 'entered'
                AND EXISTS (SELECT 1 FROM contests WHERE id = $1 AND status = 'announced')";
    RENAME = "UPDATE contest_entries SET name = $3, name_key = $4 WHERE contest_id = $1 AND user_id = $2";
    MOVE = "UPDATE contest_entries SET status = $2 WHERE account_id = $1 AND status <> 'closed'";
    DISQUALIFY = "UPDATE contest_entries SET disqualified = $3 WHERE contest_id = $1 AND number = $2
                  AND disqualified IS NULL";
    OF_CONTEST = "SELECT e.contest_id, e.user_id, e.account_id, e.number, e.name, e.status, e.disqualified,
                  e.entered_at, u.username FROM contest_entries e JOIN users u ON u.id = e.user_id
                  WHERE e.contest_id = $1 AND e.status <> 'withdrawn' ORDER BY e.number";
    ONE = "SELECT e.contest_id, e.user_id, e.account_id, e.number, e.name, e.status, e.disqualified,
           e.entered_at, u.username FROM contest_entries e JOIN users u ON u.id = e.user_id
           WHERE e.contest_id = $1 AND e.user_id = $2 AND e.status <> 'withdrawn'";
    ACCOUNTS_OF_USER = "SELECT account_id FROM contest_entries WHERE user_id = $1 AND status <> 'withdrawn'
                        ORDER BY entered_at";
    OF_ACCOUNT = "SELECT e.contest_id, e.user_id, e.account_id, e.number, e.name, e.status, e.disqualified,
                  e.entered_at, u.username FROM contest_entries e JOIN users u ON u.id = e.user_id
                  WHERE e.account_id = $1";
}

words! {
    /// How far an entry is.
    EntryStatus {
        /// Its account is not open yet.
        Entered = "entered",
        /// Its account trades.
        Playing = "playing",
        /// Its account does not trade any more.
        Closed = "closed",
        /// The person has withdrawn before the contest began.
        Withdrawn = "withdrawn",
    }
}

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// In what.
    pub contest: ContestId,
    /// Who.
    pub user: UserId,
    /// The person's name, for administrators.
    pub username: String,
    /// The account of the contest.
    pub account: AccountId,
    /// The number of the entrant.
    pub number: u32,
    /// What others see.
    pub name: Option<String>,
    /// How far it is.
    pub status: EntryStatus,
    /// Why the entrant was disqualified.
    pub disqualified: Option<String>,
    /// When.
    pub entered_at: WallTime,
}

/// An entry that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// In what.
    pub contest: ContestId,
    /// Who.
    pub user: UserId,
    /// The account of the contest.
    pub account: AccountId,
    /// What others see.
    pub name: Option<String>,
    /// When.
    pub now: WallTime,
}

impl Database {
    /// Adds an entry, if the contest takes some and the person has none; returns whether it was added.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another entrant has the name.
    pub async fn add_entry(&self, entry: &NewEntry) -> Result<bool, StoreError> {
        let NewEntry { contest, user, account, name, now } = entry.clone();
        let key = name.as_ref().map(|name| name.to_lowercase());
        let mut transaction = self.begin().await?;
        if transaction.execute(INSERT, args![contest, user, account, name, key, now]).await? == 0 {
            return Ok(false);
        }
        let told = Step { contest, step: ContestStep::Entered, now };
        telling::entrant(&mut transaction, &told, (user, account)).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Withdraws an entry of a contest that has not begun; returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn withdraw_entry(&self, contest: ContestId, user: UserId) -> Result<bool, StoreError> {
        Ok(self.execute(WITHDRAW, args![contest, user]).await? == 1)
    }

    /// Changes what others see of an entrant.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another entrant has the name.
    pub async fn rename_entry(
        &self,
        contest: ContestId,
        user: UserId,
        name: Option<&str>,
    ) -> Result<bool, StoreError> {
        let key = name.map(str::to_lowercase);
        Ok(self.execute(RENAME, args![contest, user, name, key]).await? == 1)
    }

    /// Says how far an entry is from now on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn move_entry(&self, account: AccountId, status: EntryStatus) -> Result<(), StoreError> {
        self.execute(MOVE, args![account, status.name()]).await.map(drop)
    }

    /// Notes why an entrant has no place; returns whether that is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disqualify_entry(
        &self,
        contest: ContestId,
        number: u32,
        reason: &str,
    ) -> Result<bool, StoreError> {
        Ok(self.execute(DISQUALIFY, args![contest, number, reason]).await? == 1)
    }

    /// Returns the entries of a contest, in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&self, contest: ContestId) -> Result<Vec<EntryRow>, StoreError> {
        self.rows(OF_CONTEST, args![contest]).await?.iter().map(of_row).collect()
    }

    /// Returns a person's entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entry(&self, contest: ContestId, user: UserId) -> Result<Option<EntryRow>, StoreError> {
        self.row(ONE, args![contest, user]).await?.as_ref().map(of_row).transpose()
    }

    /// Returns the accounts in which a person takes part in contests.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn contest_accounts(&self, user: UserId) -> Result<Vec<AccountId>, StoreError> {
        let rows = self.rows(ACCOUNTS_OF_USER, args![user]).await?;
        rows.iter().map(|row| Ok(AccountId::new(row.get("account_id")?))).collect()
    }

    /// Returns the entry whose account it is, if it is one of a contest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entry_of_account(&self, account: AccountId) -> Result<Option<EntryRow>, StoreError> {
        self.row(OF_ACCOUNT, args![account]).await?.as_ref().map(of_row).transpose()
    }
}

fn of_row(row: &Row) -> Result<EntryRow, StoreError> {
    Ok(EntryRow {
        contest: ContestId::new(row.get("contest_id")?),
        user: UserId::new(row.get("user_id")?),
        username: row.get("username")?,
        account: AccountId::new(row.get("account_id")?),
        number: row.read("number", |number: i64| u32::try_from(number).ok())?,
        name: row.get("name")?,
        status: row.read("status", EntryStatus::of_name)?,
        disqualified: row.get("disqualified")?,
        entered_at: WallTime::from_nanos(row.get("entered_at")?),
    })
}
