//! [`Slab`]: the orders of a book in one array.

use super::ids::IdTable;
use crate::market::{OrderTerms, Side};
use crate::units::{ActorId, OrderId, Price, Quantity};

/// An index into the slab.
pub(super) type Slot = u32;

/// No slot.
pub(super) const NONE: Slot = Slot::MAX;

/// One order: one line of the cache.
///
/// What plain limit orders (good till canceled, no conditions) do not need stands in [`Details`], which
/// the node points to, so that the common order touches nothing else.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Node {
    pub(super) id: OrderId,
    /// What others see of it.
    pub(super) displayed: Quantity,
    pub(super) filled: Quantity,
    /// Where it rests, if it does.
    pub(super) price: Price,
    /// What was displayed before it at its price when it joined the queue.
    pub(super) queue_ahead: Quantity,
    stamp: u64,
    /// The order behind it in its queue, or the next free slot.
    pub(super) next: Slot,
    /// The order before it in its queue.
    pub(super) previous: Slot,
    pub(super) owner: ActorId,
    /// Where its details are, if it has any.
    pub(super) details: Slot,
}

/// Where an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the queue of its price.
    Level,
    /// In an auction, in the queue of those without a limit.
    Unpriced,
    /// Outside of the book, waiting for something: see [`Wait`].
    Waiting,
}

/// What a waiting order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Nothing: the order does not wait.
    Nothing,
    /// A trade at its trigger; a trailing stop has none before the first trade.
    Trigger(Option<Price>),
    /// Its turn: a trade has reached its trigger.
    Turn(Price),
    /// Something to follow: a pegged order.
    Reference,
    /// The closing auction.
    Close,
}

/// What an order has beyond a plain limit order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Details {
    /// Its terms as they are now: replaced and repriced.
    pub(super) terms: OrderTerms,
    pub(super) hidden: Quantity,
    pub(super) partner: Option<OrderId>,
    pub(super) wait: Wait,
    /// The order, or the next free place.
    pub(super) slot: Slot,
    is_free: bool,
}

impl Details {
    pub(super) const fn new(
        terms: OrderTerms,
        hidden: Quantity,
        partner: Option<OrderId>,
        wait: Wait,
    ) -> Self {
        Self { terms, hidden, partner, wait, slot: NONE, is_free: false }
    }
}

impl Node {
    pub(super) const fn new(id: OrderId, owner: ActorId, side: Side, sequence: u64) -> Self {
        let side = match side {
            Side::Buy => 0,
            Side::Sell => 1,
        };
        Self {
            id,
            displayed: Quantity::ZERO,
            filled: Quantity::ZERO,
            price: Price::new(0),
            queue_ahead: Quantity::ZERO,
            stamp: sequence << 3 | side,
            next: NONE,
            previous: NONE,
            owner,
            details: NONE,
        }
    }

    pub(super) const fn side(&self) -> Side {
        if self.stamp & 1 == 0 { Side::Buy } else { Side::Sell }
    }

    /// Returns the order's rank in time: who came or lost its place later has a higher one.
    pub(super) const fn sequence(&self) -> u64 {
        self.stamp >> 3
    }

    pub(super) const fn set_sequence(&mut self, sequence: u64) {
        self.stamp = sequence << 3 | self.stamp & 0b111;
    }

    pub(super) const fn place(&self) -> Place {
        match self.stamp >> 1 & 0b11 {
            0 => Place::Level,
            1 => Place::Unpriced,
            _ => Place::Waiting,
        }
    }

    pub(super) const fn set_place(&mut self, place: Place) {
        let place = match place {
            Place::Level => 0,
            Place::Unpriced => 1,
            Place::Waiting => 2,
        };
        self.stamp = self.stamp & !0b110 | place << 1;
    }
}

/// The orders of a book, found by slot or by id.
#[derive(Debug, Clone)]
pub(super) struct Slab {
    nodes: Vec<Node>,
    free: Slot,
    ids: IdTable,
    details: Vec<Details>,
    free_details: Slot,
}

impl Slab {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), free: NONE, ids: IdTable::new(), details: Vec::new(), free_details: NONE }
    }

    pub(super) const fn len(&self) -> usize {
        self.ids.len()
    }

    #[inline]
    pub(super) fn get(&self, slot: Slot) -> &Node {
        &self.nodes[slot as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Node {
        &mut self.nodes[slot as usize]
    }

    #[inline]
    pub(super) fn find(&self, id: OrderId) -> Option<Slot> {
        self.ids.find(id, |slot| self.get(slot).id == id)
    }

    /// Returns an order's details, if it has any.
    pub(super) fn details(&self, slot: Slot) -> Option<&Details> {
        self.details.get(self.get(slot).details as usize)
    }

    pub(super) fn details_mut(&mut self, slot: Slot) -> Option<&mut Details> {
        let place = self.get(slot).details;
        self.details.get_mut(place as usize)
    }

    /// Returns what others do not see of an order.
    pub(super) fn hidden(&self, slot: Slot) -> Quantity {
        self.details(slot).map_or(Quantity::ZERO, |details| details.hidden)
    }

    /// Returns what is open of an order.
    pub(super) fn leaves(&self, slot: Slot) -> Quantity {
        self.get(slot).displayed + self.hidden(slot)
    }

    /// Returns an order's terms as they are now.
    pub(super) fn terms(&self, slot: Slot) -> OrderTerms {
        let node = self.get(slot);
        self.details(slot).map_or_else(
            || OrderTerms::limit(node.side(), node.displayed + node.filled, node.price),
            |details| details.terms,
        )
    }

    /// Returns the slots of all orders that have details, in no order that means anything.
    pub(super) fn detailed(&self) -> impl Iterator<Item = (Slot, &Details)> {
        self.details.iter().filter(|details| !details.is_free).map(|details| (details.slot, details))
    }

    /// Returns the slots of all orders, in no order that means anything.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        let slots = self.nodes.iter().zip(0..);
        slots.filter(|(node, slot)| self.find(node.id) == Some(*slot)).map(|(_, slot)| slot)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "2^32 open orders would need 256 GiB")]
    pub(super) fn insert(&mut self, node: Node) -> Slot {
        let slot = if self.free == NONE {
            self.nodes.push(node);
            (self.nodes.len() - 1) as Slot
        } else {
            let slot = self.free;
            let place = self.get_mut(slot);
            let free = place.next;
            *place = node;
            self.free = free;
            slot
        };
        self.ids.insert(node.id, slot);
        slot
    }

    /// Gives an order details.
    #[expect(clippy::cast_possible_truncation, reason = "there are no more details than orders")]
    pub(super) fn attach(&mut self, slot: Slot, details: Details) {
        let details = Details { slot, ..details };
        let place = if self.free_details == NONE {
            self.details.push(details);
            (self.details.len() - 1) as Slot
        } else {
            let place = self.free_details;
            self.free_details = self.details[place as usize].slot;
            self.details[place as usize] = details;
            place
        };
        self.get_mut(slot).details = place;
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: Slot) {
        let free = self.free;
        let node = self.get_mut(slot);
        node.next = free;
        let (id, place) = (node.id, node.details);
        self.free = slot;
        self.ids.remove(id, slot);
        if place != NONE {
            self.detach(place);
        }
    }

    fn detach(&mut self, place: Slot) {
        let details = &mut self.details[place as usize];
        details.is_free = true;
        details.slot = self.free_details;
        self.free_details = place;
    }
}
