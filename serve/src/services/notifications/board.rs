//! [`NoticeBoard`]: shows new notices to those who listen in this process, whichever process has sent them
//! on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio::time::timeout;
use tracing::warn;

use crate::domain::{Notice, NoticeId, UserId, WallTime};
use crate::services::identity::Clock;
use crate::store::database::{Database, StoreError};
use crate::store::notices::NoticeFilter;

/// How often it is looked for notices that other processes have sent on.
const LOOK: Duration = Duration::from_secs(1);
/// For how long a transaction may be under way that has noted its time.
const OVERLAP: Duration = Duration::from_secs(10);
/// How many notices are looked at in one go.
const ROWS_MAX: u32 = 1_000;
/// How many notices wait for one who listens.
const WAITING_MAX: usize = 256;
/// How many of the newest notices whoever begins to listen is taken to know.
const KNOWN: u32 = 100;

/// A notice that somebody who listens is shown.
#[derive(Debug, Clone)]
pub struct ShownNotice {
    /// The notice.
    pub notice: Arc<Notice>,
    /// How many are not read by then.
    pub unread: u32,
}

/// Shows new notices to those who listen in this process.
pub struct NoticeBoard {
    database: Database,
    clock: Clock,
    listeners: Mutex<BTreeMap<UserId, broadcast::Sender<ShownNotice>>>,
    news: Notify,
}

/// Up to where it was looked.
#[derive(Debug, Default)]
pub(super) struct Looked {
    since: Option<WallTime>,
    seen: BTreeMap<NoticeId, WallTime>,
}

/// What one who listens follows: what is new from here on.
#[derive(Debug)]
pub struct Listening {
    receiver: broadcast::Receiver<ShownNotice>,
    known: BTreeSet<NoticeId>,
    /// How many are not read as it begins.
    pub unread: u32,
}

/// One who listens has missed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed;

impl fmt::Debug for NoticeBoard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticeBoard").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Listening {
    /// Waits for the next notice.
    ///
    /// # Errors
    /// [`Missed`] if it waits no longer for those in between.
    pub async fn next(&mut self) -> Result<ShownNotice, Missed> {
        loop {
            let shown = self.receiver.recv().await.map_err(|_| Missed)?;
            if !self.known.contains(&shown.notice.id) {
                return Ok(shown);
            }
        }
    }
}

impl NoticeBoard {
    /// Makes it.
    #[must_use]
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock, listeners: Mutex::default(), news: Notify::new() }
    }

    /// Begins to listen to the notices of a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn listen(&self, user: UserId) -> Result<Listening, StoreError> {
        // First of all, so that nothing is missed between the look and the listening.
        let sender = |listeners: &mut BTreeMap<_, broadcast::Sender<_>>| {
            listeners.entry(user).or_insert_with(|| broadcast::channel(WAITING_MAX).0).subscribe()
        };
        let receiver = sender(&mut self.listeners());
        let filter = NoticeFilter { limit: KNOWN, ..NoticeFilter::default() };
        let known = self.database.notices(user, &filter).await?;
        let unread = self.database.unread_notices(user).await?;
        Ok(Listening { receiver, known: known.iter().map(|it| it.notice.id).collect(), unread })
    }

    /// Says that there is something new.
    pub fn wake(&self) {
        self.news.notify_one();
    }

    /// Shows what is new, for as long as the process runs.
    pub async fn keep_up(self: Arc<Self>) {
        let mut looked = Looked::default();
        let mut was_well = true;
        loop {
            let shown = self.look(&mut looked).await;
            if let Err(error) = &shown
                && was_well
            {
                warn!(%error, "new notices are shown later");
            }
            was_well = shown.is_ok();
            // Without news something may have come while it was not waited for.
            timeout(LOOK, self.news.notified()).await.unwrap_or_default();
        }
    }

    /// Shows what is new to those who listen.
    ///
    /// # Errors
    /// [`StoreError`]: what is left is shown by the next look.
    pub(super) async fn look(&self, looked: &mut Looked) -> Result<(), StoreError> {
        let now = (self.clock)();
        let has_listeners = {
            let mut listeners = self.listeners();
            listeners.retain(|_, sender| sender.receiver_count() > 0);
            !listeners.is_empty()
        };
        if !has_listeners {
            // Whoever begins to listen knows what was before.
            *looked = Looked::default();
            return Ok(());
        }
        let mut since = looked.since.unwrap_or_else(|| before(now, OVERLAP));
        loop {
            let rows = self.database.notices_since(since, ROWS_MAX).await?;
            let is_last = rows.len() < ROWS_MAX as usize;
            let newest = rows.last().map_or(since, |(at, _)| *at);
            for (at, notice) in rows {
                if looked.seen.contains_key(&notice.id) {
                    continue;
                }
                self.show(&notice).await?;
                looked.seen.insert(notice.id, at);
            }
            if is_last || newest == since {
                break;
            }
            since = newest;
        }
        let kept = before(now, OVERLAP);
        looked.since = Some(kept);
        looked.seen.retain(|_, at| *at >= kept);
        Ok(())
    }

    async fn show(&self, notice: &Notice) -> Result<(), StoreError> {
        let Some(sender) = self.listeners().get(&notice.user).cloned() else { return Ok(()) };
        let unread = self.database.unread_notices(notice.user).await?;
        // Nobody may listen any more.
        sender.send(ShownNotice { notice: Arc::new(notice.clone()), unread }).ok();
        Ok(())
    }

    fn listeners(&self) -> MutexGuard<'_, BTreeMap<UserId, broadcast::Sender<ShownNotice>>> {
        // A map is changed while it is locked, which cannot fail half-way.
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn before(now: WallTime, span: Duration) -> WallTime {
    let span = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
    WallTime::from_nanos(now.nanos().saturating_sub(span))
}
