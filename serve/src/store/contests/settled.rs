//! What the settled journal says of a contest: which segments were replayed, marks by them, the final
//! ranking.

use super::telling::{self, Step};
use crate::domain::{AccountId, ContestId, ContestStep};
use crate::store::announcements::AnnouncementRow;
use crate::store::database::{Database, Row, StoreError, Value, args, statements};
use crate::store::projection::MarkRow;

statements! {
    SEGMENT = "INSERT INTO contest_segments (contest_id, segment, digest) VALUES ($1, $2, $3)
               ON CONFLICT (contest_id, segment) DO NOTHING";
    MARK = "INSERT INTO contest_marks (contest_id, account_id, marked_at, equity, cash, fees, funded)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (contest_id, account_id, marked_at) DO UPDATE SET equity = excluded.equity,
            cash = excluded.cash, fees = excluded.fees, funded = CASE
            WHEN CAST(excluded.funded AS TEXT) = '0' THEN contest_marks.funded ELSE excluded.funded END";
    SEGMENTS = "SELECT segment, digest FROM contest_segments WHERE contest_id = $1 ORDER BY segment";
    MARKS = "SELECT account_id, marked_at, equity, cash, fees, funded FROM contest_marks
             WHERE contest_id = $1 AND account_id = $2 AND marked_at <= $3 ORDER BY marked_at";
    RESULT = "INSERT INTO contest_results (contest_id, ranking) VALUES ($1, $2)
              ON CONFLICT (contest_id) DO NOTHING";
    SETTLE = "UPDATE contests SET status = 'settled', digest = $2, settled_at = $3
              WHERE id = $1 AND status = 'ended'";
    RANKING = "SELECT ranking FROM contest_results WHERE contest_id = $1";
}

/// A segment that was replayed for a contest, and what its accounts were worth by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledSegment {
    /// Its number.
    pub segment: u64,
    /// The digest of its market.
    pub digest: String,
    /// The marks.
    pub marks: Vec<MarkRow>,
}

/// What came of a contest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContestResult {
    /// The contest.
    pub contest: ContestId,
    /// The digest of the settled journal.
    pub digest: String,
    /// The final ranking, as JSON.
    pub ranking: String,
    /// The numbers of the entrants who have a place, each with it.
    pub places: Vec<(u32, u32)>,
    /// What everybody is told of it, as it is written.
    pub announcement: AnnouncementRow,
}

impl Database {
    /// Adds what a settled segment says of a contest: all of it, once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_settled_segment(
        &self,
        contest: ContestId,
        settled: &SettledSegment,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let segment = number(settled.segment);
        let added = transaction.execute(SEGMENT, args![contest, segment, settled.digest.as_str()]).await?;
        if added == 1 {
            let rows: Vec<Vec<Value>> = settled
                .marks
                .iter()
                .map(|mark| {
                    let MarkRow { account, at, equity, cash, fees, funded } = *mark;
                    args![contest, account, at, equity, cash, fees, funded].to_vec()
                })
                .collect();
            transaction.execute_rows(MARK, &rows).await?;
        }
        transaction.commit().await
    }

    /// Returns the segments that were replayed for a contest, with their digests.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settled_segments(&self, contest: ContestId) -> Result<Vec<(u64, String)>, StoreError> {
        let row = |row: &Row| {
            let number = row.read("segment", |number: i64| u64::try_from(number).ok())?;
            Ok((number, row.get("digest")?))
        };
        self.rows(SEGMENTS, args![contest]).await?.iter().map(row).collect()
    }

    /// Returns what an account was worth over a contest by the settled journal, up to a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settled_marks(
        &self,
        contest: ContestId,
        account: AccountId,
        until: i64,
    ) -> Result<Vec<MarkRow>, StoreError> {
        let mark = |row: &Row| {
            Ok(MarkRow {
                account: AccountId::new(row.get("account_id")?),
                at: row.get("marked_at")?,
                equity: row.get("equity")?,
                cash: row.get("cash")?,
                fees: row.get("fees")?,
                funded: row.get("funded")?,
            })
        };
        self.rows(MARKS, args![contest, account, until]).await?.iter().map(mark).collect()
    }

    /// Writes the final ranking of a contest that has ended, and announces it, once; returns whether it was
    /// written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_contest(&self, result: &ContestResult) -> Result<bool, StoreError> {
        let ContestResult { contest, digest, ranking, places, announcement } = result;
        let mut transaction = self.begin().await?;
        let settle = args![*contest, digest.as_str(), announcement.created_at];
        if transaction.execute(SETTLE, settle).await? != 1 {
            return Ok(false);
        }
        transaction.execute(RESULT, args![*contest, ranking.as_str()]).await?;
        transaction.announce_result(*contest, announcement).await?;
        let step = Step { contest: *contest, step: ContestStep::Ended, now: announcement.created_at };
        telling::entrants(&mut transaction, &step, places).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Returns the final ranking of a contest, as it was written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn final_ranking(&self, contest: ContestId) -> Result<Option<String>, StoreError> {
        self.row(RANKING, args![contest]).await?.map(|row| row.get("ranking")).transpose()
    }
}

fn number(segment: u64) -> i64 {
    i64::try_from(segment).unwrap_or(i64::MAX)
}
