//! Notices as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{AccountId, Notice, NoticeContent, NoticeId};
use crate::store::notices::ListedNotice;

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoticeView {
    /// Its id; later ones sort behind.
    pub id: NoticeId,
    /// When it happened, in the time of the world outside.
    pub at: String,
    /// The account that it is about, if it is about one.
    pub account_id: Option<AccountId>,
    /// What it says: `kind`, and in `data` the facts of it.
    #[serde(flatten)]
    pub content: NoticeContent,
    /// When it was read, if it was.
    pub read_at: Option<String>,
}

/// A page of notices, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoticesPage {
    /// The notices.
    pub notifications: Vec<NoticeView>,
    /// How many of all are not read.
    pub unread: u32,
    /// What to send as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}

/// How many notices are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnreadView {
    /// How many.
    pub unread: u32,
}

/// Up to which notice all were read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRequest {
    /// The id of the newest one that was read.
    #[schema(value_type = NoticeId)]
    pub until: String,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadView {
    /// How many that had not been.
    pub read: u64,
    /// How many are not read now.
    pub unread: u32,
}

impl From<&Notice> for NoticeView {
    fn from(notice: &Notice) -> Self {
        Self {
            id: notice.id,
            at: notice.at.to_string(),
            account_id: notice.account,
            content: notice.content.clone(),
            read_at: None,
        }
    }
}

impl From<&ListedNotice> for NoticeView {
    fn from(row: &ListedNotice) -> Self {
        Self { read_at: row.read_at.map(|at| at.to_string()), ..Self::from(&row.notice) }
    }
}
