//! Operations per second over a stream, of each engine in turn.

use std::time::{Duration, Instant};

use bearpit_core::book::{BookConfig, BookEvent, EventSink, MatchingEngine, OrderBook};
use bearpit_core::market::Command;
use bearpit_core::units::SimTime;

use crate::bare::BareBook;
use crate::stream::{Op, Shape, Traffic, traffic};
use crate::tree::TreeBook;

const REPETITIONS: usize = 5;

/// Operations that are brought near before they are timed together.
const CHUNK: usize = 128;

/// Counts events, and trades among them; reads each, as a publisher would.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    pub(crate) events: u64,
    pub(crate) trades: u64,
    lots: u64,
}

impl EventSink for Counter {
    #[inline]
    fn take(&mut self, event: BookEvent) {
        self.events += 1;
        match event {
            BookEvent::Traded(trade) => {
                self.trades += 1;
                self.lots += trade.quantity.lots();
            }
            BookEvent::Canceled { quantity, .. } => self.lots += quantity.lots(),
            BookEvent::Replaced { leaves, .. } => self.lots += leaves.lots(),
            _ => {}
        }
    }
}

pub(crate) const NOW: SimTime = SimTime::from_nanos(0);

/// Times `execute` over the stream, chunk by chunk, each put by `prepare` into the form that is wanted.
fn time<T>(ops: &[Op], prepare: impl Fn(&Op) -> T, mut execute: impl FnMut(&T)) -> Duration {
    let mut chunk: Vec<T> = Vec::with_capacity(CHUNK);
    let mut total = Duration::ZERO;
    for ops in ops.chunks(CHUNK) {
        chunk.clear();
        chunk.extend(ops.iter().map(&prepare));
        let begin = Instant::now();
        chunk.iter().for_each(&mut execute);
        total += begin.elapsed();
    }
    total
}

fn prefilled(traffic: &Traffic) -> OrderBook {
    let mut book = OrderBook::new(BookConfig::default());
    let mut sink = Counter::default();
    traffic.prefill.iter().for_each(|op| book.execute(NOW, &op.command(), &mut sink));
    book
}

fn time_engine(traffic: &Traffic) -> (Duration, u64) {
    let mut book = prefilled(traffic);
    let mut sink = Counter::default();
    let run = |command: &Command| book.execute(NOW, command, &mut sink);
    let time = time(&traffic.timed, |op| op.command(), run);
    assert!(sink.events > 0 && sink.lots > 0);
    (time, sink.trades)
}

/// The engine, given a chunk of commands at a time.
fn time_batches(traffic: &Traffic) -> (Duration, u64) {
    let mut book = prefilled(traffic);
    let mut sink = Counter::default();
    let mut total = Duration::ZERO;
    for ops in traffic.timed.chunks(CHUNK) {
        let commands: Vec<Command> = ops.iter().map(|op| op.command()).collect();
        let begin = Instant::now();
        book.execute_all(NOW, &commands, &mut sink);
        total += begin.elapsed();
    }
    (total, sink.trades)
}

fn time_bare(traffic: &Traffic) -> (Duration, u64) {
    let mut book = BareBook::new(traffic.prefill.len());
    traffic.prefill.iter().for_each(|op| book.execute(op));
    let before = book.trades;
    let time = time(&traffic.timed, |op| *op, |op| book.execute(op));
    (time, book.trades - before)
}

fn time_tree(traffic: &Traffic) -> (Duration, u64) {
    let mut book = TreeBook::default();
    traffic.prefill.iter().for_each(|op| book.execute(op));
    let before = book.trades;
    let time = time(&traffic.timed, |op| *op, |op| book.execute(op));
    (time, book.trades - before)
}

/// Returns how long single operations took, clock included, in ascending order, in nanoseconds.
fn latencies(traffic: &Traffic) -> Vec<u128> {
    let mut book = prefilled(traffic);
    let mut sink = Counter::default();
    let mut times: Vec<u128> = Vec::with_capacity(traffic.timed.len());
    for op in &traffic.timed {
        let command = op.command();
        let begin = Instant::now();
        book.execute(NOW, &command, &mut sink);
        times.push(begin.elapsed().as_nanos());
    }
    times.sort_unstable();
    times
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs one engine over a stream, and returns its time and its trades.
type Engine = fn(&Traffic) -> (Duration, u64);

/// Returns the median rate of each engine, in millions a second, from runs by turns.
fn medians<const ENGINES: usize>(traffic: &Traffic, engines: [Engine; ENGINES]) -> [f64; ENGINES] {
    let mut rates = [const { Vec::new() }; ENGINES];
    for _ in 0..REPETITIONS {
        let results = engines.map(|engine| engine(traffic));
        assert!(results.iter().all(|(_, trades)| *trades == results[0].1), "the books trade alike");
        for (rates, (time, _)) in rates.iter_mut().zip(results) {
            rates.push(traffic.timed.len() as f64 / time.as_secs_f64() / 1e6);
        }
    }
    rates.map(median)
}

/// A mid that hardly moves: the engine beside the bare structure and the tree, and how long single
/// operations take.
pub(crate) fn calm(shape: Shape, operations: usize) {
    let traffic = traffic(shape, operations);
    let name = traffic.name;
    let engines: [Engine; 4] = [time_engine, time_batches, time_bare, time_tree];
    let [engine, batches, bare, tree] = medians(&traffic, engines);
    println!(
        "{name}: million operations/s: engine {engine:.1}, in batches {batches:.1}, bare {bare:.1}, tree {tree:.1} (medians of {REPETITIONS})"
    );
    println!(
        "{name}: engine/bare {:.2}, engine/tree {:.2}, batches/bare {:.2}, batches/tree {:.2}",
        engine / bare,
        engine / tree,
        batches / bare,
        batches / tree,
    );
    let times = latencies(&traffic);
    let at = |share: f64| times[(times.len() as f64 * share) as usize];
    println!(
        "{name}: latency of an operation, clock included: median {} ns, p99 {} ns, p99.9 {} ns",
        at(0.5),
        at(0.99),
        at(0.999)
    );
}

/// A mid that goes far: the engine beside the tree.
pub(crate) fn swings(shape: Shape, operations: usize) {
    let traffic = traffic(shape, operations);
    let [engine, tree] = medians(&traffic, [time_engine, time_tree]);
    println!(
        "{}: million operations/s: engine {engine:.2}, tree {tree:.2}; engine/tree {:.2} (medians of {REPETITIONS})",
        traffic.name,
        engine / tree,
    );
}
