//! The traffic: a stream of operations, fixed by a seed, made before anything is timed.

use std::collections::HashMap;

use bearpit_core::book::{BookConfig, BookEvent, MatchingEngine, OrderBook};
use bearpit_core::kernel::{Exponential, StandardNormal, Stream, stream};
use bearpit_core::market::{Command, CommandKind, OrderTerms, Replacement, Side};
use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, Seed, SimTime};
use rand::RngExt;
use rand_distr::Distribution;

/// One operation, as small as it can be written down.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    Add {
        id: u64,
        side: Side,
        ticks: i64,
        lots: u32,
    },
    Cancel {
        id: u64,
    },
    /// To another price; `filled` is what of the order has traded before.
    Replace {
        id: u64,
        ticks: i64,
        lots: u32,
        filled: u32,
    },
    Market {
        id: u64,
        side: Side,
        lots: u32,
    },
}

impl Op {
    /// Returns the operation as the engine is asked for it.
    pub(crate) fn command(self) -> Command {
        let (id, kind) = match self {
            Self::Add { id, side, ticks, lots } => {
                let terms = OrderTerms::limit(side, Quantity::new(lots.into()), Price::new(ticks));
                (id, CommandKind::New(terms))
            }
            Self::Cancel { id } => (id, CommandKind::Cancel),
            Self::Replace { id, ticks, lots, filled } => {
                let quantity = Quantity::new(u64::from(lots) + u64::from(filled));
                (id, CommandKind::Replace(Replacement::at(Price::new(ticks), quantity)))
            }
            Self::Market { id, side, lots } => {
                (id, CommandKind::New(OrderTerms::market(side, Quantity::new(lots.into()))))
            }
        };
        Command { order: OrderId::new(id), owner: ActorId::new(0), listing: ListingId::new(0), kind }
    }
}

/// The operations that fill the book, and those that are timed.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) name: &'static str,
    pub(crate) prefill: Vec<Op>,
    pub(crate) timed: Vec<Op>,
}

/// Where the mid of the stream begins.
pub(crate) const MID: i64 = 1_000_000;

/// How the mid moves from one operation to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Motion {
    /// By a tick, once in a thousand operations.
    Drift,
    /// By a normal number of ticks of this standard deviation, once in ten operations.
    Walk(f64),
    /// Falls by so many ticks within a hundredth of the stream and rises again, ten times.
    Crash(i64),
}

/// How far a walk goes from where it begins.
const REACH: i64 = 500_000;

/// A live order as the maker of the stream follows it.
#[derive(Debug, Clone, Copy)]
struct Live {
    place: usize,
    side: Side,
    ticks: i64,
    filled: u32,
}

/// Makes operations, following which orders are live by running them through an engine.
struct Maker {
    rng: Stream,
    mid: i64,
    motion: Motion,
    mean_distance: f64,
    target: usize,
    recent: usize,
    book: OrderBook,
    ids: Vec<u64>,
    live: HashMap<u64, Live>,
    next: u64,
    events: Vec<BookEvent>,
}

impl Maker {
    fn new(shape: Shape) -> Self {
        let Shape { live: target, mean_distance, motion, recent, .. } = shape;
        Self {
            rng: stream(Seed::new(7), "book bench"),
            mid: MID,
            motion,
            mean_distance,
            target,
            recent,
            book: OrderBook::new(BookConfig::default()),
            ids: Vec::new(),
            live: HashMap::new(),
            next: 0,
            events: Vec::new(),
        }
    }

    fn side(&mut self) -> Side {
        if self.rng.random::<bool>() { Side::Buy } else { Side::Sell }
    }

    fn lots(&mut self) -> u32 {
        self.rng.random_range(1..=100)
    }

    /// A geometric distance behind the mid, or for 4% up to two ticks through it.
    fn ticks(&mut self, side: Side) -> i64 {
        let aggressive = self.rng.random::<f64>() < 0.04;
        #[expect(clippy::cast_possible_truncation, reason = "distances are small")]
        let distance = Exponential { mean: self.mean_distance }.sample(&mut self.rng) as i64 + 1;
        let behind = if aggressive { -self.rng.random_range(0..=2) } else { distance };
        self.mid - side.sign() * behind
    }

    /// Ids are arbitrary numbers, as clients choose them; an odd factor makes each unique.
    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next.wrapping_mul(0xd134_2543_de82_ef95).rotate_left(17)
    }

    fn add(&mut self) -> Op {
        let side = self.side();
        Op::Add { id: self.id(), side, ticks: self.ticks(side), lots: self.lots() }
    }

    fn any_live(&mut self) -> u64 {
        let index = self.rng.random_range(self.ids.len().saturating_sub(self.recent)..self.ids.len());
        self.ids[index]
    }

    /// Moves the mid at `place`, a share of the stream.
    #[expect(clippy::cast_possible_truncation, reason = "a move is a few thousand ticks at most")]
    fn move_mid(&mut self, place: f64) {
        match self.motion {
            Motion::Drift if self.rng.random::<f64>() < 0.001 => {
                self.mid += if self.rng.random::<bool>() { 1 } else { -1 };
            }
            Motion::Drift => {}
            Motion::Walk(sigma) if self.rng.random_range(0..10) == 0 => {
                let step: f64 = StandardNormal.sample(&mut self.rng);
                // Reflected, so that no price comes near zero.
                let next = self.mid + (step * sigma) as i64;
                self.mid = if (MID - REACH..=MID + REACH).contains(&next) { next } else { self.mid };
            }
            Motion::Walk(_) => {}
            Motion::Crash(depth) => {
                let phase = (place * 10.0).fract() * 10.0;
                let depth = depth as f64 * (1.0 - (phase - 1.0).abs()).max(0.0);
                self.mid = MID - depth as i64;
            }
        }
    }

    /// Half adds, 40% cancels, 5% replaces, 5% market orders; adds and cancels stand in for each other
    /// where the book would leave its size.
    fn operation(&mut self, place: f64) -> Op {
        self.move_mid(place);
        let dice = self.rng.random::<f64>();
        let live = self.ids.len();
        let adds =
            (dice < 0.50 && live < self.target + self.target / 50) || (dice < 0.90 && live < self.target);
        if adds {
            self.add()
        } else if dice < 0.90 {
            Op::Cancel { id: self.any_live() }
        } else if dice < 0.95 {
            let id = self.any_live();
            let Live { side, ticks: now, filled, .. } = self.live[&id];
            let ticks = self.ticks(side);
            let ticks = if ticks == now { ticks - side.sign() } else { ticks };
            Op::Replace { id, ticks, lots: self.lots(), filled }
        } else {
            Op::Market { id: self.id(), side: self.side(), lots: self.lots() }
        }
    }

    /// Runs an operation, so that the next can refer to what is live after it.
    fn follow(&mut self, op: Op) {
        self.events.clear();
        self.book.execute(SimTime::from_nanos(0), &op.command(), &mut self.events);
        if let Op::Add { id, side, ticks, .. } = op {
            self.live.insert(id, Live { place: self.ids.len(), side, ticks, filled: 0 });
            self.ids.push(id);
        }
        if let (Op::Replace { id, ticks, .. }, Some(BookEvent::Replaced { .. })) = (op, self.events.first())
            && let Some(live) = self.live.get_mut(&id)
        {
            live.ticks = ticks;
        }
        for event in std::mem::take(&mut self.events) {
            match event {
                BookEvent::Traded(trade) => {
                    self.fill(trade.maker_order, trade.quantity, trade.maker_leaves);
                    self.fill(trade.taker_order, trade.quantity, trade.taker_leaves);
                }
                BookEvent::Canceled { order, .. } => self.forget(order.get()),
                _ => {}
            }
        }
    }

    fn fill(&mut self, order: OrderId, quantity: Quantity, leaves: Quantity) {
        if leaves.is_zero() {
            return self.forget(order.get());
        }
        if let Some(live) = self.live.get_mut(&order.get()) {
            live.filled += u32::try_from(quantity.lots()).unwrap_or(u32::MAX);
        }
    }

    fn forget(&mut self, id: u64) {
        if let Some(Live { place, .. }) = self.live.remove(&id) {
            self.ids.swap_remove(place);
            if let Some(moved) = self.ids.get(place).and_then(|moved| self.live.get_mut(moved)) {
                moved.place = place;
            }
        }
    }
}

/// What a stream is to be like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// About how many orders it keeps.
    pub(crate) live: usize,
    pub(crate) mean_distance: f64,
    pub(crate) motion: Motion,
    /// Cancels and replaces are of about so many newest orders: all others grow stale.
    pub(crate) recent: usize,
    /// So many of the first orders stand far away, at this mean distance.
    pub(crate) stale: (usize, f64),
}

/// Makes a stream.
pub(crate) fn traffic(shape: Shape, operations: usize) -> Traffic {
    let Shape { name, live, .. } = shape;
    let mut maker = Maker::new(shape);
    let mut prefill = Vec::new();
    let (stale, far) = shape.stale;
    let near = std::mem::replace(&mut maker.mean_distance, far);
    while maker.ids.len() < stale {
        let op = maker.add();
        maker.follow(op);
        prefill.push(op);
    }
    maker.mean_distance = near;
    while maker.ids.len() < live {
        let op = maker.add();
        maker.follow(op);
        prefill.push(op);
    }
    let mut timed = Vec::with_capacity(operations);
    for number in 0..operations {
        let op = maker.operation(number as f64 / operations as f64);
        maker.follow(op);
        timed.push(op);
    }
    let levels = maker.book.levels(Side::Buy).len() + maker.book.levels(Side::Sell).len();
    let share = |which: fn(&Op) -> bool| 100 * timed.iter().filter(|op| which(op)).count() / operations;
    let [adds, cancels] =
        [share(|op| matches!(op, Op::Add { .. })), share(|op| matches!(op, Op::Cancel { .. }))];
    println!(
        "{name}: {operations} operations ({adds}% adds, {cancels}% cancels), {} orders on {levels} levels at the end",
        maker.ids.len()
    );
    Traffic { name, prefill, timed }
}
