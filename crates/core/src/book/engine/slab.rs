//! [`Slab`]: the orders of a book in one array.

use super::chunked::{Chunked, Sparse};
use super::details::Details;
use super::id_table::{EntryIndex, IdTable};
use super::location::{LevelId, Location};
use super::owners::{Owners, WIDTH};
use super::slot::{NONE, Slot};
use crate::market::Side;
use crate::units::{ActorId, OrderId, Quantity};

/// One order, in half a cache line: what most operations read.
///
/// The speed of a book of a million orders depends on the number of cache lines that an operation touches. So
/// a node has the lower 32 bits of quantities, which is all of them for nearly all orders; the time rank,
/// which plain orders never need again, is at the end of its block; other data of few orders is in [`Rare`],
/// and what plain limit orders (good till canceled, no conditions) do not need is in [`Details`].
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(super) struct Node {
    pub(super) id: OrderId,
    /// The order behind it in its queue.
    pub(super) next: Slot,
    /// The order before it in its queue.
    pub(super) previous: Slot,
    pub(super) owner: ActorId,
    pub(super) location: Location,
    displayed: u32,
    /// The lower half of what was displayed ahead of it when it joined its queue; of an order with details
    /// their index, since they have that.
    queue_ahead: u32,
}

const _: () = assert!(size_of::<Node>() == 32);

impl Node {
    /// A slot that no order has had yet.
    const NONE: Self = Self {
        id: OrderId::new(u64::MAX),
        next: NONE,
        previous: NONE,
        owner: ActorId::new(u32::MAX),
        location: Location::outside(Side::Buy),
        displayed: 0,
        queue_ahead: 0,
    };
}

/// Data that is zero for most orders; valid only if the order's location says so. Orders with details have
/// it there.
#[derive(Debug, Clone, Copy)]
struct Rare {
    filled: Quantity,
    /// The upper 32 bits of the quantities whose lower 32 bits are in the node.
    displayed: u32,
    queue_ahead: u32,
}

impl Rare {
    const NOTHING: Self = Self { filled: Quantity::ZERO, displayed: 0, queue_ahead: 0 };
}

impl Node {
    #[inline]
    pub(super) const fn side(&self) -> Side {
        self.location.side()
    }
}

/// A new node's content.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewNode {
    pub(super) id: OrderId,
    pub(super) owner: ActorId,
    pub(super) side: Side,
    pub(super) sequence: u64,
    pub(super) displayed: Quantity,
    pub(super) filled: Quantity,
}

/// Where in a queue a new order goes: at the end of a level's, or in none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) level: Option<LevelId>,
    pub(super) previous: Slot,
    /// What is displayed ahead of it.
    pub(super) ahead: Quantity,
}

impl Place {
    pub(super) const OUTSIDE: Self = Self { level: None, previous: NONE, ahead: Quantity::ZERO };
}

/// Eight neighboring orders of one owner.
#[derive(Debug, Clone, Copy)]
struct Group {
    nodes: [Node; WIDTH as usize],
    /// The time rank: higher for orders that entered, or lost their priority, later.
    sequences: [u64; WIDTH as usize],
}

impl Group {
    const EMPTY: Self = Self { nodes: [Node::NONE; _], sequences: [0; _] };
}

/// Returns the place of a slot in its group.
#[inline]
const fn place(slot: Slot) -> usize {
    (slot % WIDTH) as usize
}

/// The orders of a book, found by slot, by id or by owner.
#[derive(Debug, Clone)]
pub(super) struct Slab {
    groups: Owners<Group>,
    ids: IdTable,
    /// By slot.
    rare: Sparse<Rare, 128>,
    details: Chunked<Details, 64>,
    free_details: Slot,
}

impl Slab {
    pub(super) fn new() -> Self {
        Self {
            groups: Owners::new(Group::EMPTY),
            ids: IdTable::new(),
            rare: Sparse::new(Rare::NOTHING),
            details: Chunked::new(),
            free_details: NONE,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.ids.len()
    }

    #[inline]
    pub(super) fn get(&self, slot: Slot) -> &Node {
        &self.groups.items(slot).nodes[place(slot)]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Node {
        &mut self.groups.items_mut(slot).nodes[place(slot)]
    }

    /// Returns an order's time rank.
    #[inline]
    pub(super) fn sequence(&self, slot: Slot) -> u64 {
        self.groups.items(slot).sequences[place(slot)]
    }

    #[inline]
    pub(super) fn set_sequence(&mut self, slot: Slot, sequence: u64) {
        self.groups.items_mut(slot).sequences[place(slot)] = sequence;
    }

    #[inline]
    pub(super) fn find(&self, id: OrderId) -> Option<Slot> {
        self.ids.find(id, id_in(&self.groups))
    }

    /// Returns the table entry of an id with its slot, or the free entry where it would be; see
    /// [`IdTable::search`].
    #[inline(always)]
    pub(super) fn search(&self, id: OrderId) -> Result<(EntryIndex, Slot), EntryIndex> {
        self.ids.search(id, id_in(&self.groups))
    }

    /// Reads an order, if there is one, and what its removal will need of its block.
    #[inline]
    pub(super) fn touch(&self, slot: Slot) -> Option<(&Node, u8)> {
        self.groups.touch(slot).map(|(group, occupied)| (&group.nodes[place(slot)], occupied))
    }

    /// Returns the slot of an owner's next order, or [`NONE`] if that will need a new block.
    pub(super) fn next_slot(&self, owner: ActorId) -> Slot {
        self.groups.next_slot(owner).unwrap_or(NONE)
    }

    /// Returns the slot of an id, if it is open, or another or [`NONE`]; reads no node.
    #[inline]
    pub(super) fn likely_slot(&self, id: OrderId) -> Slot {
        self.ids.likely_slot(id).unwrap_or(NONE)
    }

    /// Returns an order's displayed quantity.
    #[inline]
    pub(super) fn displayed(&self, slot: Slot) -> Quantity {
        self.displayed_of(slot, self.get(slot))
    }

    /// Returns the displayed quantity of an order that has just been read.
    #[inline]
    pub(super) fn displayed_of(&self, slot: Slot, node: &Node) -> Quantity {
        let upper = if node.location.is_extended() { self.displayed_upper(slot, node) } else { 0 };
        join(node.displayed, upper)
    }

    fn displayed_upper(&self, slot: Slot, node: &Node) -> u32 {
        match self.details_of(node) {
            Some(details) => details.displayed_upper(),
            None => self.rare.get(slot).displayed,
        }
    }

    #[inline]
    pub(super) fn set_displayed(&mut self, slot: Slot, displayed: Quantity) {
        let (lower, upper) = split(displayed);
        let node = self.get_mut(slot);
        node.displayed = lower;
        if upper != 0 || node.location.is_extended() {
            match self.details_mut(slot) {
                Some(details) => details.set_displayed_upper(upper),
                None => self.rare_mut(slot).displayed = upper,
            }
        }
    }

    /// Returns the displayed quantity ahead of an order at its price when it joined the queue.
    #[inline]
    pub(super) fn queue_ahead(&self, slot: Slot) -> Quantity {
        let node = self.get(slot);
        if let Some(details) = self.details_of(node) {
            return details.queue_ahead();
        }
        let upper = if node.location.is_extended() { self.rare.get(slot).queue_ahead } else { 0 };
        join(node.queue_ahead, upper)
    }

    /// Puts an order behind another in the queue of a level, where so much is displayed ahead of it; returns
    /// what it displays itself.
    #[inline]
    pub(super) fn enqueue(
        &mut self,
        slot: Slot,
        level: LevelId,
        previous: Slot,
        ahead: Quantity,
    ) -> Quantity {
        let (lower, upper) = split(ahead);
        let node = self.get_mut(slot);
        node.location = node.location.at(Some(level));
        node.previous = previous;
        node.next = NONE;
        if node.location.is_detailed() {
            if let Some(details) = self.details_mut(slot) {
                details.set_queue_ahead(ahead);
            }
            return self.displayed(slot);
        }
        node.queue_ahead = lower;
        if upper == 0 && !node.location.is_extended() {
            return join(node.displayed, 0);
        }
        self.rare_mut(slot).queue_ahead = upper;
        self.displayed(slot)
    }

    /// Returns an order's filled quantity.
    #[inline]
    pub(super) fn filled(&self, slot: Slot) -> Quantity {
        let node = self.get(slot);
        if !node.location.is_extended() {
            return Quantity::ZERO;
        }
        self.details_of(node).map_or_else(|| self.rare.get(slot).filled, Details::filled)
    }

    #[inline]
    pub(super) fn set_filled(&mut self, slot: Slot, filled: Quantity) {
        if !filled.is_zero() || self.get(slot).location.is_extended() {
            match self.details_mut(slot) {
                Some(details) => details.set_filled(filled),
                None => self.rare_mut(slot).filled = filled,
            }
        }
    }

    /// Returns the rare data of an order without details, marking the order as having some.
    #[inline(never)]
    fn rare_mut(&mut self, slot: Slot) -> &mut Rare {
        let node = self.get_mut(slot);
        let is_new = !node.location.is_extended();
        node.location = node.location.with(Location::RARE);
        let rare = self.rare.get_mut(slot);
        if is_new {
            *rare = Rare::NOTHING;
        }
        rare
    }

    /// Returns the details of an order that has just been read, if it has any.
    #[inline]
    fn details_of(&self, node: &Node) -> Option<&Details> {
        if node.location.is_detailed() { self.details.get(node.queue_ahead) } else { None }
    }

    /// Returns an order's details, if it has any.
    pub(super) fn details(&self, slot: Slot) -> Option<&Details> {
        self.details_of(self.get(slot))
    }

    pub(super) fn details_mut(&mut self, slot: Slot) -> Option<&mut Details> {
        let Node { location, queue_ahead: index, .. } = *self.get(slot);
        if location.is_detailed() { self.details.get_mut(index) } else { None }
    }

    /// Returns an order's hidden quantity.
    pub(super) fn hidden(&self, slot: Slot) -> Quantity {
        self.details(slot).map_or(Quantity::ZERO, Details::hidden)
    }

    /// Returns an order's open quantity.
    pub(super) fn leaves(&self, slot: Slot) -> Quantity {
        self.displayed(slot) + self.hidden(slot)
    }

    /// Returns the slots of all orders that have details, in arbitrary order.
    pub(super) fn detailed(&self) -> impl Iterator<Item = (Slot, &Details)> {
        self.details.iter().filter(|details| !details.is_free()).map(|details| (details.slot, details))
    }

    /// Returns the slots of all orders, in arbitrary order.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.groups.slots()
    }

    /// Returns the slots of an owner's orders, in arbitrary order.
    pub(super) fn slots_of(&self, owner: ActorId) -> impl Iterator<Item = Slot> {
        self.groups.slots_of(owner)
    }

    #[inline]
    pub(super) fn insert(&mut self, new: &NewNode) -> Slot {
        let slot = self.add(new, Place::OUTSIDE);
        self.ids.insert(new.id, slot, id_in(&self.groups));
        slot
    }

    /// Adds an order whose id goes into a free table entry, at its place in a queue.
    #[inline]
    pub(super) fn insert_at(&mut self, entry: EntryIndex, new: &NewNode, place: Place) -> Slot {
        let slot = self.add(new, place);
        self.ids.insert_at(entry, new.id, slot, id_in(&self.groups));
        slot
    }

    #[inline]
    fn add(&mut self, new: &NewNode, queue: Place) -> Slot {
        let NewNode { id, owner, side, sequence, displayed, filled } = *new;
        let Place { level, previous, ahead } = queue;
        let (lower, upper) = split(displayed);
        let (queue_ahead, upper_ahead) = split(ahead);
        let location = Location::outside(side).at(level);
        let node = Node { id, next: NONE, previous, owner, location, displayed: lower, queue_ahead };
        let (slot, group) = self.groups.take(owner);
        group.nodes[place(slot)] = node;
        group.sequences[place(slot)] = sequence;
        if upper | upper_ahead != 0 || !filled.is_zero() {
            let rare = self.rare_mut(slot);
            (rare.displayed, rare.queue_ahead, rare.filled) = (upper, upper_ahead, filled);
        }
        slot
    }

    /// Gives an order details, which it did not have.
    pub(super) fn attach(&mut self, slot: Slot, mut details: Details) {
        details.slot = slot;
        details.set_filled(self.filled(slot));
        details.set_queue_ahead(self.queue_ahead(slot));
        let (_, upper) = split(self.displayed(slot));
        details.set_displayed_upper(upper);
        let index = if self.free_details == NONE {
            self.details.push(details)
        } else {
            let index = self.free_details;
            self.free_details = self.details[index].slot;
            self.details[index] = details;
            index
        };
        let node = self.get_mut(slot);
        node.queue_ahead = index;
        node.location = node.location.with(Location::DETAILED);
    }

    /// Takes a plain order of an owner out of its slot, if it is one; its id and its neighbors still know it.
    #[inline]
    pub(super) fn take_plain(&mut self, slot: Slot, owner: ActorId) -> Option<Node> {
        self.groups.give_back_if(slot, |group| {
            let node = group.nodes[place(slot)];
            (node.owner == owner && !node.location.is_detailed()).then_some(node)
        })
    }

    /// Removes the id of an order whose table entry is known.
    #[inline]
    pub(super) fn forget(&mut self, entry: EntryIndex, id: OrderId) {
        self.ids.remove_at(entry, id);
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: Slot) {
        let Node { id, location, queue_ahead: index, .. } = *self.get(slot);
        if location.is_detailed() {
            self.details[index].free(self.free_details);
            self.free_details = index;
        }
        if let Ok((entry, _)) = self.search(id) {
            self.groups.give_back(slot);
            self.forget(entry, id);
        }
    }
}

/// Returns what reads the id of an order.
#[inline]
fn id_in(groups: &Owners<Group>) -> impl Fn(Slot) -> OrderId + use<'_> {
    move |slot| groups.items(slot).nodes[place(slot)].id
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
#[inline]
const fn split(quantity: Quantity) -> (u32, u32) {
    (quantity.lots() as u32, (quantity.lots() >> 32) as u32)
}

#[inline]
fn join(lower: u32, upper: u32) -> Quantity {
    Quantity::new(u64::from(lower) | u64::from(upper) << 32)
}
