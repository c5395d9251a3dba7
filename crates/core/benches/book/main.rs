//! Operations per second of the order book, beside the bare data structure and beside a plain tree book.
//!
//! Streams are made beforehand from a seed, and only the engines are timed, interleaved: after a prefill,
//! half limit orders at geometric distances from a mid that moves (4% of them up to two ticks through it),
//! 40% cancels of a random live order, 5% replaces, 5% market orders, quantities 1 to 100, arbitrary 64-bit
//! ids.
//!
//! - *engine*: [`OrderBook`](bearpit_core::book::OrderBook) through its public interface, every event given
//!   to a sink.
//! - *bare*: a fixed window of levels, a bitmap, a slab, a hash map with a fast hash; no events, no owners,
//!   no order kinds. It only knows prices near the first.
//! - *tree*: levels in a `BTreeMap`, ids in a hash map; no events either.
//!
//! `cargo bench --bench book -- [--quick] [SECTION..]`; the sections are `calm` (10,000 and a million live
//! orders), `swings` (walks of the price, crashes), `gaps` (a touch far from all others), `kinds` (every kind
//! of order), `growth` (what costs more the more there is), `worst` (single operations).
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bench knows that its numbers are small"
)]

mod bare;
mod gaps;
mod growth;
mod kinds;
mod rates;
mod stream;
mod tree;
mod worst;

use self::stream::{Motion, Shape};

const CALM: Shape = Shape {
    name: "A",
    live: 10_000,
    mean_distance: 12.0,
    motion: Motion::Drift,
    recent: usize::MAX,
    stale: (0, 1.0),
};

const LARGE: Shape = Shape { name: "B", live: 1_000_000, mean_distance: 400.0, ..CALM };

/// A thin book around a price that walks, before many orders far away that nobody cancels.
const WALK: Shape = Shape {
    name: "walk of 25 sigma",
    live: 10_200,
    motion: Motion::Walk(25.0),
    recent: 200,
    stale: (10_000, 20_000.0),
    ..CALM
};

const SWINGS: [Shape; 4] = [
    WALK,
    Shape { name: "walk of 40 sigma", motion: Motion::Walk(40.0), ..WALK },
    Shape { name: "walk before 100,000 stale orders", live: 100_200, stale: (100_000, 200_000.0), ..WALK },
    Shape { name: "flash crash", motion: Motion::Crash(300_000), ..WALK },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let chosen: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with("--")).collect();
    let wants = |section: &str| chosen.is_empty() || chosen.contains(&section);
    // `--quick` makes a tenth of everything, to see that the bench works.
    let scale = if is_quick { 10 } else { 1 };
    if wants("calm") {
        [CALM, LARGE].iter().for_each(|shape| rates::calm(*shape, 5_000_000 / scale));
    }
    if wants("swings") {
        SWINGS.iter().for_each(|shape| rates::swings(*shape, 2_000_000 / scale));
    }
    if wants("gaps") {
        gaps::run();
    }
    if wants("kinds") {
        kinds::run(500_000 / scale);
    }
    if wants("growth") {
        let counts: &[u64] = if is_quick { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000] };
        growth::run(counts);
    }
    if wants("worst") {
        worst::run(1_000_000 / scale);
    }
}
