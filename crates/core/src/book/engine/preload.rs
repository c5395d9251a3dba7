//! Several commands at once: what they will need is read together before the first is executed.
//!
//! In a book of a million orders a command waits for four or five cache lines from memory, mostly one after
//! another. Reading those of several commands in a loop lets the processor wait for all of them at once. Only
//! reads are moved ahead, so the events are those of single commands.

use super::OrderBook;
use super::slot::{NONE, Slot};
use crate::book::event::{EventSink, MatchingEngine};
use crate::market::{Command, CommandKind, OrderKind};
use crate::units::SimTime;

/// How many commands are looked at together: enough for all the reads that a processor has under way at a
/// time.
const BATCH: usize = 32;

/// A book with fewer orders is in the caches anyway.
const LARGE: usize = if cfg!(test) { 1 } else { 1 << 16 };

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

    /// Reads what commands will need, as far as that is known before they are executed.
    fn preload(&self, commands: &[Command]) {
        let mut orders = [NONE; BATCH];
        for (slot, command) in orders.iter_mut().zip(commands) {
            *slot = self.slab.likely_slot(command.order);
        }
        // The order itself, or the last one at the price of a new order.
        let mut touched = 0_u64;
        let mut neighbors = [[NONE; 2]; BATCH];
        for ((neighbors, slot), command) in neighbors.iter_mut().zip(orders).zip(commands) {
            *neighbors = match &command.kind {
                CommandKind::New(terms) => match terms.kind {
                    OrderKind::Limit(price) => [self.side(terms.side).likely_tail(price), NONE],
                    _ => [NONE; 2],
                },
                _ => self.slab.neighbors(slot),
            };
        }
        for slot in neighbors.into_iter().flatten() {
            touched ^= self.touch(slot);
        }
        std::hint::black_box(touched);
    }

    fn touch(&self, slot: Slot) -> u64 {
        self.slab.try_get(slot).map_or(0, |node| node.id.get())
    }
}
