//! The orders of a book in one array, linked into queues, and found by id.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use crate::market::Side;
use crate::units::{ActorId, OrderId, Price, Quantity};

/// The place of an order in the slab.
pub(super) type Slot = u32;

/// No order.
pub(super) const NONE: Slot = Slot::MAX;

/// A resting order: 48 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) id: OrderId,
    pub(super) price: Price,
    pub(super) leaves: Quantity,
    pub(super) filled: Quantity,
    pub(super) owner: ActorId,
    pub(super) side: Side,
    /// The order behind it at its level, or the next free slot.
    pub(super) next: Slot,
    /// The order before it at its level.
    pub(super) previous: Slot,
}

/// The slab, with the slot of each id.
///
/// The table of ids is only ever looked up in, never walked, so its order cannot show.
#[derive(Debug)]
pub(super) struct Slab {
    nodes: Vec<Node>,
    free: Slot,
    slots: HashMap<OrderId, Slot, FxBuildHasher>,
}

impl Slab {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), free: NONE, slots: HashMap::default() }
    }

    pub(super) fn find(&self, id: OrderId) -> Option<Slot> {
        self.slots.get(&id).copied()
    }

    pub(super) fn get(&self, slot: Slot) -> &Node {
        &self.nodes[slot as usize]
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Node {
        &mut self.nodes[slot as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    #[expect(clippy::cast_possible_truncation, reason = "2^32 resting orders would need 200 GiB")]
    pub(super) fn insert(&mut self, node: Node) -> Slot {
        let slot = if self.free == NONE {
            self.nodes.push(node);
            (self.nodes.len() - 1) as Slot
        } else {
            let slot = self.free;
            self.free = self.get(slot).next;
            *self.get_mut(slot) = node;
            slot
        };
        self.slots.insert(node.id, slot);
        slot
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        let free = self.free;
        let node = self.get_mut(slot);
        node.next = free;
        let id = node.id;
        self.free = slot;
        self.slots.remove(&id);
    }
}
