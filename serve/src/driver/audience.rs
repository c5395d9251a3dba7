//! [`Audience`]: everybody to whom it is shown what happens in a market.

use std::collections::HashMap;
use std::path::Path;

use bearpit_core::exchange::Market;
use bearpit_core::kernel::RequestTag;
use bearpit_core::participant::Answer;
use bearpit_core::units::SimTime;

use super::handle::{Refused, Waiter};
use super::metrics::Metrics;
use super::trace::Followed;
use crate::live::{Output, Viewer};
use crate::store::journal::SegmentHeader;

/// Is shown, on the market's thread, all that happens once it is durable; so it must not wait for anything.
pub trait OutputSink: Send {
    /// Begins a market: a new day, or the same one from its beginning again after the process or the market
    /// was rebuilt. All of its outputs follow, from the first.
    fn begin(&mut self, market: &Market, begun: &Begun<'_>);

    /// Takes the next output.
    fn take(&mut self, output: &Output);

    /// Has been shown all that there is for now: all up to a virtual time is durable.
    fn flush(&mut self, _reached: SimTime) {}

    /// Has been shown all of a market that was settled, all of which is on disk; `left` is the opening state
    /// in the header of the next segment.
    fn end(&mut self, _left: &[u8]) {}
}

/// The segment of a market that begins.
#[derive(Debug, Clone, Copy)]
pub struct Begun<'a> {
    /// Its file.
    pub path: &'a Path,
    /// Its header.
    pub header: &'a SegmentHeader,
    /// Whether it is not what this process has shown before: it is rebuilt without one of its requests.
    pub is_another: bool,
    /// How many of its requests are void: with another number, it is another tape.
    pub voids: u32,
}

/// Those who read along, and those who wait for an answer.
pub(super) struct Audience {
    sinks: Vec<Box<dyn OutputSink>>,
    /// Who waits for which answer. Who asks again for the same waits for the same tag.
    waiters: HashMap<RequestTag, Vec<Waiter>>,
    /// The requests with traces whose records have not been handed to the journal's thread.
    traced: Vec<RequestTag>,
    followed: Followed,
    metrics: Metrics,
}

impl Audience {
    pub(super) fn new(sinks: Vec<Box<dyn OutputSink>>, metrics: Metrics) -> Self {
        let (waiters, traced, followed) = Default::default();
        Self { sinks, waiters, traced, followed, metrics }
    }

    /// Lets somebody wait for the answer with a tag.
    pub(super) fn await_answer(&mut self, tag: RequestTag, waiter: Waiter) {
        if waiter.trace.is_on() {
            self.traced.push(tag);
        }
        self.waiters.entry(tag).or_default().push(waiter);
    }

    /// The journal's thread was handed all records that there are.
    pub(super) fn appended(&mut self) {
        for tag in self.traced.drain(..) {
            self.waiters.get_mut(&tag).into_iter().flatten().for_each(|waiter| waiter.trace.appended());
        }
    }

    /// Begins a market.
    pub(super) fn begin(&mut self, market: &Market, begun: &Begun<'_>) {
        self.sinks.iter_mut().for_each(|sink| sink.begin(market, begun));
    }

    /// Ends a market, all of whose outputs were shown: whoever still waits learns that nothing is known, by
    /// the end of the channel. If it is on disk, `left` is what it leaves.
    pub(super) fn end(&mut self, left: Option<&[u8]>) {
        self.waiters.clear();
        if let Some(left) = left {
            self.sinks.iter_mut().for_each(|sink| sink.end(left));
        }
    }

    /// Shows an output.
    pub(super) fn show(&mut self, output: &Output) {
        match output {
            Output::Answer(answer) | Output::Again(answer) => self.answer(answer.tag, &Ok(answer.clone())),
            Output::Voided(tag) => self.answer(*tag, &Err(Refused::Voided)),
            Output::Fact { fact, .. } => self.followed.publish(fact),
            Output::Named { .. } | Output::Sent(_) | Output::Refused(_) | Output::Pace { .. } => {}
        }
        self.sinks.iter_mut().for_each(|sink| sink.take(output));
    }

    /// Has shown all that there is for now.
    pub(super) fn flush(&mut self, reached: SimTime) {
        self.sinks.iter_mut().for_each(|sink| sink.flush(reached));
    }

    fn answer(&mut self, tag: RequestTag, answer: &Result<Answer, Refused>) {
        for waiter in self.waiters.remove(&tag).into_iter().flatten() {
            self.metrics.command_latency.observe(waiter.since.elapsed().as_secs_f64());
            let Waiter { reply, trace, .. } = waiter;
            // Its spans end before the request's does.
            let answered = answer.as_ref().ok().filter(|_| trace.is_on());
            if let Some((order, origin)) = answered.and_then(|answer| trace.answered(answer)) {
                self.followed.add(order, origin);
            }
            // Who asked may have gone.
            reply.send(answer.clone()).unwrap_or_default();
        }
    }
}

/// The audience of a market that is rebuilt from a segment.
pub(super) struct Rebuilt<'a> {
    pub(super) audience: &'a mut Audience,
    pub(super) segment: Begun<'a>,
}

impl Viewer for Rebuilt<'_> {
    fn begin(&mut self, market: &Market) {
        self.audience.begin(market, &self.segment);
    }

    fn show(&mut self, output: Output) {
        self.audience.show(&output);
    }
}
