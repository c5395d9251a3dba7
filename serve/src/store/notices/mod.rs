//! Notices: what people are told. Written in the transaction of what they tell, sent on afterwards.

pub mod fanning;
mod listing;
#[cfg(test)]
mod tests;

use super::database::{Row, StoreError, Transaction, args, statements};
use crate::domain::{
    AccountId, Notice, NoticeContent, NoticeId, NoticeKind, NoticeSettings, UserId, WallTime,
};

pub use fanning::{Fanned, Gathered, Told};
pub use listing::{ListedNotice, NoticeFilter};

statements! {
    // An endpoint or a browser that names a kind asks for it as well.
    SETTINGS = "SELECT p.settings, (EXISTS (SELECT 1 FROM webhooks w
            WHERE w.user_id = u.id AND w.is_active AND w.kinds LIKE $2)
            OR EXISTS (SELECT 1 FROM push_subscriptions s WHERE s.user_id = u.id AND s.kinds LIKE $2)) AS is_sent
        FROM users u LEFT JOIN profiles p ON p.user_id = u.id WHERE u.id = $1";
    OWNER = "SELECT user_id FROM account_owners WHERE account_id = $1";
    ADD = "INSERT INTO notices (id, user_id, account_id, kind, at, body, source, is_shown)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (user_id, source) DO NOTHING";
}

/// All statements of the files here.
#[cfg(test)]
pub(in crate::store) const ALL: [&[super::database::Statement]; 3] =
    [STATEMENTS, listing::STATEMENTS, fanning::STATEMENTS];

/// A notice that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// Who is told.
    pub user: UserId,
    /// The account that it is about, if it is about one.
    pub account: Option<AccountId>,
    /// When it happened.
    pub at: WallTime,
    /// What it is told of, if that could be tried twice: a person is told once of each.
    pub source: Option<String>,
    /// What it says.
    pub content: NoticeContent,
}

impl NewNotice {
    /// Returns what is written of it; `is_shown` says whether it is in the person's list.
    pub(crate) fn arguments(&self, is_shown: bool) -> Vec<super::database::Value> {
        let Self { user, account, at, source, content } = self;
        let (id, kind, body) = (NoticeId::draw(), content.kind().name(), content.to_json());
        args![id, *user, *account, kind, *at, body, source.as_deref(), is_shown].to_vec()
    }
}

/// Writes a notice in the transaction of what it tells, unless its person wants to be told nowhere and has
/// no endpoint or browser that names its kind, was told of the same before, or is not there. Returns whether
/// it was written.
///
/// # Errors
/// As any statement.
pub async fn add(transaction: &mut Transaction, notice: &NewNotice) -> Result<bool, StoreError> {
    let kind = notice.content.kind();
    let named = format!("%,{},%", kind.name());
    let Some(row) = transaction.row(SETTINGS, args![notice.user, named]).await? else { return Ok(false) };
    let settings = NoticeSettings::of_json(row.get::<Option<String>>("settings")?.as_deref());
    let wanted = settings.notifications.of(kind);
    if !wanted.is_told() && !row.get::<bool>("is_sent")? {
        return Ok(false);
    }
    Ok(transaction.execute(ADD, &notice.arguments(wanted.in_app)).await? == 1)
}

/// Writes notices of which it is known that they are wanted, but for those that were told before.
///
/// # Errors
/// As any statement.
pub(crate) async fn add_all(
    transaction: &mut Transaction,
    rows: &[Vec<super::database::Value>],
) -> Result<(), StoreError> {
    transaction.execute_rows(ADD, rows).await.map(drop)
}

/// Returns whose an account is: a person's own, a strategy's or a contest's.
///
/// # Errors
/// As any statement.
pub async fn owner_of(
    transaction: &mut Transaction,
    account: AccountId,
) -> Result<Option<UserId>, StoreError> {
    let row = transaction.row(OWNER, args![account]).await?;
    row.map(|row| row.get("user_id").map(UserId::new)).transpose()
}

/// Reads a notice from a row that has `id`, `user_id`, `account_id`, `kind`, `at` and `body`.
///
/// # Errors
/// [`StoreError::Corrupt`] if it cannot be read.
pub(in crate::store) fn of_row(row: &Row) -> Result<Notice, StoreError> {
    let read = |body: String| serde_json::from_str::<NoticeContent>(&body).ok();
    Ok(Notice {
        id: NoticeId::new(row.get("id")?),
        user: UserId::new(row.get("user_id")?),
        account: row.get::<Option<uuid::Uuid>>("account_id")?.map(AccountId::new),
        kind: row.read("kind", |kind: String| NoticeKind::of_name(&kind))?,
        at: WallTime::from_nanos(row.get("at")?),
        content: row.read("body", read)?,
    })
}
