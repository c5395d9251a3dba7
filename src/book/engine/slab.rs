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
/// What plain limit orders (good till canceled, no conditions) do not need stands in [`Details`], so that
/// the common order touches nothing else.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Node {
    pub(super) id: OrderId,
    /// What others see of it.
    pub(super) displayed: Quantity,
    pub(super) filled: Quantity,
    /// What was displayed before it at its price when it joined the queue.
    pub(super) queue_ahead: Quantity,
    /// Its rank in time: who came or lost its place later has a higher one.
    pub(super) sequence: u64,
    /// The order behind it in its queue, or the next free slot.
    pub(super) next: Slot,
    /// The order before it in its queue.
    pub(super) previous: Slot,
    pub(super) owner: ActorId,
    pub(super) seat: Seat,
    /// Where its details are, if it has any.
    details: Slot,
}

/// Where an order is: its side, whether it has details, and the level in whose queue it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat(u32);

/// The number of a level in its side's list; the first is the queue of orders without a limit.
pub(super) type LevelId = u32;

/// The queue of an auction's orders without a limit.
pub(super) const UNPRICED: LevelId = 0;

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

impl Seat {
    const SELLS: u32 = 1 << 31;
    const DETAILED: u32 = 1 << 30;
    const LEVEL: u32 = Self::DETAILED - 1;

    /// A seat outside of the book.
    pub(super) const fn waiting(side: Side) -> Self {
        match side {
            Side::Buy => Self(Self::LEVEL),
            Side::Sell => Self(Self::LEVEL | Self::SELLS),
        }
    }

    #[inline]
    pub(super) const fn side(self) -> Side {
        if self.0 & Self::SELLS == 0 { Side::Buy } else { Side::Sell }
    }

    #[inline]
    pub(super) const fn is_detailed(self) -> bool {
        self.0 & Self::DETAILED != 0
    }

    /// Returns the level in whose queue the order stands, if it stands in one.
    #[inline]
    pub(super) const fn level(self) -> Option<LevelId> {
        let level = self.0 & Self::LEVEL;
        if level == Self::LEVEL { None } else { Some(level) }
    }

    /// Tells whether the order stands in no queue.
    pub(super) const fn is_waiting(self) -> bool {
        self.level().is_none()
    }

    /// Returns the same seat at another level, or outside of the book.
    #[inline]
    pub(super) const fn at(self, level: Option<LevelId>) -> Self {
        let level = match level {
            Some(level) => level,
            None => Self::LEVEL,
        };
        Self(self.0 & !Self::LEVEL | level)
    }

    const fn with_details(self) -> Self {
        Self(self.0 | Self::DETAILED)
    }
}

impl Node {
    /// Makes an order of which all is displayed and nothing has traded, and which stands in no queue yet.
    pub(super) const fn new(
        id: OrderId,
        owner: ActorId,
        side: Side,
        displayed: Quantity,
        sequence: u64,
    ) -> Self {
        Self {
            id,
            displayed,
            filled: Quantity::ZERO,
            queue_ahead: Quantity::ZERO,
            sequence,
            next: NONE,
            previous: NONE,
            owner,
            seat: Seat::waiting(side),
            details: NONE,
        }
    }

    #[inline]
    pub(super) const fn side(&self) -> Side {
        self.seat.side()
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

    /// Returns where the id's entry in the table is, or where it would be; see [`IdTable::search`].
    #[inline]
    pub(super) fn search(&self, id: OrderId) -> Result<usize, usize> {
        self.ids.search(id, |slot| self.get(slot).id == id)
    }

    #[inline]
    pub(super) fn slot_at(&self, entry: usize) -> Slot {
        self.ids.slot(entry)
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
    pub(super) fn insert(&mut self, node: Node) -> Slot {
        let slot = self.place(node);
        self.ids.insert(node.id, slot);
        slot
    }

    /// Adds an order whose id would have its entry in the table there.
    #[inline]
    pub(super) fn insert_at(&mut self, entry: usize, node: Node) -> Slot {
        let slot = self.place(node);
        self.ids.insert_at(entry, node.id, slot);
        slot
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "2^32 open orders would need 256 GiB")]
    fn place(&mut self, node: Node) -> Slot {
        if self.free == NONE {
            self.nodes.push(node);
            return (self.nodes.len() - 1) as Slot;
        }
        let slot = self.free;
        let place = self.get_mut(slot);
        let free = place.next;
        *place = node;
        self.free = free;
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
        let node = self.get_mut(slot);
        node.details = place;
        node.seat = node.seat.with_details();
    }

    /// Takes a plain order out whose entry in the table is known.
    #[inline]
    pub(super) fn remove_at(&mut self, entry: usize, slot: Slot) {
        let free = self.free;
        self.get_mut(slot).next = free;
        self.free = slot;
        self.ids.remove_at(entry);
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: Slot) {
        let free = self.free;
        let node = self.get_mut(slot);
        node.next = free;
        let (id, is_detailed) = (node.id, node.seat.is_detailed());
        self.free = slot;
        self.ids.remove(id, slot);
        if is_detailed {
            self.detach(self.get(slot).details);
        }
    }

    fn detach(&mut self, place: Slot) {
        let details = &mut self.details[place as usize];
        details.is_free = true;
        details.slot = self.free_details;
        self.free_details = place;
    }
}
