//! [`Places`]: how many streams each account has.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::AccountId;

/// How many streams each account has, on all workers.
#[derive(Debug, Default)]
pub(in crate::http) struct Places(Arc<Mutex<BTreeMap<AccountId, usize>>>);

/// A stream of an account, as long as this is there.
#[derive(Debug)]
pub(super) struct Place {
    account: AccountId,
    places: Arc<Mutex<BTreeMap<AccountId, usize>>>,
}

/// How many streams an account has at most.
const STREAMS_MAX: usize = 20;

impl Places {
    /// Takes a place; `None` if the account has as many as it may.
    pub(super) fn take(&self, account: AccountId) -> Option<Place> {
        let mut counts = lock(&self.0);
        let count = counts.entry(account).or_default();
        if *count >= STREAMS_MAX {
            return None;
        }
        *count += 1;
        Some(Place { account, places: Arc::clone(&self.0) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = lock(&self.places);
        if let Some(count) = counts.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.account);
            }
        }
    }
}

fn lock(counts: &Mutex<BTreeMap<AccountId, usize>>) -> MutexGuard<'_, BTreeMap<AccountId, usize>> {
    // A count is changed at once.
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_so_many_streams_and_a_place_that_is_left_is_free() {
        let places = Places::default();
        let (anne, ben) = (AccountId::draw(), AccountId::draw());
        let mut taken: Vec<_> = (0..STREAMS_MAX).map(|_| places.take(anne).unwrap()).collect();
        assert!(places.take(anne).is_none() && places.take(ben).is_some());
        taken.pop();
        assert!(places.take(anne).is_some());
        drop(taken);
        assert!(lock(&places.0).is_empty());
    }
}
