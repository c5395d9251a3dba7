//! [`Subscribers`]: the recipients of a feed, in the order of subscribing.

use std::hash::Hash;

use rustc_hash::FxHashSet;

/// The subscribers of one feed, each once, in the order in which they subscribed.
///
/// That order is the order of delivery. Membership is looked up in a set, which is never iterated: a list
/// alone would be scanned at every subscription, and 100,000 subscribers would cost 5 * 10^9 comparisons.
#[derive(Debug)]
pub(super) struct Subscribers<Id> {
    list: Vec<Id>,
    known: FxHashSet<Id>,
}

impl<Id: Copy + Eq + Hash> Subscribers<Id> {
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), known: FxHashSet::default() }
    }

    /// Adds a subscriber; returns whether it is new.
    pub(super) fn add(&mut self, id: Id) -> bool {
        let is_new = self.known.insert(id);
        if is_new {
            self.list.push(id);
        }
        is_new
    }

    /// Removes a subscriber; returns the number that it had.
    pub(super) fn remove(&mut self, id: Id) -> Option<usize> {
        if !self.known.remove(&id) {
            return None;
        }
        let index = self.list.iter().position(|it| *it == id)?;
        self.list.remove(index);
        Some(index)
    }

    pub(super) const fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns the subscribers, in the order of subscribing.
    pub(super) fn iter(&self) -> impl Iterator<Item = Id> {
        self.list.iter().copied()
    }

    /// Returns the subscriber of that number, from zero.
    pub(super) fn get(&self, index: usize) -> Option<Id> {
        self.list.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::hash::Hasher;

    use super::*;

    thread_local! {
        static COMPARISONS: Cell<u64> = const { Cell::new(0) };
    }

    /// An id that counts how often it is compared.
    #[derive(Debug, Clone, Copy)]
    struct Counted(u32);

    impl PartialEq for Counted {
        fn eq(&self, other: &Self) -> bool {
            COMPARISONS.set(COMPARISONS.get() + 1);
            self.0 == other.0
        }
    }

    impl Eq for Counted {}

    impl Hash for Counted {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }

    #[test]
    fn subscribing_costs_the_same_however_many_have() {
        let number: u32 = 100_000;
        let mut subscribers = Subscribers::new();
        for round in 0..2 {
            for id in (0..number).rev() {
                assert_eq!(subscribers.add(Counted(id)), round == 0);
            }
        }
        // A scan of the list would come to number^2 comparisons, ten thousand million.
        let comparisons = COMPARISONS.get();
        assert!(comparisons < 8 * u64::from(number), "{comparisons}");
        assert_eq!(subscribers.len(), number as usize);
        let order: Vec<u32> = (0..).map_while(|index| subscribers.get(index)).map(|id| id.0).collect();
        assert!(order.iter().rev().is_sorted() && order.len() == number as usize);
    }
}
