//! [`Slot`]: where an order is in the slab.

/// An index into the slab, or into another array of the engine that is linked in the same way.
pub(super) type Slot = u32;

/// No slot: the end of a queue or of a list of free slots.
///
/// A sentinel and not an `Option<Slot>`, which would double each link: a node would have 48 bytes instead of
/// 40, and each step of eight bytes costs a twentieth to an eighth of all operations.
pub(super) const NONE: Slot = Slot::MAX;
