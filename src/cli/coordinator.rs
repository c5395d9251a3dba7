//! Many runs at once: a coordinator actor over a pool of runners, one world a thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::fut::wrap_future;
use actix::{Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, SyncArbiter, SyncContext};
use tokio::sync::oneshot;

use super::job::{Job, Outcome};

/// Sends jobs to the pool, and answers when all are done.
#[derive(Debug)]
pub(super) struct Coordinator {
    pool: Addr<Runner>,
    outcomes: Vec<Option<Outcome>>,
    missing: usize,
    done: Option<oneshot::Sender<Vec<Outcome>>>,
    announce: fn(&Outcome),
}

impl Coordinator {
    /// Starts a coordinator over `threads` runners; `announce` hears of each run as it ends.
    pub(super) fn start(threads: usize, announce: fn(&Outcome)) -> Addr<Self> {
        let pool = SyncArbiter::start(threads, || Runner);
        Self { pool, outcomes: Vec::new(), missing: 0, done: None, announce }.start()
    }

    fn finish_if_complete(&mut self) {
        if self.missing == 0
            && let Some(done) = self.done.take()
        {
            // Nobody waits any more only where the program is ending.
            done.send(self.outcomes.drain(..).flatten().collect()).ok();
        }
    }
}

impl Actor for Coordinator {
    type Context = Context<Self>;
}

/// All the jobs of a command; `done` gets the outcomes in the same order.
#[derive(Debug)]
pub(super) struct RunAll {
    pub(super) jobs: Vec<Job>,
    pub(super) done: oneshot::Sender<Vec<Outcome>>,
}

impl Message for RunAll {
    type Result = ();
}

impl Handler<RunAll> for Coordinator {
    type Result = ();

    fn handle(&mut self, all: RunAll, ctx: &mut Context<Self>) {
        self.missing = all.jobs.len();
        self.outcomes = all.jobs.iter().map(|_| None).collect();
        self.done = Some(all.done);
        for (index, job) in all.jobs.into_iter().enumerate() {
            let lost = job.lost();
            let run = wrap_future::<_, Self>(self.pool.send(RunJob(Box::new(job))));
            ctx.spawn(run.map(move |outcome, coordinator, _| {
                let outcome = outcome.unwrap_or(lost);
                (coordinator.announce)(&outcome);
                coordinator.outcomes[index] = Some(outcome);
                coordinator.missing -= 1;
                coordinator.finish_if_complete();
            }));
        }
        self.finish_if_complete();
    }
}

/// Runs one job at a time on a thread of its own.
#[derive(Debug)]
struct Runner;

impl Actor for Runner {
    type Context = SyncContext<Self>;
}

struct RunJob(Box<Job>);

impl Message for RunJob {
    type Result = Outcome;
}

impl Handler<RunJob> for Runner {
    type Result = actix::MessageResult<RunJob>;

    fn handle(&mut self, job: RunJob, _: &mut SyncContext<Self>) -> Self::Result {
        actix::MessageResult(job.0.run())
    }
}

/// A wish to stop, shared by all runs.
#[derive(Debug, Clone, Default)]
pub(super) struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks all runs to stop.
    pub(super) fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Tells whether runs should stop.
    pub(super) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
