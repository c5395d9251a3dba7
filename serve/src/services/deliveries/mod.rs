//! Deliveries: sends to endpoints and browsers what was written for them.
//!
//! A delivery is written in the transaction of the notice, and sent afterwards, at least once, under the same
//! id: a process that ends between the sending and the note of it sends it again. Each target is worked at by
//! itself, by one process at a time, so that one that does not answer holds up nobody else: four at once for
//! an endpoint that works, one at a time, with rests, for one that fails.
//!
//! | file | what it does |
//! |---|---|
//! | `attempts` | what is asked of a target, and what its answer means |
//! | `schedule` | when something is tried again |

mod attempts;
mod schedule;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use tokio::sync::{Notify, Semaphore};
use tracing::{info, warn};
use uuid::Uuid;

use super::identity::Clock;
use super::push::Vapid;
use crate::domain::{OffReason, WallTime};
use crate::outgoing::Guarded;
use crate::store::database::{Database, StoreError};
use crate::store::deliveries::{Addressee, Attempt, DueDelivery, Settled, Taken, Target, TargetState};
use attempts::{Means, Sign};

/// How often it is looked for what is due.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many targets are looked at, at a time.
const TARGETS: u32 = 1_000;
/// How much is taken of a target at a time: what became of it is written together.
const ROUND: u32 = 16;
/// How many are sent to a target at once.
const AT_ONCE: usize = 4;
/// How many are sent at once in all.
const AT_ONCE_IN_ALL: usize = 512;
/// After what time another process takes a target that was not let go of: longer than a round takes, of which
/// four are tried at once, ten seconds each.
const LEASE: Duration = Duration::from_mins(1);
/// How long a target rests after a failure, whatever else is due for it.
const REST: Duration = Duration::from_secs(1);
/// An endpoint is turned off if nothing has arrived for so long.
const FAILING_MAX: Duration = Duration::from_hours(5 * 24);
/// For how long it is remembered that something has arrived.
const DELIVERED_KEPT: Duration = Duration::from_hours(24);
/// For how long what was given up can be sent once more.
const FAILED_KEPT: Duration = Duration::from_hours(7 * 24);

/// What deliveries are made of.
#[derive(Debug)]
pub struct DelivererParts {
    /// Where they are.
    pub database: Database,
    /// What asks servers that people have named.
    pub guarded: Guarded,
    /// What shows push services who sends.
    pub vapid: Arc<Vapid>,
    /// What tells that something was written.
    pub wake: Arc<Notify>,
    /// By what name targets are taken. A process that is started again under it goes on at once where the one
    /// before it has ended; others wait a minute for that.
    pub owner: Uuid,
}

/// Sends what was written for endpoints and browsers. Several processes may share a database.
pub struct Deliverer {
    database: Database,
    guarded: Guarded,
    vapid: Arc<Vapid>,
    wake: Arc<Notify>,
    clock: Clock,
    /// By what name this process takes targets.
    owner: Uuid,
    working: Mutex<HashSet<Target>>,
    /// Until when targets rest.
    resting: Mutex<HashMap<Target, WallTime>>,
    room: Semaphore,
}

impl fmt::Debug for Deliverer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliverer").field("owner", &self.owner).finish_non_exhaustive()
    }
}

impl Deliverer {
    /// Makes one.
    #[must_use]
    pub fn new(parts: DelivererParts, clock: Clock) -> Self {
        let DelivererParts { database, guarded, vapid, wake, owner } = parts;
        Self {
            database,
            guarded,
            vapid,
            wake,
            clock,
            owner,
            working: Mutex::default(),
            resting: Mutex::default(),
            room: Semaphore::new(AT_ONCE_IN_ALL),
        }
    }

    /// Sends what comes, for as long as the process runs.
    pub async fn run(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut is_away, mut is_released) = (false, false);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = self.wake.notified() => {}
            }
            match self.released_and_due(&mut is_released).await {
                Ok(targets) => {
                    is_away = false;
                    for turn in targets.into_iter().filter_map(|target| Turn::take(&self, target)) {
                        tokio::spawn(turn.work());
                    }
                }
                // Once for each time that it is away.
                Err(error) if !is_away => {
                    warn!(%error, "webhooks and messages to browsers wait for the database");
                    is_away = true;
                }
                Err(_) => {}
            }
        }
    }

    /// Sends all that is due, and returns how many were tried.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn deliver(self: &Arc<Self>) -> Result<usize, StoreError> {
        let mut tried = 0;
        loop {
            let turns = self.due().await?.into_iter().filter_map(|target| Turn::take(self, target));
            let done = join_all(turns.map(Turn::work)).await;
            match done.iter().sum::<usize>() {
                0 => return Ok(tried),
                some => tried += some,
            }
        }
    }

    /// Deletes what has arrived or was given up long ago. To be called now and then.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn forget_old(&self) -> Result<u64, StoreError> {
        let before = |span: Duration| {
            let span = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
            WallTime::from_nanos(self.now().nanos().saturating_sub(span))
        };
        self.database.forget_deliveries(before(DELIVERED_KEPT), before(FAILED_KEPT)).await
    }

    /// Returns what is due; before that, once, it lets go of what a process of the same name had taken that
    /// has ended.
    async fn released_and_due(&self, is_released: &mut bool) -> Result<Vec<Target>, StoreError> {
        if !*is_released {
            self.database.release_targets(self.owner).await?;
            *is_released = true;
        }
        self.due().await
    }

    /// Returns targets for which something is due, and that do not rest.
    async fn due(&self) -> Result<Vec<Target>, StoreError> {
        let now = self.now();
        let due = self.database.due_targets(now, TARGETS).await?;
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|_, until| *until > now);
        Ok(due.into_iter().filter(|target| !resting.contains_key(target)).collect())
    }

    fn now(&self) -> WallTime {
        (self.clock)()
    }
}

/// The working at a target: nobody else of this process does meanwhile.
struct Turn {
    deliverer: Arc<Deliverer>,
    target: Target,
}

impl Turn {
    fn take(deliverer: &Arc<Deliverer>, target: Target) -> Option<Self> {
        let mut working = deliverer.working.lock().unwrap_or_else(PoisonError::into_inner);
        working.insert(target).then(|| Self { deliverer: Arc::clone(deliverer), target })
    }

    /// Sends what is due for the target, until that is nothing, or something fails; returns how many were
    /// tried.
    async fn work(self) -> usize {
        let mut tried = 0;
        loop {
            match self.round().await {
                Ok(Round { tried: some, goes_on }) => {
                    tried += some;
                    if !goes_on {
                        return tried;
                    }
                }
                // What was sent and could not be noted is sent again, once another may take the target.
                Err(error) => {
                    warn!(%error, target = ?self.target, "what was sent is not noted");
                    return tried;
                }
            }
        }
    }

    async fn round(&self) -> Result<Round, StoreError> {
        let Self { deliverer, target } = self;
        let (database, now) = (&deliverer.database, deliverer.now());
        let key = (*target, deliverer.owner);
        let Some(taken) = database.take_target(key, (now, now.after(LEASE)), ROUND).await? else {
            return Ok(Round { tried: 0, goes_on: false });
        };
        let done = self.attempt_all(&taken).await;
        let (attempts, signs): (Vec<_>, Vec<_>) = done.into_iter().unzip();
        let now = deliverer.now();
        let state = state_of(&taken.addressee, &signs, now);
        let owner = deliverer.owner;
        database.settle_target(&Settled { target: *target, owner, attempts: &attempts, state }, now).await?;
        if let TargetState::Off(reason) = state {
            info!(?target, reason = reason.name(), "nothing is sent to it any more");
        }
        let has_failed = signs.contains(&Sign::Failed);
        if has_failed {
            let mut resting = deliverer.resting.lock().unwrap_or_else(PoisonError::into_inner);
            resting.insert(*target, now.after(REST));
        }
        // Where there was less than a round, the next look finds what has come since.
        let was_full = taken.due.len() >= usize::try_from(ROUND).unwrap_or(usize::MAX);
        let is_left = attempts.len() < taken.due.len();
        Ok(Round { tried: attempts.len(), goes_on: (was_full || is_left) && !has_failed })
    }

    /// Tries what is due, in its order, some at once; after a failure no more is begun. Of what is due for an
    /// endpoint that fails, the first shows whether it still does.
    async fn attempt_all(&self, taken: &Taken) -> Vec<(Attempt, Sign)> {
        let has_failed = &AtomicBool::new(false);
        let most = match &taken.addressee {
            Addressee::Webhook(webhook) if webhook.failing_since.is_some() => 1,
            _ => taken.due.len(),
        };
        let attempts = taken.due.iter().take(most).map(|due| async move {
            // It is never closed.
            let _room = self.deliverer.room.acquire().await.ok();
            if has_failed.load(Ordering::Relaxed) {
                return None;
            }
            let done = self.attempt(&taken.addressee, due).await;
            if matches!(done.1, Sign::Failed | Sign::Gone) {
                has_failed.store(true, Ordering::Relaxed);
            }
            Some(done)
        });
        // Made before they are polled: they borrow what outlives all of them.
        let attempts: Vec<_> = attempts.collect();
        stream::iter(attempts).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
    }

    async fn attempt(&self, addressee: &Addressee, due: &DueDelivery) -> (Attempt, Sign) {
        let Deliverer { guarded, vapid, clock, .. } = &*self.deliverer;
        let means = Means { guarded, vapid, now: &**clock };
        match addressee {
            Addressee::Webhook(webhook) => attempts::to_webhook(&means, webhook, due).await,
            Addressee::Browser(browser, language) => {
                attempts::to_browser(&means, (browser, *language), due).await
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut working = self.deliverer.working.lock().unwrap_or_else(PoisonError::into_inner);
        working.remove(&self.target);
    }
}

/// What became of a round.
struct Round {
    tried: usize,
    /// Whether there may be more to do at once.
    goes_on: bool,
}

/// Returns what is known of a target after some attempts.
fn state_of(addressee: &Addressee, signs: &[Sign], now: WallTime) -> TargetState {
    if signs.contains(&Sign::Gone) {
        return TargetState::Off(OffReason::Gone);
    }
    if signs.contains(&Sign::Took) {
        return TargetState::Works;
    }
    if !signs.contains(&Sign::Failed) {
        return TargetState::Unknown;
    }
    match addressee {
        Addressee::Webhook(webhook)
            if webhook.failing_since.is_some_and(|since| since.until(now) >= FAILING_MAX) =>
        {
            TargetState::Off(OffReason::Failing)
        }
        _ => TargetState::Fails,
    }
}
