//! What accounts were worth over time, in the database.

use bearpit_core::units::SimTime;

use super::page::Page;
use super::position::number;
use super::rows::MarkRow;
use crate::domain::AccountId;
use crate::store::database::{Database, Row, StoreError, Transaction, Value, args, statements};

statements! {
    INSERT = "INSERT INTO account_marks (account_id, marked_at, segment, equity, cash, fees, funded)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (account_id, marked_at) DO UPDATE SET equity = excluded.equity,
        cash = excluded.cash, fees = excluded.fees, funded = CASE
        WHEN account_marks.segment <> excluded.segment AND CAST(excluded.funded AS TEXT) = '0'
        THEN account_marks.funded ELSE excluded.funded END";
    PAGE = "SELECT account_id, marked_at, equity, cash, fees, funded FROM account_marks
        WHERE account_id = $1 AND marked_at >= $2 AND marked_at < $3 ORDER BY marked_at LIMIT $4";
    CLOSINGS = "SELECT account_id, marked_at, equity, cash, fees, funded FROM account_marks AS mark
        WHERE account_id = $1 AND marked_at >= $2 AND marked_at < $3 AND (CAST(funded AS TEXT) <> '0' OR NOT EXISTS
        (SELECT 1 FROM account_marks AS later WHERE later.account_id = mark.account_id
        AND later.marked_at > mark.marked_at AND later.marked_at <= ((mark.marked_at - 1) / $4 + 1) * $4
        AND later.marked_at < $3))
        ORDER BY marked_at LIMIT $5";
    LAST = "SELECT account_id, marked_at, equity, cash, fees, funded FROM account_marks
        WHERE account_id = $1 AND marked_at < $2 ORDER BY marked_at DESC LIMIT 1";
    OF_SEGMENT = "SELECT account_id, marked_at, equity, cash, fees, funded FROM account_marks
        WHERE account_id = $1 AND segment = $2 ORDER BY marked_at";
    FORGET = "DELETE FROM account_marks WHERE segment >= $1";
}

const DAY_NANOS: i64 = 86_400_000_000_000;

/// Adds marks, or replaces those that are there: a market that was stopped was marked then, and the next is
/// marked at the same moment, when nothing has come from outside since. Each account and moment comes once.
pub(super) async fn insert<'r>(
    transaction: &mut Transaction,
    segment: u64,
    rows: impl Iterator<Item = &'r MarkRow>,
) -> Result<u64, StoreError> {
    let arguments = |row: &MarkRow| {
        let arguments: &[Value] =
            args![row.account, row.at, number(segment), row.equity, row.cash, row.fees, row.funded];
        arguments.to_vec()
    };
    let rows: Vec<_> = rows.map(arguments).collect();
    transaction.execute_rows(INSERT, &rows).await
}

pub(super) async fn forget(transaction: &mut Transaction, segment: u64) -> Result<u64, StoreError> {
    transaction.execute(FORGET, args![number(segment)]).await
}

impl Database {
    /// Returns a page of an account's worth over time, the oldest first; the next goes on from
    /// [`Page::next`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account_marks(
        &self,
        account: AccountId,
        from: SimTime,
        to: SimTime,
        limit: u32,
    ) -> Result<Page<MarkRow, SimTime>, StoreError> {
        let arguments = args![account, from.nanos(), to.nanos(), i64::from(limit) + 1];
        let rows = self.rows(PAGE, arguments).await?;
        Page::of(rows.iter().map(of_row), limit, |last| SimTime::from_nanos(last.at + 1))
    }

    /// Returns what an account was worth over a segment of the journal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account_marks_of_segment(
        &self,
        account: AccountId,
        segment: u64,
    ) -> Result<Vec<MarkRow>, StoreError> {
        self.rows(OF_SEGMENT, args![account, number(segment)]).await?.iter().map(of_row).collect()
    }

    /// Returns what an account was worth last before a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_account_mark(
        &self,
        account: AccountId,
        before: SimTime,
    ) -> Result<Option<MarkRow>, StoreError> {
        self.row(LAST, args![account, before.nanos()]).await?.as_ref().map(of_row).transpose()
    }
}

impl Database {
    /// Returns the last worth of an account on each day, by the days of UTC, whose ends belong to them, and
    /// those at which cash had come from outside; at most `limit`, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account_closings(
        &self,
        account: AccountId,
        from: SimTime,
        to: SimTime,
        limit: u32,
    ) -> Result<Vec<MarkRow>, StoreError> {
        let arguments = args![account, from.nanos(), to.nanos(), DAY_NANOS, i64::from(limit)];
        self.rows(CLOSINGS, arguments).await?.iter().map(of_row).collect()
    }
}

fn of_row(row: &Row) -> Result<MarkRow, StoreError> {
    Ok(MarkRow {
        account: AccountId::new(row.get("account_id")?),
        at: row.get("marked_at")?,
        equity: row.get("equity")?,
        cash: row.get("cash")?,
        fees: row.get("fees")?,
        funded: row.get("funded")?,
    })
}
