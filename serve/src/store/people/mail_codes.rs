//! One-time codes that are sent to mail addresses: for whom, to which address, and how often they were tried.

use uuid::Uuid;

use super::{Ended, NewUser, People, told, users};
use crate::domain::{NoticeContent, SecurityNotice, UserId, WallTime};
use crate::store::database::{StoreError, Transaction, args, statements};
use crate::store::mails::{self, NewMail};

statements! {
    // A new code replaces the one before; of those that are asked for within an hour, only so many.
    ADD = "INSERT INTO mail_codes (subject, purpose, hash, mail, created_at, expires_at, tries, counted_since, codes)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $5, 1)
        ON CONFLICT (subject, purpose) DO UPDATE SET hash = excluded.hash, mail = excluded.mail,
            created_at = excluded.created_at, expires_at = excluded.expires_at, tries = 0, used_at = NULL,
            counted_since = CASE WHEN mail_codes.counted_since <= CAST($7 AS BIGINT)
                THEN excluded.counted_since ELSE mail_codes.counted_since END,
            codes = CASE WHEN mail_codes.counted_since <= CAST($7 AS BIGINT) THEN 1 ELSE mail_codes.codes + 1 END
        WHERE mail_codes.counted_since <= CAST($7 AS BIGINT) OR mail_codes.codes < CAST($8 AS BIGINT)";
    COUNTED = "SELECT counted_since FROM mail_codes WHERE subject = $1 AND purpose = $2";
    // Taken before the code is looked at, so that many who try at once have no more tries than one.
    TRY = "UPDATE mail_codes SET tries = tries + 1
        WHERE subject = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 AND tries < $4
        RETURNING hash, mail";
    USE = "UPDATE mail_codes SET used_at = $4
        WHERE subject = $1 AND purpose = $2 AND hash = $3 AND used_at IS NULL AND expires_at > $4";
    FORGET = "DELETE FROM mail_codes WHERE expires_at <= $1 AND counted_since <= $2";
    SET_MAIL = "UPDATE users SET mail = $2, mail_key = $2, is_verified = $3 WHERE id = $1 AND blocked_at IS NULL";
    // The address must still be theirs.
    SET_PASSWORD = "UPDATE users SET password_hash = $3, password_changed_at = $4
        WHERE id = $1 AND mail_key = $2 AND blocked_at IS NULL";
}

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePurpose {
    /// It shows that an address is theirs.
    Mail,
    /// It sets a new password.
    Password,
}

impl CodePurpose {
    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Password => "password",
        }
    }
}

/// A code that is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCode {
    /// A person, or what stands for a name that nobody has.
    pub subject: Uuid,
    /// What it is for.
    pub purpose: CodePurpose,
    /// Its keyed digest.
    pub hash: [u8; 32],
    /// The address to which it is sent.
    pub mail: String,
    /// When.
    pub now: WallTime,
    /// Until when it is good.
    pub expires_at: WallTime,
    /// How many may be sent since when.
    pub limit: CodeLimit,
}

/// How many codes may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeLimit {
    /// So many.
    pub most: i64,
    /// Those count that were sent after this.
    pub since: WallTime,
}

/// A code that somebody shows.
#[derive(Clone, PartialEq, Eq)]
pub struct SentCode {
    /// A person, or what stands for a name that nobody has.
    pub subject: Uuid,
    /// What it is for.
    pub purpose: CodePurpose,
    /// Its keyed digest.
    pub hash: Vec<u8>,
    /// The address to which it was sent.
    pub mail: String,
}

impl std::fmt::Debug for NewCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCode").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentCode").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

impl People {
    /// Adds a person, and the code that goes to their address with the mail that has it.
    ///
    /// # Errors
    /// As [`People::add`].
    pub async fn register(&self, user: &NewUser, code: &NewCode, mail: &NewMail) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        users::add(&mut transaction, user).await?;
        add(&mut transaction, code).await?;
        mails::add(&mut transaction, mail).await?;
        transaction.commit().await
    }

    /// Adds a code, which replaces the one before, and the mail that has it: both or neither. If too many
    /// were sent, the mail is one to nobody, and the code before stays; returns whether it was added.
    ///
    /// # Errors
    /// As any statement.
    pub async fn add_code(&self, code: &NewCode, mail: &NewMail) -> Result<bool, StoreError> {
        let mut transaction = self.database.begin().await?;
        let is_added = add(&mut transaction, code).await?;
        let recipient = mail.recipient.clone().filter(|_| is_added);
        mails::add(&mut transaction, &NewMail { recipient, ..mail.clone() }).await?;
        transaction.commit().await?;
        Ok(is_added)
    }

    /// Returns since when the codes of somebody are counted.
    ///
    /// # Errors
    /// As any statement.
    pub async fn codes_counted_since(
        &self,
        subject: Uuid,
        purpose: CodePurpose,
    ) -> Result<Option<WallTime>, StoreError> {
        let row = self.database.row(COUNTED, args![subject, purpose.name()]).await?;
        row.map(|row| row.get("counted_since").map(WallTime::from_nanos)).transpose()
    }

    /// Takes a try at a code, of up to so many, and returns it, if there is one that is good.
    ///
    /// # Errors
    /// As any statement.
    pub async fn try_mail_code(
        &self,
        subject: Uuid,
        purpose: CodePurpose,
        now: WallTime,
        most: i64,
    ) -> Result<Option<SentCode>, StoreError> {
        let mut transaction = self.database.begin().await?;
        let row = transaction.row(TRY, args![subject, purpose.name(), now, most]).await?;
        transaction.commit().await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(SentCode { subject, purpose, hash: row.get("hash")?, mail: row.get("mail")? }))
    }

    /// Uses a code: its address is that of a person from now on, and known to be theirs. The address before
    /// is told, if there is something to tell. False if the code cannot be used any more.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `users.mail_key` if the address is known to be somebody else's.
    pub async fn confirm_mail(
        &self,
        code: &SentCode,
        notice: Option<&NewMail>,
        now: WallTime,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.database.begin().await?;
        let used = use_code(&mut transaction, code, now).await?;
        let set = args![code.subject, code.mail.as_str(), true];
        if !used || transaction.execute(SET_MAIL, set).await? == 0 {
            return Ok(false);
        }
        if let Some(notice) = notice {
            mails::add(&mut transaction, notice).await?;
            let content = NoticeContent::MailAddressChanged(SecurityNotice::default());
            told::tell(&mut transaction, UserId::new(code.subject), content, now).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Uses a code: sets the password of the person whose address it was sent to, ends all of their sessions
    /// and keys, and tells them. `None` if the code cannot be used any more.
    ///
    /// # Errors
    /// As any statement.
    pub async fn set_password(
        &self,
        code: &SentCode,
        password_hash: &str,
        notice: &NewMail,
        now: WallTime,
    ) -> Result<Option<Ended>, StoreError> {
        self.probe_sessions().await?;
        let mut transaction = self.database.begin().await?;
        let used = use_code(&mut transaction, code, now).await?;
        let set = args![code.subject, code.mail.as_str(), password_hash, now];
        if !used || transaction.execute(SET_PASSWORD, set).await? == 0 {
            return Ok(None);
        }
        let user = UserId::new(code.subject);
        let ended = self.end_all_in(&mut transaction, user, now).await?;
        told::password_changed(&mut transaction, user, Some(notice), now).await?;
        transaction.commit().await?;
        Ok(Some(ended))
    }

    /// Deletes the codes that are good for nothing any more and count no longer; returns how many.
    ///
    /// # Errors
    /// As any statement.
    pub async fn forget_codes(&self, now: WallTime, counted: WallTime) -> Result<u64, StoreError> {
        self.database.execute(FORGET, args![now, counted]).await
    }
}

async fn add(transaction: &mut Transaction, code: &NewCode) -> Result<bool, StoreError> {
    let NewCode { subject, purpose, hash, mail, now, expires_at, limit } = code;
    let CodeLimit { most, since } = *limit;
    let arguments = args![*subject, purpose.name(), *hash, mail.as_str(), *now, *expires_at, since, most];
    Ok(transaction.execute(ADD, arguments).await? == 1)
}

async fn use_code(transaction: &mut Transaction, code: &SentCode, now: WallTime) -> Result<bool, StoreError> {
    let arguments = args![code.subject, code.purpose.name(), code.hash.clone(), now];
    Ok(transaction.execute(USE, arguments).await? == 1)
}
