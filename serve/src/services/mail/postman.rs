//! [`Postman`]: takes mails from the outbox, and hands them to whoever sends them.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lettre::message::Mailbox;
use thiserror::Error;
use tracing::{info, warn};

use super::{Letter, MailError, Mailer};
use crate::config::Sender;
use crate::domain::WallTime;
use crate::services::identity::Clock;
use crate::store::database::{Database, StoreError};
use crate::store::mails::{DueMail, NewMail};

/// How often it is looked for mails.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many are taken at a time.
const AT_ONCE: u32 = 32;
/// How long the sending of one may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// After what time another process takes one that was not noted as sent.
const LEASE: Duration = Duration::from_mins(2);
/// After what time one that has failed is tried again; twice that after the next failure, and so on.
const AGAIN: Duration = Duration::from_secs(5);
/// The longest time until then.
const AGAIN_MAX: Duration = Duration::from_mins(10);
/// For how long it is remembered that one was sent.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// Takes mails from the outbox, and hands them to whoever sends them. Several may share an outbox.
pub struct Postman {
    database: Database,
    mailer: Arc<dyn Mailer>,
    from: Mailbox,
    clock: Clock,
}

impl fmt::Debug for Postman {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postman").field("database", &self.database).finish_non_exhaustive()
    }
}

/// Whom mails are from is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("`mail.from` is no mail address")]
pub struct BadMailSender;

impl Postman {
    /// Makes one.
    ///
    /// # Errors
    /// That the sender is no address.
    pub fn new(
        database: Database,
        mailer: Arc<dyn Mailer>,
        from: &Sender,
        clock: Clock,
    ) -> Result<Self, BadMailSender> {
        let from = from.text().parse().map_err(|_| BadMailSender)?;
        Ok(Self { database, mailer, from, clock })
    }

    /// Sends what comes, for as long as the process runs.
    pub async fn run(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_away = false;
        loop {
            looks.tick().await;
            match self.deliver().await {
                Ok(_) => is_away = false,
                // Once for each time that it is away.
                Err(error) if !is_away => {
                    warn!(%error, "mails wait for the database");
                    is_away = true;
                }
                Err(_) => {}
            }
        }
    }

    /// Sends the mails whose time has come, and returns how many were sent.
    ///
    /// # Errors
    /// That the database is away: those that are left are sent later.
    pub async fn deliver(&self) -> Result<usize, StoreError> {
        let mut sent = 0;
        for due in self.database.due_mails(self.now(), AT_ONCE).await? {
            sent += usize::from(self.deliver_one(&due).await?);
        }
        Ok(sent)
    }

    /// Deletes mails that were sent long ago. To be called now and then.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn forget_old(&self) -> Result<u64, StoreError> {
        let now = self.now().nanos();
        let kept = i64::try_from(KEPT.as_nanos()).unwrap_or(i64::MAX);
        self.database.forget_mails(WallTime::from_nanos(now.saturating_sub(kept))).await
    }

    async fn deliver_one(&self, due: &DueMail) -> Result<bool, StoreError> {
        let (mail, now) = (&due.mail, self.now());
        let Some(recipient) = &mail.recipient else {
            return self.database.drop_mail(mail.id).await.map(|()| false);
        };
        if mail.expires_at <= now {
            warn!(mail = %mail.id, attempts = due.attempts, "a mail was not sent in time");
            return self.database.mail_failed(mail.id, "not sent in time", None).await.map(|()| false);
        }
        if !self.database.claim_mail(due, now.after(LEASE)).await? {
            return Ok(false);
        }
        match self.hand_over(mail, recipient).await {
            Ok(()) => {
                self.database.mail_sent(mail.id, self.now()).await?;
                info!(mail = %mail.id, "a mail was sent");
                Ok(true)
            }
            Err(error) => {
                let again = (!error.is_final).then(|| self.now().after(pause(due.attempts)));
                warn!(mail = %mail.id, %error, is_final = error.is_final, "a mail was not sent");
                self.database.mail_failed(mail.id, &error.message, again).await.map(|()| false)
            }
        }
    }

    async fn hand_over(&self, mail: &NewMail, recipient: &str) -> Result<(), MailError> {
        let letter = letter(&self.from, mail, recipient)?;
        let sending = tokio::time::timeout(PATIENCE, self.mailer.send(&letter)).await;
        sending
            .unwrap_or_else(|_| Err(MailError::passing(format!("no answer within {} s", PATIENCE.as_secs()))))
    }

    fn now(&self) -> WallTime {
        (self.clock)()
    }
}

/// Returns after what time a mail that has failed is tried again.
fn pause(attempts: u32) -> Duration {
    AGAIN.saturating_mul(1 << attempts.min(16)).min(AGAIN_MAX)
}

fn letter(from: &Mailbox, mail: &NewMail, recipient: &str) -> Result<Letter, MailError> {
    let to = recipient.parse().map_err(|_| MailError::unusable("to this address a mail"))?;
    let since = Duration::from_nanos(u64::try_from(mail.now.nanos()).unwrap_or(0));
    Ok(Letter {
        name: mail.id.to_string(),
        from: from.clone(),
        to,
        subject: mail.subject.clone(),
        body: mail.body.clone(),
        html: mail.html.clone(),
        written_at: SystemTime::UNIX_EPOCH + since,
    })
}

#[cfg(test)]
mod tests;
