//! [`Timed`]: wraps an actor and measures how long it takes to handle a message.
//!
//! Where the system reports the processor time of a thread, that is measured: other programs on the
//! machine make a callback wait, but not work.

use std::cell::Cell;
use std::fs;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::{Actor, Handler};
use bearpit::kernel::Wakeup;
use bearpit::market::ExecutionReport;
use bearpit::participant::{Context, MarketData};

/// An actor, and the longest that it took.
pub(super) struct Timed<A> {
    pub(super) actor: A,
    pub(super) longest: Rc<Cell<Duration>>,
}

impl<A> Timed<A> {
    #[expect(clippy::disallowed_methods, reason = "how long a callback takes in real time is what is tested")]
    fn time(&mut self, act: impl FnOnce(&mut A)) {
        let (began, before) = (Instant::now(), processor_time());
        act(&mut self.actor);
        let waited = began.elapsed();
        let worked = processor_time().zip(before).map(|(after, before)| after.saturating_sub(before));
        self.longest.set(self.longest.get().max(worked.unwrap_or(waited)));
    }
}

/// The processor time of this thread so far, to a few milliseconds; `None` where the system does not
/// report it.
fn processor_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

impl<A: Actor<Context = Context>> Actor for Timed<A> {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.time(|actor| actor.started(ctx));
    }

    fn stopped(&mut self, ctx: &mut Context) {
        self.time(|actor| actor.stopped(ctx));
    }
}

macro_rules! handle_timed {
    ($($message:ty),*) => {$(
        impl<A: Actor<Context = Context> + Handler<$message, Result = ()>> Handler<$message> for Timed<A> {
            type Result = ();

            fn handle(&mut self, message: $message, ctx: &mut Context) {
                self.time(|actor| actor.handle(message, ctx));
            }
        }
    )*};
}

handle_timed!(Wakeup, ExecutionReport, MarketData);
