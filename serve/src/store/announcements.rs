//! Announcements: what administrators have everybody told, and results of contests.

use super::database::{Database, Row, StoreError, Transaction, args, statements};
use crate::domain::{AnnouncementId, ContestId, WallTime};

statements! {
    ADD = "INSERT INTO announcements (id, text, level, created_at, expires_at)
        SELECT $1, $2, $3, $4, $5 WHERE (SELECT COUNT(*) FROM announcements
            WHERE contest_id IS NULL AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > $4)) < $6";
    ADD_RESULT = "INSERT INTO announcements (id, text, level, created_at, expires_at, contest_id)
        VALUES ($1, $2, $3, $4, $5, $6)";
    END = "UPDATE announcements SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    SHOWN = "SELECT id, text, level, created_at, expires_at, ended_at FROM announcements
        WHERE ended_at IS NULL AND (expires_at IS NULL OR expires_at > $1) ORDER BY id DESC";
    PAGE = "SELECT id, text, level, created_at, expires_at, ended_at FROM announcements
        WHERE (CAST($1 AS UUID) IS NULL OR id < $1) ORDER BY id DESC LIMIT $2";
}

/// An announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncementRow {
    /// Its id.
    pub id: AnnouncementId,
    /// What it says.
    pub text: String,
    /// How much it matters, as a word.
    pub level: String,
    /// When it was made.
    pub created_at: WallTime,
    /// Until when it is shown.
    pub expires_at: Option<WallTime>,
    /// When somebody ended it.
    pub ended_at: Option<WallTime>,
}

impl Database {
    /// Adds an announcement of an administrator, if fewer than so many of them are shown; results of contests
    /// do not count. Returns whether it was added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_announcement(&self, row: &AnnouncementRow, most: u32) -> Result<bool, StoreError> {
        let AnnouncementRow { id, text, level, created_at, expires_at, .. } = row;
        let arguments = args![*id, text.as_str(), level.as_str(), *created_at, *expires_at, most];
        Ok(self.execute(ADD, arguments).await? == 1)
    }

    /// Ends an announcement. Returns whether there was one that had not been ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_announcement(&self, id: AnnouncementId, now: WallTime) -> Result<bool, StoreError> {
        Ok(self.execute(END, args![id, now]).await? == 1)
    }

    /// Returns the announcements that are shown, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn shown_announcements(&self, now: WallTime) -> Result<Vec<AnnouncementRow>, StoreError> {
        self.rows(SHOWN, args![now]).await?.iter().map(of_row).collect()
    }

    /// Returns announcements, ended ones too, the newest first: those before one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn announcements(
        &self,
        before: Option<AnnouncementId>,
        limit: u32,
    ) -> Result<Vec<AnnouncementRow>, StoreError> {
        self.rows(PAGE, args![before, limit]).await?.iter().map(of_row).collect()
    }
}

impl Transaction {
    /// Announces the result of a contest, however many announcements are shown.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn announce_result(
        &mut self,
        contest: ContestId,
        row: &AnnouncementRow,
    ) -> Result<(), StoreError> {
        let AnnouncementRow { id, text, level, created_at, expires_at, .. } = row;
        let arguments = args![*id, text.as_str(), level.as_str(), *created_at, *expires_at, contest];
        self.execute(ADD_RESULT, arguments).await.map(drop)
    }
}

fn of_row(row: &Row) -> Result<AnnouncementRow, StoreError> {
    let moment = |column| row.get::<Option<i64>>(column).map(|at| at.map(WallTime::from_nanos));
    Ok(AnnouncementRow {
        id: AnnouncementId::new(row.get("id")?),
        text: row.get("text")?,
        level: row.get("level")?,
        created_at: WallTime::from_nanos(row.get("created_at")?),
        expires_at: moment("expires_at")?,
        ended_at: moment("ended_at")?,
    })
}
