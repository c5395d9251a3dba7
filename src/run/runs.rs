//! [`Runs`]: many runs on a pool of threads, and [`Running`]: the pool at work.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix::System;
use tokio::sync::oneshot;

use super::cancel::CancelToken;
use super::error::PoolError;
use super::outcome::RunOutcome;
use super::output::{OutputConfig, OutputConflict, conflicts};
use super::pool::{Coordinator, PoolConfig, RunAll};
use super::progress::ProgressSink;
use super::strategy_log::LogReader;
use super::unfinished::Unfinished;
use crate::record::WriterThread;
use crate::scenario::Scenario;

/// Many runs, several at once. Each run is as deterministic as alone: the number of threads changes nothing
/// in it.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::run::{Runs, SeedList};
/// use bearpit::scenario::Scenario;
///
/// let overrides = ["scenario.end=2025-03-03T09:31:00".parse()?];
/// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &overrides)?;
/// let seeds: SeedList = "1..3".parse()?;
/// let outcomes = Runs::of(seeds.scenarios(&scenario)).threads(2).run()?;
/// let digests: Vec<&str> = outcomes
///     .iter()
///     .filter_map(|outcome| Some(outcome.result.as_ref().ok()?.manifest.digest.as_str()))
///     .collect();
/// assert_eq!(digests.len(), 3);
/// assert_ne!(digests[0], digests[1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Runs {
    scenarios: Vec<Scenario>,
    threads: Option<usize>,
    config: PoolConfig,
}

impl std::fmt::Debug for Runs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { scenarios, threads, config } = self;
        let mut shown = f.debug_struct("Runs");
        shown.field("scenarios", &scenarios.len()).field("threads", threads);
        shown.field("output", &config.output).finish_non_exhaustive()
    }
}

impl Runs {
    /// Prepares one run of each scenario, on as many threads as there are processors, without output.
    #[must_use]
    pub fn of(scenarios: impl IntoIterator<Item = Scenario>) -> Self {
        Self { scenarios: scenarios.into_iter().collect(), threads: None, config: PoolConfig::default() }
    }

    /// Writes results to a directory.
    #[must_use]
    pub fn output(mut self, output: OutputConfig) -> Self {
        self.config.output = Some(output);
        self
    }

    /// Sets how many runs are executed at once; at least one is.
    #[must_use]
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Reports progress of all runs to a sink.
    #[must_use]
    pub fn progress(mut self, sink: impl ProgressSink + 'static) -> Self {
        self.config.progress = Some(Arc::new(sink));
        self
    }

    /// Passes on what strategies log, as it happens, from the runs' threads.
    #[must_use]
    pub fn log(mut self, reader: impl LogReader + 'static) -> Self {
        self.config.log = Some(Arc::new(reader));
        self
    }

    /// Stops all runs early when the token is canceled.
    #[must_use]
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.config.cancel = token.clone();
        self
    }

    /// Stops each run with an error when it has taken this long on the wall clock.
    #[must_use]
    pub const fn wall_max(mut self, most: Duration) -> Self {
        self.config.wall_max = Some(most);
        self
    }

    /// Returns the directories of the runs that are in progress, at any time, for a program that has to end
    /// at once.
    #[must_use]
    pub fn unfinished(&self) -> Unfinished {
        self.config.unfinished.clone()
    }

    /// Returns the scenarios, in order.
    #[must_use]
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    /// Returns everything that these runs would overwrite; without output nothing. Writes nothing.
    #[must_use]
    pub fn conflicts(&self) -> Vec<OutputConflict> {
        self.config.output.as_ref().map_or_else(Vec::new, |output| conflicts(output, &self.scenarios))
    }

    /// Executes all runs and waits for them; outcomes are in the order of the scenarios.
    ///
    /// # Errors
    /// [`PoolError`] if the pool cannot be started. A run that fails is an outcome, not an error of the pool.
    pub fn run(self) -> Result<Vec<RunOutcome>, PoolError> {
        self.start()?.wait()
    }

    /// Starts all runs in the background.
    ///
    /// # Errors
    /// [`PoolError::Start`] if no thread can be started.
    pub fn start(self) -> Result<Running, PoolError> {
        let Self { scenarios, threads, mut config } = self;
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.unwrap_or(processors).min(scenarios.len()).max(1);
        config.writer = writer_thread(threads, processors);
        let (done, outcomes) = oneshot::channel();
        // The actor system has a thread of its own, so that callers inside another runtime can start a pool,
        // too.
        let pool = thread::Builder::new().name("pool".to_owned()).spawn(move || {
            System::new().block_on(async move {
                let (all_done, all) = oneshot::channel();
                Coordinator::start(threads).do_send(RunAll { scenarios, config, done: all_done });
                if let Ok(outcomes) = all.await {
                    // The receiver is gone only if the caller has dropped it; then nobody needs the outcomes.
                    done.send(outcomes).ok();
                }
            });
        });
        Ok(Running { outcomes, pool: pool.map_err(PoolError::Start)? })
    }
}

/// Returns which thread writes the tables of each of so many runs at once: one of its own where a processor
/// is left for it, and else the run's.
const fn writer_thread(runs: usize, processors: usize) -> WriterThread {
    if runs.saturating_mul(2) <= processors { WriterThread::Own } else { WriterThread::Market }
}

/// A pool at work: wait for it with [`Running::wait`], or await it.
#[derive(Debug)]
pub struct Running {
    outcomes: oneshot::Receiver<Vec<RunOutcome>>,
    pool: JoinHandle<()>,
}

impl Running {
    /// Blocks until all runs have ended.
    ///
    /// # Errors
    /// [`PoolError::Ended`] if the pool ended without outcomes.
    pub fn wait(mut self) -> Result<Vec<RunOutcome>, PoolError> {
        self.pool.join().map_err(|_| PoolError::Ended)?;
        self.outcomes.try_recv().map_err(|_| PoolError::Ended)
    }
}

impl Future for Running {
    type Output = Result<Vec<RunOutcome>, PoolError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcomes).poll(context).map_err(|_| PoolError::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_a_thread_of_their_own_where_a_processor_is_left_for_each() {
        let own = |runs, processors| writer_thread(runs, processors) == WriterThread::Own;
        assert!(own(1, 2) && own(2, 4) && own(2, 5));
        assert!(!own(1, 1) && !own(2, 2) && !own(2, 3) && !own(usize::MAX, 4));
    }
}
