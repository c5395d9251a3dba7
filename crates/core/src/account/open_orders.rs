//! [`OpenOrders`]: an account's open orders, oldest first.

use std::ops::Range;
use std::slice;

use super::orders::OpenOrder;
use crate::units::OrderId;

/// The open orders of an account, oldest first.
///
/// Ids ascend, so a new order goes to the end of an index of ids, and its terms into any vacant slot. An
/// order that ends leaves its place in the index; once half of all places are left, they are taken out
/// together. So no order moves, and adding, finding and removing one costs the same however many are open,
/// but for the steps of a binary search.
#[derive(Debug, Clone, Default)]
pub struct OpenOrders {
    /// In ascending order of id.
    places: Vec<Place>,
    slots: Vec<OpenOrder>,
    vacant_slots: Vec<u32>,
    /// How many reduce-only orders there are.
    reducing: usize,
}

/// Where the order of an id is.
#[derive(Debug, Clone, Copy)]
struct Place {
    id: OrderId,
    /// [`ENDED`] once the order is over.
    slot: u32,
}

const ENDED: u32 = u32::MAX;

/// The number of places below which vacant ones are not looked for.
const FEW: usize = 8;

impl OpenOrders {
    /// Returns how many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slots.len() - self.vacant_slots.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns an order.
    #[must_use]
    pub fn get(&self, id: OrderId) -> Option<&OpenOrder> {
        self.find(id).map(|index| self.at(index))
    }

    /// Returns the oldest.
    #[must_use]
    pub fn first(&self) -> Option<&OpenOrder> {
        self.iter().next()
    }

    /// Returns all of them, oldest first.
    #[must_use]
    pub fn iter(&self) -> OpenOrderIter<'_> {
        OpenOrderIter { places: self.places.iter(), slots: &self.slots }
    }

    /// Returns whether any of them is reduce-only.
    pub(super) const fn has_reducing(&self) -> bool {
        self.reducing > 0
    }

    /// Changes each of them, oldest first.
    pub(super) fn for_each_mut(&mut self, mut change: impl FnMut(&mut OpenOrder)) {
        for place in self.places.iter().filter(|place| place.slot != ENDED) {
            change(&mut self.slots[place.slot as usize]);
        }
    }

    /// Finds the place of an order; it stays there until one is added.
    pub(super) fn find(&self, id: OrderId) -> Option<usize> {
        let around = self.around(id)?;
        let found = self.places[around.clone()].binary_search_by_key(&id, |place| place.id).ok()?;
        let index = around.start + found;
        (self.places[index].slot != ENDED).then_some(index)
    }

    /// Returns a range of places in which an id is, if it is anywhere.
    ///
    /// Ids are spread evenly over the places, nearly: those around where it would stand then are looked at
    /// first, then twice as many, and so on. So a search among many orders touches few lines of memory.
    fn around(&self, id: OrderId) -> Option<Range<usize>> {
        let (first, last) = (self.places.first()?.id, self.places.last()?.id);
        if id < first || id > last {
            return None;
        }
        let part = u128::from(id.get() - first.get()) * (self.places.len() as u128 - 1);
        let guess = usize::try_from(part / u128::from(last.get() - first.get()).max(1)).unwrap_or(0);
        let (mut low, mut high, mut step) = (guess, guess, 1);
        while self.places[low].id > id {
            low = low.saturating_sub(step);
            step *= 2;
        }
        while self.places[high].id < id {
            high = (high + step).min(self.places.len() - 1);
            step *= 2;
        }
        Some(low..high + 1)
    }

    /// Returns the order at a place that was found.
    pub(super) fn at(&self, index: usize) -> &OpenOrder {
        &self.slots[self.places[index].slot as usize]
    }

    /// Returns the order at a place that was found.
    pub(super) fn at_mut(&mut self, index: usize) -> &mut OpenOrder {
        &mut self.slots[self.places[index].slot as usize]
    }

    /// Returns the two orders that were added after the one at a place, if both are open.
    pub(super) fn next_two(&self, index: usize) -> Option<[&OpenOrder; 2]> {
        let next = self.places.get(index + 1..index + 3)?;
        next.iter().all(|place| place.slot != ENDED).then(|| [self.at(index + 1), self.at(index + 2)])
    }

    /// Adds an order, whose id is above all others.
    #[expect(clippy::cast_possible_truncation, reason = "2^32 open orders would need a terabyte")]
    pub(super) fn push(&mut self, order: OpenOrder) {
        debug_assert!(self.places.last().is_none_or(|last| last.id < order.id), "ids ascend");
        if self.places.len() > FEW && self.places.len() > 2 * self.len() {
            self.places.retain(|place| place.slot != ENDED);
        }
        self.reducing += usize::from(order.reduce_only);
        let slot = match self.vacant_slots.pop() {
            Some(slot) => {
                self.slots[slot as usize] = order;
                slot
            }
            None => {
                self.slots.push(order);
                (self.slots.len() - 1) as u32
            }
        };
        self.places.push(Place { id: order.id, slot });
    }

    /// Removes the order at a place that was found.
    pub(super) fn remove(&mut self, index: usize) {
        let slot = self.places[index].slot;
        self.reducing -= usize::from(self.slots[slot as usize].reduce_only);
        self.places[index].slot = ENDED;
        self.vacant_slots.push(slot);
        while self.places.last().is_some_and(|last| last.slot == ENDED) {
            self.places.pop();
        }
    }

    /// Removes all of them.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The open orders of an account, oldest first.
#[derive(Debug, Clone)]
pub struct OpenOrderIter<'a> {
    places: slice::Iter<'a, Place>,
    slots: &'a [OpenOrder],
}

impl<'a> Iterator for OpenOrderIter<'a> {
    type Item = &'a OpenOrder;

    fn next(&mut self) -> Option<&'a OpenOrder> {
        self.places.find(|place| place.slot != ENDED).map(|place| &self.slots[place.slot as usize])
    }
}

impl DoubleEndedIterator for OpenOrderIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.places.rfind(|place| place.slot != ENDED).map(|place| &self.slots[place.slot as usize])
    }
}

impl<'a> IntoIterator for &'a OpenOrders {
    type Item = &'a OpenOrder;
    type IntoIter = OpenOrderIter<'a>;

    fn into_iter(self) -> OpenOrderIter<'a> {
        self.iter()
    }
}

impl PartialEq for OpenOrders {
    /// Two are equal if they have the same orders, wherever these are.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for OpenOrders {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::account::order_context::{OrderContext, Pricing};
    use crate::market::{FeeSchedule, Instrument, OrderKind, OrderTerms, Side};
    use crate::units::{InstrumentId, ListingId, Price, Quantity, SimTime};

    fn order(id: u64, reduce_only: bool) -> OpenOrder {
        let instrument = Instrument::new("ACME", "1".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let at = OrderContext {
            listing: ListingId::new(0),
            instrument_id: InstrumentId::new(0),
            instrument: &instrument,
            fees: &FeeSchedule::FREE,
            now: SimTime::from_nanos(0),
            pricing: Pricing::Protected,
        };
        let terms = OrderTerms::new(Side::Sell, Quantity::new(1), OrderKind::Limit(Price::new(1)));
        OpenOrder::leaving(OrderId::new(id), &OrderTerms { reduce_only, ..terms }, &at)
    }

    #[derive(Debug, Clone)]
    enum Step {
        /// With an id so much above the last.
        Push {
            gap: u64,
            reduce_only: bool,
        },
        /// Of one of those open.
        Remove(prop::sample::Index),
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        let gap = prop_oneof![9 => 1..4_u64, 1 => 1..1_000_000_000_u64];
        prop_oneof![
            50 => (gap, any::<bool>()).prop_map(|(gap, reduce_only)| Step::Push { gap, reduce_only }),
            45 => any::<prop::sample::Index>().prop_map(Step::Remove),
            1 => Just(Step::Clear),
        ]
    }

    proptest! {
        #[test]
        fn prop_orders_are_those_of_a_sorted_map(steps in prop::collection::vec(step(), 1..300)) {
            let (mut orders, mut model, mut last) = (OpenOrders::default(), BTreeMap::new(), 0);
            for step in steps {
                match step {
                    Step::Push { gap, reduce_only } => {
                        last += gap;
                        orders.push(order(last, reduce_only));
                        model.insert(OrderId::new(last), order(last, reduce_only));
                    }
                    Step::Remove(index) if !model.is_empty() => {
                        let id = *model.keys().nth(index.index(model.len())).unwrap();
                        let place = orders.find(id).unwrap();
                        prop_assert_eq!(Some(orders.at(place)), model.get(&id));
                        orders.remove(place);
                        model.remove(&id);
                        prop_assert_eq!(orders.find(id), None);
                    }
                    Step::Remove(_) => {}
                    Step::Clear => {
                        orders.clear();
                        model.clear();
                    }
                }
                prop_assert!(orders.iter().eq(model.values()));
                prop_assert!(orders.iter().rev().eq(model.values().rev()));
                prop_assert_eq!(orders.len(), model.len());
                prop_assert_eq!(orders.has_reducing(), model.values().any(|order| order.reduce_only));
                for id in model.keys() {
                    prop_assert_eq!(orders.get(*id), model.get(id));
                    let beside = OrderId::new(id.get() + 1);
                    prop_assert_eq!(orders.get(beside), model.get(&beside));
                }
            }
        }

        #[test]
        fn prop_places_are_few(removed in prop::collection::vec(any::<prop::sample::Index>(), 100)) {
            let mut orders = OpenOrders::default();
            for (id, index) in (0..).zip(removed) {
                orders.push(order(id, false));
                if orders.len() > 20 {
                    let id = orders.iter().nth(index.index(20)).unwrap().id;
                    let place = orders.find(id).unwrap();
                    orders.remove(place);
                }
                prop_assert!(orders.places.len() <= 2 * orders.len() + FEW, "{}", orders.places.len());
            }
        }
    }
}
