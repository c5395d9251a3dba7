//! Notices: what people are told, where, and by which mails.
//!
//! A notice is written in the transaction of what it tells (`store::notices`). A [`Notifier`] takes each,
//! in order, and in one transaction writes the mails and deliveries that its person asks for; several may
//! share a database. Then the [`NoticeBoard`] shows it to whoever listens.
//!
//! Deliberately absent: texts, which are in `letters`; how mails are sent.

mod board;
mod notifier;
#[cfg(test)]
mod tests;
mod views;

use std::fmt;

use super::identity::{self, Clock, of_store};
use crate::domain::{Actor, NoticeId, NoticeKind, Problem, ProblemKind};
use crate::store::database::Database;
use crate::store::notices::NoticeFilter;

pub use board::{Listening, Missed, NoticeBoard, ShownNotice};
pub use notifier::Notifier;
pub use views::{NoticeView, NoticesPage, ReadRequest, ReadView, UnreadView};

/// How many notices a page has if nobody says, and at most.
const PAGE_DEFAULT: u32 = 50;
const PAGE_MAX: u32 = 200;

/// Which notices are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoticeQuery {
    /// Only those that are not read.
    pub only_unread: bool,
    /// Those of a kind.
    pub kind: Option<NoticeKind>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
}

/// The lists of people's notices.
pub struct Notifications {
    database: Database,
    clock: Clock,
}

impl fmt::Debug for Notifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifications").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Notifications {
    /// Makes it.
    #[must_use]
    pub const fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// Refuses keys of accounts of contests: notices are the person's.
    ///
    /// # Errors
    /// [`Problem`] if such a key asks, or the database is away.
    pub async fn admit(&self, who: &Actor) -> Result<(), Problem> {
        identity::refuse_contest_key(&self.database, who).await
    }

    /// Returns a page of the notices of whoever asks, the newest first.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, such a key asks, or the database is away.
    pub async fn page(&self, who: &Actor, query: &NoticeQuery) -> Result<NoticesPage, Problem> {
        self.admit(who).await?;
        let limit = query.limit.unwrap_or(PAGE_DEFAULT);
        if !(1..=PAGE_MAX).contains(&limit) {
            let message = format!("a page has 1 to {PAGE_MAX} notices, not {limit}");
            return Err(invalid("limit", message));
        }
        let cursor = |text: &String| {
            text.parse::<NoticeId>()
                .map_err(|_| invalid("cursor", "a cursor is what the last page gave as `next`"))
        };
        let before = query.cursor.as_ref().map(cursor).transpose()?;
        let NoticeQuery { only_unread, kind, .. } = *query;
        let filter = NoticeFilter { before, kind, only_unread, limit: limit + 1 };
        let mut rows = self.database.notices(who.user, &filter).await.map_err(of_store)?;
        let unread = self.database.unread_notices(who.user).await.map_err(of_store)?;
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| has_more).map(|row| row.notice.id.to_string());
        Ok(NoticesPage { notifications: rows.iter().map(NoticeView::from).collect(), unread, next })
    }

    /// Returns how many notices of whoever asks are not read.
    ///
    /// # Errors
    /// As [`Notifications::page`].
    pub async fn unread(&self, who: &Actor) -> Result<UnreadView, Problem> {
        self.admit(who).await?;
        let unread = self.database.unread_notices(who.user).await.map_err(of_store)?;
        Ok(UnreadView { unread })
    }

    /// Notes that a notice was read.
    ///
    /// # Errors
    /// [`Problem`] if there is no such one, or as [`Notifications::page`].
    pub async fn read(&self, who: &Actor, id: NoticeId) -> Result<(), Problem> {
        self.admit(who).await?;
        let is_there = self.database.read_notice(who.user, id, (self.clock)()).await.map_err(of_store)?;
        is_there.then_some(()).ok_or_else(|| unknown(&id.to_string()))
    }

    /// Notes that all notices up to one were read.
    ///
    /// # Errors
    /// As [`Notifications::page`].
    pub async fn read_until(&self, who: &Actor, last: NoticeId) -> Result<ReadView, Problem> {
        self.admit(who).await?;
        let read =
            self.database.read_notices_until(who.user, last, (self.clock)()).await.map_err(of_store)?;
        let unread = self.database.unread_notices(who.user).await.map_err(of_store)?;
        Ok(ReadView { read, unread })
    }

    /// Deletes a notice.
    ///
    /// # Errors
    /// As [`Notifications::read`].
    pub async fn delete(&self, who: &Actor, id: NoticeId) -> Result<(), Problem> {
        self.admit(who).await?;
        let was_there = self.database.remove_notice(who.user, id).await.map_err(of_store)?;
        was_there.then_some(()).ok_or_else(|| unknown(&id.to_string()))
    }
}

/// Says that there is no such notice.
#[must_use]
pub fn unknown(id: &str) -> Problem {
    let message = format!("there is no notification `{id}`");
    Problem::new(ProblemKind::NotFound, "unknown_notification", message).at("notification_id")
}

fn invalid(field: &'static str, message: impl fmt::Display) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_parameter", message).at(field)
}
