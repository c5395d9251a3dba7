//! [`Replica`]: a state, as one that was written down some time ago and all that has changed since.
//!
//! The writer copies its state only after as many changes as the state is large, so that a change costs it
//! the same however large the state; whoever wants the newest state pays for it by itself.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bearpit_core::units::SimTime;

use super::log::{Log, LogWriter, Retention};

/// A state that follows from its changes.
pub(super) trait State: Clone + Default {
    /// One change.
    type Change;

    /// Applies a change.
    fn apply(&mut self, change: &Self::Change);

    /// Returns how many parts there are to copy.
    fn size(&self) -> usize;
}

/// A state, and the number of the first change that is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version<S> {
    pub(super) next: u64,
    pub(super) state: S,
}

/// The reading end.
#[derive(Debug)]
pub(super) struct Replica<S: State> {
    base: ArcSwap<Version<S>>,
    log: Arc<Log<S::Change>>,
}

impl<S: State> Replica<S> {
    /// Returns the changes.
    pub(super) fn log(&self) -> &Log<S::Change> {
        &self.log
    }

    /// Returns the newest state.
    pub(super) fn read(&self) -> Version<S> {
        self.read_part(S::clone, |_| true)
    }

    /// Returns a part of the newest state: what `part` takes of one, and the changes that concern that. It
    /// costs less than the whole where the part is small.
    pub(super) fn read_part(
        &self,
        part: impl Fn(&S) -> S,
        concerns: impl Fn(&S::Change) -> bool,
    ) -> Version<S> {
        loop {
            let base = self.base.load();
            let view = self.log.view();
            // A newer base was written meanwhile, and what lies between was dropped.
            let Some(changes) = view.since(base.next) else { continue };
            let mut state = part(&base.state);
            changes.filter(|change| concerns(change)).for_each(|change| state.apply(change));
            return Version { next: view.next(), state };
        }
    }
}

/// The writing end; the state itself is elsewhere.
#[derive(Debug)]
pub(super) struct ReplicaWriter<S: State> {
    replica: Arc<Replica<S>>,
    log: LogWriter<S::Change>,
    /// From which number on another base is written.
    base_due: u64,
}

/// How many changes there are at least between two bases.
const CHANGES_MIN: u64 = 128;

impl<S: State> ReplicaWriter<S> {
    /// Makes the replica of an empty state, whose next change has the number `next`.
    pub(super) fn new(next: u64, retention: Retention) -> Self {
        let mut log = LogWriter::new(next, retention);
        log.need_from(next);
        let base = ArcSwap::from_pointee(Version { next, state: S::default() });
        let replica = Arc::new(Replica { base, log: log.log() });
        Self { replica, log, base_due: next + CHANGES_MIN }
    }

    /// Returns the reading end.
    pub(super) fn replica(&self) -> Arc<Replica<S>> {
        Arc::clone(&self.replica)
    }

    /// Returns the number of the next change.
    pub(super) const fn next(&self) -> u64 {
        self.log.next()
    }

    /// Appends a change, which is seen once it is committed.
    pub(super) fn push(&mut self, at: SimTime, change: S::Change) {
        self.log.push(at, change);
    }

    /// Drops changes that are too old, if the base has them.
    pub(super) fn forget(&mut self, now: SimTime) {
        self.log.forget(now);
    }

    /// Lets readers see all changes; `state` returns the state that they lead to.
    pub(super) fn commit(&mut self, state: impl FnOnce() -> S) {
        self.log.commit();
        let next = self.log.next();
        if next >= self.base_due {
            let state = state();
            let size = u64::try_from(state.size()).unwrap_or(u64::MAX);
            self.base_due = next.saturating_add(size.saturating_mul(2).max(CHANGES_MIN));
            self.replica.base.store(Arc::new(Version { next, state }));
            self.log.need_from(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl State for Vec<u64> {
        type Change = u64;

        fn apply(&mut self, change: &u64) {
            self.push(*change);
        }

        fn size(&self) -> usize {
            self.len()
        }
    }

    #[test]
    fn a_replica_is_the_state_at_every_commit_and_keeps_no_more_than_it_must() {
        let retention = Retention { span: None, items_max: 16, block: 8 };
        let mut writer = ReplicaWriter::<Vec<u64>>::new(3, retention);
        let replica = writer.replica();
        let mut state = Vec::new();
        let now = SimTime::from_nanos(0);
        for change in 0..5_000 {
            writer.push(now, change);
            state.apply(&change);
            writer.commit(|| state.clone());
            if change % 7 == 0 {
                assert_eq!(replica.read(), Version { next: change + 4, state: state.clone() });
            }
            let (first, next) = (replica.log().view().first(), replica.log().next());
            let most = 2 * state.len().max(128) + 24;
            assert!(next - first <= u64::try_from(most).unwrap(), "{first} to {next}");
        }
    }
}
