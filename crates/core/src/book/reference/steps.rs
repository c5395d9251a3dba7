//! Steps for a book, and how bytes encode them: for the fuzzer and for its corpus.
//!
//! Two bytes choose the rules of the book; each step takes twelve more, a field or two in each, so that a
//! mutation changes one thing of one step. An encoded step may make no sense, and is then rejected.

use thiserror::Error;

use super::ReferenceBook;
use crate::book::{
    BookConfig, BookEvent, InvariantError, Matching, MatchingEngine, OrderBook, PriceBands, check_invariants,
};
use crate::market::{
    Command, CommandKind, Link, OrderKind, OrderTerms, Peg, Phase, PostOnly, SelfTrade, Side, TimeInForce,
    TrailingDistance,
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
/// quantity, trigger, time in force, display, minimum, link, and a parameter of the others.
pub const STEP: usize = 12;

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
            24..=26 => CommandKind::Replace { price: self.price(bytes[4]), quantity: quantity(bytes[5]) },
            27 => {
                CommandKind::MassCancel { side: [None, Some(Side::Buy), Some(Side::Sell)][part(bytes[3], 3)] }
            }
            28 => CommandKind::Disconnect,
            29 => return Step::Enter(Phase::Continuous),
            30 => return Step::Enter(Phase::ALL[part(bytes[3], 7)]),
            _ => return Step::Pass,
        };
        let (order, owner) = (OrderId::new(u64::from(bytes[1] % IDS)), ActorId::new(u32::from(bytes[2] % 3)));
        Step::Execute(Command { order, owner, listing: ListingId::new(0), kind })
    }

    /// Mostly near the middle, sometimes far, at the edge of the legal range or beyond it.
    fn price(self, byte: u8) -> Price {
        const FAR: [i64; 8] =
            [Price::MAX_TICKS, -Price::MAX_TICKS, Price::MAX_TICKS + 1, i64::MIN, 0, 5_000, -70_000, 1 << 30];
        Price::new(match byte {
            0..248 => self.middle + i64::from(byte % 31) - 15,
            248.. => FAR[part(byte, 8)],
        })
    }

    /// A percentage or a price taken for a distance; some are out of range.
    fn far_distance(self, byte: u8) -> TrailingDistance {
        match byte % 4 {
            0 => TrailingDistance::BasisPoints(u32::from(byte) * 40),
            _ => TrailingDistance::Ticks(self.price(byte).ticks()),
        }
    }

    fn terms(self, bytes: &[u8], now: i64) -> OrderTerms {
        let side = Side::BOTH[part(bytes[2] >> 2, 2)];
        let at = |byte| self.price(byte);
        let protection = (bytes[11] & 1 != 0).then(|| at(bytes[11] >> 1));
        let trigger = at(bytes[6]);
        let kind = match bytes[3] % 16 {
            0..=6 => OrderKind::Limit(at(bytes[4])),
            7 | 8 => OrderKind::Market { protection },
            9 => OrderKind::MarketToLimit { protection },
            10 => OrderKind::Stop { trigger, protection },
            11 => OrderKind::StopLimit { trigger, limit: at(bytes[4]) },
            12 => {
                let distance = TrailingDistance::Ticks(i64::from(bytes[6] % 8));
                OrderKind::TrailingStop { distance, protection }
            }
            13 => OrderKind::Pegged { to: Peg::Mid, offset: i32::from(bytes[6] % 4) - 1, limit: protection },
            14 => {
                OrderKind::Pegged { to: Peg::Touch, offset: i32::from(bytes[6] % 4) - 1, limit: protection }
            }
            _ => OrderKind::TrailingStop { distance: self.far_distance(bytes[6]), protection },
        };
        let date = SimTime::from_nanos(now + i64::from(bytes[11] % 32) - 1);
        let time_in_force = match bytes[7] % 16 {
            0..=6 => TimeInForce::Gtc,
            7 | 8 => TimeInForce::Day,
            9 | 10 => TimeInForce::Ioc,
            11 => TimeInForce::Fok,
            12 | 13 => TimeInForce::Gtd(date),
            14 => TimeInForce::AtOpen,
            _ => TimeInForce::AtClose,
        };
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
        let behind = i64::from(bytes[11] % 8) * side.sign();
        let link = match bytes[10] {
            0..=199 => Link::None,
            200..=229 => Link::OneCancelsOther(OrderId::new(u64::from(bytes[11] % IDS))),
            _ => {
                let [take_profit, stop_loss] =
                    [behind, -behind].map(|by| Price::new(trigger.ticks().saturating_add(by)));
                Link::Bracket { take_profit, stop_loss, protection }
            }
        };
        let some = |byte: u8, from: u8| (byte >= from).then(|| Quantity::new(u64::from(byte % 16)));
        let (display, minimum) = (some(bytes[8], 200), some(bytes[9], 230));
        let terms = OrderTerms::new(side, quantity(bytes[5]), kind).with(time_in_force);
        OrderTerms { display, minimum, post_only, self_trade, link, ..terms }
    }
}

fn part(byte: u8, of: u8) -> usize {
    usize::from(byte % of)
}

fn quantity(byte: u8) -> Quantity {
    Quantity::new(match byte {
        0..250 => u64::from(byte % 50),
        250..253 => Quantity::MAX_LOTS,
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
