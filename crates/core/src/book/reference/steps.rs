//! Steps for a book, and how bytes encode them: for the fuzzer and for its corpus.
//!
//! Two bytes choose the rules of the book; each step takes twenty more, a field or two in each, so that a
//! mutation changes one thing of one step. An encoded step may make no sense, and is then rejected. Every
//! field of every command can be at the ends of its type: the last eight bytes do nothing below [`EXTREME`].

use thiserror::Error;

use super::ReferenceBook;
use crate::book::{
    BookConfig, BookEvent, InvariantError, Matching, MatchingEngine, OrderBook, PriceBands, check_invariants,
};
use crate::market::{
    Command, CommandKind, Link, OrderKind, OrderTerms, Peg, Phase, PostOnly, Replacement, SelfTrade, Side,
    StopLoss, TimeInForce, TrailingDistance,
};
use crate::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};

/// One step for a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Executes a command.
    Execute(Command),
    /// Enters a phase.
    Enter(Phase),
    /// Lets time pass only.
    Pass,
}

/// Applies a step at `now`, in nanoseconds; `out` has its events afterwards, and no others.
pub fn apply(book: &mut impl MatchingEngine, now: i64, step: &Step, out: &mut Vec<BookEvent>) {
    out.clear();
    let now = SimTime::from_nanos(now);
    match step {
        Step::Execute(command) => book.execute(now, command, out),
        Step::Enter(phase) => book.enter_phase(now, *phase, out),
        Step::Pass => book.advance(now, out),
    }
}

/// How many bytes choose the rules.
pub const RULES: usize = 2;

/// How many bytes encode a step, field by field: command or phase, order, owner and side, kind, price,
/// quantity, trigger, time in force, display, minimum, link, a parameter of the others; then what is at an
/// end of its type: protection, order, owner, linked order, profit, loss, the loss's worst price, and offset,
/// distance, date and listing together.
///
/// A replace takes its price, quantity, trigger and time in force from the bytes of a new order; what it
/// leaves as it is follows from those of display, minimum and link.
pub const STEP: usize = 20;

/// From this on, one of the last bytes of a step puts its field at an end of its type.
pub const EXTREME: u8 = 200;

const IDS: u8 = 64;
const MIDDLE: i64 = 100;

/// Decodes rules and steps; an incomplete step at the end is ignored.
#[must_use]
pub fn decode(bytes: &[u8]) -> (BookConfig, Vec<Step>) {
    let (rules, rest) = bytes.split_at(bytes.len().min(RULES));
    let [first, second] = [0, 1].map(|index| rules.get(index).copied().unwrap_or(0));
    let prices = Prices { middle: middle(first) };
    let steps = rest.chunks_exact(STEP).zip(1..).map(|(bytes, now)| prices.step(bytes, now));
    (config(first, second), steps.collect())
}

fn config(first: u8, second: u8) -> BookConfig {
    let matching = match first % 4 {
        0 | 1 => Matching::PriceTime,
        2 => Matching::ProRata,
        _ => Matching::TopShare { percent: second % 101 },
    };
    let bps = |bit: u8, bps: u32| (first & bit != 0).then_some(bps);
    let bands = PriceBands { static_bps: bps(8, 800), dynamic_bps: bps(16, 300), limit_bps: bps(32, 1_200) };
    let reference = (first & 64 != 0).then(|| Price::new(middle(first)));
    let min_price = Price::new(if first & BELOW_ZERO == 0 { 1 } else { -10 });
    BookConfig { matching, bands, reference, min_price }
}

/// Set in the first byte where prices may be negative.
const BELOW_ZERO: u8 = 128;

/// Returns around which price most others lie.
const fn middle(first: u8) -> i64 {
    if first & BELOW_ZERO == 0 { MIDDLE } else { 0 }
}

/// The prices of a file of steps.
#[derive(Clone, Copy)]
struct Prices {
    middle: i64,
}

impl Prices {
    fn step(self, bytes: &[u8], now: i64) -> Step {
        let kind = match bytes[0] % 32 {
            0..=19 => CommandKind::New(self.terms(bytes, now)),
            20..=23 => CommandKind::Cancel,
            24..=26 => CommandKind::Replace(self.replacement(bytes, now)),
            27 => {
                CommandKind::MassCancel { side: [None, Some(Side::Buy), Some(Side::Sell)][part(bytes[3], 3)] }
            }
            28 => CommandKind::Disconnect,
            29 => return Step::Enter(Phase::Continuous),
            30 => return Step::Enter(Phase::ALL[part(bytes[3], 7)]),
            _ => return Step::Pass,
        };
        let order = OrderId::new(far_id(bytes[13]).unwrap_or_else(|| u64::from(bytes[1] % IDS)));
        let owner = end(bytes[14], &[u32::MAX, u32::MAX - 1]).unwrap_or_else(|| u32::from(bytes[2] % 3));
        let listing = ListingId::new(end(bytes[19], &[0, u32::MAX]).unwrap_or(0));
        Step::Execute(Command { order, owner: ActorId::new(owner), listing, kind })
    }

    /// Mostly near the middle, sometimes far, at the edge of the legal range or beyond it.
    fn price(self, byte: u8) -> Price {
        match byte {
            0..240 => Price::new(self.middle + i64::from(byte % 31) - 15),
            240.. => Price::new(FAR[part(byte, 16)]),
        }
    }

    /// A percentage or a price taken for a distance; some are out of range.
    fn far_distance(self, byte: u8) -> TrailingDistance {
        match byte % 4 {
            0 => TrailingDistance::BasisPoints(u32::from(byte) * 40),
            _ => TrailingDistance::Ticks(self.price(byte).ticks()),
        }
    }

    fn kind(self, bytes: &[u8]) -> OrderKind {
        let at = |byte| self.price(byte);
        let protection = far_price(bytes[12]).or_else(|| (bytes[11] & 1 != 0).then(|| at(bytes[11] >> 1)));
        let trigger = at(bytes[6]);
        let offset = end(bytes[19], &[i32::MIN, i32::MAX]).unwrap_or_else(|| i32::from(bytes[6] % 4) - 1);
        match bytes[3] % 16 {
            0..=6 => OrderKind::Limit(at(bytes[4])),
            7 | 8 => OrderKind::Market { protection },
            9 => OrderKind::MarketToLimit { protection },
            10 => OrderKind::Stop { trigger, protection },
            11 => OrderKind::StopLimit { trigger, limit: at(bytes[4]) },
            12 => OrderKind::TrailingStop { distance: near_distance(bytes), protection },
            13 => OrderKind::Pegged { to: Peg::Mid, offset, limit: protection },
            14 => OrderKind::Pegged { to: Peg::Touch, offset, limit: protection },
            _ => OrderKind::TrailingStop { distance: self.far_distance(bytes[6]), protection },
        }
    }

    fn link(self, bytes: &[u8], side: Side) -> Link {
        match bytes[10] {
            0..=199 => Link::None,
            200..=229 => {
                let near = u64::from(bytes[11] % IDS);
                Link::OneCancelsOther(OrderId::new(far_id(bytes[15]).unwrap_or(near)))
            }
            _ => self.exits(bytes, side),
        }
    }

    /// A bracket with both exits or one, or with none, or a pair.
    fn exits(self, bytes: &[u8], side: Side) -> Link {
        let behind = i64::from(bytes[11] % 8) * side.sign();
        let near = |by: i64| Price::new(self.price(bytes[6]).ticks().saturating_add(by));
        let take_profit = far_price(bytes[16]).unwrap_or_else(|| near(behind));
        let trigger = far_price(bytes[17]).unwrap_or_else(|| near(-behind));
        let protection = self.kind(bytes).worst_price().filter(|_| bytes[11] & 1 != 0);
        let worst = far_price(bytes[18]).or(protection);
        let stop = match worst.filter(|_| bytes[11] & 16 != 0) {
            Some(limit) => StopLoss::Limit { trigger, limit },
            None => StopLoss::Market { trigger, protection: worst },
        };
        let (profit, loss) = (Some(take_profit), Some(stop));
        match bytes[10] {
            230..=241 => Link::Bracket { take_profit: profit, stop_loss: loss },
            242..=244 => Link::Bracket { take_profit: profit, stop_loss: None },
            245..=247 => Link::Bracket { take_profit: None, stop_loss: loss },
            248 => Link::Bracket { take_profit: None, stop_loss: None },
            249 => Link::ExitOf(OrderId::new(far_id(bytes[15]).unwrap_or(u64::from(bytes[11] % IDS)))),
            // Its limit is that of the kind: on the other side of it as often as not.
            _ => Link::Pair(match stop {
                StopLoss::Market { protection, .. } => StopLoss::Market { trigger: near(0), protection },
                StopLoss::Limit { limit, .. } => StopLoss::Limit { trigger, limit },
            }),
        }
    }

    fn replacement(self, bytes: &[u8], now: i64) -> Replacement {
        let has = |byte: u8| byte & 1 != 0;
        let distance = if has(bytes[6]) { near_distance(bytes) } else { self.far_distance(bytes[6]) };
        let whole = Replacement {
            price: Some(self.price(bytes[4])),
            quantity: Some(quantity(bytes[5])),
            trigger: Some(self.price(bytes[6])),
            distance: Some(distance),
            time_in_force: Some(time_in_force(bytes, now)),
        };
        match bytes[10] {
            0..=99 => Replacement { trigger: None, distance: None, time_in_force: None, ..whole },
            100..=149 => Replacement { price: None, trigger: None, distance: None, ..whole },
            150..=199 => Replacement { price: None, trigger: None, time_in_force: None, ..whole },
            200..=229 => Replacement { distance: None, time_in_force: None, ..whole },
            _ => Replacement {
                price: whole.price.filter(|_| has(bytes[8])),
                quantity: whole.quantity.filter(|_| has(bytes[9])),
                trigger: whole.trigger.filter(|_| has(bytes[11])),
                distance: whole.distance.filter(|_| has(bytes[10])),
                time_in_force: whole.time_in_force.filter(|_| has(bytes[10] >> 1)),
            },
        }
    }

    fn terms(self, bytes: &[u8], now: i64) -> OrderTerms {
        let side = Side::BOTH[part(bytes[2] >> 2, 2)];
        let kind = self.kind(bytes);
        let post_only = match bytes[2] >> 3 & 7 {
            0 => PostOnly::Reject,
            1 => PostOnly::Slide,
            _ => PostOnly::No,
        };
        let self_trade = match bytes[2] >> 5 {
            0 => SelfTrade::CancelNewest,
            1 => SelfTrade::CancelOldest,
            2 => SelfTrade::CancelBoth,
            3 => SelfTrade::Decrement,
            _ => SelfTrade::Allow,
        };
        let (display, minimum) = (part_of(bytes[8], 200), part_of(bytes[9], 230));
        let (link, reduce_only) = (self.link(bytes, side), bytes[19] >= EXTREME);
        let terms = OrderTerms::new(side, quantity(bytes[5]), kind).with(time_in_force(bytes, now));
        OrderTerms { display, minimum, post_only, self_trade, reduce_only, link, ..terms }
    }
}

fn time_in_force(bytes: &[u8], now: i64) -> TimeInForce {
    let near = now + i64::from(bytes[11] % 32) - 1;
    let date = SimTime::from_nanos(end(bytes[19], &[i64::MIN, i64::MAX]).unwrap_or(near));
    match bytes[7] % 16 {
        0..=6 => TimeInForce::Gtc,
        7 | 8 => TimeInForce::Day,
        9 | 10 => TimeInForce::Ioc,
        11 => TimeInForce::Fok,
        12 | 13 => TimeInForce::Gtd(date),
        14 => TimeInForce::AtOpen,
        _ => TimeInForce::AtClose,
    }
}

fn near_distance(bytes: &[u8]) -> TrailingDistance {
    const ENDS: [TrailingDistance; 4] = [
        TrailingDistance::Ticks(i64::MIN),
        TrailingDistance::Ticks(i64::MAX),
        TrailingDistance::BasisPoints(u32::MAX),
        TrailingDistance::BasisPoints(9_999),
    ];
    end(bytes[19], &ENDS).unwrap_or(TrailingDistance::Ticks(i64::from(bytes[6] % 8)))
}

/// Prices far from any others, at the edges of the legal range, and beyond them.
const FAR: [i64; 16] = [
    Price::MAX_TICKS,
    -Price::MAX_TICKS,
    Price::MAX_TICKS + 1,
    -Price::MAX_TICKS - 1,
    i64::MIN,
    i64::MAX,
    i64::MIN + 1,
    i64::MAX - 1,
    0,
    1,
    -1,
    5_000,
    -70_000,
    1 << 30,
    Price::MAX_TICKS - 1,
    1 - Price::MAX_TICKS,
];

/// Returns one of the ends of a field's type, if the byte asks for one.
fn end<T: Copy>(byte: u8, ends: &[T]) -> Option<T> {
    (byte >= EXTREME).then(|| ends[usize::from(byte - EXTREME) % ends.len()])
}

fn far_price(byte: u8) -> Option<Price> {
    end(byte, &FAR).map(Price::new)
}

fn far_id(byte: u8) -> Option<u64> {
    end(byte, &[u64::MAX, u64::MAX - 1, u64::MAX - 2, u64::MAX - 3])
}

/// A displayed or minimum quantity, from a byte on.
fn part_of(byte: u8, from: u8) -> Option<Quantity> {
    let lots = match byte {
        254 => Quantity::MAX_LOTS,
        255 => u64::MAX,
        _ => u64::from(byte % 16),
    };
    (byte >= from).then(|| Quantity::new(lots))
}

fn part(byte: u8, of: u8) -> usize {
    usize::from(byte % of)
}

fn quantity(byte: u8) -> Quantity {
    Quantity::new(match byte {
        0..250 => u64::from(byte % 50),
        250 | 251 => Quantity::MAX_LOTS,
        252 => Quantity::MAX_LOTS + 1,
        253.. => u64::MAX,
    })
}

/// Where the two engines parted, or what one of them broke.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("step {number}, {step:?}: {cause}")]
pub struct Difference {
    /// The step's number, from 1.
    pub number: i64,
    /// The step.
    pub step: Step,
    /// What differs.
    pub cause: DifferenceCause,
}

/// What differs after a step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DifferenceCause {
    /// The engines emitted different events.
    #[error("{events:?} instead of {expected:?}")]
    Events {
        /// Those of the engine.
        events: Vec<BookEvent>,
        /// Those of the reference.
        expected: Vec<BookEvent>,
    },
    /// The events are the same, but orders, levels, touch, phase or the indicative price differ.
    #[error("the books differ")]
    Books,
    /// The engine's book breaks an invariant.
    #[error(transparent)]
    Invariant(#[from] InvariantError),
}

/// Applies the decoded steps to both engines, and passes each step with its events to `show`.
///
/// # Errors
/// Returns the first step after which the engines differ, or after which the engine breaks an invariant.
pub fn replay(bytes: &[u8], mut show: impl FnMut(&Step, &[BookEvent])) -> Result<(), Box<Difference>> {
    let (config, steps) = decode(bytes);
    let (mut engine, mut reference) = (OrderBook::new(config), ReferenceBook::new(config));
    let (mut events, mut expected) = (Vec::new(), Vec::new());
    for (step, number) in steps.into_iter().zip(1..) {
        apply(&mut engine, number, &step, &mut events);
        apply(&mut reference, number, &step, &mut expected);
        if events != expected {
            let cause = DifferenceCause::Events { events, expected };
            return Err(Box::new(Difference { number, step, cause }));
        }
        let books = if is_same(&engine, &reference) { Ok(()) } else { Err(DifferenceCause::Books) };
        books.and_then(|()| Ok(check_invariants(&engine)?)).map_err(|cause| Difference {
            number,
            step,
            cause,
        })?;
        show(&step, &events);
    }
    Ok(())
}

fn is_same(engine: &OrderBook, reference: &ReferenceBook) -> bool {
    engine.open_orders() == reference.open_orders()
        && engine.indicative() == reference.indicative()
        && engine.quote() == reference.quote()
        && engine.phase() == reference.phase()
        && Side::BOTH.iter().all(|side| engine.levels(*side) == reference.levels(*side))
}
