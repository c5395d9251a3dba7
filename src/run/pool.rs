//! The pool: a coordinator actor over runner threads, one world per thread.

use std::sync::Arc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, SyncArbiter, SyncContext};
use tokio::sync::oneshot;

use super::cancel::CancelToken;
use super::error::RunError;
use super::outcome::RunOutcome;
use super::output::OutputConfig;
use super::progress::ProgressSink;
use super::single::Run;
use super::strategy_log::LogReader;
use super::unfinished::Unfinished;
use crate::record::WriterThread;
use crate::scenario::Scenario;

/// What all runs of a pool have in common.
#[derive(Clone, Default)]
pub(super) struct PoolConfig {
    pub(super) output: Option<OutputConfig>,
    pub(super) progress: Option<Arc<dyn ProgressSink>>,
    pub(super) log: Option<Arc<dyn LogReader>>,
    pub(super) cancel: CancelToken,
    pub(super) unfinished: Unfinished,
    pub(super) wall_max: Option<Duration>,
    /// Which thread writes the tables of a run.
    pub(super) writer: WriterThread,
}

/// Sends runs to the pool, and replies when all have ended.
pub(super) struct Coordinator {
    pool: Addr<Runner>,
    outcomes: Vec<Option<RunOutcome>>,
    missing: usize,
    done: Option<oneshot::Sender<Vec<RunOutcome>>>,
}

impl Coordinator {
    /// Starts a coordinator over `threads` runners.
    pub(super) fn start(threads: usize) -> Addr<Self> {
        let pool = SyncArbiter::start(threads, || Runner);
        Self { pool, outcomes: Vec::new(), missing: 0, done: None }.start()
    }

    fn finish_if_complete(&mut self) {
        if self.missing == 0
            && let Some(done) = self.done.take()
        {
            // The receiver is gone only if the caller has dropped it; then nobody needs the outcomes.
            done.send(self.outcomes.drain(..).flatten().collect()).ok();
        }
    }
}

impl Actor for Coordinator {
    type Context = Context<Self>;
}

/// All runs of a pool; `done` receives the outcomes in the same order.
pub(super) struct RunAll {
    pub(super) scenarios: Vec<Scenario>,
    pub(super) config: PoolConfig,
    pub(super) done: oneshot::Sender<Vec<RunOutcome>>,
}

impl Message for RunAll {
    type Result = ();
}

impl Handler<RunAll> for Coordinator {
    type Result = ();

    fn handle(&mut self, all: RunAll, ctx: &mut Context<Self>) {
        self.missing = all.scenarios.len();
        self.outcomes = all.scenarios.iter().map(|_| None).collect();
        self.done = Some(all.done);
        for (index, scenario) in all.scenarios.into_iter().enumerate() {
            let lost = RunOutcome {
                scenario: scenario.name.clone(),
                seed: scenario.seed,
                wall: Duration::ZERO,
                result: Err(RunError::Lost),
            };
            let run = RunOne { index, scenario: Box::new(scenario), config: all.config.clone() };
            let sent = wrap_future::<_, Self>(self.pool.send(run));
            ctx.spawn(sent.map(move |outcome, coordinator, _| {
                coordinator.outcomes[index] = Some(outcome.unwrap_or(lost));
                coordinator.missing -= 1;
                coordinator.finish_if_complete();
            }));
        }
        self.finish_if_complete();
    }
}

/// Executes one run at a time on a thread of its own.
struct Runner;

impl Actor for Runner {
    type Context = SyncContext<Self>;
}

struct RunOne {
    index: usize,
    scenario: Box<Scenario>,
    config: PoolConfig,
}

impl Message for RunOne {
    type Result = RunOutcome;
}

impl Handler<RunOne> for Runner {
    type Result = actix::MessageResult<RunOne>;

    fn handle(
        &mut self,
        RunOne { index, scenario, config }: RunOne,
        _: &mut SyncContext<Self>,
    ) -> Self::Result {
        let mut run = Run::of(&scenario).index(index).cancel(&config.cancel).unfinished(&config.unfinished);
        run = run.writer(config.writer);
        if let Some(most) = config.wall_max {
            run = run.wall_max(most);
        }
        if let Some(output) = config.output {
            run = run.output(output);
        }
        if let Some(progress) = config.progress {
            run = run.progress_shared(progress);
        }
        if let Some(log) = config.log {
            run = run.log_shared(log);
        }
        let (wall, result) = run.timed();
        let result = result.map(|finished| Box::new(finished.into()));
        actix::MessageResult(RunOutcome { scenario: scenario.name, seed: scenario.seed, wall, result })
    }
}
