//! How many requests a second a market takes, without a server: each on disk before its answer.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bearpit::scenario::Scenario;
use bearpit_core::market::{OrderTerms, Side};
use bearpit_core::participant::{Answer, Instruction, Outcome, RequestKind};
use bearpit_core::units::{ListingId, OrderId, Price, Quantity};
use thiserror::Error;

use super::clock::now;
use super::slow_file::{SlowFile, Syncs};
use crate::driver::{
    Ask, DriveError, Driver, DriverConfig, JournalMedium, Metrics, Refused, Reply, ScenarioSource, Stage,
    SyncPolicy, SystemClock, Unavailable, What,
};
use crate::publication::PublicationConfig;

/// How many answers are waited for at a time.
const UNDER_WAY: usize = 8_192;
const SEAT: &str = "load";
const SCENARIO: &str = r#"
[scenario]
name = "load"
start = 2025-03-03T00:00:00
end = 2025-03-04T00:00:00
[live]
clock = "scaled"
speed = 1
starting_cash = 1_000_000_000
[[instruments]]
symbol = "ACME"
tick_size = 0.01
[[venues]]
name = "PIT"
instruments = ["ACME"]
"#;

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// From the first request to the last answer.
    pub took: Duration,
    /// How often the journal was synced meanwhile.
    pub syncs: u64,
    /// How long a sync took, on average.
    pub sync: Duration,
}

/// Why nothing was measured.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The market cannot be driven.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The market has failed.
    #[error("the market has stopped: {0}")]
    Failed(String),
    /// It took no requests.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It refused one.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It ended before it had answered.
    #[error("the market ended before it had answered")]
    Ended,
    /// It did something else than what was asked for.
    #[error("the market answered {0}")]
    Answer(String),
}

/// Returns the market under load: one instrument, nobody else in it.
///
/// # Panics
/// Never: the scenario is part of the program, and a test reads it.
#[must_use]
pub fn market() -> ScenarioSource {
    let scenario = Scenario::from_text(Path::new("load.toml"), SCENARIO, &[]);
    #[expect(clippy::expect_used, reason = "a part of the program, which a test reads")]
    let scenario = scenario.expect("the scenario is valid");
    ScenarioSource::new(scenario, SCENARIO.to_owned())
}

/// Makes so many requests of a market whose journal is in `directory`, which must be empty: orders that rest,
/// each canceled by the next. Each sync takes `extra` longer than it does.
///
/// # Errors
/// [`LoadError`] if the market cannot be driven there, or does not answer.
pub fn durable(directory: &Path, requests: usize, extra: Duration) -> Result<Load, LoadError> {
    let syncs = Syncs::default();
    let counted = syncs.clone();
    let source = market();
    let join = source.live().join(SEAT);
    let driver = Driver::start(DriverConfig {
        journal: directory.to_owned(),
        sync: SyncPolicy::AtOnce,
        queue: 2 * UNDER_WAY,
        clock: Box::new(SystemClock::new()),
        source: Box::new(source),
        wrap: Box::new(move |file| Box::new(SlowFile::new(file, extra, counted.clone())) as JournalMedium),
        publication: PublicationConfig::default(),
        sinks: Vec::new(),
        settled: Box::new(|_| {}),
        metrics: Metrics::default(),
    })?;
    let measured = make(&driver, join, requests, &syncs);
    driver.handle.stop();
    driver.join();
    measured
}

fn make(driver: &Driver, join: RequestKind, requests: usize, syncs: &Syncs) -> Result<Load, LoadError> {
    loop {
        match &driver.handle.status().stage {
            Stage::Open => break,
            Stage::Failed(why) => return Err(LoadError::Failed(why.clone())),
            _ => std::thread::yield_now(),
        }
    }
    let seat: Arc<str> = SEAT.into();
    let ask = |what| driver.handle.ask(Ask { seat: Arc::clone(&seat), what, client: None });
    if let RequestKind::Join { spec, config, .. } = join {
        order_of(ask(What::Join { spec, config: Box::new(config) })?)?;
    }
    let mut waiting: VecDeque<Reply> = VecDeque::new();
    let mut orders = VecDeque::new();
    let before = syncs.read();
    let began = now();
    for number in 0..requests {
        if waiting.len() == UNDER_WAY
            && let Some(reply) = waiting.pop_front()
        {
            orders.extend(order_of(reply)?);
        }
        let instruction = orders.pop_front().map_or_else(|| submit(number), Instruction::Cancel);
        waiting.push_back(ask(What::Instruct(instruction))?);
    }
    for reply in waiting {
        order_of(reply)?;
    }
    let took = began.elapsed();
    let after = syncs.read();
    let count = after.0 - before.0;
    Ok(Load { took, syncs: count, sync: Duration::from_nanos((after.1 - before.1) / count.max(1)) })
}

/// Returns the instruction that enters an order which rests.
pub fn submit(number: usize) -> Instruction {
    let price = Price::new(5_000 + i64::try_from(number % 50).unwrap_or(0));
    let terms = OrderTerms::limit(Side::Buy, Quantity::new(1), price);
    Instruction::Submit { listing: ListingId::new(0), terms }
}

fn order_of(reply: Reply) -> Result<Option<OrderId>, LoadError> {
    let answer: Answer = reply.blocking_recv().map_err(|_| LoadError::Ended)??;
    match answer.outcome {
        Ok(Outcome::Submitted { order, .. }) => Ok(Some(order)),
        Ok(_) => Ok(None),
        Err(refusal) => Err(LoadError::Answer(refusal.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_makes_many_requests_has_the_cash_for_them() {
        let directory = tempfile::tempdir().unwrap();
        durable(directory.path(), 3 * UNDER_WAY, Duration::ZERO).unwrap();
    }

    #[test]
    fn each_request_is_answered_and_a_slower_disk_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let extra = Duration::from_millis(3);
        let load = durable(directory.path(), 500, extra).unwrap();
        assert!(load.syncs > 0 && load.sync >= extra && load.took >= extra, "{load:?}");
    }
}
