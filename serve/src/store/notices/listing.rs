//! The list of a person's notices.

use super::of_row;
use crate::domain::{Notice, NoticeId, NoticeKind, UserId, WallTime};
use crate::store::database::{Database, Row, StoreError, args, statements};

statements! {
    PAGE = "SELECT id, user_id, account_id, kind, at, body, read_at FROM notices
        WHERE user_id = $1 AND is_shown AND (CAST($2 AS UUID) IS NULL OR id < $2)
        AND (CAST($3 AS TEXT) IS NULL OR kind = $3) AND ($4 OR read_at IS NULL) ORDER BY id DESC LIMIT $5";
    UNREAD = "SELECT COUNT(*) AS count FROM notices WHERE user_id = $1 AND is_shown AND read_at IS NULL";
    READ_ONE = "UPDATE notices SET read_at = COALESCE(read_at, $3) WHERE user_id = $1 AND id = $2 AND is_shown";
    READ_UNTIL = "UPDATE notices SET read_at = $3
        WHERE user_id = $1 AND id <= $2 AND is_shown AND read_at IS NULL";
    REMOVE = "DELETE FROM notices WHERE user_id = $1 AND id = $2 AND is_shown";
}

/// A notice in a person's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedNotice {
    /// The notice.
    pub notice: Notice,
    /// When it was read, if it was.
    pub read_at: Option<WallTime>,
}

/// Which notices are asked for, the newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoticeFilter {
    /// Those before this one.
    pub before: Option<NoticeId>,
    /// Those of a kind.
    pub kind: Option<NoticeKind>,
    /// Only those that are not read.
    pub only_unread: bool,
    /// How many at most.
    pub limit: u32,
}

impl Database {
    /// Returns a person's notices, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices(
        &self,
        user: UserId,
        filter: &NoticeFilter,
    ) -> Result<Vec<ListedNotice>, StoreError> {
        let NoticeFilter { before, kind, only_unread, limit } = *filter;
        let arguments = args![user, before, kind.map(NoticeKind::name), !only_unread, limit];
        self.rows(PAGE, arguments).await?.iter().map(listed).collect()
    }

    /// Returns how many of a person's notices are not read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unread_notices(&self, user: UserId) -> Result<u32, StoreError> {
        let row = self.row(UNREAD, args![user]).await?;
        row.map_or(Ok(0), |row| row.read("count", |count: i64| u32::try_from(count).ok()))
    }

    /// Notes that a person has read a notice. Returns whether there is such a one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read_notice(
        &self,
        user: UserId,
        notice: NoticeId,
        now: WallTime,
    ) -> Result<bool, StoreError> {
        Ok(self.execute(READ_ONE, args![user, notice, now]).await? == 1)
    }

    /// Notes that a person has read all notices up to one; returns how many had not been.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read_notices_until(
        &self,
        user: UserId,
        last: NoticeId,
        now: WallTime,
    ) -> Result<u64, StoreError> {
        self.execute(READ_UNTIL, args![user, last, now]).await
    }

    /// Deletes a notice of a person. Returns whether there was such a one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_notice(&self, user: UserId, notice: NoticeId) -> Result<bool, StoreError> {
        Ok(self.execute(REMOVE, args![user, notice]).await? == 1)
    }
}

fn listed(row: &Row) -> Result<ListedNotice, StoreError> {
    let read_at: Option<i64> = row.get("read_at")?;
    Ok(ListedNotice { notice: of_row(row)?, read_at: read_at.map(WallTime::from_nanos) })
}
