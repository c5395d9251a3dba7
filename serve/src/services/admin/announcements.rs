//! [`Announcements`]: what administrators have everybody told, kept in the database and shown from memory.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::audit::{AuditLog, Deed};
use super::paging::{cursor, limit_of, moment, page};
use crate::domain::{Actor, AnnouncementId, Problem, ProblemKind, WallTime};
use crate::services::identity::{Clock, of_store};
use crate::store::announcements::AnnouncementRow;
use crate::store::database::Database;

/// The longest text, in characters.
const TEXT_MAX: usize = 1_000;
/// How many announcements of administrators are shown at a time at most.
const SHOWN_MAX: u32 = 20;
/// How often it is looked what other processes have announced.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How much an announcement matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LevelName {
    /// It is good to know.
    #[default]
    Info,
    /// Something is to be done, or will not go as usual.
    Warning,
}

impl LevelName {
    pub(in crate::services) const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
        }
    }
}

/// What everybody is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnouncementRequest {
    /// The text.
    #[schema(min_length = 1, max_length = 1_000, example = "Trading ends at noon today.")]
    pub text: String,
    /// How much it matters.
    #[serde(default)]
    pub level: LevelName,
    /// Until when it is shown, as of RFC 3339; until it is ended without one.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

/// What everybody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnnouncementView {
    /// Its id.
    pub id: AnnouncementId,
    /// The text.
    pub text: String,
    /// How much it matters.
    pub level: LevelName,
    /// When it was made.
    #[schema(example = "2026-11-29T13:59:59.123Z")]
    pub created_at: String,
    /// Until when it is shown.
    pub expires_at: Option<String>,
    /// When it was ended.
    pub ended_at: Option<String>,
}

/// Announcements that are shown, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnnouncementsView {
    /// The announcements.
    pub announcements: Vec<AnnouncementView>,
}

/// A page of announcements, ended ones too, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnnouncementsPage {
    /// The announcements.
    pub announcements: Vec<AnnouncementView>,
    /// What to send as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}

/// Tells everybody what administrators have them told.
pub struct Announcements {
    database: Database,
    log: AuditLog,
    clock: Clock,
    shown: RwLock<Arc<Vec<AnnouncementRow>>>,
}

impl fmt::Debug for Announcements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Announcements").field("log", &self.log).finish_non_exhaustive()
    }
}

impl Announcements {
    /// Makes one of an open database; it shows nothing before it has looked there.
    #[must_use]
    pub fn new(database: Database, log: AuditLog, clock: Clock) -> Self {
        Self { database, log, clock, shown: RwLock::default() }
    }

    /// Returns what is shown now, whether or not the database is away.
    #[must_use]
    pub fn shown(&self) -> AnnouncementsView {
        let now = (self.clock)();
        // A pointer is read while it is locked, which cannot fail half-way.
        let rows = Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner));
        let is_shown = |row: &&AnnouncementRow| row.expires_at.is_none_or(|until| until > now);
        AnnouncementsView {
            announcements: rows.iter().filter(is_shown).map(AnnouncementView::from).collect(),
        }
    }

    /// Looks at what is to be shown.
    ///
    /// # Errors
    /// That the database is away: what was known is shown on.
    pub async fn look(&self) -> Result<(), Problem> {
        let rows = self.database.shown_announcements((self.clock)()).await.map_err(of_store)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rows);
        Ok(())
    }

    /// Looks at what is to be shown, again and again: other processes announce, too.
    pub async fn keep_up(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            // It was said already that the database is away.
            self.look().await.unwrap_or_default();
        }
    }

    /// Has everybody told something.
    ///
    /// # Errors
    /// [`Problem`] if it is no text, or too many of administrators are shown already.
    pub async fn announce(
        self: &Arc<Self>,
        by: Actor,
        request: AnnouncementRequest,
    ) -> Result<AnnouncementView, Problem> {
        let AnnouncementRequest { text, level, expires_at } = request;
        let now = (self.clock)();
        let row = AnnouncementRow {
            id: AnnouncementId::draw(),
            text: checked_text(&text)?,
            level: level.name().to_owned(),
            created_at: now,
            expires_at: moment("expires_at", expires_at.as_deref())?,
            ended_at: None,
        };
        if row.expires_at.is_some_and(|until| until <= now) {
            return Err(unfit("expires_at", "this moment has passed"));
        }
        let deed = Deed::new("announcement.create").to("announcement", row.id);
        let deed = deed.with(json!({ "text": row.text, "level": level, "expires_at": expires_at }));
        let this = Arc::clone(self);
        let work = async move {
            if !this.database.add_announcement(&row, SHOWN_MAX).await.map_err(of_store)? {
                let message = format!("{SHOWN_MAX} announcements of administrators are shown already");
                let problem = Problem::new(ProblemKind::Conflict, "too_many_announcements", message);
                return Err(problem.hint("end one first"));
            }
            this.look().await?;
            Ok(AnnouncementView::from(&row))
        };
        self.log.record(by, deed, work).await
    }

    /// Ends an announcement: it is shown no more.
    ///
    /// # Errors
    /// [`Problem`] if there is none that could be ended.
    pub async fn end(self: &Arc<Self>, by: Actor, id: AnnouncementId) -> Result<(), Problem> {
        let this = Arc::clone(self);
        let work = async move {
            if !this.database.end_announcement(id, (this.clock)()).await.map_err(of_store)? {
                let message = format!("there is no announcement {id} that could be ended");
                return Err(Problem::new(ProblemKind::NotFound, "unknown_announcement", message));
            }
            this.look().await
        };
        self.log.record(by, Deed::new("announcement.end").to("announcement", id), work).await
    }

    /// Returns a page of announcements, ended ones too, the newest first.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the database is away.
    pub async fn all(&self, after: Option<&str>, limit: Option<u32>) -> Result<AnnouncementsPage, Problem> {
        let limit = limit_of(limit)?;
        let rows = self.database.announcements(cursor(after)?, limit.saturating_add(1)).await;
        let (rows, next) = page(rows.map_err(of_store)?, limit, |row| row.id.to_string());
        Ok(AnnouncementsPage { announcements: rows.iter().map(AnnouncementView::from).collect(), next })
    }
}

impl From<&AnnouncementRow> for AnnouncementView {
    fn from(row: &AnnouncementRow) -> Self {
        let time = |at: WallTime| at.to_string();
        Self {
            id: row.id,
            text: row.text.clone(),
            level: if row.level == LevelName::Info.name() { LevelName::Info } else { LevelName::Warning },
            created_at: time(row.created_at),
            expires_at: row.expires_at.map(time),
            ended_at: row.ended_at.map(time),
        }
    }
}

fn checked_text(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let has_length = (1..=TEXT_MAX).contains(&text.chars().count());
    if has_length && !text.chars().any(|it| it.is_control() && it != '\n') {
        return Ok(text.to_owned());
    }
    let message = format!("a text has 1 to {TEXT_MAX} characters, none of them a control character");
    Err(unfit("text", &message))
}

fn unfit(field: &'static str, message: &str) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_field", message).at(field)
}
