//! A touch with nothing near it: what an add and a cancel there cost, by what stands far away.

use std::time::Instant;

use bearpit_core::book::{BookConfig, MatchingEngine, OrderBook};
use bearpit_core::market::Side;

use crate::rates::{Counter, NOW};
use crate::stream::{MID, Op};
use crate::tree::TreeBook;

const PAIRS: u64 = 20_000;

/// Returns how many nanoseconds an add and a cancel take at a touch that they alone make.
fn pair(mut execute: impl FnMut(Op)) -> f64 {
    let begin = Instant::now();
    let mut pairs = 0;
    while pairs < PAIRS && (pairs < 10 || begin.elapsed().as_millis() < 300) {
        let id = 1 << 40 | pairs;
        execute(Op::Add { id, side: Side::Sell, ticks: MID, lots: 1 });
        execute(Op::Cancel { id });
        pairs += 1;
    }
    begin.elapsed().as_nanos() as f64 / pairs as f64
}

/// The stale levels: so many asks from so many ticks above the touch.
fn stale(levels: u64, ticks: i64) -> impl Iterator<Item = Op> {
    (0..levels).map(move |id| {
        let step = i64::try_from(id).unwrap_or(0);
        Op::Add { id, side: Side::Sell, ticks: MID + ticks + step, lots: 1 }
    })
}

pub(crate) fn run() {
    for (levels, ticks) in [(0, 0), (1_000, 1_000), (65_000, 100_000)] {
        let mut sink = Counter::default();
        let mut book = OrderBook::new(BookConfig::default());
        let mut engine = |op: Op| book.execute(NOW, &op.command(), &mut sink);
        stale(levels, ticks).for_each(&mut engine);
        let engine = pair(engine);
        let mut tree = TreeBook::default();
        stale(levels, ticks).for_each(|op| tree.execute(&op));
        let tree = pair(|op| tree.execute(&op));
        println!(
            "{levels} stale levels {ticks} ticks away: add and cancel {engine:.0} ns, tree {tree:.0} ns; engine/tree {:.2}",
            engine / tree
        );
    }
}
