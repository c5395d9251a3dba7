//! [`FileBook`]: what rests by the file's account, whatever has become of it in the market.

use std::collections::{BTreeMap, BTreeSet};

use bearpit_core::market::{
    Instrument, MessageKind, OrderMessage, QuoteLevel, Side, lobster_lots, lobster_ticks,
};
use bearpit_core::units::{OrderId, Price, Quantity};

/// What a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileKey {
    /// The unknown quantity of a level: all its orders that are older than the file, as one.
    Unknown(Side, Price),
    /// An order by the file's id.
    Known(u64),
}

/// An order that rests by the file's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileOrder {
    pub(super) side: Side,
    pub(super) price: Price,
    /// What the file has left of it.
    pub(super) leaves: Quantity,
    /// How much of it executions on their way are to take.
    pub(super) underway: Quantity,
    /// The order that stands for it in the market.
    pub(super) order: Option<OrderId>,
    /// Its place in the order of arrival.
    arrival: u64,
}

/// A message about an order, in the instrument's ticks and lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: MessageKind,
    pub(super) order: u64,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) size: Quantity,
}

impl Step {
    /// Reads a message that changes the visible book; `None` if it lies off the instrument's grid.
    pub(super) fn read(message: &OrderMessage, instrument: &Instrument) -> Option<Self> {
        let &OrderMessage { kind, order, side, .. } = message;
        let price = lobster_ticks(message.tick_price(), instrument)?;
        Some(Self { kind, order, side, price, size: lobster_lots(message.size, instrument)? })
    }
}

/// The orders that rest by the file's account. What has ended there is forgotten, so that memory follows
/// the open orders.
///
/// A file of N levels does not show cancels behind the Nth, so an order may have gone unseen. It shows
/// when the file trades at a worse price, or adds an order that would have traded with it: then the order
/// is *outlived*, and taken out.
#[derive(Debug, Default)]
pub(super) struct FileBook {
    orders: BTreeMap<FileKey, FileOrder>,
    /// Of bids and asks, those with something left, the best first.
    ranked: [BTreeSet<(i64, FileKey)>; 2],
    arrivals: u64,
}

/// A smaller number for a better price.
const fn rank(side: Side, price: Price) -> i64 {
    -side.sign() * price.ticks()
}

const fn half(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

impl FileBook {
    /// Adds an order of the book before the first message.
    pub(super) fn reveal(&mut self, side: Side, level: QuoteLevel) {
        self.insert(FileKey::Unknown(side, level.price), side, level.price, level.size);
    }

    /// Adds an order; `None` if one of its id rests already, which then stays as it is.
    pub(super) fn add(&mut self, step: &Step) -> Option<FileKey> {
        let key = FileKey::Known(step.order);
        if self.orders.contains_key(&key) {
            return None;
        }
        self.insert(key, step.side, step.price, step.size);
        Some(key)
    }

    fn insert(&mut self, key: FileKey, side: Side, price: Price, leaves: Quantity) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let order = FileOrder { side, price, leaves, underway: Quantity::ZERO, order: None, arrival };
        self.orders.insert(key, order);
        self.ranked[half(side)].insert((rank(side, price), key));
    }

    /// Returns what a message refers to: the order of its id, or else the unknown quantity at its price.
    pub(super) fn find(&self, step: &Step) -> Option<FileKey> {
        let keys = [FileKey::Known(step.order), FileKey::Unknown(step.side, step.price)];
        keys.into_iter().find(|key| self.orders.get(key).is_some_and(|order| !order.leaves.is_zero()))
    }

    /// Takes `size` off an order, or what it has; returns how much that was.
    pub(super) fn take(&mut self, key: FileKey, size: Quantity) -> Quantity {
        let Some(order) = self.orders.get_mut(&key) else { return Quantity::ZERO };
        let taken = size.min(order.leaves);
        order.leaves -= taken;
        if order.leaves.is_zero() {
            self.ranked[half(order.side)].remove(&(rank(order.side, order.price), key));
        }
        taken
    }

    /// Returns how much a message takes off what it refers to: a delete takes all of a known order.
    pub(super) fn taken_by(&self, step: &Step, key: FileKey) -> Quantity {
        let all = step.kind == MessageKind::Delete && matches!(key, FileKey::Known(_));
        self.get(key).filter(|_| all).map_or(step.size, |order| order.leaves)
    }

    /// Returns the order that a message proves to be gone, if one is left.
    pub(super) fn outlived(&self, step: &Step) -> Option<FileKey> {
        // An order that trades is the best of its side; one that rests meets nothing on the other.
        let (side, bound) = match step.kind {
            MessageKind::Execute => (step.side, rank(step.side, step.price)),
            MessageKind::Add => (step.side.opposite(), rank(step.side.opposite(), step.price) + 1),
            _ => return None,
        };
        self.ranked[half(side)].first().filter(|(rank, _)| *rank < bound).map(|(_, key)| *key)
    }

    /// Does what a message says, for messages from before the market opens.
    pub(super) fn follow(&mut self, step: &Step) {
        while let Some(key) = self.outlived(step) {
            self.remove(key);
        }
        if step.kind == MessageKind::Add {
            self.add(step);
        } else if let Some(key) = self.find(step) {
            self.take(key, self.taken_by(step, key));
            if self.get(key).is_some_and(|order| order.leaves.is_zero()) {
                self.remove(key);
            }
        }
    }

    pub(super) fn get(&self, key: FileKey) -> Option<&FileOrder> {
        self.orders.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: FileKey) -> Option<&mut FileOrder> {
        self.orders.get_mut(&key)
    }

    pub(super) fn remove(&mut self, key: FileKey) -> Option<FileOrder> {
        let order = self.orders.remove(&key)?;
        self.ranked[half(order.side)].remove(&(rank(order.side, order.price), key));
        Some(order)
    }

    /// Returns all orders in the order of their arrival, which is that of their queues.
    pub(super) fn queue(&self) -> Vec<FileKey> {
        let mut keys: Vec<(u64, FileKey)> =
            self.orders.iter().map(|(key, order)| (order.arrival, *key)).collect();
        keys.sort_unstable();
        keys.into_iter().map(|(_, key)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: FileKey = FileKey::Unknown(Side::Buy, Price::new(100));

    fn step(kind: MessageKind, order: u64, price: i64, size: u64) -> Step {
        Step { kind, order, side: Side::Buy, price: Price::new(price), size: Quantity::new(size) }
    }

    fn sell(step: Step) -> Step {
        Step { side: Side::Sell, ..step }
    }

    /// A bid of 50 of unknown id at 100.
    fn book() -> FileBook {
        let mut book = FileBook::default();
        book.reveal(Side::Buy, QuoteLevel { price: Price::new(100), size: Quantity::new(50) });
        book
    }

    fn left(book: &FileBook) -> Vec<(FileKey, u64)> {
        let leaves = |key| book.get(key).map_or(0, |order| order.leaves.lots());
        book.queue().into_iter().map(|key| (key, leaves(key))).collect()
    }

    #[test]
    fn ids_that_were_never_added_take_from_the_unknown_quantity_at_their_price() {
        let mut book = book();
        book.follow(&step(MessageKind::Delete, 7, 100, 10));
        book.follow(&step(MessageKind::Execute, 8, 100, 5));
        book.follow(&step(MessageKind::Reduce, 9, 100, 15));
        assert_eq!(left(&book), [(LEVEL, 20)]);
        book.follow(&step(MessageKind::Delete, 7, 99, 10));
        book.follow(&sell(step(MessageKind::Delete, 7, 100, 10)));
        assert_eq!(left(&book), [(LEVEL, 20)], "other levels have nothing unknown");
        book.follow(&step(MessageKind::Delete, 7, 100, 30));
        assert_eq!(left(&book), [], "no more than there is");
    }

    #[test]
    fn known_orders_queue_behind_the_unknown_and_leave_it_alone() {
        let mut book = book();
        book.follow(&step(MessageKind::Add, 9, 100, 30));
        book.follow(&step(MessageKind::Add, 4, 100, 40));
        book.follow(&step(MessageKind::Reduce, 9, 100, 10));
        assert_eq!(left(&book), [(LEVEL, 50), (FileKey::Known(9), 20), (FileKey::Known(4), 40)]);
        // A delete takes all of an order that is known, whatever size it names.
        book.follow(&step(MessageKind::Delete, 4, 100, 1));
        book.follow(&step(MessageKind::Execute, 9, 100, 20));
        assert_eq!(left(&book), [(LEVEL, 50)]);
    }

    #[test]
    fn an_id_that_rests_is_not_added_again() {
        let mut book = book();
        assert_eq!(book.add(&step(MessageKind::Add, 9, 100, 30)), Some(FileKey::Known(9)));
        assert_eq!(book.add(&step(MessageKind::Add, 9, 101, 30)), None);
        assert_eq!(left(&book), [(LEVEL, 50), (FileKey::Known(9), 30)]);
    }

    #[test]
    fn what_a_message_proves_gone_is_outlived() {
        let mut book = book();
        book.follow(&step(MessageKind::Add, 9, 99, 30));
        assert_eq!(book.outlived(&step(MessageKind::Execute, 1, 100, 1)), None);
        assert_eq!(book.outlived(&step(MessageKind::Execute, 9, 99, 1)), Some(LEVEL), "99 trades before 100");
        let locks = sell(step(MessageKind::Add, 2, 100, 1));
        assert_eq!(book.outlived(&locks), Some(LEVEL));
        assert_eq!(book.outlived(&Step { price: Price::new(101), ..locks }), None);
        book.follow(&Step { price: Price::new(99), ..locks });
        assert_eq!(left(&book), [(FileKey::Known(2), 1)]);
    }

    #[test]
    fn what_is_off_the_grid_is_no_step() {
        let stock = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
        let message = OrderMessage {
            since_midnight: bearpit_core::units::SimDuration::ZERO,
            order: 7,
            size: Quantity::new(5),
            price: 1_000_100,
            side: Side::Sell,
            kind: MessageKind::Add,
        };
        let read = Step::read(&message, &stock).unwrap();
        assert_eq!((read.price, read.size), (Price::new(10_001), Quantity::new(5)));
        assert_eq!(Step::read(&OrderMessage { price: 1_000_150, ..message }, &stock), None);
    }
}
