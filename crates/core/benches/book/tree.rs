//! The book that one would write in an afternoon: levels in a tree, orders in a slab, ids in a hash map.

use std::collections::{BTreeMap, HashMap};

use bearpit_core::market::Side;
use rustc_hash::FxBuildHasher;

use crate::stream::Op;

#[derive(Clone, Copy)]
struct Node {
    id: u64,
    side: Side,
    ticks: i64,
    lots: u32,
    next: Option<u32>,
    previous: Option<u32>,
}

#[derive(Default)]
struct Level {
    head: Option<u32>,
    tail: Option<u32>,
    lots: u64,
}

#[derive(Default)]
pub(crate) struct TreeBook {
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
    nodes: Vec<Node>,
    free: Vec<u32>,
    ids: HashMap<u64, u32, FxBuildHasher>,
    pub(crate) trades: u64,
}

impl TreeBook {
    fn sweep(&mut self, side: Side, limit: Option<i64>, mut lots: u32) -> u32 {
        while lots > 0 {
            let best = match side {
                Side::Buy => self.asks.first_entry(),
                Side::Sell => self.bids.last_entry(),
            };
            let Some(mut entry) = best else { break };
            if limit.is_some_and(|limit| side.sign() * entry.key() > side.sign() * limit) {
                break;
            }
            let level = entry.get_mut();
            while lots > 0 {
                let Some(slot) = level.head else { break };
                let node = &mut self.nodes[slot as usize];
                let traded = lots.min(node.lots);
                lots -= traded;
                node.lots -= traded;
                level.lots -= u64::from(traded);
                self.trades += 1;
                if node.lots == 0 {
                    self.ids.remove(&node.id);
                    self.free.push(slot);
                    level.head = node.next;
                    match level.head {
                        None => level.tail = None,
                        Some(next) => self.nodes[next as usize].previous = None,
                    }
                }
            }
            if level.head.is_none() {
                entry.remove();
            }
        }
        lots
    }

    fn add(&mut self, id: u64, side: Side, ticks: i64, lots: u32) {
        let left = self.sweep(side, Some(ticks), lots);
        if left == 0 {
            return;
        }
        let half = if side == Side::Buy { &mut self.bids } else { &mut self.asks };
        let level = half.entry(ticks).or_default();
        let node = Node { id, side, ticks, lots: left, next: None, previous: level.tail };
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
        match level.tail {
            None => level.head = Some(slot),
            Some(tail) => self.nodes[tail as usize].next = Some(slot),
        }
        level.tail = Some(slot);
        level.lots += u64::from(left);
        self.ids.insert(id, slot);
    }

    fn cancel(&mut self, id: u64) -> Option<Side> {
        let slot = self.ids.remove(&id)?;
        let Node { side, ticks, lots, next, previous, .. } = self.nodes[slot as usize];
        let half = if side == Side::Buy { &mut self.bids } else { &mut self.asks };
        let level = half.get_mut(&ticks)?;
        level.lots -= u64::from(lots);
        match previous {
            None => level.head = next,
            Some(previous) => self.nodes[previous as usize].next = next,
        }
        match next {
            None => level.tail = previous,
            Some(next) => self.nodes[next as usize].previous = previous,
        }
        if level.head.is_none() {
            half.remove(&ticks);
        }
        self.free.push(slot);
        Some(side)
    }

    pub(crate) fn execute(&mut self, op: &Op) {
        match *op {
            Op::Add { id, side, ticks, lots } => self.add(id, side, ticks, lots),
            Op::Cancel { id } => {
                self.cancel(id);
            }
            Op::Replace { id, ticks, lots, .. } => {
                if let Some(side) = self.cancel(id) {
                    self.add(id, side, ticks, lots);
                }
            }
            Op::Market { side, lots, .. } => {
                self.sweep(side, None, lots);
            }
        }
    }
}
