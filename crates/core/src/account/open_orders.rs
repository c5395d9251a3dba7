//! [`OpenOrders`]: an account's open orders, oldest first.

use std::ops::Range;
use std::slice;

use super::orders::OpenOrder;
use super::plain_order::PlainOrder;
use crate::units::OrderId;

/// The open orders of an account, oldest first.
///
/// Ids ascend, so a new order goes to the end. One that ends leaves its place; vacant places are taken out
/// together, once a quarter of all is vacant and there is no room for a new order. So adding, finding and
/// removing one costs the same however many are open, but for the steps of a binary search.
///
/// A place has a line of the processor's cache: enough for a plain order. Those with rare parts are kept
/// aside.
#[derive(Debug, Clone, Default)]
pub struct OpenOrders {
    /// In ascending order of id.
    places: Vec<Place>,
    /// How many orders are open.
    open: u32,
    /// How many places there are before the first order.
    first: u32,
    /// How many reduce-only orders there are.
    reducing: u32,
    rare: Option<Box<RareOrders>>,
}

/// The order of an id.
#[derive(Debug, Clone, Copy)]
struct Place {
    id: OrderId,
    content: Content,
}

const _: () = assert!(size_of::<Place>() <= 64, "an order fits in a cache line");

#[derive(Debug, Clone, Copy)]
enum Content {
    Ended,
    Plain(PlainOrder),
    /// In this slot of [`RareOrders`].
    Rare(u32),
}

/// Orders with rare parts.
#[derive(Debug, Clone, Default)]
struct RareOrders {
    slots: Vec<OpenOrder>,
    vacant: Vec<u32>,
}

impl RareOrders {
    #[expect(clippy::cast_possible_truncation, reason = "2^32 open orders would need a terabyte")]
    fn add(&mut self, order: OpenOrder) -> u32 {
        if let Some(slot) = self.vacant.pop() {
            self.slots[slot as usize] = order;
            return slot;
        }
        self.slots.push(order);
        (self.slots.len() - 1) as u32
    }
}

/// The least number of places that are added at a time.
const FEW: usize = 4;

impl OpenOrders {
    /// Returns how many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.open as usize
    }

    /// Returns whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.open == 0
    }

    /// Returns an order.
    #[must_use]
    pub fn get(&self, id: OrderId) -> Option<OpenOrder> {
        self.find(id).map(|index| self.at(index))
    }

    /// Returns whether an order is open.
    #[must_use]
    pub fn contains(&self, id: OrderId) -> bool {
        self.find(id).is_some()
    }

    /// Returns the oldest.
    #[must_use]
    #[inline]
    pub fn first(&self) -> Option<OpenOrder> {
        self.iter().next()
    }

    /// Returns the id of the oldest: what stands first is open.
    pub(crate) fn first_id(&self) -> Option<OrderId> {
        self.places.get(self.first as usize).map(|place| place.id)
    }

    /// Returns all of them, oldest first.
    #[must_use]
    #[inline]
    pub fn iter(&self) -> OpenOrderIter<'_> {
        let places = self.places.get(self.first as usize..).unwrap_or_default();
        OpenOrderIter { places: places.iter(), rare: self.rare.as_deref() }
    }

    /// Returns whether any of them is reduce-only.
    pub(super) const fn has_reducing(&self) -> bool {
        self.reducing > 0
    }

    /// Reads some of the oldest and the newest, to have them fetched from memory; what is returned has no
    /// meaning.
    pub(crate) fn fetch(&self) -> u64 {
        let first = self.places.get(self.first as usize).map_or(0, |place| place.id.get());
        first ^ self.places.last().map_or(0, |place| place.id.get())
    }

    /// Changes each of them, oldest first.
    pub(super) fn change_each(&mut self, mut change: impl FnMut(&mut OpenOrder)) {
        for index in self.first as usize..self.places.len() {
            if !self.is_vacant(index) {
                self.change(index, &mut change);
            }
        }
    }

    /// Finds the place of an order; it stays there until one is added.
    pub(super) fn find(&self, id: OrderId) -> Option<usize> {
        // What ends is mostly the newest, which has just traded, or the oldest. Both are open.
        let is_at = |index: &usize| self.places.get(*index).is_some_and(|place| place.id == id);
        let ends = [self.places.len().wrapping_sub(1), self.first as usize];
        ends.into_iter().find(is_at).or_else(|| self.find_between(id))
    }

    /// Finds the place of an order that is neither the first nor the last.
    fn find_between(&self, id: OrderId) -> Option<usize> {
        let around = self.around(id)?;
        let found = self.places[around.clone()].binary_search_by_key(&id, |place| place.id).ok()?;
        let index = around.start + found;
        (!self.is_vacant(index)).then_some(index)
    }

    /// Returns a range of places in which an id is, if it is anywhere.
    ///
    /// Ids are spread evenly over the places, nearly: those around where it would stand then are looked at
    /// first, then twice as many, and so on. So a search among many orders touches few lines of memory.
    fn around(&self, id: OrderId) -> Option<Range<usize>> {
        let begin = self.first as usize;
        let (first, last) = (self.places.get(begin)?.id, self.places.last()?.id);
        if id < first || id > last {
            return None;
        }
        let most = self.places.len() - 1;
        let part = u128::from(id.get() - first.get()) * (most - begin) as u128;
        let steps = match u64::try_from(part) {
            // Nearly always: a division in 128 bits costs several times as much.
            Ok(part) => usize::try_from(part / (last.get() - first.get()).max(1)).unwrap_or(0),
            Err(_) => usize::try_from(part / u128::from(last.get() - first.get()).max(1)).unwrap_or(0),
        };
        let (mut low, mut high, mut step) = (begin + steps, begin + steps, 1);
        while self.places[low].id > id {
            low = low.saturating_sub(step).max(begin);
            step *= 2;
        }
        while self.places[high].id < id {
            high = (high + step).min(most);
            step *= 2;
        }
        Some(low..high + 1)
    }

    fn is_vacant(&self, index: usize) -> bool {
        matches!(self.places[index].content, Content::Ended)
    }

    /// Returns the order at a place that was found.
    #[inline]
    pub(super) fn at(&self, index: usize) -> OpenOrder {
        let order = self.places[index].order(self.rare.as_deref());
        // A place that was found has an order.
        order.unwrap_or_else(|| unreachable!("there is an order at place {index}"))
    }

    /// Returns the order at a place that was found, if it is plain.
    #[inline]
    pub(super) fn plain(&self, index: usize) -> Option<&PlainOrder> {
        match &self.places[index].content {
            Content::Plain(order) => Some(order),
            Content::Ended | Content::Rare(_) => None,
        }
    }

    /// Returns the order at a place that was found, if it is plain; whether it is reduce-only must not
    /// change.
    #[inline]
    pub(super) fn plain_mut(&mut self, index: usize) -> Option<&mut PlainOrder> {
        match &mut self.places[index].content {
            Content::Plain(order) => Some(order),
            Content::Ended | Content::Rare(_) => None,
        }
    }

    /// Changes the order at a place that was found; not its id.
    pub(super) fn change<T>(&mut self, index: usize, change: impl FnOnce(&mut OpenOrder) -> T) -> T {
        let mut order = self.at(index);
        self.reducing -= u32::from(order.reduce_only);
        let result = change(&mut order);
        self.reducing += u32::from(order.reduce_only);
        let content = match (self.places[index].content, PlainOrder::of(&order)) {
            (Content::Rare(slot), plain) => {
                let rare = self.rare.get_or_insert_default();
                if let Some(plain) = plain {
                    rare.vacant.push(slot);
                    Content::Plain(plain)
                } else {
                    rare.slots[slot as usize] = order;
                    Content::Rare(slot)
                }
            }
            (_, Some(plain)) => Content::Plain(plain),
            (_, None) => Content::Rare(self.rare.get_or_insert_default().add(order)),
        };
        self.places[index].content = content;
        result
    }

    /// Returns the two orders that were added after the one at a place, as far as they are open.
    pub(super) fn next_two(&self, index: usize) -> [Option<OpenOrder>; 2] {
        [1, 2].map(|step| self.places.get(index + step)?.order(self.rare.as_deref()))
    }

    /// Adds an order, whose id is above all others.
    pub(super) fn push(&mut self, order: OpenOrder) {
        let content = match PlainOrder::of(&order) {
            Some(plain) => Content::Plain(plain),
            None => Content::Rare(self.rare.get_or_insert_default().add(order)),
        };
        self.add(order.id, order.reduce_only, content);
    }

    /// Adds a plain order, whose id is above all others.
    #[inline]
    pub(super) fn push_plain(&mut self, id: OrderId, order: PlainOrder) {
        self.add(id, order.reduce_only, Content::Plain(order));
    }

    fn add(&mut self, id: OrderId, is_reducing: bool, content: Content) {
        debug_assert!(self.places.last().is_none_or(|last| last.id < id), "ids ascend");
        if self.places.len() == self.places.capacity() {
            self.make_room();
        }
        self.open += 1;
        self.reducing += u32::from(is_reducing);
        self.places.push(Place { id, content });
    }

    /// Makes room for an order: where a quarter of the places is vacant those, else half as many again. Twice
    /// as many, as a vector would take, are more than most of a population's accounts ever need.
    #[cold]
    fn make_room(&mut self) {
        let (places, open) = (self.places.len(), self.len());
        if places >= FEW && 4 * open <= 3 * places {
            self.places.retain(|place| !matches!(place.content, Content::Ended));
            self.first = 0;
        } else {
            self.places.reserve_exact((places / 2).max(FEW));
        }
    }

    /// Removes the order at a place that was found.
    pub(super) fn remove(&mut self, index: usize) {
        let is_reducing = match self.places[index].content {
            Content::Ended => return,
            Content::Plain(order) => order.reduce_only,
            Content::Rare(slot) => {
                let rare = self.rare.get_or_insert_default();
                rare.vacant.push(slot);
                rare.slots[slot as usize].reduce_only
            }
        };
        self.reducing -= u32::from(is_reducing);
        self.open -= 1;
        self.places[index].content = Content::Ended;
        if self.open == 0 {
            self.places.clear();
            self.first = 0;
            return;
        }
        // There is an order, so both end.
        while matches!(self.places.last(), Some(Place { content: Content::Ended, .. })) {
            self.places.pop();
        }
        while self.is_vacant(self.first as usize) {
            self.first += 1;
        }
    }

    /// Removes all of them.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Place {
    /// Returns the order, if it is open.
    #[inline]
    fn order(&self, rare: Option<&RareOrders>) -> Option<OpenOrder> {
        match &self.content {
            Content::Ended => None,
            Content::Plain(order) => Some(order.open_order(self.id)),
            Content::Rare(slot) => rare.map(|rare| rare.slots[*slot as usize]),
        }
    }
}

/// The open orders of an account, oldest first.
#[derive(Debug, Clone)]
pub struct OpenOrderIter<'a> {
    places: slice::Iter<'a, Place>,
    rare: Option<&'a RareOrders>,
}

impl Iterator for OpenOrderIter<'_> {
    type Item = OpenOrder;

    #[inline]
    fn next(&mut self) -> Option<OpenOrder> {
        let rare = self.rare;
        self.places.find_map(|place| place.order(rare))
    }
}

impl DoubleEndedIterator for OpenOrderIter<'_> {
    fn next_back(&mut self) -> Option<OpenOrder> {
        let rare = self.rare;
        self.places.by_ref().rev().find_map(|place| place.order(rare))
    }
}

impl<'a> IntoIterator for &'a OpenOrders {
    type Item = OpenOrder;
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
    use crate::account::PendingReplace;
    use crate::account::holds::Need;
    use crate::account::order_context::{OrderContext, Pricing};
    use crate::market::{FeeSchedule, Instrument, OrderKind, OrderTerms, Side, TimeInForce};
    use crate::units::{InstrumentId, ListingId, Money, Price, Quantity, SimTime};

    fn order(id: u64, reduce_only: bool) -> OpenOrder {
        let instrument = Instrument::new("ACME", "1".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let at = OrderContext {
            listing: ListingId::new(0),
            instrument_id: InstrumentId::new(0),
            instrument: &instrument,
            fees: &FeeSchedule::FREE,
            now: SimTime::from_nanos(0),
            pricing: Pricing::Protected,
            marks: None,
        };
        let terms = OrderTerms::new(Side::Sell, Quantity::new(1), OrderKind::Limit(Price::new(1)));
        let order = OpenOrder::leaving(OrderId::new(id), &OrderTerms { reduce_only, ..terms }, &at);
        OpenOrder { held: Need { cash: Money::ZERO, lots: Quantity::new(1) }, ..order }
    }

    #[derive(Debug, Clone)]
    enum Step {
        /// With an id so much above the last.
        Push {
            gap: u64,
            reduce_only: bool,
        },
        /// Of one of those open.
        Change(prop::sample::Index, Change),
        Remove(prop::sample::Index),
        Clear,
    }

    /// What becomes of an order; half of these make it one with rare parts, or end that.
    #[derive(Debug, Clone, Copy)]
    enum Change {
        CancelSent,
        Replace(bool),
        Link(bool),
        Stop(bool),
        ReduceOnly(bool),
        Until(i64),
        Hold(i128),
        Cap(u64),
    }

    impl Change {
        fn apply(self, order: &mut OpenOrder) {
            let price = Price::new(7);
            match self {
                Self::CancelSent => order.cancel_sent = true,
                Self::Replace(is_sent) => {
                    let new = PendingReplace { kind: OrderKind::Limit(price), quantity: Quantity::new(3) };
                    order.pending = is_sent.then_some(new);
                }
                Self::Link(is_linked) => order.partner = is_linked.then_some(OrderId::new(1)),
                Self::Stop(true) => order.set_kind(OrderKind::Stop { trigger: price, protection: None }),
                Self::Stop(false) => order.set_kind(OrderKind::Market { protection: None }),
                Self::ReduceOnly(reduce_only) => order.reduce_only = reduce_only,
                Self::Until(nanos) => order.time_in_force = TimeInForce::Gtd(SimTime::from_nanos(nanos)),
                Self::Hold(units) => order.held.cash = Money::from_units(units),
                Self::Cap(lots) => order.cap(Quantity::new(lots)),
            }
        }
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            Just(Change::CancelSent),
            any::<bool>().prop_map(Change::Replace),
            any::<bool>().prop_map(Change::Link),
            any::<bool>().prop_map(Change::Stop),
            any::<bool>().prop_map(Change::ReduceOnly),
            any::<i64>().prop_map(Change::Until),
            prop_oneof![any::<i64>().prop_map(i128::from), any::<i128>()].prop_map(Change::Hold),
            (0..2_u64).prop_map(Change::Cap),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        let gap = prop_oneof![9 => 1..4_u64, 1 => 1..1_000_000_000_u64];
        prop_oneof![
            50 => (gap, any::<bool>()).prop_map(|(gap, reduce_only)| Step::Push { gap, reduce_only }),
            20 => (any::<prop::sample::Index>(), change()).prop_map(|(index, change)| Step::Change(index, change)),
            45 => any::<prop::sample::Index>().prop_map(Step::Remove),
            1 => Just(Step::Clear),
        ]
    }

    type Model = BTreeMap<OrderId, OpenOrder>;

    fn check(orders: &OpenOrders, model: &Model) -> Result<(), TestCaseError> {
        prop_assert!(orders.iter().eq(model.values().copied()));
        prop_assert!(orders.iter().rev().eq(model.values().rev().copied()));
        prop_assert_eq!(orders.first(), model.values().next().copied());
        prop_assert_eq!((orders.len(), orders.is_empty()), (model.len(), model.is_empty()));
        prop_assert_eq!(orders.has_reducing(), model.values().any(|order| order.reduce_only));
        for id in model.keys() {
            prop_assert_eq!(orders.get(*id), model.get(id).copied());
            let beside = OrderId::new(id.get() + 1);
            prop_assert_eq!(orders.get(beside), model.get(&beside).copied());
            prop_assert_eq!(orders.contains(beside), model.contains_key(&beside));
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn prop_orders_are_those_of_a_sorted_map(steps in prop::collection::vec(step(), 1..300)) {
            let (mut orders, mut model, mut last) = (OpenOrders::default(), Model::new(), 0);
            for step in steps {
                match step {
                    Step::Push { gap, reduce_only } => {
                        last += gap;
                        orders.push(order(last, reduce_only));
                        model.insert(OrderId::new(last), order(last, reduce_only));
                    }
                    Step::Change(index, change) if !model.is_empty() => {
                        let id = *model.keys().nth(index.index(model.len())).unwrap();
                        let changed = model.get_mut(&id).unwrap();
                        change.apply(changed);
                        orders.change(orders.find(id).unwrap(), |order| change.apply(order));
                    }
                    Step::Remove(index) if !model.is_empty() => {
                        let id = *model.keys().nth(index.index(model.len())).unwrap();
                        let place = orders.find(id).unwrap();
                        prop_assert_eq!(Some(orders.at(place)), model.remove(&id));
                        orders.remove(place);
                        prop_assert_eq!(orders.find(id), None);
                    }
                    Step::Change(..) | Step::Remove(_) => {}
                    Step::Clear => {
                        orders.clear();
                        model.clear();
                    }
                }
                check(&orders, &model)?;
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
                // Half as many again as three quarters of which are taken.
                prop_assert!(orders.places.capacity() <= 2 * orders.len().max(FEW), "{}", orders.places.capacity());
            }
        }
    }

    #[test]
    fn a_plain_order_takes_a_place_and_nothing_else() {
        let mut orders = OpenOrders::default();
        let plain = order(1, false);
        orders.push(plain);
        orders.push(OpenOrder {
            kind: OrderKind::Limit(Price::new(-5)),
            price: Some(Price::new(-5)),
            hold_price: Some(Price::new(-5)),
            id: OrderId::new(2),
            ..plain
        });
        assert!(orders.rare.is_none());
        let linked = OpenOrder { partner: Some(OrderId::new(1)), id: OrderId::new(3), ..plain };
        orders.push(linked);
        // Its slot is used again.
        for id in 4..100 {
            orders.remove(orders.find(OrderId::new(id - 1)).unwrap());
            orders.push(OpenOrder { id: OrderId::new(id), ..linked });
        }
        assert_eq!(orders.rare.map(|rare| rare.slots.len()), Some(1));
    }
}
