//! [`OrderState`]: what a session knows of an order that no event says.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::fix) enum PendingKind {
    /// A cancel.
    Cancel,
    /// A replace.
    Replace,
}

/// A request that is on its way to the venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::fix) struct Pending {
    /// Its `ClOrdID`.
    pub(in crate::fix) name: String,
    /// What it asks for.
    pub(in crate::fix) kind: PendingKind,
}

/// What a session knows of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::fix) struct OrderState {
    /// Its `ClOrdID` now.
    pub(in crate::fix) name: String,
    /// Those that it had before, the first one first.
    pub(in crate::fix) former: Vec<String>,
    /// What is on its way, in this order.
    pub(in crate::fix) pending: VecDeque<Pending>,
    /// Whether a venue has accepted it.
    pub(in crate::fix) is_accepted: bool,
    /// Whether it is over, and only waits for what is on its way.
    pub(in crate::fix) is_over: bool,
    /// The last of its trades that was told.
    pub(in crate::fix) last_trade: u64,
}

impl OrderState {
    /// That of an order that has just been sent.
    pub(in crate::fix) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Returns all names that mean it.
    pub(in crate::fix) fn names(&self) -> impl Iterator<Item = String> + '_ {
        let pending = self.pending.iter().map(|it| &it.name);
        std::iter::once(&self.name).chain(&self.former).chain(pending).cloned()
    }

    /// Takes the oldest request of a kind out of those that are on their way.
    pub(super) fn arrived(&mut self, kind: PendingKind) -> Option<String> {
        let place = self.pending.iter().position(|it| it.kind == kind)?;
        self.pending.remove(place).map(|it| it.name)
    }

    /// Takes another name, and returns the one before.
    pub(super) fn rename(&mut self, name: String) -> String {
        let before = std::mem::replace(&mut self.name, name);
        // As many as a chain may have; of a longer one the oldest names are forgotten.
        if self.former.len() == 100 {
            self.former.remove(0);
        }
        self.former.push(before.clone());
        before
    }
}
