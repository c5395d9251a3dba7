//! [`Log`]: numbered items that one thread appends and any number of threads read, without a lock.
//!
//! Items stand in blocks that never move; a list of the blocks is swapped in when one is added or dropped, so
//! that a reader holds the writer up at no time, whatever it does. An item is seen once it is committed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, Guard};
use bearpit_core::units::{SimDuration, SimTime};

/// How much of the past a log keeps, in whole blocks: it may be more, and is less only where `items_max`
/// says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retention {
    /// How long items are kept; for ever if nothing is said.
    pub(super) span: Option<SimDuration>,
    /// The most that is kept.
    pub(super) items_max: u64,
    /// How many items a block has.
    pub(super) block: u64,
}

/// The reading end.
#[derive(Debug)]
pub(super) struct Log<T> {
    blocks: ArcSwap<Vec<Arc<Block<T>>>>,
    /// The number of the next item.
    next: AtomicU64,
}

#[derive(Debug)]
struct Block<T> {
    first: u64,
    items: Box<[OnceLock<T>]>,
}

/// What a log held at one moment.
pub(super) struct LogView<T> {
    blocks: Guard<Arc<Vec<Arc<Block<T>>>>>,
    next: u64,
}

impl<T> Log<T> {
    /// Returns the number of the next item.
    pub(super) fn next(&self) -> u64 {
        // In one order with the count of those who wait for it: see `signal`.
        self.next.load(Ordering::SeqCst)
    }

    /// Returns what it holds now.
    pub(super) fn view(&self) -> LogView<T> {
        // The number first: blocks that are there by then may be dropped before the list is read, but none
        // is missing at the end.
        let next = self.next();
        LogView { blocks: self.blocks.load(), next }
    }
}

impl<T> LogView<T> {
    /// Returns the number of the next item.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// Returns the number of the first item that is still kept, or of the next if none is.
    pub(super) fn first(&self) -> u64 {
        self.blocks.first().map_or(self.next, |block| block.first.min(self.next))
    }

    /// Returns an item, if it is kept.
    pub(super) fn get(&self, number: u64) -> Option<&T> {
        let block = self.blocks.first()?;
        let place = number.checked_sub(block.first).filter(|_| number < self.next)?;
        let length = u64::try_from(block.items.len()).ok()?;
        let index = |number: u64| usize::try_from(number).ok();
        self.blocks.get(index(place / length)?)?.items.get(index(place % length)?)?.get()
    }

    /// Returns the items from a number on, if all of them are kept.
    pub(super) fn since(&self, number: u64) -> Option<impl Iterator<Item = &T>> {
        (number >= self.first()).then(|| (number..self.next).filter_map(|number| self.get(number)))
    }
}

/// The writing end.
#[derive(Debug)]
pub(super) struct LogWriter<T> {
    log: Arc<Log<T>>,
    blocks: VecDeque<Written<T>>,
    next: u64,
    retention: Retention,
    /// Items from this number on are kept in any case.
    needed_from: u64,
    /// Whether the list that readers have is not the one here.
    is_reshaped: bool,
}

#[derive(Debug)]
struct Written<T> {
    block: Arc<Block<T>>,
    /// When its last item was added.
    at: SimTime,
}

impl<T> LogWriter<T> {
    /// Makes an empty log whose first item has the number `next`.
    pub(super) fn new(next: u64, retention: Retention) -> Self {
        let log = Log { blocks: ArcSwap::from_pointee(Vec::new()), next: AtomicU64::new(next) };
        Self {
            log: Arc::new(log),
            blocks: VecDeque::new(),
            next,
            retention,
            needed_from: u64::MAX,
            is_reshaped: false,
        }
    }

    /// Returns the reading end.
    pub(super) fn log(&self) -> Arc<Log<T>> {
        Arc::clone(&self.log)
    }

    /// Returns the number of the next item.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// Appends an item, which is seen once it is committed, and returns its number.
    pub(super) fn push(&mut self, at: SimTime, item: T) -> u64 {
        let number = self.next;
        let block = self.retention.block;
        if self.blocks.back().is_none_or(|last| number - last.block.first >= block) {
            let items = (0..block).map(|_| OnceLock::new()).collect();
            self.blocks.push_back(Written { block: Arc::new(Block { first: number, items }), at });
            self.is_reshaped = true;
            self.forget(at);
        }
        if let Some(last) = self.blocks.back_mut()
            && let Ok(index) = usize::try_from(number - last.block.first)
            && let Some(slot) = last.block.items.get(index)
        {
            slot.get_or_init(|| item);
            last.at = at;
        }
        self.next += 1;
        number
    }

    /// Keeps all items from a number on, however old.
    pub(super) const fn need_from(&mut self, number: u64) {
        self.needed_from = number;
    }

    /// Drops what is too old, or too much; the last block is always kept.
    pub(super) fn forget(&mut self, now: SimTime) {
        let Retention { span, items_max, block } = self.retention;
        while self.blocks.len() > 1
            && let Some(first) = self.blocks.front()
        {
            let end = first.block.first + block;
            let is_old = span.is_some_and(|span| first.at.saturating_add(span) < now);
            let is_over = self.next.saturating_sub(end) >= items_max;
            if end > self.needed_from || !(is_old || is_over) {
                break;
            }
            self.blocks.pop_front();
            self.is_reshaped = true;
        }
    }

    /// Lets readers see all that was appended.
    pub(super) fn commit(&mut self) {
        if self.is_reshaped {
            self.is_reshaped = false;
            let blocks = self.blocks.iter().map(|written| Arc::clone(&written.block)).collect();
            self.log.blocks.store(Arc::new(blocks));
        }
        self.log.next.store(self.next, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> SimTime {
        SimTime::from_nanos(0) + SimDuration::from_secs(secs)
    }

    fn writer(items_max: u64) -> LogWriter<u64> {
        let span = Some(SimDuration::from_secs(60));
        LogWriter::new(5, Retention { span, items_max, block: 4 })
    }

    fn seen(log: &Log<u64>) -> Vec<u64> {
        let view = log.view();
        view.since(view.first()).unwrap().copied().collect()
    }

    #[test]
    fn items_are_seen_once_committed() {
        let mut writer = writer(100);
        let log = writer.log();
        assert_eq!(writer.push(at(0), 50), 5);
        assert_eq!((log.next(), seen(&log)), (5, vec![]));
        writer.commit();
        assert_eq!((log.next(), seen(&log)), (6, vec![50]));
        assert_eq!(log.view().get(5), Some(&50));
        assert_eq!([4, 6].map(|number| log.view().get(number).copied()), [None, None]);
    }

    #[test]
    fn what_is_older_than_the_span_is_forgotten_in_whole_blocks() {
        let mut writer = writer(1_000);
        for second in 0..100 {
            writer.push(at(second), u64::try_from(second).unwrap());
        }
        writer.commit();
        let kept = seen(&writer.log());
        assert!((61..=61 + 8).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept.last(), Some(&99));
        let view = writer.log().view();
        assert!(view.since(view.first() - 1).is_none());
        writer.forget(at(10_000));
        writer.commit();
        assert!(seen(&writer.log()).len() <= 4);
    }

    #[test]
    fn more_than_the_most_is_forgotten_but_for_what_is_needed() {
        let mut writer = writer(10);
        (0..100).for_each(|item| {
            writer.push(at(0), item);
        });
        writer.commit();
        assert!((10..=18).contains(&seen(&writer.log()).len()));
        writer.need_from(writer.next());
        (0..100).for_each(|item| {
            writer.push(at(0), item);
        });
        writer.commit();
        assert!((100..=118).contains(&seen(&writer.log()).len()));
    }

    #[test]
    fn a_view_stays_what_it_was() {
        let mut writer = writer(4);
        (0..8).for_each(|item| {
            writer.push(at(0), item);
        });
        writer.commit();
        let log = writer.log();
        let view = log.view();
        (8..800).for_each(|item| {
            writer.push(at(1), item);
        });
        writer.commit();
        assert_eq!(
            view.since(view.first()).unwrap().count(),
            usize::try_from(view.next() - view.first()).unwrap()
        );
        assert!(log.view().get(view.first()).is_none());
    }
}
