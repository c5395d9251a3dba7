//! Mails that wait to be sent: written in the transaction of what they tell, and sent afterwards.

use super::database::{Database, Row, StoreError, Transaction, args, statements};
use crate::domain::{MailId, WallTime};

statements! {
    ADD = "INSERT INTO mails (id, recipient, subject, body, html, created_at, expires_at, attempts, due_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $6)";
    DUE = "SELECT id, recipient, subject, body, html, created_at, expires_at, attempts, due_at FROM mails
        WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    // Of several processes that see it one has it, until a while later: it may end half-way.
    CLAIM = "UPDATE mails SET due_at = $3, attempts = attempts + 1 WHERE id = $1 AND due_at = $2";
    SENT = "UPDATE mails SET sent_at = $2, due_at = NULL, body = NULL, html = NULL, failure = NULL
        WHERE id = $1 AND due_at IS NOT NULL";
    FAILED = "UPDATE mails SET failure = $2, due_at = $3 WHERE id = $1 AND due_at IS NOT NULL";
    GIVE_UP = "UPDATE mails SET failure = $2, due_at = NULL, body = NULL, html = NULL
        WHERE id = $1 AND due_at IS NOT NULL";
    DROP = "DELETE FROM mails WHERE id = $1";
    FORGET = "DELETE FROM mails WHERE due_at IS NULL AND created_at <= $1";
}

/// A mail that is to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Its id.
    pub id: MailId,
    /// The address; without one it is to nobody, and written so that an answer takes as long.
    pub recipient: Option<String>,
    /// What it is about.
    pub subject: String,
    /// What it says, as text.
    pub body: String,
    /// The same as a page, if there is one.
    pub html: Option<String>,
    /// When it is written.
    pub now: WallTime,
    /// Until when it is of use.
    pub expires_at: WallTime,
}

/// A mail whose time to be sent has come.
#[derive(Clone, PartialEq, Eq)]
pub struct DueMail {
    /// The mail.
    pub mail: NewMail,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when it is due.
    pub due_at: WallTime,
}

impl std::fmt::Debug for NewMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMail").field("id", &self.id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DueMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DueMail").field("mail", &self.mail).finish_non_exhaustive()
    }
}

/// Writes a mail in the transaction of what it tells.
///
/// # Errors
/// As any statement.
pub async fn add(transaction: &mut Transaction, mail: &NewMail) -> Result<(), StoreError> {
    let NewMail { id, recipient, subject, body, html, now, expires_at } = mail;
    let arguments =
        args![*id, recipient.clone(), subject.as_str(), body.as_str(), html.as_deref(), *now, *expires_at];
    transaction.execute(ADD, arguments).await.map(drop)
}

impl Database {
    /// Returns mails whose time has come, up to so many, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_mails(&self, now: WallTime, most: u32) -> Result<Vec<DueMail>, StoreError> {
        self.rows(DUE, args![now, most]).await?.iter().map(due).collect()
    }

    /// Takes a mail that is to be sent, until a while later. Returns whether it was there to be taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_mail(&self, mail: &DueMail, until: WallTime) -> Result<bool, StoreError> {
        Ok(self.execute(CLAIM, args![mail.mail.id, mail.due_at, until]).await? == 1)
    }

    /// Notes that a mail is sent, and forgets what it said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mail_sent(&self, id: MailId, now: WallTime) -> Result<(), StoreError> {
        self.execute(SENT, args![id, now]).await.map(drop)
    }

    /// Notes why a mail was not sent, and when it is tried again; if it is not, what it said is forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mail_failed(
        &self,
        id: MailId,
        why: &str,
        again: Option<WallTime>,
    ) -> Result<(), StoreError> {
        match again {
            Some(again) => self.execute(FAILED, args![id, why, again]).await.map(drop),
            None => self.execute(GIVE_UP, args![id, why]).await.map(drop),
        }
    }

    /// Deletes a mail: of those that are to nobody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_mail(&self, id: MailId) -> Result<(), StoreError> {
        self.execute(DROP, args![id]).await.map(drop)
    }

    /// Deletes the mails that were written until a time and are sent or given up; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_mails(&self, until: WallTime) -> Result<u64, StoreError> {
        self.execute(FORGET, args![until]).await
    }
}

fn due(row: &Row) -> Result<DueMail, StoreError> {
    let time = |column| row.get(column).map(WallTime::from_nanos);
    let mail = NewMail {
        id: MailId::new(row.get("id")?),
        recipient: row.get("recipient")?,
        subject: row.get("subject")?,
        body: row.get("body")?,
        html: row.get("html")?,
        now: time("created_at")?,
        expires_at: time("expires_at")?,
    };
    let attempts = row.read("attempts", |attempts: i64| u32::try_from(attempts).ok())?;
    Ok(DueMail { mail, attempts, due_at: time("due_at")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::testing::on_each_database;

    fn at(seconds: i64) -> WallTime {
        WallTime::from_nanos(seconds * 1_000_000_000)
    }

    async fn written(database: &Database, now: i64) -> NewMail {
        let mail = NewMail {
            id: MailId::draw(),
            recipient: Some("anne@example.org".to_owned()),
            subject: "a code".to_owned(),
            body: "123456".to_owned(),
            html: Some("<p>123456</p>".to_owned()),
            now: at(now),
            expires_at: at(now + 900),
        };
        let mut transaction = database.begin().await.unwrap();
        add(&mut transaction, &mail).await.unwrap();
        transaction.commit().await.unwrap();
        mail
    }

    async fn only_due(database: &Database, now: i64) -> Option<DueMail> {
        let mut due = database.due_mails(at(now), 10).await.unwrap();
        assert!(due.len() < 2, "{due:?}");
        due.pop()
    }

    #[tokio::test]
    async fn one_of_those_who_see_a_mail_sends_it_and_another_if_that_one_ends() {
        on_each_database(|database| async move {
            let mail = written(&database, 10).await;
            assert_eq!(only_due(&database, 9).await, None);
            let due = only_due(&database, 10).await.unwrap();
            assert_eq!((&due.mail, due.attempts, due.due_at), (&mail, 0, at(10)));
            assert_eq!(database.claim_mail(&due, at(70)).await, Ok(true));
            assert_eq!(database.claim_mail(&due, at(70)).await, Ok(false), "somebody has it");
            assert_eq!(only_due(&database, 69).await, None);
            let again = only_due(&database, 70).await.unwrap();
            assert_eq!((again.attempts, database.claim_mail(&again, at(130)).await), (1, Ok(true)));
            database.mail_sent(mail.id, at(71)).await.unwrap();
            assert_eq!(only_due(&database, 1_000).await, None);
            // Of one that is sent, a failure that comes late changes nothing.
            database.mail_failed(mail.id, "late", Some(at(80))).await.unwrap();
            assert_eq!(only_due(&database, 1_000).await, None);
            assert_eq!(database.forget_mails(at(9)).await, Ok(0));
            assert_eq!(database.forget_mails(at(10)).await, Ok(1));
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn what_a_mail_says_is_forgotten_once_it_is_sent_or_given_up() {
        on_each_database(|database| async move {
            let left = async || {
                let sql = "SELECT COUNT(*) AS number FROM mails WHERE body IS NOT NULL OR html IS NOT NULL";
                let row = database.row(crate::store::database::Statement::new(sql), &[]).await;
                row.unwrap().unwrap().get::<i64>("number").unwrap()
            };
            let sent = written(&database, 10).await;
            assert_eq!(left().await, 1);
            database.mail_sent(sent.id, at(11)).await.unwrap();
            assert_eq!(left().await, 0);
            let failed = written(&database, 10).await;
            database.mail_failed(failed.id, "away", Some(at(20))).await.unwrap();
            assert_eq!((left().await, only_due(&database, 20).await.is_some()), (1, true));
            database.mail_failed(failed.id, "no such address", None).await.unwrap();
            assert_eq!((left().await, only_due(&database, 99).await.is_some()), (0, false));
            let nobody = written(&database, 10).await;
            database.drop_mail(nobody.id).await.unwrap();
            assert_eq!(database.forget_mails(at(99)).await, Ok(2));
        })
        .await
        .unwrap();
    }
}
