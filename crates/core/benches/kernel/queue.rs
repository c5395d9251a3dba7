//! The event queue against the standard library's binary heap, and bare delivery through a world.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;

use actix::{Actor, Handler};
use bearpit_core::kernel::{EventQueue, Exponential, Stream, Wakeup, stream};
use bearpit_core::market::{ExecutionReport, Tape};
use bearpit_core::participant::{Context, MarketConfig, MarketData, MarketState, MarketWorld, Role, Trader};
use bearpit_core::units::{Seed, SimDuration, SimTime};
use rand_distr::Distribution;

use super::{REPETITIONS, Result, median};

const PENDING: usize = 1_000;
const STEPS: usize = 2_000_000;

/// As large as a market's message.
type Payload = [u64; 12];

fn gaps(rng: &mut Stream) -> Vec<i64> {
    let gap = Exponential { mean: 1e9 };
    (0..STEPS).map(|_| SimDuration::from_secs_f64(gap.sample(rng) / 1e9).nanos()).collect()
}

/// Pops and pushes `STEPS` times with `PENDING` events waiting; returns seconds.
fn own_queue(gaps: &[i64]) -> f64 {
    let mut queue = EventQueue::new();
    for (index, gap) in gaps.iter().take(PENDING).enumerate() {
        queue.push(SimTime::from_nanos(*gap), [index as u64; 12]);
    }
    let begin = Instant::now();
    for gap in gaps {
        let Some((time, payload)) = queue.pop() else { break };
        queue.push(time + SimDuration::from_nanos(*gap), black_box::<Payload>(payload));
    }
    begin.elapsed().as_secs_f64()
}

fn binary_heap(gaps: &[i64]) -> f64 {
    let mut heap: BinaryHeap<Reverse<(i64, u64, Payload)>> = BinaryHeap::new();
    for (index, gap) in gaps.iter().take(PENDING).enumerate() {
        heap.push(Reverse((*gap, index as u64, [index as u64; 12])));
    }
    let begin = Instant::now();
    for (sequence, gap) in (PENDING as u64..).zip(gaps) {
        let Some(Reverse((time, _, payload))) = heap.pop() else { break };
        heap.push(Reverse((time + gap, sequence, black_box(payload))));
    }
    begin.elapsed().as_secs_f64()
}

/// As a market's traffic: of each alarm, whose gap is drawn, a command goes out after one constant latency,
/// and two reports of it after others; returns seconds.
macro_rules! traffic {
    ($gaps:expr, $push:expr, $pop:expr) => {{
        for (index, gap) in $gaps.iter().take(PENDING).enumerate() {
            $push(*gap, [index as u64 * 4; 12]);
        }
        let begin = Instant::now();
        for gap in $gaps {
            let (time, payload): (i64, Payload) = $pop();
            match payload[0] % 4 {
                0 => {
                    $push(time + gap, payload);
                    $push(time + 400_000, [1; 12]);
                }
                1 => {
                    $push(time + 600_000, [2; 12]);
                    $push(time + 100_000, [3; 12]);
                }
                _ => {
                    black_box(payload);
                }
            }
        }
        begin.elapsed().as_secs_f64()
    }};
}

fn traffic_through_own_queue(gaps: &[i64]) -> f64 {
    let queue = RefCell::new(EventQueue::new());
    traffic!(gaps, |time, payload| queue.borrow_mut().push(SimTime::from_nanos(time), payload), || queue
        .borrow_mut()
        .pop()
        .map_or((0, [0; 12]), |(time, payload)| (time.nanos(), payload)))
}

fn traffic_through_binary_heap(gaps: &[i64]) -> f64 {
    let heap: RefCell<BinaryHeap<Reverse<(i64, u64, Payload)>>> = RefCell::default();
    let sequence = Cell::new(0);
    traffic!(
        gaps,
        |time, payload| {
            heap.borrow_mut().push(Reverse((time, sequence.get(), payload)));
            sequence.set(sequence.get() + 1);
        },
        || heap.borrow_mut().pop().map_or((0, [0; 12]), |Reverse((time, _, payload))| (time, payload))
    )
}

/// Does nothing but wake.
struct Metronome {
    pause: SimDuration,
}

impl Actor for Metronome {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.wake_after(self.pause, 0);
    }
}

impl Handler<Wakeup> for Metronome {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        ctx.wake_after(self.pause, 0);
    }
}

bearpit_core::ignore_messages!(Metronome: ExecutionReport, MarketData);

/// Wakes `PENDING` actors `STEPS` times; returns seconds.
fn world() -> Result<f64> {
    let seed = Seed::new(1);
    let start = SimTime::from_nanos(0);
    let mut world: MarketWorld =
        MarketWorld::new(seed, start, MarketState::new(MarketConfig::default(), Tape::new()));
    for index in 0..PENDING {
        let name = format!("metronome-{index}");
        let pause = SimDuration::from_nanos(1_000 + i64::try_from(index)?);
        world.add(&name, &Role::House, Box::new(Trader(Metronome { pause })))?;
    }
    world.start();
    let begin = Instant::now();
    world.step(SimTime::from_nanos(i64::MAX), STEPS as u64)?;
    Ok(begin.elapsed().as_secs_f64())
}

/// Prints what the queue and the world take for an event.
pub(crate) fn measure() -> Result<()> {
    let gaps = gaps(&mut stream(Seed::new(1), "bench"));
    let (mut own, mut heap, mut delivered) = (Vec::new(), Vec::new(), Vec::new());
    let (mut own_traffic, mut heap_traffic) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        own.push(own_queue(&gaps));
        heap.push(binary_heap(&gaps));
        own_traffic.push(traffic_through_own_queue(&gaps));
        heap_traffic.push(traffic_through_binary_heap(&gaps));
        delivered.push(world()?);
    }
    let nanos = |seconds: f64| seconds * 1e9 / STEPS as f64;
    let (own, heap, delivered) = (median(own), median(heap), median(delivered));
    println!("pop and push, {PENDING} pending, payload of 96 bytes (median of {REPETITIONS}):");
    println!("  event queue      {:6.1} ns", nanos(own));
    println!("  std binary heap  {:6.1} ns   ratio heap / queue {:.2}", nanos(heap), heap / own);
    let (own, heap) = (median(own_traffic), median(heap_traffic));
    println!("the same with three messages of constant latencies for each alarm, an event:");
    println!("  event queue      {:6.1} ns", nanos(own));
    println!("  std binary heap  {:6.1} ns   ratio heap / queue {:.2}", nanos(heap), heap / own);
    println!("wake-up of one of {PENDING} actors through the world:");
    println!(
        "  world            {:6.1} ns   {:.1} million events/s",
        nanos(delivered),
        1e3 / nanos(delivered)
    );
    Ok(())
}
