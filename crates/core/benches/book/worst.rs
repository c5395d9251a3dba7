//! The worst single operation while a book grows to a million orders and works on at that size.
//!
//! The same stream is run several times, and of each operation the fastest time counts: what the operating
//! system interrupts is another operation each time, what the book does is the same.

use std::time::Instant;

use bearpit_core::book::{BookConfig, MatchingEngine, OrderBook};

use crate::rates::{Counter, NOW};
use crate::stream::{Op, Shape, traffic};
use crate::tree::TreeBook;

const RUNS: usize = 5;

/// Returns how long each operation takes at its fastest, in nanoseconds, the longest last.
fn fastest<B>(ops: &[Op], make: impl Fn() -> B, execute: impl Fn(&mut B, &Op)) -> Vec<u32> {
    let mut times = vec![u32::MAX; ops.len()];
    for _ in 0..RUNS {
        let mut book = make();
        for (op, time) in ops.iter().zip(&mut times) {
            let begin = Instant::now();
            execute(&mut book, op);
            *time = (*time).min(u32::try_from(begin.elapsed().as_nanos()).unwrap_or(u32::MAX));
        }
    }
    times.sort_unstable();
    times
}

pub(crate) fn run(live: usize) {
    let shape = Shape { name: "worst", live, ..crate::LARGE };
    let traffic = traffic(shape, live);
    let ops: Vec<Op> = traffic.prefill.into_iter().chain(traffic.timed).collect();
    let make = || (OrderBook::new(BookConfig::default()), Counter::default());
    let engine = fastest(&ops, make, |(book, sink), op| book.execute(NOW, &op.command(), sink));
    let tree = fastest(&ops, TreeBook::default, TreeBook::execute);
    let shown = |times: &[u32]| {
        let at = |share: f64| f64::from(times[(times.len() as f64 * share) as usize]) / 1e3;
        let worst = f64::from(times[times.len() - 1]) / 1e3;
        format!("worst {worst:.1} us, one in 100,000 {:.1} us, one in 1,000 {:.1} us", at(0.99999), at(0.999))
    };
    println!("single operations up to {live} live orders: engine {}; tree {}", shown(&engine), shown(&tree));
}
