//! Several commands at once: what they will need is read together before the first is executed.
//!
//! In a book of a million orders a command waits for four or five cache lines from memory, mostly one after
//! another. Reading those of several commands in a loop lets the processor wait for all of them at once. Only
//! reads are moved ahead, so the events are those of single commands.

use super::OrderBook;
use super::slot::{NONE, Slot};
use crate::book::event::{EventSink, MatchingEngine};
use crate::market::{Command, CommandKind, OrderKind, Replacement, Side};
use crate::units::{ActorId, OrderId, SimTime};

/// How many commands are looked at together: enough for all the reads that a processor has under way at a
/// time.
const BATCH: usize = 32;

/// How many orders of the best level on each side a batch looks at: about as many as it trades with.
const MAKERS: usize = 4;

/// A book with fewer orders is in the caches anyway.
const LARGE: usize = if cfg!(test) { 1 } else { 1 << 16 };

/// The same of a market with many participants, which needs most of the caches itself.
const LARGE_AMONG_OTHERS: usize = if cfg!(test) { 1 } else { 1 << 13 };

/// How many orders of the best level on each side are read ahead for a market: about as many as those of the
/// participants trade with for whom it is done at a time.
const NEXT_MAKERS: usize = 8;

/// The owners of the orders that trade next on both sides.
pub(crate) type NextMakers = [Option<ActorId>; 2 * NEXT_MAKERS];

impl OrderBook {
    /// Executes commands one after another, with the events of [`execute`](MatchingEngine::execute); faster
    /// in a large book.
    pub fn execute_all(&mut self, now: SimTime, commands: &[Command], out: &mut impl EventSink) {
        for batch in commands.chunks(BATCH) {
            if self.len() >= LARGE {
                self.preload(batch);
            }
            for command in batch {
                self.execute(now, command, out);
            }
        }
    }

    /// Reads what some owners' next orders will need, whose ids begin with `next`, and cancels of some
    /// orders, to have it fetched from memory: nothing in a book that is in the caches anyway. Returns who
    /// owns the orders that they will trade with.
    pub(crate) fn fetch_for(
        &self,
        owners: &[ActorId],
        next: OrderId,
        mut cancels: impl Iterator<Item = OrderId>,
    ) -> NextMakers {
        if self.len() < LARGE_AMONG_OTHERS {
            return [None; _];
        }
        let mut touched =
            owners.iter().fold(0, |touched, owner| touched ^ self.touch(self.slab.next_slot(*owner)));
        for (id, _) in (next.get()..).zip(owners) {
            touched ^= u64::from(self.slab.likely_slot(OrderId::new(id)));
        }
        loop {
            let mut orders = [NONE; BATCH];
            let found = orders.iter_mut().zip(&mut cancels);
            let count = found.map(|(slot, order)| *slot = self.slab.likely_slot(order)).count();
            if count == 0 {
                break;
            }
            let beside = orders.map(|slot| {
                self.slab.touch(slot).map_or([NONE; 2], |(node, occupied)| {
                    touched ^= u64::from(occupied);
                    [node.previous, node.next]
                })
            });
            touched = beside.into_iter().flatten().fold(touched, |touched, slot| touched ^ self.touch(slot));
        }
        std::hint::black_box(touched);
        self.next_makers()
    }

    /// Reads the first orders of both sides, and where their ids are; returns their owners.
    fn next_makers(&self) -> NextMakers {
        let mut slots = Side::BOTH.map(|side| self.side(side).best().map_or(NONE, |level| level.head));
        let mut makers = [None; _];
        for (index, maker) in makers.iter_mut().enumerate() {
            // Of both sides in turn: each order leads to the next, and two such ways are gone at a time.
            let slot = &mut slots[index % 2];
            let Some((node, occupied)) = self.slab.touch(*slot) else { continue };
            std::hint::black_box((self.slab.likely_slot(node.id), occupied));
            (*maker, *slot) = (Some(node.owner), node.next);
        }
        makers
    }

    /// Reads what commands will need, as far as that is known before they are executed.
    fn preload(&self, commands: &[Command]) {
        let mut touched = self.touch_best(Side::Buy) ^ self.touch_best(Side::Sell);
        let mut orders = [NONE; BATCH];
        for (slot, command) in orders.iter_mut().zip(commands) {
            *slot = self.slab.likely_slot(command.order);
        }
        // The orders beside the order itself, or the last one at the price where an order will be.
        let mut beside = [[NONE; 3]; BATCH];
        for ((beside, slot), command) in beside.iter_mut().zip(orders).zip(commands) {
            *beside = self.orders_beside(command, slot, &mut touched);
        }
        for slot in beside.into_iter().flatten() {
            touched ^= self.touch(slot);
        }
        std::hint::black_box(touched);
    }

    #[inline]
    fn orders_beside(&self, command: &Command, slot: Slot, touched: &mut u64) -> [Slot; 3] {
        let tail_at = |side: Side, price| self.side(side).likely_tail(price);
        match &command.kind {
            CommandKind::New(terms) => match terms.kind {
                OrderKind::Limit(price) => [tail_at(terms.side, price), NONE, NONE],
                _ => [NONE; 3],
            },
            kind => {
                let Some((node, occupied)) = self.slab.touch(slot) else { return [NONE; 3] };
                *touched ^= u64::from(occupied);
                let tail = match kind {
                    CommandKind::Replace(Replacement { price: Some(price), .. }) => {
                        tail_at(node.side(), *price)
                    }
                    _ => NONE,
                };
                [node.previous, node.next, tail]
            }
        }
    }

    /// Reads the first orders of a side, and where their ids are: orders that take will remove them.
    fn touch_best(&self, side: Side) -> u64 {
        let (mut slot, mut touched) = (self.side(side).best().map_or(NONE, |level| level.head), 0);
        for _ in 0..MAKERS {
            let Some((node, occupied)) = self.slab.touch(slot) else { break };
            touched ^= u64::from(self.slab.likely_slot(node.id)) ^ u64::from(occupied);
            slot = node.next;
        }
        touched
    }

    #[inline]
    fn touch(&self, slot: Slot) -> u64 {
        self.slab.touch(slot).map_or(0, |(node, _)| node.id.get())
    }
}
