//! What is made of notices: mails, deliveries, and what those who listen are shown.

use super::of_row;
use crate::domain::{Notice, NoticeId, NoticeSettings, UserId, WallTime};
use crate::store::database::{Database, Row, StoreError, Transaction, args, statements};

statements! {
    WAITING = "SELECT id FROM notices WHERE fanned_at IS NULL ORDER BY id LIMIT $1";
    // Of several processes that see it one has it: the others wait here, and find it done.
    TAKE = "UPDATE notices SET fanned_at = $2 WHERE id = $1 AND fanned_at IS NULL
        RETURNING id, user_id, account_id, kind, at, body";
    RECIPIENT = "SELECT u.mail, u.is_verified, u.username, p.settings FROM users u
        LEFT JOIN profiles p ON p.user_id = u.id WHERE u.id = $1";
    GATHER = "UPDATE notices SET is_gathered = $2 WHERE id = $1";
    GATHERED = "SELECT DISTINCT n.user_id FROM notices n LEFT JOIN notice_letters l ON l.user_id = n.user_id
        WHERE n.is_gathered AND (l.sent_at IS NULL OR l.sent_at <= $1) LIMIT $2";
    // Of several processes one writes the letter; the others change nothing here.
    LETTER = "INSERT INTO notice_letters (user_id, sent_at) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET sent_at = excluded.sent_at WHERE notice_letters.sent_at <= $3";
    TAKE_GATHERED = "UPDATE notices SET is_gathered = $2 WHERE user_id = $1 AND is_gathered
        RETURNING id, user_id, account_id, kind, at, body";
    FANNED = "SELECT id, user_id, account_id, kind, at, body, fanned_at FROM notices
        WHERE fanned_at >= $1 AND is_shown ORDER BY fanned_at, id LIMIT $2";
    FORGET_OLD = "DELETE FROM notices WHERE at <= $1 AND fanned_at IS NOT NULL";
    FORGET_UNSHOWN = "DELETE FROM notices WHERE at <= $1 AND fanned_at IS NOT NULL AND NOT is_shown
        AND NOT is_gathered";
    TRIM = "DELETE FROM notices WHERE user_id = $1 AND fanned_at IS NOT NULL AND id <= (
        SELECT o.id FROM notices o WHERE o.user_id = $1 ORDER BY o.id DESC LIMIT 1 OFFSET $2)";
}

/// Who is told, as far as that is needed to write to them.
#[derive(Clone, PartialEq, Eq)]
pub struct Told {
    /// The mail address, if one is known to be theirs.
    pub mail: Option<String>,
    /// The name.
    pub username: String,
    /// Language and choices.
    pub settings: NoticeSettings,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").finish_non_exhaustive()
    }
}

/// A notice that was taken to be sent on, in a transaction that is not over.
#[derive(Debug)]
pub struct Fanned {
    /// The notice.
    pub notice: Notice,
    /// Its person.
    pub told: Told,
}

/// What one mail is to list.
#[derive(Debug)]
pub struct Gathered {
    /// The notices, the oldest first.
    pub notices: Vec<Notice>,
    /// Their person.
    pub told: Told,
}

impl Database {
    /// Returns notices that are not sent on yet, up to so many, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting_notices(&self, most: u32) -> Result<Vec<NoticeId>, StoreError> {
        let rows = self.rows(WAITING, args![most]).await?;
        rows.iter().map(|row| row.get("id").map(NoticeId::new)).collect()
    }

    /// Returns people who wait for a mail that lists several notices, and had none since a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people_to_write(&self, last: WallTime, most: u32) -> Result<Vec<UserId>, StoreError> {
        let rows = self.rows(GATHERED, args![last, most]).await?;
        rows.iter().map(|row| row.get("user_id").map(UserId::new)).collect()
    }

    /// Returns the shown notices that were sent on at a time or later, up to so many, with that time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices_since(
        &self,
        since: WallTime,
        most: u32,
    ) -> Result<Vec<(WallTime, Notice)>, StoreError> {
        let rows = self.rows(FANNED, args![since, most]).await?;
        let one = |row: &Row| Ok((WallTime::from_nanos(row.get("fanned_at")?), of_row(row)?));
        rows.iter().map(one).collect()
    }

    /// Deletes notices of a time or before; those that are in no list, of another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_notices(&self, shown: WallTime, unshown: WallTime) -> Result<u64, StoreError> {
        Ok(self.execute(FORGET_OLD, args![shown]).await?
            + self.execute(FORGET_UNSHOWN, args![unshown]).await?)
    }

    /// Deletes all but the newest notices of a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn trim_notices(&self, user: UserId, most: u32) -> Result<u64, StoreError> {
        self.execute(TRIM, args![user, most]).await
    }
}

/// Takes a notice to be sent on; absent if somebody else has.
///
/// # Errors
/// As any statement.
pub async fn take(
    transaction: &mut Transaction,
    notice: NoticeId,
    now: WallTime,
) -> Result<Option<Fanned>, StoreError> {
    let Some(row) = transaction.row(TAKE, args![notice, now]).await? else { return Ok(None) };
    let notice = of_row(&row)?;
    let told = told(transaction, notice.user).await?;
    Ok(Some(Fanned { notice, told }))
}

/// Notes that the next mail that lists several notices has this one.
///
/// # Errors
/// As any statement.
pub async fn gather(transaction: &mut Transaction, notice: NoticeId) -> Result<(), StoreError> {
    transaction.execute(GATHER, args![notice, true]).await.map(drop)
}

/// Takes what the next mail of a person is to list, if the last one was written at a time or before.
///
/// # Errors
/// As any statement.
pub async fn take_gathered(
    transaction: &mut Transaction,
    user: UserId,
    now: WallTime,
    last: WallTime,
) -> Result<Option<Gathered>, StoreError> {
    if transaction.execute(LETTER, args![user, now, last]).await? == 0 {
        return Ok(None);
    }
    let rows = transaction.rows(TAKE_GATHERED, args![user, false]).await?;
    let mut notices = rows.iter().map(of_row).collect::<Result<Vec<_>, _>>()?;
    notices.sort_unstable_by_key(|notice| notice.id);
    let told = told(transaction, user).await?;
    Ok(Some(Gathered { notices, told }).filter(|gathered| !gathered.notices.is_empty()))
}

async fn told(transaction: &mut Transaction, user: UserId) -> Result<Told, StoreError> {
    let row = transaction.row(RECIPIENT, args![user]).await?;
    let row = row.ok_or_else(|| StoreError::Corrupt("a notice is of nobody".to_owned()))?;
    let (mail, is_verified): (Option<String>, bool) = (row.get("mail")?, row.get("is_verified")?);
    let settings: Option<String> = row.get("settings")?;
    Ok(Told {
        mail: mail.filter(|_| is_verified),
        username: row.get("username")?,
        settings: NoticeSettings::of_json(settings.as_deref()),
    })
}
