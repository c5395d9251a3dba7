//! [`Slab`]: the orders of a book in one array.

use super::chunked::{Chunked, Sparse};
use super::id_table::{EntryIndex, IdTable};
use super::location::{LevelId, Location};
use super::owners::{Owners, WIDTH};
use super::slot::{NONE, Slot};
use super::trailing::TrailingIndex;
use crate::market::{OrderTerms, Side};
use crate::units::{ActorId, OrderId, Price, Quantity};

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

/// Data that is zero or absent for most orders; valid only if the order's location says so.
#[derive(Debug, Clone, Copy)]
struct Rare {
    filled: Quantity,
    /// The upper 32 bits of the quantities whose lower 32 bits are in the node.
    displayed: u32,
    queue_ahead: u32,
    /// The index of its details, if it has any.
    details: Slot,
}

impl Rare {
    const NOTHING: Self = Self { filled: Quantity::ZERO, displayed: 0, queue_ahead: 0, details: NONE };
}

/// What makes a dormant order enter the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    /// Nothing: the order is active.
    None,
    /// A trade at its trigger.
    Trigger(Price),
    /// A trade at the trigger that follows the trades.
    Trails(TrailingIndex),
    /// Its turn among the stops whose trigger a trade has reached.
    Elected(Price),
    /// A reference price: a pegged order.
    PegReference,
    /// The closing auction.
    ClosingAuction,
}

/// What an order has beyond a plain limit order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Details {
    /// Its current terms, after replaces and repricing.
    pub(super) terms: OrderTerms,
    pub(super) hidden: Quantity,
    pub(super) partner: Option<OrderId>,
    pub(super) activation: Activation,
    /// The order's slot, or the index of the next free details.
    pub(super) slot: Slot,
    is_free: bool,
}

impl Details {
    pub(super) const fn new(
        terms: OrderTerms,
        hidden: Quantity,
        partner: Option<OrderId>,
        activation: Activation,
    ) -> Self {
        Self { terms, hidden, partner, activation, slot: NONE, is_free: false }
    }
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
        let upper = if node.location.is_rare() { self.rare.get(slot).displayed } else { 0 };
        join(node.displayed, upper)
    }

    #[inline]
    pub(super) fn set_displayed(&mut self, slot: Slot, displayed: Quantity) {
        let (lower, upper) = split(displayed);
        let node = self.get_mut(slot);
        node.displayed = lower;
        if upper != 0 || node.location.is_rare() {
            self.rare_mut(slot).displayed = upper;
        }
    }

    /// Returns the displayed quantity ahead of an order at its price when it joined the queue.
    #[inline]
    pub(super) fn queue_ahead(&self, slot: Slot) -> Quantity {
        let node = self.get(slot);
        let upper = if node.location.is_rare() { self.rare.get(slot).queue_ahead } else { 0 };
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
        node.queue_ahead = lower;
        if upper == 0 && !node.location.is_rare() {
            return join(node.displayed, 0);
        }
        self.rare_mut(slot).queue_ahead = upper;
        self.displayed(slot)
    }

    /// Returns an order's filled quantity.
    #[inline]
    pub(super) fn filled(&self, slot: Slot) -> Quantity {
        if self.get(slot).location.is_rare() { self.rare.get(slot).filled } else { Quantity::ZERO }
    }

    #[inline]
    pub(super) fn set_filled(&mut self, slot: Slot, filled: Quantity) {
        if !filled.is_zero() || self.get(slot).location.is_rare() {
            self.rare_mut(slot).filled = filled;
        }
    }

    /// Returns an order's rare data, marking the order as having some.
    #[inline(never)]
    fn rare_mut(&mut self, slot: Slot) -> &mut Rare {
        let node = self.get_mut(slot);
        let is_new = !node.location.is_rare();
        node.location = node.location.with(Location::RARE);
        let rare = self.rare.get_mut(slot);
        if is_new {
            *rare = Rare::NOTHING;
        }
        rare
    }

    /// Returns the index of an order's details, if it has any.
    fn place_of_details(&self, slot: Slot) -> Option<u32> {
        self.get(slot).location.is_detailed().then(|| self.rare.get(slot).details)
    }

    /// Returns an order's details, if it has any.
    pub(super) fn details(&self, slot: Slot) -> Option<&Details> {
        self.details.get(self.place_of_details(slot)?)
    }

    pub(super) fn details_mut(&mut self, slot: Slot) -> Option<&mut Details> {
        let place = self.place_of_details(slot)?;
        self.details.get_mut(place)
    }

    /// Returns an order's hidden quantity.
    pub(super) fn hidden(&self, slot: Slot) -> Quantity {
        self.details(slot).map_or(Quantity::ZERO, |details| details.hidden)
    }

    /// Returns an order's open quantity.
    pub(super) fn leaves(&self, slot: Slot) -> Quantity {
        self.displayed(slot) + self.hidden(slot)
    }

    /// Returns the slots of all orders that have details, in arbitrary order.
    pub(super) fn detailed(&self) -> impl Iterator<Item = (Slot, &Details)> {
        self.details.iter().filter(|details| !details.is_free).map(|details| (details.slot, details))
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

    /// Gives an order details.
    pub(super) fn attach(&mut self, slot: Slot, details: Details) {
        let details = Details { slot, ..details };
        let place = if self.free_details == NONE {
            self.details.push(details)
        } else {
            let place = self.free_details;
            self.free_details = self.details[place].slot;
            self.details[place] = details;
            place
        };
        self.rare_mut(slot).details = place;
        let node = self.get_mut(slot);
        node.location = node.location.with(Location::DETAILED);
    }

    /// Removes a plain order whose table entry is known.
    #[inline]
    pub(super) fn remove_at(&mut self, entry: EntryIndex, id: OrderId, slot: Slot) {
        self.groups.give_back(slot);
        self.ids.remove_at(entry, id, id_in(&self.groups));
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: Slot) {
        if let Some(place) = self.place_of_details(slot) {
            self.detach(place);
        }
        let id = self.get(slot).id;
        if let Ok((entry, _)) = self.search(id) {
            self.remove_at(entry, id, slot);
        }
    }

    fn detach(&mut self, place: u32) {
        let details = &mut self.details[place];
        details.is_free = true;
        details.slot = self.free_details;
        self.free_details = place;
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
