//! The event loop: its queue against the standard library's, whole markets against plain forms of them, large
//! populations against small ones, and each kind of agent against noise traders.
//!
//! `cargo bench -p bearpit-core --bench kernel`; with `-- many`, `few`, `random`, `populations`, `kinds` or
//! `queue` that part alone, with `populations 1000 100000` or `kinds value` these sizes or kinds of it alone,
//! with `once` beside them each market once, and nothing timed, but its digest printed: for a profiler that
//! counts instructions.
//!
//! Events of markets are counted as the engine counted them when the bars were set: a fixed number for each
//! market and seed, so that an event that is no longer needed is a gain. The plain form of a market is a loop
//! that acts alike on a bare book, with a heap of alarms: without actors, latencies, accounts, gate, views
//! and digest. So each ratio says what all of these cost.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod kinds;
mod markets;
mod plain;
mod populations;
mod queue;

use std::time::Instant;

use bearpit_core::exchange::Market;
use markets::{Noise, RandomGroups};

const REPETITIONS: usize = 5;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Returns the least of some times, which others on the machine have disturbed least.
fn fastest(seconds: &[f64]) -> f64 {
    seconds.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Seconds of processor time that this thread has had, to the nanosecond, where the system tells.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse::<f64>().ok().map(|nanos| nanos / 1e9)
}

/// Returns how many seconds something took, with what it returned: of processor time where the system tells,
/// since a shared machine runs others meanwhile.
fn timed<T>(action: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let (clock, processor) = (Instant::now(), processor_seconds());
    let result = action()?;
    let spent = processor_seconds().zip(processor).map(|(after, before)| after - before);
    Ok((spent.unwrap_or_else(|| clock.elapsed().as_secs_f64()), result))
}

/// Bytes of memory that this process has; zero where the system does not tell.
fn resident_bytes() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = stat.split_whitespace().nth(1).and_then(|pages| pages.parse::<f64>().ok());
    pages.unwrap_or(0.0) * 4096.0
}

/// Runs a market of noise traders and its plain form by turns; returns its million events a second.
fn measure_noise(noise: &Noise) -> Result<f64> {
    let before = resident_bytes();
    let mut market = noise.open()?;
    let opened = resident_bytes();
    market.run()?;
    let ran = resident_bytes();
    let actors = noise.traders as f64;
    let delivered = market.world().events();
    drop(market);
    let (mut whole, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let mut market = noise.open()?;
        let (seconds, ()) = timed(|| Ok(market.run()?))?;
        let (plain, _) = timed(|| Ok(plain::noise(noise)))?;
        whole.push(seconds);
        ratios.push(seconds / plain);
    }
    let rate = noise.events as f64 / median(whole) / 1e6;
    println!("{} noise traders and 2 market makers, {} s, digest on:", noise.traders, noise.seconds);
    println!("  whole market     {rate:6.2} million events/s   ratio whole / plain {:.2}", median(ratios));
    println!("  events: {} as counted for the bar, {delivered} delivered", noise.events);
    println!(
        "  bytes an agent: {:.0} at the open, {:.0} after the run, book and queue included",
        (opened - before) / actors,
        (ran - before) / actors
    );
    Ok(rate)
}

/// Runs two groups of random agents and their plain form by turns.
fn measure_random(groups: &RandomGroups) -> Result<()> {
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let mut market = groups.open()?;
        let (seconds, ()) = timed(|| Ok(market.run()?))?;
        let (plain, orders) = timed(|| Ok(plain::random(groups)))?;
        rates.push(groups.sent() as f64 / seconds / 1e6);
        ratios.push(seconds / groups.sent() as f64 / (plain / orders as f64));
    }
    println!(
        "2 groups of {} random agents over {} steps, accounts, latency, digest:",
        groups.agents, groups.steps
    );
    println!(
        "  orders and cancels {:.2} million/s   ratio whole / plain {:.2}",
        median(rates),
        median(ratios)
    );
    Ok(())
}

/// Runs a market, and prints its digest.
fn run_market(name: &str, mut market: Market) -> Result<()> {
    market.run()?;
    println!("{name} {}", market.world().domain().tape().digest());
    Ok(())
}

/// Runs each market that is wanted once; of the kinds those that are named.
fn run_once(named: &[String], is_wanted: impl Fn(&str) -> bool) -> Result<()> {
    for (name, noise) in [("many", &Noise::MANY), ("few", &Noise::FEW)] {
        if is_wanted(name) {
            run_market(name, noise.open()?)?;
        }
    }
    if is_wanted("random") {
        run_market("random", RandomGroups::new().open()?)?;
    }
    if is_wanted("populations") {
        for market in populations::markets(named) {
            let (members, market) = market?;
            run_market(&members.to_string(), market)?;
        }
    }
    if is_wanted("kinds") {
        for market in kinds::markets(named) {
            let (name, market) = market?;
            run_market(name, market)?;
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    // What is named alone, or everything; the large market first, while the process has no memory of others.
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| named.is_empty() || named.iter().any(|argument| argument == name);
    if named.iter().any(|argument| argument == "once") {
        return run_once(&named, is_wanted);
    }
    let many = if is_wanted("many") { Some(measure_noise(&Noise::MANY)?) } else { None };
    let few = if is_wanted("few") { Some(measure_noise(&Noise::FEW)?) } else { None };
    if let Some((many, few)) = many.zip(few) {
        println!("  ratio {} / {} traders {:.2}", Noise::MANY.traders, Noise::FEW.traders, many / few);
    }
    if is_wanted("populations") {
        populations::measure(&named)?;
    }
    if is_wanted("kinds") {
        kinds::measure(&named)?;
    }
    if is_wanted("random") {
        measure_random(&RandomGroups::new())?;
    }
    if is_wanted("queue") {
        queue::measure()?;
    }
    Ok(())
}
