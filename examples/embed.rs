//! Runs a scenario from Rust, without a command line and without keeping files: results are in memory.
//!
//! `cargo run --release --example embed`
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bearpit::market::{Fact, SinkError, Stamped, TapeSink};
use bearpit::run::{CancelToken, Progress, Run, RunError, RunEvent, Runs, SeedList};
use bearpit::scenario::Scenario;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Five lines: load, run, read.
    let shorter = ["scenario.end=2025-03-03T11:30:00".parse()?];
    let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &shorter)?;
    let finished = Run::of(&scenario).run()?;
    for account in &finished.summary.accounts {
        println!("{:<14} P&L {:>12}", account.account.owner, account.account.profit);
    }

    // The series of a report are in memory, too: here the last price of each market.
    for listing in &finished.data.listings {
        let last = listing.price.last().map_or(f64::NAN, |point| point.1);
        println!("{:<14} last price {last:.2}, {} trades", listing.title(), listing.trades);
    }

    // A reader of the tape receives every fact as it happens, for what no metric covers.
    let cancels = Arc::new(AtomicU64::new(0));
    Run::of(&scenario).sink(Cancels(Arc::clone(&cancels))).run()?;
    println!("{} orders were canceled", cancels.load(Ordering::Relaxed));

    // Many seeds on all processors.
    let seeds: SeedList = "1..4".parse()?;
    for outcome in Runs::of(seeds.scenarios(&scenario)).run()? {
        println!("seed {}: digest {}", outcome.seed, outcome.result?.manifest.digest);
    }

    // Progress arrives as events; a token stops a run, here after its first step.
    let token = CancelToken::default();
    let stopper = token.clone();
    let run = Run::of(&scenario).cancel(&token).progress(move |progress: Progress| match progress.event {
        RunEvent::Advanced { events, now } => {
            println!("{} is at {now} after {events} events", progress.run.scenario);
            stopper.cancel();
        }
        event => println!("{}: {event:?}", progress.run.scenario),
    });
    assert!(run.run().is_err_and(|error| matches!(error, RunError::Interrupted)));
    Ok(())
}

/// Counts canceled orders.
struct Cancels(Arc<AtomicU64>);

impl TapeSink for Cancels {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        if matches!(stamped.fact, Fact::OrderCanceled { .. }) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
