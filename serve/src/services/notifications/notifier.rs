//! [`Notifier`]: sends notices on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tracing::warn;

use super::board::NoticeBoard;
use crate::domain::{Notice, NoticeId, NoticeKind, UserId, WallTime};
use crate::services::identity::Clock;
use crate::services::letters;
use crate::store::database::{Database, StoreError};
use crate::store::deliveries;
use crate::store::mails::{self, NewMail};
use crate::store::notices::{Fanned, Told, fanning};

/// How often it is looked for notices.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How many are sent on in one go.
const AT_ONCE: u32 = 256;
/// An older notice is shown, and not sent on.
const OLD: Duration = Duration::from_hours(24);
/// How long it is at least between two mails that list several notices.
const LETTER_EVERY: Duration = Duration::from_mins(1);
/// How many notices of a person are kept, and for how long.
const KEPT_MAX: u32 = 1_000;
const KEPT: Duration = Duration::from_hours(90 * 24);
/// For how long those are kept that are in no list, so that they are not told twice.
const UNSHOWN_KEPT: Duration = Duration::from_hours(48);

/// Takes notices in order, and writes what their people ask for. Several may share a database.
pub struct Notifier {
    database: Database,
    board: Arc<NoticeBoard>,
    clock: Clock,
    /// Wakes what sends to endpoints and browsers.
    deliverers: Option<Arc<Notify>>,
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").field("database", &self.database).finish_non_exhaustive()
    }
}

/// What is written for a notice.
enum Mail {
    /// Nothing.
    None,
    /// A mail of its own.
    Own(NewMail),
    /// A line of the next mail that lists several.
    Line,
}

impl Notifier {
    /// Makes one.
    #[must_use]
    pub const fn new(database: Database, board: Arc<NoticeBoard>, clock: Clock) -> Self {
        Self { database, board, clock, deliverers: None }
    }

    /// Has it wake what sends to endpoints and browsers, which looks by itself only now and then.
    #[must_use]
    pub fn waking(self, deliverers: Arc<Notify>) -> Self {
        Self { deliverers: Some(deliverers), ..self }
    }

    /// Sends on what comes, for as long as the process runs.
    pub async fn run(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut was_well = true;
        loop {
            looks.tick().await;
            let done = self.send_on().await;
            if let Err(error) = &done
                && was_well
            {
                warn!(%error, "notices are sent on later");
            }
            was_well = done.is_ok();
        }
    }

    /// Sends on what waits, and writes the mails that list several notices. Returns how many were sent on.
    ///
    /// # Errors
    /// That the database is away: what is left is sent on later.
    pub async fn send_on(&self) -> Result<usize, StoreError> {
        let mut sent = 0;
        loop {
            let waiting = self.database.waiting_notices(AT_ONCE).await?;
            let mut people: Vec<UserId> = Vec::new();
            for id in &waiting {
                people.extend(self.send_one(*id).await?);
            }
            sent += people.len();
            people.sort_unstable();
            people.dedup();
            for user in &people {
                self.database.trim_notices(*user, KEPT_MAX).await?;
            }
            if !people.is_empty() {
                self.board.wake();
                self.deliverers.iter().for_each(|deliverers| deliverers.notify_one());
            }
            if waiting.len() < AT_ONCE as usize {
                break;
            }
        }
        self.write_letters().await.map(|()| sent)
    }

    /// Sends one on, unless another process has, and returns whose it is.
    async fn send_one(&self, id: NoticeId) -> Result<Option<UserId>, StoreError> {
        let now = (self.clock)();
        let mut transaction = self.database.begin().await?;
        let Some(fanned) = fanning::take(&mut transaction, id, now).await? else { return Ok(None) };
        match mail_of(&fanned, now) {
            Mail::None => {}
            Mail::Own(mail) => mails::add(&mut transaction, &mail).await?,
            Mail::Line => fanning::gather(&mut transaction, id).await?,
        }
        if !is_old(&fanned.notice, now) {
            deliveries::enqueue(&mut transaction, &fanned.notice, now).await?;
        }
        transaction.commit().await?;
        Ok(Some(fanned.notice.user))
    }

    /// Writes the mails that list several notices: to each person one a minute at most.
    async fn write_letters(&self) -> Result<(), StoreError> {
        let now = (self.clock)();
        let last = before(now, LETTER_EVERY);
        for user in self.database.people_to_write(last, AT_ONCE).await? {
            let mut transaction = self.database.begin().await?;
            let gathered = fanning::take_gathered(&mut transaction, user, now, last).await?;
            if let Some(gathered) = gathered
                && let Told { mail: Some(mail), username, settings } = &gathered.told
            {
                let letter = letters::of_several(settings.language, username, &gathered.notices, now);
                mails::add(&mut transaction, &letters::to(mail, letter)).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Deletes what is older than it is kept. To be called now and then.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn forget_old(&self) -> Result<u64, StoreError> {
        let now = (self.clock)();
        self.database.forget_notices(before(now, KEPT), before(now, UNSHOWN_KEPT)).await
    }
}

/// Returns whether a notice is so old that it is shown only.
fn is_old(notice: &Notice, now: WallTime) -> bool {
    notice.at.until(now) > OLD
}

/// Returns what is written for a notice.
fn mail_of(fanned: &Fanned, now: WallTime) -> Mail {
    let Fanned { notice, told } = fanned;
    let Told { mail: Some(mail), username, settings } = told else { return Mail::None };
    if is_old(notice, now) || !settings.notifications.of(notice.kind).by_mail {
        return Mail::None;
    }
    match notice.kind {
        NoticeKind::Fill | NoticeKind::StopTriggered | NoticeKind::OrderEnded => Mail::Line,
        // Whoever changes them writes the mail with it: to an address that may be another afterwards.
        NoticeKind::PasswordChanged | NoticeKind::MailAddressChanged | NoticeKind::IdentityLinked => {
            Mail::None
        }
        _ => {
            let letter = letters::of_notice(settings.language, username, notice, now);
            Mail::Own(letters::to(mail, letter))
        }
    }
}

fn before(now: WallTime, span: Duration) -> WallTime {
    let span = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
    WallTime::from_nanos(now.nanos().saturating_sub(span))
}
