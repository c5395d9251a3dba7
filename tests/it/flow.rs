//! Files in LOBSTER's format, written by a book that shares no code with the engine.

use std::collections::BTreeMap;

/// A file of messages with the book after each, and the book before the first.
pub(crate) struct Generated {
    pub(crate) messages: Vec<String>,
    pub(crate) rows: Vec<String>,
    pub(crate) initial: String,
    pub(crate) hidden: u64,
    pub(crate) halts: u64,
}

/// Generates a day's beginning of so many steps, as seen through a window of `depth` levels.
///
/// The book has orders older than the file, beyond the window too; what happens beyond the window is
/// not in the file. Sweeps move the touch by tens of levels, and many messages share a time.
pub(crate) fn generate(seed: u64, depth: usize, steps: u32) -> Generated {
    let mut day = Day::begin(seed, depth);
    for _ in 0..steps {
        day.step();
    }
    day.file
}

/// Prices are whole cents: 100 of LOBSTER's units.
const CENT: i64 = 100;

#[derive(Clone, Copy)]
struct Order {
    id: u64,
    size: u64,
    price: i64,
    /// +1 buys, -1 sells.
    direction: i64,
}

/// A book as one list of orders in order of time, and the file that it is written to.
struct Day {
    orders: Vec<Order>,
    next_id: u64,
    nanos: u64,
    random: u64,
    depth: usize,
    file: Generated,
}

impl Day {
    fn begin(seed: u64, depth: usize) -> Self {
        let (messages, rows) = (Vec::new(), Vec::new());
        let file = Generated { messages, rows, initial: String::new(), hidden: 0, halts: 0 };
        let mut day =
            Self { orders: Vec::new(), next_id: 1_000, nanos: 34_200_000_000_000, random: seed, depth, file };
        // Every third seed has less than a window's worth, so that rows have empty levels.
        let levels = if seed.is_multiple_of(3) { 4 } else { 70 };
        for level in 1..=levels {
            for direction in [1, -1] {
                for _ in 0..day.below(3) {
                    let price = 1_000_000 - direction * CENT * level;
                    day.rest(direction, price);
                }
            }
        }
        day.file.initial = day.row();
        day
    }

    /// Draws a number below `limit` (splitmix64).
    fn below(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn best(&self, direction: i64) -> Option<i64> {
        let prices = self.orders.iter().filter(|order| order.direction == direction);
        prices.map(|order| order.price).max_by_key(|price| direction * price)
    }

    fn rest(&mut self, direction: i64, price: i64) -> Order {
        self.next_id += 1 + self.below(5);
        let order = Order { id: self.next_id, size: 1 + self.below(300), price, direction };
        self.orders.push(order);
        order
    }

    /// Returns the levels of one side, the best first.
    fn levels(&self, direction: i64) -> Vec<(i64, u64)> {
        let mut sizes = BTreeMap::new();
        for order in self.orders.iter().filter(|order| order.direction == direction) {
            *sizes.entry(-direction * order.price).or_insert(0) += order.size;
        }
        sizes.into_iter().map(|(rank, size)| (-direction * rank, size)).collect()
    }

    fn row(&self) -> String {
        let (asks, bids) = (self.levels(-1), self.levels(1));
        let mut cells = Vec::new();
        for level in 0..self.depth {
            let (ask, ask_size) = asks.get(level).copied().unwrap_or((9_999_999_999, 0));
            let (bid, bid_size) = bids.get(level).copied().unwrap_or((-9_999_999_999, 0));
            cells.push(format!("{ask},{ask_size},{bid},{bid_size}"));
        }
        cells.join(",")
    }

    /// Writes a message with the book after it; one that changes the visible book only if it does.
    fn write(&mut self, kind: u32, order: Order, size: u64) {
        let row = self.row();
        let last = self.file.rows.last().unwrap_or(&self.file.initial);
        if kind <= 4 && row == *last {
            return;
        }
        let Order { id, price, direction, .. } = order;
        let (seconds, nanos) = (self.nanos / 1_000_000_000, self.nanos % 1_000_000_000);
        let time = format!("{seconds}.{nanos:09}");
        // As LOBSTER does, without the zeros at the end.
        let time = time.trim_end_matches('0').trim_end_matches('.');
        self.file.messages.push(format!("{time},{kind},{id},{size},{price},{direction}"));
        self.file.rows.push(row);
    }

    fn step(&mut self) {
        if self.below(2) == 0 {
            self.nanos += self.below(100_000_000);
        }
        match self.below(1_000) {
            0..450 => self.add(),
            450..600 => self.delete(),
            600..720 => self.reduce(),
            720..880 => {
                let size = 1 + self.below(400);
                self.sweep(size);
            }
            880..890 => self.sweep(8_000),
            890..985 => self.hidden(),
            985..990 => self.halt(),
            _ => self.quiet(),
        }
    }

    fn direction(&mut self) -> i64 {
        if self.below(2) == 0 { 1 } else { -1 }
    }

    /// Adds an order: mostly near the touch, inside of the spread too, sometimes far away.
    fn add(&mut self) {
        let direction = self.direction();
        let far = if self.below(5) == 0 { 90 } else { 12 };
        let away = i64::try_from(self.below(far)).unwrap();
        let touch =
            self.best(direction).or_else(|| self.best(-direction).map(|other| other - direction * CENT));
        let wanted = touch.unwrap_or(1_000_000) + direction * CENT * (3 - away);
        // Never so that it would trade.
        let closest = self.best(-direction).map_or(wanted, |other| other - direction * CENT);
        let price = if direction * wanted > direction * closest { closest } else { wanted };
        let order = self.rest(direction, price);
        self.write(1, order, order.size);
    }

    /// Picks an order, the older the rarer; the book is never emptied by hand.
    fn pick(&mut self) -> Option<usize> {
        let count = self.orders.len();
        if count < 20 {
            return None;
        }
        Some(usize::try_from(self.below(count as u64)).unwrap())
    }

    fn delete(&mut self) {
        if let Some(index) = self.pick() {
            let order = self.orders.remove(index);
            self.write(3, order, order.size);
        }
    }

    fn reduce(&mut self) {
        if let Some(index) = self.pick().filter(|index| self.orders[*index].size > 1) {
            let size = 1 + self.below(self.orders[index].size - 1);
            self.orders[index].size -= size;
            self.write(2, self.orders[index], size);
        }
    }

    /// An aggressor trades with the best orders, each a message, all at one time.
    fn sweep(&mut self, size: u64) {
        let direction = self.direction();
        let mut open = size;
        while open > 0 {
            let Some(best) = self.best(direction) else { return };
            let first =
                self.orders.iter().position(|order| order.direction == direction && order.price == best);
            let index = first.unwrap();
            let traded = open.min(self.orders[index].size);
            open -= traded;
            let order = self.orders[index];
            if traded == order.size {
                self.orders.remove(index);
            } else {
                self.orders[index].size -= traded;
            }
            self.write(4, order, traded);
        }
    }

    fn hidden(&mut self) {
        let direction = self.direction();
        if let Some(price) = self.best(direction) {
            let order = Order { id: 0, size: 0, price: price + direction * 50, direction };
            let size = 1 + self.below(50);
            self.write(5, order, size);
            self.file.hidden += 1;
        }
    }

    fn halt(&mut self) {
        for price in [-1, 0, 1] {
            self.write(7, Order { id: 0, size: 0, price, direction: -1 }, 0);
            self.file.halts += 1;
        }
    }

    /// The touch moves by tens of levels: all orders within thirty cents of it are canceled.
    fn quiet(&mut self) {
        let direction = self.direction();
        let Some(best) = self.best(direction) else { return };
        let near = |order: &Order| order.direction == direction && (best - order.price).abs() < 30 * CENT;
        while let Some(index) = self.orders.iter().rposition(near) {
            let order = self.orders.remove(index);
            self.write(3, order, order.size);
        }
    }
}
