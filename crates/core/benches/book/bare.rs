//! What the data structure alone can do: no events, no owners, no order kinds, no checks.
//!
//! Levels in a fixed window with a bitmap, orders in a slab linked into queues, ids in a hash map with a
//! fast hash. It knows that the stream stays within its window.

use std::collections::HashMap;

use bearpit_core::market::Side;
use rustc_hash::FxBuildHasher;

use crate::stream::{MID, Op};

const NONE: u32 = u32::MAX;
const WINDOW: usize = 1 << 16;

#[derive(Clone, Copy)]
struct Node {
    id: u64,
    next: u32,
    previous: u32,
    /// The level's index; the side follows from the best levels.
    level: u32,
    lots: u32,
}

#[derive(Clone, Copy)]
struct Level {
    head: u32,
    tail: u32,
    lots: u64,
}

pub(crate) struct BareBook {
    levels: Vec<Level>,
    /// One bit a level, for each side apart; a summary would not be worth it so near to the touch.
    occupied: [Vec<u64>; 2],
    best: [usize; 2],
    nodes: Vec<Node>,
    free: Vec<u32>,
    ids: HashMap<u64, u32, FxBuildHasher>,
    pub(crate) trades: u64,
}

const BUY: usize = 0;
const SELL: usize = 1;

impl BareBook {
    pub(crate) fn new(orders: usize) -> Self {
        Self {
            levels: vec![Level { head: NONE, tail: NONE, lots: 0 }; WINDOW],
            occupied: [vec![0; WINDOW / 64], vec![0; WINDOW / 64]],
            best: [0, WINDOW - 1],
            nodes: Vec::new(),
            free: Vec::new(),
            ids: HashMap::with_capacity_and_hasher(2 * orders, FxBuildHasher),
            trades: 0,
        }
    }

    fn vacate(&mut self, half: usize, level: usize) {
        self.occupied[half][level / 64] &= !(1 << (level % 64));
        if level == self.best[half] {
            self.best[half] = if half == SELL { self.next_up(level) } else { self.next_down(level) };
        }
    }

    fn next_up(&self, from: usize) -> usize {
        let mut word = from / 64;
        let mut bits = self.occupied[SELL][word] & (u64::MAX << (from % 64));
        while bits == 0 {
            word += 1;
            if word == WINDOW / 64 {
                return WINDOW - 1;
            }
            bits = self.occupied[SELL][word];
        }
        word * 64 + bits.trailing_zeros() as usize
    }

    fn next_down(&self, from: usize) -> usize {
        let mut word = from / 64;
        let mut bits = self.occupied[BUY][word] & (u64::MAX >> (63 - from % 64));
        while bits == 0 {
            if word == 0 {
                return 0;
            }
            word -= 1;
            bits = self.occupied[BUY][word];
        }
        word * 64 + 63 - bits.leading_zeros() as usize
    }

    fn sweep(&mut self, buys: bool, limit: usize, mut lots: u32) -> u32 {
        let half = if buys { SELL } else { BUY };
        while lots > 0 {
            let best = self.best[half];
            let reachable = if buys { best <= limit && best < WINDOW - 1 } else { best >= limit && best > 0 };
            if !reachable {
                break;
            }
            let level = &mut self.levels[best];
            let slot = level.head;
            let node = &mut self.nodes[slot as usize];
            let id = node.id;
            let traded = lots.min(node.lots);
            lots -= traded;
            node.lots -= traded;
            level.lots -= u64::from(traded);
            self.trades += 1;
            if node.lots == 0 {
                level.head = node.next;
                let next = node.next;
                self.ids.remove(&id);
                self.free.push(slot);
                if next == NONE {
                    self.levels[best].tail = NONE;
                    self.vacate(half, best);
                } else {
                    self.nodes[next as usize].previous = NONE;
                }
            }
        }
        lots
    }

    fn add(&mut self, id: u64, buys: bool, index: usize, lots: u32) {
        let left = self.sweep(buys, index, lots);
        if left == 0 {
            return;
        }
        let level = &mut self.levels[index];
        let node = Node { id, next: NONE, previous: level.tail, level: index as u32, lots: left };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.nodes[slot as usize] = node;
                slot
            }
            None => {
                self.nodes.push(node);
                (self.nodes.len() - 1) as u32
            }
        };
        if level.tail == NONE {
            level.head = slot;
            let half = if buys { BUY } else { SELL };
            self.occupied[half][index / 64] |= 1 << (index % 64);
            self.best[half] = if buys { self.best[half].max(index) } else { self.best[half].min(index) };
        } else {
            self.nodes[level.tail as usize].next = slot;
        }
        let level = &mut self.levels[index];
        level.tail = slot;
        level.lots += u64::from(left);
        self.ids.insert(id, slot);
    }

    /// Removes an order, and returns whether it was a buy.
    fn cancel(&mut self, id: u64) -> Option<bool> {
        let slot = self.ids.remove(&id)?;
        let Node { next, previous, level: index, lots, .. } = self.nodes[slot as usize];
        let index = index as usize;
        let buys = index <= self.best[BUY];
        let level = &mut self.levels[index];
        level.lots -= u64::from(lots);
        match previous {
            NONE => level.head = next,
            previous => self.nodes[previous as usize].next = next,
        }
        match next {
            NONE => level.tail = previous,
            next => self.nodes[next as usize].previous = previous,
        }
        if level.head == NONE {
            self.vacate(if buys { BUY } else { SELL }, index);
        }
        self.free.push(slot);
        Some(buys)
    }

    pub(crate) fn execute(&mut self, op: &Op) {
        let index = |ticks: i64| (ticks - MID + WINDOW as i64 / 2) as usize;
        match *op {
            Op::Add { id, side, ticks, lots } => self.add(id, side == Side::Buy, index(ticks), lots),
            Op::Cancel { id } => {
                self.cancel(id);
            }
            Op::Replace { id, ticks, lots, .. } => {
                if let Some(buys) = self.cancel(id) {
                    self.add(id, buys, index(ticks), lots);
                }
            }
            Op::Market { side, lots, .. } => {
                let buys = side == Side::Buy;
                self.sweep(buys, if buys { WINDOW - 1 } else { 0 }, lots);
            }
        }
    }
}
