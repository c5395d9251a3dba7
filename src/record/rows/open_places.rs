//! [`OpenPlaces`]: where open orders stand, by id.

use rustc_hash::FxHashMap;

use bearpit_core::units::OrderId;

/// Slots for ids that follow each other: more than the orders that a market sees while most of them are open.
const SLOTS: usize = 8_192;

/// Where open orders stand.
///
/// Ids are given one after another, and most orders end soon. So each id has a slot, next to that of the id
/// before it; an order that is still open when another needs its slot is kept in a table instead.
#[derive(Debug, Default)]
pub(super) struct OpenPlaces {
    /// Empty before the first order.
    slots: Vec<Option<(OrderId, u32)>>,
    older: FxHashMap<OrderId, u32>,
    count: usize,
}

impl OpenPlaces {
    /// Returns how many orders are open.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Returns where an order stands, if it is open.
    #[inline]
    pub(super) fn get(&self, order: OrderId) -> Option<usize> {
        match self.slots.get(slot(order)) {
            Some(Some((id, place))) if *id == order => Some(*place as usize),
            _ => self.older.get(&order).map(|place| *place as usize),
        }
    }

    /// Adds an order, which is not open.
    pub(super) fn insert(&mut self, order: OrderId, place: usize) {
        if self.slots.is_empty() {
            self.slots = vec![None; SLOTS];
        }
        // Rows of 2^32 open orders fit in no memory.
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        if let Some((older, place)) = self.slots[slot(order)].replace((order, place)) {
            self.older.insert(older, place);
        }
        self.count += 1;
    }

    /// Removes an order, and returns where it stood.
    pub(super) fn remove(&mut self, order: OrderId) -> Option<usize> {
        let slot = self.slots.get_mut(slot(order))?;
        let place = match slot {
            Some((id, place)) if *id == order => {
                let place = *place;
                *slot = None;
                place
            }
            _ => self.older.remove(&order)?,
        };
        self.count -= 1;
        Some(place as usize)
    }
}

/// Returns the slot of an order.
#[expect(clippy::cast_possible_truncation, reason = "the lowest bits")]
const fn slot(order: OrderId) -> usize {
    order.get() as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn orders_are_where_they_were_put_until_they_end(
            steps in prop::collection::vec((0..4_u64, 0..3_u64, any::<bool>()), 0..200),
        ) {
            let (mut places, mut expected) = (OpenPlaces::default(), BTreeMap::new());
            for (place, (turn, id, begins)) in steps.into_iter().enumerate() {
                // Ids of which some share a slot.
                let order = OrderId::new(turn * 8_192 + id);
                if begins && !expected.contains_key(&order) {
                    places.insert(order, place);
                    expected.insert(order, place);
                } else {
                    prop_assert_eq!(places.remove(order), expected.remove(&order));
                }
                prop_assert_eq!(places.len(), expected.len());
                for id in (0..4).flat_map(|turn| (0..3).map(move |id| OrderId::new(turn * 8_192 + id))) {
                    prop_assert_eq!(places.get(id), expected.get(&id).copied());
                }
            }
        }
    }
}
