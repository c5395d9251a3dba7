//! [`States`]: whether sessions and keys go on, known for a second, and for minutes while the database is
//! away.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Clock;
use crate::domain::WallTime;
use crate::store::database::StoreError;

/// For how long what was read counts as it is.
const FRESH: Duration = Duration::from_secs(1);
/// From when on one of those who ask reads it again, so that the others need not wait.
const AGING: Duration = Duration::from_millis(700);
/// For how long what was read counts while the database is away.
const KEPT: Duration = Duration::from_mins(5);
/// How long the database may take to answer before it counts as away. Tests run on machines that have much
/// else to do.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 60 } else { 1 });
/// For how long it is not asked again then.
const AWAY: Duration = Duration::from_secs(1);
/// How many are remembered.
const REMEMBERED_MAX: usize = 1 << 16;

/// What is known about sessions, or about keys, by their ids.
#[derive(Debug)]
pub(super) struct States<K, V> {
    known: Mutex<Known<K, V>>,
    /// Says that it did not answer.
    away: fn(String) -> StoreError,
}

#[derive(Debug)]
struct Known<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// Until when it is not asked for what is known.
    away_until: WallTime,
    /// What was wrong the last time, if something was.
    away: Option<StoreError>,
}

/// What was read, if there was something, and when it was asked for.
#[derive(Debug, Clone, Copy)]
struct Entry<V> {
    value: Option<V>,
    as_of: WallTime,
    is_being_read: bool,
}

/// What is known without asking.
enum Look<V> {
    /// It counts.
    Fresh(Option<V>),
    /// It must be read; this counts if it cannot be.
    Old(Option<V>),
    /// It must be read.
    Nothing,
    /// It cannot be read.
    Away(StoreError),
}

impl<K: Hash + Eq + Copy, V: Copy> States<K, V> {
    /// Makes one that knows nothing, of something that is away in these words.
    pub(super) fn new(away: fn(String) -> StoreError) -> Self {
        let known = Known { entries: HashMap::new(), away_until: WallTime::from_nanos(0), away: None };
        Self { known: Mutex::new(known), away }
    }

    /// Returns what is known, or reads it.
    ///
    /// # Errors
    /// [`StoreError::is_away`] if it is not known and cannot be read.
    pub(super) async fn get(
        &self,
        key: K,
        clock: &Clock,
        read: impl Future<Output = Result<Option<V>, StoreError>>,
    ) -> Result<Option<V>, StoreError> {
        let began = clock();
        let old = match self.look(&key, began) {
            Look::Fresh(value) => return Ok(value),
            Look::Away(error) => return Err(error),
            Look::Old(value) => Some(value),
            Look::Nothing => None,
        };
        let read = tokio::time::timeout(PATIENCE, read).await;
        let error = match read {
            Ok(Ok(value)) => {
                self.keep(key, value, began);
                return Ok(value);
            }
            Ok(Err(error)) if !error.is_away() => return Err(error),
            Ok(Err(error)) => error,
            Err(_) => (self.away)("it did not answer in time".to_owned()),
        };
        let mut known = self.lock();
        (known.away_until, known.away) = (clock().after(AWAY), Some(error.clone()));
        old.ok_or(error)
    }

    /// Knows from now on that there is none, without asking.
    pub(super) fn end(&self, key: K, now: WallTime) {
        self.lock().entries.insert(key, Entry { value: None, as_of: now, is_being_read: false });
    }

    /// Reads it anew when it is asked for next, and nothing that was asked for before.
    pub(super) fn renew(&self, key: K) {
        self.lock().entries.remove(&key);
    }

    fn look(&self, key: &K, now: WallTime) -> Look<V> {
        let mut known = self.lock();
        let known = &mut *known;
        let away = known.away.clone().filter(|_| now < known.away_until);
        if known.away.is_some() && away.is_none() {
            // One asks whether it is back: the others need not wait for the answer.
            known.away_until = now.after(AWAY);
        }
        let Some(entry) = known.entries.get_mut(key) else {
            return away.map_or(Look::Nothing, Look::Away);
        };
        // A clock that was set back makes nothing younger.
        let age = if entry.as_of > now { KEPT } else { entry.as_of.until(now) };
        if age < AGING || (age < FRESH && entry.is_being_read) {
            return Look::Fresh(entry.value);
        }
        match (age < KEPT, away) {
            (true, Some(_)) => Look::Fresh(entry.value),
            (true, None) => {
                entry.is_being_read = true;
                Look::Old(entry.value)
            }
            (false, Some(error)) => Look::Away(error),
            (false, None) => Look::Nothing,
        }
    }

    /// Keeps what was asked for at a time, unless something later is known.
    fn keep(&self, key: K, value: Option<V>, as_of: WallTime) {
        let mut known = self.lock();
        if known.away.take().is_some() {
            known.away_until = WallTime::from_nanos(0);
        }
        if known.entries.get(&key).is_some_and(|entry| entry.as_of >= as_of && entry.value.is_none()) {
            return;
        }
        if known.entries.len() >= REMEMBERED_MAX {
            known.entries.retain(|_, entry| entry.as_of.until(as_of) < FRESH);
        }
        // Anybody can make up ids of which there is none.
        if value.is_none() || known.entries.len() >= REMEMBERED_MAX {
            known.entries.remove(&key);
        } else {
            known.entries.insert(key, Entry { value, as_of, is_being_read: false });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known<K, V>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    struct Fixture {
        states: States<u8, u32>,
        millis: Arc<AtomicI64>,
        clock: Clock,
    }

    fn fixture() -> Fixture {
        let millis = Arc::new(AtomicI64::new(1_700_000_000_000));
        let read = Arc::clone(&millis);
        let clock: Clock = Arc::new(move || WallTime::from_nanos(read.load(Ordering::SeqCst) * 1_000_000));
        Fixture { states: States::new(StoreError::Away), millis, clock }
    }

    impl Fixture {
        fn pass(&self, millis: i64) {
            self.millis.fetch_add(millis, Ordering::SeqCst);
        }

        async fn get(&self, read: Result<Option<u32>, StoreError>) -> Result<Option<u32>, StoreError> {
            self.states.get(1, &self.clock, async { read }).await
        }
    }

    fn away() -> Result<Option<u32>, StoreError> {
        Err(StoreError::Away("gone".to_owned()))
    }

    #[tokio::test]
    async fn what_was_read_counts_for_a_second_at_most() {
        let it = fixture();
        assert_eq!(it.get(Ok(Some(1))).await, Ok(Some(1)));
        it.pass(699);
        assert_eq!(it.get(Ok(Some(2))).await, Ok(Some(1)));
        it.pass(1);
        // The first who asks then reads it; the others have what was, until the second is over.
        let mut first = Box::pin(it.states.get(1, &it.clock, std::future::pending()));
        assert!(futures_util::poll!(&mut first).is_pending());
        assert_eq!(it.get(Ok(Some(3))).await, Ok(Some(1)));
        it.pass(300);
        assert_eq!(it.get(Ok(Some(4))).await, Ok(Some(4)));
        it.pass(-10_000);
        assert_eq!(it.get(Ok(Some(5))).await, Ok(Some(5)));
    }

    #[tokio::test]
    async fn what_has_ended_here_is_known_at_once_whatever_was_asked_before() {
        let it = fixture();
        let (send, receive) = tokio::sync::oneshot::channel();
        let mut reading = Box::pin(it.states.get(1, &it.clock, async { receive.await.unwrap() }));
        assert!(futures_util::poll!(&mut reading).is_pending());
        it.states.end(1, (it.clock)());
        send.send(Ok(Some(7))).unwrap();
        reading.await.unwrap();
        assert_eq!(it.get(Ok(Some(8))).await, Ok(None));
    }

    #[tokio::test]
    async fn what_is_known_counts_for_five_minutes_while_the_database_is_away() {
        let it = fixture();
        assert_eq!(it.get(Ok(Some(1))).await, Ok(Some(1)));
        it.pass(60_000);
        assert_eq!(it.get(away()).await, Ok(Some(1)));
        // It is not asked again for a second.
        assert_eq!(it.get(Ok(Some(2))).await, Ok(Some(1)));
        assert!(it.states.get(2, &it.clock, async { Ok(Some(3)) }).await.unwrap_err().is_away());
        it.pass(239_999);
        assert_eq!(it.get(away()).await, Ok(Some(1)));
        it.pass(1);
        assert!(it.get(away()).await.unwrap_err().is_away());
        it.pass(1_000);
        assert_eq!(it.get(Ok(Some(4))).await, Ok(Some(4)));
    }

    #[tokio::test]
    async fn ids_of_which_there_is_none_are_not_remembered() {
        let it = fixture();
        assert_eq!(it.get(Ok(None)).await, Ok(None));
        assert_eq!(it.get(Ok(Some(1))).await, Ok(Some(1)));
    }
}
